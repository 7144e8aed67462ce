# SPDX-License-Identifier: Apache-2.0
"""Who may lawfully answer, jurisdiction by jurisdiction, and what goes dark when one of them vanishes.

The pipeline's own steps 1 to 4 are asked, with the very requests that a drill sends: there is no second way to read the law here.
Nothing is recorded and nothing is sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec

from comity.accord.evidence import EVERYWHERE, register
from comity.config import Config, DeploymentConfig
from comity.errors import ComityError, OperatorError
from comity.gateway.callers import LOCAL
from comity.gateway.duties import DISCHARGERS, duties
from comity.gateway.embedded import EMBEDDED
from comity.gateway.ending import WARNED_DAYS
from comity.gateway.issuers import load_issuers
from comity.gateway.judge import Judge
from comity.gateway.locate import Locator
from comity.gateway.partners import resolve_all
from comity.gateway.plain import promise
from comity.gateway.questions import ASKABLE, PERSONS, Person, asked, decoded
from comity.gateway.standing import Standing, declared, spans
from comity.gateway.world import World, guard_of, media_of, signer_of
from comity.jurisdictions.load import load_packs
from comity.jurisdictions.vocab import Vocabulary, load_vocabulary
from comity.policy.engine import Engine
from comity.policy.volumes import with_counts
from comity.ports import Clock, Random, Secrets
from comity.privacy.findings import Findings
from comity.providers.base import Deployment
from comity.providers.catalog.load import partners
from comity.providers.catalog.places import said
from comity.routing.plan import plan
from comity.routing.resilience import Cell, Concentration, Loss, Question, Support, concentrations, dark, losses
from comity.routing.router import Router
from comity.storage.state import Counts, glimpse
from comity.wire.request import Request, texts


class Warned(msgspec.Struct, frozen=True, kw_only=True):
    """``code``: `nobody`, `one-partner` or `evidence-ends`; what is said of ``questions``, and for the last on which day it ends."""

    code: str
    text: str
    questions: tuple[Question, ...]
    on: date | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    as_of: date
    persons: tuple[Person, ...]
    deployments: tuple[Support, ...]
    cells: tuple[Cell, ...]
    losses: tuple[Loss, ...]
    concentration: tuple[Concentration, ...]
    warnings: tuple[Warned, ...]


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """In one round of a drill.  ``by``: the deployment, or "" for nobody; then ``status`` says how that was told."""

    round: str
    by: str
    status: int


class DrillRow(Cell, frozen=True, kw_only=True):
    """``lawful``: as the report has it, without models on this device."""

    answers: tuple[Answered, ...]
    holds: bool


class Drilled(msgspec.Struct, frozen=True, kw_only=True):
    """What the lab's drill found.  ``holds``: what went dark is what the report says would."""

    name: str
    gone: tuple[str, ...]
    left_out: tuple[str, ...]
    rows: tuple[DrillRow, ...]
    holds: bool


class Survey:
    """Everything that steps 1 to 4 need, of one configuration on one day.  Raises OperatorError as a start of the gateway would."""

    def __init__(
        self, config: Config, *, at: datetime, state: Path | str | tuple[Counts, list[bytes]], clock: Clock, random: Random,
        secrets: Secrets | None = None, beside: World | None = None,
    ) -> None:  # fmt: skip
        """``state``: where it lies, or what it says: counts, and entries of evidence.  ``beside``: a gateway that has its
        guard and its signer already; else ``secrets`` are read."""
        self._config, self._at = config, at
        vocabulary = self._vocabulary = load_vocabulary()
        packs = load_packs(config.packs.enabled, [Path(extra) for extra in config.packs.extra])
        self._configured: Sequence[DeploymentConfig] = config.deployments or (EMBEDDED,)
        self.deployments = resolve_all(self._configured, vocabulary=vocabulary, as_of=at.date())
        self._locator = Locator(config=config, vocabulary=vocabulary, issuers=load_issuers(config.issuers), clock=clock, pseudonym_key=b"")
        self._judge = Judge(
            config=config, engine=Engine(packs, vocabulary), vocabulary=vocabulary, deployments=list(self.deployments.values()),
            dischargers=DISCHARGERS,
        )  # fmt: skip
        self._found: dict[tuple[str, str], Findings] = {}
        self._router = Router(config, self._configured, self.deployments, clock=clock, random=random, key=bytes(16))
        self._media = media_of(config, vocabulary)
        if beside is not None:
            self._guard, self._signer = beside.guard, beside.signer
        else:
            assert secrets is not None
            self._guard, self._signer = guard_of(config, clock=clock, random=random), signer_of(config, secrets)
        counts, entries = state if isinstance(state, tuple) else glimpse(state, spans(vocabulary, at))
        self._registered = register(entries)
        made = self._on(at.date())
        self.standing = msgspec.structs.replace(made, volumes=with_counts(made.volumes, counts))
        regions = [region for pack in packs for region in pack.head.regions[-1:]]  # of `EU` and `EEA` the wider
        wanted = config.resilience.jurisdictions or tuple(regions)
        self._jurisdictions = tuple(dict.fromkeys(_region(each, vocabulary) for each in wanted))
        self._tasks = _tasks(config, vocabulary)

    def _on(self, day: date, number: int = 0) -> Standing:
        made = declared(self._config, self._configured, self._vocabulary, day, self._registered)
        return msgspec.structs.replace(made, number=number)

    def questions(self) -> Iterator[Question]:
        """Each jurisdiction, person and task, for each operation that some deployment offers."""
        offered = [each for each in ASKABLE if any(_offers(d, each) for d in self.deployments.values())]
        for jurisdiction in self._jurisdictions:
            for operation in offered:
                for task in self._tasks:
                    for person in PERSONS:
                        yield Question(jurisdiction=jurisdiction, person=person.name, task=task, operation=operation)

    def cells(self, standing: Standing) -> tuple[Cell, ...]:
        return tuple(self._cell(each, standing) for each in self.questions())

    def _cell(self, question: Question, standing: Standing) -> Cell:
        sent = asked(question)
        request = decoded(sent)
        strings = list(texts(request))
        nexus = self._locator.locate(sent.headers, LOCAL)  # 1
        judged = self._judge.decide(nexus, self._inspect(question, request, strings), (), standing, self._at.date())  # 2, 3
        characters = sum(map(len, strings))
        route = self._router.affordable(plan(judged.candidates, request, characters), request, characters)  # 4
        able: list[str] = []
        for candidate in route.attempts:
            try:
                promise(request, duties(candidate.decision), self._signer)
            except ComityError:  # its answer could not carry the label that is owed
                continue
            able.append(candidate.deployment.id)
        return Cell(
            jurisdiction=question.jurisdiction, person=question.person, task=question.task, operation=question.operation, lawful=tuple(able)
        )  # fmt: skip

    def _inspect(self, question: Question, request: Request, strings: Sequence[str]) -> Findings:
        """Once for each person and operation: where they are makes no difference to what a text carries."""
        key = question.operation, question.person
        if key not in self._found:
            seen = self._guard.inspect(strings)
            carried = seen.categories.union(*(self._media[kind] for kind in request.media()))
            self._found[key] = msgspec.structs.replace(seen, categories=carried)
        return self._found[key]

    def report(self) -> Report:
        cells = self.cells(self.standing)
        supports = tuple(support(each) for each in self.deployments.values())
        return Report(
            as_of=self._at.date(), persons=PERSONS, deployments=supports, cells=cells, losses=losses(cells, supports),
            concentration=concentrations(cells, supports),
            warnings=(*_lone(cells, supports), *self._ending(cells)),
        )  # fmt: skip

    def _ending(self, cells: Sequence[Cell]) -> Iterator[Warned]:
        """Evidence whose last day lies within sixty days, where that turns something dark.  The law and the counts stay today's."""
        before, known = self.standing.evidence, cells
        for ahead in range(1, WARNED_DAYS + 1):
            last = self._at.date() + timedelta(days=ahead - 1)
            then = msgspec.structs.replace(self._on(last + timedelta(days=1), number=ahead), volumes=self.standing.volumes)
            ended, begun = _without(before, then.evidence), _without(then.evidence, before)
            before = then.evidence
            if not ended and not begun:
                continue
            touched = begun or EVERYWHERE in ended  # else only those may change who lean on what ended
            after = tuple(self._cell(each, then) if touched or ended.keys() & set(each.lawful) else each for each in known)
            lost = [old for old, new in zip(known, after, strict=True) if old.lawful and not new.lawful]
            known = after
            if lost:
                leant = {EVERYWHERE, *(name for old in lost for name in old.lawful)}
                named = "; ".join(f"{', '.join(sorted(kinds))} of {_owner(at)}" for at, kinds in sorted(ended.items()) if at in leant)
                yield Warned(
                    code="evidence-ends", on=last, questions=tuple(old.question for old in lost),
                    text=f"{named} ends on {last}, and nobody is left",
                )  # fmt: skip


def _without(some: Mapping[str, frozenset[str]], others: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """What ``some`` has and ``others`` have not, by whose it is."""
    return {at: kinds - others.get(at, frozenset()) for at, kinds in some.items() if kinds - others.get(at, frozenset())}


def support(deployment: Deployment) -> Support:
    """A partner of the catalog by its id, a server of one's own by its host; the entity that contracts where the operator is."""
    if deployment.on_device:
        return Support(deployment=deployment.id)
    facts, partner = deployment.facts, partners().get(deployment.provider)
    where = facts.operator_region or ""
    if partner is None:
        host = deployment.egress.rpartition(":")[0]
        return Support(deployment=deployment.id, partner=host, region=said(facts.processing), entity=f"own operator in {where}")
    entity = next((each.name for each in partner.entities if each.organised == where), f"{partner.name} in {where}")
    return Support(deployment=deployment.id, partner=partner.id, region=f"{partner.id}/{deployment.region}", entity=entity)


def _lone(cells: Sequence[Cell], supports: Sequence[Support]) -> Iterator[Warned]:
    partner = {each.deployment: each.partner or each.deployment for each in supports}
    nobody = tuple(cell.question for cell in cells if not cell.lawful)
    if nobody:
        yield Warned(code="nobody", text="nobody may answer, though nothing failed", questions=nobody)
    for name in dict.fromkeys(partner.values()):
        alone = dark(cells, frozenset(each for each, of in partner.items() if of == name))
        if alone:
            yield Warned(code="one-partner", text=f"{name} alone may answer", questions=alone)


def _offers(deployment: Deployment, operation: str) -> bool:
    return operation in deployment.profile.operations and operation in deployment.features


def _owner(scope: str) -> str:
    return "the controller" if scope == EVERYWHERE else scope


def _region(name: str, vocabulary: Vocabulary) -> str:
    try:
        return vocabulary.canonical(name)
    except KeyError:
        near = vocabulary.nearest_region(name)
        raise OperatorError(
            f"resilience.jurisdictions: `{name}` is not a region of ISO 3166", code="config.invalid", field="resilience.jurisdictions",
            hint=f"did you mean `{near}`?" if near else "for example CN, EEA, US-CA",
        ) from None  # fmt: skip


def _tasks(config: Config, vocabulary: Vocabulary) -> tuple[str, ...]:
    odd = sorted(set(config.resilience.tasks) - vocabulary.features)
    if odd:
        raise OperatorError(
            f"resilience.tasks: `{odd[0]}` is not a word of the vocabulary", code="config.invalid", field="resilience.tasks",
            hint="one of: " + ", ".join(sorted(vocabulary.features)),
        )  # fmt: skip
    return config.resilience.tasks or tuple(sorted(vocabulary.features))
