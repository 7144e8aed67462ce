# SPDX-License-Identifier: Apache-2.0
"""Receipts of a report as they pass, each checked: steps 9 to 11 of `audit`."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from comity.errors import ComityError, TrustFailure
from comity.transparency.canonical import canonical
from comity.transparency.note import Verifier
from comity.transparency.receipt import MEMBERS, SALT_BYTES, Receipt, commitment, leaf_of
from comity.transparency.report.page import Tally, went
from comity.transparency.report.shapes import Manifest, Row
from comity.transparency.verify import texts, verify

_sorted = msgspec.json.Encoder(order="sorted").encode
_MINUTE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}Z", re.ASCII)
_row = msgspec.json.Decoder(Row, strict=True).decode


class Sent(NamedTuple):
    """What a report shows of one receipt of a node: which log has it, and as what."""

    place: int  # in the person's own log
    issuer: str
    receipt: str
    at: str
    sealed: str


class Seen:
    """Receipts as they pass, each checked, and what the later steps need of them."""

    def __init__(self, manifest: Manifest, key: Verifier, pinned: Collection[str]) -> None:
        self._manifest, self._key, self._pinned = manifest, key, pinned
        self.leaves: dict[int, bytes] = {}
        self._last = -1
        self.effects = {"left": 0, "stayed": 0, "refused": 0}
        self.ids: set[str] = set()
        self.sealed: set[str] = set()
        self.received: list[Sent] = []
        self.received_pinned = True
        self.kept_by: dict[str, set[str]] = {}  # nodes, and the keys of the logs in which receipts of theirs stand
        self.silent: list[int] = []
        self.shown_by: dict[str, str] = {}  # nodes, and by when each must have been in the public log
        self.tally = Tally()

    def add(self, line: bytes) -> None:
        row, form, salt = self._shaped(line)
        receipt = row.receipt
        if commitment(salt, canonical(list(row.grounds)) if row.grounds else b"") != receipt.get("consent", ""):
            raise _failed("consent", f"what record {row.index} rested on is not what its receipt commits to")
        node, sealed = receipt.get("node", ""), receipt.get("sealed", "")  # sealed: it came to this log's own node
        if row.received is not None:
            self._take(row, node)
        elif node and not sealed and row.outcome is not None and row.outcome.status == "ok":
            self.silent.append(row.index)
        if node:
            self.shown_by.setdefault(node, self._manifest.made_at if sealed else receipt["at"])
            if sealed:
                self.kept_by.setdefault(node, set()).add(self._key.vkey)
        self.leaves[row.index], self._last = leaf_of(salt, form), row.index
        self.effects[went(receipt)] += 1
        self.ids.add(receipt["id"])
        self.sealed.add(sealed)
        self.tally.add(row)

    def _shaped(self, line: bytes) -> tuple[Row, bytes, bytes]:
        where = f"receipt {len(self.leaves) + 1}"
        try:
            row = _row(line)
            receipt = msgspec.convert(row.receipt, Receipt, strict=True)
            if _sorted(row) != line or row.receipt.keys() != MEMBERS.get(receipt.version):
                raise ValueError
            form, salt = canonical(row.receipt), base64.b64decode(row.salt, validate=True)
            minute(receipt.at)
        except (ValueError, RecursionError, binascii.Error):
            raise _failed("receipts", f"{where} has not the form of one") from None
        if len(salt) != SALT_BYTES:
            raise _failed("receipts", f"{where} has a salt that is not {SALT_BYTES} bytes")
        shown = [row.request, *texts(row.receipt), *row.grounds, *((row.outcome.at, row.outcome.status) if row.outcome is not None else ())]
        if not all(text.isprintable() for text in shown):
            raise _failed("receipts", f"{where} holds what cannot be printed")
        if (receipt.issuer, receipt.key) != (self._manifest.issuer, self._key.id.hex()):
            raise _failed("receipts", f"{where} is of another log")
        if not self._last < row.index < self._manifest.size:
            raise _failed("receipts", f"{where} is not in the order of the log")
        if not within(self._manifest, receipt.at):
            raise _failed("receipts", f"{where} is of another time than the report is about")
        return row, form, salt

    def _take(self, row: Row, node: str) -> None:
        """The node's own receipt of what was sealed to it."""
        bundle: dict[str, Any] = row.received or {}
        vkey = bundle.get("vkey")
        pinned = vkey if isinstance(vkey, str) and vkey in self._pinned else None
        try:
            found = verify(bundle, vkey=pinned)
            minute(found.receipt["at"])
        except (ComityError, ValueError) as error:
            raise _failed("received", f"the node's receipt beside record {row.index} does not hold: {error}") from None
        sealed = row.outcome.sealed if row.outcome is not None else ""
        if not sealed or not node or found.receipt.get("sealed") != sealed or found.receipt.get("node") != node:
            raise _failed("received", f"the node's receipt beside record {row.index} is of another request or of another node")
        self.kept_by.setdefault(node, set()).add(found.vkey)
        self.received_pinned &= found.key_pinned
        self.received.append(Sent(row.index, found.origin, found.receipt["id"], found.receipt["at"], sealed))


def within(manifest: Manifest, at: str) -> bool:
    """Whether a receipt's time is of those that a report is about.  It is cut to the minute, so one on the edge may be."""
    moment, since, before = minute(at), edge(manifest.since), edge(manifest.before)
    return (since is None or moment >= since.replace(second=0, microsecond=0)) and (before is None or moment < before)


def minute(said: str) -> datetime:
    """As receipts say it.  Raises ValueError."""
    if not _MINUTE.fullmatch(said):
        raise ValueError("it is not written as 2026-11-23T12:00Z")
    return datetime.fromisoformat(said)


@lru_cache(maxsize=64)
def edge(said: str) -> datetime | None:
    """Of a report's time; None where it has none.  Raises ValueError."""
    moment = datetime.fromisoformat(said) if said else None
    if moment is not None and moment.tzinfo is None:
        raise ValueError("it is in no zone")
    return moment


def _failed(step: str, why: str) -> TrustFailure:
    return TrustFailure(
        f"{step}: {why}", step=step, code=f"trust.{step}", hint="do not rely on this report; ask whoever made it for the log's own copy"
    )
