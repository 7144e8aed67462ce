# SPDX-License-Identifier: Apache-2.0
"""Files of any size: scanned, hidden and brought back piece by piece, in memory that does not grow with them.

Pieces overlap where they are scanned, so that nothing is lost at a seam.  What comes back is the file byte for byte: each spelling
of a value has a token of its own, and JSON is text like any other.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import BinaryIO, Literal, NamedTuple

import msgspec

from comity.errors import CallerError
from comity.ports import Clock, Random
from comity.privacy.findings import Finding
from comity.privacy.guard import Guard
from comity.privacy.keeping import seal, unseal
from comity.privacy.pseudonym import Place, Pseudonyms, Vault, same
from comity.privacy.restore import Restorer
from comity.privacy.surrogate import SurrogateVault

READ_BYTES = 1 << 18
PIECE_CHARACTERS = 1 << 19
BEFORE_PIECE = 1024  # characters ahead of a piece, for the words that name what begins it
AFTER_PIECE = 24 * 1024  # behind it: more than the longest thing that a rule finds, a private key
MAP = "comity redact"  # the conversation that a map is sealed for
VALUES_MAX = 1 << 31  # a file is as long as it is: what bounds the map is the file itself


class Piece(NamedTuple):
    """``text`` of all pieces, one after another, is the file; ``findings`` are places of this one; ``read``: bytes so far."""

    text: str
    findings: tuple[Finding, ...]
    read: int


def texts(file: BinaryIO) -> Iterator[tuple[str, int]]:
    """What ``file`` holds, as it is read, and how many bytes that were so far.  Raises CallerError where it is not UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    read = 0
    while True:
        raw = file.read(READ_BYTES)
        begun = len(decoder.getstate()[0])
        try:
            text = decoder.decode(raw, final=not raw)
        except UnicodeDecodeError as error:
            raise CallerError(
                f"byte {read - begun + error.start} is not UTF-8", code="request.malformed", hint="convert it first: iconv -f … -t UTF-8"
            ) from None
        read += len(raw)
        if text:
            yield text, read
        if not raw:
            return


def pieces(file: BinaryIO, guard: Guard, *, piece_characters: int = PIECE_CHARACTERS) -> Iterator[Piece]:
    """``file`` with what ``guard`` finds in it.  Raises CallerError where it is not UTF-8, and whatever a recogniser raises."""
    seen = waiting = ""
    read = 0
    for text, read in texts(file):
        waiting += text
        while len(waiting) >= piece_characters + AFTER_PIECE:
            shift, end = len(seen), piece_characters + AFTER_PIECE
            whole, rest = seen + waiting[:end], waiting[end:]
            found = guard.scan(whole)
            cut = _seam(whole, shift, shift + piece_characters, found)
            yield Piece(whole[shift:cut], _within(found, shift, cut), read)
            seen, waiting = whole[max(0, cut - BEFORE_PIECE) : cut], whole[cut:] + rest
    if waiting:
        yield Piece(waiting, _within(guard.scan(seen + waiting), len(seen), len(seen) + len(waiting)), read)


def _seam(text: str, shift: int, cut: int, found: Sequence[Finding]) -> int:
    """At the end of a line or a word near ``cut``, and outside a finding; only one that ends with all that was read is cut."""
    least = cut - (cut - shift) // 4
    wanted = text.rfind("\n", least, cut) + 1 or text.rfind(" ", least, cut) + 1 or cut
    for each in found:
        if each.start < wanted < each.end:
            wanted = each.start if each.start > shift else each.end
    return wanted


def _within(found: Iterable[Finding], start: int, end: int) -> tuple[Finding, ...]:
    return tuple(
        msgspec.structs.replace(each, start=max(each.start, start) - start, end=min(each.end, end) - start)
        for each in found
        if each.start < end and each.end > start
    )


class AsText(Pseudonyms):
    """JSON is text like any other: a number that is hidden is not put in quotes, from which it would come back otherwise."""

    __slots__ = ()

    def _in_json(self, text: str, starts: Sequence[int] | None, places: Sequence[Place]) -> Iterator[tuple[int, int, str]]:
        return self._in_text(text, places)


class FileTokens(AsText, Vault):
    """Each spelling of a value has a token of its own."""

    __slots__ = ("_spelled",)

    def __init__(self, nonce: bytes, *, originals_max: int = VALUES_MAX) -> None:
        super().__init__(nonce, originals_max=originals_max)

    def erase(self) -> None:
        super().erase()
        self._spelled: dict[tuple[str, str], str] = {}

    def _stand_in(self, kind: str, original: str) -> str:
        token = self._spelled.get((kind, original))
        if token is None:
            self._numbers.clear()  # no other spelling lends its token
            token = self._spelled[kind, original] = super()._stand_in(kind, original)
        return token


class FileSurrogates(AsText, SurrogateVault):
    """Two spellings that would have one and the same stand-in are taken for two values."""

    __slots__ = ()

    def __init__(self, nonce: bytes, *, originals_max: int = VALUES_MAX) -> None:
        super().__init__(nonce, originals_max=originals_max)

    def _value(self, kind: str, original: str) -> str:
        shared = (kind, same(kind, original))
        attempt = self._attempts.get(shared)
        if attempt is not None and self._index.holds(self._made(kind, original, shared[1], attempt)):
            del self._attempts[shared]  # full-width digits, say, of a number that was met in ASCII
        return super()._value(kind, original)


class Map(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is kept of a vault, as a file, to bring the originals back another day: ``sealed`` as `keeping.seal` seals it."""

    comity: Literal["map.v2"] = "map.v2"
    note: str
    expires: datetime
    sealed: bytes  # base64 in the file

    @classmethod
    def of(cls, vault: Pseudonyms, key: bytes, *, note: str, expires: datetime, random: Random) -> Map:
        return cls(note=note, expires=expires, sealed=seal(vault, key, conversation=MAP, expires=expires, random=random))

    def open(self, key: bytes, *, clock: Clock) -> Pseudonyms:
        """Raises TrustFailure where it is expired, altered, or sealed with another key."""
        hint = f"it opens in the home where it was made, until {self.expires:%Y-%m-%d}: comity restore --home DIR"
        return unseal(self.sealed, key, conversation=MAP, clock=clock, tokens=FileTokens, surrogates=FileSurrogates, hint=hint)


def restored(parts: Iterable[str], vault: Pseudonyms) -> Iterator[str]:
    """``parts`` of one text, in their order, with the originals of ``vault``."""
    restorer = Restorer(vault, in_json=False)
    for part in parts:
        yield restorer.feed(part)
    yield restorer.flush()
