# SPDX-License-Identifier: Apache-2.0
"""C2SP tlog-proof: an entry's place, the way from it to a root, and the checkpoint with its signatures, as one text.  Pure."""

from __future__ import annotations

import base64

import msgspec

from comity.transparency.merkle import HASH_BYTES
from comity.transparency.note import NOTE_BYTES_MAX, decoded, parse_size

HEADER = "c2sp.org/tlog-proof@v1"
PATH_MAX = 63


class TLogProof(msgspec.Struct, frozen=True, kw_only=True):
    index: int
    path: tuple[bytes, ...]  # RFC 6962 section 2.1.1, the leaf's sibling first
    checkpoint: str  # a signed note


def written(proof: TLogProof) -> str:
    path = "".join(base64.b64encode(each).decode() + "\n" for each in proof.path)
    return f"{HEADER}\nindex {proof.index}\n{path}\n{proof.checkpoint}"


def parse(text: str) -> TLogProof:
    """Raises ValueError.  `extra` is for others and not read; its checkpoint is whatever follows, and not checked."""
    if len(text) > NOTE_BYTES_MAX + 4096:
        raise ValueError("the proof is too large")
    head, mark, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if not mark or lines[0] != HEADER:
        raise ValueError(f"it does not begin with `{HEADER}`")
    rest = lines[1:]
    if rest and rest[0].startswith("extra "):
        decoded(rest.pop(0).removeprefix("extra "))
    if not rest or not rest[0].startswith("index "):
        raise ValueError("it names no index")
    index = parse_size(rest.pop(0).removeprefix("index "))
    if len(rest) > PATH_MAX:
        raise ValueError("it is longer than any tree is high")
    path = tuple(decoded(each) for each in rest)
    if any(len(each) != HASH_BYTES for each in path):
        raise ValueError("a hash of it is not 32 bytes")
    return TLogProof(index=index, path=path, checkpoint=checkpoint)
