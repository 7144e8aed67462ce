# SPDX-License-Identifier: Apache-2.0
"""Tokens in place of what was found, and the way back.  Why they look as they do: `docs/explanation/pseudonyms.md`.

    EMAIL_1_K7QX4      type, number within the request, nonce of the request

Only letters, digits and `_`: no JSON writer, tokenizer or Markdown reader gives these a meaning of their own.  The nonce is
of fixed length and ends the token, so nothing that follows can become part of it.  What leaves holds the nonce in tokens
alone: where it occurs in a text by chance, that place is hidden as well, so no text of a caller's is taken for a token.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from comity.privacy.findings import Finding
from comity.privacy.normalise import fold, is_json, lower, unescape, view

NONCE_BYTES_MIN = 8
NONCE_CHARACTERS = 5
_FIRST = "CDGHJKLMPQVWXZ"  # no letter of a JSON escape (`\n`)
_INNER = "BCDFGHJKLMNPQRTVWXZ23456789"  # no vowel: it is no word
_LAST = "23456789"  # types hold no digit, so text and the type after it cannot make up a nonce
CHANCE = "TEXT"  # the type of a place that merely holds the nonce

TYPE_CHARACTERS_MAX = 24
_TYPE = re.compile(rf"(?=.{{1,{TYPE_CHARACTERS_MAX}}}\Z)[A-Z]+(?:_[A-Z]+){{0,3}}")
_BETWEEN = r"[\\_ \-]"  # `_`, or what models and Markdown make of it: a space, a hyphen, `\_`
TOKEN_CHARACTERS_MAX = TYPE_CHARACTERS_MAX + 9 + 4 + 6 + 4 + NONCE_CHARACTERS
BEFORE_CHARACTERS = 32  # of what was given out already: they say whether a place begins a word or is inside an escape

_LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+\-]*', re.DOTALL)
_SPECIAL = re.compile(r'["\\\x00-\x1f]')
_IN_ESCAPE = re.compile(r"(\\+)u[0-9A-Fa-f]{0,3}\Z")
_NUMBERED = frozenset({"BANK_ACCOUNT", "BANK_CARD", "IP", "MAC", "NATIONAL_ID", "PASSPORT", "PHONE", "PLATE"})


class _Place(NamedTuple):
    start: int
    end: int
    type: str


class _Forms(NamedTuple):
    whole: re.Pattern[str]
    begun: re.Pattern[str]  # the beginning of a token, at the end of the text


@lru_cache(maxsize=256)
def _forms(types: tuple[str, ...]) -> _Forms:
    """How tokens of these types may come back, case aside."""
    spelt = [_spelt(each) for each in types]
    head = rf"(?P<type>{'|'.join(map(''.join, spelt))}){_BETWEEN}{{0,4}}"
    number = rf"(?P<number>[1-9][0-9]{{0,5}}){_BETWEEN}{{0,4}}"
    nonce = "(?P<nonce>[A-Z][A-Z0-9]{%s})"
    begun = rf"(?P<begun>{'|'.join(map(_beginnings, spelt))})|{head}(?:{number}{nonce % f'0,{NONCE_CHARACTERS - 2}'}?)?"
    flags = re.IGNORECASE | re.ASCII
    return _Forms(
        re.compile(head + number + nonce % (NONCE_CHARACTERS - 1), flags),
        re.compile(rf"(?:{begun})\Z", flags),
    )


def _spelt(kind: str) -> list[str]:
    """A type, letter by letter, as patterns.  Small models turn `EMAIL_1` into `E-MAIL_1`."""
    letters = [_BETWEEN + "{1,4}" if letter == "_" else letter for letter in kind]
    return ["E-?", *letters[1:]] if kind == "EMAIL" else letters


def _beginnings(letters: list[str]) -> str:
    """Patterns in a row as the pattern of their proper beginnings: `A(?:B(?:C)?)?`."""
    pattern = ""
    for letter in reversed(letters[:-1]):
        pattern = letter + (f"(?:{pattern})?" if pattern else "")
    return pattern or r"(?!)"


def escape(text: str) -> str:
    """``text`` as it stands inside a JSON string."""
    return _SPECIAL.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    letter = found[0]
    return {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(letter) or f"\\u{ord(letter):04x}"


class Vault:
    """The originals of one request, in memory only.  ``nonce``: at least 8 random bytes, new for each request."""

    __slots__ = ("_forms", "_nonce", "_numbers", "_originals", "_types")

    def __init__(self, nonce: bytes) -> None:
        if len(nonce) < NONCE_BYTES_MIN:
            raise ValueError(f"a nonce needs at least {NONCE_BYTES_MIN} bytes")
        value, letters = int.from_bytes(nonce, "big"), []
        for alphabet in (_FIRST, *[_INNER] * (NONCE_CHARACTERS - 2), _LAST):
            value, place = divmod(value, len(alphabet))
            letters.append(alphabet[place])
        self._nonce = "".join(letters)
        self._numbers: dict[tuple[str, str], int] = {}
        self._originals: list[tuple[str, str]] = []  # type and original of number 1, 2, …
        self._types: tuple[str, ...] = ()
        self._forms = _forms(())

    def __len__(self) -> int:
        return len(self._originals)

    def __repr__(self) -> str:
        return f"Vault({len(self)} held)"

    def __reduce__(self) -> str:
        raise TypeError("a vault does not leave its process")

    def protect(self, text: str, findings: Sequence[Finding]) -> str:
        """``text`` with a token for each finding; the same value, however spaced or cased, has the same token.

        A text that is one JSON object or array stays one.  Raises ValueError when the findings are not of this text.
        """
        places = _ordered(text, findings)
        reading, starts = text, None
        chance = self._nonce.lower() in lower(fold(text))
        if not places and not chance and "\\" not in text:
            return text
        is_object = is_json(text)
        if is_object and "\\" in text:
            reading, starts = unescape(text)
        places = self._with_chance(places, text, None)
        if starts is not None:
            places = self._with_chance(places, reading, starts)
        if not places:
            return text
        out: list[str] = []
        done = 0
        for start, end, token in self._in_json(text, starts, places) if is_object else self._in_text(text, places):
            out += (text[done:start], token)
            done = end
        out.append(text[done:])
        return "".join(out)

    def _with_chance(self, places: list[_Place], reading: str, starts: Sequence[int] | None) -> list[_Place]:
        """Also where the nonce stands in what the caller wrote: what the way back looks for is then ours alone."""
        nonce, lowered = self._nonce.lower(), lower(fold(reading))
        more: list[_Place] = []
        at = lowered.find(nonce)
        while at >= 0:
            end = at + len(nonce)
            more.append(_Place(at, end, CHANCE) if starts is None else _Place(starts[at], starts[end], CHANCE))
            at = lowered.find(nonce, end)
        if not more:
            return places
        taken = [each for each in more if not any(place.start < each.end and each.start < place.end for place in places)]
        return sorted([*places, *taken])

    def _in_text(self, text: str, places: Sequence[_Place]) -> Iterator[tuple[int, int, str]]:
        for place in places:
            yield place.start, place.end, self._token(place.type, text[place.start : place.end])

    def _in_json(self, text: str, starts: Sequence[int] | None, places: Sequence[_Place]) -> Iterator[tuple[int, int, str]]:
        """Inside strings escapes are hidden whole; a number that is hidden becomes a string; the structure stays."""
        first = 0
        for literal in _LITERAL.finditer(text):
            while first < len(places) and places[first].end <= literal.start():
                first += 1
            if first == len(places):
                return
            if literal[0][0] != '"':
                if places[first].start < literal.end():
                    yield literal.start(), literal.end(), f'"{self._token(places[first].type, literal[0])}"'
                continue
            done, stop = literal.start() + 1, literal.end() - 1
            for place in places[first:]:
                start, end = max(place.start, done), min(place.end, stop)
                if place.start >= stop:
                    break
                if starts is not None:
                    start, end = max(done, starts[bisect_right(starts, start) - 1]), starts[bisect_left(starts, end)]
                if start < end:
                    yield start, end, self._token(place.type, msgspec.json.decode(f'"{text[start:end]}"'))
                    done = end

    def _token(self, kind: str, original: str) -> str:
        key = (kind, _same(kind, original))
        number = self._numbers.get(key)
        if number is None:
            self._originals.append((kind, original))
            number = self._numbers[key] = len(self._originals)
            if kind not in self._types:
                self._types = tuple(sorted((*self._types, kind)))
                self._forms = _forms(self._types)
        return f"{kind}_{number}_{self._nonce}"

    def restore(self, text: str, *, in_json: bool = False) -> str:
        """``text`` with the original for each token of this vault, escaped if ``in_json``; all else as it is."""
        return self.restore_part(text, in_json=in_json, last=True)[0]

    def restore_part(self, text: str, *, before: str = "", in_json: bool = False, last: bool = False) -> tuple[str, str]:
        """What of ``text`` can be given out, restored; and its end, not restored, that may be the beginning of a token.

        ``before``: the last characters given out so far, as they came.  ``last``: nothing follows.
        """
        if not self._originals:
            return text, ""
        read = fold(before + text)
        shift = len(before)
        out: list[str] = []
        done = shift
        if self._nonce.lower() in lower(read):
            found = self._forms.whole.search(read, done)
            while found is not None:
                original = self._claimed(found, in_json)
                if original is None:
                    found = self._forms.whole.search(read, found.start() + 1)
                    continue
                out += (text[done - shift : found.start() - shift], escape(original) if in_json else original)
                done = found.end()
                found = self._forms.whole.search(read, done)
        stop = len(read) if last else self._held_from(read, done, in_json)
        out.append(text[done - shift : stop - shift])
        return "".join(out), text[stop - shift :]

    def _claimed(self, found: re.Match[str], in_json: bool) -> str | None:
        number = int(found["number"])
        if found["nonce"].upper() != self._nonce or number > len(self._originals) or not _stands(found, found["type"], in_json):
            return None
        kind, original = self._originals[number - 1]
        return original if _bare(found["type"]) == _bare(kind) else None

    def _held_from(self, read: str, done: int, in_json: bool) -> int:
        """Where the first text begins that what follows could still make a token of this vault."""
        found = self._forms.begun.search(read, max(done, len(read) - TOKEN_CHARACTERS_MAX))
        while found is not None:
            if _stands(found, found["begun"] or found["type"], in_json) and self._possible(found):
                return found.start()
            found = self._forms.begun.search(read, found.start() + 1)
        return len(read)

    def _possible(self, found: re.Match[str]) -> bool:
        said, nonce = found["number"], found["nonce"] or ""
        if said is None:
            return True
        if not self._nonce.startswith(nonce.upper()):
            return False
        whole, kind = found.end("number") < found.end(), _bare(found["type"])
        numbers = (int(said),) if whole else range(int(said), len(self._originals) + 1)
        return any(
            number <= len(self._originals) and str(number).startswith(said) and _bare(self._originals[number - 1][0]) == kind
            for number in numbers
        )


def _ordered(text: str, findings: Sequence[Finding]) -> list[_Place]:
    places = [_Place(finding.start, finding.end, finding.type) for finding in findings]
    done = 0
    for place in places:
        if not done <= place.start < place.end <= len(text):
            raise ValueError("the findings are not of this text: out of range, out of order, or overlapping")
        if not _TYPE.fullmatch(place.type):
            raise ValueError(f"`{place.type}` cannot name a token")
        done = place.end
    return places


def _bare(kind: str) -> str:
    return "".join(filter(str.isalpha, kind)).upper()


def _stands(found: re.Match[str], word: str, in_json: bool) -> bool:
    """As written a type counts anywhere; in other case only where a word begins, else every `…e` would be waited for."""
    before = found.string[max(0, found.start() - BEFORE_CHARACTERS) : found.start()]
    if not word.isupper() and before and (before[-1] == "\\" or (before[-1].isascii() and before[-1].isalnum())):
        return False
    if not in_json:
        return True
    escaped = _IN_ESCAPE.search(before)
    return escaped is None or len(escaped[1]) % 2 == 0


def _same(kind: str, original: str) -> str:
    """What two spellings of one value share."""
    if kind == "EMAIL":
        return view(original).text.casefold()
    if kind in _NUMBERED:
        return "".join(letter for letter in view(original).text.upper() if letter.isalnum() or letter == "+") or original
    return original
