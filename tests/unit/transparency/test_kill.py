# SPDX-License-Identifier: Apache-2.0
"""`kill -9` at any moment: whatever was said to be recorded is there, with a proof, and the log goes on from it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import pytest

from comity.ports import SystemRandom
from comity.transparency.ledger import Ledger
from comity.transparency.log_key import Place, Shared
from comity.transparency.merkle import consistency_holds, consistency_proof
from comity.transparency.note import Checkpoint, opened, parse_checkpoint, parse_vkey
from comity.transparency.reader import Reader
from comity.transparency.rows import worked_out
from comity.transparency.verify import verify
from tests.fakes import FakeClock

CHILD = """
import asyncio, os, pathlib, sys
from comity.ports import SystemClock, SystemRandom
from comity.transparency.ledger import Ledger, Outcome
from comity.transparency.log_key import Shared
from comity.transparency.receipt import Receipt

async def caller(ledger, clock, name):
    n = 0
    while True:
        n += 1
        receipt = Receipt(id=ledger.new_id(), at="2026-11-23T12:00Z", issuer=ledger.origin, key=ledger.key_id, effect="allow")
        await ledger.record(receipt, request_id=ledger.new_id(), subject=None, facts=b'{"n":%d}' % (n % 50), decision=b"{}")
        os.write(1, f"recorded {receipt.id}\\n".encode())
        if n % 3:
            await ledger.finish(receipt.id, Outcome(at=clock.now(), status="ok"))
            os.write(1, f"finished {receipt.id}\\n".encode())

async def main(where, url):
    clock = SystemClock()
    place = Shared(url, b"k" * 32) if url else pathlib.Path(where)
    ledger = await Ledger.open(place, clock=clock, random=SystemRandom(), record_seconds_max=30)
    await asyncio.gather(*(caller(ledger, clock, name) for name in range(16)))

asyncio.run(main(*sys.argv[1:]))
"""
Said = dict[str, set[str]]
NEWEST = 300
"""All of the newest are proved; of those that earlier rounds proved, one in twenty."""


def run_and_kill(place: Place, lines: int) -> Said:
    """What the child said before it was killed, in the midst of its work."""
    said: Said = {"recorded": set(), "finished": set()}
    where = ["", place.url] if isinstance(place, Shared) else [str(place), ""]
    with subprocess.Popen([sys.executable, "-c", CHILD, *where], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for number, line in enumerate(child.stdout, 1):
            if number == lines:
                child.kill()
            if line.endswith("\n"):
                what, receipt = line.split()
                said[what].add(receipt)
    assert child.returncode == -9 and len(said["recorded"]) + len(said["finished"]) >= lines
    return said


async def gone_on_with(place: Place, reference: str) -> tuple[str, Any]:
    """The log's key, and the bundle that a gateway would hand out."""
    ledger = await Ledger.open(place, clock=FakeClock(), random=SystemRandom(), record_seconds_max=30)
    try:
        return ledger.vkey, await ledger.bundle(reference)
    finally:
        await ledger.aclose()


def check(place: Place, said: Said) -> Checkpoint:
    """Everything that was said is there; what was not is whole or absent.  Returns the head."""
    with Reader.open(place) as reader:
        kept = {record.receipt["id"]: record for record in reader.tail(1_000_000)}
        newest = max(kept, key=lambda name: kept[name].place)
        vkey, bundle = asyncio.run(gone_on_with(place, newest))
        assert bundle == reader.bundle(newest)
        head = parse_checkpoint(opened(reader.checkpoint(), parse_vkey(vkey)))
        assert sorted(record.place for record in kept.values()) == list(range(head.size))
        assert said["recorded"] <= kept.keys()
        assert {name for name, record in kept.items() if record.outcome} >= said["finished"]
        for receipt, record in list(kept.items())[:-NEWEST:20] + list(kept.items())[-NEWEST:]:
            found = verify(reader.bundle(receipt), vkey=vkey)
            assert (found.receipt["id"], found.index, found.size) == (receipt, record.place, head.size)
    return head


def series(place: Place, lines: list[int]) -> None:
    said: Said = {"recorded": set(), "finished": set()}
    before: Checkpoint | None = None
    for count in lines:
        for what, receipts in run_and_kill(place, count).items():
            said[what] |= receipts
        head = check(place, said)
        if before is not None:  # nothing that was signed for is ever signed for otherwise
            with Reader.open(place) as reader:
                proof = reader._look(lambda old=before, new=head: worked_out(lambda node: consistency_proof(old.size, new.size, node)))
            assert consistency_holds(before.size, head.size, before.root, head.root, proof)
        before = head
    with Reader.open(place) as reader:  # by then some were unfinished when they were cut off, and are shown as such
        assert any(record.outcome is None for record in reader.tail(1_000_000))


def test_what_was_recorded_outlives_the_process(place: Place) -> None:
    series(place, [1, 150, 400])


@pytest.mark.full
def test_a_long_series_of_kills_on_one_log(place: Place) -> None:
    series(place, [1 + 97 * n % 701 for n in range(20)])
