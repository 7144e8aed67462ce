# SPDX-License-Identifier: Apache-2.0
"""What a dossier may say of an installation: typed facts, gathered by a room above, put into words with where each comes from.

A text that is empty is a thing that Comity does not know.  No number here is of fewer than `COHORT_MIN` persons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from comity.accord.evidence import EVERYWHERE, Registered, dated
from comity.config import Config, DeploymentConfig
from comity.jurisdictions.pack import Pack
from comity.jurisdictions.plain import Words
from comity.jurisdictions.vocab import Vocabulary, bare
from comity.policy.facts import AnyExcept, Place, Volumes
from comity.policy.volumes import COUNTERS
from comity.providers.base import Deployment
from comity.providers.catalog.load import partners
from comity.providers.catalog.shapes import Partner

COHORT_MIN = 10
TABLE, VOLUME = "table.", "volume."
GENERAL = frozenset(
    ("controller", "established", "us_person", "ciio", "public", "placed", "purpose", "legal_basis", "contact", "since", "until",
     "told_min", "regions")
)  # fmt: skip
"""Names that any statement may fill in."""
OPEN = frozenset(("controller", "established", "placed", "legal_basis", "contact"))
"""Those that may not be known."""
_PLACE = {"id": True, "partner": True, "model": True, "role": True, "processing": True, "storage": True, "access": True, "operator": False}
_PAPER = {"kind": True, "scope": True, "until": True}
COLLECTIONS: Mapping[str, Mapping[str, bool]] = {
    "deployments": _PLACE,
    "partners": _PLACE,  # the same without models on the device
    "transfers": _PLACE | {"abroad": True},
    "covered": _PLACE,
    "duties_by_code": {"duty": True},
    "duties_shown": {"duty": True},
    "duties_open": {"duty": True},
    "flows": {"destination": True, "records": True, "persons": True},
    "few_flows": {"destination": True},
    "refused": {"records": True, "persons": True},
    "papers": _PAPER,
    "papers_ended": _PAPER,
}
"""What a statement may stand once for each of, with its own names; False: may not be known."""


# -- where something is from -------------------------------------------------------------------------------------------


class Article(NamedTuple):
    pack: str
    fact: str


class Catalog(NamedTuple):
    partner: str
    of: str
    url: str
    read: date
    says: str


class Configured(NamedTuple):
    path: str


class Register(NamedTuple):
    number: int
    document_sha256: str


class Counted(NamedTuple):
    """By the state's counter of persons."""

    counter: str


class Program(NamedTuple):
    """What this program does about an obligation."""

    obligation: str
    does: str


class Logged(NamedTuple):
    """A look through the log."""

    since: datetime
    before: datetime
    records: int
    complete: bool

    @property
    def last(self) -> date:
        return (self.before - timedelta(microseconds=1)).date()


Source = Article | Catalog | Configured | Register | Counted | Program | Logged


# -- what is gathered --------------------------------------------------------------------------------------------------


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """Of persons in the dossier's regions.  ``destination``: where it was processed; `device`; nothing where it was refused."""

    destination: tuple[str, ...]
    records: int
    persons: int  # that were named


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """Of one day.  ``regions``: the law's own, with all that lies in them."""

    day: date
    config: Config
    deployments: tuple[tuple[DeploymentConfig, Deployment], ...]  # as configured, and as resolved
    registered: tuple[Registered, ...]
    in_force: Mapping[str, frozenset[str]]  # kinds of evidence that decisions rest on, by scope
    volumes: Volumes
    flows: tuple[Flow, ...]
    logged: Logged
    by_code: Mapping[str, str]  # obligations that this program meets, and how


class Value(NamedTuple):
    text: str
    sources: tuple[Source, ...] = ()


Named = Mapping[str, Value]


class Paper(NamedTuple):
    """A piece of evidence, of the configuration or the register."""

    kind: str
    scope: str
    state: str  # valid | expired | not yet | uncounted: by its days it would hold, and no decision may rest on it
    until: date | None
    source: Source


class Facts:
    """``general`` names, and those of each item of a collection, in the words of one language."""

    def __init__(self, gathered: Gathered, packs: tuple[Pack, ...], words: Words, said: Callable[..., str], vocabulary: Vocabulary) -> None:
        self._is, self._packs, self._words, self._said, self._vocabulary = gathered, packs, words, said, vocabulary
        self._inside = frozenset().union(*map(vocabulary.members, packs[0].head.regions))
        self.papers = tuple(self._papers())
        self.general = dict(self._general())
        self._made: Mapping[str, Callable[[], Iterator[Named]]] = {
            "deployments": lambda: (self._place(*each) for each in enumerate(gathered.deployments)),
            "partners": lambda: (self._place(*each) for each in self._sent_to()),
            "transfers": self._transfers,
            "covered": self._covered,
            "duties_by_code": lambda: self._duties("code"),
            "duties_shown": lambda: self._duties("shown"),
            "duties_open": lambda: self._duties("open"),
            "flows": lambda: (self._flow(each) for each in self._flows(went=True) if each.persons >= COHORT_MIN),
            "few_flows": lambda: (self._flow(each) for each in self._flows(went=True) if each.persons < COHORT_MIN),
            "refused": lambda: (self._flow(each) for each in self._flows(went=False) if each.persons >= COHORT_MIN),
            "papers": lambda: self._listed("valid"),
            "papers_ended": lambda: self._listed("expired", "not yet", "uncounted"),
        }

    def items(self, collection: str) -> Iterator[Named]:
        return self._made[collection]()

    def from_(self, collection: str) -> tuple[Source, ...]:
        """Where one looked, for what is said where there is nothing."""
        if collection in ("flows", "few_flows", "refused"):
            return (self._is.logged,)
        if collection.startswith("papers"):
            return (Configured("evidence"), Configured("deployments"))
        return (Configured("deployments"),) if collection in ("deployments", "partners", "transfers", "covered") else ()

    def shown(self, kinds: Iterable[str], scope: str = EVERYWHERE) -> Value:
        """Evidence of one of the kinds that is in force, for all or for that deployment; empty where there is none."""
        wanted = frozenset(kinds)
        held = [
            each for each in self.papers
            if each.state == "valid" and each.scope in (EVERYWHERE, scope) and ({each.kind} | self._vocabulary.met_by([each.kind])) & wanted
        ]  # fmt: skip
        names = dict.fromkeys(self._kind(each.kind) for each in held)
        return Value(self._words.listed(names) if names else "", tuple(each.source for each in held))

    # -- the controller, the service, numbers --------------------------------------------------------------------------

    def _general(self) -> Iterator[tuple[str, Value]]:
        config, words = self._is.config, self._words

        def of(path: str, text: str) -> Value:
            return Value(text, (Configured(path),))

        who, service, usual = config.controller, config.service, config.defaults
        yield "controller", of("controller.name", who.name)
        yield "established", of("controller.established", self._regions(who.established) if who.established else "")
        yield "us_person", of("controller.us_person", self._said("is" if who.us_person else "is_not"))
        yield "ciio", of("controller.ciio", self._said("is" if who.ciio else "is_not"))
        yield "public", of("service.public", self._said("is" if service.public else "is_not"))
        yield "placed", of("service.placed_on_market", words.day(service.placed_on_market) if service.placed_on_market else "")
        yield "purpose", of("defaults.purpose", words.word(usual.purpose))
        yield "legal_basis", of("defaults.legal_basis", words.word(usual.legal_basis) if usual.legal_basis else "")
        yield "contact", of("console.contact", config.console.contact)
        logged = self._is.logged
        yield "since", Value(words.day(logged.since.date()), (logged,))
        yield "until", Value(words.day(logged.last), (logged,))
        yield "told_min", Value(words.number(COHORT_MIN))
        yield "regions", Value(self._regions(self._packs[0].head.regions[-1:]))
        for pack in self._packs:
            for name, table in pack.tables.items():
                value = table.values[table.on(self._is.day)].value
                yield TABLE + name, Value(words.table(pack, name, value), (Article(pack.head.id, table.fact),))
        yield from self._counts()

    def _counts(self) -> Iterator[tuple[str, Value]]:
        for name in COUNTERS:
            count: int = attrgetter(name)(self._is.volumes)
            told = self._words.number(count) if count >= COHORT_MIN else self._said("few" if count else "none")
            yield (
                VOLUME + name,
                Value(told, (Configured(f"volumes.{name}"), *([Counted(name)] if name in self._vocabulary.counters else []))),
            )

    # -- deployments ---------------------------------------------------------------------------------------------------

    def _place(self, at: int, pair: tuple[DeploymentConfig, Deployment]) -> Named:
        config, deployment = pair
        facts, words = deployment.facts, self._words
        partner = partners().get(deployment.provider)
        sources = (Configured(f"deployments[{at}]"), *(self._catalog(partner, config, deployment) if partner is not None else ()))

        def of(text: str) -> Value:
            return Value(text, sources)

        here = self._said("device") if deployment.on_device else ""
        return {
            "id": Value(deployment.id, sources[:1]), "partner": of(here or (partner.name if partner else self._said("own_server"))),
            "model": of(deployment.model or self._said("unnamed")), "role": of(here or words.word(facts.role)),
            "processing": of(here or self._where(facts.processing)), "storage": of(here or self._where(facts.storage)),
            "access": of(here or self._where(facts.access)),
            "operator": of(here or (words.region(facts.operator_region) if facts.operator_region else "")),
        }  # fmt: skip

    def _catalog(self, partner: Partner, config: DeploymentConfig, deployment: Deployment) -> Iterator[Catalog]:
        for of, table in partner.places(deployment.region, config.scope):
            source = partner.sources[table.source]
            yield Catalog(partner.name, of, source.url, source.read, source.says)

    def _transfers(self) -> Iterator[Named]:
        """Whatever may be processed, stored, read or contracted for outside."""
        for at, pair in self._sent_to():
            facts = pair[1].facts
            operator = frozenset((facts.operator_region,)) if facts.operator_region else frozenset[str]()
            outside = [self._outside(where) for where in (facts.processing, facts.storage, facts.access, operator)]
            pools = dict.fromkeys(self._where(each) for each in outside if isinstance(each, AnyExcept))
            named = frozenset[str]().union(*(each for each in outside if not isinstance(each, AnyExcept)))
            reached = [*pools, *map(self._words.region, sorted(named))]
            if reached:
                found = self._place(at, pair)
                yield {**found, "abroad": Value(self._words.listed(reached), found["processing"].sources)}

    def _sent_to(self) -> Iterator[tuple[int, tuple[DeploymentConfig, Deployment]]]:
        return ((at, pair) for at, pair in enumerate(self._is.deployments) if not pair[1].on_device)

    def _covered(self) -> Iterator[Named]:
        for at, pair in self._sent_to():
            if pair[1].facts.covered_person:
                yield self._place(at, pair)

    def _outside(self, where: Place) -> Place:
        if isinstance(where, AnyExcept):
            return frozenset() if self._vocabulary.anywhere_but(where.any_except) <= self._inside else where
        return frozenset(region for region in where if not self._vocabulary.members(region) <= self._inside)

    def _where(self, where: Place) -> str:
        if isinstance(where, AnyExcept):
            return (
                self._said("anywhere_but").replace("{list}", self._regions(where.any_except))
                if where.any_except
                else self._said("anywhere")
            )
        return self._regions(where) if where else self._said("nowhere")

    def _regions(self, names: Iterable[str]) -> str:
        return self._words.listed(map(self._words.region, sorted(names)))

    # -- duties --------------------------------------------------------------------------------------------------------

    def _duties(self, which: str) -> Iterator[Named]:
        """Each obligation that some rule in force owes: met by this program, shown by evidence, or open."""
        owed: dict[str, list[Source]] = {}
        for pack in self._packs:
            for rule in pack.rules:
                if rule.obligation and rule.valid_on(self._is.day):
                    owed.setdefault(rule.obligation, []).extend(Article(pack.head.id, fact) for fact in rule.facts)
        for name, sources in owed.items():
            shown = self._shown_everywhere(bare(name))
            stands = "code" if bare(name) in self._is.by_code else "shown" if shown else "open"
            if stands == which:
                done = (Program(bare(name), self._is.by_code[bare(name)]),) if stands == "code" else shown
                yield {"duty": Value(self._words.obligation(name), (*dict.fromkeys(sources), *done))}

    def _shown_everywhere(self, duty: str) -> tuple[Source, ...]:
        """For all, or for each place that something is sent to."""
        each = [self.shown([duty], pair[1].id).sources for _, pair in self._sent_to()]
        return self.shown([duty]).sources or (tuple(dict.fromkeys(s for some in each for s in some)) if each and all(each) else ())

    # -- the log -------------------------------------------------------------------------------------------------------

    def _flows(self, *, went: bool) -> Iterator[Flow]:
        return (each for each in self._is.flows if bool(each.destination) is went)

    def _flow(self, flow: Flow) -> Named:
        words, source = self._words, (self._is.logged,)
        where = self._said("device") if flow.destination == ("device",) else self._regions(flow.destination) if flow.destination else ""
        return {
            "destination": Value(where, source), "records": Value(words.number(flow.records), source),
            "persons": Value(words.number(flow.persons), source),
        }  # fmt: skip

    # -- evidence ------------------------------------------------------------------------------------------------------

    def _papers(self) -> Iterator[Paper]:
        config = self._is.config
        listed = [(EVERYWHERE, "evidence", config.evidence)]
        listed += [(each.id, f"deployments[{at}].evidence", each.evidence) for at, (each, _) in enumerate(self._is.deployments)]
        for scope, path, items in listed:
            for item in items:
                kind, until = dated(item)
                state = "valid" if until is None or self._is.day <= until else "expired"
                yield Paper(kind, scope, self._counting(kind, scope, state), until, Configured(path))
        for each in self._is.registered:
            if not each.withdrawn:
                entry = each.entry
                source = Register(each.number, entry.document_sha256)
                state = self._counting(entry.kind, entry.scope, each.state(self._is.day))
                yield Paper(entry.kind, entry.scope, state, entry.valid_to, source)

    def _counting(self, kind: str, scope: str, state: str) -> str:
        return "uncounted" if state == "valid" and kind not in self._is.in_force.get(scope, frozenset()) else state

    def _listed(self, *states: str) -> Iterator[Named]:
        """Of the kinds that these packs speak of."""
        spoken = frozenset().union(*map(_spoken, self._packs))
        for each in self.papers:
            if each.state in states and ({each.kind} | self._vocabulary.met_by([each.kind])) & spoken:
                scope = self._said("every_deployment") if each.scope == EVERYWHERE else each.scope
                until = self._words.day(each.until) if each.until is not None else self._said("no_end")
                named = {"kind": self._kind(each.kind), "scope": scope, "until": until}
                yield {name: Value(text, (each.source,)) for name, text in named.items()}

    def _kind(self, kind: str) -> str:
        return self._words.obligation(kind) if self._vocabulary.is_obligation(kind) else self._words.word(kind)


def _spoken(pack: Pack) -> frozenset[str]:
    """Words that its rules ask for or owe."""
    found = {bare(rule.obligation) for rule in pack.rules} | {way.partition(":")[2] for rule in pack.rules for way in rule.remedies}

    def look(node: Any) -> None:
        if isinstance(node, str):
            found.add(node)
        elif isinstance(node, dict | list):  # as JSON was read
            for each in node.values() if isinstance(node, dict) else node:
                look(each)

    for rule in pack.rules:
        look(rule.body)
    return frozenset(found)
