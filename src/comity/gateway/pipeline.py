# SPDX-License-Identifier: Apache-2.0
"""One request in seven steps.  Steps 1 to 4 are pure and synchronous; nothing is sent before step 5 has returned.

Decide before sending; record before sending; never fall back across a border; a trust failure is never retried.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date

import msgspec

from comity.config import KeyConfig
from comity.errors import CallerError, ComityError, PolicyDenied, ProviderFailure, StorageFailure
from comity.gateway.allowance import permitted
from comity.gateway.allowance.allowances import Hold
from comity.gateway.attempt import Served, as_said, chargeable, ending_of, outcome_of, outgoing, receipt_of, refusal, unrecorded
from comity.gateway.attempts import Moved, first
from comity.gateway.duties import duties
from comity.gateway.exchange import Seal
from comity.gateway.judge import Judged
from comity.gateway.locate import Nexus
from comity.gateway.owed import paid
from comity.gateway.plain import promise
from comity.gateway.standing import Standing
from comity.gateway.telemetry.spans import Trace
from comity.gateway.watch import Watch
from comity.gateway.world import World
from comity.privacy.findings import Findings
from comity.privacy.pictures.look import images
from comity.providers.base import Crossing, Provider, SealedProvider
from comity.routing.plan import RoutePlan, plan
from comity.routing.run import Trip, Visit
from comity.transparency.receipt import Receipt
from comity.wire.door import Door
from comity.wire.request import Request, texts

log = logging.getLogger("comity.gateway")
DECIDED_SECONDS_MAX = 0.5  # from a decision to the sending that rests on it; then it is looked at again


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One caller's request, decoded once.  ``size`` is the body's length in bytes, ``dropped`` the fields left out."""

    id: str
    request: Request
    door: Door
    headers: Mapping[str, str]
    key: KeyConfig
    size: int
    dropped: tuple[str, ...] = ()
    trace: Trace | None = None  # where this request is traced
    seal: Seal | None = None  # what it came sealed in
    among: tuple[str, ...] = ()  # the only deployments that it may go to; empty: whichever the key and the model leave in


class Pipeline:
    def __init__(self, world: World) -> None:
        self._world = world

    async def run(self, call: Call) -> Served:
        """Raises CallerError, PolicyDenied, ProviderFailure, and StorageFailure where nothing was sent; whatever is raised, what happened
        is recorded."""
        entry = await self._world.accounts.allowances.enter(call.key, call.request)
        try:
            served = await self._run(call)
        except BaseException:
            with suppress(StorageFailure):  # what is raised matters more
                await paid(entry.leave(0))
            raise
        served.entry = entry
        return served

    async def _run(self, call: Call, standing: Standing | None = None, trip: Trip | None = None) -> Served:
        world, wanted = self._world, self._wanted(call)
        watch = Watch(world.metrics, world.clock.monotonic, call.trace)
        nexus = world.consenting.located(world.locator.locate(call.headers, call.key))  # 1
        permitted.check(call.key, purpose=nexus.purpose, task=nexus.feature)
        watch.done("locate")
        strings = list(texts(call.request))
        characters = sum(map(len, strings))
        findings = await world.inspect(strings, call.request.media(), images(call.request))  # 2
        watch.done("inspect")
        if findings.failed:
            log.error("request %s: a recogniser broke; it is judged as carrying every category, and stays on the device", call.id)
        standing, today = standing or world.standings.now(), world.clock.now().date()
        judged = world.judge.decide(nexus, findings, wanted, standing, today, open_to=call.key.models)  # 3
        watch.done("decide")
        route = self._able(plan(judged.candidates, call.request, characters), call, characters)  # 4
        watch.done("plan")
        if not route.attempts:
            raise await self._refuse(call, nexus, judged, route)
        if trip is None:
            trip = Trip(world.router, route, call.request, call.key.id)
        else:
            trip.follow(route, call.request)

        going = trip

        async def attempt(visit: Visit) -> Served:
            try:
                await self._stands(nexus, visit, standing, today)
                return await self._attempt(call, nexus, findings, judged, visit, watch, lambda: self._still(nexus, standing, today))
            except StorageFailure as error:  # this one was not sent
                if going.one:
                    raise
                raise ProviderFailure(str(error), kind="refused", retryable=False, code=error.code, hint=error.hint) from None

        try:
            return await first(trip, attempt, Served.unwanted)
        except Moved as moved:
            return await self._run(call, moved.standing, trip)
        except ProviderFailure as failure:
            if failure.code == "provider.exhausted" and not failure.lawful:
                beyond = world.judge.beyond(nexus, findings, standing, today, open_to=call.key.models)
                failure.ways = tuple({"deployment": way.deployment, "steps": list(way.steps)} for way in beyond)
            raise

    async def _stands(self, nexus: Nexus, visit: Visit, standing: Standing, today: date) -> None:
        """Raises Moved where the law is to be asked again: this would count a person beyond a threshold, or, some time after the
        decision, evidence or consent was withdrawn or a day began."""
        if visit.late:
            self._still(nexus, standing, today)
        moved = await self._world.standings.count(nexus, visit.candidate.decision, standing)
        if moved is not None:
            raise Moved(moved)

    def _still(self, nexus: Nexus, standing: Standing, today: date) -> None:
        now = self._world.standings.now()
        if now.number != standing.number or self._world.clock.now().date() != today or not self._world.consenting.stands(nexus):
            raise Moved(now)

    async def _attempt(
        self, call: Call, nexus: Nexus, findings: Findings, judged: Judged, visit: Visit, watch: Watch, still: Callable[[], None]
    ) -> Served:
        """One allowed place; whatever becomes of it, its outcome is recorded (by `Served.close` once there is an answer)."""
        world, candidate = self._world, visit.candidate
        provider: Provider | Crossing = world.provider_of(candidate.deployment)
        crossing = await provider.crossing(candidate.deployment, nexus) if isinstance(provider, SealedProvider) else None
        hold = await self._money(call, visit)
        receipt = receipt_of(world, call.size, nexus, candidate, seal=call.seal, crossing=crossing)
        try:
            await self._record(call, nexus, judged, receipt)  # 5
        except BaseException as error:
            await paid(self._unsent(receipt, error, visit, hold))
            raise
        watch.done("record")
        seen = watch.attempt(candidate.deployment, call.request.operation, visit.number)
        lease = world.lending.lease(call.key.id, nexus, call.request)
        served: Served | None = None
        try:
            if visit.seconds > DECIDED_SECONDS_MAX:  # a slow disk: what was withdrawn meanwhile is not leaned on
                still()
            request = outgoing(candidate, call.request, findings, lease.vault)  # 6
            seen.done("protect")
            answer = await (crossing or provider).send(candidate.deployment, request)  # 7
            seen.done("send")
            served = Served(
                world=world, visit=visit, receipt=receipt, answer=answer, lease=lease, request=call.request, door=call.door,
                dropped=call.dropped, seen=seen, hold=hold, crossing=crossing,
            )  # fmt: skip
            await served.begin()
        except BaseException as error:
            lease.close()  # first, whatever it was: nothing that was hidden outlives its attempt
            said = as_said(error, visit)
            seen.ended(*ending_of(said))
            await paid(served.over(said) if served is not None else self._unanswered(receipt, said, visit, hold, crossing))
            raise
        return served

    async def _money(self, call: Call, visit: Visit) -> Hold:
        """Held before anything else is done.  That there is none for another attempt ends no attempt that is under way."""
        try:
            return await self._world.accounts.allowances.reserve(call.key, call.request, visit.candidate.deployment)
        except CallerError as error:
            if visit.number == 1:
                raise
            raise ProviderFailure(str(error), kind="refused", retryable=False, code=error.code, hint=error.hint) from None

    async def _unsent(self, receipt: Receipt, error: BaseException, visit: Visit, hold: Hold) -> None:
        """Of a record whose writing did not come back; whether it is there is known only of one that somebody stopped waiting for."""
        with suppress(StorageFailure):
            await hold.release()
        if isinstance(error, asyncio.CancelledError):
            with suppress(StorageFailure):
                await self._ended(receipt, as_said(error, visit), visit)

    async def _unanswered(self, receipt: Receipt, error: ComityError, visit: Visit, hold: Hold, crossing: Crossing | None) -> None:
        with unrecorded(self._world, receipt):
            await self._ended(receipt, error, visit, crossing)
        with suppress(StorageFailure):  # then it costs what is held
            await (hold.settle(None, None, visit.candidate.deployment) if chargeable(error, crossing) else hold.release())

    async def _ended(self, receipt: Receipt, error: ComityError, visit: Visit, crossing: Crossing | None = None) -> None:
        await self._world.ledger.finish(receipt.id, outcome_of(self._world, error, attempt=visit.number, crossing=crossing))

    def _able(self, route: RoutePlan, call: Call, characters: int) -> RoutePlan:
        """Without the places that cost more than may be spent, and those whose answer could not carry what is owed: a label is never
        skipped."""
        request = call.request
        route = self._world.router.affordable(route, request, characters, call.key.cost_max)
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
        if model == "auto" and call.among:
            return self._among(call)
        if model == "auto":
            return allowed or self._world.offered.get(call.request.operation, ())
        if model not in self._world.deployments:
            raise CallerError(
                f"no model `{model[:64]}` here", code="request.unknown_model", field="model", status=404,
                hint="`auto`, or one of: " + ", ".join(allowed or self._world.deployments),
            )  # fmt: skip
        permitted.check_model(call.key, model)
        if call.among and model not in call.among:
            raise permitted.beyond(call.key, model, call.among)
        return (model,)

    def _among(self, call: Call) -> tuple[str, ...]:
        """Never empty: that would mean every place."""
        known = tuple(name for name in call.among if name in self._world.deployments)
        open_ = tuple(name for name in known if not call.key.models or name in call.key.models)
        if not open_:
            raise permitted.beyond(call.key, call.among[0], call.key.models)
        return open_

    async def _record(self, call: Call, nexus: Nexus, judged: Judged, receipt: Receipt) -> None:
        await self._world.ledger.record(
            receipt, request_id=call.id, subject=nexus.pseudonym, facts=judged.facts, decision=judged.decision, grounds=judged.grounds
        )

    async def _refuse(self, call: Call, nexus: Nexus, judged: Judged, route: RoutePlan) -> Exception:
        """A refusal is recorded and receipted like an answer."""
        if route.unfit:
            why = "; ".join(f"`{name}`: {reason}" for name, reason in route.unfit)
            return CallerError(
                f"no lawful place can take this request: {why}", code="request.unfit",
                hint="ask for less, or configure a model that does it where the law allows it",
            )  # fmt: skip
        receipt = receipt_of(self._world, call.size, nexus, None, judged=judged, seal=call.seal)
        await self._record(call, nexus, judged, receipt)
        message, status = refusal(judged)
        return PolicyDenied(
            message, decision=msgspec.json.decode(judged.decision) | {"effect": judged.effect.value} | self._world.consenting.asks(judged),
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
