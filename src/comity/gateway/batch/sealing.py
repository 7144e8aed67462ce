# SPDX-License-Identifier: Apache-2.0
"""What callers leave here is personal data at rest: AES-256-GCM, under a key of each file's own, made from one that is configured or kept.

A piece opens only as what it was sealed as: it cannot stand in another's place.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

from comity.config import SecretRef
from comity.errors import OperatorError, StorageFailure
from comity.ports import Random, Secrets

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY = "batch"
"""Of the state's own keys, where none is configured."""
KEY_BYTES, NONCE_BYTES, KEYS_KEPT_MAX = 32, 12, 256


def configured(reference: SecretRef, secrets: Secrets) -> bytes:
    """Raises OperatorError."""
    said = secrets.get(env=reference.env, file=reference.file, command=reference.command)
    try:
        key = bytes.fromhex(said)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise OperatorError(
            "`batch.key` is not 64 hexadecimal digits", code="config.invalid", field="batch.key", hint="openssl rand -hex 32"
        )
    return key


class Sealing:
    def __init__(self, key: bytes, random: Random) -> None:
        self._key, self._random = key, random
        self._cipher = lru_cache(KEYS_KEPT_MAX)(self._made)

    def seal(self, name: str, number: int, content: bytes) -> bytes:
        nonce = self._random.token(NONCE_BYTES)
        return nonce + bytes(self._cipher(name).encrypt(nonce, content, b"%d" % number))

    def open(self, name: str, number: int, sealed: bytes) -> bytes:
        """Raises StorageFailure."""
        from cryptography.exceptions import InvalidTag

        try:
            return bytes(self._cipher(name).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], b"%d" % number))
        except InvalidTag:
            raise StorageFailure(
                "what is kept of a batch does not open", code="batch.key", hint="was `batch.key` another when it was written?"
            ) from None

    def _made(self, name: str) -> AESGCM:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(hashlib.blake2b(name.encode(), key=self._key, person=b"comity-batch", digest_size=KEY_BYTES).digest())
