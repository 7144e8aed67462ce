# SPDX-License-Identifier: Apache-2.0
"""Realistic values in place of what was found: another name, number or address of the same language, form and check digit.

Names are kept part by part, so that a family shares its surname and `Ms. Vogel` is found again after `Lena Vogel`.  What a
caller's text already holds is never made to stand for something else: another is chosen, or that place is hidden as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from comity.privacy.findings import Finding
from comity.privacy.normalise import unescape
from comity.privacy.pseudonym import NONCE_BYTES_MIN, ORIGINALS_MAX, Kept, Place, Pseudonyms, escape, full, same
from comity.privacy.surrogates import numbers, shapes
from comity.privacy.surrogates.draw import Draw
from comity.privacy.surrogates.index import NAME, SURNAME, VALUE, WORD, Entry, Index, joins, plain, titled
from comity.privacy.surrogates.lexicon import FAMILY, chinese, joined, known
from comity.privacy.surrogates.met import Met, traits
from comity.privacy.surrogates.people import Part, one_piece, parts, stand_in, title_after

PERSON = "PERSON"
_TRIES = 96
_LONE = "某"  # "a certain": a surname that stands alone
_TOLERANT = frozenset({"PHONE", "BANK_CARD", "BANK_ACCOUNT", "NATIONAL_ID"})
_TOLERANT_SIGNS_MIN = 7
_FORMED: dict[str, Callable[[str, Draw], str | None]] = {
    "PHONE": numbers.phone, "BANK_CARD": numbers.card, "BANK_ACCOUNT": numbers.account, "NATIONAL_ID": numbers.national_id,
    "IP": numbers.ip, "MAC": numbers.mac, "DOB": numbers.birth, "ADDRESS": shapes.address, "PLATE": shapes.plate,
    "PASSPORT": shapes.document, "DRIVER_LICENSE": shapes.document, "SECRET": shapes.secret,
}  # fmt: skip

_HALF_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{0,3}|u[dD][89abAB][0-9a-fA-F]{2}(?:\\(?:u[0-9a-fA-F]{0,3})?)?)?\Z")
_LAST_ESCAPE = re.compile(r"(\\+)(?:u([0-9a-fA-F]{4})|([^u\\]))\Z")
_LIKE_NUMBER = re.compile(r"[+(]{0,2}[0-9][0-9 ().\-/]{5,}[0-9]")


class KeptSurrogates(Kept, frozen=True, kw_only=True, tag=True):
    key: bytes
    stand_ins: list[tuple[str, str, str]]  # type, original, stand-in
    attempts: list[tuple[str, str, int]]
    names: list[tuple[str, str, str]]  # role, word, stand-in
    taken: list[str]
    entries: list[Entry]


class SurrogateVault(Pseudonyms):
    """``nonce``: at least 8 random bytes, new for each conversation, from which every choice follows."""

    __slots__ = ("_attempts", "_foreign", "_index", "_key", "_max", "_met", "_names", "_stand_ins", "_taken")

    def __init__(self, nonce: bytes, *, originals_max: int = ORIGINALS_MAX) -> None:
        if len(nonce) < NONCE_BYTES_MIN:
            raise ValueError(f"a nonce needs at least {NONCE_BYTES_MIN} bytes")
        self._key = nonce[:64]
        self._max = originals_max
        self._foreign = False
        self.erase()

    @classmethod
    def of(cls, mapping: Mapping[str, str], parts: Mapping[str, str] | Mapping[str, Mapping[str, str]] | None = None) -> SurrogateVault:
        """A vault that restores stand-ins of somebody else, {stand-in: original}; it hides nothing.

        ``parts``: {part of a stand-in: part of an original}, or that for each stand-in.
        """
        vault = cls(bytes(NONCE_BYTES_MIN))
        vault._foreign = True
        for made, original in mapping.items():
            vault._stand_ins["", original] = made
            vault._add(Entry(made, original, "", _rule(made)))
        for made, said in (parts or {}).items():
            for part, original in {made: said}.items() if isinstance(said, str) else said.items():
                vault._add(Entry(part, original, "", _rule(part)))
        return vault

    def __len__(self) -> int:
        return len(self._stand_ins)

    def erase(self) -> None:
        self._stand_ins: dict[tuple[str, str], str] = {}  # by type and original
        self._attempts: dict[tuple[str, str], int] = {}  # which draw was free, by type and what the spellings of a value share
        self._names: dict[tuple[str, str], str] = {}  # by role (Chinese and Korean only) and word
        self._taken: set[str] = set()  # stand-ins of words
        self._index = Index()
        self._met = Met()

    def kept(self) -> KeptSurrogates:
        if self._foreign:
            raise TypeError("stand-ins of somebody else are not kept")
        return KeptSurrogates(
            key=self._key,
            originals_max=self._max,
            stand_ins=[(*key, made) for key, made in self._stand_ins.items()],
            attempts=[(*key, attempt) for key, attempt in self._attempts.items()],
            names=[(*key, made) for key, made in self._names.items()],
            taken=sorted(self._taken),
            entries=list(self._index),
        )

    @classmethod
    def of_kept(cls, kept: KeptSurrogates) -> SurrogateVault:
        """Without the words of earlier texts: a chat sends its history again, which then meets the vault before anything new."""
        vault = cls(kept.key, originals_max=kept.originals_max)
        vault._stand_ins = {(kind, original): made for kind, original, made in kept.stand_ins}
        vault._attempts = {(kind, value): attempt for kind, value, attempt in kept.attempts}
        vault._names = {(role, word): made for role, word, made in kept.names}
        vault._taken = set(kept.taken)
        for entry in kept.entries:
            vault._add(entry)
        return vault

    # The way out.

    def protect(self, text: str, findings: Sequence[Finding]) -> str:
        if self._foreign:
            raise TypeError("stand-ins of somebody else are restored, not made")
        return super().protect(text, findings)

    def _meet(self, reading: str) -> None:
        self._met.add(reading)

    def _by_chance(self, reading: str) -> list[Place]:
        return [Place(found.start, found.end, found.kind) for found in self._index.matches(reading, 0, last=True)]

    def _fitted(self, places: list[Place], reading: str) -> list[Place]:
        """Whole words: half a word cannot be told from another on the way back.  A lone Chinese surname takes its title along."""
        out: list[Place] = []
        read = plain(reading)
        for number, (start, end, kind) in enumerate(places):
            least = out[-1].end if out else 0
            most = places[number + 1].start if number + 1 < len(places) else len(read)
            while start > least and joins(read[start - 1]) and joins(read[start]):
                start -= 1
            grown = bool(out) and out[-1].end == start and joins(read[start - 1]) and joins(read[start])
            if grown or kind != PERSON or not _plural(reading[start:end], read[end : end + 2]):
                while end < most and joins(read[end - 1]) and joins(read[end]):
                    end += 1
            if kind == PERSON and not joins(read[start]):
                start, end = self._whole_name(read, start, end, least, most)
            if grown:
                before = out.pop()
                kind = kind if end - start > before.end - before.start else before.type
                start = before.start
            out.append(Place(start, end, kind))
        return out

    def _whole_name(self, read: str, start: int, end: int, least: int, most: int) -> tuple[int, int]:
        """Of a script without spaces: with what beside it would make it another's stand-in, and a lone surname with its title."""
        for size in (2, 1):
            if start - size >= least and read[start - size : start] in self._taken:
                start -= size
                break
        if end < most and read[end] in self._taken:
            end += 1
        if end - start == 1 and read[start] in chinese().families:
            return _with_title(read, start, end, least, most)
        return start, end

    def _stand_in(self, kind: str, original: str) -> str:
        made = self._stand_ins.get((kind, original))
        if made is None:
            if len(self._stand_ins) >= self._max:
                raise full(self._max)
            made = self._person(original) if kind == PERSON else ""
            if not made or not _edged(made, original):
                made = self._value(kind, original)
            self._stand_ins[kind, original] = made
        return made

    def _value(self, kind: str, original: str) -> str:
        value = (kind, same(kind, original))
        attempt = self._attempts.get(value)
        if attempt is None:
            tried = (attempt for attempt in range(_TRIES) if self._free(self._made(kind, original, value[1], attempt), original))
            attempt = self._attempts[value] = next(tried, _TRIES)
        made = self._made(kind, original, value[1], attempt)
        self._add(Entry(made, original, kind, VALUE))
        for part, of in _parts_of(kind, made, original):
            self._add(Entry(part, of, kind, VALUE))
        return made

    def _made(self, kind: str, original: str, value: str, attempt: int) -> str:
        draw = Draw(self._key, kind, value, attempt)
        if attempt >= _TRIES:  # a range too small for what is asked of it
            return shapes.longer(shapes.shape(original, draw), draw.word(8))
        name = self._named if attempt < _TRIES // 2 else _nobody
        if kind == "EMAIL":
            made: str | None = shapes.email(original, draw, name, Draw(self._key, "domain", shapes.domain_of(original)))
        elif kind == "USERNAME":
            made = shapes.handle(original, draw, name)
        else:
            made = _FORMED[kind](original, draw) if kind in _FORMED else None
        return made if made is not None and made != original and _edged(made, original) else shapes.shape(original, draw)

    def _free(self, made: str, original: str) -> bool:
        hidden = traits(original)
        if made == original or (hidden and hidden <= traits(made)) or self._index.holds(made):
            return False
        return not self._met.holds(made)

    def _add(self, entry: Entry) -> None:
        self._index.add(entry)
        if _is_number(entry):
            self._index.add(entry, number=True)

    # Names.

    def _named(self, word: str) -> str:
        """For a word of a mail address or a user name: its stand-in, if it is somebody's name."""
        made = self._names.get(("", word.casefold()))
        if made is None and known(word):
            found = parts(word.capitalize())
            made = self._name(word.capitalize(), found[0]) if found else ""
            self._add(Entry(made.lower(), word.lower(), PERSON, NAME))
        return made or ""

    def _person(self, original: str) -> str:
        found = parts(original)
        if not found:
            return ""
        if joined(found[0].language):
            return (self._one_piece if one_piece(original[found[0].start : found[-1].end]) else self._pieces)(original, found)
        out: list[str] = []
        done = 0
        for part in found:
            word = original[part.start : part.end]
            made = self._name(word, part)
            self._add(Entry(made, word, PERSON, NAME))
            out += (original[done : part.start], made)
            done = part.end
        return "".join([*out, original[done:]])

    def _name(self, word: str, part: Part) -> str:
        """The stand-in of a word, the same in whichever name it is met; written as the word is."""
        key = ("", word.casefold())
        if not (word.islower() or (word.isupper() and len(word) > 1)) and self._names.setdefault(("spelled", key[1]), word) != word:
            key = ("", word)  # `Mcdonald` beside `McDonald`: one stand-in could bring back only one of them
        made = self._names.get(key)
        if made is None:
            whole = word.capitalize()
            for attempt in range(_TRIES * 4):
                made = stand_in(whole, part, Draw(self._key, "name", key[1], attempt), attempt)
                if made.casefold() not in self._taken and self._free(made, word) and not self._index.clashes(made):
                    break
            made = self._names[key] = made or ""
            self._taken.add(made.casefold())
        return made.upper() if word.isupper() and len(word) > 1 else made.lower() if word.islower() else made

    def _one_piece(self, original: str, found: list[Part]) -> str:
        """张伟, 김민준, 王先生: family and given name without a space."""
        start, stop = found[0].start, found[-1].end
        core = original[start:stop]
        if len(core) == 1 and not titled(original, start, stop, last=True):
            made = original[:start] + self._surname(core, found[0]) + _LONE + original[stop:]
            self._add(Entry(made, original, PERSON, VALUE))
            return made
        family = self._surname(core[: found[0].end - start], found[0]) if found[0].role == FAMILY else ""
        given = self._given(family, original[found[-1].start : stop], found[-1]) if found[-1].role != FAMILY else ""
        if given:
            self._add(Entry(family + given, core, PERSON, NAME))
        return original[:start] + family + given + original[stop:]

    def _pieces(self, original: str, found: list[Part]) -> str:
        """阿里·木罕默德, 山田 太郎: word by word, and found again as a whole; each word alone too, if it is longer than a character."""
        out: list[str] = []
        done = 0
        for part in found:
            out += (original[done : part.start], self._given("", original[part.start : part.end], part._replace(role="")))
            done = part.end
        made = "".join([*out, original[done:]])
        self._add(Entry(made, original, PERSON, NAME))
        return made

    def _surname(self, word: str, part: Part) -> str:
        made = self._names.get((FAMILY, word))
        if made is None:
            for attempt in range(_TRIES):
                made = stand_in(word, part, Draw(self._key, FAMILY, word, attempt), attempt)
                if made not in self._taken and made != word and not self._met_surname(made):
                    break
            made = self._names[FAMILY, word] = made or word
            self._taken.add(made)
            if part.language == "zh":
                self._add(Entry(made, word, PERSON, SURNAME if len(made) == 1 else NAME))
        return made

    def _met_surname(self, surname: str) -> bool:
        if len(surname) > 1:
            return self._met.holds(surname)
        lists = chinese()
        beside = {surname + title[0] for title in lists.titles} | {before + surname for before in lists.prefixes}
        return any(map(self._met.holds, beside))

    def _given(self, family: str, word: str, part: Part) -> str:
        """One given name has one stand-in, unless that would make a name which is part of another."""
        made = self._names.get(("given", word), "")
        if made and (self._index.holds(family + made) or self._can_be(family, made, word)):
            return made
        for attempt in range(_TRIES):
            made = stand_in(word, part, Draw(self._key, "given", family, word, attempt), attempt)
            if made not in self._taken and self._can_be(family, made, word):
                break
        self._names.setdefault(("given", word), made)
        self._taken.add(made)
        if len(word) > 1:
            self._add(Entry(made, word, PERSON, NAME))
        return made

    def _can_be(self, family: str, given: str, word: str) -> bool:
        """Whether a name is neither met, nor the beginning of another, nor begins with one."""
        names = {family + given, given} if len(given) > 1 else {family + given}
        if given == word or any(self._index.clashes(name) for name in names - self._taken):
            return False
        return not any(map(self._met.holds, names))

    # The way back.

    def restore_part(self, text: str, *, before: str = "", in_json: bool = False, last: bool = False) -> tuple[str, str]:
        if not len(self._index):
            return text, ""
        stop = len(text) if last or not in_json else _whole_escapes(text)
        body = text[:stop]
        reading, starts = unescape(body) if in_json and "\\" in body else (body, None)
        lead = _last_letter(before, in_json)
        out: list[str] = []
        done = 0
        for found in self._index.matches(lead + reading, len(lead), last=last):
            start = found.start - len(lead) if starts is None else starts[found.start - len(lead)]
            if found.end < 0:
                stop = start
                break
            out += (text[done:start], escape(found.original) if in_json else found.original)
            done = found.end - len(lead) if starts is None else starts[found.end - len(lead)]
        out.append(text[done:stop])
        return "".join(out), text[stop:]


def _edged(made: str, original: str) -> bool:
    """Whether no neighbour grows together with what was made that did not with the original."""
    ours, theirs = plain(made), plain(original)
    return joins(ours[0]) <= joins(theirs[0]) and joins(ours[-1]) <= joins(theirs[-1])


def _nobody(_: str) -> str:
    return ""


def _is_number(entry: Entry) -> bool:
    """Whether a stand-in is also found when it comes back spaced otherwise."""
    if entry.kind:
        return entry.kind in _TOLERANT and sum(letter.isalnum() for letter in entry.stand_in) >= _TOLERANT_SIGNS_MIN
    return bool(_LIKE_NUMBER.fullmatch(entry.stand_in)) and entry.stand_in.count(".") != 3


def _rule(made: str) -> str:
    """How a stand-in of somebody else may come back, by its looks."""
    if len(made) == 1 and "\u3400" <= made <= "\u9fff":
        return SURNAME
    if not all(letter.isalpha() or letter in " .'’-·" for letter in made):
        return VALUE
    return NAME if " " in made else WORD


def _parts_of(kind: str, made: str, original: str) -> list[tuple[str, str]]:
    """What a model may name alone: the number without its country, the street without its town."""
    if kind == "PHONE":
        found = numbers.phone_parts(original, made)
        return [found] if found and sum(letter.isdigit() for letter in found[0]) >= _TOLERANT_SIGNS_MIN else []
    if kind != "ADDRESS":
        return []
    lines, of = re.split(r"\s*[,，;\n]\s*", made), re.split(r"\s*[,，;\n]\s*", original)
    if len(lines) != len(of) or len(lines) == 1:
        return []
    return [(line, said) for line, said in zip(lines, of, strict=True) if line != said and re.search(r"[0-9].*\w \w|\w \w.*[0-9]", line)]


def _plural(name: str, after: str) -> bool:
    """Whether ``name`` is a name to its end, and only an `s` makes the word longer."""
    if after[:1] != "s" or joins(after[1:] or " "):
        return False
    found = parts(name)
    return bool(found) and found[-1].end == len(name) and not joined(found[-1].language)


def _with_title(reading: str, start: int, end: int, least: int, most: int) -> tuple[int, int]:
    for size in (3, 2, 1):
        if end + size <= most and len(title_after(reading[end : end + size], 0)) == size:
            return start, end + size
    return (start - 1, end) if start > least and reading[start - 1] in chinese().prefixes else (start, end)


def _whole_escapes(text: str) -> int:
    """How much of ``text`` ends with no escape begun."""
    found = _HALF_ESCAPE.search(text, max(0, len(text) - 12))
    while found is not None:
        run = len(text[: found.start() + 1]) - len(text[: found.start() + 1].rstrip("\\"))
        if run % 2:
            return found.start()
        found = _HALF_ESCAPE.search(text, found.start() + 1)
    return len(text)


def _last_letter(before: str, in_json: bool) -> str:
    found = _LAST_ESCAPE.search(before) if in_json else None
    if found is None or len(found[1]) % 2 == 0:
        return before[-1:]
    return chr(int(found[2], 16)) if found[2] else " "
