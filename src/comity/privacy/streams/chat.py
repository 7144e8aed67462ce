# SPDX-License-Identifier: Apache-2.0
"""`chat.completion.chunk`: each text of each choice waits on its own, and is given out before the choice finishes."""

from __future__ import annotations

from typing import Any

from comity.privacy.pseudonym import Pseudonyms
from comity.privacy.restore import Restorer, restore_body

# Where the texts are that arrive in pieces.
_TEXTS = {("content",), ("refusal",), ("reasoning_content",), ("reasoning",), ("audio", "transcript"), ("function_call", "arguments")}
_IN_CALL = {("function", "arguments"), ("custom", "input")}
_GROUPS = {"audio", "custom", "function", "function_call"}
_Path = tuple[str | int, ...]


class ChunkRestorer:
    """Over chunks.  One in which nothing changes passes as the very same object."""

    def __init__(self, vault: Pseudonyms) -> None:
        self._vault = vault
        self._texts: dict[tuple[int, _Path], Restorer] = {}
        self._head: dict[str, Any] = {}

    def feed(self, chunk: dict[str, Any]) -> list[dict[str, Any]]:
        """``chunk`` restored, behind what had waited for it where a choice finishes, or all of them by an error."""
        choices = chunk.get("choices")
        owed = self.flush() if chunk.get("error") else []
        if not isinstance(choices, list):
            return [*owed, restore_body(self._vault, chunk)]
        self._head = {name: value for name, value in chunk.items() if name not in ("choices", "error", "usage")}
        ahead: list[dict[str, Any]] = []
        restored = [self._choice(choice, ahead) for choice in choices]
        if any(new is not old for new, old in zip(restored, choices, strict=True)):
            chunk = chunk | {"choices": restored}
        return [*owed, self._head | {"choices": ahead}, chunk] if ahead else [*owed, chunk]

    def flush(self) -> list[dict[str, Any]]:
        """What still waits when the stream ends without having finished a choice."""
        choices = [self._release(index) for index in dict.fromkeys(key[0] for key in self._texts)]
        left = [choice for choice in choices if choice is not None]
        return [self._head | {"choices": left}] if left else []

    def _choice(self, choice: Any, ahead: list[dict[str, Any]]) -> Any:
        if not isinstance(choice, dict):
            return choice
        index, delta, last = _index(choice), choice.get("delta"), bool(choice.get("finish_reason"))
        new = self._members(index, (), delta, last) if isinstance(delta, dict) else delta
        if last:
            waiting = self._release(index)
            if waiting is not None:
                ahead.append(waiting)
        return choice if new is delta else choice | {"delta": new}

    def _members(self, index: int, path: _Path, old: dict[str, Any], last: bool) -> dict[str, Any]:
        new = old
        for name, value in old.items():
            restored = self._member(index, path, name, value, last)
            if restored is not value and restored != value:
                new = dict(old) if new is old else new
                new[name] = restored
        return new

    def _member(self, index: int, path: _Path, name: str, value: Any, last: bool) -> Any:
        here = (*path, name)
        if isinstance(value, str) and (here in _TEXTS or here[2:] in _IN_CALL):
            return self._push((index, here), value, last) if value else value
        if isinstance(value, dict) and name in _GROUPS:
            return self._members(index, here, value, last)
        if isinstance(value, list) and here == ("tool_calls",):
            calls = [self._members(index, (*here, _index(call)), call, last) if isinstance(call, dict) else call for call in value]
            return value if all(call is old for call, old in zip(calls, value, strict=True)) else calls
        return restore_body(self._vault, {name: value})[name] if isinstance(value, str | list | dict) and value else value

    def _push(self, key: tuple[int, _Path], text: str, last: bool) -> str:
        restorer = self._texts.get(key)
        if restorer is None:
            restorer = self._texts[key] = Restorer(self._vault, True if key[1][-1] == "arguments" else None)
        return restorer.feed(text) + (self._texts.pop(key).flush() if last else "")

    def _release(self, index: int) -> dict[str, Any] | None:
        """Everything that waits for a choice, as a choice of its own; the choice is then forgotten."""
        delta: dict[str, Any] = {}
        for key in [key for key in self._texts if key[0] == index]:
            text, path = self._texts.pop(key).flush(), key[1]
            if not text:
                continue
            if path[0] == "tool_calls":
                delta.setdefault("tool_calls", []).append({"index": path[1], path[2]: {path[3]: text}})
            else:
                delta[str(path[0])] = text if len(path) == 1 else {path[1]: text}
        return {"index": index, "delta": delta, "finish_reason": None} if delta else None


def _index(of: dict[str, Any]) -> int:
    index = of.get("index", 0)
    return index if isinstance(index, int) else 0
