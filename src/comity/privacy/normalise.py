# SPDX-License-Identifier: Apache-2.0
"""One plain reading of a text, with the way back: recognisers look at the reading, spans point at the caller's text.

Full-width forms, digits of other scripts, typographic dashes and spaces become their ASCII character, one for one;
circled digits too; letters and Chinese numerals in digits' place are read as digits (`l38OO138OOO`, `幺三八…`);
zero-width and direction marks vanish; in a text that is one JSON object or array, escapes are read as what they stand for.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import msgspec

# First digit of each block of ten decimal digits (Unicode 14, General_Category Nd), ASCII left out.
_ZEROS = (
    0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50, 0xED0, 0xF20, 0x1040,
    0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0,
    0xA9F0, 0xAA50, 0xABF0, 0xFF10, 0x104A0, 0x10D30, 0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650,
    0x116C0, 0x11730, 0x118E0, 0x11950, 0x11C50, 0x11D50, 0x11DA0, 0x16A60, 0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8, 0x1D7E2,
    0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E950, 0x1FBF0,
)  # fmt: skip
_CIRCLED = (0x245F, 0x2473, 0x2487, 0x24F4, 0x2775, 0x277F, 0x2789)  # one before ①, ⑴, ⒈, ⓵, ❶, ➀, ➊
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_SPACES = "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
# Full-width ASCII, but not the punctuation of ordinary Chinese (`，：；！？`): patterns name that themselves.
_KEPT = "，：；！？"
_GONE = "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff\u20e3\U000e0000-\U000e007f"

INNER_QUOTE = "\ue022"  # a quote that JSON escapes: not the end of the string for a pattern that looks for one


@cache
def _fold_table() -> dict[int, str]:
    table = {zero + n: str(n) for zero in _ZEROS for n in range(10)}
    table |= {before + n: str(n) for before in _CIRCLED for n in range(1, 10)} | {0x24EA: "0", 0x24FF: "0"}
    table |= {ord(mark): "-" for mark in _DASHES} | {ord(mark): " " for mark in _SPACES}
    table |= {0xFEE0 + code: chr(code) for code in range(0x21, 0x7F) if chr(0xFEE0 + code) not in _KEPT}
    for base in range(0x1D400, 0x1D6A4, 52):  # mathematical letters: A–Z, a–z in each style
        table |= {base + n: chr((65 if n < 26 else 71) + n) for n in range(52)}
    return table


@cache
def _odd() -> re.Pattern[str]:
    """What may need another character.  Beyond the basic plane one range stands for all: there `re` has no table to look in."""
    basic = "".join(re.escape(chr(code)) for code in _fold_table() if code < 0x10000)
    return re.compile(f"[{basic}{_GONE}\U00010000-\U0010ffff]")


@cache
def _gone() -> re.Pattern[str]:
    return re.compile(f"[{_GONE}]+")


_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_SHORT = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "/": "/", "\\": "\\", '"': INNER_QUOTE}


def fold(text: str) -> str:
    """The same length, character for character: full-width and other scripts' digits as ASCII."""
    if text.isascii():
        return text
    return _odd().sub(_plain, text)  # ten times faster than `translate` on ordinary Chinese


def lower(text: str) -> str:
    """Lower case, every character in its place (`İ` alone would become two)."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(letter.lower() if letter.isascii() else letter for letter in text)


def _plain(found: re.Match[str]) -> str:
    return _fold_table().get(ord(found[0]), found[0])


# In digits' place: letters of Latin, Cyrillic and Greek, and the numerals that people read a number out with.
_LIKE = {
    "O": "0",
    "o": "0",
    "I": "1",
    "l": "1",
    "|": "1",
    "О": "0",
    "о": "0",
    "З": "3",
    "з": "3",
    "б": "6",
    "І": "1",
    "Ο": "0",
    "ο": "0",
    "Ι": "1",
}
_READ = {
    numeral: str(digit)
    for digit, numerals in enumerate(("〇零○洞", "一幺壹", "二两贰貳", "三叁參", "四肆", "五伍", "六陆陸", "七柒拐", "八捌", "九玖勾"))
    for numeral in numerals
}
_GROUP = "".join(map(re.escape, _LIKE))
_NUMERALS = "".join(_READ)


def _runs(inside: str) -> re.Pattern[str]:
    """Long runs, so that no word, no year and no enumeration is one; `X` may end an identity number."""
    return re.compile(rf"(?<![A-Za-z0-9_])[{inside}]+(?:[ .\-][{inside}]+){{0,10}}(?![A-WYZa-wyz0-9_])")


@cache
def _looking(ascii_only: bool) -> tuple[re.Pattern[str], re.Pattern[str], dict[int, str]]:
    like = {letter: digit for letter, digit in _LIKE.items() if letter.isascii() or not ascii_only}
    read = {} if ascii_only else _READ
    inside = "0-9" + "".join(map(re.escape, [*like, *read]))
    mixed = "".join(map(re.escape, like))
    hint = rf"[0-9](?:[{mixed}]|(?<=[{mixed}].))"
    if not ascii_only:  # what may lead leads, for `re` finds it fast
        hint = rf"[0-9{_NUMERALS}](?:(?<=[0-9])(?:[{mixed}]|(?<=[{mixed}].))|(?<=[{_NUMERALS}])[ .\-]?[0-9{_NUMERALS}])"
    return re.compile(hint), _runs(inside), {ord(letter): digit for letter, digit in (like | read).items()}


def _digits(text: str) -> str:
    """The same length: what stands for a digit in a run of at least ten of which most are digits, or of seven numerals."""
    plainly = text.isascii()
    if plainly and not any(map(text.__contains__, "0123456789")):
        return text
    hint, runs, table = _looking(plainly)
    if not hint.search(text):
        return text

    def plain(found: re.Match[str]) -> str:
        said = found[0]
        sure = sum(letter.isascii() and letter.isdigit() for letter in said)
        read = sum(letter in _READ for letter in said)
        like = sum(letter in _LIKE for letter in said)
        if not (read or like) or sure + read < 6 or sure + read + like < (10 if like else 7) or sure + read < like:
            return said
        return _PART.sub(lambda part: part[0] if _LETTERS.fullmatch(part[0]) else part[0].translate(table), said)

    return runs.sub(plain, text)


_PART = re.compile(r"[^ .\-]+")
_LETTERS = re.compile(f"[{_GROUP}]+")


class View(NamedTuple):
    """``starts[i]`` is where character ``i`` of ``text`` begins in the caller's text (one more at the end); None: the same place."""

    text: str
    starts: Sequence[int] | None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Of the caller's text; whole escapes, with the invisible characters inside and right after."""
        if self.starts is None:
            return start, end
        return self.starts[start], self.starts[end]


def is_json(text: str) -> bool:
    """Whether the whole text is one JSON object or array."""
    head = text.lstrip(" \t\r\n")[:1]
    if head not in ("{", "["):
        return False
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return False
    return True


def view(text: str) -> View:
    """The plain reading of ``text``."""
    reading: str = text
    starts: Sequence[int] | None = None
    if "\\" in text and is_json(text):
        reading, starts = unescape(text)
    if not reading.isascii() and _odd().search(reading):
        if _gone().search(reading):
            reading, starts = _without_invisible(reading, starts)
        reading = _odd().sub(_plain, reading)
    return View(_digits(reading), starts)


def unescape(text: str) -> tuple[str, Sequence[int]]:
    """JSON escapes as characters, and where each begins; a lone surrogate stays as it is written (RFC 8259 section 8.2)."""
    out: list[str] = []
    starts = array("L")
    at = 0
    for found in _ESCAPE.finditer(text):
        if found.start() < at:  # the second half of a pair
            continue
        starts.extend(range(at, found.start()))
        out.append(text[at : found.start()])
        at = found.end()
        if found[2] is not None:
            out.append(_SHORT.get(found[2], found[2]))
            starts.append(found.start())
            continue
        code = int(found[1], 16)
        low = _ESCAPE.match(text, at) if 0xD800 <= code < 0xDC00 else None
        if low is not None and low[1] is not None and 0xDC00 <= int(low[1], 16) < 0xE000:
            code = 0x10000 + ((code - 0xD800) << 10) + (int(low[1], 16) - 0xDC00)
            at = low.end()
        if 0xD800 <= code < 0xE000:
            out.append(found[0])
            starts.extend(range(found.start(), found.end()))
        else:
            out.append(INNER_QUOTE if code == 0x22 else chr(code))
            starts.append(found.start())
    out.append(text[at:])
    starts.extend(range(at, len(text) + 1))
    return "".join(out), starts


def _without_invisible(text: str, starts: Sequence[int] | None) -> tuple[str, Sequence[int]]:
    out: list[str] = []
    places = array("L")
    at = 0
    for found in _gone().finditer(text):
        out.append(text[at : found.start()])
        places.extend(range(at, found.start()) if starts is None else starts[at : found.start()])
        at = found.end()
    out.append(text[at:])
    places.extend(range(at, len(text) + 1) if starts is None else starts[at:])
    return "".join(out), places
