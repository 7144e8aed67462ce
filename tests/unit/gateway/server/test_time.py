# SPDX-License-Identifier: Apache-2.0
"""Nobody may take for ever: slow heads, slow bodies, callers who never read, and those who never leave.  Time passes when told."""

from __future__ import annotations

import asyncio
import json

from comity.config import LimitsConfig
from comity.gateway.exchange import Disconnected, Exchange
from tests.unit.gateway.server.wire import HIGH_WATER, Wire, settled

GET = b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n"
HEAD, BODY, IDLE, UNREAD = 10, 60, 75, 60  # seconds, as configured by default


def test_these_are_the_defaults() -> None:
    limits = LimitsConfig()
    assert (limits.head_seconds_max, limits.body_seconds_max) == (HEAD, BODY)
    assert (limits.keep_alive_seconds_max, limits.unread_seconds_max) == (IDLE, UNREAD)


async def test_who_says_nothing_is_left_without_a_word() -> None:
    wire = Wire()
    await wire.after(HEAD - 1)
    assert not wire.transport.is_over
    await wire.after(1)
    assert wire.transport.closing and not wire.transport.sent


async def test_a_head_that_trickles_is_told_in_the_end() -> None:
    """Each byte comes in time and the head does not: what counts is the whole."""
    wire = Wire()
    for byte in GET[:9]:
        await wire.send(bytes([byte]))
        await wire.after(1)
    assert not wire.transport.is_over
    await wire.send(GET[9:10])
    await wire.after(2)
    ((status, headers, body),) = wire.answers
    assert (status, headers["connection"], json.loads(body)["error"]["code"]) == (408, "close", "http.timeout") and not wire.seen


async def test_a_body_that_trickles_is_told_in_the_end() -> None:
    wire = Wire()
    await wire.send(b"POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n")
    for _ in range(BODY - 1):
        await wire.send(b"x")
        await wire.after(1)
    assert not wire.transport.is_over
    await wire.after(1)
    ((status, _, body),) = wire.answers
    assert (status, json.loads(body)["error"]["code"]) == (408, "http.timeout") and wire.transport.is_over
    await wire.after(3)
    assert wire.transport.aborted  # it had its moment to read that


async def test_a_trickling_body_in_chunks_too() -> None:
    wire = Wire()
    await wire.send(b"POST /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
    for _ in range(BODY):
        await wire.send(b"1\r\nx\r\n")
        await wire.after(1)
    assert [status for status, _, _ in wire.answers] == [408]


async def test_an_idle_connection_is_closed_and_a_used_one_is_not() -> None:
    wire = Wire()
    for _ in range(3):
        await wire.send(GET)
        await wire.after(IDLE - 1)
        assert not wire.transport.is_over
    await wire.after(1)
    assert wire.transport.closing and len(wire.answers) == 3


async def test_the_next_head_has_its_own_time() -> None:
    wire = Wire()
    await wire.send(GET)
    await wire.after(IDLE - 1)
    await wire.send(GET[:5])
    await wire.after(HEAD - 1)
    assert not wire.transport.is_over
    await wire.after(1)
    assert [status for status, _, _ in wire.answers] == [200, 408]


async def test_an_answer_may_take_as_long_as_it_takes() -> None:
    gate = asyncio.Event()

    async def slow(exchange: Exchange) -> None:
        await gate.wait()
        await exchange.respond(200, b"late", [])

    wire = Wire(slow)
    await wire.send(GET)
    await wire.after(10_000)
    gate.set()
    await settled()
    assert wire.answers[0][2] == b"late" and not wire.transport.is_over


async def test_who_never_reads_is_dropped_and_the_work_ends() -> None:
    met: list[type[BaseException]] = []

    async def flood(exchange: Exchange) -> None:
        try:
            await exchange.begin(200, [])
            while True:
                await exchange.write(b"x" * 10_000)
        except Disconnected as error:
            met.append(type(error))

    wire = Wire(flood)
    wire.transport.reads = False
    await wire.send(GET)
    await wire.after(UNREAD - 1)
    assert not wire.transport.is_over and wire.transport.unread < HIGH_WATER + 20_000
    await wire.after(1)
    assert wire.transport.aborted and met == [Disconnected] and not wire.server.connections


async def test_who_never_reads_a_whole_answer_is_dropped_too() -> None:
    async def large(exchange: Exchange) -> None:
        await exchange.respond(200, b"x" * HIGH_WATER * 4, [])

    wire = Wire(large)
    wire.transport.reads = False
    await wire.send(GET + GET)
    assert wire.transport.sent.count(b"HTTP/1.1 200") == 1  # the next is not begun while nobody reads
    await wire.after(UNREAD)
    assert wire.transport.aborted and not wire.server.connections


async def test_who_leaves_an_answer_unread_is_dropped_too() -> None:
    wire = Wire()
    wire.transport.reads = False
    await wire.send(GET)
    await wire.leave()
    await wire.after(UNREAD - 1)
    assert not wire.transport.aborted  # it may be on its way yet
    await wire.after(1)
    assert wire.transport.aborted and not wire.server.connections


async def test_who_reads_slowly_but_reads_is_served() -> None:
    done: list[bool] = []

    async def flood(exchange: Exchange) -> None:
        await exchange.begin(200, [])
        for _ in range(100):
            await exchange.write(b"x" * 10_000)
        await exchange.end()
        done.append(True)

    wire = Wire(flood)
    while not done:
        wire.transport.reads = False
        await wire.send(GET if not wire.transport.sent else b"")
        await wire.after(UNREAD - 1)
        wire.transport.read_all()
        await settled()
    assert not wire.transport.is_over and wire.answers[0][2] == b"x" * 1_000_000


async def test_who_was_refused_and_neither_reads_nor_leaves_is_dropped() -> None:
    wire = Wire()
    wire.transport.reads = False
    await wire.send(b"nonsense\r\n\r\n")
    assert wire.transport.ended
    await wire.after(30)
    assert not wire.transport.closing  # the answer is still on its way
    await wire.after(UNREAD)
    assert wire.transport.aborted and not wire.server.connections


async def test_a_thousand_slow_callers_cost_one_look_a_second_and_no_task() -> None:
    wire = Wire()
    for _ in range(1_000):
        connection, _ = wire.connect()
        connection.data_received(b"POST /a HTTP/1.1\r\nX: ")
    await settled()
    assert len(asyncio.all_tasks()) == 1
    await wire.after(HEAD)
    await wire.after(HEAD)
    assert not wire.server.connections


async def test_limits_read_anew_hold_for_whoever_is_connected() -> None:
    wire = Wire()
    wire.limits = LimitsConfig(keep_alive_seconds_max=5, head_bytes_max=30)
    await wire.after(1)
    await wire.send(GET)
    await wire.after(5)
    assert wire.transport.closing and len(wire.answers) == 1
    wire.connection, wire.transport = wire.connect()
    await wire.send(GET.replace(b"/a", b"/" + b"a" * 30))
    assert [status for status, _, _ in wire.answers] == [431]
