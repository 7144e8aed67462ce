# SPDX-License-Identifier: Apache-2.0
"""The one way to trust an entry of a public log: offline, from the entry, its proof, and the keys that were pinned.

    1. proof       it is a C2SP tlog-proof
    2. checkpoint  its tree head was signed by the pinned log
    3. witnesses   so many of the pinned witnesses have seen that tree head
    4. freshness   so many of them lately, and none of those in the future
    5. proof       the entry is a leaf of that tree (RFC 9162 section 2.1.3.2)

A step that does not hold raises TrustFailure naming it; there is no mode that passes over one.  What the entry says is read after it
was proved to be there (`entry.py`), and held against what is wanted by whoever wants it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

import msgspec

from comity.errors import OperatorError, TrustFailure
from comity.transparency.merkle import inclusion_holds, leaf_hash
from comity.transparency.note import COSIGNED, Line, Verifier, parse_note, parse_vkey, said_at, signed_checkpoint
from comity.transparency.tlog_proof import parse

AHEAD_SECONDS_MAX = 300  # how far a witness's clock may be before ours


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """Raises OperatorError when made of what are no keys, or of fewer witnesses than must sign."""

    log: str  # a C2SP vkey
    witnesses: tuple[str, ...] = ()  # C2SP vkeys of cosigners
    quorum: int = 2
    age_seconds_max: int = 86_400

    def __post_init__(self) -> None:
        keys(self)


class Seen(NamedTuple):
    witness: str
    at: datetime


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    index: int
    size: int
    root: bytes
    checkpoint: str  # the note as it came
    witnessed: tuple[Seen, ...]  # the newest first


class Keys(NamedTuple):
    log: Verifier
    witnesses: tuple[Verifier, ...]


@lru_cache(maxsize=256)
def keys(trust: Trust) -> Keys:
    """Raises OperatorError."""
    try:
        log = parse_vkey(trust.log)
    except ValueError as error:
        raise _misset("log", str(error)) from None
    try:
        witnesses = tuple(parse_vkey(each, *COSIGNED) for each in trust.witnesses)
    except ValueError as error:
        raise _misset("witnesses", str(error)) from None
    if len({each.public for each in (log, *witnesses)}) < 1 + len(witnesses):
        raise _misset("witnesses", "two of the keys are the same")
    if len({each.name for each in (log, *witnesses)}) < 1 + len(witnesses):
        raise _misset("witnesses", "two of the keys have one name")
    if not 1 <= trust.quorum <= len(witnesses):
        raise _misset("quorum", f"{trust.quorum} witnesses must sign, and {len(witnesses)} are named")
    if trust.age_seconds_max <= 0:
        raise _misset("checkpoint_seconds_max", "a checkpoint of no age can never be shown")
    return Keys(log, witnesses)


def _misset(field: str, why: str) -> OperatorError:
    return OperatorError(f"`{field}` of what a node must prove: {why}", code="config.invalid", field=f"trust.{field}")


def proven(entry: bytes, proof: str, trust: Trust, now: datetime) -> Proof:
    """Raises TrustFailure naming the step that does not hold."""
    pinned = keys(trust)
    try:
        read = parse(proof)
    except ValueError as error:
        raise _failed("proof", f"the proof is not one: {error}") from None
    try:
        head = signed_checkpoint(read.checkpoint, pinned.log)
    except ValueError as error:
        raise _failed("checkpoint", str(error)) from None
    seen = _witnessed(read.checkpoint, pinned.witnesses, trust, now)
    if not inclusion_holds(read.index, head.size, leaf_hash(entry), read.path, head.root):
        raise _failed("proof", "the entry is not in the log that was signed for")
    return Proof(index=read.index, size=head.size, root=head.root, checkpoint=read.checkpoint, witnessed=seen)


def _witnessed(note: str, witnesses: tuple[Verifier, ...], trust: Trust, now: datetime) -> tuple[Seen, ...]:
    text, lines = parse_note(note)  # it was opened with the log's key
    seen: list[Seen] = []
    for each in witnesses:
        at = cosigned_at(text, lines, each)
        if at is not None:
            seen.append(Seen(each.name, at))
    if len(seen) < trust.quorum:
        raise _failed("witnesses", f"{len(seen)} of the pinned witnesses have signed the checkpoint, and {trust.quorum} must")
    oldest, newest = now - timedelta(seconds=trust.age_seconds_max), now + timedelta(seconds=AHEAD_SECONDS_MAX)
    fresh = sorted((each for each in seen if oldest <= each.at <= newest), key=lambda each: each.at, reverse=True)
    if len(fresh) < trust.quorum:
        raise _failed(
            "freshness",
            f"{len(fresh)} of the pinned witnesses have signed it within {trust.age_seconds_max} seconds of now, and {trust.quorum} must",
        )
    return tuple(fresh)


def cosigned_at(text: str, lines: list[Line], witness: Verifier) -> datetime | None:
    """When; None where it has not signed.  Raises TrustFailure where it seems to and does not hold."""
    mine = witness.among(lines)
    if any(not witness.holds(text.encode(), line.signature) for line in mine):
        raise _failed("witnesses", f"the signature of the witness `{witness.name}` does not hold")
    try:
        return max((datetime.fromtimestamp(said_at(line.signature), UTC) for line in mine), default=None)
    except (ValueError, OverflowError, OSError):
        raise _failed("freshness", f"the witness `{witness.name}` says a time that no calendar has") from None


def _failed(step: str, why: str) -> TrustFailure:
    return TrustFailure(
        f"{step}: {why}", step=step, code=f"trust.{step}", hint="nothing was sent; ask who runs the node, and do not go on without it"
    )
