# SPDX-License-Identifier: Apache-2.0
"""`GET /comity/v1/resilience`: what `comity resilience --json` says, of this gateway as it stands; worked out beside the requests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from comity.gateway.read import asked
from comity.gateway.resilience import Report, Survey
from comity.gateway.standing import spans
from comity.gateway.world import World
from comity.jurisdictions.vocab import load_vocabulary

if TYPE_CHECKING:
    from comity.gateway.app import App


class Surveys:
    """The last report, for as long as nothing that it rests on has changed.  Of many who ask at once the first does the work."""

    def __init__(self) -> None:
        self._last: tuple[tuple[object, ...], Report] | None = None
        self._one = asyncio.Lock()

    async def report(self, world: World) -> Report:
        async with self._one:
            at, standing = world.clock.now(), world.standings.now()
            key = (world.config, world.engine.digest, at.date(), standing.volumes, standing.evidence)
            if self._last is None or self._last[0] != key:
                seen = world.state.counts(spans(load_vocabulary(), at)), world.state.entries()
                survey = await asyncio.to_thread(
                    Survey, world.config, at=at, state=seen, clock=world.clock, random=world.random, beside=world,
                )  # fmt: skip
                self._last = key, await asyncio.to_thread(survey.report)
            return self._last[1]


async def resilience(app: App, query: asked.Query, name: str) -> Report:
    return await app.surveys.report(app.world)
