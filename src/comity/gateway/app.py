# SPDX-License-Identifier: Apache-2.0
"""The front door: OpenAI's chat and models, health, metrics, receipts.

No framework on the hot path; every error a caller sees is made here, once.  `App.answer` takes an Exchange of Comity's own server;
called as ASGI, an App stands in any other.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from pathlib import PurePath
from typing import Any

from comity.accord.evidence import register
from comity.device.manifest import model_named
from comity.errors import CallerError, ComityError, OperatorError, PolicyDenied
from comity.gateway import api, asgi
from comity.gateway.allowance import api as keys
from comity.gateway.attempt import Served, regions
from comity.gateway.batch import api as batch
from comity.gateway.callers import Callers
from comity.gateway.doors import DOORS
from comity.gateway.ending import endings
from comity.gateway.exchange import Disconnected, Exchange, cancelled_when_gone
from comity.gateway.http import JSON, NO_STORE, SSE, encode, error_answer, error_body, respond_error, respond_lasting
from comity.gateway.logs import place_of
from comity.gateway.owed import paid
from comity.gateway.pages import NO_PROGRAMS, Pages, Programs, none
from comity.gateway.pipeline import Call, Pipeline
from comity.gateway.read import routes as read
from comity.gateway.read.flows import Minutes
from comity.gateway.read.hub import Hub
from comity.gateway.read.lab import Lab
from comity.gateway.read.numbers import Days, numbers
from comity.gateway.read.resilience import Surveys
from comity.gateway.read.roles import CALL, READ, require
from comity.gateway.seen import LISTENERS, Seen
from comity.gateway.shedding import Shedding
from comity.gateway.signin import api as signin
from comity.gateway.signin import consents, me, oidc
from comity.gateway.tasks import api as tasks
from comity.gateway.world import World
from comity.providers.base import Deployment
from comity.transparency.ids import ID_LETTERS
from comity.wire.door import Door

log = logging.getLogger("comity.gateway")
TEXT = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")
Handler = Callable[["App", Exchange, str], Awaitable[int]]
"""Answers, and returns the status; the last is the request's id."""


class App:
    def __init__(self, world: World, pages: Pages = none, programs: Programs = NO_PROGRAMS) -> None:
        self._pages, self.programs, self.reporting = pages, programs, me.Turns()
        self.metrics = world.metrics
        self.minutes = Minutes()
        self.hub = Hub(lambda script: self.world.ledger.database.read(script))
        self.seen: dict[str, Seen] = {}  # by the id of each request that is traced or written down
        self.fault = ""  # why the configuration that is there now was not taken up, as a code
        self.leaving = False  # told to stop: whoever asks whether this gateway is ready is sent elsewhere
        self.surveys, self.lab, self.days = Surveys(), Lab(world.clock), Days()
        self.take_up(world)
        world.metrics.looks.append(self._look)

    def take_up(self, world: World) -> None:
        """From the next request on, this world answers; one that is being answered stays with its own."""
        self.world = world
        self.pipeline = Pipeline(world)
        self.callers = Callers(world.config, world.accounts.register, world.clock, world.sessions)
        self.shedding = Shedding(world.config.limits.memory_bytes_max)

    def _look(self) -> None:
        """What nobody counts, as it is now."""
        metrics, world = self.metrics, self.world
        metrics.breakers.clear()
        for place, known in world.router.health.snapshot().items():
            metrics.breakers[place, known["state"]] = 1
        metrics.evidence_days_left.clear()
        today = world.clock.now().date()
        for each in endings(world.config, world.configured, register(world.state.entries()), today):
            metrics.evidence_days_left[each.kind, each.scope] = each.days_left(today)
        for name, database in (("log", world.ledger.database), ("state", world.state.database)):
            figures = database.figures
            metrics.writer[(name,)] = figures.waiting
            metrics.writer_groups[(name,)], metrics.writer_jobs[(name,)] = figures.groups, figures.jobs

    async def __call__(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await asgi.carry(self.answer, scope, receive, send)

    async def answer(self, exchange: Exchange) -> None:
        handler, route = self.route(exchange.method, exchange.path)
        shape = DOORS[route].error if route in DOORS else None
        call = self.world.ledger.new_id()
        started = self.world.clock.monotonic()
        self.metrics.in_flight += 1
        seen = self._seeing(exchange, route, call) if self.world.telemetry is not None or self.world.config.logs.access else None
        status = 499  # the caller went away
        try:
            await self.callers.admit(exchange)
            status = await handler(self, exchange, call)
        except Disconnected:
            pass
        except ComityError as error:
            status = error.status
            self._noted(error, call)
            await respond_error(exchange, error, call, shape)
        except Exception as error:  # noqa: BLE001 - a bug of ours: say so without content, keep serving
            status = 500
            log.error("request %s failed in an unforeseen way: %s at %s", call, type(error).__name__, place_of(error))
            await respond_error(exchange, ComityError("an unforeseen error; the operator's log names it", code="internal"), call, shape)
        finally:
            self.metrics.in_flight -= 1
            self.metrics.requests[route, str(status)] += 1
            seconds = self.world.clock.monotonic() - started
            if route not in LISTENERS:
                self.metrics.seconds.add(seconds)
            if route in DOORS:
                self.hub.recorded()
            if seen is not None:
                self.seen.pop(call, None)
                seen.over(call, exchange.method, route, status, seconds, written=self.world.config.logs.access)

    def _seeing(self, exchange: Exchange, route: str, call: str) -> Seen | None:
        if route in LISTENERS:
            return None
        telemetry = self.world.telemetry
        trace = telemetry.begin(exchange.headers.get("traceparent", "")) if telemetry is not None and route in DOORS else None
        made = self.seen[call] = Seen(trace)
        return made

    def refused(self, error: ComityError) -> None:
        """What never became an exchange: counted, and told to nobody else."""
        self.metrics.requests["refused", str(error.status)] += 1

    def route(self, method: str, path: str) -> tuple[Handler, str]:
        """Who answers, and the path as `ROUTES` has it."""
        route = path
        if path not in ROUTES:
            head, _, last = path.rpartition("/")
            route = f"{head}/{{id}}"
            if route not in ROUTES:
                route = f"{head.rpartition('/')[0]}/{{id}}/{last}"
        methods = ROUTES.get(route)
        if methods is None:
            return (App.page, "page") if self._pages(path, self.world.config.console) is not None else (App.unknown, "unknown")
        return methods.get("GET" if method == "HEAD" else method, App.wrong_method), route

    def _noted(self, error: ComityError, call: str) -> None:
        if call in self.seen:
            self.seen[call].failed(error)
        if isinstance(error, PolicyDenied):
            self.metrics.decisions[str(error.decision.get("effect", "deny")), ""] += 1
        if error.status >= 500:
            log.warning("request %s: %s", call, error.code)

    # -- handlers -----------------------------------------------------------------------------------------------

    async def ask(self, door: Door, exchange: Exchange, call: str) -> int:
        """A request to a model, by whichever door."""
        headers = exchange.headers
        key = require(self.callers, exchange, CALL)
        body = await self.body(exchange)
        request, dropped = door.decode(body, headers.get("content-type", ""), key.unknown_fields == "drop")
        seen = self.seen.get(call)
        trace = seen.trace if seen is not None else None
        asked = Call(
            id=call, request=request, door=door, headers=headers, key=key, size=len(body), dropped=dropped, trace=trace, seal=exchange.seal
        )
        started = self.world.clock.monotonic()
        with self.world.users, cancelled_when_gone(exchange):
            served = await self.pipeline.run(asked)
            self.metrics.decisions["allow", served.candidate.deployment.id] += 1
            if seen is not None:
                seen.served(served)
            try:
                if request.stream:
                    await self._stream(served, exchange, call, started)
                else:
                    said = await served.whole()
                    kind = (b"content-type", said.content_type.encode())
                    await exchange.respond(200, said.body, [kind, NO_STORE, *served.headers])
            finally:
                await paid(served.over())  # also when the caller has gone
        return 200

    async def body(self, exchange: Exchange, bytes_max: int | None = None) -> bytes:
        """What the caller sends, unless too many ask at once, or too much is held already."""
        self.admit()
        return await exchange.body(self.world.config.limits.body_bytes_max if bytes_max is None else bytes_max)

    def admit(self) -> None:
        """Raises OperatorError (503) where nothing more is let in now."""
        if (reason := self.shedding.overloaded()) != "":
            self.metrics.shed[(reason,)] += 1
            raise OperatorError("this gateway holds as much memory as it may", code="server.memory", hint="try again shortly", status=503)
        if self.metrics.in_flight > self.world.config.limits.concurrent_requests_max:
            raise OperatorError("too many requests at once", code="server.busy", hint="try again shortly", status=503)

    async def _stream(self, served: Served, exchange: Exchange, call: str, started: float) -> None:
        """Nothing is sent before the first piece is there, so an early failure keeps its own status."""
        async with aclosing(served.stream()) as pieces:
            try:
                async for piece in pieces:
                    if not exchange.begun:
                        self.metrics.first_byte.add(self.world.clock.monotonic() - started)
                        head = [(b"content-type", served.content_type), NO_STORE, (b"x-accel-buffering", b"no"), *served.headers]
                        await exchange.begin(200, head)
                    await exchange.write(piece)
            except ComityError as error:
                if not exchange.begun:
                    raise
                self._noted(error, call)
                await self._broken_off(served, error_body(error, call), exchange)
            await exchange.end()

    async def _broken_off(self, served: Served, error: dict[str, Any], exchange: Exchange) -> None:
        """An answer that has begun cannot take its status back: events end in an error, and a sound ends before its time."""
        if served.content_type != SSE[1]:
            raise Disconnected
        said = served.writer.failed(error) if served.writer is not None else b"data: " + encode(error) + b"\n\n"
        await exchange.write(said)

    async def models(self, exchange: Exchange, call: str) -> int:
        key = self.callers.caller(exchange.headers)
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
        await exchange.respond(200, encode({"object": "list", "data": rows}), [JSON])
        return 200

    async def receipt(self, exchange: Exchange, call: str) -> int:
        """The bundle of one receipt: whoever holds its id (80 random bits) and a key may have it.  Its place in the log, which anybody can
        count up to, is for those who may read all of them."""
        self.callers.caller(exchange.headers)
        reference = exchange.path.rsplit("/", 1)[1]
        if len(reference) != ID_LETTERS:
            require(self.callers, exchange, READ)
        bundle = await self.world.ledger.bundle(reference)
        await exchange.respond(200, encode(bundle), [JSON, NO_STORE])
        return 200

    async def healthz(self, exchange: Exchange, call: str) -> int:
        await exchange.respond(200, b'{"service":"comity","status":"ok"}', [JSON, NO_STORE])
        return 200

    async def readyz(self, exchange: Exchange, call: str) -> int:
        """Ready when a record can be written and every local model can answer."""
        state = await self.world.readiness()
        state["configuration"] = self.fault or "ok"
        if self.leaving:
            state |= {"ready": False, "parts": {**state["parts"], "gateway": "leaving"}}
        status = 200 if state["ready"] else 503
        await exchange.respond(status, encode(state), [JSON, NO_STORE])
        return status

    async def metrics_text(self, exchange: Exchange, call: str) -> int:
        await exchange.respond(200, self.metrics.text(), [TEXT, NO_STORE])
        return 200

    async def page(self, exchange: Exchange, call: str) -> int:
        page = self._pages(exchange.path, self.world.config.console)
        if page is None or exchange.method not in ("GET", "HEAD"):
            return await self.wrong_method(exchange, call)
        return await respond_lasting(exchange, page.body, page.etag, [*page.headers], kind=page.kind)

    async def unknown(self, exchange: Exchange, call: str) -> int:
        raise CallerError("no such path", code="request.unknown_path", status=404, hint="see `/v1/models`, `/v1/chat/completions`")

    async def wrong_method(self, exchange: Exchange, call: str) -> int:
        """RFC 9110, 15.5.6: it is said which it takes."""
        takes = ", ".join(ROUTES.get(self.route("", exchange.path)[1], ("GET",)))
        error = CallerError("this path takes another method", code="request.method", status=405, hint=takes)
        status, body, headers = error_answer(error, call)
        await exchange.respond(status, body, [*headers, (b"allow", takes.encode())])
        return status


def through(door: Door) -> Handler:
    return lambda app, exchange, call: app.ask(door, exchange, call)


ROUTES: dict[str, Mapping[str, Handler]] = {
    **{path: {"POST": through(door)} for path, door in DOORS.items()},
    "/v1/models": {"GET": App.models},
    "/comity/v1/decide": {"POST": api.decide},
    "/comity/v1/replay": {"POST": api.replay},
    "/comity/v1/scan": {"POST": api.scan},
    "/comity/v1/receipts/{id}": {"GET": App.receipt},
    **read.ROUTES,
    **keys.ROUTES,
    **batch.ROUTES,
    **tasks.ROUTES,
    **signin.ROUTES,
    "/transparency/v1/numbers": {"GET": numbers},
    **me.ROUTES,
    **consents.ROUTES,
    oidc.START: {"GET": oidc.start},
    oidc.BACK: {"GET": oidc.callback},
    "/healthz": {"GET": App.healthz},
    "/readyz": {"GET": App.readyz},
    "/metrics": {"GET": App.metrics_text},
}
"""By path, then by method; `{id}` stands for any last part, or any before the last.  What takes GET takes HEAD."""


def model_of(deployment: Deployment) -> str:
    """As its answers name it: the default by its id, a file of one's own without its folder."""
    if deployment.embedded and deployment.model.endswith(".gguf"):
        return PurePath(deployment.model).stem.lower()
    return deployment.model or model_named("").id
