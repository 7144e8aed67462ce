# SPDX-License-Identifier: Apache-2.0
"""The one door through which vectors of a person's documents are asked for: the models of this device, and nobody else."""

from __future__ import annotations

from collections.abc import Sequence

from comity.errors import ProviderFailure
from comity.tasks.task import Places, Reply
from comity.tasks.vectors import Vectors, vectors_of
from comity.wire.request import Request

NO_MODEL = "no_model"


class OwnVectors:
    """``places`` is asked for what is on this device; `Places.region` is never called."""

    def __init__(self, places: Places) -> None:
        self._places = places

    def here(self) -> tuple[str, ...]:
        found = self._places.device("embeddings")
        return tuple(place.deployment for place in found if place.deployment and not place.absent and "embeddings" in place.operations)

    async def of(self, texts: Sequence[str]) -> Vectors | None:
        """None where no model on this device makes vectors.  Raises ComityError, Unreadable."""
        here = self.here()[:1]  # one model: what two make cannot be compared
        if not here:
            return None

        async def ask(request: Request) -> Reply:
            reply = await self._places.ask(request, here)
            if reply.deployment not in here:
                raise ProviderFailure("a place answered that was not asked", retryable=False)
            return reply

        return await vectors_of(texts, ask)
