# SPDX-License-Identifier: Apache-2.0
"""Runs one gateway until it is told to stop: bind, build, listen, drain."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from comity.config import Config, LimitsConfig
from comity.device.provider import EmbeddedProvider
from comity.errors import ComityError, OperatorError
from comity.gateway.exchange import Answering
from comity.gateway.pages import Mounted
from comity.gateway.workers import Post, Workers
from comity.ports import SystemClock, SystemRandom, SystemSecrets

log = logging.getLogger("comity.gateway")
T = TypeVar("T")
ALONE = Mounted()
BACKLOG = 2048
DRAIN_SECONDS_MAX = 30
YOUNG_MAX, MIDDLE_MAX, OLD_MAX = 20_000, 20, 20
"""When cycles are looked for.  What a request makes is freed as it ends, and many at once look to the collector like a leak: by its
own thresholds it takes a twelfth of a busy gateway's time and finds nothing."""


def bind(host: str, port: int) -> socket.socket:
    """A listening socket, or OperatorError saying who is in the way."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise OperatorError(
                f"port {port} on {host} is in use", code="server.port_in_use", field="server.port", exit_code=1,
                hint="stop what listens there, or choose another: comity up --port 8485",
            ) from error  # fmt: skip
        raise OperatorError(
            f"cannot listen on {host}:{port}: {error.strerror}", code="server.cannot_listen", field="server.host", exit_code=1
        ) from error
    bound.setblocking(False)
    return bound


def serve(
    config: Config, *, home: Path, on_ready: Callable[[str], None], load: Callable[[], Config] | None = None, mounted: Mounted = ALONE
) -> int:  # fmt: skip
    """Blocks until SIGINT or SIGTERM; ``on_ready`` gets the base URL once requests are taken.  Returns the exit code.

    ``load`` reads the configuration anew, on SIGHUP; ``mounted`` is what is shown beside the API.
    """
    listening, post = bind(config.server.host, config.server.port), None
    try:
        if config.server.workers > 1:
            made = Workers(config.server.workers, clock=SystemClock(), on_ready=lambda: on_ready(url_of(listening))).run()
            if isinstance(made, int):
                return made
            post = made
        return run(_serve(config, home, listening, on_ready, load or (lambda: config), post, mounted))
    finally:
        listening.close()


def run(serving: Coroutine[Any, Any, T]) -> T:
    """On the quickest event loop there is."""
    try:
        import uvloop
    except ImportError:  # Windows has no uvloop
        return asyncio.run(serving)
    return uvloop.run(serving)


def url_of(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


async def _serve(
    config: Config, home: Path, listening: socket.socket, on_ready: Callable[[str], None], load: Callable[[], Config], post: Post | None,
    mounted: Mounted,
) -> int:  # fmt: skip
    from comity.gateway.app import App
    from comity.gateway.batch.worker import Worker
    from comity.gateway.logs import written
    from comity.gateway.publishing import Publishing
    from comity.gateway.reload import Reloader
    from comity.gateway.roles.node import Node
    from comity.gateway.roles.sealed import Doors
    from comity.gateway.running import Running, announce, began, withdraw
    from comity.gateway.signin.sessions import OWNER
    from comity.gateway.world import World, build

    clock, random, secrets = SystemClock(), SystemRandom(), SystemSecrets()
    process = os.getpid() if post is None else os.getppid()  # whom signals are for
    speaks = post is None or post.number == 0  # of several workers one tells how a reload went
    world: World = await build(config, home=home, clock=clock, random=random, secrets=secrets)
    node: Node | None = None
    try:
        await _start_devices(world.providers.values())
        node = await Node.open(config, home=home, clock=clock, random=random, secrets=secrets)
        if node is not None:
            world = await node.offered(world)
        url = url_of(listening)
        app = App(world, mounted.pages, mounted.programs)
        if mounted.token:
            await world.sessions.hold(mounted.token, OWNER, mounted.until)
        answering = app.answer if node is None else Doors(app, published=node.published).answer
        worker, publishing = Worker(app), Publishing(config.publish, world.ledger)
        running = Running(pid=process, began=began(process), url=url)

        async def anew(config: Config, before: World) -> World:
            made = await build(config, home=home, clock=clock, random=random, secrets=secrets, before=before)
            try:
                await _start_devices([each for name, each in made.providers.items() if before.providers.get(name) is not each])
                if node is not None:
                    made = await node.offered(made, before)
            except BaseException:
                await made.retire(before)
                raise
            written(config.logs)
            return made

        def told(fault: ComityError | None) -> None:
            nonlocal running
            said = {"code": fault.code, "fault": str(fault), "hint": fault.hint} if fault is not None else {}
            running = Running(pid=running.pid, began=running.began, url=url, reloads=running.reloads + 1, **said)
            if speaks:
                announce(home, running)

        async def leaving(hurry: asyncio.Event) -> None:
            app.leaving = True
            worker.stop()
            if speaks:
                withdraw(home)  # there is nothing to reload any more
            with suppress(TimeoutError):
                async with asyncio.timeout(app.world.config.server.drain_seconds):
                    await hurry.wait()
            app.hub.close()

        gc.collect()
        gc.freeze()  # law, recognisers and what else stays
        gc.set_threshold(YOUNG_MAX, MIDDLE_MAX, OLD_MAX)

        def ready() -> None:
            if speaks:
                announce(home, running)  # not before a signal is heard
            worker.start()
            if speaks:
                publishing.start()
            if node is not None:
                node.start(lambda: app.world.offers)
            if post is None:
                on_ready(url)
            else:
                post.answers(asyncio.get_running_loop())

        reloader = Reloader(app, load=load, build=anew, told=told)
        try:
            await listen(
                answering, listening, ready, lambda: app.world.config.limits, refused=app.refused, on_hangup=reloader.ask,
                leaving=leaving,
            )  # fmt: skip
        finally:
            if speaks:
                withdraw(home)
            await worker.aclose(DRAIN_SECONDS_MAX)
            await publishing.aclose()
            await app.lab.aclose()
            await reloader.aclose()
            world = app.world
    finally:
        if node is not None:
            await node.aclose()
        await world.aclose()
    return 0


async def listen(
    answering: Answering, listening: socket.socket, on_ready: Callable[[], None], limits: Callable[[], LimitsConfig] = LimitsConfig, *,
    refused: Callable[[ComityError], None] | None = None, on_hangup: Callable[[], None] | None = None,
    leaving: Callable[[asyncio.Event], Awaitable[None]] | None = None,
) -> None:  # fmt: skip
    """Answers on ``listening`` until SIGINT or SIGTERM, then drains and returns: what its caller still owes is then paid.

    A second signal cuts the draining short.  ``leaving`` is awaited while the door is still open; its event is that second signal.
    """
    from comity.gateway.server.server import Server

    server = Server(answering, limits=limits, clock=SystemClock(), refused=refused)
    stop, hurry = asyncio.Event(), asyncio.Event()
    loop, signals = asyncio.get_running_loop(), [signal.SIGINT, signal.SIGTERM]
    for number in signals:
        loop.add_signal_handler(number, lambda: (hurry if stop.is_set() else stop).set())
    if on_hangup is not None:
        loop.add_signal_handler(signal.SIGHUP, on_hangup)
        signals.append(signal.SIGHUP)
    try:
        await server.listen(listening)
        on_ready()
        await stop.wait()
        if leaving is not None:
            await leaving(hurry)
        await server.drain(DRAIN_SECONDS_MAX, hurry)
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


async def _start_devices(providers: object) -> None:
    """Local models load before the door opens.  One that cannot is fatal only when nothing else could answer."""
    everyone = list(providers)  # type: ignore[call-overload]
    everyone = [provider for provider in everyone if not (isinstance(provider, EmbeddedProvider) and provider.further)]
    devices = [provider for provider in everyone if isinstance(provider, EmbeddedProvider)]
    for device in devices:
        try:
            await device.start()
        except OperatorError as error:
            if len(devices) == len(everyone):
                raise
            log.warning("the local model does not answer (%s); other deployments do: %s", error.code, error)
