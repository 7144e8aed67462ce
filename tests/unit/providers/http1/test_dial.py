# SPDX-License-Identifier: Apache-2.0
"""From a name to a connection: every address has its chance, none is waited for alone, and no socket is left over."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from comity.errors import ProviderFailure
from comity.providers.http1 import dial
from comity.providers.http1.dial import in_turn
from tests.network_guard import NetworkBlocked
from tests.unit.providers.hostile import Partner, reply, saying
from tests.unit.providers.http1.asking import LOOP_NAMES, LOOPS, Asking, Hastened, hastened, run

V4, V6 = int(socket.AF_INET), int(socket.AF_INET6)
ELSEWHERE = "192.0.2.1"  # RFC 5737: nobody


def test_the_families_take_turns() -> None:
    assert in_turn([]) == []
    assert in_turn([(V6, 1), (V6, 2), (V6, 3), (V4, 4), (V4, 5)]) == [(V6, 1), (V4, 4), (V6, 2), (V4, 5), (V6, 3)]
    assert in_turn([(V4, 1), (V6, 2)]) == [(V4, 1), (V6, 2)]


Answer = Callable[[], Awaitable[None]]


class Lines:
    """Stands in for the network: what becomes of a connection attempt, by address."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **becomes: Answer) -> None:
        self.tried: list[str] = []
        self.becomes = becomes
        monkeypatch.setattr(dial, "_connect", self._connect)

    async def _connect(self, address: tuple[int, str], opened: list[socket.socket]) -> socket.socket:
        made = socket.socket()
        opened.append(made)
        self.tried.append(address[1])
        await self.becomes[address[1]]()
        return made


async def refuses() -> None:
    raise ConnectionRefusedError


async def works() -> None:
    await asyncio.sleep(0)


async def hangs() -> None:
    await asyncio.Event().wait()


def open_sockets() -> int:
    return len(os.listdir("/proc/self/fd"))


async def first(*names: str) -> socket.socket:
    return await dial._first([(V4, name) for name in names])


async def test_one_that_hangs_does_not_hold_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dial, "HEAD_START_SECONDS", 0.0)
    lines, before = Lines(monkeypatch, a=hangs, b=works, c=hangs), open_sockets()
    with await first("a", "b", "c"):
        assert lines.tried[:2] == ["a", "b"] and open_sockets() == before + 1
    assert open_sockets() == before


async def test_one_that_is_refused_is_followed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dial, "HEAD_START_SECONDS", 3600.0)
    lines, before = Lines(monkeypatch, a=refuses, b=works), open_sockets()
    with await first("a", "b"):
        assert lines.tried == ["a", "b"] and open_sockets() == before + 1


async def test_when_all_refuse_it_says_so_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    Lines(monkeypatch, a=refuses, b=refuses)
    before = open_sockets()
    with pytest.raises(ConnectionRefusedError):
        await first("a", "b")
    with pytest.raises(OSError, match="no address"):
        await first()
    assert open_sockets() == before


async def test_who_gives_up_leaves_no_attempt_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dial, "HEAD_START_SECONDS", 0.0)
    Lines(monkeypatch, a=hangs, b=hangs)
    before, tasks = open_sockets(), len(asyncio.all_tasks())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await first("a", "b")
    assert open_sockets() == before and len(asyncio.all_tasks()) == tasks


@pytest.mark.parametrize("loop", LOOPS, ids=LOOP_NAMES)
def test_a_name_with_two_addresses_of_which_one_answers(loop: Any) -> None:
    """`localhost` is ::1 too, where nobody listens."""

    async def test() -> None:
        async with Partner(saying(reply(b"{}"))) as partner, Asking(f"http://localhost:{partner.port}") as asking:
            assert await asking.whole() == b"{}"
            assert partner.requests[0].header("host") == [f"localhost:{partner.port}"]

    run(test, loop)


@pytest.mark.parametrize("loop", LOOPS, ids=LOOP_NAMES)
@pytest.mark.parametrize("host", [ELSEWHERE, "example.invalid", "[2001:db8::1]"])
def test_no_test_leaves_this_machine_this_way(loop: Any, host: str) -> None:
    """The guard of the tests sees this client on either event loop; it would not see what a library in native code does."""

    async def test() -> None:
        async with Asking(f"https://{host}") as asking:
            with pytest.raises(ProviderFailure) as caught:
                await asking.open()
            assert (caught.value.kind, caught.value.retryable) == ("connect", True)

    run(test, loop)


@pytest.mark.parametrize("loop", LOOPS, ids=LOOP_NAMES)
def test_and_it_is_the_guard_that_refuses(loop: Any) -> None:
    async def test() -> None:
        opened: list[socket.socket] = []
        with pytest.raises(NetworkBlocked):
            await dial._connect((V4, (ELSEWHERE, 9)), opened)
        opened[0].close()

    run(test, loop)


def test_the_search_for_an_address_is_part_of_connecting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        searching = asyncio.Event()

        async def searched(*_: object, **__: object) -> list[Any]:
            searching.set()
            return await asyncio.Event().wait()  # type: ignore[return-value]

        monkeypatch.setattr(hastened(), "getaddrinfo", searched)
        async with Asking("https://a.localhost:9") as asking:
            waiting = asyncio.ensure_future(asking.open())
            await searching.wait()
            await hastened().pass_(4)
            assert not waiting.done()
            await hastened().pass_(2)
            with pytest.raises(ProviderFailure) as caught:
                await waiting
            assert (caught.value.kind, caught.value.retryable) == ("connect", True)

    run(test, Hastened)


async def test_a_name_that_cannot_be_one_is_a_failed_connection() -> None:
    with pytest.raises(dial.Unreachable):
        await dial.dial(f"{'a' * 80}.localhost", 1, None, lambda: pytest.fail("nobody to make a connection for"))
