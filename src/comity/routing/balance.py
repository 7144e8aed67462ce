# SPDX-License-Identifier: Apache-2.0
"""The order among places of one priority: by weight, or the quickest first.  Pure: lots and averages are passed in.

By weight each place draws a lot, and `-ln(lot) / weight` orders them: the first is each with its share of the weights.  Where the lots
come from the beginning of a conversation (rendezvous hashing), it finds the same place again, without anything being kept; should that
place fail, only its own conversations move.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from itertools import groupby

from comity.routing.plan import Candidate
from comity.wire.chat import ChatRequest, TextPart
from comity.wire.request import Request

LOT_BYTES = 8


def lot(raw: bytes) -> float:
    """Above 0, at most 1, of eight bytes."""
    return (int.from_bytes(raw, "big") + 1) / 2.0 ** (8 * LOT_BYTES)


def place_of(lot: float, weight: float) -> float:
    """Lower is earlier."""
    return -math.log(lot) / weight if weight else math.inf


def groups(candidates: Sequence[Candidate]) -> Iterator[list[Candidate]]:
    """Those between which the plan sees no difference, in the plan's order."""
    for _, group in groupby(candidates, key=lambda each: (each.deployment.on_device, each.deployment.priority)):
        yield list(group)


def beginning(request: Request, caller: str, key: bytes) -> bytes:
    """A keyed hash of who asks and of the messages up to the first of the user's, which a chat that goes on sends again as they were; b""
    where there is nothing of the kind.  It is kept nowhere."""
    if not isinstance(request, ChatRequest):
        return b""
    seen = blake2b(caller.encode(), key=key, digest_size=16)
    for message in request.messages:
        said = message.content
        parts = (said,) if isinstance(said, str) else [part.text for part in said or () if isinstance(part, TextPart)]
        for text in (message.role, *parts):
            seen.update(b"\0" + text.encode("utf-8", "surrogatepass"))
        if message.role == "user":
            break
    return seen.digest()


def own_lot(beginning: bytes, place: bytes) -> float:
    """The lot that ``beginning`` draws at one place; ``place``: that place's own key."""
    return lot(blake2b(beginning, key=place, digest_size=LOT_BYTES).digest())
