# SPDX-License-Identifier: Apache-2.0
"""Events of the Messages API: the texts of a content block wait until the block stops."""

from __future__ import annotations

from typing import Any

from comity.privacy.pseudonym import Pseudonyms
from comity.privacy.restore import Restorer, restore_body

_TYPES = {"text": "text_delta", "partial_json": "input_json_delta", "thinking": "thinking_delta", "content": "compaction_delta"}
_BRINGS = {"content_block_start": "content_block", "content_block_delta": "delta"}
_ENDS = frozenset({"error", "message_delta", "message_stop"})


class MessageRestorer:
    """Over events of one message."""

    def __init__(self, vault: Pseudonyms) -> None:
        self._vault = vault
        self._texts: dict[tuple[Any, str], Restorer] = {}  # by index of the block, and which text of it

    def feed(self, event: dict[str, Any]) -> list[dict[str, Any]]:
        kind, index = event.get("type"), event.get("index")
        bringing = _BRINGS.get(kind) if isinstance(kind, str) else None
        if bringing is not None and isinstance(event.get(bringing), dict) and isinstance(index, int):
            return [self._piece(index, bringing, event)]
        ahead: list[dict[str, Any]] = []
        if kind in _ENDS:
            ahead = self.flush()
        elif kind == "content_block_stop":
            ahead = self._release([key for key in self._texts if key[0] == index])
        return [*ahead, restore_body(self._vault, event)]

    def flush(self) -> list[dict[str, Any]]:
        return self._release(list(self._texts))

    def _piece(self, index: int, bringing: str, event: dict[str, Any]) -> dict[str, Any]:
        old: dict[str, Any] = event[bringing]
        pieces = {name: text for name, text in old.items() if name in _TYPES and isinstance(text, str)}
        rest = {name: value for name, value in old.items() if name not in pieces}
        whole = restore_body(self._vault, rest)
        new = {name: self._push((index, name), text) for name, text in pieces.items()}
        return event if new == pieces and whole is rest else event | {bringing: whole | new}

    def _push(self, key: tuple[int, str], text: str) -> str:
        restorer = self._texts.get(key)
        if restorer is None:
            restorer = self._texts[key] = Restorer(self._vault, True if key[1] == "partial_json" else None)
        return restorer.feed(text)

    def _release(self, keys: list[tuple[Any, str]]) -> list[dict[str, Any]]:
        out = []
        for index, name in keys:
            text = self._texts.pop((index, name)).flush()
            if text:
                out.append({"type": "content_block_delta", "index": index, "delta": {"type": _TYPES[name], name: text}})
        return out
