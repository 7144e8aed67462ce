# SPDX-License-Identifier: Apache-2.0
"""Bring originals back into a chat completion, whole or in chunks, in every text a model writes.

Only the end of a text that may be the beginning of a token waits for what follows; it is never longer than a token.
"""

from __future__ import annotations

from typing import Any

from comity.privacy.pseudonym import BEFORE_CHARACTERS, Vault

_TEXTS = ("content", "refusal", "reasoning_content", "reasoning")
_TOOL = "tool"
_Key = tuple[Any, str, Any]  # choice index, kind of text, tool call index


def opens_json(text: str) -> bool | None:
    """Whether a text that begins so is one JSON object or array; None: too short to say."""
    head = text.lstrip()
    if not head:
        return None
    if head[0] not in "{[":
        return False
    second = head[1:].lstrip()[:1]
    if not second:
        return None
    return second in ('"}' if head[0] == "{" else '{["]-0123456789')


class _Text:
    """One text on its way: what waits, what stood before it, and whether originals are escaped in it."""

    __slots__ = ("before", "head", "in_json", "waits")

    def __init__(self, in_json: bool | None) -> None:
        self.in_json = in_json
        self.before = self.waits = self.head = ""

    def push(self, vault: Vault, text: str, *, last: bool) -> str:
        if self.in_json is None:
            self.head = (self.head + text).lstrip()
            self.in_json = opens_json(self.head)
            self.head = self.head[:1] if self.in_json is None else ""
        text = self.waits + text
        out, self.waits = vault.restore_part(text, before=self.before, in_json=bool(self.in_json), last=last)
        self.before = (self.before + text[: len(text) - len(self.waits)])[-BEFORE_CHARACTERS:]
        return out


class ChunkRestorer:
    """Over `chat.completion.chunk` objects.  A chunk in which nothing changes passes as the very same object."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._texts: dict[_Key, _Text] = {}
        self._head: dict[str, Any] = {}

    def feed(self, chunk: dict[str, Any]) -> list[dict[str, Any]]:
        """``chunk`` restored, behind what had waited for it where a choice finishes.  Never raises: what is odd passes."""
        choices = chunk.get("choices")
        if not isinstance(choices, list):
            return [chunk]
        self._head = {name: value for name, value in chunk.items() if name not in ("choices", "usage")}
        ahead: list[dict[str, Any]] = []
        restored = [self._choice(choice, ahead) for choice in choices]
        if any(new is not old for new, old in zip(restored, choices, strict=True)):
            chunk = chunk | {"choices": restored}
        return [self._head | {"choices": ahead}, chunk] if ahead else [chunk]

    def flush(self) -> list[dict[str, Any]]:
        """What still waits when the stream ends without having finished a choice."""
        choices = [self._release(index) for index in dict.fromkeys(key[0] for key in self._texts)]
        left = [choice for choice in choices if choice is not None]
        return [self._head | {"choices": left}] if left else []

    def _choice(self, choice: Any, ahead: list[dict[str, Any]]) -> Any:
        if not isinstance(choice, dict):
            return choice
        index, delta, last = _index(choice), choice.get("delta"), bool(choice.get("finish_reason"))
        new = self._delta(index, delta, last) if isinstance(delta, dict) else delta
        if last:
            waiting = self._release(index)
            if waiting is not None:
                ahead.append(waiting)
        return choice if new is delta else choice | {"delta": new}

    def _delta(self, index: int, delta: dict[str, Any], last: bool) -> dict[str, Any]:
        new = delta
        for name in _TEXTS:
            text = delta.get(name)
            if isinstance(text, str) and text:
                new = _put(new, delta, name, self._push((index, name, 0), text, last))
        calls = delta.get("tool_calls")
        if isinstance(calls, list):
            new = _put(new, delta, "tool_calls", _each(calls, lambda call: self._call(index, call, last)))
        return new

    def _call(self, index: Any, call: Any, last: bool) -> Any:
        arguments = _arguments(call)
        return call if not arguments else _with_arguments(call, self._push((index, _TOOL, _index(call)), arguments, last))

    def _push(self, key: _Key, text: str, last: bool) -> str:
        held = self._texts.get(key)
        if held is None:
            held = self._texts[key] = _Text(True if key[1] == _TOOL else None)
        return held.push(self._vault, text, last=last)

    def _release(self, index: Any) -> dict[str, Any] | None:
        """Everything that waits for a choice, as a choice of its own; the choice is then forgotten."""
        delta: dict[str, Any] = {}
        for key in [key for key in self._texts if key[0] == index]:
            text = self._texts.pop(key).waits
            if text and key[1] == _TOOL:
                delta.setdefault("tool_calls", []).append({"index": key[2], "function": {"arguments": text}})
            elif text:
                delta[key[1]] = text
        return {"index": index, "delta": delta, "finish_reason": None} if delta else None


def restore_completion(vault: Vault, body: dict[str, Any]) -> dict[str, Any]:
    """A whole `chat.completion`, restored; the same object when nothing changes."""
    choices = body.get("choices")
    if not isinstance(choices, list):
        return body
    restored = _each(choices, lambda choice: _whole_choice(vault, choice))
    return body if restored is choices else body | {"choices": restored}


def _whole_choice(vault: Vault, choice: Any) -> Any:
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict):
        return choice
    new = message
    for name in _TEXTS:
        text = message.get(name)
        if isinstance(text, str):
            new = _put(new, message, name, vault.restore(text, in_json=bool(opens_json(text))))
    calls = message.get("tool_calls")
    if isinstance(calls, list):
        new = _put(new, message, "tool_calls", _each(calls, lambda call: _whole_call(vault, call)))
    return choice if new is message else choice | {"message": new}


def _whole_call(vault: Vault, call: Any) -> Any:
    arguments = _arguments(call)
    return call if not arguments else _with_arguments(call, vault.restore(arguments, in_json=True))


def _arguments(call: Any) -> str:
    function = call.get("function") if isinstance(call, dict) else None
    arguments = function.get("arguments") if isinstance(function, dict) else None
    return arguments if isinstance(arguments, str) else ""


def _with_arguments(call: dict[str, Any], arguments: str) -> dict[str, Any]:
    function = call["function"]
    return call if function["arguments"] == arguments else call | {"function": function | {"arguments": arguments}}


def _index(of: dict[str, Any]) -> int:
    index = of.get("index", 0)
    return index if isinstance(index, int) else 0


def _put(new: dict[str, Any], old: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    """``new`` (a copy of ``old``, made at the first change) with ``value``, unless it is what stood there."""
    if value is old[name] or value == old[name]:
        return new
    if new is old:
        new = dict(old)
    new[name] = value
    return new


def _each(items: list[Any], change: Any) -> list[Any]:
    changed = [change(item) for item in items]
    return items if all(new is old for new, old in zip(changed, items, strict=True)) else changed
