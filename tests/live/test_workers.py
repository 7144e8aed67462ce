# SPDX-License-Identifier: Apache-2.0
"""Several processes of one gateway on one database: they answer together, one that is killed is replaced, and none outlives the first."""

from __future__ import annotations

import http.client
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from comity.errors import OperatorError
from comity.lab.process import Process, ask
from comity.transparency.log_key import Shared
from comity.transparency.reader import Reader
from comity.transparency.verify import verify
from tests.live.places import BEIJING, EchoPartner, gateway
from tests.simulated.worlds import subject

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists() or sys.platform == "win32", reason="looks for processes in /proc")
WORKERS = 2
KEY = b"k" * 32


@pytest.fixture
def stored(tmp_path: Path, postgres_url: str) -> str:
    (tmp_path / "url").write_text(postgres_url)
    (tmp_path / "key").write_text(KEY.hex())
    return f"\n[storage]\nurl = {{ file = '{tmp_path / 'url'}' }}\nlog_key = {{ file = '{tmp_path / 'key'}' }}\n"


@pytest.fixture
def several(tmp_path: Path, stored: str) -> Iterator[Process]:
    with EchoPartner() as partner:
        config = BEIJING.replace("{base}", partner.base).replace("port = 0\n", f"port = 0\nworkers = {WORKERS}\n") + stored
        with gateway(tmp_path, config) as process:
            yield process


def of(parent: int) -> list[int]:
    """Its children that have not ended."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, above = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if int(above) == parent and state != "Z":
                found.append(int(entry.name))
    return sorted(found)


def until(so: Callable[[], bool]) -> None:
    tick = threading.Event()
    for _ in range(1200):
        if so():
            return
        tick.wait(0.05)
    raise AssertionError("it does not come to that")


def said(process: Process, text: str) -> str:
    """The receipt of a request that is asked again where its connection died with a worker."""
    while True:
        try:
            reply = ask(process.base, {"model": "us-virginia", "messages": [{"role": "user", "content": text}]}, subject("US"))
        except (OSError, http.client.HTTPException):
            continue
        assert reply.status == 200 and text in reply.text()
        return reply.headers["comity-receipt"]


def test_they_answer_together_and_one_that_is_killed_is_replaced(several: Process, postgres_url: str) -> None:
    workers = of(several.pid)
    assert len(workers) == WORKERS
    receipts = [said(several, f"before {number}") for number in range(8)]
    os.kill(workers[0], signal.SIGKILL)
    receipts += [said(several, f"after {number}") for number in range(8)]
    until(lambda: len(of(several.pid)) == WORKERS and of(several.pid) != workers)
    receipts.append(said(several, "at last"))
    last = of(several.pid)
    several.stop()
    assert several._child.returncode == 0
    assert not any(Path(f"/proc/{worker}").exists() for worker in last)
    with Reader.open(Shared(postgres_url, KEY)) as reader:
        assert reader.last().place + 1 >= len(set(receipts)) == 17
        for receipt in receipts:
            assert verify(reader.bundle(receipt), vkey=reader.vkey).receipt["id"] == receipt


def test_none_outlives_the_first(several: Process) -> None:
    workers = of(several.pid)
    several.kill()
    until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))


def test_a_hangup_reaches_them_all(several: Process, tmp_path: Path) -> None:
    from comity.cli.reload import asked

    workers = of(several.pid)
    assert asked(tmp_path / "gateway").reloads == 1
    assert of(several.pid) == workers
    said(several, "still there")


def test_what_is_wrong_is_said_once_and_ends_them(tmp_path: Path, stored: str) -> None:
    (tmp_path / "url").write_text("postgresql://nobody@127.0.0.1:1/nothing")
    config = BEIJING.replace("{base}", "http://127.0.0.1:1").replace("port = 0\n", f"port = 0\nworkers = {WORKERS}\n") + stored
    with pytest.raises(OperatorError, match="ended at its start"), gateway(tmp_path, config):
        pass
    assert (tmp_path / "gateway.log").read_text().count("storage.unavailable") == 1
