# SPDX-License-Identifier: Apache-2.0
"""Ids and salts, made cheaply: random bytes are drawn from their port a block at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from comity.ports import Clock, Random

ID_LETTERS = 26
_ALPHABET = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32
_LETTER = _ALPHABET * 8  # a letter for each of 256 bytes, every letter equally often
BLOCK_BYTES = 4096


class Tokens:
    """For one thread; a token is handed out once."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._block, self._at = b"", 0

    def token(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._block):
            self._block, end = self._random.token(max(BLOCK_BYTES, size)), size
            piece = self._block[:size]
        else:
            piece = self._block[self._at : end]
        self._at = end
        return piece


class Ids(Tokens):
    def __init__(self, clock: Clock, random: Random) -> None:
        super().__init__(random)
        self._clock = clock
        self._millisecond, self._time = -1, ""

    def ulid(self) -> str:
        """48 bits of milliseconds, 80 random bits: 26 letters that sort by time."""
        now = int(self._clock.now().timestamp() * 1000)
        if now != self._millisecond:
            self._millisecond = now
            self._time = "".join(chr(_ALPHABET[now >> shift & 31]) for shift in range(45, -1, -5))
        return self._time + self.token(16).translate(_LETTER).decode()


def id_from(at: datetime) -> str:
    """The least id that a record of that moment, or of a later one, can have."""
    milliseconds = min(max(int(at.timestamp() * 1000), 0), (1 << 48) - 1)
    return "".join(chr(_ALPHABET[milliseconds >> shift & 31]) for shift in range(45, -1, -5)) + "0" * 16


def time_of(name: str) -> datetime:
    """When the record of that id began, to the millisecond."""
    milliseconds = 0
    for letter in name.encode()[:10]:
        milliseconds = milliseconds << 5 | _ALPHABET.index(letter)
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)
