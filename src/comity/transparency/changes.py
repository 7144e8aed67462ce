# SPDX-License-Identifier: Apache-2.0
"""What somebody changed about a gateway, beside the decisions in one log: who, in which role, what and when, as ids and codes.

A change has a leaf of its own, under a salt as a receipt has, and no receipt: it is nobody's personal data but a name of whoever made
it, which is a key's id or a pseudonym.  It is kept as long as its log is.  Each bears its number among the changes, so that one which was
taken out is missed.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import msgspec

from comity.storage.database import Script, Statement
from comity.transparency.receipt import leaf_of
from comity.transparency.rows import PLACES_MAX, broken

FORMAT = "comity.change.v1"


class Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`of`: the id of what was changed; "" where it has none that may be told."""

    format: str = FORMAT
    number: int
    at: str  # 2026-11-23T12:00Z
    by: str
    role: str
    what: str  # session.begun, key.made, …
    of: str = ""


class Changed(NamedTuple):
    place: int
    change: Change


_encode = msgspec.json.Encoder(order="sorted").encode  # RFC 8785 for what is ASCII and whole numbers; a law holds it to `canonical`
_decode = msgspec.json.Decoder(Change).decode


def encoded(change: Change) -> bytes:
    """Its one form, which the leaf is made of."""
    return _encode(change)


def count() -> Script[int]:
    return int((yield Statement("SELECT count(*) FROM changes"))[0][0])


def secret_of(index: int) -> Script[tuple[bytes, bytes]]:
    """(the change, its salt).  Raises LookupError when there is none at this place."""
    found = yield Statement("SELECT change, salt FROM changes WHERE idx = ?", (index,))
    if not found:
        raise LookupError(f"no change {index}")
    return bytes(found[0][0]), bytes(found[0][1])


def page(below: int | None, limit: int) -> Script[list[Changed]]:
    """The newest ``limit`` below the place ``below``.  Raises TrustFailure for what is not as it was written, or where one between them
    is gone."""
    rows = yield Statement(
        "SELECT c.idx, c.change, c.salt, n.hash FROM changes c LEFT JOIN nodes n ON n.level = 0 AND n.idx = c.idx"
        " WHERE c.idx < ? ORDER BY c.idx DESC LIMIT ?",
        (PLACES_MAX if below is None else below, limit),
    )
    found = [_whole(*row) for row in rows]
    for newer, older in pairwise(found):
        if newer.change.number != older.change.number + 1:
            raise broken(f"between change {older.change.number} and {newer.change.number} one is not there")
    return found


def _whole(place: int, change: bytes, salt: bytes, leaf: bytes | None) -> Changed:
    try:
        if leaf is None or leaf_of(bytes(salt), bytes(change)) != bytes(leaf):
            raise ValueError("another was signed for")
        return Changed(place, _decode(change))
    except (ValueError, TypeError):
        raise broken(f"change {place} is not as it was written") from None
