# SPDX-License-Identifier: Apache-2.0
"""A look at a place left alone: what is sent, and what its answer changes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from comity.config import RoutingConfig
from comity.errors import ProviderFailure
from tests.simulated.worlds import CN, config, deployment, simulate


class Door:
    """Answers every request with one status, and keeps what it got."""

    def __init__(self, status: int) -> None:
        self.status, self.heads = status, list[bytes]()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append(await reader.readuntil(b"\r\n\r\n"))
        body = b'{"data": []}'
        writer.write(b"HTTP/1.1 %d X\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % (self.status, len(body)) + body)
        await writer.drain()
        writer.close()


@pytest.mark.parametrize(("status", "state"), [(200, "half_open"), (401, "half_open"), (404, "half_open"), (503, "open")])
async def test_whoever_answers_may_be_tried_and_is_told_nothing(home: Path, status: int, state: str) -> None:
    door = Door(status)
    async with await asyncio.start_server(door, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        here = deployment("here", CN)
        there = type(here)(**{name: getattr(here, name) for name in here.__struct_fields__} | {"base_url": f"http://127.0.0.1:{port}/v1"})
        sim = await simulate(config(there, routing=RoutingConfig(probe_seconds=3600.0, failures_max=1)), home)
        try:
            probes, place = sim.world.probes, sim.world.router.places["here"]
            assert probes is not None
            await probes.look()
            assert not door.heads, "nobody looks for a place that is well"
            place.health.end(sim.clock.monotonic(), ProviderFailure("down", kind="connect"), trial=False)
            assert place.health.breaker.state(sim.clock.monotonic()) == "open"
            await probes.look()
            assert place.health.breaker.state(sim.clock.monotonic()) == state
            (head,) = door.heads
            assert head.startswith(b"GET /v1/models HTTP/1.1\r\n") and b"authorization" not in head.lower()
        finally:
            await sim.aclose()


async def test_nobody_there_changes_nothing(home: Path) -> None:
    sim = await simulate(config(deployment("gone", CN), routing=RoutingConfig(probe_seconds=3600.0, failures_max=1)), home)
    try:
        place = sim.world.router.places["gone"]
        place.health.end(sim.clock.monotonic(), ProviderFailure("down", kind="connect"), trial=False)
        assert sim.world.probes is not None
        await sim.world.probes.look()
        assert place.health.breaker.state(sim.clock.monotonic()) == "open"
    finally:
        await sim.aclose()


async def test_without_the_setting_nobody_looks(home: Path) -> None:
    sim = await simulate(config(deployment("here", CN)), home)
    assert sim.world.probes is None
    await sim.aclose()
