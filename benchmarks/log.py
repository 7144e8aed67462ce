# SPDX-License-Identifier: Apache-2.0
"""A public log on this machine: entries a second that are appended durably, in batches, and that are published as tiles.

python benchmarks/log.py [FOLDER | URL] [--entries N]   FOLDER: on the disk to measure; a temporary one without it
                                                        URL: postgresql://… of an empty database; the server's own CPU is not counted

Appended: durable on SQLite with `synchronous=FULL`, in the tree's frontier, its place known to whoever asked.  Published: bundles and
tiles written to a folder, each synced, and a checkpoint signed.  CPU is of all threads; the rate is by the wall.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import tempfile
import time
from pathlib import Path

from comity.transparency import published
from comity.transparency.publish import Publisher
from comity.transparency.store import Folder
from comity.transparency.tlog import TLog, signer_of

BATCHES = ((1, 256), (16, 64), (256, 8), (1024, 4), (4096, 2))
"""Entries in a batch, and how many callers append at once."""
ENTRY = b"e" * 24


async def appended(log: TLog, size: int, callers: int, entries: int) -> tuple[float, float]:
    """(µs of CPU an entry, entries a second)."""
    rounds = max(entries // (size * callers), 1)

    async def caller(name: int) -> None:
        for n in range(rounds):
            begin = (name * rounds + n) * size
            await log.append([ENTRY + (begin + each).to_bytes(8, "big") for each in range(size)])

    cpu, wall = time.process_time(), time.perf_counter()
    await asyncio.gather(*map(caller, range(callers)))
    done = rounds * size * callers
    return (time.process_time() - cpu) / done * 1e6, done / (time.perf_counter() - wall)


async def measure(where: Path | str, folder: Path, entries: int) -> None:
    signer = signer_of(b"k" * 32)
    print(f"{'entries a batch':>16} {'at once':>8} {'µs CPU/entry':>13} {'entries/s':>12}")
    for number, (size, callers) in enumerate(BATCHES):
        log = await TLog.open(where / f"{number}.db" if isinstance(where, Path) else where, signer, seconds_max=60)
        cost, rate = await appended(log, size, callers, entries)
        print(f"{size:16} {callers:8} {cost:13.1f} {rate:12,.0f}", flush=True)
        if number + 1 < len(BATCHES):
            await log.aclose()
    store = Folder(folder / "tiles")
    cpu, wall = time.process_time(), time.perf_counter()
    done = await Publisher(log, store).publish()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(f"published: {done.size:,} entries, {cpu / done.size * 1e6:.1f} µs of CPU each, {done.size / wall:,.0f} a second")
    cpu = time.process_time()
    async for _ in published.whole(store.get, signer.verifier):
        pass
    print(f"read back and checked whole: {(time.process_time() - cpu) / done.size * 1e6:.1f} µs of CPU an entry")
    await log.aclose()


def machine(folder: Path) -> str:
    """Its processor, and what the folder lies on."""
    cpu = next((line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), platform.processor())
    mounts = [line.split()[:3] for line in _lines("/proc/mounts")]
    under = [each for each in mounts if folder.resolve().is_relative_to(each[1])]
    disk = max(under, key=lambda each: len(each[1]), default=["?", "?", "?"])
    return f"{cpu}, Python {platform.python_version()}; {folder} on {disk[0]} ({disk[2]})"


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def main() -> None:
    try:
        from uvloop import run  # as the gateway has it
    except ImportError:
        from asyncio import run
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("where", nargs="?", default="")
    parser.add_argument("--entries", type=int, default=400_000, help="appended for each line of the table (400000)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="comity-log-", dir=given.where if given.where and "://" not in given.where else None) as made:
        print(machine(Path(made)))
        run(measure(given.where if "://" in given.where else Path(made), Path(made), given.entries))


if __name__ == "__main__":
    main()
