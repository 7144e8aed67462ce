# SPDX-License-Identifier: Apache-2.0
"""What one decision leaves behind: codes, places and commitments, never content and never a hash of content."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from comity.transparency.merkle import leaf_hash

VERSION = 1
SALT_BYTES = 32


class Receipt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One attempt at a place, or one refusal.  Times are cut to the minute, sizes to a power of two."""

    id: str  # ULID
    at: str  # 2026-11-23T12:00Z
    issuer: str  # the log's origin
    key: str  # id of the log's key, hex
    effect: str  # allow | deny | escalate
    source: str = ""  # where the person was
    destination: tuple[str, ...] = ()  # where it was processed; empty: on the device, or nowhere
    deployment: str = ""
    stand_in: bool = False  # a lab partner played this deployment
    reasons: tuple[str, ...] = ()  # facts
    rules: tuple[str, ...] = ()
    obligations: tuple[str, ...] = ()
    packs: tuple[str, ...] = ()
    policy: str = ""  # sha256 over all packs, hex
    plaintext_at: str = ""  # device | node | upstream | none: who beside this gateway could read it
    level: str = ""  # A0: nothing attests the machine
    size_bucket: int = 0  # bytes
    retention_months: int | None = None
    version: int = VERSION


_sorted = msgspec.json.Encoder(order="sorted")


def encoded(receipt: Receipt) -> bytes:
    """The RFC 8785 form.  msgspec writes it for a receipt, whose names are ASCII and whose numbers are whole, thirty times as fast
    as `canonical`, which writes it for anything; a law holds the two together."""
    return _sorted.encode(receipt)


def to_json(receipt: Receipt) -> dict[str, Any]:
    made: dict[str, Any] = msgspec.json.decode(encoded(receipt))
    return made


def entry_of(salt: bytes, receipt: bytes) -> bytes:
    """SHA-256 over 32 random bytes and the receipt's canonical form: without the salt nobody can guess what a leaf stands for."""
    return hashlib.sha256(salt + receipt).digest()


def leaf_of(salt: bytes, receipt: bytes) -> bytes:
    return leaf_hash(entry_of(salt, receipt))
