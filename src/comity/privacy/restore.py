# SPDX-License-Identifier: Apache-2.0
"""Originals back into one text that arrives piece by piece, or into every text of a whole answer.

A text that is JSON is read as what it is: each of its strings is a text of its own, which may be JSON again.  So an original is
escaped as often as the place where it lands asks for, and a stand-in is found however its characters were escaped.
"""

from __future__ import annotations

import re
from typing import Any

from comity.privacy.pseudonym import BEFORE_CHARACTERS, Pseudonyms, escape

__all__ = ["Restorer", "opens_json", "restore_body", "restore_text"]

_HEX = "[0-9a-fA-F]"
_UNIT = re.compile(
    rf'(?P<run>[^"\\]+)|(?P<quote>")|\\u(?P<high>[dD][89abAB]{_HEX}{{2}})\\u(?P<low>[dD][c-fC-F]{_HEX}{{2}})'
    rf"|\\u(?P<code>{_HEX}{{4}})|\\(?P<letter>[^u])",
    re.DOTALL,
)
_LOW_BEGUN = rf"\\(?:u(?:[dD](?:[c-fC-F]{_HEX}?)?)?)?"
_CUT = re.compile(rf"\\(?:u(?:{_HEX}{{0,3}}|[dD][89abAB]{_HEX}{{2}}(?:{_LOW_BEGUN})?))?\Z")  # an escape, or a pair, not all here
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}

# Of an answer's own members: what must not change by chance.  In what a model filled in itself any name may stand.
_KEPT = frozenset({"encrypted_content", "finish_reason", "id", "logprobs", "model", "object", "role", "signature", "status", "type"})
_FREE = frozenset({"arguments", "input", "metadata"})
_STRINGS_MAX = 8  # JSON in a string of JSON, and so on: each level doubles the backslashes, and nobody writes more
_DEPTH_MAX = 128  # of a body; what lies deeper stays as it is


class Restorer:
    """Of one text: `feed` gives out at once all that cannot be the beginning of a stand-in; `flush` the rest, when the text ends.

    >>> restorer = Restorer(vault)
    >>> restorer.feed("I have written to EMA"), restorer.feed("IL_1_LBD75."), restorer.flush()
    ('I have written to ', 'lena@vogel.io.', '')

    in_json: whether the text is JSON; None: it says so itself, by how it begins
    """

    __slots__ = ("_before", "_half", "_head", "_held", "_json", "_level", "_string", "_vault")

    def __init__(self, vault: Pseudonyms, in_json: bool | None = None, *, _level: int = 0) -> None:
        self._vault = vault
        self._level = _level
        self._json = in_json
        self._head = ""  # how the text begins, while that does not say enough
        self._before = ""  # what was given out last, as it came
        self._held = ""  # what may be the beginning of a stand-in
        self._half = ""  # the first half of a surrogate pair
        self._string: _String | None = None  # the JSON string that is open

    @property
    def waits(self) -> str:
        """What was fed and not given out, as it came."""
        inside = "" if self._string is None else self._string.waits + self._string.cut
        return self._held + inside + self._half

    def feed(self, piece: str) -> str:
        """What can be given out now that ``piece`` is here."""
        piece = self._paired(piece)
        if not piece:
            return ""
        if self._json is None:
            head = (self._head + piece).lstrip()
            self._json = opens_json(head)
            self._head = head[:1] if self._json is None else ""
        return self._fed_json(piece) if self._json else self._plain(piece)

    def flush(self) -> str:
        """The rest; nothing may be fed afterwards."""
        out, half = self._plain("", last=True), self._half
        if self._string is not None:
            out += self._string.close() + self._string.cut
        self._string, self._half = None, ""
        return out + half

    def _paired(self, piece: str) -> str:
        if self._half and piece:
            pair = (self._half + piece[0]).encode("utf-16", "surrogatepass")
            piece, self._half = pair.decode("utf-16", "surrogatepass") + piece[1:], ""
        if "\ud800" <= piece[-1:] <= "\udbff":
            piece, self._half = piece[:-1], piece[-1]
        return piece

    def _plain(self, piece: str, *, last: bool = False) -> str:
        text = self._held + piece
        if not text:
            return ""
        out, self._held = self._vault.restore_part(text, before=self._before, last=last)
        self._before = (self._before + text[: len(text) - len(self._held)])[-BEFORE_CHARACTERS:]
        return out

    def _fed_json(self, piece: str) -> str:
        out: list[str] = []
        at = 0
        if self._string is not None:
            piece, self._string.cut = self._string.cut + piece, ""
        while at < len(piece):
            if self._string is None:
                quote = piece.find('"', at)
                stop = quote if quote >= 0 else len(piece)
                out.append(self._plain(piece[at:stop], last=quote >= 0))
                at = stop + 1
                if quote >= 0:
                    out.append('"')
                    self._string, self._before = _String(self._vault, self._level + 1), '"'
            else:
                at = self._string.read(piece, at, out)
                if at < len(piece):
                    out.append('"')
                    self._string = None
                    at += 1
        return "".join(out)


class _String:
    """The inside of a JSON string, restored as the text that it stands for.  What does not change keeps its spelling."""

    __slots__ = ("_spelt", "_text", "cut")

    def __init__(self, vault: Pseudonyms, level: int) -> None:
        self._text = Restorer(vault, None if level < _STRINGS_MAX else False, _level=level)
        self._spelt: list[str] = []  # what the text holds back, each character as it was written
        self.cut = ""  # an escape that is not all here

    @property
    def waits(self) -> str:
        return "".join(self._spelt)

    def read(self, piece: str, at: int, out: list[str]) -> int:
        """Restores into ``out`` up to the closing quote; returns where that is, or the end of ``piece``."""
        while at < len(piece):
            unit = _UNIT.match(piece, at)
            if unit is not None and unit["quote"]:
                out.append(self.close())
                return at
            if unit is not None and unit["run"]:
                out.append(self._push(unit[0], None))
            elif _CUT.match(piece, at):
                self.cut = piece[at:]
                return len(piece)
            elif unit is None:  # a backslash that escapes nothing
                out.append(self._push("\\", "\\"))
            else:
                out.append(self._push(_said(unit), unit[0]))
            at = at + 1 if unit is None else unit.end()
        return at

    def close(self) -> str:
        before = self._text.waits
        return self._given(self._text.flush(), before, "", None)

    def _push(self, said: str, spelt: str | None) -> str:
        """``spelt``: how the one character ``said`` is written; None: they are written as themselves."""
        before = self._text.waits
        return self._given(self._text.feed(said), before, said, spelt)

    def _given(self, given: str, before: str, said: str, spelt: str | None) -> str:
        came = before + said
        came = came[: len(came) - len(self._text.waits)]
        same = len(came) if given == came else _alike(given, came)
        held, more = self._spelt, len(came) - len(self._spelt)
        if spelt is None:
            out = "".join(held[:same]) + said[: max(0, same - len(held))]
            self._spelt = [*held[len(came) :], *said[max(0, more) :]]
        else:
            all_ = [*held, spelt]
            out, self._spelt = "".join(all_[:same]), all_[len(came) :]
        return out + escape(given[same:])


def _alike(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (mine, theirs) in pairs if mine != theirs), min(len(one), len(other)))


def _said(unit: re.Match[str]) -> str:
    if unit["letter"]:
        return _LETTERS.get(unit["letter"], unit["letter"])
    if unit["high"]:
        return chr(0x10000 + ((int(unit["high"], 16) - 0xD800) << 10) + int(unit["low"], 16) - 0xDC00)
    return chr(int(unit["code"], 16))


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


def restore_text(vault: Pseudonyms, text: str, in_json: bool | None = None) -> str:
    """A whole text, as a `Restorer` would give it out; the same object when nothing changes."""
    if in_json or (in_json is None and opens_json(text.lstrip())):
        restorer = Restorer(vault, in_json)
        out = restorer.feed(text) + restorer.flush()
    else:
        out = vault.restore(text)
    return text if out == text else out


def restore_body(vault: Pseudonyms, value: Any, name: str = "") -> Any:
    """Every text of a decoded answer, or of a part of one that is called ``name``; the same object when nothing changes.

    One rule for the bodies of all APIs: what is called `arguments` is JSON.
    """
    return _restored(vault, value, name, free=False, depth=_DEPTH_MAX)


def _restored(vault: Pseudonyms, value: Any, name: str, *, free: bool, depth: int) -> Any:
    """``free``: all in it was written by the model."""
    if isinstance(value, str):
        return restore_text(vault, value, True if name == "arguments" else None)
    if depth == 0 or not isinstance(value, dict | list):
        return value
    if isinstance(value, list):
        items = [_restored(vault, item, "", free=free, depth=depth - 1) for item in value]
        return value if all(new is old for new, old in zip(items, value, strict=True)) else items
    members = [
        (key, old)
        if key in _KEPT and not free
        else (restore_text(vault, key), _restored(vault, old, key, free=free or key in _FREE, depth=depth - 1))
        for key, old in value.items()
    ]
    unchanged = all(key is was and new is old for (key, new), (was, old) in zip(members, value.items(), strict=True))
    return value if unchanged else dict(members)
