# SPDX-License-Identifier: Apache-2.0
"""A person's log and an operator's, with what a node between them leaves in both; reports of them, and forgeries by a key's holder."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from comity.jurisdictions.load import shipped
from comity.ports import SystemRandom
from comity.storage.open import look_into
from comity.transparency.ledger import Ledger, Outcome
from comity.transparency.log_key import standing_signer
from comity.transparency.met import Met
from comity.transparency.note import Signer
from comity.transparency.receipt import Receipt, grounds
from comity.transparency.report import shapes
from comity.transparency.report.archive import Archive
from comity.transparency.report.audit import Audited, audit
from comity.transparency.report.gather import Asked, Beside, encode, made, texts_of
from comity.transparency.report.law import digest_of, policy_of
from comity.transparency.report.shapes import Listed, Manifest
from comity.transparency.rows import DATABASE
from tests.fakes import FakeClock
from tests.logs import MemoryLog, node_entry

ME, OTHER = "aa" * 16, "bb" * 16
TEXTS = texts_of(files("comity.jurisdictions").joinpath("packs", name) for name in shipped())
POLICY = policy_of((name, digest_of(text)) for name, text in TEXTS.items())
CN = next(name for name in TEXTS if name.startswith("cn@"))
WORDS = grounds({"general", "separate_cross_border"}, "consent")
FACTS = b'{"consent":["general","separate_cross_border"],"legal_basis":"consent"}'


class Log:
    """One home."""

    def __init__(self, ledger: Ledger, home: Path, clock: FakeClock) -> None:
        self.ledger, self.home, self.clock = ledger, home, clock
        self.nodes: dict[str, Met] = {}

    @classmethod
    async def open(cls, home: Path, clock: FakeClock) -> Log:
        return cls(await Ledger.open(home, clock=clock, random=SystemRandom(), record_seconds_max=60), home, clock)

    @property
    def signer(self) -> Signer:
        return standing_signer(self.home)

    async def add(self, subject: str | None = ME, *, outcome: Mapping[str, Any] | None = None, ended: bool = True, **more: Any) -> Receipt:
        said: dict[str, Any] = {
            "at": self.clock.now().isoformat(timespec="minutes")[:16] + "Z", "effect": "allow", "source": "CN", "destination": ("CN",),
            "deployment": "qwen-beijing", "reasons": ("cn-pipl-55",), "rules": ("cn.owe.records",), "packs": (CN,), "policy": POLICY,
            "obligations": ("label.explicit", "record.retain_years:3"), "plaintext_at": "upstream", "level": "A0", "size_bucket": 1024,
        }  # fmt: skip
        receipt = Receipt(id=self.ledger.new_id(), issuer=self.ledger.origin, key=self.ledger.key_id, **{**said, **more})
        words = WORDS if receipt.version > 1 else b""
        await self.ledger.record(receipt, request_id="r-" + receipt.id, subject=subject, facts=FACTS, decision=b"{}", grounds=words)
        if ended and receipt.effect == "allow":
            await self.ledger.finish(receipt.id, Outcome(**{"at": self.clock.now(), "status": "ok", **(outcome or {})}))
        return receipt

    def report(self, subject: str | None = ME, **span: datetime | None) -> bytes:
        """As a command makes it, from outside."""
        out, look = io.BytesIO(), look_into(self.home / DATABASE, "log", seconds_max=10)
        try:
            made(look.look, self.signer, Asked(subject, **span), Beside(self.clock.now(), "comity 0", TEXTS, node=self.nodes.get), out)
        finally:
            look.close()
        return out.getvalue()


async def crossed(own: Log, operator: Log, public: MemoryLog, count: int = 1, *, records: Log | None = None, **received: Any) -> list[str]:
    """``count`` requests sealed by ``own`` to a node that ``operator`` runs; ids of the operator's receipts.  ``records``: the log that the
    node says it records in, where that is another."""
    raw = public.append(node_entry(policy=POLICY, receipts=(records or operator).ledger.vkey))
    name = hashlib.sha256(raw).hexdigest()
    own.nodes.setdefault(name, Met(raw, public.prove(raw, own.clock.now())))
    operator.nodes[name] = Met(raw, public.prove(raw, own.clock.now()))
    ids = []
    for _ in range(count):
        sealed = hashlib.sha256(own.ledger.new_id().encode()).hexdigest()
        there = await operator.add(OTHER, node=name, sealed=sealed)
        bundle = await operator.ledger.bundle(there.id)
        await own.add(node=name, outcome={"sealed": sealed, "received": bundle, **received})
        ids.append(there.id)
    return ids


def audited(raw: bytes, **pinned: Any) -> Audited:
    return audit(Archive(io.BytesIO(raw)), **pinned)


def members(raw: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(raw)) as held:
        return {name: held.read(name) for name in held.namelist()}


def zipped(files_: Mapping[str, bytes] | Sequence[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    pairs = files_.items() if isinstance(files_, Mapping) else files_
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made_:
        for name, raw in pairs:
            made_.writestr(name, raw)
    return out.getvalue()


def forged(raw: bytes, signer: Signer, change: Callable[[dict[str, bytes]], None], **manifest: Any) -> bytes:
    """As whoever holds the log's key could make it: ``change``d, listed anew and signed."""
    held = members(raw)
    before = msgspec.json.decode(held.pop(shapes.MANIFEST), type=Manifest)
    del held[shapes.NOTE]
    change(held)
    listed = tuple(Listed(name=name, bytes=len(held[name]), sha256=hashlib.sha256(held[name]).hexdigest()) for name in sorted(held))
    held[shapes.MANIFEST] = encode(msgspec.structs.replace(before, files=listed, **manifest))
    held[shapes.NOTE] = shapes.signed(hashlib.sha256(held[shapes.MANIFEST]).hexdigest(), signer).encode()
    return zipped(held)


def later(clock: FakeClock, seconds: float = 3600) -> datetime:
    return clock.now() + timedelta(seconds=seconds)
