# SPDX-License-Identifier: Apache-2.0
"""Tokens in place of what was found, and the way back.  Why they look as they do: `docs/explanation/pseudonyms.md`.

    EMAIL_1_K7QX4      type, number within the request, nonce of the request

Only letters, digits and `_`: no JSON writer, tokenizer or Markdown reader gives these a meaning of their own.  The nonce is
of fixed length and ends the token, so nothing that follows can become part of it.  What leaves holds the nonce in tokens
alone: where it occurs in a text by chance, that place is hidden as well, so no text of a caller's is taken for a token.

Tags that somebody else made (`<PERSON_3>`): `tags.ForeignTags`.  Realistic values in place of tokens: `surrogate`.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from comity.errors import CallerError
from comity.privacy.findings import Finding
from comity.privacy.normalise import fold, is_json, lower, unescape, view

NONCE_BYTES_MIN = 8
NONCE_CHARACTERS = 5
_FIRST = "CDGHJKLMPQVWXZ"  # no letter of a JSON escape (`\n`)
_INNER = "BCDFGHJKLMNPQRTVWXZ23456789"  # no vowel: it is no word
_LAST = "23456789"  # types hold no digit, so text and the type after it cannot make up a nonce
ORIGINALS_MAX = 50_000
CHANCE = "TEXT"  # the type of a place that merely holds the nonce

TYPE_CHARACTERS_MAX = 24
_TYPE = re.compile(rf"(?=.{{1,{TYPE_CHARACTERS_MAX}}}\Z)[A-Z]+(?:_[A-Z]+){{0,3}}")
BETWEEN = r"[\\_ \-]"  # `_`, or what models and Markdown make of it: a space, a hyphen, `\_`
TOKEN_CHARACTERS_MAX = TYPE_CHARACTERS_MAX + 9 + 4 + 6 + 4 + NONCE_CHARACTERS
BEFORE_CHARACTERS = 32  # of what was given out already: they say whether a place begins a word or is inside an escape

_LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+\-]*', re.DOTALL)
_SPECIAL = re.compile(r'["\\\x00-\x1f]')
_IN_ESCAPE = re.compile(r"(\\+)u[0-9A-Fa-f]{0,3}\Z")
_NUMBERED = frozenset({"BANK_ACCOUNT", "BANK_CARD", "IP", "MAC", "NATIONAL_ID", "PASSPORT", "PHONE", "PLATE"})


class Place(NamedTuple):
    start: int
    end: int
    type: str


class Forms(NamedTuple):
    whole: re.Pattern[str]
    begun: re.Pattern[str]  # the beginning of a token, at the end of the text


@lru_cache(maxsize=256)
def _forms(types: tuple[str, ...]) -> Forms:
    """How tokens of these types may come back, case aside."""
    letters = [spelt(each) for each in types]
    head = rf"(?P<type>{'|'.join(map(''.join, letters))}){BETWEEN}{{0,4}}"
    number = rf"(?P<number>[1-9][0-9]{{0,5}}){BETWEEN}{{0,4}}"
    nonce = "(?P<nonce>[A-Z][A-Z0-9]{%s})"
    begun = rf"(?P<begun>{'|'.join(map(beginnings, letters))})|{head}(?:{number}{nonce % f'0,{NONCE_CHARACTERS - 2}'}?)?"
    flags = re.IGNORECASE | re.ASCII
    return Forms(
        re.compile(head + number + nonce % (NONCE_CHARACTERS - 1), flags),
        re.compile(rf"(?:{begun})\Z", flags),
    )


def spelt(kind: str) -> list[str]:
    """A type, letter by letter, as patterns.  Small models turn `EMAIL_1` into `E-MAIL_1`."""
    letters = [BETWEEN + "{1,4}" if letter == "_" else letter for letter in kind]
    return ["E-?", *letters[1:]] if kind == "EMAIL" else letters


def beginnings(letters: list[str]) -> str:
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


class Kept(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """All that a vault knows, to be sealed (`keeping`): the one form in which originals may leave a process."""

    originals_max: int

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class KeptTokens(Kept, frozen=True, kw_only=True, tag=True):
    nonce: str
    originals: list[tuple[str, str]]  # type and original


class Pseudonyms(ABC):
    """Originals of one conversation, in memory only, and what stands in for them outside.  Hiding is the same for every kind of
    stand-in: a kind says how one is made, where a caller's own text looks like one, and how it is found on the way back."""

    __slots__ = ()

    @abstractmethod
    def __len__(self) -> int:
        """How many originals are held."""

    @abstractmethod
    def restore_part(self, text: str, *, before: str = "", in_json: bool = False, last: bool = False) -> tuple[str, str]:
        """What of ``text`` can be given out, restored; and its end, not restored, that may be the beginning of a stand-in.

        ``before``: the last characters given out so far, as they came.  ``last``: nothing follows.
        """

    @abstractmethod
    def erase(self) -> None:
        """Forget every original.  What comes back after this stays as it is."""

    @abstractmethod
    def kept(self) -> Kept:
        """What `keeping.seal` seals."""

    @abstractmethod
    def _stand_in(self, kind: str, original: str) -> str: ...

    @abstractmethod
    def _by_chance(self, reading: str) -> list[Place]:
        """Where the caller's own text would be taken for a stand-in on the way back."""

    def _fitted(self, places: list[Place], reading: str) -> list[Place]:
        """Places of ``reading`` as stand-ins of this kind need them."""
        return places

    def _meet(self, reading: str) -> None:  # noqa: B027 — not every kind needs to
        """Take note of a caller's text before anything is made to stand in it."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} held)"

    def __reduce__(self) -> str:
        raise TypeError("a vault does not leave its process")

    def restore(self, text: str, *, in_json: bool = False) -> str:
        """``text`` with the original for each stand-in of this vault, escaped if ``in_json``; all else as it is."""
        return self.restore_part(text, in_json=in_json, last=True)[0]

    def protect(self, text: str, findings: Sequence[Finding]) -> str:
        """``text`` with a stand-in for each finding; the same value has the same one, in every text of the conversation.

        A text that is one JSON object or array stays one.  Raises ValueError when the findings are not of this text, and
        CallerError when the vault is full.
        """
        places = _ordered(text, findings)
        is_object = is_json(text) if places or "\\" in text else None
        reading, starts = unescape(text) if is_object and "\\" in text else (text, None)
        self._meet(reading)
        places = self._with_chance(places, text, None)
        if starts is not None:
            places = self._with_chance(places, reading, starts)
        if not places:
            return text
        if is_object is None:
            is_object = is_json(text)
        places = self._fitted(places, text) if starts is None else self._through(places, reading, starts)
        out: list[str] = []
        done = 0
        for start, end, stand_in in self._in_json(text, starts, places) if is_object else self._in_text(text, places):
            out += (text[done:start], stand_in)
            done = end
        out.append(text[done:])
        return "".join(out)

    def _through(self, places: list[Place], reading: str, starts: Sequence[int]) -> list[Place]:
        read = [Place(bisect_right(starts, place.start) - 1, bisect_left(starts, place.end), place.type) for place in places]
        return [Place(starts[place.start], starts[place.end], place.type) for place in self._fitted(read, reading)]

    def _with_chance(self, places: list[Place], reading: str, starts: Sequence[int] | None) -> list[Place]:
        """Also what the caller wrote and the way back would take for ours: hidden as well, it comes back as it was."""
        more = self._by_chance(reading)
        if not more:
            return places
        if starts is not None:
            more = [Place(starts[place.start], starts[place.end], place.type) for place in more]
        starting = [place.start for place in places]
        apart = []
        for each in more:
            at = bisect_left(starting, each.end)  # of the places, sorted and apart, the last that begins before its end
            if at == 0 or places[at - 1].end <= each.start:
                apart.append(each)
        return sorted([*places, *apart])

    def _in_text(self, text: str, places: Sequence[Place]) -> Iterator[tuple[int, int, str]]:
        for place in places:
            yield place.start, place.end, self._stand_in(place.type, text[place.start : place.end])

    def _in_json(self, text: str, starts: Sequence[int] | None, places: Sequence[Place]) -> Iterator[tuple[int, int, str]]:
        """Inside strings escapes are hidden whole; a number that is hidden becomes a string; the structure stays."""
        first = 0
        for literal in _LITERAL.finditer(text):
            while first < len(places) and places[first].end <= literal.start():
                first += 1
            if first == len(places):
                return
            if literal[0][0] != '"':
                if places[first].start < literal.end():
                    yield literal.start(), literal.end(), f'"{escape(self._stand_in(places[first].type, literal[0]))}"'
                continue
            done, stop = literal.start() + 1, literal.end() - 1
            for at in range(first, len(places)):
                place = places[at]
                start, end = max(place.start, done), min(place.end, stop)
                if place.start >= stop:
                    break
                if starts is not None:
                    start, end = max(done, starts[bisect_right(starts, start) - 1]), starts[bisect_left(starts, end)]
                if start < end:
                    yield start, end, escape(self._stand_in(place.type, msgspec.json.decode(f'"{text[start:end]}"')))
                    done = end


class Vault(Pseudonyms):
    """Tokens as stand-ins.  ``nonce``: at least 8 random bytes, new for each conversation; ``originals_max``: how many it holds."""

    __slots__ = ("_forms", "_max", "_nonce", "_numbers", "_originals", "_places", "_types")

    def __init__(self, nonce: bytes, *, originals_max: int = ORIGINALS_MAX) -> None:
        if len(nonce) < NONCE_BYTES_MIN:
            raise ValueError(f"a nonce needs at least {NONCE_BYTES_MIN} bytes")
        value, letters = int.from_bytes(nonce, "big"), []
        for alphabet in (_FIRST, *[_INNER] * (NONCE_CHARACTERS - 2), _LAST):
            value, place = divmod(value, len(alphabet))
            letters.append(alphabet[place])
        self._nonce = "".join(letters)
        self._max = originals_max
        self.erase()

    def __len__(self) -> int:
        return len(self._originals)

    def erase(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}
        self._originals: list[tuple[str, str]] = []  # type and original, in the order of their numbers
        self._places: dict[tuple[str, int], int] = {}  # by type, its letters alone, and number: where in `_originals`
        self._types: tuple[str, ...] = ()
        self._forms = _forms(())

    def kept(self) -> KeptTokens:
        return KeptTokens(nonce=self._nonce, originals=self._originals, originals_max=self._max)

    @classmethod
    def of_kept(cls, kept: KeptTokens) -> Vault:
        vault = cls(bytes(NONCE_BYTES_MIN), originals_max=kept.originals_max)
        vault._nonce = kept.nonce
        for kind, original in kept.originals:
            vault._stand_in(kind, original)
        return vault

    def _hold(self, kind: str, number: int, original: str) -> None:
        self._places[bare(kind), number] = len(self._originals)
        self._originals.append((kind, original))

    def _by_chance(self, reading: str) -> list[Place]:
        """Where the nonce stands in what the caller wrote: what the way back looks for is then ours alone."""
        nonce, lowered = self._nonce.lower(), lower(fold(reading))
        out: list[Place] = []
        at = lowered.find(nonce)
        while at >= 0:
            end = at + len(nonce)
            out.append(Place(at, end, CHANCE))
            at = lowered.find(nonce, end)
        return out

    def _stand_in(self, kind: str, original: str) -> str:
        key = (kind, same(kind, original))
        number = self._numbers.get(key)
        if number is None:
            if len(self._originals) >= self._max:
                raise full(self._max)
            number = self._numbers[key] = len(self._originals) + 1
            self._hold(kind, number, original)
            if kind not in self._types:
                self._types = tuple(sorted((*self._types, kind)))
                self._forms = _forms(self._types)
        return f"{kind}_{number}_{self._nonce}"

    def restore_part(self, text: str, *, before: str = "", in_json: bool = False, last: bool = False) -> tuple[str, str]:
        if not self._originals:
            return text, ""
        if last and not before and text.isascii() and self._nonce.lower() not in text.lower():  # most texts of an answer, and all names
            return text, ""
        read = fold(before + text)
        shift = len(before)
        out: list[str] = []
        done = shift
        if self._nonce.lower() in lower(read):
            found = self._forms.whole.search(read, done)
            while found is not None:
                original = self._claimed(found, in_json, last=last)
                if original is None:
                    found = self._forms.whole.search(read, found.start() + 1)
                    continue
                out += (text[done - shift : found.start() - shift], escape(original) if in_json else original)
                done = found.end()
                found = self._forms.whole.search(read, done)
        stop = len(read) if last else self._held_from(read, done, in_json)
        out.append(text[done - shift : stop - shift])
        return "".join(out), text[stop - shift :]

    def _claimed(self, found: re.Match[str], in_json: bool, *, last: bool = True) -> str | None:
        """The original of what looks like a token; ``last``: nothing follows what is there."""
        if found["nonce"].upper() != self._nonce or not _stands(found, found["type"], in_json):
            return None
        return self._original(found["type"], int(found["number"]))

    def _original(self, kind: str, number: int) -> str | None:
        place = self._places.get((bare(kind), number))
        return None if place is None else self._originals[place][1]

    def _held_from(self, read: str, done: int, in_json: bool) -> int:
        """Where the first text begins that what follows could still make a token of this vault."""
        found = self._forms.begun.search(read, max(done, len(read) - TOKEN_CHARACTERS_MAX))
        while found is not None and found[0]:
            if self._waits(found, in_json):
                return found.start()
            found = self._forms.begun.search(read, found.start() + 1)
        return len(read)

    def _waits(self, found: re.Match[str], in_json: bool) -> bool:
        """Whether a beginning of a token may become one of this vault."""
        if not _stands(found, found["begun"] or found["type"], in_json):
            return False
        nonce = found["nonce"] or ""
        if not self._nonce.startswith(nonce.upper()):
            return False
        return found["number"] is None or self._numbered(found["type"], found["number"], whole=found.end("number") < found.end())

    def _numbered(self, kind: str, said: str, *, whole: bool) -> bool:
        """Whether a token of this type has this number, or, if it is not ``whole``, one that begins so."""
        kind = bare(kind)
        if whole:
            return (kind, int(said)) in self._places
        return any(of == kind and str(number).startswith(said) for of, number in self._places)


def _ordered(text: str, findings: Sequence[Finding]) -> list[Place]:
    places = [Place(finding.start, finding.end, finding.type) for finding in findings]
    done = 0
    for place in places:
        if not done <= place.start < place.end <= len(text):
            raise ValueError("the findings are not of this text: out of range, out of order, or overlapping")
        if not _TYPE.fullmatch(place.type):
            raise ValueError(f"`{place.type}` cannot name a token")
        done = place.end
    return places


def full(originals_max: int) -> CallerError:
    """Hiding some values and not the rest is no choice: the text does not leave."""
    return CallerError(
        f"more than {originals_max} personal values in one conversation",
        code="request.too_large",
        status=413,
        hint="send less at once, or begin a new conversation",
    )


def bare(kind: str) -> str:
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


def same(kind: str, original: str) -> str:
    """What two spellings of one value share."""
    if kind == "EMAIL":
        return view(original).text.casefold()
    if kind in _NUMBERED:
        return "".join(letter for letter in view(original).text.upper() if letter.isalnum() or letter == "+") or original
    return original
