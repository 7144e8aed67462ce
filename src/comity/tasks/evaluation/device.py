# SPDX-License-Identifier: Apache-2.0
"""A model of this machine, loaded in its child process as the gateway loads it, as the one place of an evaluation."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from comity.config import DeviceConfig
from comity.device.answers import answer_of, asked
from comity.device.fetch import checked
from comity.device.manifest import Model, is_here, known_models, model_named
from comity.device.provider import runtime_of
from comity.errors import OperatorError, ProviderFailure
from comity.ports import Clock
from comity.tasks.evaluation.journal import Journal
from comity.tasks.evaluation.places import OneModel
from comity.tasks.task import Place
from comity.wire.request import Request

CONTEXT_TOKENS = 4096
NOT_KEPT = "eval.not_kept"


def chosen(names: Sequence[str], directory: Path) -> list[Model]:
    """Those named, else every one that is here and can be asked.  Raises OperatorError for one that is not."""
    if not names:
        return [model for model in known_models().values() if model.operations and is_here(model, directory)]
    found = [model_named(name) for name in names]
    for model in found:
        if not is_here(model, directory):
            raise OperatorError(
                f"model `{model.id}` is not on this machine", code="model.absent", exit_code=1, hint=f"comity models add {model.id}"
            )
    return found


@asynccontextmanager
async def loaded(model: Model, directory: Path, journal: Journal, clock: Clock, *, kept_only: bool = False) -> AsyncIterator[OneModel]:
    """It is loaded when it is first asked for what is not kept, and ends with the block.  ``kept_only``: then it fails
    instead, unless vectors are asked for."""
    here = checked(model.id, directory)
    tokens = min(CONTEXT_TOKENS, model.context_tokens or CONTEXT_TOKENS)
    runtime = runtime_of(here, tokens, DeviceConfig(shared=False, idle_seconds_max=0), stays=True)

    async def send(request: Request) -> dict[str, Any] | bytes:
        if kept_only and request.operation != "embeddings":  # of vectors nothing is kept: they are had again in no time
            raise ProviderFailure("no answer to this is kept", kind="unavailable", code="eval.not_kept")
        answer = answer_of(runtime.ask(asked(request, thinks=model.thinks)), model.id, request)
        await answer.begin()
        try:
            data = b"".join([piece async for piece in answer.chunks()])
        finally:
            await answer.aclose()
        if request.operation == "speech":
            return data
        body: dict[str, Any] = msgspec.json.decode(data)
        return body

    place = Place(
        deployment=model.id, model=model.id, sha256=model.sha256, operations=model.operations, context_tokens=tokens, bytes=model.bytes,
        licence=model.licence,
    )  # fmt: skip
    try:
        yield OneModel(place, send, journal, clock)
    finally:
        await runtime.aclose()
