# SPDX-License-Identifier: Apache-2.0
"""What a caller may rely on: order, kept connections, both ways of back-pressure, and to be told when it is not served."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest

from comity.errors import CallerError
from comity.gateway.exchange import Disconnected, Exchange
from comity.gateway.http import respond_error
from comity.gateway.server.connection import READ_AHEAD_BYTES
from tests.unit.gateway.server.wire import BODY_BYTES_MAX, HIGH_WATER, Wire, settled

GET = b"GET /%b HTTP/1.1\r\nhost: x\r\n\r\n"


def post(body: bytes, *, headers: bytes = b"") -> bytes:
    return b"POST /p HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n%b\r\n%b" % (len(body), headers, body)


async def test_a_connection_is_kept_and_each_request_has_its_answer() -> None:
    wire = Wire()
    for number in range(3):
        await wire.send(post(b"%d" % number))
        assert not wire.transport.is_over
    assert [body for _, _, body in wire.answers] == [b"0", b"1", b"2"]
    assert wire.answers[0][1]["date"] == "Mon, 23 Nov 2026 12:00:00 GMT"


async def test_requests_sent_at_once_are_answered_in_their_order() -> None:
    wire = Wire()
    await wire.send(b"".join(post(b"%d" % number) for number in range(50)))
    assert [body for _, _, body in wire.answers] == [b"%d" % number for number in range(50)]


async def test_the_next_request_waits_for_the_answer_before_it() -> None:
    gate = asyncio.Event()
    begun: list[str] = []

    async def slow(exchange: Exchange) -> None:
        begun.append(exchange.path)
        await gate.wait()
        await exchange.respond(200, exchange.path.encode(), [])

    wire = Wire(slow)
    await wire.send(GET % b"a" + GET % b"b")
    assert begun == ["/a"] and not wire.transport.sent
    gate.set()
    await settled()
    assert [body for _, _, body in wire.answers] == [b"/a", b"/b"]


async def test_what_is_owed_after_an_answer_holds_up_nobody() -> None:
    """The outcome is recorded after the answer; the caller's next request does not wait for it."""
    gate = asyncio.Event()

    async def owing(exchange: Exchange) -> None:
        await exchange.respond(200, exchange.path.encode(), [])
        await gate.wait()

    wire = Wire(owing)
    await wire.send(GET % b"a" + GET % b"b")
    assert len(wire.answers) == 2
    gate.set()


async def test_what_a_caller_sends_ahead_is_bounded() -> None:
    gate = asyncio.Event()

    async def slow(exchange: Exchange) -> None:
        await gate.wait()
        await exchange.respond(200, b"", [])

    wire = Wire(slow)
    await wire.send(GET % b"a")
    while not wire.transport.paused:
        await wire.send(GET % b"b")
    assert len(wire.connection.buffer) <= READ_AHEAD_BYTES + len(GET % b"b")
    gate.set()
    await settled()
    assert not wire.transport.paused and not wire.connection.buffer


async def test_a_body_that_nobody_asked_for_yet_stays_outside() -> None:
    gate = asyncio.Event()
    taken: list[bytes] = []

    async def slow(exchange: Exchange) -> None:
        await gate.wait()
        taken.append(await exchange.body(BODY_BYTES_MAX * 10))
        await exchange.respond(200, b"", [])

    wire = Wire(slow)
    size = READ_AHEAD_BYTES * 3
    await wire.send(post(b"")[:-2].replace(b"length: 0", b"length: %d" % size) + b"\r\n")
    sent = 0
    while not wire.transport.paused:
        await wire.send(b"x" * 16_384)
        sent += 16_384
    assert sent < size and not taken
    gate.set()
    await settled()
    assert not wire.transport.paused
    await wire.send(b"x" * (size - sent))
    assert taken == [b"x" * size] and len(wire.answers) == 1


async def test_an_answer_waits_for_a_caller_who_does_not_read() -> None:
    written: list[int] = []

    async def flood(exchange: Exchange) -> None:
        await exchange.begin(200, [])
        for number in range(100):
            await exchange.write(b"x" * 10_000)
            written.append(number)
        await exchange.end()

    wire = Wire(flood)
    wire.transport.reads = False
    await wire.send(GET % b"a")
    assert 0 < len(written) < 10 and wire.transport.unread < HIGH_WATER + 20_000
    wire.transport.read_all()
    await settled()
    assert len(written) == 100
    assert wire.answers[0][2] == b"x" * 1_000_000


async def test_a_stream_of_unknown_length_is_chunked_and_an_unfinished_one_can_be_told() -> None:
    async def half(exchange: Exchange) -> None:
        await exchange.begin(200, [(b"content-type", b"text/event-stream")])
        await exchange.write(b"")  # an empty chunk would be the end
        await exchange.write(b"data: 1\n\n")
        if exchange.path == "/whole":
            await exchange.end()

    wire = Wire(half)
    await wire.send(GET % b"whole")
    assert wire.answers[0][2] == b"data: 1\n\n" and not wire.transport.is_over
    await wire.send(GET % b"half")
    assert wire.transport.is_over and wire.transport.sent.endswith(b"9\r\ndata: 1\n\n\r\n")
    with pytest.raises(Exception, match="incomplete chunked"):
        _ = wire.answers


@pytest.mark.parametrize("promised", [3, 5, 9])
async def test_a_promised_length_is_kept_or_the_connection_dropped(promised: int) -> None:
    async def say(exchange: Exchange) -> None:
        await exchange.begin(200, [(b"content-length", b"%d" % promised)])
        await exchange.write(b"hello")
        await exchange.end()

    wire = Wire(say)
    await wire.send(GET % b"a")
    assert wire.transport.is_over == (promised != 5)
    assert wire.transport.sent.endswith(b"hello") == (promised != 3)  # what is too much would be read as the next answer


async def test_head_has_the_head_of_the_answer_and_nothing_more() -> None:
    async def say(exchange: Exchange) -> None:
        if exchange.path == "/stream":
            await exchange.begin(200, [])
            while True:  # as a stream of events does
                await exchange.write(b"hello")
        else:
            await exchange.respond(200, b"hello", [])

    wire = Wire(say)
    for path in (b"whole", b"stream"):
        await wire.send(b"HEAD /%b HTTP/1.1\r\nhost: x\r\n\r\n" % path)
        assert wire.transport.sent.endswith(b"\r\n\r\n") and b"hello" not in wire.transport.sent
    assert b"content-length: 5" in wire.transport.sent and not wire.transport.is_over
    await wire.send(GET % b"next")
    assert wire.transport.sent.endswith(b"hello")


@pytest.mark.parametrize(
    ("head", "kept"),
    [
        (b"GET / HTTP/1.1\r\nhost: x\r\n", True),
        (b"GET / HTTP/1.1\r\nhost: x\r\nconnection: keep-alive\r\n", True),
        (b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n", False),
        (b"GET / HTTP/1.1\r\nhost: x\r\nconnection: Foo , CLOSE\r\n", False),
        (b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nconnection: keep-alive\r\n", False),
        (b"GET / HTTP/1.0\r\n", False),
        (b"GET / HTTP/1.0\r\nconnection: keep-alive\r\n", False),
    ],
)
async def test_a_connection_ends_when_either_says_so(head: bytes, kept: bool) -> None:
    wire = Wire()
    await wire.send(head + b"\r\n")
    assert len(wire.answers) == 1 and wire.transport.is_over is not kept
    assert ("connection" in wire.answers[0][1]) is not kept


async def test_http_1_0_gets_a_stream_without_chunks_and_a_reset_when_it_breaks_off() -> None:
    async def say(exchange: Exchange) -> None:
        await exchange.begin(200, [])
        await exchange.write(b"hello")
        if exchange.path == "/whole":
            await exchange.end()

    wire = Wire(say)
    await wire.send(b"GET /whole HTTP/1.0\r\n\r\n")
    assert wire.transport.sent.endswith(b"\r\n\r\nhello") and wire.transport.is_over and not wire.transport.aborted
    wire = Wire(say)
    await wire.send(b"GET /half HTTP/1.0\r\n\r\n")
    assert wire.transport.aborted


async def test_a_caller_who_asks_first_is_told_to_go_on_once() -> None:
    wire = Wire()
    await wire.send(post(b"abc", headers=b"expect: 100-continue\r\n")[:-3])
    assert wire.transport.sent == b"HTTP/1.1 100 Continue\r\n\r\n"
    await wire.send(b"abc")
    assert wire.transport.sent.count(b"100 Continue") == 1 and wire.answers[-1][2] == b"abc"


async def test_a_caller_who_did_not_wait_is_not_told_to_go_on() -> None:
    """RFC 9110, 10.1.1: once something of the body has come."""
    wire = Wire()
    await wire.send(post(b"abc", headers=b"expect: 100-continue\r\n")[:-1])
    await wire.send(b"c")
    assert b"100 Continue" not in wire.transport.sent and wire.answers[0][2] == b"abc"


async def test_a_caller_who_asks_first_and_is_refused_sends_nothing() -> None:
    wire = Wire()
    await wire.send(b"POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: %d\r\n\r\n" % (BODY_BYTES_MAX + 1))
    ((status, headers, _),) = wire.answers
    assert status == 413 and headers["connection"] == "close" and b"100 Continue" not in wire.transport.sent


async def test_a_body_too_large_is_refused_before_it_is_read_and_the_answer_can_be_received() -> None:
    wire = Wire()
    await wire.send(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999\r\n\r\n" + b"x" * 1000)
    ((status, _, body),) = wire.answers
    assert status == 413 and json.loads(body)["error"]["code"] == "request.too_large"
    assert wire.transport.ended and not wire.transport.closing  # it still sends: closing now would reset what it is to read
    await wire.send(b"x" * 100_000)
    assert not wire.connection.buffer
    await wire.after(3)
    assert wire.transport.aborted


async def test_chunks_too_many_bytes_together_are_refused_while_they_come() -> None:
    wire = Wire()
    await wire.send(b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
    for _ in range(BODY_BYTES_MAX // 10_000 + 1):
        await wire.send(b"2710\r\n" + b"x" * 10_000 + b"\r\n")
    assert [status for status, _, _ in wire.answers] == [413] and wire.transport.is_over


async def test_bodies_held_at_once_have_a_ceiling() -> None:
    wire = Wire(bodies_bytes_max=1_000)
    other, transport = wire.connect()
    await wire.send(post(b"x" * 900)[:-1])  # all but its last byte
    other.data_received(post(b"y" * 900))
    await settled()
    assert b" 503 " in transport.sent and b"retry-after: 5" in transport.sent and b"server.busy" in transport.sent
    await wire.send(b"x")
    assert wire.answers[0][0] == 200
    third, transport = wire.connect()
    third.data_received(post(b"z" * 900))
    await settled()
    assert b" 200 " in transport.sent  # both are done, so there is room


async def test_connections_have_a_ceiling() -> None:
    wire = Wire(connections_max=1)
    _, transport = wire.connect()
    assert b" 503 " in transport.sent and b"retry-after" in transport.sent
    assert transport.ended and not transport.closing  # what it is about to ask must not reset what it is to read
    await wire.send(GET % b"a")
    assert wire.answers[0][0] == 200


async def test_what_never_became_a_request_is_told_to_whoever_counts() -> None:
    wire = Wire()
    await wire.send(GET % b"a" + b"nonsense\r\n\r\n")
    assert [error.code for error in wire.refused] == ["http.invalid"] and len(wire.answers) == 2


async def test_a_body_that_was_not_asked_for_is_passed_over_if_it_is_here() -> None:
    async def no(exchange: Exchange) -> None:
        await respond_error(exchange, CallerError("no such path", code="request.unknown_path", status=404), "")

    wire = Wire(no)
    await wire.send(post(b"x" * 1000) + post(b"x" * 10))
    assert [status for status, _, _ in wire.answers] == [404, 404] and not wire.transport.is_over
    await wire.send(post(b"x" * 1000)[:-1])
    assert wire.answers[-1][1]["connection"] == "close" and wire.transport.is_over


async def test_a_line_break_in_a_value_makes_no_header() -> None:
    async def say(exchange: Exchange) -> None:
        await exchange.respond(200, b"", [(b"comity-dropped", b"a\r\nset-cookie: b\r\n\r\n<script>\x00")])

    wire = Wire(say)
    await wire.send(GET % b"a")
    ((_, headers, body),) = wire.answers
    assert headers["comity-dropped"] == "a??set-cookie: b????<script>?" and body == b""


async def test_who_leaves_is_noticed_once_and_without_a_task() -> None:
    told: list[str] = []

    async def slow(exchange: Exchange) -> None:
        exchange.on_gone(lambda: told.append("gone"))
        try:
            await asyncio.Event().wait()
        finally:
            told.append("ended")

    wire = Wire(slow)
    await wire.send(GET % b"a")
    assert len(asyncio.all_tasks()) == 2  # the test and the request
    await wire.leave()
    assert told == ["gone"]
    await wire.server.drain(0)
    assert told == ["gone", "ended"]


async def test_who_has_taken_it_back_is_not_told() -> None:
    told: list[str] = []

    async def slow(exchange: Exchange) -> None:
        exchange.on_gone(lambda: told.append("gone"))
        exchange.on_gone(None)
        await asyncio.sleep(0)
        await exchange.respond(200, b"", [])

    wire = Wire(slow)
    await wire.send(GET % b"a")
    await wire.leave()
    assert not told


async def test_who_has_left_before_it_was_asked_for_is_told_at_once() -> None:
    told: list[str] = []
    gate = asyncio.Event()

    async def slow(exchange: Exchange) -> None:
        await gate.wait()
        exchange.on_gone(lambda: told.append("gone"))

    wire = Wire(slow)
    await wire.send(GET % b"a")
    await wire.leave()
    gate.set()
    await settled()
    assert told == ["gone"]


@pytest.mark.parametrize("waits_for", ["body", "write", "nothing"])
async def test_whoever_waits_for_a_caller_who_left_is_woken(waits_for: str) -> None:
    met: list[type[BaseException]] = []
    gate = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        try:
            if waits_for == "body":
                await exchange.body(BODY_BYTES_MAX)
            elif waits_for == "nothing":
                await gate.wait()
            await exchange.begin(200, [])
            while True:
                await exchange.write(b"x" * 10_000)
        except BaseException as error:
            met.append(type(error))
            raise

    wire = Wire(answer)
    wire.transport.reads = False
    await wire.send(post(b"abc")[:-1])
    await wire.leave()
    if waits_for == "write":
        wire.transport.abort()  # until what was written is sent or given up, a closed connection is not lost
    gate.set()
    await settled()
    assert met == [Disconnected]


async def test_an_answer_is_given_once(caplog: pytest.LogCaptureFixture) -> None:
    async def twice(exchange: Exchange) -> None:
        await exchange.begin(200, [])
        await exchange.respond(200, b"again", [])

    wire = Wire(twice)
    await wire.send(GET % b"a")
    assert wire.transport.sent.count(b"HTTP/1.1 200") == 1 and wire.transport.is_over and "RuntimeError" in caplog.text


async def test_who_answers_nothing_ends_the_connection(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)

    async def bug(exchange: Exchange) -> None:
        raise KeyError("zebra")

    wire = Wire(bug)
    await wire.send(GET % b"a")
    assert wire.transport.is_over and not wire.transport.sent and "KeyError" in caplog.text and "zebra" not in caplog.text


async def test_draining_answers_what_was_asked_and_takes_nothing_more() -> None:
    gate = asyncio.Event()

    async def slow(exchange: Exchange) -> None:
        await gate.wait()
        await exchange.respond(200, b"answered", [])

    wire = Wire(slow)
    _, idle = wire.connect()
    await wire.send(GET % b"a" + GET % b"b")
    draining = asyncio.ensure_future(wire.server.drain(30))
    await settled()
    assert idle.closing and not wire.transport.is_over and not draining.done()
    _, late = wire.connect()
    assert late.is_over
    gate.set()
    await settled()
    assert (
        wire.transport.ended and wire.transport.sent.count(b"answered") == 1
    )  # the second was sent ahead: not begun, safe to ask elsewhere
    assert b"connection: close" in wire.transport.sent
    await wire.leave()
    late_connection = late.protocol
    late_connection.eof_received()
    late.close()
    await settled()
    await draining


async def test_a_stream_that_had_begun_ends_whole_and_its_connection_with_it() -> None:
    gate = asyncio.Event()

    async def stream(exchange: Exchange) -> None:
        await exchange.begin(200, [])
        await gate.wait()
        await exchange.end()

    wire = Wire(stream)
    await wire.send(GET % b"a")
    draining = asyncio.ensure_future(wire.server.drain(30))
    await settled()
    gate.set()
    await settled()
    assert wire.transport.sent.endswith(b"0\r\n\r\n") and wire.transport.closing and draining.done()


async def test_draining_ends_and_what_is_owed_is_paid() -> None:
    paid: list[str] = []

    async def owing(exchange: Exchange) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            paid.append("outcome")

    wire = Wire(owing)
    await wire.send(GET % b"a")
    await wire.server.drain(0)
    assert paid == ["outcome"] and wire.transport.closing
