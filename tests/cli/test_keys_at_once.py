# SPDX-License-Identifier: Apache-2.0
"""`comity log verify` of a node log says when a pool had several keys; with `--one-key` it fails there."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from pathlib import Path

from comity.transparency.entry import encoded
from comity.transparency.publish import Publisher
from comity.transparency.store import Folder
from comity.transparency.tlog import TLog, signer_of
from tests.cli.conftest import Cli
from tests.logs import node_entry

SIGNER = signer_of(b"n" * 32)
DAYS = [f"2026-11-{day}T00:00:00Z" for day in range(10, 30)]


def entry(key: int, since: int, until: int) -> bytes:
    return encoded(node_entry(key=base64.b64encode(bytes([key])).decode(), since=DAYS[since], until=DAYS[until]))


def published(folder: Path, entries: Sequence[bytes]) -> tuple[str, ...]:
    async def run() -> None:
        log = await TLog.open(folder.with_suffix(".db"), SIGNER, seconds_max=10)
        try:
            await log.append(entries)
            await Publisher(log, Folder(folder)).publish()
        finally:
            await log.aclose()

    asyncio.run(run())
    return ("log", "verify", str(folder), "--vkey", SIGNER.verifier.vkey)


def test_one_key_at_a_time(cli: Cli, tmp_path: Path) -> None:
    words = published(tmp_path / "log", [entry(n, n, n + 1) for n in range(4)])
    done = cli(*words)
    assert done.code == 0 and "  one key at a time for each pool, of 4\n" in done.out
    assert cli(*words, "--one-key").code == 0 and cli("--json", *words).json()["keys_at_once"] == []


def test_several_keys_at_once_are_told_and_fail_only_where_that_is_asked(cli: Cli, tmp_path: Path) -> None:
    pairs = [[entry(2 * n, 2 * n, 2 * n + 1), entry(2 * n + 1, 2 * n, 2 * n + 1)] for n in range(7)]
    words = published(tmp_path / "log", [each for pair in pairs for each in pair])
    done = cli(*words)
    told = [line for line in done.out.splitlines() if "pool cn-assist" in line]
    assert done.code == 0 and len(told) == 5 and "  and 2 times before (--json)" in done.out
    assert told[-1] == f"  pool cn-assist: up to 2 keys at once, from {DAYS[12]} to {DAYS[13]}"
    rows = cli("--json", *words).json()["keys_at_once"]
    assert len(rows) == 7 and rows[0] == {"pool": "cn-assist", "since": DAYS[0], "until": DAYS[1], "keys": 2}
    failed = cli("--json", *words, "--one-key")
    assert failed.code == 5 and failed.error()["code"] == "trust.one-key" and "had 2 keys at once" in failed.error()["message"]


def test_what_is_no_entry_may_be_a_key_too(cli: Cli, tmp_path: Path) -> None:
    words = published(tmp_path / "log", [entry(1, 0, 1), b"{}"])
    done = cli(*words)
    assert done.code == 0 and "another version: 1\n" in done.out
    assert cli(*words, "--one-key").code == 5


def test_of_a_log_of_receipts_nothing_is_told(cli: Cli, tmp_path: Path) -> None:
    words = published(tmp_path / "log", [bytes([n]) * 32 for n in range(3)])
    assert "key" not in cli(*words).out and cli(*words, "--one-key").code == 5
