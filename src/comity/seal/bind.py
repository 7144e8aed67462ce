# SPDX-License-Identifier: Apache-2.0
"""What a sealed request is bound to, and that it is heard once.

Two fields stand inside the sealed message, where no relay can touch them:

    comity-bind     SHA-256 of the canonical form (RFC 8785) of pool, key hash, policy digest and labels: what the client relied on
    comity-replay   sixteen random bytes

A node makes the first again from what it is and refuses when they differ: the request was meant for somebody else, or for other terms.
It keeps the second for as long as it keeps the key, once whoever asks is let in, and refuses what it has heard.  Both are in hexadecimal:
one way to write each.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable

import msgspec

from comity.errors import CallerError, TrustFailure
from comity.ports import Random
from comity.seal.http import Fields

BIND, REPLAY = b"comity-bind", b"comity-replay"
HASH_BYTES, REPLAY_BYTES = 32, 16
REPLAYS_MAX = 1 << 20
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """``key``: the hash of the key configuration.  ``policy``: a digest as receipts write it.  ``labels``: in any order."""

    pool: str
    key: bytes
    policy: str
    labels: tuple[str, ...] = ()

    @property
    def digest(self) -> bytes:
        """Members by name, in order, strings alone: for those, `json` writes what RFC 8785 asks for."""
        if len(self.key) != HASH_BYTES or not _DIGEST.fullmatch(self.policy):
            raise CallerError("a binding has two SHA-256 hashes", code="seal.malformed")
        value = {"key": self.key.hex(), "labels": sorted(set(self.labels)), "policy": self.policy, "pool": self.pool}
        try:
            return hashlib.sha256(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()).digest()
        except UnicodeEncodeError:
            raise CallerError("a lone surrogate cannot be bound to", code="seal.malformed") from None

    def fields(self, random: Random) -> Fields:
        """For the client to put among the fields of its message."""
        return (BIND, self.digest.hex().encode()), (REPLAY, random.token(REPLAY_BYTES).hex().encode())


class Replays:
    """What was heard under one key.  Full, it refuses what is new: it forgets nothing to make room."""

    def __init__(self, most: int = REPLAYS_MAX) -> None:
        self._heard: set[bytes] = set()
        self._most = most

    def new(self, replay: bytes) -> None:
        """Raises where it was heard, or could not be."""
        if replay in self._heard:
            raise TrustFailure("this sealed request was heard before", step="replay", code="trust.replay")
        if len(self._heard) >= self._most:
            raise CallerError("this key has heard as many requests as it may", code="seal.full", status=503,
                              hint="the node's next key takes more")  # fmt: skip

    def once(self, replay: bytes) -> None:
        self.new(replay)
        self._heard.add(replay)

    @property
    def half(self) -> bool:
        return 2 * len(self._heard) >= self._most

    def __len__(self) -> int:
        return len(self._heard)


def check(fields: Fields, binding: Binding) -> bytes:
    """At the node, before anything else is done with a request: the replay id of one that was meant for this node on these terms."""
    bound, replay = _only(fields, BIND, HASH_BYTES), replay_of(fields)
    if not hmac.compare_digest(bound, binding.digest):
        raise TrustFailure("the request is bound to another pool, key, policy or label", step="bind", code="trust.bind")
    return replay


def replay_of(fields: Fields) -> bytes:
    return _only(fields, REPLAY, REPLAY_BYTES)


def _only(fields: Iterable[tuple[bytes, bytes]], name: bytes, size: int) -> bytes:
    values = [value for each, value in fields if each == name]
    if len(values) != 1 or not re.fullmatch(rb"[0-9a-f]{%d}" % (2 * size), values[0]):
        raise CallerError(f"a sealed request has `{name.decode()}` once, of {2 * size} hexadecimal digits", code="seal.malformed",
                          field=name.decode())  # fmt: skip
    return bytes.fromhex(values[0].decode())
