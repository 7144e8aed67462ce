# SPDX-License-Identifier: Apache-2.0
"""HKDF-SHA256 (RFC 5869), bare as Oblivious HTTP uses it and labelled as HPKE does (RFC 9180 section 4).

On `hmac` of the standard library, which calls OpenSSL once: every derivation here is of a few blocks.
"""

from __future__ import annotations

import hmac

HASH_BYTES = 32
EXPANDED_BYTES_MAX = 255 * HASH_BYTES


def extract(salt: bytes, secret: bytes) -> bytes:
    return hmac.digest(salt or bytes(HASH_BYTES), secret, "sha256")


def expand(prk: bytes, info: bytes, size: int) -> bytes:
    if not 0 < size <= EXPANDED_BYTES_MAX:
        raise ValueError(f"HKDF-SHA256 gives 1 to {EXPANDED_BYTES_MAX} bytes, not {size}")
    out = block = b""
    count = 1
    while len(out) < size:
        block = hmac.digest(prk, block + info + count.to_bytes(1, "big"), "sha256")
        out += block
        count += 1
    return out[:size]


def labelled_extract(suite: bytes, salt: bytes, label: bytes, secret: bytes) -> bytes:
    return extract(salt, b"HPKE-v1" + suite + label + secret)


def labelled_expand(suite: bytes, prk: bytes, label: bytes, info: bytes, size: int) -> bytes:
    return expand(prk, size.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info, size)
