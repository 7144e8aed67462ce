# SPDX-License-Identifier: Apache-2.0
"""C2SP tlog-witness, both sides and without a socket: what a log asks, and what a witness answers.

A witness keeps, for each log, the newest checkpoint that it signed.  It signs another only when that one is inside it, so it never signs
two roots of one size nor a smaller log after a larger, whoever asks in which order.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from comity.errors import TrustFailure
from comity.ports import Clock
from comity.storage.database import Database, Script, Statement
from comity.storage.open import open_database
from comity.transparency.merkle import EMPTY_ROOT, HASH_BYTES, consistency_holds
from comity.transparency.note import (
    COSIGNED_ED25519,
    COSIGNED_MLDSA44,
    NOTE_BYTES_MAX,
    Checkpoint,
    Signer,
    Verifier,
    decoded,
    opened,
    parse_checkpoint,
    parse_note,
    parse_size,
)  # fmt: skip

PATH = "/add-checkpoint"
PROOF_LINES_MAX = 63
REQUEST_BYTES_MAX = NOTE_BYTES_MAX + 4096
SIZE_TYPE = "text/x.tlog.size"
DATABASE = "witness.db"
KEY = "witness.key"


class Request(NamedTuple):
    old: int  # the size that the witness is said to have signed last
    proof: tuple[bytes, ...]
    note: str


class Refusal(NamedTuple):
    """By the status codes of "add-checkpoint"; ``size``: of a 409, what was signed last."""

    status: int
    why: str
    size: int | None = None


class Accepted(NamedTuple):
    """Signed by its log; what was signed last decides."""

    head: Checkpoint
    text: str


def written(request: Request) -> bytes:
    proof = "".join(base64.b64encode(each).decode() + "\n" for each in request.proof)
    return f"old {request.old}\n{proof}\n{request.note}".encode()


def parse(raw: bytes) -> Request:
    """Raises ValueError."""
    if len(raw) > REQUEST_BYTES_MAX:
        raise ValueError("the request is too large")
    head, mark, note = raw.decode().partition("\n\n")
    first, *lines = head.split("\n")
    if not mark or not first.startswith("old "):
        raise ValueError("the request is not an old size, a proof, an empty line and a checkpoint")
    if len(lines) > PROOF_LINES_MAX:
        raise ValueError("the proof is longer than any tree is high")
    proof = tuple(decoded(each) for each in lines)
    if any(len(each) != HASH_BYTES for each in proof):
        raise ValueError("a hash of the proof is not 32 bytes")
    return Request(parse_size(first.removeprefix("old ")), proof, note)


def log_of(request: Request, logs: Mapping[str, Sequence[Verifier]]) -> Accepted | Refusal:
    """Who signed it, of the ``logs`` by their origin; the first half, which needs no memory.  Raises nothing."""
    try:
        text, _ = parse_note(request.note)
        head = parse_checkpoint(text)
    except ValueError as error:
        return Refusal(400, str(error))
    if head.origin not in logs:
        return Refusal(404, "this log is not watched here")
    if not any(_signed(request.note, key) for key in logs[head.origin]):
        return Refusal(403, "the checkpoint is not signed by its log")
    if request.old > head.size:
        return Refusal(400, "the old size is larger than the checkpoint's")
    if (not request.old and request.proof) or (head.size == 0 and head.root != EMPTY_ROOT):
        return Refusal(422 if request.proof else 400, "an empty log has one root and is inside any")
    return Accepted(head, text)


def follows(head: Checkpoint, request: Request, last: Checkpoint | None) -> Refusal | None:
    """Whether it goes on from what was ``last`` signed for this log: asked and kept in one transaction."""
    size = last.size if last is not None else 0
    if request.old != size:
        return Refusal(409, "another checkpoint was signed last", size)
    if last is None or size == 0:
        return None
    if head.size == size:
        if head.root != last.root:
            return Refusal(409, "another root was signed for this size", size)
        return None if not request.proof else Refusal(422, "what has not grown needs no proof")
    if not consistency_holds(size, head.size, last.root, head.root, request.proof):
        return Refusal(422, "the proof does not show that the log has only grown")
    return None


def _signed(note: str, key: Verifier) -> bool:
    try:
        opened(note, key)
    except ValueError:
        return False
    return True


class Answer(NamedTuple):
    status: int
    body: str
    type: str = "text/plain; charset=utf-8"


class Witness:
    """Made by `open`; used from one event loop.  It answers with a signature for each of its keys; a log shows the pinned one's."""

    def __init__(self, database: Database, keys: Sequence[Signer], logs: Mapping[str, Sequence[Verifier]], clock: Clock) -> None:
        self._database, self._keys, self._logs, self._clock = database, tuple(keys), logs, clock

    @classmethod
    async def open(cls, where: Path, keys: Sequence[Signer], logs: Sequence[Verifier], *, clock: Clock, seconds_max: float) -> Witness:
        """``where``: what it remembers.  Raises StorageFailure."""
        by_origin: dict[str, list[Verifier]] = {}
        for each in logs:
            by_origin.setdefault(each.name, []).append(each)
        return cls(await open_database(where, "witness", seconds_max=seconds_max), keys, by_origin, clock)

    @property
    def vkeys(self) -> tuple[str, ...]:
        return tuple(each.verifier.vkey for each in self._keys)

    async def add(self, raw: bytes) -> Answer:
        """The signatures leave only once what they say is kept.  Raises StorageFailure."""
        try:
            request = parse(raw)
        except ValueError as error:
            return Answer(400, f"{error}\n")
        found = log_of(request, self._logs)
        refused = found if isinstance(found, Refusal) else await self._database.write(partial(_seen, found, request))
        if refused is not None:
            return Answer(409, f"{refused.size}\n", SIZE_TYPE) if refused.status == 409 else Answer(refused.status, f"{refused.why}\n")
        assert isinstance(found, Accepted)
        at = int(self._clock.now().timestamp())
        return Answer(200, "".join(str(each.cosignature(found.text, at)) for each in self._keys))

    async def aclose(self) -> None:
        await self._database.aclose()


def keys_of(name: str, secret: bytes) -> tuple[Signer, Signer]:
    """Both kinds, each from a seed of its own: no two keys are ever made from the same bytes.  Raises ValueError for what is no name."""
    kinds = {COSIGNED_MLDSA44: b"comity witness ML-DSA-44", COSIGNED_ED25519: b"comity witness Ed25519"}
    first, second = (Signer(name, hashlib.sha256(label + b"\x00" + secret).digest(), kind) for kind, label in kinds.items())
    return first, second


def _seen(found: Accepted, request: Request) -> Script[Refusal | None]:
    """Looked at and kept as one: of two that come at once, the second is held against the first."""
    head = found.head
    rows = yield Statement("SELECT size, root FROM seen WHERE origin = ?", (head.origin,))
    last = Checkpoint(head.origin, rows[0][0], bytes(rows[0][1])) if rows else None
    refused = follows(head, request, last)
    if refused is None:
        yield Statement(
            "INSERT INTO seen VALUES (?, ?, ?, ?) ON CONFLICT (origin) DO UPDATE"
            " SET size = excluded.size, root = excluded.root, note = excluded.note",
            (head.origin, head.size, head.root, request.note),
        )
    return refused


def forgotten(home: Path) -> TrustFailure | None:
    """A key whose memory is gone may not sign: it could not tell a second story from the first."""
    if (home / KEY).exists() and not (home / DATABASE).exists():
        return TrustFailure(
            "the witness's key is here and what it signed is forgotten", step="log", code="trust.log",
            hint=f"restore `{DATABASE}`; to begin anew under another key, move `{KEY}` away too",
        )  # fmt: skip
    return None
