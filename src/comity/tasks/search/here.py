# SPDX-License-Identifier: Apache-2.0
"""The models of vectors that are on this machine, as places to ask, without a gateway: for a command, or an app without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from comity.config import Config
from comity.device.answers import answer_of, asked
from comity.device.fetch import checked
from comity.device.manifest import Here, is_here, known_models, models_directory, runs_here
from comity.device.provider import runtime_of
from comity.device.runtime import Runtime
from comity.errors import ProviderFailure
from comity.tasks.task import Place, Reply
from comity.wire.request import Operation, Request


class VectorsHere:
    """`Places` of one machine.  The model's file is checked by its hash and runs in a process of its own; nothing is recorded, since
    nothing leaves."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._directory = models_directory(config.paths)
        self._runtime: Runtime | None = None
        self._here: Here | None = None

    def device(self, operation: Operation) -> Sequence[Place]:
        return tuple(
            Place(deployment=model.id, model=model.id, sha256=model.sha256, operations=model.operations)
            for model in sorted(known_models().values(), key=lambda model: model.rank)
            if operation == "embeddings" and operation in model.operations and is_here(model, self._directory) and runs_here(model)
        )

    def region(self, operation: Operation) -> Sequence[str]:
        return ()

    async def lawful(self, request: Request) -> Sequence[str]:
        return ()

    async def ask(self, request: Request, among: Sequence[str]) -> Reply:
        """Raises ProviderFailure, OperatorError; TrustFailure where the file is not the model."""
        runtime, here = await self._started(among)
        answer = answer_of(runtime.ask(asked(request)), here.id, request)
        try:
            await answer.begin()
            body = msgspec.json.decode(b"".join([piece async for piece in answer.chunks()]))
        finally:
            await answer.aclose()
        sha256 = here.model.sha256 if here.model is not None else ""
        return Reply(body=body, deployment=here.id, model=here.id, sha256=sha256, region=("device",))

    async def _started(self, among: Sequence[str]) -> tuple[Runtime, Here]:
        if self._runtime is None or self._here is None:
            if not among:
                raise ProviderFailure("no model on this device makes vectors", kind="unsupported", code="provider.unsupported")
            self._here = await asyncio.to_thread(checked, among[0], self._directory)
            self._runtime = runtime_of(self._here, 0, self._config.device)
        return self._runtime, self._here

    async def aclose(self) -> None:
        if self._runtime is not None:
            await self._runtime.aclose()
