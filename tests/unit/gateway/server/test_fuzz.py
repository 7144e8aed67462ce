# SPDX-License-Identifier: Apache-2.0
"""Anything at all as input: no unhandled exception, never two answers for one request, nothing left running or held."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from comity.errors import ComityError
from comity.gateway.exchange import Exchange
from comity.gateway.http import respond_error
from tests.unit.gateway.server.corpus import CORPUS
from tests.unit.gateway.server.wire import Wire, settled

GOOD = b"POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
PARTS = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([GOOD, b"\r\n", b"\r\n\r\n", b": ", b"HTTP/1.1", b"chunked", b"0\r\n\r\n", b"\x00", b"Content-Length: 3\r\n"]),
    st.sampled_from(CORPUS).map(lambda hostile: hostile.raw[:600]),
)
INPUT = st.lists(PARTS, max_size=8).map(b"".join)
CUTS = st.lists(st.integers(0, 900), max_size=10).map(lambda cuts: tuple(sorted(cuts)))


@st.composite
def altered(draw: st.DrawFn) -> bytes:
    raw = bytearray(draw(st.sampled_from(CORPUS)).raw[:2_000] + GOOD)
    for at, byte in draw(st.lists(st.tuples(st.integers(0, len(raw) - 1), st.integers(0, 255)), max_size=6)):
        raw[at] = byte
    return bytes(raw)


class Ears(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record.getMessage())


async def _through(raw: bytes, cuts: tuple[int, ...], way: str) -> None:
    unhandled: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unhandled.append(context))
    asked = 0

    async def answer(exchange: Exchange) -> None:
        nonlocal asked
        asked += 1
        try:
            body = await exchange.body(1_000) if way != "careless" else b""
            if way == "stream":
                await exchange.begin(200, [])
                await exchange.write(b"%d" % len(body))
                await exchange.end()
            else:
                await exchange.respond(200, b"%d" % len(body), [])
        except ComityError as error:
            await respond_error(exchange, error, "")

    wire = Wire(answer)
    await wire.send(raw, pieces=tuple(cut for cut in cuts if cut < len(raw)))
    answers = re.findall(rb"HTTP/1\.1 ([2-5][0-9]{2}) ", wire.transport.sent)
    assert asked - 1 <= len(answers) <= asked + 1  # one that waits for its body; one refused before it was a request
    await wire.after(100)
    await wire.leave()
    await settled()
    assert not unhandled
    assert len(asyncio.all_tasks()) == 1
    assert wire.server.held == 0 and not wire.server.connections and not wire.connection.buffer


def _run(raw: bytes, cuts: tuple[int, ...], way: str) -> None:
    ears, log = Ears(), logging.getLogger()
    log.addHandler(ears)
    try:
        asyncio.run(_through(raw, cuts, way))
    finally:
        log.removeHandler(ears)
    assert not ears.heard


WAYS = st.sampled_from(["whole", "stream", "careless"])


@given(raw=INPUT, cuts=CUTS, way=WAYS)
def test_any_bytes(raw: bytes, cuts: tuple[int, ...], way: str) -> None:
    _run(raw, cuts, way)


@given(raw=altered(), cuts=CUTS, way=WAYS)
def test_a_few_bytes_of_a_request_altered(raw: bytes, cuts: tuple[int, ...], way: str) -> None:
    _run(raw, cuts, way)


@given(bodies=st.lists(st.integers(0, 2_000), min_size=1, max_size=6), cuts=CUTS)
def test_one_answer_for_each_request_whatever_becomes_of_it(bodies: list[int], cuts: tuple[int, ...]) -> None:
    """Too large ones among them are refused; what comes behind is answered or the connection has ended, and said so."""

    async def go() -> None:
        wire = Wire()

        async def answer(exchange: Exchange) -> None:
            try:
                body = await exchange.body(1_000)
                await exchange.respond(200, b"%d" % len(body), [])
            except ComityError as error:
                await respond_error(exchange, error, "")

        wire = Wire(answer)
        raw = b"".join(b"POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size for size in bodies)
        await wire.send(raw, pieces=tuple(cut for cut in cuts if cut < len(raw)))
        answers = wire.answers
        for (status, headers, body), size in zip(answers, bodies, strict=False):
            assert (status, body) == (200, b"%d" % size) if size <= 1_000 else status == 413
            assert (headers.get("connection") == "close") <= wire.transport.is_over
        assert len(answers) == len(bodies) or (answers[-1][1]["connection"] == "close" and len(answers) < len(bodies))

    asyncio.run(go())
