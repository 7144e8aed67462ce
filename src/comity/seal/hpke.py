# SPDX-License-Identifier: Apache-2.0
"""HPKE in base mode (RFC 9180 section 5): one setup, then any number of messages in their order, and secrets exported beside them.

`cryptography` has HPKE in one shot only.  Oblivious HTTP needs a context: the key of its answer is exported from that of the request, and a
chunked request is many messages.  So the key schedule is here, forty lines held to the published vectors; no primitive is.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from comity.errors import CallerError, TrustFailure
from comity.ports import Random
from comity.seal.kdf import EXPANDED_BYTES_MAX, labelled_expand, labelled_extract
from comity.seal.kem import NAMES, X25519, XWING, PrivateKey, PublicKey, supported

HKDF_SHA256 = 0x0001
AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305 = 0x0001, 0x0002, 0x0003
NONCE_BYTES, TAG_BYTES = 12, 16
SEQUENCE_MAX = (1 << 8 * NONCE_BYTES) - 1
PLAINTEXT_BYTES_MAX = 2**31 - 1 - TAG_BYTES  # of one message: what the library takes

_KDFS = {HKDF_SHA256: "HKDF-SHA256", 0x0002: "HKDF-SHA384", 0x0003: "HKDF-SHA512",
         0x0010: "SHAKE128", 0x0011: "SHAKE256", 0x0012: "TurboSHAKE128", 0x0013: "TurboSHAKE256"}  # fmt: skip
_AEADS: dict[int, tuple[str, int, Any]] = {
    AES_128_GCM: ("AES-128-GCM", 16, AESGCM),
    AES_256_GCM: ("AES-256-GCM", 32, AESGCM),
    CHACHA20_POLY1305: ("ChaCha20Poly1305", 32, ChaCha20Poly1305),
}


class Suite(NamedTuple):
    kem: int
    kdf: int = HKDF_SHA256
    aead: int = AES_256_GCM

    @property
    def encoded(self) -> bytes:
        return self.kem.to_bytes(2, "big") + self.kdf.to_bytes(2, "big") + self.aead.to_bytes(2, "big")

    @property
    def key_bytes(self) -> int:
        return _AEADS[self.aead][1]

    @property
    def supported(self) -> bool:
        return self.kem in (X25519, XWING) and self.kdf == HKDF_SHA256 and self.aead in _AEADS

    def check(self) -> None:
        """Raises CallerError with the name of what is not supported."""
        supported(self.kem)
        if self.kdf != HKDF_SHA256:
            raise CallerError(f"KDF 0x{self.kdf:04x} ({_KDFS.get(self.kdf, 'unknown')}) is not supported", code="seal.unsupported")
        if self.aead not in _AEADS:
            name = "export only" if self.aead == 0xFFFF else "unknown"
            raise CallerError(f"AEAD 0x{self.aead:04x} ({name}) is not supported", code="seal.unsupported")

    def __str__(self) -> str:
        aead = _AEADS[self.aead][0] if self.aead in _AEADS else f"0x{self.aead:04x}"
        return f"{NAMES.get(self.kem, f'0x{self.kem:04x}')}, {_KDFS.get(self.kdf, f'0x{self.kdf:04x}')}, {aead}"


DEFAULT = Suite(XWING)


class Cipher:
    """An AEAD whose nonce counts: message n is sealed under the first nonce with n added in (section 5.2).

    A message that does not open leaves the count where it was, so that it does no harm to the next.
    """

    __slots__ = ("_aead", "_base", "sequence")

    def __init__(self, aead: int, key: bytes, nonce: bytes) -> None:
        self._aead = _AEADS[aead][2](key)
        self._base = int.from_bytes(nonce, "big")
        self.sequence = 0

    def _nonce(self) -> bytes:
        if self.sequence >= SEQUENCE_MAX:
            raise TrustFailure("no further message fits this key", step="sequence", code="trust.sequence")
        return (self._base ^ self.sequence).to_bytes(NONCE_BYTES, "big")

    def seal(self, plaintext: bytes, aad: bytes = b"") -> bytes:
        if len(plaintext) > PLAINTEXT_BYTES_MAX:
            raise CallerError("one message is too long to be sealed whole", code="seal.too_large", status=413)
        sealed: bytes = self._aead.encrypt(self._nonce(), plaintext, aad)
        self.sequence += 1
        return sealed

    def tried(self, sealed: bytes, aad: bytes = b"") -> bytes | None:
        """None where it does not open: for whoever knows better what that means than `open` does."""
        try:
            plaintext: bytes = self._aead.decrypt(self._nonce(), sealed, aad)
        except (InvalidTag, ValueError, OverflowError):
            return None
        self.sequence += 1
        return plaintext

    def open(self, sealed: bytes, aad: bytes = b"") -> bytes:
        plaintext = self.tried(sealed, aad)
        if plaintext is None:
            raise TrustFailure("what was sealed was altered, or is for another key", step="open", code="trust.open")
        return plaintext


class Context:
    """What both ends hold after the setup.  ``cipher`` is for messages to the recipient: answers need a key of their own."""

    __slots__ = ("_exporter", "_id", "cipher", "suite")

    def __init__(self, suite: Suite, shared: bytes, info: bytes) -> None:
        self.suite, self._id = suite, b"HPKE" + suite.encoded
        hashed = labelled_extract(self._id, b"", b"psk_id_hash", b"") + labelled_extract(self._id, b"", b"info_hash", info)
        schedule = b"\x00" + hashed  # mode_base
        secret = labelled_extract(self._id, shared, b"secret", b"")
        key = labelled_expand(self._id, secret, b"key", schedule, suite.key_bytes)
        nonce = labelled_expand(self._id, secret, b"base_nonce", schedule, NONCE_BYTES)
        self._exporter = labelled_expand(self._id, secret, b"exp", schedule, 32)
        self.cipher = Cipher(suite.aead, key, nonce)

    def export(self, context: bytes, size: int) -> bytes:
        if not 0 < size <= EXPANDED_BYTES_MAX:
            raise CallerError(f"1 to {EXPANDED_BYTES_MAX} bytes can be exported", code="seal.malformed")
        return labelled_expand(self._id, self._exporter, b"sec", context, size)


def sender(suite: Suite, recipient: PublicKey, info: bytes, random: Random) -> tuple[bytes, Context]:
    """SetupBaseS: what to send first, and the context to seal with."""
    _fits(suite, recipient.kem)
    shared, encapsulated = recipient.encapsulated(random)
    return encapsulated, Context(suite, shared, info)


def recipient(suite: Suite, private: PrivateKey, encapsulated: bytes, info: bytes) -> Context:
    """SetupBaseR.  It never fails for a wrong key: that is found when the first message does not open."""
    _fits(suite, private.kem)
    return Context(suite, private.shared(encapsulated), info)


def _fits(suite: Suite, kem: int) -> None:
    suite.check()
    if suite.kem != kem:
        raise TrustFailure(f"the key is of {NAMES[kem]}, the suite is not", step="suite", code="trust.suite")
