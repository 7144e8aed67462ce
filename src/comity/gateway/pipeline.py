# SPDX-License-Identifier: Apache-2.0
"""One request in seven steps.  Steps 1 to 4 are pure and synchronous; nothing is sent before step 5 has returned.

Decide before sending; record before sending; never fall back across a border; a trust failure is never retried.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

import msgspec

from comity.config import KeyConfig
from comity.errors import CallerError, ComityError, PolicyDenied, ProviderFailure
from comity.gateway.attempt import Gone, Served, outcome_of, outgoing, receipt_of, refusal
from comity.gateway.duties import duties
from comity.gateway.judge import Judged
from comity.gateway.locate import Nexus
from comity.gateway.plain import promise
from comity.gateway.standing import Standing
from comity.gateway.world import World
from comity.privacy.findings import Findings
from comity.privacy.pictures.look import images
from comity.routing.plan import Candidate, RoutePlan, plan
from comity.transparency.receipt import Receipt
from comity.wire.door import Door
from comity.wire.request import Request, texts

log = logging.getLogger("comity.gateway")


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One caller's request, decoded once.  ``size`` is the body's length in bytes, ``dropped`` the fields left out."""

    id: str
    request: Request
    door: Door
    headers: Mapping[str, str]
    key: KeyConfig
    size: int
    dropped: tuple[str, ...] = ()


class Pipeline:
    def __init__(self, world: World) -> None:
        self._world = world

    async def run(self, call: Call, standing: Standing | None = None) -> Served:
        """Raises CallerError, PolicyDenied, ProviderFailure, StorageFailure; whatever is raised, what happened is recorded."""
        world, today = self._world, self._world.clock.now().date()
        wanted = self._wanted(call)
        nexus = world.locator.locate(call.headers, call.key)  # 1
        strings = list(texts(call.request))
        findings = await world.inspect(strings, call.request.media(), images(call.request))  # 2
        if findings.failed:
            log.error("request %s: a recogniser broke; it is judged as carrying every category, and stays on the device", call.id)
        standing = standing or world.standings.now()
        judged = world.judge.decide(nexus, findings, wanted, standing, today, open_to=call.key.models)  # 3
        route = self._able(plan(judged.candidates, call.request, sum(map(len, strings))), call.request)  # 4
        if not route.attempts:
            raise await self._refuse(call, nexus, judged, route)
        failures: list[tuple[str, ProviderFailure]] = []
        for candidate in route.attempts:
            moved = await world.standings.count(nexus, candidate.decision, standing)
            if moved is not None:  # whom this would count crosses a threshold: the law is asked again, as things would then be
                return await self.run(call, moved)
            try:
                return await self._attempt(call, nexus, findings, judged, candidate, number=len(failures) + 1)
            except ProviderFailure as failure:
                failures.append((candidate.deployment.id, failure))
                if not failure.retryable:
                    break
        raise _exhausted(failures)

    async def _attempt(self, call: Call, nexus: Nexus, findings: Findings, judged: Judged, candidate: Candidate, *, number: int) -> Served:
        """One allowed place; whatever becomes of it, its outcome is recorded (by `Served.close` once there is an answer)."""
        world = self._world
        receipt = receipt_of(world, call.size, nexus, candidate)
        await self._record(call, nexus, judged, receipt)  # 5
        lease = world.lending.lease(call.key.id, nexus, call.request)
        try:
            request = outgoing(candidate, call.request, findings, lease.vault)  # 6
            answer = await world.provider_of(candidate.deployment).send(candidate.deployment, request)  # 7
        except BaseException as error:
            lease.close()  # first, whatever it was: nothing that was hidden outlives its attempt
            if isinstance(error, asyncio.CancelledError):  # the caller went away
                await asyncio.shield(world.ledger.finish(receipt.id, outcome_of(world, Gone("the caller went away"), attempt=number)))
            elif isinstance(error, ComityError):
                await world.ledger.finish(receipt.id, outcome_of(world, error, attempt=number))
            raise
        return Served(
            world=world, candidate=candidate, receipt=receipt, answer=answer, lease=lease, request=call.request, door=call.door,
            attempt=number, dropped=call.dropped,
        )  # fmt: skip

    def _able(self, route: RoutePlan, request: Request) -> RoutePlan:
        """Without the places whose answer could not carry what is owed there: a label is never skipped."""
        if request.operation not in ("speech", "images"):
            return route
        able, unfit = [], list(route.unfit)
        for candidate in route.attempts:
            try:
                promise(request, duties(candidate.decision), self._world.signer)
                able.append(candidate)
            except ComityError as error:
                unfit.append((candidate.deployment.id, f"{error} ({error.hint})"))
        return RoutePlan(attempts=tuple(able), unfit=tuple(unfit))

    def _wanted(self, call: Call) -> tuple[str, ...]:
        allowed = call.key.models
        model = call.request.model
        if model == "auto":
            return allowed
        if model not in self._world.deployments or (allowed and model not in allowed):
            raise CallerError(
                f"no model `{model[:64]}` here", code="request.unknown_model", field="model", status=404,
                hint="`auto`, or one of: " + ", ".join(allowed or self._world.deployments),
            )  # fmt: skip
        return (model,)

    async def _record(self, call: Call, nexus: Nexus, judged: Judged, receipt: Receipt) -> None:
        await self._world.ledger.record(receipt, request_id=call.id, subject=nexus.pseudonym, facts=judged.facts, decision=judged.decision)

    async def _refuse(self, call: Call, nexus: Nexus, judged: Judged, route: RoutePlan) -> Exception:
        """A refusal is recorded and receipted like an answer."""
        if route.unfit:
            why = "; ".join(f"`{name}`: {reason}" for name, reason in route.unfit)
            return CallerError(
                f"no lawful place can take this request: {why}", code="request.unfit",
                hint="ask for less, or configure a model that does it where the law allows it",
            )  # fmt: skip
        receipt = receipt_of(self._world, call.size, nexus, None, judged=judged)
        await self._record(call, nexus, judged, receipt)
        message, status = refusal(judged)
        return PolicyDenied(
            message, decision=msgspec.json.decode(judged.decision) | {"effect": judged.effect.value},
            receipt=receipt.id, status=status, code="policy." + judged.effect.value, hint=_hint(judged),
        )  # fmt: skip


def _hint(judged: Judged) -> str:
    """The shortest ways to an allow; where none was found, what rules name."""
    if judged.ways:
        return "what would change it: " + "; or ".join(f"{' and '.join(way.steps)}" for way in judged.ways[:3])
    remedies: list[str] = []
    for candidate in judged.candidates:
        remedies.extend(remedy for remedy in candidate.decision.remedies if remedy not in remedies)
    return "what may change it: " + ", ".join(remedies[:6]) if remedies else ""


_STATUS = {"timeout": 504, "unsupported": 400}


def _exhausted(failures: list[tuple[str, ProviderFailure]]) -> ProviderFailure:
    """One error that lists every attempt; a place that was not allowed was never tried."""
    last = failures[-1][1]
    said = "; ".join(f"`{name}`: {failure}" for name, failure in failures)
    if last.kind == "content" and len(failures) == 1:
        return last  # the partner's own refusal is passed on as such
    waits = [failure.retry_after_seconds for _, failure in failures if failure.upstream_status == 429]
    busy = len(waits) == len(failures)
    return ProviderFailure(
        f"every lawful place failed: {said}", kind=last.kind, retryable=False, upstream_status=last.upstream_status,
        code="provider.exhausted", hint=last.hint or "try again later, or configure another deployment where the law allows it",
        status=429 if busy else _STATUS.get(last.kind, 502) if len({failure.kind for _, failure in failures}) == 1 else 502,
        retry_after_seconds=min((wait for wait in waits if wait is not None), default=None) if busy else None,
    )  # fmt: skip
