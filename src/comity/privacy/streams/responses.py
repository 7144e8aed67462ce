# SPDX-License-Identifier: Apache-2.0
"""Events of the Responses API.  One rule for all of them, those of tomorrow too: what is called `….delta` brings a piece of a text
that `….done` ends, and every other event is whole in itself.

What had waited goes out as one more delta, with the number of the event in which it came: the numbers of all others stay.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from comity.privacy.pseudonym import Pseudonyms
from comity.privacy.restore import Restorer, restore_body

_ENDS = frozenset({"error", "response.cancelled", "response.completed", "response.failed", "response.incomplete"})
_HOLDERS = frozenset({"response.content_part", "response.output_item", "response.reasoning_summary_part"})
_SOUND = "response.audio"  # base64

_Place = dict[str, Any]  # which output item, which part of it


class _Key(NamedTuple):
    kind: str
    place: tuple[tuple[str, Any], ...]
    member: str  # of a delta that is an object


class ResponseRestorer:
    """Over events of one response."""

    def __init__(self, vault: Pseudonyms) -> None:
        self._vault = vault
        self._texts: dict[_Key, tuple[Restorer, dict[str, Any]]] = {}  # with the event that came last

    def feed(self, event: dict[str, Any]) -> list[dict[str, Any]]:
        kind = event.get("type")
        if not isinstance(kind, str):
            return [restore_body(self._vault, event)]
        if "delta" in event:
            return [self._delta(kind.removesuffix(".delta"), event)]
        ahead = self.flush() if kind in _ENDS else self._done(kind.removesuffix(".done"), event) if kind.endswith(".done") else []
        return [*ahead, restore_body(self._vault, event)]

    def flush(self) -> list[dict[str, Any]]:
        return self._release(list(self._texts))

    def _delta(self, kind: str, event: dict[str, Any]) -> dict[str, Any]:
        delta, place = event["delta"], tuple(_place(event).items())
        if kind == _SOUND:
            return event
        new: Any = delta
        if isinstance(delta, str):
            new = self._push(_Key(kind, place, ""), delta, event)
        elif isinstance(delta, dict):
            new = {
                name: self._push(_Key(kind, place, name), text, event) if isinstance(text, str) else text for name, text in delta.items()
            }
        return event if new == delta else event | {"delta": new}

    def _push(self, key: _Key, text: str, event: dict[str, Any]) -> str:
        held = self._texts.get(key)
        restorer = Restorer(self._vault, True if key.kind.endswith("arguments") else None) if held is None else held[0]
        self._texts[key] = restorer, event
        return restorer.feed(text)

    def _done(self, kind: str, event: dict[str, Any]) -> list[dict[str, Any]]:
        place = _place(event)
        held = [key for key in self._texts if (key.kind == kind or kind in _HOLDERS) and _agree(dict(key.place), place)]
        return self._release(held)

    def _release(self, keys: list[_Key]) -> list[dict[str, Any]]:
        out = []
        for key in keys:
            restorer, event = self._texts.pop(key)
            text = restorer.flush()
            if text:
                event = {name: value for name, value in event.items() if name != "obfuscation"}
                event["delta"] = {key.member: text} if key.member else text
                out.append(event | {"logprobs": []} if "logprobs" in event else event)
        return out


def _place(event: dict[str, Any]) -> _Place:
    """Some servers give each event of an item another id, so the ids count only where there are no numbers."""
    place: _Place = {name: value for name, value in event.items() if name.endswith("_index") and isinstance(value, int)}
    if "output_index" not in place:
        item = event.get("item")
        item_id = event.get("item_id") or (item.get("id") if isinstance(item, dict) else None)
        if isinstance(item_id, str):
            place["item_id"] = item_id
    return place


def _agree(one: _Place, other: _Place) -> bool:
    shared = one.keys() & other.keys()
    return all(one[name] == other[name] for name in shared) and (bool(shared) or not one)
