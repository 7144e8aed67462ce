# SPDX-License-Identifier: Apache-2.0
"""A public log in memory, with witnesses that sign whatever it says: what a client must be shown before it trusts a node."""

from __future__ import annotations

from datetime import datetime

from comity.transparency.entry import NodeEntry, encoded
from comity.transparency.merkle import Frontier, inclusion_proof, leaf_hash
from comity.transparency.note import COSIGNED_ED25519, COSIGNED_MLDSA44, Checkpoint, Signer, checkpoint_text
from comity.transparency.tlog_proof import TLogProof, written
from comity.transparency.trust import Trust


class MemoryLog:
    """Every other witness signs with ML-DSA-44, the rest with Ed25519."""

    def __init__(self, witnesses: int = 2, name: str = "log.example/nodes") -> None:
        self.signer = Signer(name, name.encode().ljust(32, b"-")[:32])
        kinds = [COSIGNED_MLDSA44, COSIGNED_ED25519] * witnesses
        self.witnesses = [Signer(f"witness.example/{n}", bytes([n + 1]) * 32, kinds[n]) for n in range(witnesses)]
        self.entries: list[bytes] = []
        self._nodes: dict[tuple[int, int], bytes] = {}
        self._tree = Frontier()

    def trust(self, *, quorum: int | None = None, age_seconds_max: int = 86_400) -> Trust:
        keys = tuple(each.verifier.vkey for each in self.witnesses)
        return Trust(
            log=self.signer.verifier.vkey, witnesses=keys, quorum=len(keys) if quorum is None else quorum, age_seconds_max=age_seconds_max
        )

    def append(self, entry: NodeEntry | bytes) -> bytes:
        raw = entry if isinstance(entry, bytes) else encoded(entry)
        self._nodes[0, len(self.entries)] = leaf_hash(raw)
        self._nodes.update({(level, index): value for level, index, value in self._tree.append(leaf_hash(raw))})
        self.entries.append(raw)
        return raw

    def checkpoint(self, at: datetime, *, witnesses: int | None = None) -> str:
        """Of all that is in the log; of ``witnesses`` only the first so many sign."""
        text = checkpoint_text(Checkpoint(self.signer.verifier.name, self._tree.size, self._tree.root()))
        cosigned = [str(each.cosignature(text, int(at.timestamp()))) for each in self.witnesses[:witnesses]]
        return self.signer.note(text) + "".join(cosigned)

    def prove(self, entry: NodeEntry | bytes, at: datetime, *, witnesses: int | None = None) -> str:
        """The tlog-proof of an entry, which is logged first where it is not."""
        raw = entry if isinstance(entry, bytes) else encoded(entry)
        if raw not in self.entries:
            self.append(raw)
        index = self.entries.index(raw)
        path = inclusion_proof(index, len(self.entries), lambda level, at: self._nodes[level, at])
        return written(TLogProof(index=index, path=tuple(path), checkpoint=self.checkpoint(at, witnesses=witnesses)))


RECEIPTS = Signer("receipts.example/log", b"r" * 32)
"""The key of the log in which the node of `node_entry` records."""


def node_entry(**changed: object) -> NodeEntry:
    """An entry with everything in it, and what is ``changed``."""
    said: dict[str, object] = {
        "pool": "cn-assist", "operator": "Example Ltd", "region": "CN", "url": "https://node.example", "key": "AQAgAA==",
        "receipts": RECEIPTS.verifier.vkey,
        "since": "2026-11-23T00:00:00Z", "until": "2026-11-24T00:00:00Z", "level": "A0", "evidence": "", "image": "",
        "egress": ("dashscope.aliyuncs.com:443",), "plaintext_at": "upstream", "processing": ("CN",), "labels": ("explicit",),
        "retention_months": 36, "content_seconds_max": 0, "policy": "ab" * 32,
        "padding_bytes_min": 1024, "event_bytes_min": 256, "beat_milliseconds": 50,
    }  # fmt: skip
    return NodeEntry(**{**said, **changed})  # type: ignore[arg-type]
