# SPDX-License-Identifier: Apache-2.0
"""Runs one gateway until it is told to stop: bind, build, listen, drain."""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
import socket
from collections.abc import Callable
from pathlib import Path

from comity.config import Config, LimitsConfig
from comity.device.provider import EmbeddedProvider
from comity.errors import OperatorError
from comity.gateway.exchange import Answering
from comity.ports import SystemClock, SystemRandom, SystemSecrets

log = logging.getLogger("comity.gateway")
BACKLOG = 2048
DRAIN_SECONDS_MAX = 30


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


def serve(config: Config, *, home: Path, on_ready: Callable[[str], None]) -> int:
    """Blocks until SIGINT or SIGTERM; ``on_ready`` gets the base URL once requests are taken.  Returns the exit code."""
    try:
        import uvloop

        return uvloop.run(_serve(config, home, on_ready))
    except ImportError:  # Windows has no uvloop
        return asyncio.run(_serve(config, home, on_ready))


async def _serve(config: Config, home: Path, on_ready: Callable[[str], None]) -> int:
    from comity.gateway.app import App
    from comity.gateway.world import World, build

    listening = bind(config.server.host, config.server.port)
    try:
        world: World = await build(config, home=home, clock=SystemClock(), random=SystemRandom(), secrets=SystemSecrets())
    except BaseException:
        listening.close()
        raise
    try:
        await _start_devices(world.providers.values())
        host, port = listening.getsockname()[:2]
        url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        await listen(App(world).answer, listening, lambda: on_ready(url), config.limits)
    finally:
        await world.aclose()
        listening.close()
    return 0


async def listen(answering: Answering, listening: socket.socket, on_ready: Callable[[], None], limits: LimitsConfig | None = None) -> None:
    """Answers on ``listening`` until SIGINT or SIGTERM, then drains and returns: what its caller still owes is then paid.

    A second signal cuts the draining short.
    """
    from comity.gateway.server.server import Server

    server = Server(answering, limits=limits or LimitsConfig(), clock=SystemClock())
    stop, hurry = asyncio.Event(), asyncio.Event()
    loop, signals = asyncio.get_running_loop(), (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, lambda: (hurry if stop.is_set() else stop).set())
    try:
        await server.listen(listening)
        on_ready()
        await stop.wait()
        await server.drain(DRAIN_SECONDS_MAX, hurry)
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


async def _start_devices(providers: object) -> None:
    """Local models load before the door opens.  One that cannot is fatal only when nothing else could answer."""
    everyone = list(providers)  # type: ignore[call-overload]
    devices = [provider for provider in everyone if isinstance(provider, EmbeddedProvider)]
    for device in devices:
        try:
            await device.start()
        except OperatorError as error:
            if len(devices) == len(everyone):
                raise
            log.warning("the local model does not answer (%s); other deployments do: %s", error.code, error)
