# SPDX-License-Identifier: Apache-2.0
"""What a node says of itself in its public log: who runs it where, with which key, until when, on what terms.

The log holds its canonical form (RFC 8785), so an entry has one spelling and its leaf one value.  What it says is what a client holds
it to: nothing is sealed to a key whose entry it has not read.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Literal

import msgspec

from comity.errors import TrustFailure
from comity.transparency.canonical import canonical
from comity.transparency.note import decoded, parse_vkey

FORMAT = "comity.node-entry.v1"
ENTRY_BYTES_MAX = 65_535  # of an entry bundle's (C2SP tlog-tiles, "Log entries")
_MOMENT = "%Y-%m-%dT%H:%M:%SZ"
_HEX = re.compile(r"[0-9a-f]{64}")
_IMAGE = re.compile(r"sha256:[0-9a-f]{64}|")
_WHERE = re.compile(r"[^\s:]+:[0-9]{1,5}|\[[0-9a-f:.]+\]:[0-9]{1,5}")


class NodeEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lists are sorted, each member once.  Every member is always there."""

    format: str = FORMAT
    pool: str
    operator: str
    region: str  # where the machine is
    url: str
    receipts: str  # vkey of the log that it records in: a receipt of its own is of that log and no other
    key: str  # base64 of the key configuration (RFC 9458 section 3)
    since: str  # 2026-11-26T12:00:00Z: from when to when the key is used
    until: str
    level: Literal["A0", "A1", "A2", "A3"]
    evidence: str  # base64; "" where nothing attests the machine (A0)
    image: str  # sha256:… of the software; "" where nobody says
    egress: tuple[str, ...]  # host:port
    plaintext_at: Literal["node", "upstream"]
    processing: tuple[str, ...]  # regions where its deployments compute
    labels: tuple[str, ...]
    retention_months: int | None  # at most; None: records are kept without end
    content_seconds_max: int  # how long anything of what was asked or answered may be kept
    policy: str  # sha256 over all packs, hex
    padding_bytes_min: int
    event_bytes_min: int
    beat_milliseconds: int

    @property
    def key_bytes(self) -> bytes:
        return decoded(self.key)

    @property
    def evidence_bytes(self) -> bytes:
        return decoded(self.evidence)

    def stands_at(self, now: datetime) -> bool:
        return moment(self.since) <= now < moment(self.until)


def encoded(entry: NodeEntry) -> bytes:
    """Raises ValueError for what `parse` would not take."""
    made = canonical(msgspec.to_builtins(entry))
    _checked(entry, made)
    return made


def parse(raw: bytes) -> NodeEntry:
    """Raises TrustFailure of the step `entry`."""
    try:
        entry = msgspec.json.decode(raw, type=NodeEntry)
        if canonical(msgspec.to_builtins(entry)) != raw:
            raise ValueError("it is not in its canonical form")
        _checked(entry, raw)
    except (ValueError, RecursionError) as error:  # msgspec's own are ValueErrors; its message may repeat what it was given
        why = "it has not the members of one" if isinstance(error, msgspec.MsgspecError) else str(error)
        raise TrustFailure(
            f"entry: what the node's log holds is no entry of ours: {why}", step="entry", code="trust.entry",
            hint="is the node of another version?",
        ) from None  # fmt: skip
    return entry


def moment(text: str) -> datetime:
    """Raises ValueError."""
    found = datetime.strptime(text, _MOMENT).replace(tzinfo=UTC)
    if written(found) != text:  # strptime takes `2026-1-1`
        raise ValueError("a moment is not written as 2026-11-26T12:00:00Z")
    return found


def written(at: datetime) -> str:
    at = at.astimezone(UTC)
    return f"{at.year:04}{at.strftime(_MOMENT[2:])}"  # before the year 1000 strftime writes fewer digits


def _checked(entry: NodeEntry, form: bytes) -> None:
    """Raises ValueError; names members, never their values."""
    if entry.format != FORMAT:
        raise ValueError("its format is another")
    if len(form) > ENTRY_BYTES_MAX:
        raise ValueError("it is larger than a log's entry may be")
    for name in ("pool", "operator", "region", "url", "image", "policy", "receipts", "key", "evidence"):
        if not getattr(entry, name).isprintable():
            raise ValueError(f"its `{name}` cannot be printed")
    parse_vkey(entry.receipts)
    if not entry.pool or not entry.region or not decoded(entry.key):
        raise ValueError("it names no pool, region or key")
    if bool(decoded(entry.evidence)) != (entry.level != "A0"):
        raise ValueError("its level and its evidence do not go together")
    if not moment(entry.since) < moment(entry.until):
        raise ValueError("it ends before it begins")
    if not _HEX.fullmatch(entry.policy) or not _IMAGE.fullmatch(entry.image):
        raise ValueError("its `policy` or `image` is no digest")
    for name in ("egress", "processing", "labels"):
        members = getattr(entry, name)
        if list(members) != sorted(set(members)) or not all(each and each.isprintable() for each in members):
            raise ValueError(f"its `{name}` is not sorted, each member once")
    if not all(_WHERE.fullmatch(each) for each in entry.egress):
        raise ValueError("its `egress` is not a list of host:port")
    numbers = entry.content_seconds_max, entry.padding_bytes_min, entry.event_bytes_min, entry.beat_milliseconds
    if min(entry.retention_months or 0, *numbers) < 0:
        raise ValueError("one of its numbers is below zero")
