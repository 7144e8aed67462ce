# SPDX-License-Identifier: Apache-2.0
"""Key encapsulation: DHKEM(X25519, HKDF-SHA256), 0x0020 (RFC 9180 section 4.1), and MLKEM768-X25519, 0x647a (X-Wing; draft-ietf-hpke-pq).

A key pair is made from 32 bytes: the scalar of X25519; the seed of X-Wing, which both of its parts are stretched from.  What a sender
draws comes from the `Random` it is given, but for the half that ML-KEM draws itself: `cryptography` takes no randomness for that.

A key is parsed once and kept: parsing ML-KEM's costs about as much as using it.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from comity.errors import CallerError, OperatorError, TrustFailure
from comity.ports import Random
from comity.seal.kdf import labelled_expand, labelled_extract

X25519 = 0x0020
XWING = 0x647A
SEED_BYTES = 32
_POINT_BYTES = 32
_MLKEM_PUBLIC_BYTES, _MLKEM_CIPHERTEXT_BYTES = 1184, 1088
_XWING_LABEL = rb"\.//^" + b"\\"


class PublicKey(Protocol):
    """Of one recipient; whoever has it can seal to it."""

    @property
    def kem(self) -> int: ...
    @property
    def raw(self) -> bytes: ...
    def encapsulated(self, random: Random) -> tuple[bytes, bytes]:
        """A fresh shared secret, and what lets the recipient find it."""


class PrivateKey(Protocol):
    @property
    def kem(self) -> int: ...
    @property
    def public(self) -> PublicKey: ...
    def shared(self, encapsulated: bytes) -> bytes:
        """The secret that was encapsulated.  Raises TrustFailure where there can be none."""


class Sizes(NamedTuple):
    public: int
    encapsulated: int


SIZES = {
    X25519: Sizes(_POINT_BYTES, _POINT_BYTES),
    XWING: Sizes(_MLKEM_PUBLIC_BYTES + _POINT_BYTES, _MLKEM_CIPHERTEXT_BYTES + _POINT_BYTES),
}
NAMES = {
    X25519: "DHKEM(X25519, HKDF-SHA256)", XWING: "MLKEM768-X25519",
    0x0010: "DHKEM(P-256, HKDF-SHA256)", 0x0011: "DHKEM(P-384, HKDF-SHA384)", 0x0012: "DHKEM(P-521, HKDF-SHA512)",
    0x0021: "DHKEM(X448, HKDF-SHA512)", 0x0040: "ML-KEM-512", 0x0041: "ML-KEM-768", 0x0042: "ML-KEM-1024",
    0x0050: "MLKEM768-P256", 0x0051: "MLKEM1024-P384",
}  # fmt: skip


def supported(kem: int) -> Sizes:
    """Raises CallerError, with the KEM's name where it has one, unless it is one of the two."""
    sizes = SIZES.get(kem)
    if sizes is None:
        raise CallerError(f"KEM 0x{kem:04x} ({NAMES.get(kem, 'unknown')}) is not supported", code="seal.unsupported",
                          hint=f"0x{XWING:04x} ({NAMES[XWING]}), or 0x{X25519:04x} ({NAMES[X25519]})")  # fmt: skip
    return sizes


def public_key(kem: int, raw: bytes) -> PublicKey:
    if len(raw) != supported(kem).public:
        raise CallerError(f"a public key of {NAMES[kem]} has {SIZES[kem].public} bytes", code="seal.malformed")
    if kem == X25519:
        return _X25519Public(raw)
    try:
        return _XWingPublic(raw)
    except UnsupportedAlgorithm:
        raise _no_mlkem() from None


def private_key(kem: int, seed: bytes) -> PrivateKey:
    supported(kem)
    if len(seed) != SEED_BYTES:
        raise CallerError(f"a private key of {NAMES[kem]} has {SEED_BYTES} bytes", code="seal.malformed")
    if kem == X25519:
        return _X25519Private(seed)
    try:
        return _XWingPrivate(seed)
    except UnsupportedAlgorithm:
        raise _no_mlkem() from None


def _no_mlkem() -> OperatorError:
    return OperatorError("this build of `cryptography` has no ML-KEM", code="seal.no_mlkem",
                         hint="install its own wheel; a distribution's may stand on an older OpenSSL")  # fmt: skip


def derive_seed(kem: int, material: bytes) -> bytes:
    """DeriveKeyPair: the private key that ``material`` (of at least 32 bytes of entropy) stands for."""
    supported(kem)
    suite = _suite(kem)
    if kem == X25519:
        return labelled_expand(suite, labelled_extract(suite, b"", b"dkp_prk", material), b"sk", b"", SEED_BYTES)
    label = b"DeriveKeyPair"
    labelled = material + b"HPKE-v1" + suite + len(label).to_bytes(2, "big") + label + SEED_BYTES.to_bytes(2, "big")
    return hashlib.shake_256(labelled).digest(SEED_BYTES)


def _suite(kem: int) -> bytes:
    return b"KEM" + kem.to_bytes(2, "big")


def _exchanged(private: X25519PrivateKey, public: X25519PublicKey) -> bytes:
    try:
        return private.exchange(public)
    except ValueError:  # the outcome is zero: a point of small order (RFC 7748 section 6.1)
        raise TrustFailure("an X25519 key that is shared with nobody", step="key-config", code="trust.key-config") from None


def _checked(encapsulated: bytes, kem: int) -> bytes:
    if len(encapsulated) != SIZES[kem].encapsulated:
        raise CallerError(f"an encapsulated key of {NAMES[kem]} has {SIZES[kem].encapsulated} bytes", code="seal.malformed")
    return encapsulated


class _X25519Public:
    kem = X25519

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._key = X25519PublicKey.from_public_bytes(raw)

    def encapsulated(self, random: Random) -> tuple[bytes, bytes]:
        once = X25519PrivateKey.from_private_bytes(random.token(SEED_BYTES))
        point = once.public_key().public_bytes_raw()
        return _dhkem_secret(_exchanged(once, self._key), point + self.raw), point


class _X25519Private:
    kem = X25519

    def __init__(self, seed: bytes) -> None:
        self._key = X25519PrivateKey.from_private_bytes(seed)
        self.public = _X25519Public(self._key.public_key().public_bytes_raw())

    def shared(self, encapsulated: bytes) -> bytes:
        point = X25519PublicKey.from_public_bytes(_checked(encapsulated, X25519))
        return _dhkem_secret(_exchanged(self._key, point), encapsulated + self.public.raw)


def _dhkem_secret(exchanged: bytes, context: bytes) -> bytes:
    suite = _suite(X25519)
    return labelled_expand(suite, labelled_extract(suite, b"", b"eae_prk", exchanged), b"shared_secret", context, 32)


class _XWingPublic:
    kem = XWING

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        try:
            self._lattice = MLKEM768PublicKey.from_public_bytes(raw[:_MLKEM_PUBLIC_BYTES])
        except ValueError:  # a coefficient out of range (FIPS 203 section 7.2)
            raise CallerError("this is no public key of ML-KEM-768", code="seal.malformed") from None
        self._point = raw[_MLKEM_PUBLIC_BYTES:]
        self._key = X25519PublicKey.from_public_bytes(self._point)

    def encapsulated(self, random: Random) -> tuple[bytes, bytes]:
        lattice, ciphertext = self._lattice.encapsulate()
        once = X25519PrivateKey.from_private_bytes(random.token(SEED_BYTES))
        point = once.public_key().public_bytes_raw()
        return _xwing_secret(lattice, _exchanged(once, self._key), point, self._point), ciphertext + point


class _XWingPrivate:
    kem = XWING

    def __init__(self, seed: bytes) -> None:
        stretched = hashlib.shake_256(seed).digest(96)
        self._lattice = MLKEM768PrivateKey.from_seed_bytes(stretched[:64])
        self._key = X25519PrivateKey.from_private_bytes(stretched[64:])
        self._point = self._key.public_key().public_bytes_raw()
        self.public = _XWingPublic(self._lattice.public_key().public_bytes_raw() + self._point)

    def shared(self, encapsulated: bytes) -> bytes:
        _checked(encapsulated, XWING)
        point = encapsulated[_MLKEM_CIPHERTEXT_BYTES:]
        lattice = self._lattice.decapsulate(encapsulated[:_MLKEM_CIPHERTEXT_BYTES])
        return _xwing_secret(lattice, _exchanged(self._key, X25519PublicKey.from_public_bytes(point)), point, self._point)


def _xwing_secret(lattice: bytes, exchanged: bytes, point: bytes, recipient: bytes) -> bytes:
    return hashlib.sha3_256(lattice + exchanged + point + recipient + _XWING_LABEL).digest()
