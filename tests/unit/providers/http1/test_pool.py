# SPDX-License-Identifier: Apache-2.0
"""Which connection a request goes out on: never one that its partner has closed, or has said something on that nobody asked."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

import pytest

from comity.errors import ProviderFailure
from comity.providers.http1 import pool
from tests.unit.providers.hostile import Conversation, Partner, chunked, reply, saying, saying_then_silent
from tests.unit.providers.http1.asking import LOOP_NAMES, LOOPS, Asking, Hastened, hastened, run

both_loops = pytest.mark.parametrize("loop", LOOPS, ids=LOOP_NAMES)


class Listening:
    """A partner that a test plays by hand, so that nothing happens between two lines that the test did not write."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.listening.setblocking(False)
        self.base = f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    async def accept(self) -> socket.socket:
        connection, _ = await asyncio.get_running_loop().sock_accept(self.listening)
        connection.setblocking(False)
        return connection


async def answered_once(partner: Listening, asking: Asking) -> socket.socket:
    """The connection on which a first request was answered, and which is kept."""
    loop = asyncio.get_running_loop()
    first = asyncio.ensure_future(asking.whole())
    connection = await partner.accept()
    assert (await loop.sock_recv(connection, 65536)).startswith(b"POST /v1/chat ")
    await loop.sock_sendall(connection, reply(b"1"))
    assert await first == b"1"
    return connection


@both_loops
@pytest.mark.parametrize("unasked", [b"", reply(b"stale"), b"\r\n"], ids=["closed", "an answer", "an empty line"])
def test_a_connection_on_which_something_has_come_is_not_written_to(loop: type[asyncio.SelectorEventLoop], unasked: bytes) -> None:
    """Also where the event loop has not seen it yet: between the partner's word and our next request it does not run once."""

    async def test() -> None:
        partner = Listening()
        with partner.listening:
            async with Asking(partner.base) as asking:
                kept = await answered_once(partner, asking)
                if unasked:
                    kept.send(unasked)
                else:
                    kept.shutdown(socket.SHUT_WR)
                second = asyncio.ensure_future(asking.whole())
                fresh = await partner.accept()
                await asyncio.get_running_loop().sock_recv(fresh, 65536)
                await asyncio.get_running_loop().sock_sendall(fresh, reply(b"2"))
                assert await second == b"2"
                with suppress(ConnectionError):
                    assert await asyncio.get_running_loop().sock_recv(kept, 65536) == b""
                kept.close()
                fresh.close()

    run(test, loop)


async def test_what_comes_on_an_idle_connection_closes_it() -> None:
    async with Partner(saying(reply(b"{}"))) as partner, Asking(partner.base) as asking:
        answer = await asking.open()
        await answer.read()
        told = asyncio.Event()

        async def again(with_: Conversation) -> None:
            await with_.say(reply(b"{}"))
            with_.writer.write(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
            told.set()

        partner.script = again
        await asking.whole()
        await partner.wait(told)
        await partner.wait(partner.gone)
        partner.script = saying(reply(b"[]"))
        assert await asking.whole() == b"[]"
        assert partner.connections == 2


async def test_a_request_that_may_have_been_heard_is_not_sent_again() -> None:
    """RFC 9110, 9.2.2: a POST is not idempotent.  The kept connection was whole when it was written to."""

    async def once(with_: Conversation) -> None:
        if len(partner.requests) == 1:
            await with_.say(reply(b"{}"))
        else:
            with_.writer.close()

    async with Partner(once) as partner, Asking(partner.base) as asking:
        assert await asking.whole() == b"{}"
        with pytest.raises(ProviderFailure) as caught:
            await asking.whole()
        assert (caught.value.kind, caught.value.retryable) == ("protocol", True)
        assert (partner.connections, len(partner.requests)) == (1, 2)


@pytest.mark.parametrize(
    "raw",
    [
        reply(b"{}", headers=b"connection: close\r\n"),
        reply(b"{}") + b"\r\n",
        reply(b"{}") + reply(b"{}"),
        b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}",
    ],
    ids=["close", "a byte too much", "an answer too much", "1.0"],
)
async def test_after_such_an_answer_the_next_request_has_its_own_connection(raw: bytes) -> None:
    async with Partner(saying(raw)) as partner, Asking(partner.base) as asking:
        for _ in range(3):
            assert await asking.whole() == b"{}"
        assert partner.connections == 3


async def test_a_refusal_read_to_its_end_keeps_the_connection() -> None:
    async with Partner(saying(reply(b'{"error":{"code":"x"}}', status="429 x"))) as partner, Asking(partner.base) as asking:
        for _ in range(3):
            with pytest.raises(ProviderFailure):
                await asking.open()
        assert (partner.connections, len(partner.requests)) == (1, 3)


async def test_of_many_idle_ones_the_last_used_is_used_first() -> None:
    async with Partner(saying(reply(b"{}"))) as partner, Asking(partner.base) as asking:
        answers = [await asking.open() for _ in range(3)]
        for answer in answers:
            await answer.read()
        assert partner.connections == 3
        for _ in range(5):
            await asking.whole()
        assert partner.connections == 3


async def test_no_more_are_kept_than_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "IDLE_CONNECTIONS_MAX", 1)
    async with Partner(saying(reply(b"{}"))) as partner, Asking(partner.base) as asking:
        answers = [await asking.open() for _ in range(2)]
        for answer in answers:
            await answer.read()
        await partner.wait(partner.gone)
        for answer in [await asking.open() for _ in range(2)]:
            await answer.read()
        assert partner.connections == 3


async def test_one_more_connection_than_may_be_is_refused_and_not_waited_for() -> None:
    async with Partner(saying_then_silent(chunked(b"data: 1\n\n", end=b""))) as partner, Asking(
        partner.base, concurrent_requests_max=1
    ) as asking:  # fmt: skip
        answers = [await asking.open() for _ in range(2)]  # two for each request: a hedged one asks twice
        with pytest.raises(ProviderFailure) as caught:
            await asking.open()
        assert (caught.value.kind, caught.value.retryable) == ("unavailable", True)
        assert partner.connections == 2
        await answers[0].aclose()
        await partner.wait(partner.gone)
        await (await asking.open()).aclose()


def test_who_is_idle_for_long_is_let_go_and_who_was_used_is_not() -> None:
    async def test() -> None:
        loop = hastened()
        async with Partner(saying(reply(b"{}"))) as partner, Asking(partner.base) as asking:
            for answer in [await asking.open() for _ in range(2)]:
                await answer.read()
            await loop.pass_(pool.IDLE_SECONDS_MAX - 1)
            await asking.whole()  # on one of the two
            assert not partner.gone.is_set() and partner.connections == 2
            await loop.pass_(2)
            await partner.wait(partner.gone)
            partner.gone.clear()
            await asking.whole()
            assert partner.connections == 2
            await loop.pass_(pool.IDLE_SECONDS_MAX + 1)
            await partner.wait(partner.gone)
            await asking.whole()
            assert partner.connections == 3

    run(test, Hastened)


@both_loops
def test_closing_leaves_no_connection(loop: type[asyncio.SelectorEventLoop]) -> None:
    async def test() -> None:
        async with Partner(saying(chunked(b"{}", kind="application/json"))) as partner:
            asking = Asking(partner.base)
            for answer in [await asking.open() for _ in range(3)][:2]:
                await answer.read()  # two kept, one under way
            await asking.egress.aclose()
            assert asyncio.all_tasks() - partner._tasks == {asyncio.current_task()}
            assert all(not each.live and not each.idle for each in asking.egress._pool._places.values())

    run(test, loop)
