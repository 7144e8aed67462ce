# SPDX-License-Identifier: Apache-2.0
"""What a node says of itself (`GET /comity/v1/node`): entries of its log, each with its proof.  It is only read here, not believed."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from comity.errors import ProviderFailure, TrustFailure
from comity.transparency.entry import NodeEntry, moment, parse

PATH = "/comity/v1/node"
DOCUMENT_BYTES_MAX = 1_048_576
ENTRIES_MAX = 16


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    entry: str  # base64 of its canonical bytes
    proof: str  # a C2SP tlog-proof


class Document(msgspec.Struct, frozen=True, kw_only=True):
    format: Literal["comity.node.v1"]
    proofs: tuple[Offered, ...]


class Claim(NamedTuple):
    """One entry as it was offered."""

    raw: bytes
    entry: NodeEntry
    proof: str
    since: datetime
    until: datetime


_decode = msgspec.json.Decoder(Document, strict=True).decode


def claims(document: bytes) -> list[Claim]:
    """Raises TrustFailure of the step `entry`, ProviderFailure where the node is only starting."""
    try:
        read = _decode(document)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise _failed("the node's document is not one") from None
    if not read.proofs:  # it claims nothing, so nothing of it can fail
        raise ProviderFailure("the node has no key yet that its witnesses have seen", kind="unavailable")
    if len(read.proofs) > ENTRIES_MAX:
        raise _failed("the node's document has too many entries")
    return [_claim(each) for each in read.proofs]


def in_use(offered: Sequence[Claim], now: datetime) -> Claim:
    """The one whose time it is; of several the newest.  It is the only one that is looked at further: where it does not hold, no other is
    tried in its place."""
    current = [each for each in offered if each.since <= now < each.until]
    if not current:
        raise TrustFailure("no entry of the node is valid now", step="validity", code="trust.validity",
                           hint="is this machine's clock right?")  # fmt: skip
    return max(current, key=lambda each: each.since)


def _claim(offered: Offered) -> Claim:
    try:
        raw = base64.b64decode(offered.entry, validate=True)
    except (binascii.Error, ValueError):
        raise _failed("an entry is not base64") from None
    entry = parse(raw)
    return Claim(raw, entry, offered.proof, moment(entry.since), moment(entry.until))


def _failed(why: str) -> TrustFailure:
    return TrustFailure(why, step="entry", code="trust.entry")
