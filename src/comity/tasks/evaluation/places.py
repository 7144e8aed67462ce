# SPDX-License-Identifier: Apache-2.0
"""One model on this machine as all the places there are: no region, no gateway; what it answered is kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from comity.ports import Clock
from comity.tasks.evaluation.journal import Journal, Kept, key_of, slim
from comity.tasks.task import Place, Reply
from comity.wire.chat import ChatRequest
from comity.wire.embeddings import EmbeddingsRequest
from comity.wire.request import Operation, Request

Send = Callable[[Request], Awaitable[Mapping[str, Any] | bytes]]
"""One request to the model: OpenAI's JSON of its operation, or the bytes of a sound.  Raises ComityError."""


class OneModel:
    """Places with one place, for `run`.  ``seconds``: of the model's own time, counted once for an answer that was kept."""

    def __init__(self, place: Place, send: Send, journal: Journal, clock: Clock) -> None:
        self.place, self._send, self._journal, self._clock = place, send, journal, clock
        self._vectors: dict[str, Any] = {}
        self.seconds, self.asked, self.anew = 0.0, 0, 0

    def device(self, operation: Operation) -> Sequence[Place]:
        return (self.place,) if operation in self.place.operations else ()

    def region(self, operation: Operation) -> Sequence[str]:
        return ()

    async def lawful(self, request: Request) -> Sequence[str]:
        return ()

    async def ask(self, request: Request, among: Sequence[str]) -> Reply:
        self.asked += 1
        if isinstance(request, EmbeddingsRequest):
            return self._reply(await self._embedded(request))
        if isinstance(request, ChatRequest) and request.logprobs is None:
            request = msgspec.structs.replace(request, logprobs=True)
        key = key_of(self.place.sha256 or self.place.model, request)
        kept = self._journal.get(key)
        if kept is None:
            begun = self._clock.monotonic()
            said = await self._send(request)
            took = self._clock.monotonic() - begun
            self.anew += 1
            if isinstance(said, bytes):  # a sound: nothing that is worth its room
                self.seconds += took
                return self._reply({}, said)
            kept = Kept(key=key, model=self.place.model, body=slim(said), seconds=round(took, 3))
            self._journal.keep(kept)
        self.seconds += kept.seconds
        return self._reply(kept.body)

    async def _embedded(self, request: EmbeddingsRequest) -> Mapping[str, Any]:
        """Each text once: examples are the same for every item."""
        new = [text for text in dict.fromkeys(request.inputs) if text not in self._vectors]
        if new:
            begun = self._clock.monotonic()
            said = await self._send(msgspec.structs.replace(request, input=tuple(new)))
            self.seconds += self._clock.monotonic() - begun
            self.anew += 1
            assert not isinstance(said, bytes)
            self._vectors |= {text: entry["embedding"] for text, entry in zip(new, said["data"], strict=True)}
        return {"data": [{"index": at, "embedding": self._vectors[text]} for at, text in enumerate(request.inputs)]}

    def _reply(self, body: Mapping[str, Any], data: bytes = b"") -> Reply:
        here = self.place
        return Reply(body=body, data=data, deployment=here.deployment, model=here.model, sha256=here.sha256, region=("device",))
