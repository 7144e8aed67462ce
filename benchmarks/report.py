# SPDX-License-Identifier: Apache-2.0
"""How long a report takes to be made and to be audited, and how large it is: of all receipts of a log, of a third of them scattered among
the others, and with a node's receipt beside each.

python benchmarks/report.py [RECEIPTS]      10,000 without it; seconds of one core, the best of three
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from comity.jurisdictions.load import shipped
from comity.ports import SystemClock, SystemRandom
from comity.storage.open import look_into
from comity.transparency.ledger import Ledger, Outcome
from comity.transparency.log_key import standing_signer
from comity.transparency.receipt import Receipt, grounds
from comity.transparency.report.archive import Archive
from comity.transparency.report.audit import audit
from comity.transparency.report.gather import Asked, Beside, made, texts_of
from comity.transparency.report.law import digest_of, policy_of
from comity.transparency.rows import DATABASE

T = TypeVar("T")
AT_ONCE, ROUNDS = 256, 3
WORDS = grounds({"general"}, "consent")
FACTS = b'{"consent":["general"],"legal_basis":"consent"}'
TEXTS = texts_of(files("comity.jurisdictions").joinpath("packs", name) for name in shipped())
POLICY = policy_of((name, digest_of(text)) for name, text in TEXTS.items())
CN = next(name for name in TEXTS if name.startswith("cn@"))


class Log:
    def __init__(self, ledger: Ledger, home: Path) -> None:
        self.ledger, self.home = ledger, home

    @classmethod
    async def open(cls, home: Path) -> Log:
        return cls(await Ledger.open(home, clock=SystemClock(), random=SystemRandom(), record_seconds_max=60), home)

    async def add(self, subject: str, *, node: str = "", sealed: str = "", outcome: Outcome) -> str:
        receipt = Receipt(
            id=self.ledger.new_id(), at="2026-11-23T12:00Z", issuer=self.ledger.origin, key=self.ledger.key_id, effect="allow", source="CN",
            destination=("CN",), deployment="qwen-beijing", reasons=("cn-pipl-13", "cn-pipl-55", "cn-label-9"),
            rules=("cn.domestic", "cn.owe.records", "cn.owe.label.logs"), obligations=("label.explicit", "log.retain_months:6"),
            packs=(CN,), policy=POLICY, plaintext_at="upstream", level="A0", size_bucket=1024,
            retention_months=36, node=node, sealed=sealed,
        )  # fmt: skip
        await self.ledger.record(
            receipt, request_id=receipt.id, subject=subject, facts=FACTS, decision=b"{}", grounds=WORDS
        )  # fmt: skip
        await self.ledger.finish(receipt.id, outcome)
        return receipt.id


async def plain(home: Path, count: int) -> str:
    log = await Log.open(home)
    for begin in range(0, count, AT_ONCE):
        ended = Outcome(at=SystemClock().now(), status="ok")
        await asyncio.gather(*(log.add("me" if n % 3 == 0 else "other", outcome=ended) for n in range(begin, min(begin + AT_ONCE, count))))
    await log.ledger.aclose()
    return log.ledger.vkey


async def through_a_node(home: Path, count: int) -> str:
    own, node = await Log.open(home / "own"), await Log.open(home / "node")
    now, name = SystemClock().now(), "ab" * 32

    async def crossed(n: int) -> None:
        sealed = hashlib.sha256(b"%d" % n).hexdigest()
        there = await node.add("other", node=name, sealed=sealed, outcome=Outcome(at=now, status="ok"))
        bundle = await node.ledger.bundle(there)
        await own.add("me", node=name, outcome=Outcome(at=now, status="ok", sealed=sealed, received=bundle))

    for begin in range(0, count, AT_ONCE):
        await asyncio.gather(*(crossed(n) for n in range(begin, min(begin + AT_ONCE, count))))
    await own.ledger.aclose()
    await node.ledger.aclose()
    return own.ledger.vkey


def report(home: Path, subject: str | None) -> bytes:
    out, look = io.BytesIO(), look_into(home / DATABASE, "log", seconds_max=60)
    made(look.look, standing_signer(home), Asked(subject), Beside(SystemClock().now(), "benchmark", TEXTS), out)
    look.close()
    return out.getvalue()


def best(work: Callable[[], T]) -> tuple[float, T]:
    found: list[tuple[float, T]] = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        value = work()
        found.append((time.process_time() - begin, value))
    return min(found, key=lambda each: each[0])


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    print(f"{'':44} receipts  made s  audited s       bytes")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        whole, sealed = home / "plain", home / "sealed"
        whole.mkdir(mode=0o700)
        sealed.mkdir(mode=0o700)
        key = asyncio.run(plain(whole, count))
        theirs = asyncio.run(through_a_node(sealed, count))
        for name, place, subject, vkey in (
            ("everything", whole, None, key),
            ("one person's third of them", whole, "me", key),
            ("each with the receipt of its node", sealed / "own", None, theirs),
        ):
            making, raw = best(lambda place=place, subject=subject: report(place, subject))  # type: ignore[misc]
            checking, found = best(lambda raw=raw, vkey=vkey: audit(Archive(io.BytesIO(raw)), vkeys=[vkey]))  # type: ignore[misc]
            print(f"{name:44} {found.manifest.receipts:8,} {making:7.2f} {checking:10.2f} {len(raw):11,}")


if __name__ == "__main__":
    main()
