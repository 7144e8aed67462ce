# SPDX-License-Identifier: Apache-2.0
"""The guards that every other test relies on do guard."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest

from tests.fakes import FakeClock, SeededRandom
from tests.loop_guard import LoopHeld
from tests.network_guard import NetworkBlocked, is_local

ELSEWHERE = "192.0.2.1"  # RFC 5737, TEST-NET-1: nobody


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "a.localhost", "::ffff:127.0.0.1", "0.0.0.0", None, b"localhost"]
)
def test_this_machine_may_be_reached(host: object) -> None:
    assert is_local(host)


@pytest.mark.parametrize(
    "host",
    [ELSEWHERE, "10.0.0.1", "192.168.1.1", "::ffff:192.0.2.1", "2001:db8::1", "example.invalid", "localhost.example", "127.0.0.1.example"],
)
def test_no_other_machine_may_be_reached(host: str) -> None:
    assert not is_local(host)


def test_every_way_out_of_python_is_held() -> None:
    with socket.socket() as plain:
        for leave in (lambda: plain.connect((ELSEWHERE, 9)), lambda: plain.connect_ex((ELSEWHERE, 9))):
            with pytest.raises(NetworkBlocked):
                leave()
    with socket.socket(type=socket.SOCK_DGRAM) as datagrams, pytest.raises(NetworkBlocked):
        datagrams.sendto(b"", (ELSEWHERE, 9))
    with pytest.raises(NetworkBlocked):
        socket.getaddrinfo("example.invalid", 443)
    with pytest.raises(OSError, match="this machine only"):
        urllib.request.urlopen("http://example.invalid/", timeout=1)


async def test_asyncio_is_held_too() -> None:
    with pytest.raises(NetworkBlocked):
        await asyncio.open_connection(ELSEWHERE, 9)


async def test_loopback_works() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readexactly(4))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection("localhost", server.sockets[0].getsockname()[1], family=socket.AF_INET)
        writer.write(b"ping")
        assert await reader.read() == b"ping"
        writer.close()


async def test_holding_the_loop_fails() -> None:
    with pytest.raises(LoopHeld):
        time.sleep(0)  # noqa: ASYNC251  (the fault under test)
    child = subprocess.Popen([sys.executable, "-c", ""])  # noqa: ASYNC220
    try:
        for hold in (child.wait, child.communicate):
            with pytest.raises(LoopHeld):
                hold()
    finally:
        await asyncio.to_thread(child.wait)


@pytest.mark.holds_loop
async def test_holding_the_loop_on_purpose_is_allowed() -> None:
    time.sleep(0)  # noqa: ASYNC251


async def test_a_thread_may_sleep() -> None:
    await asyncio.to_thread(time.sleep, 0)


def test_the_fake_clock_moves_when_told(clock: FakeClock) -> None:
    assert clock.now() == datetime(2026, 11, 23, 12, tzinfo=UTC)
    before = clock.monotonic()
    clock.advance(90)
    assert clock.now() == datetime(2026, 11, 23, 12, 1, 30, tzinfo=UTC)
    assert clock.monotonic() - before == 90
    clock.set(clock.now() - timedelta(hours=1))
    assert clock.monotonic() - before == 90
    with pytest.raises(ValueError, match="never goes back"):
        clock.advance(-1)


def test_the_seeded_random_repeats(random: SeededRandom) -> None:
    tokens = [random.token(size) for size in (1, 32, 33, 100)]
    again = SeededRandom()
    assert tokens == [again.token(size) for size in (1, 32, 33, 100)]
    assert [len(token) for token in tokens] == [1, 32, 33, 100]
    assert random.token(16) != random.token(16)


def test_no_setting_of_the_person_reaches_a_test() -> None:
    assert not [name for name in os.environ if name.startswith("COMITY_") and name not in ("COMITY_FULL", "COMITY_MODELS")]
