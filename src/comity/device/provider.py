# SPDX-License-Identifier: Apache-2.0
"""A model on this machine as a Provider: OpenAI's dialect, and no network."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

from comity.config import DeviceConfig, PathsConfig
from comity.device.answers import LocalAnswer, SoundAnswer, WholeAnswer, answer_of, asked
from comity.device.fetch import checked
from comity.device.frames import Open
from comity.device.links import shared_socket
from comity.device.manifest import OPERATION, Here, models_directory
from comity.device.room import memory_of
from comity.device.runtime import Runtime
from comity.errors import ComityError, OperatorError, ProviderFailure
from comity.providers.base import Deployment
from comity.wire.request import Request

SLOTS = {"text": 2}
"""Answers that one model computes at once, by kind; of any other kind one, since each takes all of its threads."""


class Readiness(NamedTuple):
    word: str  # `ready`, or the code of what is in the way


def runtime_of(
    here: Here, context_tokens: int, device: DeviceConfig, *, sharing: tuple[Path, Open] | None = None, stays: bool = False
) -> Runtime:
    """``stays``: it is not unloaded when nobody asks."""
    slots = SLOTS.get(here.kind, 1)
    tokens = context_tokens if here.kind == "text" else 0
    weights = here.model.bytes if here.model is not None else sum(path.stat().st_size for path in here.files.values())
    context = tokens * slots * (here.model.context_bytes if here.model is not None else 0)
    return Runtime(
        here.kind, here.files, name=here.id, context_tokens=tokens, slots=slots, threads=device.threads, needs=memory_of(weights, context),
        check=partial(checked, here.id, here.directory) if here.model is not None else None,
        silent_seconds_max=device.silent_seconds_max, idle_seconds_max=0.0 if stays else device.idle_seconds_max, sharing=sharing,
    )  # fmt: skip


class EmbeddedProvider:
    """``further``: nobody configured it; it is here, and is loaded when it is asked and unloaded when it has not been for a while."""

    def __init__(
        self, deployment: Deployment, *, paths: PathsConfig, runtime: Runtime | None = None, device: DeviceConfig | None = None,
        further: bool = False,
    ) -> None:  # fmt: skip
        self._deployment, self._paths, self._device = deployment, paths, device or DeviceConfig(shared=False)
        self._runtime = runtime
        self._name = deployment.model
        self._thinks = False
        self._mending: asyncio.Task[None] | None = None
        self._state = Readiness("model.not_started")
        self.further = further

    async def start(self) -> None:
        """Loads the model.  Raises OperatorError, TrustFailure when the file is not the model, and ProviderFailure once closed;
        `ready` then says why."""
        try:
            if self._runtime is None:
                here = await asyncio.to_thread(checked, self._deployment.model, models_directory(self._paths))
                self._name, self._thinks = here.id, here.model is not None and here.model.thinks
                # Another request may have come this far meanwhile; there is one runtime.
                self._runtime = self._runtime or self._made(here)
            await self._runtime.start()
        except ComityError as error:
            self._state = Readiness(error.code)
            raise
        self._state = Readiness("ready")

    def _made(self, here: Here) -> Runtime:
        if OPERATION.get(here.kind) not in self._deployment.profile.operations:
            raise OperatorError(
                f"model `{here.id}` cannot be asked for anything", code="model.unloadable", field="model", exit_code=1,
                hint="comity models says what each is for",
            )  # fmt: skip
        tokens = self._deployment.profile.context_tokens if here.kind == "text" else 0
        wanted = Open(model=self._deployment.model, directory=str(models_directory(self._paths).absolute()), context_tokens=tokens)
        sharing = (shared_socket(), wanted) if self._device.shared else None
        return runtime_of(here, tokens, self._device, sharing=sharing, stays=here.kind == "text" and not self.further)

    def ready(self) -> Readiness:
        if self._state.word == "ready" and not (self._runtime is not None and (self._runtime.alive or self._runtime.rests)):
            return Readiness("model.restarting")
        return self._state

    def mend(self) -> None:
        """Starts a process anew that has ended, before the next request comes: nobody may send one to a gateway that is not ready."""
        if self.ready().word == "model.restarting" and (self._mending is None or self._mending.done()):
            self._mending = asyncio.create_task(self._mend())

    async def _mend(self) -> None:
        with suppress(ComityError):  # `ready` says why
            await self.start()

    async def send(self, deployment: Deployment, request: Request) -> LocalAnswer | WholeAnswer | SoundAnswer:
        """Returns once the first piece is there.  Raises CallerError (too long, unsupported), ProviderFailure, TrustFailure."""
        if request.operation not in self._deployment.profile.operations:
            raise ProviderFailure(f"the local model does no {request.operation}", kind="unsupported", code="provider.unsupported")
        asked(request)  # what cannot be asked is refused before anything is loaded
        try:
            if self._state.word != "ready":
                await self.start()
            assert self._runtime is not None
            answer = answer_of(self._runtime.ask(asked(request, thinks=self._thinks)), self._name, request)
            await answer.begin()
        except OperatorError as error:  # the model must be mended here; another lawful place may answer meanwhile
            self._state = Readiness(error.code)
            raise ProviderFailure(f"{error} ({error.hint})", kind="unavailable", code=error.code) from error
        return answer

    async def aclose(self) -> None:
        if self._runtime is not None:
            await self._runtime.aclose()
        if self._mending is not None:
            await self._mending
