# SPDX-License-Identifier: Apache-2.0
"""A node's keys over time: a new one every six hours, published before it is used, erased soon after.

What was recorded on the way stays closed once its epoch's key is gone, whoever then takes the node.  Keys live in memory only and are drawn
anew by each process: a copy of a disk holds none.  Erased means that nothing refers to it any more; the library clears what it held.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from comity.errors import CallerError, TrustFailure
from comity.ports import Clock, Random
from comity.seal.bind import REPLAYS_MAX, Replays
from comity.seal.hpke import AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305, HKDF_SHA256
from comity.seal.kem import SEED_BYTES, XWING, private_key
from comity.seal.keyconfig import KeyConfig

EPOCH = timedelta(hours=6)
EARLY = timedelta(minutes=15)  # ten are asked for; five more for a client's clock
GRACE = timedelta(minutes=5)
SYMMETRIC = ((HKDF_SHA256, AES_256_GCM), (HKDF_SHA256, AES_128_GCM), (HKDF_SHA256, CHACHA20_POLY1305))


class KeyPair:
    """A key configuration with its private key, and what was said to it already: that is forgotten with the key, not before and not after.

    ``suites``: what the configuration offers; a message under another is refused.
    """

    def __init__(
        self, key_id: int, kem: int, seed: bytes, symmetric: Sequence[tuple[int, int]] = SYMMETRIC, *, replays_max: int = REPLAYS_MAX
    ) -> None:
        self.private = private_key(kem, seed)
        self.config = KeyConfig(key_id, kem, self.private.public.raw, symmetric)
        self.suites = frozenset(self.config.suites)
        self.replays = Replays(replays_max)


class Epoch(msgspec.Struct, frozen=True, kw_only=True):
    """In use from ``since`` until ``until``; ``number`` counts epochs since 1970."""

    number: int
    since: datetime
    until: datetime
    config: KeyConfig


class Keys:
    """The keys of one pool at one node.  Every call looks at the clock and does what is due; where nobody calls, call `tend`.

    A clock that goes back brings no erased key back, and makes none for an epoch that was over.
    """

    def __init__(
        self, clock: Clock, random: Random, *, kem: int = XWING, symmetric: Sequence[tuple[int, int]] = SYMMETRIC,
        epoch: timedelta = EPOCH, early: timedelta = EARLY, grace: timedelta = GRACE,
        replays_max: int = REPLAYS_MAX,
    ) -> None:  # fmt: skip
        if not timedelta() < early <= epoch or not timedelta() <= grace < epoch:
            raise CallerError("a key is published and erased within one epoch before and after its own", code="seal.malformed")
        self._clock, self._random, self._kem, self._symmetric = clock, random, kem, tuple(symmetric)
        self._epoch, self._early, self._grace = epoch, early, grace
        self._replays_max = replays_max
        self._held: dict[int, KeyPair] = {}
        self._erased_to = -1

    def tend(self) -> tuple[Epoch, ...]:
        """Makes the keys that are due and erases those that are over; what is to be published now, the one in use first."""
        now = self._clock.now()
        first, last = self._number(now - self._grace), self._number(now + self._early)
        for number in [each for each in self._held if each < first]:
            del self._held[number]
        self._erased_to = max(self._erased_to, first - 1)
        for number in range(max(first, self._number(now), self._erased_to + 1), last + 1):
            if number not in self._held:
                self._held[number] = self._drawn(number)
        current = self._number(now)
        return tuple(self._told(number, pair) for number, pair in sorted(self._held.items()) if number >= current)

    def find(self, key_id: int, named: bytes | None = None) -> KeyPair:
        """The pair that a sealed message says it is for.  ``named``: the hash from `Comity-Key`, which then must be this very key's."""
        self.tend()
        pair = next((each for each in self._held.values() if each.config.key_id == key_id), None)
        if pair is None:
            raise TrustFailure("the key is not in use: its epoch is over, or it is another node's", step="epoch", code="trust.epoch",
                               hint="fetch the node's keys again")  # fmt: skip
        if named is not None and named != pair.config.hash:
            raise TrustFailure("this node has another key than the one that was checked", step="key-config", code="trust.key-config",
                               hint="fetch the node's keys again")  # fmt: skip
        return pair

    @property
    def worn(self) -> bool:
        """Whether one has heard half of what it may."""
        return any(each.replays.half for each in self._held.values())

    def _number(self, at: datetime) -> int:
        return (at - datetime(1970, 1, 1, tzinfo=UTC)) // self._epoch

    def _drawn(self, number: int) -> KeyPair:
        return KeyPair(number & 0xFF, self._kem, self._random.token(SEED_BYTES), self._symmetric, replays_max=self._replays_max)

    def _told(self, number: int, pair: KeyPair) -> Epoch:
        since = datetime(1970, 1, 1, tzinfo=UTC) + number * self._epoch
        return Epoch(number=number, since=since, until=since + self._epoch, config=pair.config)
