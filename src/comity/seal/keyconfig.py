# SPDX-License-Identifier: Apache-2.0
"""A node's key as it publishes it: the key configuration of RFC 9458 section 3, one or a list of them (`application/ohttp-keys`).

One byte names a key there, and 256 names are soon used twice.  So a client also sends `Comity-Key: sha256/<64 hexadecimal digits>`, the
hash of the whole configuration that it checked: a node that has another key under that byte refuses, rather than fail to open.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cached_property

from comity.errors import CallerError, TrustFailure
from comity.seal.hpke import DEFAULT, Suite
from comity.seal.kem import SIZES, PublicKey, public_key, supported

MEDIA_TYPE = "application/ohttp-keys"
KEY_HEADER = "Comity-Key"
LIST_BYTES_MAX = 64 * 1024
_KEY = re.compile(r"sha256/([0-9a-f]{64})")


class KeyConfig:
    """One public key, the byte that names it, and what it may be used with: pairs of KDF and AEAD, the preferred first."""

    def __init__(self, key_id: int, kem: int, public: bytes, symmetric: Sequence[tuple[int, int]]) -> None:
        if not 0 <= key_id <= 255:
            raise CallerError("a key's id is one byte", code="seal.malformed")
        if len(public) != supported(kem).public:
            raise _malformed(f"the public key has {len(public)} bytes")
        if not 0 < len(symmetric) < 1 << 14:
            raise _malformed("it has no algorithms, or too many")
        self.key_id, self.kem, self.public, self.symmetric = key_id, kem, public, tuple(symmetric)

    @cached_property
    def encoded(self) -> bytes:
        pairs = b"".join(kdf.to_bytes(2, "big") + aead.to_bytes(2, "big") for kdf, aead in self.symmetric)
        return self.key_id.to_bytes(1, "big") + self.kem.to_bytes(2, "big") + self.public + len(pairs).to_bytes(2, "big") + pairs

    @cached_property
    def hash(self) -> bytes:
        return hashlib.sha256(self.encoded).digest()

    @property
    def header(self) -> str:
        """The value of `Comity-Key`."""
        return f"sha256/{self.hash.hex()}"

    @cached_property
    def key(self) -> PublicKey:
        """Raises CallerError where the bytes are no key; parsed once, and then at hand for every message."""
        return public_key(self.kem, self.public)

    @property
    def suites(self) -> tuple[Suite, ...]:
        return tuple(Suite(self.kem, kdf, aead) for kdf, aead in self.symmetric)

    def choose(self, accepted: Sequence[Suite] = (DEFAULT,)) -> Suite:
        """The first suite of ``accepted`` that this key offers.  Raises TrustFailure where it offers none: nothing else will do."""
        offered = self.suites
        for suite in accepted:
            if suite in offered:
                suite.check()
                return suite
        raise TrustFailure("the node's key offers no suite that may be used", step="suite", code="trust.suite")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KeyConfig) and self.encoded == other.encoded

    def __hash__(self) -> int:
        return hash(self.encoded)

    def __repr__(self) -> str:
        return f"KeyConfig({self.key_id}, {self.header})"


def decode(data: bytes) -> KeyConfig:
    """Of exactly one configuration."""
    if len(data) < 3:
        raise _malformed("it ends before its KEM")
    kem = int.from_bytes(data[1:3], "big")
    at = 3 + supported(kem).public
    size = int.from_bytes(data[at : at + 2], "big")
    pairs = data[at + 2 :]
    if len(data) < at + 2 or len(pairs) != size or size % 4 or not size:
        raise _malformed("its lengths do not add up")
    numbers = [int.from_bytes(pairs[n : n + 2], "big") for n in range(0, size, 2)]
    return KeyConfig(data[0], kem, data[3:at], list(zip(numbers[::2], numbers[1::2], strict=True)))


def decode_list(data: bytes) -> tuple[KeyConfig, ...]:
    """Each with its length before it.  Those of a KEM that is not supported are passed over (section 3.2), unless no other is left."""
    if len(data) > LIST_BYTES_MAX:
        raise CallerError(f"a list of keys has at most {LIST_BYTES_MAX} bytes", code="seal.too_large", status=413)
    found, foreign, at = [], 0, 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 2], "big")
        one = data[at + 2 : at + 2 + size]
        if len(one) != size or size < 3:
            raise _malformed("the list ends before its last key does")
        at += 2 + size
        foreign = int.from_bytes(one[1:3], "big")
        if foreign in SIZES:
            found.append(decode(one))
    if not found:
        supported(foreign)  # says which
        raise _malformed("the list is empty")
    return tuple(found)


def encode_list(configs: Sequence[KeyConfig]) -> bytes:
    return b"".join(len(each.encoded).to_bytes(2, "big") + each.encoded for each in configs)


def parse_header(value: str) -> bytes:
    """The hash that `Comity-Key` names."""
    named = _KEY.fullmatch(value)
    if named is None:
        raise CallerError(f"`{KEY_HEADER}` is sha256/ and 64 hexadecimal digits", code="seal.malformed", field=KEY_HEADER)
    return bytes.fromhex(named[1])


def _malformed(what: str) -> CallerError:
    return CallerError(f"key configuration: {what}", code="seal.malformed")
