# SPDX-License-Identifier: Apache-2.0
"""C2SP tlog-witness, both sides and without a socket: what a log asks, and what a witness answers.

A witness keeps, for each log, the newest checkpoint that it signed.  It signs another only when that one is inside it, so it never signs
two roots of one size nor a smaller log after a larger, whoever asks in which order.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from comity.transparency.merkle import EMPTY_ROOT, HASH_BYTES, consistency_holds
from comity.transparency.note import (
    NOTE_BYTES_MAX,
    Checkpoint,
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
    """May be signed once it is kept."""

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
