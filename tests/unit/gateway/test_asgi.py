# SPDX-License-Identifier: Apache-2.0
"""Comity inside a server of others: the same exchange over ASGI."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from comity.errors import CallerError
from comity.gateway.asgi import carry
from comity.gateway.exchange import Disconnected, Exchange

Message = dict[str, Any]


class Around:
    """The server around: what it brings, in turn, and what it was given to send."""

    def __init__(self, *brings: Message, headers: list[tuple[bytes, bytes]] | None = None, **scope: Any) -> None:
        self.scope = {"type": "http", "method": "POST", "path": "/a", "query_string": b"b=c", "headers": headers or [], **scope}
        self.sent: list[Message] = []
        self.brings: asyncio.Queue[Message] = asyncio.Queue()
        for message in brings:
            self.brings.put_nowait(message)

    async def send(self, message: Any) -> None:
        self.sent.append(dict(message))

    async def run(self, answering: Callable[[Exchange], Any]) -> None:
        await carry(answering, self.scope, self.brings.get, self.send)


def piece(body: bytes, more: bool = False) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


GONE: Message = {"type": "http.disconnect"}


async def echo(exchange: Exchange) -> None:
    await exchange.respond(200, await exchange.body(10), [])


async def test_a_body_in_pieces_and_its_answer() -> None:
    around = Around(piece(b"ab", True), piece(b"", True), piece(b"c"))
    await around.run(echo)
    start, body = around.sent
    assert (start["status"], start["headers"], body["body"]) == (200, [(b"content-length", b"3")], b"abc")


@pytest.mark.parametrize("headers", [[(b"content-length", b"11")], []])
async def test_a_body_too_large_is_refused_as_soon_as_it_is_known(headers: list[tuple[bytes, bytes]]) -> None:
    around = Around(piece(b"x" * 6, True), piece(b"x" * 6, True), headers=headers)
    with pytest.raises(CallerError) as refused:
        await around.run(echo)
    assert refused.value.status == 413 and around.brings.qsize() == (2 if headers else 0)


async def test_a_header_that_may_stand_once_stands_once() -> None:
    around = Around(piece(b""), headers=[(b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")])
    await around.run(echo)
    assert around.sent[0]["status"] == 400 and json.loads(around.sent[1]["body"])["error"]["code"] == "request.repeated_header"


async def test_only_http_is_served() -> None:
    with pytest.raises(RuntimeError):
        await Around(type="lifespan").run(echo)


async def test_where_it_is_mounted_is_no_part_of_the_path() -> None:
    seen: list[tuple[str, str]] = []

    async def answer(exchange: Exchange) -> None:
        seen.append((exchange.path, exchange.query))
        await exchange.respond(200, b"", [])

    await Around(piece(b""), path="/ai/v1/models", root_path="/ai").run(answer)
    assert seen == [("/v1/models", "b=c")]


@pytest.mark.parametrize("while_", ["sending", "waiting"])
async def test_a_caller_who_leaves_is_noticed(while_: str) -> None:
    met: list[str] = []

    async def answer(exchange: Exchange) -> None:
        try:
            await exchange.body(10)
            left = asyncio.Event()
            exchange.on_gone(left.set)
            await left.wait()
            met.append("told")
        except Disconnected:
            met.append("raised")

    await Around(piece(b"a", True) if while_ == "sending" else piece(b"a"), GONE).run(answer)
    assert met == ["raised" if while_ == "sending" else "told"]
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_disconnect_after_the_answer_means_nobody_left(streamed: bool) -> None:
    """Servers say it once an answer is whole."""
    left: list[bool] = []
    looked = asyncio.Event()
    around = Around(piece(b"a"))
    bring: Callable[[], Awaitable[Message]] = around.brings.get

    async def receive() -> Message:
        if around.brings.empty():
            looked.set()
        return await bring()

    async def answer(exchange: Exchange) -> None:
        await exchange.body(10)
        exchange.on_gone(lambda: left.append(True))
        await looked.wait()
        if streamed:
            await exchange.begin(200, [])
            await exchange.write(b"a")
            await exchange.end()
        else:
            await exchange.respond(200, b"a", [])
        around.brings.put_nowait(GONE)
        for _ in range(5):
            await asyncio.sleep(0)

    await carry(answer, around.scope, receive, around.send)
    assert not left and around.sent[-1] == {"type": "http.response.body", "body": b"" if streamed else b"a"}
