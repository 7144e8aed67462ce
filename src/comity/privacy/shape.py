# SPDX-License-Identifier: Apache-2.0
"""The shape of a text, and for a recogniser's expression one that says by the shape alone where it cannot match.

In a shape all digits are one character, so are all capitals, all small letters, and all that is not ASCII.  Of each expression a
looser one is made, from its own syntax tree: it matches the shape of whatever the first matches.  What looks around is kept only
where a shape can answer it for certain; a reference back is whatever its group may hold; a class is every character of its kinds.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from comity.privacy.recognizers.base import table

_OTHER = ord("?")  # also whatever is not ASCII
_TABLE = (
    bytes(48 if chr(code).isdigit() else 65 if chr(code).isupper() else 97 if chr(code).islower() else code for code in range(128))
    + bytes([_OTHER]) * 128
)
_KINDS: dict[int, frozenset[int]] = {kind: frozenset(code for code in range(128) if _TABLE[code] == kind) for kind in set(_TABLE)}
_COUNT = 4  # a repeat that an automaton would have to count further may as well go on for ever
_CATEGORIES = {"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w"}
_ONE = table("LITERAL NOT_LITERAL IN ANY")  # operations of `re`'s parser that take one character
_EMPTY = ("ASSERT_NOT", "AT")
_Members = tuple[frozenset[int], bool]  # the ASCII characters of a class, and whether it may hold others


class Untranslatable(Exception):
    """The expression has something in it that is not known here; its recogniser is always asked."""


def shape(text: str) -> bytes:
    """As long as ``text``, a byte for each character."""
    return text.encode("ascii", "replace").translate(_TABLE)


def looser(pattern: re.Pattern[str], *, counted: bool) -> bytes:
    """Matches in the shape of every text in which ``pattern`` matches.  ``counted``: long repeats are counted, and what a shape
    can say about what must not stand around is asked, which RE2 cannot.  Raises Untranslatable."""
    tree = importlib.import_module("re._parser").parse(pattern.pattern, pattern.flags)
    return _Looser(counted, {}).sequence(tree, pattern.flags, last=True).encode("ascii")


class _Looser:
    def __init__(self, counted: bool, groups: dict[int, tuple[Sequence[Any], int]]) -> None:
        self.counted, self.groups = counted, groups

    def sequence(self, items: Sequence[Any], flags: int, *, last: bool = False) -> str:
        """``last``: nothing of the expression comes behind, so what must follow may as well be part of it."""
        return "".join(
            self.item(str(op), value, flags, last=last and all(str(behind) in _EMPTY for behind, _ in items[place + 1 :]))
            for place, (op, value) in enumerate(items)
        )

    def item(self, op: str, value: Any, flags: int, *, last: bool) -> str:
        if op in _ONE:
            return _written(_members(op, value, flags))
        if op == "BRANCH":
            return _either(self.sequence(each, flags, last=last) for each in value[1])
        if op == "SUBPATTERN":
            group, more, less, inner = value
            flags = (flags | more) & ~less
            if group is not None:
                self.groups[group] = (inner, flags)
            return f"(?:{self.sequence(inner, flags, last=last)})"
        if op == "ATOMIC_GROUP":
            return f"(?:{self.sequence(value, flags, last=last)})"
        if op in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            least, most, inner = value
            return _repeated(self.sequence(inner, flags), int(least), int(most), self.counted)
        if op == "GROUPREF":
            again, own = self.groups[value]
            return f"(?:{_Looser(False, self.groups).sequence(again, flags | own)})"  # elsewhere other things stand around it
        if op == "GROUPREF_EXISTS":
            _, yes, no = value
            return _either((self.sequence(yes, flags), self.sequence(no or (), flags)))
        if op == "ASSERT" and value[0] > 0 and (self.counted or last):
            return f"(?{'=' if self.counted else ':'}{self.sequence(value[1], flags, last=last)})"
        if op == "ASSERT_NOT" and self.counted and _certain(value[1], flags):
            return f"(?{'!' if value[0] > 0 else '<!'}{self.sequence(value[1], flags)})"
        if op in ("ASSERT", *_EMPTY):
            return ""
        raise Untranslatable(op)


def _certain(items: Sequence[Any], flags: int) -> bool:
    """One character, of kinds of which every member counts."""
    if len(items) != 1 or str(items[0][0]) not in _ONE:
        return False
    inside, beyond = _members(str(items[0][0]), items[0][1], flags)
    return not beyond and _OTHER not in inside and all(_KINDS[_TABLE[code]] <= inside for code in inside)


def _either(ways: Iterable[str]) -> str:
    return f"(?:{'|'.join(dict.fromkeys(ways))})"


def _repeated(inner: str, least: int, most: int, counted: bool) -> str:
    if not inner:
        return ""
    if not counted:
        least, most = min(least, _COUNT), most if most <= _COUNT else -1
    elif most >= 1 << 16:
        most = -1
    return f"(?:{inner}){{{least},{'' if most < 0 else most}}}"


def _written(said: _Members) -> str:
    inside, beyond = said
    kinds = {_TABLE[code] for code in inside} | ({_OTHER} if beyond else set())
    return "[" + "".join(f"\\x{kind:02x}" for kind in sorted(kinds)) + "]" if kinds else "[^\\x00-\\xff]"


def _members(op: str, value: Any, flags: int) -> _Members:
    """What one character of an expression may be: exact in ASCII, and whether it may be anything beyond."""
    if flags & re.ASCII:
        raise Untranslatable("ASCII")
    if op == "ANY":
        return frozenset(range(128)) - (frozenset() if flags & re.DOTALL else {10}), True
    if op == "LITERAL":
        return _span(value, value, flags & re.IGNORECASE)
    if op == "NOT_LITERAL":
        return frozenset(range(128)) - _span(value, value, flags & re.IGNORECASE)[0], True
    inside: frozenset[int] = frozenset()
    beyond = negated = False
    for kind, said in value:
        if str(kind) == "NEGATE":
            negated = True
            continue
        if str(kind) == "LITERAL":
            more = _span(said, said, flags & re.IGNORECASE)
        elif str(kind) == "RANGE":
            more = _span(said[0], said[1], flags & re.IGNORECASE)
        elif str(kind) == "CATEGORY":
            more = _category(str(said))
        else:
            raise Untranslatable(str(kind))
        inside, beyond = inside | more[0], beyond or more[1]
    return (frozenset(range(128)) - inside, True) if negated else (inside, beyond)


@lru_cache(None)
def _category(name: str) -> _Members:
    what = name.rpartition("_")[2]
    if what not in _CATEGORIES:
        raise Untranslatable(name)
    said = _CATEGORIES[what].upper() if "NOT" in name else _CATEGORIES[what]
    return frozenset(code for code in range(128) if re.match(said, chr(code))), True


@lru_cache(None)
def _span(first: int, end: int, ignorecase: int) -> _Members:
    inside = frozenset(range(first, min(end, 127) + 1))
    if not ignorecase:
        return inside, end > 127
    # `İ`, `ı`, `ſ` and the sign for Kelvin are taken for ASCII letters, and the other way about.
    pairs = {"\u0130": "i", "\u0131": "i", "\u017f": "s", "\u212a": "k"}
    inside |= {ord(letter) for odd, letter in pairs.items() if first <= ord(odd) <= end}
    inside |= {ord(other) for code in inside for other in (chr(code).lower(), chr(code).upper())}
    return inside, end > 127 or not inside.isdisjoint(b"iIsSkK")
