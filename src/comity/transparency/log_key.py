# SPDX-License-Identifier: Apache-2.0
"""The key of a log, and where the log lies: in a gateway's home with a key of its own, or on a server with one that all of them hold."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

from comity.errors import OperatorError, StorageFailure
from comity.ports import Random, SystemRandom
from comity.storage.home import KEY_BYTES, secret_key
from comity.transparency import rows
from comity.transparency.note import Signer


class Shared(NamedTuple):
    """One log of many gateways: the server's URL (it may hold a password) and the key that each of them was given."""

    url: str
    key: bytes


Place = Path | Shared
"""A home, or a server."""


def shared(url: str, key: str) -> Shared:
    """``key``: 64 hexadecimal digits.  Raises OperatorError."""
    try:
        raw = bytes.fromhex(key)
    except ValueError:
        raw = b""
    if len(raw) != KEY_BYTES:
        raise OperatorError(
            f"storage.log_key is not a key of {KEY_BYTES} bytes in hexadecimal", code="config.invalid", field="storage.log_key",
            hint="make one that all gateways are given: openssl rand -hex 32",
        )  # fmt: skip
    return Shared(url, raw)


def signer_of(place: Place, random: Random) -> Signer:
    """Its name says nothing of the machine: it is made from the key itself.  In a home the key is made where there is none."""
    seed = place.key if isinstance(place, Shared) else secret_key(place / rows.KEY, random)
    return Signer("comity.invalid/" + hashlib.sha256(b"comity log origin" + seed).hexdigest()[:16], seed)


def standing_signer(place: Place) -> Signer:
    """Of a log that is there.  Raises StorageFailure where its key is not."""
    if isinstance(place, Path) and not (place / rows.KEY).exists():
        raise StorageFailure(f"no log key in `{place}`", code="storage.absent", hint="restore it from a backup")
    return signer_of(place, SystemRandom())
