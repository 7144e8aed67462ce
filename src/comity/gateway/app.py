# SPDX-License-Identifier: Apache-2.0
"""The front door as a raw ASGI application: OpenAI's chat and models, health, metrics, receipts.

No framework on the hot path; every error a caller sees is made here, once.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from pathlib import PurePath
from typing import Any

from comity.device.manifest import model_named
from comity.errors import CallerError, ComityError, OperatorError, PolicyDenied, StorageFailure
from comity.gateway import api
from comity.gateway.attempt import Served, regions
from comity.gateway.callers import Callers
from comity.gateway.doors import DOORS
from comity.gateway.http import (
    JSON,
    NO_STORE,
    SSE,
    Disconnected,
    Receive,
    Scope,
    Send,
    encode,
    error_body,
    header_map,
    read_body,
    respond,
    respond_error,
)  # fmt: skip
from comity.gateway.metrics import Metrics
from comity.gateway.pipeline import Call, Pipeline
from comity.gateway.world import World
from comity.providers.base import Deployment
from comity.wire.door import Door

log = logging.getLogger("comity.gateway")
TEXT = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")
WATCH_AFTER_SECONDS = 0.02
Handler = Callable[["App", Scope, Receive, Send, dict[str, str], str], Awaitable[int]]


class App:
    def __init__(self, world: World) -> None:
        self.world = world
        self.pipeline = Pipeline(world)
        self.callers = Callers(world.config)
        self.metrics = Metrics()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError("only http is served")
        handler, route = self._route(scope)
        shape = DOORS[route].error if route in DOORS else None
        call = self.world.ledger.new_id()
        started = self.world.clock.monotonic()
        self.metrics.in_flight += 1
        status = 499  # the caller went away
        try:
            headers = header_map(scope["headers"])
            self.callers.check_host(headers)
            status = await handler(self, scope, receive, send, headers, call)
        except Disconnected:
            pass
        except ComityError as error:
            status = error.status
            self._noted(error, call)
            await respond_error(send, error, call, shape)
        except Exception as error:  # noqa: BLE001 - a bug of ours: say so without content, keep serving
            status = 500
            log.error("request %s failed in an unforeseen way: %s at %s", call, type(error).__name__, place_of(error))
            await respond_error(send, ComityError("an unforeseen error; the operator's log names it", code="internal"), call, shape)
        finally:
            self.metrics.in_flight -= 1
            self.metrics.requests[route, str(status)] += 1
            self.metrics.seconds.add(self.world.clock.monotonic() - started)

    def _route(self, scope: Scope) -> tuple[Handler, str]:
        path, method = scope["path"], scope["method"]
        found = ROUTES.get(path)
        if found is None and path.startswith("/comity/v1/receipts/"):
            path, found = "/comity/v1/receipts", ("GET", App.receipt)
        if found is None:
            return App.unknown, "unknown"
        return (found[1] if found[0] == method else App.wrong_method), path

    def _noted(self, error: ComityError, call: str) -> None:
        if isinstance(error, PolicyDenied):
            self.metrics.decisions[str(error.decision.get("effect", "deny")), ""] += 1
        if error.status >= 500:
            log.warning("request %s: %s", call, error.code)

    # -- handlers -----------------------------------------------------------------------------------------------

    async def ask(self, door: Door, receive: Receive, send: Send, headers: dict[str, str], call: str) -> int:
        """A request to a model, by whichever door."""
        key = self.callers.caller(headers)
        body = await self.body(receive, headers)
        request, dropped = door.decode(body, headers.get("content-type", ""), key.unknown_fields == "drop")
        asked = Call(id=call, request=request, door=door, headers=headers, key=key, size=len(body), dropped=dropped)
        async with _cancelled_when_gone(receive) as watch:
            served = await self.pipeline.run(asked)
            self.metrics.decisions["allow", served.candidate.deployment.id] += 1
            try:
                if request.stream:
                    await self._stream(served, send, call, watch)
                else:
                    said = await served.whole()
                    watch.over()
                    kind = (b"content-type", said.content_type.encode())
                    await respond(send, 200, said.body, [kind, NO_STORE, *served.headers])
            finally:
                await self._close(served, call)
        return 200

    async def body(self, receive: Receive, headers: dict[str, str]) -> bytes:
        """What the caller sends, unless too many ask at once."""
        limits = self.world.config.limits
        if self.metrics.in_flight > limits.concurrent_requests_max:
            raise OperatorError("too many requests at once", code="server.busy", hint="try again shortly", status=503)
        return await read_body(receive, headers, limits.body_bytes_max)

    async def _stream(self, served: Served, send: Send, call: str, watch: _cancelled_when_gone) -> None:
        """Nothing is sent before the first piece is there, so an early failure keeps its own status."""
        started = self.world.clock.monotonic()
        async with aclosing(served.stream()) as pieces:
            begun = False
            try:
                async for piece in pieces:
                    if not begun:
                        begun = True
                        self.metrics.first_byte.add(self.world.clock.monotonic() - started)
                        head = [(b"content-type", served.content_type), NO_STORE, (b"x-accel-buffering", b"no"), *served.headers]
                        await send({"type": "http.response.start", "status": 200, "headers": head})
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            except ComityError as error:
                if not begun:
                    raise
                self._noted(error, call)
                await self._broken_off(served, error_body(error, call), send)
            watch.over()
            await send({"type": "http.response.body", "body": b""})

    async def _broken_off(self, served: Served, error: dict[str, Any], send: Send) -> None:
        """An answer that has begun cannot take its status back: events end in an error, and a sound ends before its time."""
        if served.content_type != SSE[1]:
            raise Disconnected
        said = served.writer.failed(error) if served.writer is not None else b"data: " + encode(error) + b"\n\n"
        await send({"type": "http.response.body", "body": said, "more_body": True})

    async def _close(self, served: Served, call: str) -> None:
        closing = asyncio.ensure_future(served.close())
        try:
            await asyncio.shield(closing)
        except asyncio.CancelledError:  # the caller went; what is owed to the record is still paid before we leave
            await self._settled(closing, call)
            raise
        except StorageFailure:
            self._unrecorded(call)

    async def _settled(self, closing: asyncio.Future[None], call: str) -> None:
        try:
            await closing
        except StorageFailure:
            self._unrecorded(call)

    def _unrecorded(self, call: str) -> None:
        self.metrics.unrecorded_outcomes += 1
        log.error("request %s: answered and its decision is recorded, but its outcome could not be written", call)

    async def models(self, scope: Scope, receive: Receive, send: Send, headers: dict[str, str], call: str) -> int:
        key = self.callers.caller(headers)
        rows: list[dict[str, object]] = [{"id": "auto", "object": "model", "created": 0, "owned_by": "comity"}]
        for deployment in self.world.deployments.values():
            if key.models and deployment.id not in key.models:
                continue
            place = ["device"] if deployment.on_device else list(regions(deployment.facts.processing))
            rows.append(
                {
                    "id": deployment.id, "object": "model", "created": 0, "owned_by": deployment.provider,
                    "comity": {
                        "model": model_of(deployment), "processing": place, "stand_in": deployment.stand_in,
                        "operations": sorted(deployment.profile.operations), "inputs": ["text", *sorted(deployment.profile.inputs)],
                    },
                }
            )  # fmt: skip
        await respond(send, 200, encode({"object": "list", "data": rows}), [JSON])
        return 200

    async def receipt(self, scope: Scope, receive: Receive, send: Send, headers: dict[str, str], call: str) -> int:
        """The bundle of one receipt: whoever holds its id (80 random bits) and a key may have it."""
        self.callers.caller(headers)
        reference = scope["path"].rsplit("/", 1)[1]
        bundle = await self.world.ledger.bundle(reference)
        await respond(send, 200, encode(bundle), [JSON, NO_STORE])
        return 200

    async def healthz(self, scope: Scope, receive: Receive, send: Send, headers: dict[str, str], call: str) -> int:
        await respond(send, 200, b'{"service":"comity","status":"ok"}', [JSON, NO_STORE])
        return 200

    async def readyz(self, scope: Scope, receive: Receive, send: Send, headers: dict[str, str], call: str) -> int:
        """Ready when a record can be written and every local model can answer."""
        state = await self.world.readiness()
        status = 200 if state["ready"] else 503
        await respond(send, status, encode(state), [JSON, NO_STORE])
        return status

    async def metrics_text(self, scope: Scope, receive: Receive, send: Send, headers: dict[str, str], call: str) -> int:
        await respond(send, 200, self.metrics.text(), [TEXT, NO_STORE])
        return 200

    async def unknown(self, scope: Scope, receive: Receive, send: Send, headers: dict[str, str], call: str) -> int:
        raise CallerError("no such path", code="request.unknown_path", status=404, hint="see `/v1/models`, `/v1/chat/completions`")

    async def wrong_method(self, scope: Scope, receive: Receive, send: Send, headers: dict[str, str], call: str) -> int:
        raise CallerError("this path takes another method", code="request.method", status=405)


def through(door: Door) -> Handler:
    def handler(app: App, scope: Scope, receive: Receive, send: Send, headers: dict[str, str], call: str) -> Awaitable[int]:
        return app.ask(door, receive, send, headers, call)

    return handler


ROUTES: dict[str, tuple[str, Handler]] = {
    **{path: ("POST", through(door)) for path, door in DOORS.items()},
    "/v1/models": ("GET", App.models),
    "/comity/v1/decide": ("POST", api.decide),
    "/comity/v1/replay": ("POST", api.replay),
    "/comity/v1/scan": ("POST", api.scan),
    "/healthz": ("GET", App.healthz),
    "/readyz": ("GET", App.readyz),
    "/metrics": ("GET", App.metrics_text),
}


def model_of(deployment: Deployment) -> str:
    """As its answers name it: the default by its id, a file of one's own without its folder."""
    if deployment.on_device and deployment.model.endswith(".gguf"):
        return PurePath(deployment.model).stem.lower()
    return deployment.model or model_named("").id


def place_of(error: BaseException) -> str:
    """Where it was raised, without its message and without values: both may hold content."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames[-4:]))


class _cancelled_when_gone:
    """While inside, a caller who disconnects cancels the work, and so the partner's request.

    Looking begins a moment later: most answers are there before, and a task for each would cost as much as deciding does.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._gone = self._over = False
        self._watch: asyncio.Task[None] | None = None

    async def __aenter__(self) -> _cancelled_when_gone:
        self._work = asyncio.current_task()
        self._timer = asyncio.get_running_loop().call_later(WATCH_AFTER_SECONDS, self._begin)
        return self

    def _begin(self) -> None:
        if not self._over:
            self._watch = asyncio.ensure_future(self._wait())

    def over(self) -> None:
        """The answer is complete: a server says "disconnected" from here on, and means nobody's leaving."""
        self._over = True

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if not self._over and self._work is not None:
            self._gone = True
            self._work.cancel()

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._timer.cancel()
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
        if self._gone and kind is asyncio.CancelledError and self._work is not None:
            self._work.uncancel()
            raise Disconnected
