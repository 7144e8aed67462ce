# SPDX-License-Identifier: Apache-2.0
"""What one decision leaves behind: codes, places and commitments, never content and never a hash of content."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec

from comity.transparency.canonical import canonical
from comity.transparency.merkle import leaf_hash

VERSION = 2
SALT_BYTES = 32
_CONSENT = b"comity.consent.v1\x00"


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
    node: str = ""  # sha256 of the node-log entry of the node that answered, or was asked, hex
    sealed: str = ""  # sha256 of the sealed request's bytes, hex
    consent: str = ""  # `commitment` to what the decision rested on, hex
    version: int = VERSION


_ALL = frozenset(Receipt.__struct_fields__)
MEMBERS = {1: _ALL - {"node", "sealed", "consent"}, 2: _ALL}
"""By version: what was signed has exactly these."""
_sorted = msgspec.json.Encoder(order="sorted")


def minute(at: datetime) -> str:
    """As receipts say a time: nobody's habits can be read from it."""
    return at.isoformat(timespec="minutes")[:16] + "Z"


def encoded(receipt: Receipt) -> bytes:
    """The RFC 8785 form.  msgspec writes it for a receipt, whose names are ASCII and whose numbers are whole, thirty times as fast
    as `canonical`, which writes it for anything; a law holds the two together."""
    return _sorted.encode(receipt) if receipt.version == VERSION else canonical(to_json(receipt))


def to_json(receipt: Receipt) -> dict[str, Any]:
    """With the members of its own version."""
    made: dict[str, Any] = msgspec.json.decode(_sorted.encode(receipt))
    return {name: made[name] for name in made if name in MEMBERS.get(receipt.version, _ALL)}


def entry_of(salt: bytes, receipt: bytes) -> bytes:
    """SHA-256 over 32 random bytes and the receipt's canonical form: without the salt nobody can guess what a leaf stands for."""
    return hashlib.sha256(salt + receipt).digest()


def leaf_of(salt: bytes, receipt: bytes) -> bytes:
    return leaf_hash(entry_of(salt, receipt))


def grounds(consents: Collection[str], legal_basis: str | None) -> bytes:
    """What of the person's a decision rested on, in the form that is committed to; empty where there is nothing of the kind."""
    words = [f"consent:{each}" for each in consents] + ([f"legal_basis:{legal_basis}"] if legal_basis else [])
    return canonical(sorted(words)) if words else b""


def commitment(salt: bytes, grounds: bytes) -> str:
    """Under the receipt's own salt, in a domain of its own: whoever has the salt and the words can check it.  There are so few words
    that whoever has the salt alone can find them by trying; without it nobody can, nor tell two receipts with the same words."""
    return hashlib.sha256(_CONSENT + salt + grounds).hexdigest() if grounds else ""
