# SPDX-License-Identifier: Apache-2.0
"""A partner that does whatever a test wants with a connection: raw bytes in, raw bytes out, on loopback."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

PATIENCE_SECONDS = 60  # for what must happen; nothing here waits for time to pass

DONE = b"data: [DONE]\n\n"


def reply(body: bytes, *, status: str = "200 OK", kind: str = "application/json", headers: bytes = b"", size: int | None = None) -> bytes:
    """``size``: what is declared, where that is not the truth."""
    head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body) if size is None else size}\r\n"
    return head.encode() + headers + b"\r\n" + body


def chunked(*pieces: bytes, kind: str = "text/event-stream", end: bytes = b"0\r\n\r\n") -> bytes:
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
    return head + b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + end


@dataclass
class Request:
    line: str
    headers: list[tuple[str, str]]  # lower-case names, in order
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> list[str]:
        return [value for each, value in self.headers if each == name]


@dataclass
class Conversation:
    """One request being answered."""

    request: Request
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, raw: bytes) -> None:
        self.writer.write(raw)
        await self.writer.drain()

    async def until_gone(self) -> None:
        """Returns once the other side has closed."""
        while await self.reader.read(65536):
            pass


Script = Callable[[Conversation], Awaitable[None]]


@dataclass
class Partner:
    """``script`` answers each request; a connection stays open until it closes it or the caller does."""

    script: Script
    tls: ssl.SSLContext | None = None
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    gone: asyncio.Event = field(default_factory=asyncio.Event)  # a caller has closed a connection
    asked: asyncio.Event = field(default_factory=asyncio.Event)  # a whole request has come

    async def __aenter__(self) -> Partner:
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self.tls)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def base(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    async def wait(self, event: asyncio.Event) -> None:
        await asyncio.wait_for(event.wait(), PATIENCE_SECONDS)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.connections += 1
        try:
            while not writer.is_closing():
                request = await _read(reader)
                self.requests.append(request)
                self.asked.set()
                await self.script(Conversation(request, reader, writer))
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):  # cancelled only by `__aexit__`, which waits
            pass
        finally:
            if reader.at_eof() or reader.exception() is not None:
                self.gone.set()
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *lines = head.rstrip("\r\n").split("\r\n")
    headers = [(name.lower(), value.strip()) for name, _, value in (each.partition(":") for each in lines)]
    size = next((int(value) for name, value in headers if name == "content-length"), 0)
    return Request(line, headers, await reader.readexactly(size))


def saying(*pieces: bytes, close: bool = False) -> Script:
    """Says the same to everyone."""

    async def script(with_: Conversation) -> None:
        for piece in pieces:
            await with_.say(piece)
        if close:
            with_.writer.close()

    return script


def saying_then_silent(*pieces: bytes) -> Script:
    async def script(with_: Conversation) -> None:
        for piece in pieces:
            await with_.say(piece)
        await with_.until_gone()

    return script
