# SPDX-License-Identifier: Apache-2.0
"""A key as its holder sees it: `ck-`, 32 random letters and digits, and 6 that are a checksum of them.

The checksum tells a key that was cut or mistyped from one that is not known here, and a scanner of leaked secrets a key from noise.
Nothing rests on it: who guesses keys can compute it too.
"""

from __future__ import annotations

import hashlib
from string import ascii_letters, digits
from zlib import crc32

from comity.ports import Random

PREFIX, RANDOM_SIGNS, CHECK_SIGNS = "ck-", 32, 6
SIGNS = digits + ascii_letters


def fresh(random: Random) -> str:
    body = ""
    while len(body) < RANDOM_SIGNS:  # a byte of 248 and more is passed over, or some signs would be likelier than others
        body += "".join(SIGNS[byte % 62] for byte in random.token(RANDOM_SIGNS) if byte < 248)
    body = body[:RANDOM_SIGNS]
    return PREFIX + body + check(body)


def check(body: str) -> str:
    number, out = crc32(f"{PREFIX}{body}".encode()), ""
    for _ in range(CHECK_SIGNS):
        number, rest = divmod(number, 62)
        out = SIGNS[rest] + out
    return out


def mistyped(key: str) -> bool:
    """It begins as one of ours and cannot be one.  Keys of before the checksum have 48 hexadecimal digits."""
    body = key.removeprefix(PREFIX)
    if body == key or (len(body) == 48 and set(body) <= set("0123456789abcdef")):
        return False
    return len(body) != RANDOM_SIGNS + CHECK_SIGNS or check(body[:RANDOM_SIGNS]) != body[RANDOM_SIGNS:]


def digest(key: str) -> str:
    """What is kept: a key's 190 random bits need no slow hash, as a password's few would."""
    return hashlib.sha256(key.encode()).hexdigest()
