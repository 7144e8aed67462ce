# SPDX-License-Identifier: Apache-2.0
"""Nodes that were relied on: the entry of each, with the proof that it was in the public log then.  Reports hold them for who audits."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from comity.storage.database import Script, Statement
from comity.transparency.entry import parse
from comity.transparency.merkle import Frontier, inclusion_proof, leaf_hash
from comity.transparency.note import parse_checkpoint, parse_note
from comity.transparency.tlog_proof import TLogProof, written


class Met(NamedTuple):
    raw: bytes
    proof: str  # a C2SP tlog-proof


def keep(entry: str, raw: bytes, proof: str) -> Script[None]:
    """``entry``: its SHA-256, hexadecimal.  Of several proofs the first stays: it is the one that was there before anything was sent."""
    yield Statement("INSERT INTO met VALUES (?, ?, ?) ON CONFLICT (entry) DO NOTHING", (entry, raw, proof))


def kept(entry: str) -> Script[Met | None]:
    """Of a state."""
    found = yield Statement("SELECT raw, proof FROM met WHERE entry = ?", (entry,))
    return Met(bytes(found[0][0]), str(found[0][1])) if found else None


def pools() -> Script[list[str]]:
    """Whose nodes were relied on.  Of a state."""
    found = yield Statement("SELECT raw FROM met")
    return sorted({parse(bytes(row[0])).pool for row in found})


def own(entry: str) -> Script[Met | None]:
    """Of a node's own log, against the newest head that was witnessed; None for what that does not cover."""
    heads = yield Statement("SELECT witnessed FROM published")
    entries = [bytes(row[0]) for row in (yield Statement("SELECT entry FROM entries ORDER BY idx"))]
    note = str(heads[0][0]) if heads else ""
    size = parse_checkpoint(parse_note(note)[0]).size if note else 0
    names = [hashlib.sha256(each).hexdigest() for each in entries[:size]]
    if entry not in names:
        return None
    index, tree, nodes = names.index(entry), Frontier(), dict[tuple[int, int], bytes]()
    for at, each in enumerate(entries[:size]):
        nodes[0, at] = leaf_hash(each)
        nodes |= {(level, place): value for level, place, value in tree.append(nodes[0, at])}
    path = inclusion_proof(index, size, lambda level, place: nodes[level, place])
    return Met(entries[index], written(TLogProof(index=index, path=tuple(path), checkpoint=note)))
