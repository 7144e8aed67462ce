# SPDX-License-Identifier: Apache-2.0
"""A relay on real sockets: sealed bytes pass both ways as they come, and what it sees and says holds nothing of who asks or what."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from comity.config import Config, LimitsConfig, RelayConfig
from comity.gateway.exchange import Exchange
from comity.gateway.roles.relay import Relay, label
from comity.gateway.serve import bind
from comity.gateway.server.server import Server
from comity.ports import SystemClock
from tests.sealing import SealedNode, opened, sealed_node
from tests.simulated.worlds import BEIJING, config, said_in_stream, subject
from tests.unit.providers.hostile import Conversation, Partner, chunked, reply, saying

PHONE = "13812345678"
ASKED = {"messages": [{"role": "user", "content": f"你好，我的电话是{PHONE}"}]}


@asynccontextmanager
async def served(answering: Callable[[Exchange], Awaitable[None]]) -> AsyncIterator[int]:
    listening = bind("127.0.0.1", 0)
    server = Server(answering, limits=LimitsConfig, clock=SystemClock())  # type: ignore[arg-type]
    await server.listen(listening)
    try:
        yield listening.getsockname()[1]
    finally:
        await server.drain(5)
        listening.close()


@asynccontextmanager
async def relayed(url: str, *, operator: str = "Relay Ltd", node_operator: str = "Example Ltd", **more: int) -> AsyncIterator[int]:
    made = RelayConfig(operator=operator, pools={"cn-assist": url}, node_operators={"cn-assist": node_operator}, **more)
    relay = Relay(Config(), made)
    try:
        async with served(relay.answer) as port:
            yield port
    finally:
        await relay.aclose()


class Tap:
    """Between relay and node: passes on what it hears, and keeps it."""

    def __init__(self, port: int) -> None:
        self._port, self.heard = port, bytearray()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._port)

        async def pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            try:
                while data := await source.read(65536):
                    self.heard += data
                    sink.write(data)
                    await sink.drain()
            except ConnectionError:
                pass
            finally:
                sink.close()

        await asyncio.gather(pass_on(reader, back), pass_on(there, writer))


async def post(port: int, path: str, data: bytes, headers: dict[str, str]) -> tuple[bytes, bytes]:
    """In chunks, as a client that seals while it writes; head and body of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"POST {path} HTTP/1.1\r\nhost: relay.example\r\nconnection: close\r\ntransfer-encoding: chunked\r\n{lines}\r\n".encode())
    for at in range(0, len(data), 500):
        writer.write(b"%x\r\n%b\r\n" % (len(data[at : at + 500]), data[at : at + 500]))
        await writer.drain()
    writer.write(b"0\r\n\r\n")
    raw = await reader.read()
    writer.close()
    head, _, body = raw.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" not in head:
        return head, body
    out = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        out += rest[: int(size, 16)]
        body = rest[int(size, 16) + 2 :]
    return head, out


@pytest.fixture
async def node(home: Path) -> AsyncIterator[SealedNode]:
    made = await sealed_node(config(BEIJING), home)
    yield made
    await made.aclose()


@pytest.mark.parametrize("stream", [False, True])
async def test_what_passes_holds_nothing_of_who_asks_or_what(node: SealedNode, stream: bool, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    wire, exchange = await node.sealed({**ASKED, "stream": stream}, subject("CN"))
    sent = b"".join(wire.sent)
    identifying = {
        "authorization": "Bearer secret-1", "user-agent": "phone-7", "cookie": "id=me", "x-forwarded-for": "203.0.113.9",
        "accept-language": "zh-CN,zh;q=0.9", "comity-subject": 'id="u-81"', "traceparent": "00-" + "1" * 32 + "-" + "2" * 16,
    }  # fmt: skip
    headers = {name: wire.headers[name] for name in ("content-type", "comity-key")} | {"incremental": "?1"} | identifying
    async with served(node.doors.answer) as port:
        tap = Tap(port)
        tapped = await asyncio.start_server(tap.connected, "127.0.0.1", 0)
        async with tapped, relayed(f"http://127.0.0.1:{tapped.sockets[0].getsockname()[1]}") as relay:
            head, body = await post(relay, "/cn-assist/comity/v1/sealed", sent, headers)
        answer = opened(exchange, body)
    said = said_in_stream(answer.body) if stream else answer.json()["choices"][0]["message"]["content"]
    assert answer.status == 200 and PHONE in said and answer.receipt is not None
    assert b'comity-relay: operator="Relay Ltd"\r\n' in head + b"\r\n" and b"same-operator" not in head
    seen = bytes(tap.heard) + caplog.text.encode()
    for secret in (*identifying.values(), PHONE, "你好", "qwen-beijing", "relay.example", "127.0.0.1:" + str(relay)):
        assert secret.encode() not in seen, secret
    asked = bytes(tap.heard).partition(b"\r\n\r\n")[0].decode().split("\r\n")
    assert sorted(line.partition(":")[0] for line in asked[1:]) == [
        "comity-key", "content-type", "host", "incremental", "transfer-encoding", "user-agent",
    ]  # fmt: skip


async def test_the_node_s_document_and_log_pass_too_and_nothing_else_does(node: SealedNode) -> None:
    async with served(node.doors.answer) as port, relayed(f"http://127.0.0.1:{port}", node_operator="Relay Ltd") as relay:
        head, body = await got(relay, "/cn-assist/comity/v1/node")
        assert json.loads(body)["format"] == "comity.node.v1" and b'operator="Relay Ltd"; same-operator' in head
        assert (await got(relay, "/cn-assist/tlog/nodes/checkpoint"))[1].startswith(b"log.example/nodes\n")
        for path in ("/cn-assist/v1/models", "/cn-assist/metrics", "/cn-assist/readyz", "/other/comity/v1/node", "/comity/v1/node",
                     "/cn-assist/tlog/nodes/../../readyz", "/cn-assist/comity/v1/node?x=1", "/cn-assist//comity/v1/node", "/"):  # fmt: skip
            assert (await got(relay, path))[0].startswith(b"HTTP/1.1 404"), path
        assert (await got(relay, "/cn-assist/comity/v1/sealed"))[0].startswith(b"HTTP/1.1 405")
        assert (await got(relay, "/healthz"))[0].startswith(b"HTTP/1.1 200")


async def got(port: int, path: str) -> tuple[bytes, bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nhost: relay.example\r\nconnection: close\r\n\r\n".encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    return head, body


async def test_a_node_that_is_not_there_is_told_without_a_word_of_the_request() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        async with relayed(f"http://127.0.0.1:{nobody.getsockname()[1]}") as relay:
            head, body = await post(relay, "/cn-assist/comity/v1/sealed", b"sealed words", {"content-type": "message/ohttp-chunked-req"})
    problem = json.loads(body)
    assert head.startswith(b"HTTP/1.1 502") and problem["code"] == "relay.node" and b"sealed words" not in body and b"127.0" not in body


async def test_what_the_node_refuses_comes_through_as_it_is(node: SealedNode) -> None:
    async with served(node.doors.answer) as port, relayed(f"http://127.0.0.1:{port}") as relay:
        head, body = await post(relay, "/cn-assist/comity/v1/sealed", b"x" * 100, {"content-type": "message/ohttp-chunked-req"})
    assert head.startswith(b"HTTP/1.1 400") and json.loads(body)["code"] == "seal.malformed"
    assert b"application/problem+json" in head and b"comity-relay" in head


async def test_a_request_that_is_too_large_is_refused_and_never_whole_at_the_node() -> None:
    async with Partner(saying(reply(b"{}"))) as partner, relayed(partner.base, body_bytes_max=1000) as relay:
        head, _ = await post(relay, "/cn-assist/comity/v1/sealed", b"x" * 5000, {"content-type": "message/ohttp-chunked-req"})
        assert head.startswith(b"HTTP/1.1 413")
        await partner.wait(partner.gone)


async def test_a_stream_cut_by_the_node_is_cut_for_the_caller_and_one_cut_by_the_caller_for_the_node() -> None:
    async def half(with_: Conversation) -> None:
        await with_.say(chunked(b"x" * 10, end=b""))
        with_.writer.close()

    async with Partner(half) as partner, relayed(partner.base) as relay:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay)
        writer.write(b"GET /cn-assist/comity/v1/node HTTP/1.1\r\nhost: x\r\n\r\n")
        raw = await reader.read()
        assert raw.endswith(b"a\r\nxxxxxxxxxx\r\n"), "no last chunk: whoever reads can tell"
        writer.close()

    async def for_ever(with_: Conversation) -> None:
        await with_.say(chunked(b"x" * 10, end=b""))
        await with_.until_gone()

    async with Partner(for_ever) as partner, relayed(partner.base) as relay:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay)
        writer.write(b"GET /cn-assist/comity/v1/node HTTP/1.1\r\nhost: x\r\n\r\n")
        await reader.readuntil(b"xxxxxxxxxx")
        writer.close()
        await partner.wait(partner.gone)


async def test_of_a_stream_no_more_is_held_than_is_on_its_way() -> None:
    """Neither of an answer that nobody reads, nor of a request that the node does not take."""
    megabyte, said = 1 << 20, 0

    async def flood(with_: Conversation) -> None:
        nonlocal said
        await with_.say(chunked(end=b""))
        with_.writer.transport.set_write_buffer_limits(65536)
        for _ in range(64):
            await with_.say(b"%x\r\n%b\r\n" % (megabyte, b"x" * megabyte))
            said += megabyte

    async with Partner(flood) as partner, relayed(partner.base) as relay:
        small = socket.socket()
        small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        small.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(small, ("127.0.0.1", relay))
        await loop.sock_sendall(small, b"GET /cn-assist/comity/v1/node HTTP/1.1\r\nhost: x\r\n\r\n")
        await still(lambda: said)
        assert 0 < said < 24 * megabyte  # what kernels hold of three sockets, and a little
        small.close()
        await partner.wait(partner.gone)


async def still(figure: Callable[[], int]) -> None:
    """Until nothing moves any more."""
    before, turns = -1, 0
    while turns < 2000:
        await asyncio.sleep(0)
        turns = turns + 1 if figure() == before else 0
        before = figure()


@pytest.mark.parametrize(
    ("operator", "same", "value"),
    [
        ("Relay Ltd", False, b'operator="Relay Ltd"'),
        ("Relay Ltd", True, b'operator="Relay Ltd"; same-operator'),
        ('a "b" \\c', False, b'operator="a \\"b\\" \\\\c"'),
        ("北京", False, b'operator=%"%e5%8c%97%e4%ba%ac"'),
        ("ü%", True, b'operator=%"%c3%bc%25"; same-operator'),
    ],
)
def test_who_runs_it_is_said_as_a_structured_field(operator: str, same: bool, value: bytes) -> None:
    assert label(operator, same=same) == value


async def test_of_a_request_that_the_node_does_not_take_no_more_is_held_either() -> None:
    sent = 0

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        await over.wait()
        writer.close()

    over = asyncio.Event()
    node = await asyncio.start_server(deaf, "127.0.0.1", 0)
    async with node, relayed(f"http://127.0.0.1:{node.sockets[0].getsockname()[1]}", body_bytes_max=1 << 30) as relay:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay)
        writer.transport.set_write_buffer_limits(65536)
        writer.write(b"POST /cn-assist/comity/v1/sealed HTTP/1.1\r\nhost: x\r\ncontent-type: message/ohttp-chunked-req\r\n")
        writer.write(b"content-length: %d\r\n\r\n" % (64 << 20))

        async def sends() -> None:
            nonlocal sent
            for _ in range(64):
                writer.write(b"x" * (1 << 20))
                await writer.drain()
                sent += 1 << 20

        sending = asyncio.ensure_future(sends())
        await still(lambda: sent)
        assert 0 < sent < 24 << 20
        over.set()  # the node has gone without an answer
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 502")
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.transport.abort()


async def test_an_answer_that_comes_before_all_was_heard_is_passed_on_and_ends_both_connections() -> None:
    async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply(b"{}", status="503 Service Unavailable"))
        await writer.drain()
        await reader.read()
        writer.close()

    node = await asyncio.start_server(early, "127.0.0.1", 0)
    async with node, relayed(f"http://127.0.0.1:{node.sockets[0].getsockname()[1]}") as relay:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay)
        writer.write(b"POST /cn-assist/comity/v1/sealed HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")

        async def sends() -> None:
            while not writer.is_closing():
                writer.write(b"1\r\nx\r\n")
                await writer.drain()
                await asyncio.sleep(0)

        sending = asyncio.ensure_future(sends())
        raw = await reader.read()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        assert raw.startswith(b"HTTP/1.1 503") and b"connection: close" in raw
        writer.close()
