# SPDX-License-Identifier: Apache-2.0
"""Rates of two gateways in a real server, where one is on this machine: `valkey-server` or `redis-server` on the path."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from comity.config import RatesConfig
from comity.errors import StorageFailure
from comity.gateway.allowance.minute import Asked, Full, Minute, Room, give, take
from comity.gateway.allowance.valkey import connect
from tests.fakes import FakeClock

START_SECONDS_MAX = 20.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    pytest.importorskip("valkey", reason="the client of Valkey is not installed")
    program = shutil.which("valkey-server") or shutil.which("redis-server")
    if program is None:
        pytest.skip("neither `valkey-server` nor `redis-server` is on this machine")
    socket = tmp_path / "valkey.sock"
    run = subprocess.Popen([program, "--port", "0", "--unixsocket", socket, "--save", "", "--dir", tmp_path], stdout=subprocess.DEVNULL)
    until = time.monotonic() + START_SECONDS_MAX
    while not socket.exists() and run.poll() is None and time.monotonic() < until:
        run.poll()
    yield f"unix://{socket}", run
    run.kill()
    run.wait()


async def test_two_gateways_count_together(server: tuple[str, subprocess.Popen[bytes]]) -> None:
    clock = FakeClock()
    here, there = connect(server[0], clock), connect(server[0], clock)
    asked = [
        Asked("tenant:t", RatesConfig(requests_per_minute=50), 0),
        Asked("key:a", RatesConfig(requests_per_minute=40, tokens_per_minute=300), 10),
    ]
    answers = await asyncio.gather(*(each.take(asked, str(number)) for number, each in enumerate([here, there] * 40)))
    passed = [answer for answer in answers if not isinstance(answer, Full)]
    assert len(passed) == 30 and sorted(passed) == [[Room(n, 0), Room(n, 10 * n)] for n in range(1, 31)]
    assert {answer for answer in answers if isinstance(answer, Full)} == {Full("key:a", "tokens_per_minute", 300, 61)}
    await asyncio.gather(here.aclose(), there.aclose())


async def test_the_server_s_lua_does_what_python_does(server: tuple[str, subprocess.Popen[bytes]]) -> None:
    clock, minutes, limits = (
        FakeClock(),
        defaultdict[str, Minute](Minute),
        RatesConfig(requests_per_minute=4, tokens_per_minute=50, concurrent=2),
    )
    rates, running = connect(server[0], clock), list[str]()
    for number in range(120):
        now = int(clock.now().timestamp())
        asked = [Asked("key:a", limits, number * 7 % 23)]
        here = take(minutes, asked, now, str(number))
        assert await rates.take(asked, str(number)) == here
        if not isinstance(here, Full):
            running.append(str(number))
        elif running:
            give(minutes, asked, now, name := running.pop(0), number % 30)
            await rates.give(asked, name, number % 30)
        clock.advance(number * 5 % 19)
    await rates.aclose()


async def test_a_server_that_was_killed_lets_nothing_pass(server: tuple[str, subprocess.Popen[bytes]]) -> None:
    rates, asked = connect(server[0], FakeClock()), [Asked("key:a", RatesConfig(requests_per_minute=5), 0)]
    assert await rates.take(asked, "x") == [Room(1, 0)]
    server[1].kill()
    with pytest.raises(StorageFailure) as error:
        await rates.take(asked, "y")
    assert error.value.code == "storage.valkey"
    await rates.aclose()
