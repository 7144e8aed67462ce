# SPDX-License-Identifier: Apache-2.0
"""The request inside a seal as the front door sees it, and its answer sealed to whoever asked.

Whatever the answer says stays inside: an error and a refusal too.  Its end carries the receipt that this node made, in the trailer
`comity-receipt-bundle`, so that what was decided is proved to whoever asked and to nobody on the way.
"""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any

from comity.errors import CallerError, ProviderFailure
from comity.gateway.exchange import Exchange, Headers, Seal
from comity.gateway.http import NO_STORE, SSE, encode, header_map, too_large
from comity.gateway.roles.pace import Paced
from comity.gateway.server.head import first_line
from comity.ports import Clock, Random
from comity.seal import chunked, ohttp
from comity.seal.bind import BIND, REPLAY
from comity.seal.ends import AnswerWriter, seal_answer
from comity.seal.http import Fields, Request, Response
from comity.seal.padding import Beat
from comity.transparency.entry import NodeEntry

RECEIPT = b"comity-receipt-bundle"
INCREMENTAL = (b"incremental", b"?1")
HERE = "localhost"
"""The host of a message that names none: whom it is for, its seal says."""
_EVENTS = SSE[1].partition(b";")[0]
_OWN = frozenset({BIND, REPLAY})
_PLAIN = bytes(ord("?") if byte < 0x20 or byte == 0x7F else byte for byte in range(256))
Bundle = Callable[[str], Awaitable[dict[str, Any]]]
"""The bundle of a receipt, by its id."""


class Inner(ABC):
    """An Exchange.  ``terms`` say how its answer is padded."""

    def __init__(
        self, outer: Exchange, sealing: ohttp.Exchange, *, seal: Seal, terms: NodeEntry, bundle: Bundle, random: Random
    ) -> None:  # fmt: skip
        self.method, self.path, self.query = "GET", "/", ""
        self.headers: Mapping[str, str] = {}
        self.begun = False
        self.seal: Seal | None = seal
        self._outer, self._sealing, self._terms, self._bundle, self._random = outer, sealing, terms, bundle, random
        self._content = b""
        self._receipt = ""

    def read(self, head: Request, content: bytes) -> None:
        """What is asked, held to the rules of the open door.  Raises CallerError, to be answered inside the seal too."""
        self.method = head.method
        first = first_line(f"{head.method} {head.path} HTTP/1.1".encode())
        named = header_map((name, value) for name, value in head.fields if name not in _OWN)
        host = head.authority.lower() or named.get("host", "").lower() or HERE
        if named.get("host", host).lower() != host:
            raise CallerError("the authority and the `host` field name different hosts", code="http.invalid", field="host")
        self.path, self.query, self.headers, self._content = first.path, first.query, {**named, "host": host}, content

    async def body(self, bytes_max: int) -> bytes:
        if len(self._content) > bytes_max:
            raise too_large(bytes_max)
        return self._content

    async def pieces(self, bytes_max: int) -> AsyncGenerator[bytes, None]:
        yield await self.body(bytes_max)

    def on_gone(self, call: Callable[[], None] | None) -> None:
        self._outer.on_gone(call)

    @abstractmethod
    async def respond(self, status: int, body: bytes, headers: Headers) -> None: ...

    @abstractmethod
    async def begin(self, status: int, headers: Headers) -> None: ...

    @abstractmethod
    async def write(self, piece: bytes) -> None: ...

    @abstractmethod
    async def end(self) -> None: ...

    @abstractmethod
    async def aclose(self) -> None:
        """Nobody answers it any more."""

    def _head(self, status: int, headers: Headers) -> Response:
        self._receipt = next((value.decode() for name, value in headers if name == b"comity-receipt"), "")
        return Response(status=status, fields=tuple((name, value.translate(_PLAIN).strip(b" ")) for name, value in headers))

    async def _trailers(self) -> Fields:
        """Where there was a decision, its receipt.  An answer does not end well without it."""
        if not self._receipt:
            return ()
        bundle = encode(await self._bundle(self._receipt))
        return ((RECEIPT, base64.urlsafe_b64encode(bundle).rstrip(b"=")),)


class InnerStream(Inner):
    """In chunks (`message/ohttp-chunked-res`), while it comes."""

    def __init__(self, outer: Exchange, sealing: ohttp.Exchange, *, clock: Clock, **more: Any) -> None:
        super().__init__(outer, sealing, **more)
        self._clock = clock
        self._writer: AnswerWriter | None = None  # once it has begun
        self._paced: Paced | None = None

    async def respond(self, status: int, body: bytes, headers: Headers) -> None:
        head = self._head(status, headers)
        trailers = await self._trailers()  # first: without it the answer is an error
        self.begun = True
        writer = AnswerWriter(self._sealing, self._random, least=self._terms.padding_bytes_min)
        sealed = b"".join((writer.start(head), writer.piece(body), writer.close(trailers)))
        await self._outer.respond(200, sealed, _kind(chunked.RESPONSE_TYPE, INCREMENTAL))

    async def begin(self, status: int, headers: Headers) -> None:
        self.begun = True
        kind = next((value for name, value in headers if name == b"content-type"), b"")
        events = kind.partition(b";")[0] == _EVENTS
        terms = self._terms
        least = terms.event_bytes_min if events else terms.padding_bytes_min
        self._writer = writer = AnswerWriter(self._sealing, self._random, least=least)
        await self._outer.begin(200, _kind(chunked.RESPONSE_TYPE, INCREMENTAL, (b"x-accel-buffering", b"no")))
        await self._said(writer.start(self._head(status, headers)))
        if events:
            self._paced = Paced(Beat(self._clock, seconds=terms.beat_milliseconds / 1000, start=0.0), self._beat)

    async def write(self, piece: bytes) -> None:
        if self._paced is not None:
            await self._paced.add(piece)
        else:
            assert self._writer is not None
            await self._said(self._writer.piece(piece))

    async def end(self) -> None:
        if self._paced is not None:
            await self._paced.close()
        assert self._writer is not None
        await self._said(self._writer.close(await self._trailers()))
        await self._outer.end()

    async def _beat(self, events: bytes) -> None:
        assert self._writer is not None
        await self._said(self._writer.beat(events))

    async def _said(self, sealed: bytes) -> None:
        if sealed:
            await self._outer.write(sealed)

    async def aclose(self) -> None:
        if self._paced is not None:
            await self._paced.aclose()


class InnerWhole(Inner):
    """In one piece (`message/ohttp-res`): what is streamed is gathered first.  ``bytes_max``: of that."""

    def __init__(self, outer: Exchange, sealing: ohttp.Exchange, *, bytes_max: int, **more: Any) -> None:
        super().__init__(outer, sealing, **more)
        self._left = bytes_max
        self._status, self._headers, self._gathered = 200, tuple[tuple[bytes, bytes], ...](), list[bytes]()

    async def respond(self, status: int, body: bytes, headers: Headers) -> None:
        head = self._head(status, headers)
        trailers = await self._trailers()
        self.begun = True
        least = self._terms.padding_bytes_min
        sealed = seal_answer(self._sealing, head, body, self._random, trailers=trailers, least=least)
        await self._outer.respond(200, sealed, _kind(ohttp.RESPONSE_TYPE))

    async def begin(self, status: int, headers: Headers) -> None:
        self.begun = True
        self._status, self._headers = status, tuple(headers)

    async def write(self, piece: bytes) -> None:
        self._left -= len(piece)
        if self._left < 0:
            raise ProviderFailure("the answer is too large to be sealed whole", kind="protocol", retryable=False)
        self._gathered.append(piece)

    async def end(self) -> None:
        await self.respond(self._status, b"".join(self._gathered), self._headers)

    async def aclose(self) -> None:
        self._gathered.clear()


def _kind(media_type: str, *more: tuple[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    return [(b"content-type", media_type.encode()), NO_STORE, *more]
