# SPDX-License-Identifier: Apache-2.0
"""One request through the seven steps in this process, for a person without a running gateway: the same pipeline, no socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from comity.config import Config
from comity.gateway.attempt import Served
from comity.gateway.callers import LOCAL
from comity.gateway.doors import CHAT
from comity.gateway.pipeline import Call, Pipeline
from comity.gateway.world import World, build
from comity.ports import SystemClock, SystemRandom, SystemSecrets
from comity.wire.decode import decode_chat


@asynccontextmanager
async def world_here(config: Config, home: Path) -> AsyncIterator[World]:
    world = await build(config, home=home, clock=SystemClock(), random=SystemRandom(), secrets=SystemSecrets())
    try:
        yield world
    finally:
        await world.aclose()


async def served_here(world: World, body: Mapping[str, Any], headers: Mapping[str, str]) -> Served:
    raw = msgspec.json.encode(body)
    request, dropped = decode_chat(raw)
    call = Call(id=world.ledger.new_id(), request=request, door=CHAT, headers=headers, key=LOCAL, size=len(raw), dropped=dropped)
    return await Pipeline(world).run(call)
