# SPDX-License-Identifier: Apache-2.0
"""A body taken while it comes: all of it, no faster than it is taken, and no more of it held than that."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import ComityError
from comity.gateway.exchange import Disconnected, Exchange
from comity.gateway.http import respond_error
from comity.gateway.server.connection import READ_AHEAD_BYTES
from tests.unit.gateway.server.wire import BODY_BYTES_MAX, Wire, settled

CHUNKED = b"POST /p HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"


def sized(length: int, *, headers: bytes = b"") -> bytes:
    return b"POST /p HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n%b\r\n" % (length, headers)


class Taking:
    """Takes each piece when it may, and says how many bytes there were."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.may = asyncio.Event()
        self.may.set()
        self.met: list[type[BaseException]] = []

    async def __call__(self, exchange: Exchange) -> None:
        try:
            async for piece in exchange.pieces(BODY_BYTES_MAX):
                self.taken.append(piece)
                await self.may.wait()
            await exchange.respond(200, b"%d" % sum(map(len, self.taken)), [])
        except ComityError as error:
            await respond_error(exchange, error, "")
        except Disconnected as error:
            self.met.append(type(error))
            raise


@given(body=st.binary(max_size=600), cuts=st.lists(st.integers(0, 1500), max_size=6), chunk=st.integers(1, 200), framed=st.booleans())
async def test_however_it_is_cut_all_of_it_comes_in_order(body: bytes, cuts: list[int], chunk: int, framed: bool) -> None:
    taking = Taking()
    wire = Wire(taking)
    parts = [body[at : at + chunk] for at in range(0, len(body), chunk)]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    raw = CHUNKED + chunks if framed else sized(len(body)) + body
    await wire.send(raw, pieces=tuple(sorted({min(cut, len(raw)) for cut in cuts})))
    assert b"".join(taking.taken) == body and wire.answers[0][2] == b"%d" % len(body)
    assert wire.server.held == 0 and not wire.transport.is_over


async def test_what_is_handed_on_is_held_no_more_and_what_is_not_taken_stays_outside() -> None:
    taking = Taking()
    wire = Wire(taking)
    taking.may.clear()
    await wire.send(sized(BODY_BYTES_MAX) + b"x" * 1000)
    sent = 1000
    while not wire.transport.paused:
        await wire.send(b"x" * 5000)
        sent += 5000
    assert wire.server.held <= 1000 and len(wire.connection.buffer) <= READ_AHEAD_BYTES + 5000 and taking.taken == [b"x" * 1000]
    taking.may.set()
    await settled()
    assert not wire.transport.paused and wire.server.held == 0
    await wire.send(b"x" * (BODY_BYTES_MAX - sent))
    assert wire.answers[0][2] == b"%d" % BODY_BYTES_MAX


@pytest.mark.parametrize("raw", [sized(BODY_BYTES_MAX + 1), CHUNKED + b"%x\r\n" % (BODY_BYTES_MAX + 1) + b"x" * (BODY_BYTES_MAX + 1)])
async def test_more_than_may_come_is_refused(raw: bytes) -> None:
    wire = Wire(Taking())
    await wire.send(raw, pieces=tuple(range(500, len(raw), 9000)))
    assert wire.answers[0][0] == 413 and wire.server.held == 0


async def test_a_caller_who_leaves_in_between_is_told_of_once() -> None:
    taking = Taking()
    wire = Wire(taking)
    await wire.send(sized(10) + b"12345")
    await wire.leave()
    assert taking.taken == [b"12345"] and taking.met == [Disconnected] and not wire.server.connections


async def test_all_of_it_has_as_long_as_a_body_has() -> None:
    wire = Wire(Taking())
    await wire.send(sized(100) + b"x")
    for _ in range(5):
        await wire.after(10)
        await wire.send(b"x")
    assert not wire.transport.sent
    await wire.after(10)
    assert wire.answers[0][0] == 408


async def test_whoever_waits_for_100_continue_is_told_to_go_on_once() -> None:
    wire = Wire(Taking())
    await wire.send(sized(4, headers=b"expect: 100-continue\r\n"))
    assert wire.transport.sent == b"HTTP/1.1 100 Continue\r\n\r\n"
    await wire.send(b"ab")
    await wire.send(b"cd")
    assert wire.transport.sent.count(b"100 Continue") == 1 and b"200 OK" in wire.transport.sent
