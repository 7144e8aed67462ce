# SPDX-License-Identifier: Apache-2.0
"""What tasks may ask, for one caller and one person: the deployments of this gateway, each request through the seven steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any

import msgspec

from comity.config import KeyConfig
from comity.device.fetch import seems_whole
from comity.device.manifest import Model, known_models, model_named, models_directory
from comity.errors import CallerError, PolicyDenied
from comity.gateway.allowance import permitted
from comity.gateway.attempt import Served, refusal, regions
from comity.gateway.labels.fields import NOTICE
from comity.gateway.owed import paid
from comity.gateway.pipeline import Call, Pipeline
from comity.gateway.telemetry.spans import Trace
from comity.gateway.world import World
from comity.policy.decision import Effect
from comity.privacy.pictures.look import images
from comity.providers.base import Deployment
from comity.routing.plan import plan
from comity.tasks.shapes import Result
from comity.tasks.task import Place, Reply
from comity.wire.chat import ChatRequest
from comity.wire.door import Door
from comity.wire.request import Operation, Request, texts


def _no_body(*_: object) -> Any:
    raise CallerError("a task's requests are made here", code="request.malformed")


OWN = Door(decode=_no_body)
"""Answers are read as OpenAI's own JSON."""


class GatewayPlaces:
    """``call`` is the id of the caller's request; every one that a task makes of it is recorded under it."""

    def __init__(
        self, pipeline: Pipeline, world: World, *, key: KeyConfig, headers: Mapping[str, str], call: str, trace: Trace | None = None
    ) -> None:
        self._pipeline, self._world, self._key, self._headers = pipeline, world, key, headers
        self._call, self._trace = call, trace
        self.last: Served | None = None  # whoever answered last
        self._headers_of: dict[str, list[tuple[bytes, bytes]]] = {}

    def device(self, operation: Operation) -> Sequence[Place]:
        here = [each for each in self._open() if each.on_device and operation in each.profile.operations]
        found = [self._place(each) for each in sorted(here, key=_rank)]
        known = {place.model for place in found}
        return (*found, *(place for place in self._to_be_had(operation) if place.model not in known))

    def region(self, operation: Operation) -> Sequence[str]:
        return [each.id for each in self._open() if not each.on_device and operation in each.profile.operations]

    async def lawful(self, request: Request) -> Sequence[str]:
        world, elsewhere = self._world, tuple(self.region(request.operation))
        if not elsewhere:
            return ()
        nexus = world.consenting.located(world.locator.locate(self._headers, self._key))
        permitted.check(self._key, purpose=nexus.purpose, task=nexus.feature)
        strings = list(texts(request))
        findings = await world.inspect(strings, request.media(), images(request))
        today = world.clock.now().date()
        judged = world.judge.decide(nexus, findings, elsewhere, world.standings.now(), today, open_to=self._key.models)
        if not any(each.decision.effect is Effect.ALLOW for each in judged.candidates):
            message, status = refusal(judged)
            raise PolicyDenied(
                message, decision=msgspec.json.decode(judged.decision) | {"effect": judged.effect.value} | world.consenting.asks(judged),
                status=status, code="policy." + judged.effect.value,
            )  # fmt: skip
        route = plan(judged.candidates, request, sum(map(len, strings)))
        return [each.deployment.id for each in route.attempts]

    async def ask(self, request: Request, among: Sequence[str]) -> Reply:
        asked = self._with_logprobs(request, among)
        size = sum(len(text.encode("utf-8", "replace")) for text in texts(asked)) + _media_bytes(asked)
        call = Call(
            id=self._call, request=asked, door=OWN, headers=self._headers, key=self._key, size=size, trace=self._trace, among=tuple(among)
        )
        served = await self._pipeline.run(call)
        self._world.metrics.decisions["allow", served.candidate.deployment.id] += 1
        self.last, self._headers_of[served.receipt.id] = served, served.headers
        try:
            return await self._reply(served)
        finally:
            await paid(served.over())  # also when the caller has gone

    def headers_of(self, result: Result[Any]) -> list[tuple[bytes, bytes]]:
        """What `Comity-…` headers say of it; of one that abstained where nobody answered, its receipt alone."""
        if result.served_by is not None and result.receipt in self._headers_of:
            return self._headers_of[result.receipt]
        return [(b"comity-receipt", result.receipt.encode())] if result.receipt else []

    # -- what there is ------------------------------------------------------------------------------------------------

    def _open(self) -> list[Deployment]:
        return [each for each in self._world.deployments.values() if not self._key.models or each.id in self._key.models]

    def _place(self, deployment: Deployment) -> Place:
        profile, known = deployment.profile, _known(deployment)
        if known is None:
            return Place(
                deployment=deployment.id, model=deployment.model, operations=profile.operations, context_tokens=profile.context_tokens
            )
        return Place(
            deployment=deployment.id, model=known.id, sha256=known.sha256, operations=profile.operations,
            context_tokens=profile.context_tokens, languages=_primary(known), absent=not self._is_here(known), bytes=known.bytes,
            licence=known.licence,
        )  # fmt: skip

    def _to_be_had(self, operation: Operation) -> list[Place]:
        """Models of the manifest that are not on this machine: with them it might be done here.

        None where deployments are configured: a model that is added is none of them.  One that is made for what is asked alone is named as
        the deployment that it will be, so that it is worth fetching though nobody measured it.
        """
        if self._key.models or self._world.config.deployments or not any(each.on_device for each in self._open()):
            return []
        return [
            Place(
                deployment="" if operation == "chat" else each.id, model=each.id,
                sha256=each.sha256, operations=each.operations, context_tokens=each.context_tokens or 4096,
                languages=_primary(each), absent=True, bytes=each.bytes, licence=each.licence,
            )
            for each in known_models().values() if operation in each.operations and not self._is_here(each)
        ]  # fmt: skip

    def _is_here(self, model: Model) -> bool:
        return seems_whole(model, models_directory(self._world.config.paths))

    # -- one request --------------------------------------------------------------------------------------------------

    def _with_logprobs(self, request: Request, among: Sequence[str]) -> Request:
        """Asked for where every place that may answer can give them: what a place cannot give makes it unfit."""
        if not isinstance(request, ChatRequest) or request.logprobs is not None:
            return request
        features = [self._world.deployments[name].features.get("chat", frozenset()) for name in among if name in self._world.deployments]
        return msgspec.structs.replace(request, logprobs=True) if features and all("logprobs" in each for each in features) else request

    async def _reply(self, served: Served) -> Reply:
        deployment = served.candidate.deployment
        headers = {name.decode(): value.decode("latin-1") for name, value in served.headers}
        labels = tuple(word for word in headers.get("comity-label", "").split(", ") if word)
        body: dict[str, Any] = {}
        data, kind = b"", ""
        if served.request.stream:
            async with aclosing(served.stream()) as pieces:
                data = b"".join([piece async for piece in pieces])
            kind = served.content_type.decode("latin-1")
        else:
            body = msgspec.json.decode((await served.whole()).body)
        if "explicit" in labels:
            body = _without_notice(body)
        known = _known(deployment)
        return Reply(
            body=body, data=data, content_type=kind, deployment=deployment.id,
            model=known.id if known is not None else str(body.get("model") or deployment.model),
            sha256=known.sha256 if known is not None else "",
            region=("device",) if deployment.on_device else regions(deployment.facts.processing),
            receipt=served.receipt.id, labels=labels,
        )  # fmt: skip


def _known(deployment: Deployment) -> Model | None:
    """The manifest's entry, of a model that runs on this machine by its name: another file's hash is not known."""
    if deployment.dialect != "embedded" or deployment.model.endswith(".gguf"):
        return None
    return model_named("") if not deployment.model else known_models().get(deployment.model)


def _rank(deployment: Deployment) -> int:
    """Of several that are able, the lower is asked first; one of which nothing is known comes as it is configured."""
    known = _known(deployment)
    return known.rank if known is not None else 0


def _primary(model: Model) -> frozenset[str]:
    return frozenset(tag.partition("-")[0] for tag in model.languages)


def _without_notice(body: dict[str, Any]) -> dict[str, Any]:
    """A task reads what was written; that it was is said by its result's labels, for whoever shows it."""
    for choice in body.get("choices") or ():
        message = choice.get("message")
        if isinstance(message, dict) and isinstance(message.get("content"), str):
            for notice in NOTICE.values():
                message["content"] = message["content"].removesuffix(notice).rstrip()
    return body


def _media_bytes(request: Request) -> int:
    file = getattr(request, "file", None) or getattr(request, "image", None)
    return len(file) if isinstance(file, bytes) else sum(len(each) for each in images(request))
