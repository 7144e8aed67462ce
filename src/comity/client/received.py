# SPDX-License-Identifier: Apache-2.0
"""Whether the receipt that came with a node's answer is one for it.  Pure; the one way there is, and no step of it can be left out.

     1. it is there, once: an answer comes with one; what was refused may be without
     2. it is of the log that the node's own entry names, and its proof holds (`transparency.verify`)
     3. it is of this request, in the size that crossed, and of this node
     4. the node decided by the law of its entry, and an answer is what it allowed
     5. it computed where its entry says, and an answer was computed somewhere
     6. nobody could read it whom its entry does not name, and of an answer it says who could
     7. it claims no more of its machine than its entry, and no more than a logged one where a partner could read

A stand-in of the lab may have answered, and says so: that is for whoever reads the receipt.  What does not hold is a TrustFailure of the
step `receipt`, or of the step that `verify` names.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, NamedTuple

import msgspec

from comity.client.checks import Known
from comity.errors import TrustFailure
from comity.seal.http import Fields
from comity.seal.padding import bucket
from comity.transparency.verify import verify

TRAILER = b"comity-receipt-bundle"
TRAILER_BYTES_MAX = 48 * 1024
SIZE_BYTES_MIN = 256
"""The least that a receipt says of a size."""
_LEVELS = ("A0", "A1", "A2", "A3")
_UPSTREAM_MAX = "A1"


class Sent(NamedTuple):
    """What crossed: its SHA-256, hexadecimal, and how long it was."""

    sealed: str
    size: int


def received(status: int, trailers: Fields, known: Known, sent: Sent) -> dict[str, Any] | None:
    """The bundle that came with an answer of ``status``; None where what was refused came without."""
    said, answered = [value for name, value in trailers if name == TRAILER], 200 <= status < 300
    if not said and not answered:
        return None
    _require(len(said) == 1 and len(said[0]) <= TRAILER_BYTES_MAX, "the node gave no receipt for its answer")  # 1
    entry, bundle = known.entry, _decoded(said[0])
    receipt = verify(bundle, vkey=entry.receipts).receipt  # 2
    own = receipt.get("sealed") == sent.sealed and receipt.get("node") == known.hash
    _require(own, "the node's receipt is of another request, or of another node")  # 3
    _require(receipt["size_bucket"] == bucket(sent.size, SIZE_BYTES_MIN), "the node's receipt is of another size than was sent")
    _require(receipt["policy"] == entry.policy, "the node decided by another law than the one in its log")  # 4
    _require(not answered or receipt["effect"] == "allow", "the node answered what its receipt says it refused")
    _require(set(receipt["destination"]) <= set(entry.processing), "the node says that it computed elsewhere than its log names")  # 5
    where = bool(receipt["destination"] and receipt["deployment"])
    _require(not answered or where, "the node's receipt does not say where its answer was computed")
    read_at = receipt["plaintext_at"]  # 6
    readers = ("node",) if entry.plaintext_at == "node" else ("node", "upstream")
    _require(read_at in readers or (not answered and read_at == "none"), "the node's receipt names other readers than its log")
    most = min(entry.level, _UPSTREAM_MAX) if read_at == "upstream" else entry.level  # 7
    _require(receipt["level"] in _LEVELS[: _LEVELS.index(most) + 1], "the node's receipt claims more of its machine than its log")
    return bundle


def _decoded(text: bytes) -> dict[str, Any]:
    try:
        raw = base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        read = msgspec.json.decode(raw)
    except (binascii.Error, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        read = None
    _require(isinstance(read, dict), "the node's receipt is not one")
    made: dict[str, Any] = read
    return made


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise TrustFailure(otherwise, step="receipt", code="trust.receipt", hint="do not rely on this answer; ask who runs the node")
