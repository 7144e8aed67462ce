# SPDX-License-Identifier: Apache-2.0
"""One exchange on a connection: patience, back-pressure both ways, and nothing left behind."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any

import pytest

from comity.errors import ProviderFailure
from comity.providers.http import Outgoing
from comity.providers.http1 import connection as connections
from tests.unit.providers.hostile import PATIENCE_SECONDS, Conversation, Partner, chunked, reply, saying, saying_then_silent
from tests.unit.providers.http1.asking import LOOP_NAMES, LOOPS, OUT, Asking, Hastened, hastened, run

both_loops = pytest.mark.parametrize("loop", LOOPS, ids=LOOP_NAMES)
MEGABYTE = 1 << 20
EVENT = b"data: 1\n\n"


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


# -- patience --------------------------------------------------------------------------------------------------------


class Told:
    """A partner that says the next piece when the test says so, until the caller leaves; ``once``: or until it has said one."""

    def __init__(self, *, once: bool = False) -> None:
        self.pieces: asyncio.Queue[bytes] = asyncio.Queue()
        self._once = once

    async def __call__(self, with_: Conversation) -> None:
        if self._once:
            return await with_.say(await self.pieces.get())
        gone = asyncio.ensure_future(with_.until_gone())
        try:
            while not gone.done():
                piece = asyncio.ensure_future(self.pieces.get())
                await asyncio.wait([piece, gone], return_when=asyncio.FIRST_COMPLETED)
                if piece.done():
                    await with_.say(piece.result())
                piece.cancel()
        finally:
            gone.cancel()


async def come(answer: Any) -> bytes:
    """The next piece, however many turns of the loop it takes."""
    return await anext(answer)  # type: ignore[no-any-return]


async def failure_of(waiting: asyncio.Future[Any]) -> tuple[str, bool]:
    with pytest.raises(ProviderFailure) as caught:
        await asyncio.wait_for(waiting, PATIENCE_SECONDS)
    return caught.value.kind, caught.value.retryable


def test_silence_before_the_answer_ends_when_patience_does() -> None:
    async def test() -> None:
        async with Partner(saying_then_silent()) as partner, Asking(partner.base) as asking:
            waiting = asyncio.ensure_future(asking.open())
            await partner.wait(partner.asked)
            await hastened().pass_(119)
            assert not waiting.done()
            await hastened().pass_(2)
            assert await failure_of(waiting) == ("timeout", True)
            await partner.wait(partner.gone)

    run(test, Hastened)


def test_a_head_that_drips_has_no_longer_than_one_that_does_not_come() -> None:
    async def test() -> None:
        told = Told()
        async with Partner(told) as partner, Asking(partner.base) as asking:
            waiting = asyncio.ensure_future(asking.open())
            await partner.wait(partner.asked)
            for piece in (b"HTTP/1.1 ", b"200", b" OK\r\n", b"x: y\r\n"):
                told.pieces.put_nowait(piece)
                assert not waiting.done()
                await hastened().pass_(31)
            assert await failure_of(waiting) == ("timeout", True)

    run(test, Hastened)


def test_each_piece_gives_the_next_one_its_time() -> None:
    """One timer, moved by a number: five pieces fifty seconds apart are no silence of sixty."""

    async def test() -> None:
        told = Told()
        told.pieces.put_nowait(chunked(end=b""))
        async with Partner(told) as partner, Asking(partner.base) as asking:
            pieces = (await asking.open()).chunks()
            for number in range(5):
                next_one = asyncio.ensure_future(come(pieces))
                await asyncio.sleep(0)
                await hastened().pass_(50)
                assert not next_one.done()
                told.pieces.put_nowait(b"1\r\n%d\r\n" % number)
                assert await next_one == b"%d" % number
            last = asyncio.ensure_future(come(pieces))
            await asyncio.sleep(0)
            await hastened().pass_(15)  # an earlier piece's time is over: the timer rings, and is set again
            assert not last.done()
            await hastened().pass_(46)
            assert await failure_of(last) == ("timeout", False)
            await partner.wait(partner.gone)

    run(test, Hastened)


def test_what_waits_less_long_than_what_came_before_it_is_ended_by_its_own_time() -> None:
    async def test() -> None:
        async with Partner(saying_then_silent(chunked(end=b""))) as partner, Asking(partner.base) as asking:
            pieces = (await asking.open()).chunks()  # for which there were 120 seconds
            waiting = asyncio.ensure_future(come(pieces))
            await asyncio.sleep(0)
            await hastened().pass_(61)
            assert await failure_of(waiting) == ("timeout", False)

    run(test, Hastened)


def test_who_reads_slowly_is_not_the_partners_silence() -> None:
    async def test() -> None:
        told = Told()
        told.pieces.put_nowait(chunked(EVENT, end=b""))
        async with Partner(told) as partner, Asking(partner.base) as asking:
            pieces = (await asking.open()).chunks()
            assert await come(pieces) == EVENT
            await hastened().pass_(600)  # nobody waits for the partner meanwhile
            told.pieces.put_nowait(b"1\r\n2\r\n")
            assert await come(pieces) == b"2"

    run(test, Hastened)


def test_a_connection_that_waited_is_as_patient_the_next_time() -> None:
    """The timer of an earlier request on it ends no later one."""

    async def test() -> None:
        told = Told(once=True)
        async with Partner(told) as partner, Asking(partner.base, idle_seconds_max=1000.0) as asking:
            for _ in range(4):
                waiting = asyncio.ensure_future(asking.whole())
                partner.asked.clear()
                await partner.wait(partner.asked)
                await hastened().pass_(45)
                told.pieces.put_nowait(reply(b"{}"))
                assert await waiting == b"{}"
            assert partner.connections == 1

    run(test, Hastened)


# -- back-pressure ---------------------------------------------------------------------------------------------------


async def turns(*, until: Callable[[], bool]) -> None:
    """Of the loop, until it is so, and as many again as would show that it did not stay so."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not until():  # noqa: ASYNC110 - the event would be one of the code under test
            await asyncio.sleep(0)
    for _ in range(200):
        await asyncio.sleep(0)


@both_loops
def test_an_answer_is_not_read_faster_than_it_is_taken(loop: type[asyncio.SelectorEventLoop]) -> None:
    total, said = 64, 0

    async def pour(with_: Conversation) -> None:
        nonlocal said
        await with_.say(chunked(end=b""))
        for _ in range(total):
            await with_.say(b"%x\r\n%b\r\n" % (MEGABYTE, b"x" * MEGABYTE))
            said += 1
        await with_.say(b"0\r\n\r\n")

    async def test() -> None:
        async with Partner(pour) as partner, Asking(partner.base, answer_bytes_max=total * MEGABYTE) as asking:
            answer = await asking.open()
            held = answer._connection
            assert held is not None
            await turns(until=lambda: held._paused)
            assert said < total / 2 and held._held <= connections.HELD_BYTES_MAX + MEGABYTE
            assert len(await answer.read()) == total * MEGABYTE
            assert await asking.open() and partner.connections == 1

    run(test, loop)


@both_loops
def test_a_request_is_not_written_faster_than_it_is_heard(loop: type[asyncio.SelectorEventLoop]) -> None:
    body = b"x" * (32 * MEGABYTE)

    async def test() -> None:
        heard, waits = 0, asyncio.Event()

        async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal heard
            await waits.wait()
            await reader.readuntil(b"\r\n\r\n")
            while heard < len(body):
                heard += len(await reader.read(MEGABYTE))
            writer.write(reply(b"{}"))
            await reader.read()
            writer.close()

        server = await asyncio.start_server(listen, "127.0.0.1", 0)
        async with server, Asking(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}") as asking:
            waiting = asyncio.ensure_future(asking.whole(Outgoing(path="/", body=body)))
            await turns(until=lambda: any(each._full for place in asking.egress._pool._places.values() for each in place.live))
            (held,) = next(iter(asking.egress._pool._places.values())).live
            assert held._transport.get_write_buffer_size() <= 3 * connections.WRITE_BYTES
            waits.set()
            assert await waiting == b"{}" and heard == len(body)

    run(test, loop)


@both_loops
def test_an_answer_before_the_request_is_heard_is_taken_and_ends_the_connection(loop: type[asyncio.SelectorEventLoop]) -> None:
    async def test() -> None:
        connected, over = 0, asyncio.Event()

        async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal connected
            connected += 1
            await reader.readuntil(b"\r\n\r\n")
            writer.write(reply(b"{}", status="413 Content Too Large"))
            await over.wait()
            writer.close()

        server = await asyncio.start_server(refuse, "127.0.0.1", 0, limit=65536)
        async with server, Asking(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}") as asking:
            for number in (1, 2):
                with pytest.raises(ProviderFailure) as caught:
                    await asking.open(Outgoing(path="/", body=b"x" * (32 * MEGABYTE)))
                assert caught.value.upstream_status == 413 and connected == number
            over.set()

    run(test, loop)


async def test_a_partner_that_hears_nothing_is_not_waited_for_for_ever() -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader
        await over.wait()
        writer.close()

    over = asyncio.Event()
    server = await asyncio.start_server(deaf, "127.0.0.1", 0, limit=1)
    async with server, Asking(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", first_byte_seconds_max=0.05) as asking:
        with pytest.raises(ProviderFailure) as caught:
            await asking.open(Outgoing(path="/", body=b"x" * (32 * MEGABYTE)))
        assert (caught.value.kind, caught.value.retryable) == ("timeout", True)
        over.set()


# -- leaving ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pieces", [(), (b"HTTP/1.1 200 OK\r\n",)], ids=["nothing", "half a head"])
async def test_who_leaves_before_the_answer_closes_the_connection(pieces: tuple[bytes, ...]) -> None:
    """So that the partner stops generating for nobody."""
    async with Partner(saying_then_silent(*pieces)) as partner, Asking(partner.base) as asking:
        waiting = asyncio.ensure_future(asking.open())
        await partner.wait(partner.asked)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await partner.wait(partner.gone)


async def test_an_answer_that_was_closed_is_not_an_empty_one() -> None:
    async with Partner(saying_then_silent(reply(b"{", size=100))) as partner, Asking(partner.base) as asking:
        answer = await asking.open()
        await answer.aclose()
        with pytest.raises(ProviderFailure):
            await answer.read()


async def test_an_answer_that_is_closed_after_its_end_touches_nobody_elses() -> None:
    async with Partner(saying(reply(b"{}"))) as partner, Asking(partner.base) as asking:
        first = await asking.open()
        assert await first.read() == b"{}"
        second = await asking.open()  # on the same connection
        await first.aclose()
        assert await first.read() == b""
        assert await second.read() == b"{}" and partner.connections == 1


async def once_and_cut(with_: Conversation) -> None:
    """Every second stream is cut by the partner; the others go on until the caller leaves."""
    await with_.say(chunked(EVENT, end=b""))
    if with_.request.body == b"cut":
        with_.writer.close()
    else:
        await with_.until_gone()


@both_loops
def test_a_thousand_cut_streams_leave_no_socket_and_no_task(loop: type[asyncio.SelectorEventLoop]) -> None:
    async def cut(asking: Asking, number: int) -> None:
        way = number % 4
        out = Outgoing(path="/", body=b"cut" if way < 2 else b"go on", accept=OUT.accept)
        answer = await asking.open(out)
        if way == 3:
            reading = asyncio.ensure_future(answer.read())
            await asyncio.sleep(0)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            return
        pieces = answer.chunks()
        assert await come(pieces) == EVENT
        if way == 1:
            with pytest.raises(ProviderFailure):
                await come(pieces)
        await answer.aclose()

    async def test() -> None:
        async with Partner(once_and_cut) as partner:
            before, tasks = open_files(), len(asyncio.all_tasks())
            async with Asking(partner.base) as asking:
                for start in range(0, 1000, 50):
                    await asyncio.gather(*(cut(asking, number) for number in range(start, start + 50)))
                assert partner.connections == 1000
                places = asking.egress._pool._places.values()
                assert all(each.connecting == 0 and not each.idle for each in places)
            while partner._tasks:
                await asyncio.wait(partner._tasks)
            await asyncio.sleep(0)
            assert all(not each.live for each in asking.egress._pool._places.values())
            assert open_files() <= before + 1 and len(asyncio.all_tasks()) == tasks

    run(test, loop)
