# SPDX-License-Identifier: Apache-2.0
"""A device's side of a secure sum: it hides its vector under masks, and helps to lift those of others that the sum does not need.

    y = x + own mask + (masks agreed with later neighbours) - (masks agreed with earlier ones)        modulo 2**64

Agreed masks cancel in the sum.  Of a neighbour whose vector came, the own mask is lifted; of one that dropped out, the agreed masks; of
none, by any device, both: so a vector that arrives late stays hidden under its own mask.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NoReturn

from comity.errors import TrustFailure
from comity.learning.extra import needed
from comity.learning.messages import (
    ENTRY_BYTES,
    Advertised,
    Asked,
    Delivered,
    Keys,
    Masked,
    Neighbourhood,
    Revealed,
    Shared,
)  # fmt: skip
from comity.learning.shamir import SECRET_BYTES, SHARE_BYTES, split
from comity.ports import Random

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from comity.learning.extra import Sum


class Participant:
    """In one round.  Its methods are called once each, in their order.  Raises TrustFailure (`sum`) for what no honest sum asks."""

    def __init__(self, round_id: str, device: int, random: Random) -> None:
        self._round, self._device, self._random = round_id, device, random
        secrets = [random.token(SECRET_BYTES) for _ in range(3)]
        self._masking_secret, self._seed = secrets[1:]
        self._sealing, self._masking = private_key(secrets[0]), private_key(secrets[1])
        self._neighbours: dict[int, Keys] = {}
        self._gcms: dict[int, Any] = {}
        self._shares: dict[int, tuple[bytes, bytes]] = {}
        self._threshold = 0
        self._step = 0

    def advertise(self) -> Advertised:
        self._next(1)
        keys = Keys(public(self._sealing), public(self._masking))
        return Advertised(round=self._round, device=self._device, keys=keys)

    def share(self, told: Neighbourhood) -> Shared:
        self._next(2, told)
        self._neighbours, self._threshold = told.keys, told.threshold
        if self._device in told.keys or not len(told.keys) // 2 < told.threshold <= len(told.keys):
            _cheated("with these neighbours, too few could lift a mask")
        seeds = split(self._seed, list(told.keys), told.threshold, self._random)
        keys = split(self._masking_secret, list(told.keys), told.threshold, self._random)
        sealed = {other: self._gcm(other).encrypt(_nonce(self._device, other), seeds[other] + keys[other], None) for other in told.keys}
        return Shared(round=self._round, device=self._device, sealed=sealed, commitment=commitment(self._seed))

    def mask(self, told: Delivered, vector: Sum) -> Masked:
        self._next(3, told)
        if not told.sealed.keys() <= self._neighbours.keys() or len(told.sealed) < self._threshold:
            _cheated("too few of the neighbours went on, or others")
        for other, sealed in told.sealed.items():
            both = self._opened(other, sealed)
            self._shares[other] = both[:SHARE_BYTES], both[SHARE_BYTES:]
        masked = vector + stream(self._seed, len(vector))
        for other in self._shares:
            masked += agreed(self._masking, self._neighbours[other].masking, self._round, self._device, other, len(vector))
        return Masked(round=self._round, device=self._device, vector=masked.astype("<u8").tobytes())

    def reveal(self, asked: Asked) -> Revealed:
        self._next(4, asked)
        alive, gone = frozenset(asked.alive), frozenset(asked.gone)
        if alive & gone or alive | gone != self._shares.keys() or len(alive) < self._threshold:
            _cheated("it wants both secrets of one device, or has too few vectors")
        return Revealed(
            round=self._round, device=self._device, alive={other: self._shares[other][0] for other in sorted(alive)},
            gone={other: self._shares[other][1] for other in sorted(gone)},
        )  # fmt: skip

    def _next(self, step: int, told: Neighbourhood | Delivered | Asked | None = None) -> None:
        if self._step != step - 1 or (told is not None and (told.round, told.device) != (self._round, self._device)):
            _cheated("this was asked for out of turn, twice, or of another device")
        self._step = step

    def _gcm(self, other: int) -> Any:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if other not in self._gcms:
            key = _derived(self._sealing, self._neighbours[other].sealing, b"shares", self._round, self._device, other)
            self._gcms[other] = AESGCM(key)
        return self._gcms[other]

    def _opened(self, other: int, sealed: bytes) -> bytes:
        from cryptography.exceptions import InvalidTag

        try:
            return bytes(self._gcm(other).decrypt(_nonce(other, self._device), sealed, None))
        except InvalidTag:
            _cheated("a neighbour's shares were altered")


def _nonce(sender: int, receiver: int) -> bytes:
    """A key seals one message in each direction."""
    return sender.to_bytes(6, "big") + receiver.to_bytes(6, "big")


def private_key(secret: bytes) -> X25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return X25519PrivateKey.from_private_bytes(secret)


def public(private: X25519PrivateKey) -> bytes:
    return private.public_key().public_bytes_raw()


def commitment(seed: bytes) -> bytes:
    return hashlib.sha256(b"comity own mask\n" + seed).digest()


def stream(key: bytes, length: int) -> Sum:
    """AES-256-CTR as a generator: a key makes one stream and no other."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    np = needed("numpy")
    made = Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor().update(bytes(ENTRY_BYTES * length))
    out: Sum = np.frombuffer(made, dtype="<u8").astype(np.uint64)
    return out


def agreed(private: X25519PrivateKey, theirs: bytes, round_id: str, ours: int, other: int, length: int) -> Sum:
    """The mask that ``ours`` adds for its pair with ``other``; what ``other`` adds is its negative.  Raises TrustFailure."""
    mask = stream(_derived(private, theirs, b"mask", round_id, ours, other), length)
    return mask if ours < other else -mask


def _derived(private: X25519PrivateKey, theirs: bytes, what: bytes, round_id: str, one: int, other: int) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    try:
        secret = private.exchange(X25519PublicKey.from_public_bytes(theirs))
    except ValueError:  # a point of small order
        _cheated("a neighbour's key is one that anybody shares")
    low, high = sorted((one, other))
    info = b"comity sum\n" + what + b"\n%d %d\n" % (low, high) + round_id.encode()
    return HKDF(SHA256(), 32, salt=None, info=info).derive(secret)


def _cheated(why: str) -> NoReturn:
    raise TrustFailure(f"sum: {why}", step="sum", code="trust.sum", hint="take no further part in this round")
