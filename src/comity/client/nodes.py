# SPDX-License-Identifier: Apache-2.0
"""The node behind each deployment: fetched where requests go, checked, and remembered until its key is over.

What is fetched is public and says nothing of who asks or what for.  Nothing is sealed on the word of a node that could not be checked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from comity.client.checks import Known, Wanted, checked
from comity.client.document import DOCUMENT_BYTES_MAX, PATH, claims, in_use
from comity.client.remembered import Remembered
from comity.errors import ProviderFailure
from comity.ports import Clock
from comity.providers.base import Deployment
from comity.providers.http import JSON, Egress, Outgoing

TILES = "/tlog/nodes/"
TILE_BYTES_MAX = 65_536


class Nodes:
    """``asked``: by deployment id."""

    def __init__(self, egress: Egress, asked: Mapping[str, Wanted], remembered: Remembered, clock: Clock) -> None:
        self._egress, self._asked, self._remembered, self._clock = egress, asked, remembered, clock
        self._known: dict[str, Known] = {}
        self._one = {name: asyncio.Lock() for name in asked}

    async def current(self, deployment: Deployment) -> Known:
        """Raises TrustFailure for a node that does not prove itself, ProviderFailure where there is none to ask."""
        async with self._one[deployment.id]:
            known = self._known.get(deployment.id)
            if known is None or self._clock.now() >= known.until:
                known = self._known[deployment.id] = await self._proved(deployment)
            return known

    def forget(self, deployment: Deployment, known: Known) -> None:
        """The node says that it is another by now: it is asked, and checked, again."""
        if self._known.get(deployment.id) is known:
            del self._known[deployment.id]

    async def _proved(self, deployment: Deployment) -> Known:
        document = await self._fetched(deployment, PATH, JSON, DOCUMENT_BYTES_MAX)
        now, asked = self._clock.now(), self._asked[deployment.id]
        claim = in_use(claims(document), now)
        known = checked(claim, asked, now)

        async def tile(path: str) -> bytes:
            return await self._fetched(deployment, TILES + path, "application/octet-stream", TILE_BYTES_MAX)

        await self._remembered.follow(asked.trust.log, known.proof, tile)
        await self._remembered.keep(known.hash, claim)
        return known

    async def _fetched(self, deployment: Deployment, path: str, kind: str, bytes_max: int) -> bytes:
        answer = await self._egress.open(deployment, Outgoing(path=path, method="GET", accept=(kind,)))
        pieces, size = [], 0
        try:
            async for piece in answer.chunks():
                pieces.append(piece)
                size += len(piece)
                if size > bytes_max:
                    raise ProviderFailure("what the node says of itself is too large", kind="protocol", retryable=False)
        finally:
            await answer.aclose()
        return b"".join(pieces)
