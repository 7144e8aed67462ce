# SPDX-License-Identifier: Apache-2.0
"""Looks for places that are left alone, so that none has to wait for a request that tries it (`routing.probe_seconds`; off by default).

A look is `GET /models` at the deployment's own address: no key, no word of anybody's request, nothing to record.  Whatever it answers
below 500, a refused key too, says that somebody is there; the next request is then let through as the one that tries.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from comity.config import Config
from comity.errors import ProviderFailure
from comity.providers.base import Deployment
from comity.providers.http import Egress, Outgoing
from comity.routing.router import Router


class Probes:
    def __init__(self, config: Config, router: Router, deployments: Mapping[str, Deployment]) -> None:
        self._router, self._seconds = router, config.routing.probe_seconds
        self._remote = {name: each for name, each in deployments.items() if not each.embedded}
        self._egress = Egress(self._remote, config.limits)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._looking(), name="probes")

    async def _looking(self) -> None:
        while True:
            await asyncio.sleep(self._seconds)
            await self.look()

    async def look(self) -> None:
        """Once, at every place that is left alone."""
        now = self._router.clock.monotonic()
        alone = [each for name, each in self._remote.items() if self._router.places[name].health.breaker.state(now) == "open"]
        for deployment, there in zip(alone, await asyncio.gather(*map(self._there, alone)), strict=True):
            if there:
                self._router.places[deployment.id].health.breaker.reachable(self._router.clock.monotonic())

    async def _there(self, deployment: Deployment) -> bool:
        try:
            answer = await self._egress.open(deployment, Outgoing(path="/models", method="GET"))
        except ProviderFailure as failure:
            return 0 < failure.upstream_status < 500
        await answer.aclose()
        return True

    async def aclose(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._egress.aclose()
