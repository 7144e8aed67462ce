# SPDX-License-Identifier: Apache-2.0
"""`kill -9` while a public log is appended to, published and witnessed: what was acknowledged is in its place, and whatever any witness
ever signed is one history."""

from __future__ import annotations

import asyncio
import base64
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from comity.transparency import published
from comity.transparency.merkle import EMPTY_ROOT, Frontier, leaf_hash
from comity.transparency.note import Checkpoint, parse_checkpoint, parse_note, signed_checkpoint
from comity.transparency.publish import Publisher
from comity.transparency.store import Folder
from comity.transparency.tlog import TLog, signer_of

SIGNER = signer_of(b"n" * 32)
CHILD = """
import asyncio, base64, os, sys
from pathlib import Path
from comity.ports import SystemClock
from comity.transparency.publish import Cosigner, Publisher, Reply
from comity.transparency.store import Folder
from comity.transparency.tlog import TLog, signer_of
from comity.transparency.witness import Witness, keys_of

signer, folder = signer_of(b"n" * 32), Path(sys.argv[1])

def asked(witness):
    async def ask(body):
        answer = await witness.add(body)
        return Reply(answer.status, answer.body.encode())
    return ask

async def caller(log, name):
    n = 0
    while True:
        n += 1
        entries = [b"%d:%d:%d:%d" % (os.getpid(), name, n, each) for each in range(name % 7 + 1)]
        places = await log.append(entries)
        for place, entry in zip(places, entries):
            os.write(1, b"entry %d %s\\n" % (place, base64.b64encode(entry)))

async def publishing(log, publisher):
    while True:
        if (await publisher.publish()).shown:
            note = (await log.heads.notes()).witnessed
            os.write(1, b"checkpoint 0 %s\\n" % base64.b64encode(note.encode()))

async def main():
    log = await TLog.open(folder / "log.db", signer, seconds_max=30)
    cosigners = []
    for n in range(2):
        keys = keys_of("witness.example/%d" % n, bytes([n]) * 32)
        witness = await Witness.open(folder / f"w{n}.db", keys, [signer.verifier], clock=SystemClock(), seconds_max=30)
        cosigners.append(Cosigner(keys[1].verifier, asked(witness)))
    publisher = Publisher(log, Folder(folder / "tiles"), cosigners, 2)
    await asyncio.gather(publishing(log, publisher), *(caller(log, name) for name in range(12)))

asyncio.run(main())
"""


class Said:
    def __init__(self) -> None:
        self.entries: dict[int, bytes] = {}
        self.notes: list[str] = []

    def run_and_kill(self, folder: Path, lines: int) -> None:
        """What the child said before it was killed, in the midst of its work."""
        with subprocess.Popen([sys.executable, "-c", CHILD, str(folder)], stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            for number, line in enumerate(child.stdout, 1):
                if number == lines:
                    child.kill()
                if not line.endswith("\n"):
                    continue
                what, place, raw = line.split()
                value = base64.b64decode(raw)
                if what == "checkpoint":
                    self.notes.append(value.decode())
                else:
                    assert self.entries.setdefault(int(place), value) == value, "one place was given to two entries"
        assert child.returncode == -9


def check(folder: Path, said: Said) -> int:
    """How many entries there are."""
    entries, shown, notes = asyncio.run(standing(folder))
    for place, entry in said.entries.items():
        assert entries[place] == entry
    tree, roots = Frontier(), [EMPTY_ROOT]
    for entry in entries:
        tree.append(leaf_hash(entry))
        roots.append(tree.root())
    heads = [signed_checkpoint(note, SIGNER.verifier) for note in [*said.notes, *notes] if note]
    heads += [seen for n in range(2) if (seen := last_seen(folder / f"w{n}.db")) is not None]
    if shown is not None:
        heads.append(shown)
    assert all(roots[head.size] == head.root for head in heads), "a head that was signed is not of this log"
    return len(entries)


async def standing(folder: Path) -> tuple[list[bytes], Checkpoint | None, list[str]]:
    """What the database holds, what is shown, which verifies whole, and what was signed."""
    log, store = await TLog.open(folder / "log.db", SIGNER, seconds_max=30), Folder(folder / "tiles")
    shown = await published.head(store.get, SIGNER.verifier)
    if shown is not None:
        assert [done async for done, *_ in published.whole(store.get, SIGNER.verifier)][-1] == shown.checkpoint.size
    entries, notes = await log.entries(0, await log.size()), list(await log.heads.notes())
    await log.aclose()
    return entries, shown.checkpoint if shown is not None else None, notes


def last_seen(database: Path) -> Checkpoint | None:
    if not database.exists():
        return None
    with closing(sqlite3.connect(database)) as db:
        try:
            row = db.execute("SELECT note FROM seen").fetchone()
        except sqlite3.OperationalError:  # killed before its first table
            return None
    return parse_checkpoint(parse_note(row[0])[0]) if row else None


def series(folder: Path, lines: list[int]) -> None:
    said, before = Said(), 0
    for count in lines:
        said.run_and_kill(folder, count)
        size = check(folder, said)
        assert size >= before
        before = size
    assert said.notes, "it was never published"
    asyncio.run(gone_on_with(folder, before))


async def gone_on_with(folder: Path, size: int) -> None:
    log = await TLog.open(folder / "log.db", SIGNER, seconds_max=30)
    assert (await Publisher(log, Folder(folder / "tiles")).publish()).size == size
    await log.aclose()


def test_what_was_appended_outlives_the_process(tmp_path: Path) -> None:
    series(tmp_path, [1, 400, 1500])


@pytest.mark.full
def test_fifty_kills_of_one_log(tmp_path: Path) -> None:
    series(tmp_path, [1 + 97 * n % 1201 for n in range(50)])
