# SPDX-License-Identifier: Apache-2.0
"""The frame of every partner simulator: a door on loopback, a key bound to its region, time, faults, and a count of what came.

How a dialect is written: one class with the four methods of `Dialect`.  `answer` reads the request into `brain.Asked`, lets
`brain.say` answer, and renders the `Script` as the partner documents it; it raises `Trouble` for what the partner would refuse and
does no input or output, reads no clock (`Request.at`) and makes no random id (`Request.id`).  Name the page of the documentation
beside each shape.  The frame does the rest, the same for all:

    GET    /_lab/received   how many requests came, and the newest of them: method, path, headers without secrets, body
    GET    /_lab/faults     the faults that are still to strike;  POST a Plan (see `faults`);  DELETE forgets it
    x-lab-fault             a request header: the fault of this one request
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import math
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from contextlib import aclosing
from typing import Any, Protocol
from urllib.parse import parse_qsl

import msgspec

from comity.errors import CallerError
from comity.gateway import asgi
from comity.gateway.exchange import Disconnected, Exchange
from comity.lab.simulators.answer import Answer, Request, Trouble, ready, whole
from comity.lab.simulators.faults import Fault, Faults, Plan, named, refusal, spoil
from comity.ports import Clock

BODY_BYTES_MAX = 33_554_432
RECEIVED_KEPT = 20
RECEIVED_BYTES_MAX = 262_144  # of one body that is kept as it came
SECRET = frozenset({"authorization", "proxy-authorization", "cookie", "api-key", "x-api-key", "x-goog-api-key", "x-amz-security-token"})
Pause = Callable[[float], Awaitable[None]]
Gone = asyncio.Future[None]


class Dialect(Protocol):
    """How one partner speaks.  The path's prefix (`/v1`, `/compatible-mode/v1`) is the dialect's own."""

    def key(self, request: Request) -> str | None:
        """The key that the request carries, "" if it carries none; None where the partner asks for none."""

    async def answer(self, request: Request) -> Answer:
        """What the partner would answer; `Trouble` for what it would refuse."""

    def error(self, trouble: Trouble, request: Request) -> Answer:
        """The trouble as the partner tells it, with its documented status, code and headers."""

    def error_event(self, trouble: Trouble, request: Request) -> bytes:
        """The same inside a stream that has already begun."""


class Simulator:
    """``hosts``: the exact values of `Host` that mean this server; ``pace``: seconds before each piece of a stream."""

    def __init__(
        self,
        dialect: Dialect,
        *,
        region: str,
        key: str,
        hosts: Collection[str],
        clock: Clock,
        pause: Pause = asyncio.sleep,
        pace: float = 0.0,
    ) -> None:
        self._dialect, self._region, self._key, self._hosts = dialect, region, key, frozenset(hosts)
        self._clock, self._pause, self._pace = clock, pause, pace
        self._faults = Faults()
        self._requests = 0
        self._received: deque[dict[str, Any]] = deque(maxlen=RECEIVED_KEPT)

    async def __call__(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await asgi.carry(self.serve, scope, receive, send)

    async def serve(self, exchange: Exchange) -> None:
        lab = exchange.path.startswith("/_lab/")
        self._requests += not lab
        request = Request(
            method=exchange.method,
            path=exchange.path,
            query=dict(parse_qsl(exchange.query)),
            headers={},
            body=b"",
            id=hashlib.sha256(f"{self._region} {self._requests}".encode()).hexdigest()[:32],
            at=self._clock.now().timestamp(),
            base="",
        )
        gone: Gone = asyncio.get_running_loop().create_future()
        try:
            request = await self._read(request, exchange)
            exchange.on_gone(lambda: gone.set_result(None))
            await self._send(self._control(request) if lab else await self._answered(request, gone), exchange, gone)
        except Trouble as trouble:
            await self._send(self._dialect.error(trouble, request), exchange, gone)
        except Disconnected:
            return
        finally:
            exchange.on_gone(None)
            gone.cancel()

    async def _answered(self, request: Request, gone: Gone) -> Answer:
        self._keep(request)
        fault: Fault | None = None
        try:
            fault = self._fault(request)
            if fault is not None and fault.kind == "hang":
                await self._rest(fault.seconds or math.inf, gone)
            filtered = fault is not None and (fault.kind, fault.where) == ("filter", "output")
            request = msgspec.structs.replace(request, filtered=filtered)
            trouble = refusal(fault) if fault is not None else None
            if trouble is not None:
                raise trouble
            key = self._dialect.key(request)
            if key is not None and not hmac.compare_digest(key.encode(), self._key.encode()):
                raise Trouble("key", f"Incorrect API key provided for {self._region}.")
            answer = await self._dialect.answer(request)
        except Trouble as trouble:
            answer = self._dialect.error(trouble, request)
        if fault is None:
            return answer
        return spoil(fault, answer, self._dialect.error_event(Trouble("server", "This error was asked for."), request))

    async def _read(self, request: Request, exchange: Exchange) -> Request:
        headers = dict(exchange.headers)
        try:
            if headers.get("host", "") not in self._hosts:
                raise Trouble("host", "This host is not served here.")
            body = await exchange.body(BODY_BYTES_MAX)
        except CallerError as error:
            raise Trouble("too_large" if error.status == 413 else "body", str(error)) from error
        return msgspec.structs.replace(request, headers=headers, body=body, base=f"http://{headers['host']}")

    def _fault(self, request: Request) -> Fault | None:
        header = request.headers.get("x-lab-fault", "")
        try:
            return named(header) if header else self._faults.strike(request.path)
        except msgspec.MsgspecError as error:
            raise Trouble("parameter", f"x-lab-fault: {error}", field="x-lab-fault") from error

    def _keep(self, request: Request) -> None:
        headers = {name: "…" if name in SECRET else value for name, value in request.headers.items()}
        self._received.append(
            {"method": request.method, "path": request.path, "query": request.query, "headers": headers, "body": kept(request.body)}
        )

    def _control(self, request: Request) -> Answer:
        match request.method, request.path:
            case "GET", "/_lab/received":
                return whole({"requests": self._requests, "received": list(self._received)})
            case "GET", "/_lab/faults":
                return whole({"faults": self._faults.left()})
            case "DELETE", "/_lab/faults":
                self._faults.plan(Plan(faults=()))
                return whole({"faults": []})
            case "POST", "/_lab/faults":
                try:
                    self._faults.plan(msgspec.json.decode(request.body, type=Plan))
                except msgspec.MsgspecError as error:
                    return whole({"error": str(error)}, status=400)
                return whole({"faults": self._faults.left()})
        return whole({"error": "the lab has /_lab/received and /_lab/faults"}, status=404)

    async def _send(self, answer: Answer, exchange: Exchange, gone: Gone) -> None:
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
        pause = answer.pause if answer.pause is not None else self._pace if answer.streamed else 0.0
        if isinstance(answer.pieces, tuple) and not answer.streamed:
            headers.append((b"content-length", b"%d" % sum(map(len, answer.pieces))))
        await exchange.begin(answer.status, headers)
        async with aclosing(ready(answer.pieces)) as pieces:
            async for piece in pieces:
                if pause:
                    await self._rest(pause, gone)
                await exchange.write(piece)
        if not answer.cut:  # else the server, left with half an answer, closes the connection
            await exchange.end()

    async def _rest(self, seconds: float, gone: Gone) -> None:
        """Waits, but not for a caller who has left."""
        waiting = {gone} if seconds == math.inf else {gone, asyncio.ensure_future(self._pause(seconds))}
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for each in waiting - done - {gone}:
            each.cancel()
        if gone in done:
            raise Disconnected


def kept(body: bytes) -> Any:
    """A JSON body as it came; any other, and a very long one, by its size and hash."""
    if len(body) <= RECEIVED_BYTES_MAX:
        try:
            return msgspec.json.decode(body) if body else None
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
    return {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
