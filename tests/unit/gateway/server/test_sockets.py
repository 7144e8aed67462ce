# SPDX-License-Identifier: Apache-2.0
"""The server on real sockets and its real event loop: signals of the kernel that no stand-in has."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import uvloop

from comity.config import LimitsConfig
from comity.gateway.exchange import Disconnected, Exchange
from comity.gateway.serve import bind, listen
from comity.gateway.server.server import Server
from comity.ports import SystemClock

POST = b"POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"


async def echo(exchange: Exchange) -> None:
    await exchange.respond(200, await exchange.body(1 << 20), [])


@asynccontextmanager
async def served(answering: Callable[[Exchange], Awaitable[None]]) -> AsyncIterator[tuple[Server, int]]:
    listening = bind("127.0.0.1", 0)
    server = Server(answering, limits=LimitsConfig, clock=SystemClock())
    await server.listen(listening)
    try:
        yield server, listening.getsockname()[1]
    finally:
        await server.drain(5)
        listening.close()


def on_uvloop(test: Callable[[], Awaitable[None]]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(test())  # type: ignore[arg-type]


async def ask(port: int, raw: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(raw)
    said = await reader.read()
    writer.close()
    return said


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110 - the kernel tells nobody
            await asyncio.sleep(0)


def test_a_refused_body_still_being_sent_does_not_lose_its_answer() -> None:
    """Closing at once would reset the connection, and the caller would never read why."""

    async def refuse(exchange: Exchange) -> None:
        await exchange.respond(413, b"too much", [])

    async def test() -> None:
        async with served(refuse) as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\n")
            for _ in range(40):
                writer.write(b"x" * 100_000)
                await asyncio.sleep(0)
            assert (await reader.read()).endswith(b"too much")
            writer.close()

    on_uvloop(test)


def test_a_caller_who_hangs_up_is_noticed_while_its_answer_is_made() -> None:
    async def test() -> None:
        gone = asyncio.Event()

        async def slow(exchange: Exchange) -> None:
            await exchange.body(100)
            exchange.on_gone(gone.set)
            await gone.wait()

        async with served(slow) as (server, port):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(POST)
            await until(lambda: len(server.tasks) == 1)
            writer.close()
            async with asyncio.timeout(10):
                await gone.wait()

    on_uvloop(test)


def test_a_stream_to_a_caller_who_does_not_read_waits_in_little_memory() -> None:
    async def test() -> None:
        written, ended = 0, asyncio.Event()

        async def flood(exchange: Exchange) -> None:
            nonlocal written
            try:
                await exchange.begin(200, [])
                while True:
                    await exchange.write(b"x" * 65_536)
                    written += 65_536
            except Disconnected:
                ended.set()

        async with served(flood) as (server, port):
            _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await until(lambda: any(connection.stalled for connection in server.connections))  # the kernel's own buffers are full
            assert written < 64 << 20
            writer.transport.abort()
            async with asyncio.timeout(10):
                await ended.wait()

    on_uvloop(test)


def test_draining_answers_what_was_asked_and_refuses_new_connections() -> None:
    async def test() -> None:
        gate = asyncio.Event()

        async def slow(exchange: Exchange) -> None:
            await gate.wait()
            await exchange.respond(200, b"answered", [])

        async with served(slow) as (server, port):
            asked = asyncio.ensure_future(ask(port, POST))
            await until(lambda: len(server.tasks) == 1)
            draining = asyncio.ensure_future(server.drain(30))
            await asyncio.sleep(0)
            with pytest.raises(OSError):
                await asyncio.open_connection("127.0.0.1", port)
            gate.set()
            said = await asked
            assert said.endswith(b"answered") and b"connection: close" in said
            await draining
            assert not server.connections

    on_uvloop(test)


def test_a_signal_drains_and_a_second_cuts_it_short() -> None:
    async def test() -> None:
        begun, paid, ready = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def hang(exchange: Exchange) -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                paid.set()

        listening = bind("127.0.0.1", 0)
        serving = asyncio.ensure_future(listen(hang, listening, ready.set))
        await ready.wait()
        asked = asyncio.ensure_future(ask(listening.getsockname()[1], POST))
        await begun.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        for _ in range(20):
            await asyncio.sleep(0)
        assert not serving.done() and not paid.is_set()
        os.kill(os.getpid(), signal.SIGINT)
        async with asyncio.timeout(30):
            await serving
        assert paid.is_set() and await asked == b""
        listening.close()

    on_uvloop(test)


def test_two_processes_could_share_a_port() -> None:
    """Each worker listens on a socket of its own; the server takes whichever it is given."""

    async def test() -> None:
        async def named(name: bytes) -> tuple[Server, int]:
            async def answer(exchange: Exchange) -> None:
                await exchange.respond(200, name, [])

            listening = socket.socket()
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            listening.bind(("127.0.0.1", ports[-1]))
            listening.listen()
            server = Server(answer, limits=LimitsConfig, clock=SystemClock())
            await server.listen(listening)
            return server, listening.getsockname()[1]

        ports = [0]
        first, port = await named(b"first")
        ports.append(port)
        second, _ = await named(b"second")
        heard: set[bytes] = set()
        async with asyncio.timeout(30):
            while len(heard) < 2:
                said = await ask(port, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                heard.add(said.rsplit(b"\r\n", 1)[1])
        await first.drain(5)
        await second.drain(5)
        assert heard == {b"first", b"second"}

    on_uvloop(test)


@pytest.mark.parametrize("many", [300, pytest.param(10_000, marks=pytest.mark.full)])
def test_cut_connections_leave_no_task_no_socket_and_no_memory(many: int) -> None:
    """Cut at every stage: before a byte, in a head, in a body, while it is answered, in the midst of a stream."""

    async def test() -> None:
        async def answer(exchange: Exchange) -> None:
            await exchange.body(1 << 20)
            if exchange.path == "/hang":
                gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                exchange.on_gone(lambda: gone.set_result(None))
                await gone
            elif exchange.path == "/stream":
                await exchange.begin(200, [])
                while True:
                    await exchange.write(b"x" * 20_000)
                    await asyncio.sleep(0)
            else:
                await exchange.respond(200, b"x" * 1_000, [])

        cuts = [b"", POST[:9], POST[:-1], POST, POST.replace(b"/p", b"/hang"), POST.replace(b"/p", b"/stream"), b"\x00\r\n\r\n", POST * 20]

        async with served(answer) as (server, port):

            async def cut(number: int) -> None:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(cuts[number % len(cuts)])
                for _ in range(number % 7):
                    await asyncio.sleep(0)
                writer.transport.abort()

            async def some(start: int, count: int) -> None:
                for base in range(start, start + count, 50):
                    await asyncio.gather(*[cut(number) for number in range(base, base + 50)])
                await until(lambda: not server.connections and not server.tasks)

            await some(0, many // 3)
            gc.collect()
            sockets, memory = len(os.listdir("/proc/self/fd")), resident_bytes()
            await some(many // 3, many - many // 3)
            gc.collect()
            assert len(os.listdir("/proc/self/fd")) <= sockets + 2
            assert len(asyncio.all_tasks()) == 1 and server.held == 0
            assert resident_bytes() - memory < 8 << 20
            assert (await ask(port, POST.replace(b"Host", b"Connection: close\r\nHost"))).endswith(b"x" * 1_000)

    on_uvloop(test)


def resident_bytes() -> int:
    with open("/proc/self/statm") as told:
        return int(told.read().split()[1]) * resource.getpagesize()
