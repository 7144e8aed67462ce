# SPDX-License-Identifier: Apache-2.0
"""Consent holds for whom, for what and as long as it was given, and on every gateway no longer than until it is taken back."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from comity.accord.consent import Consent, Record, Scope, Withdrawal, decoded, encoded, signed_form, standing
from comity.accord.consents import Consents, erased, kept
from comity.jurisdictions.vocab import load_vocabulary
from comity.storage.open import open_database
from comity.transparency.canonical import canonical
from comity.transparency.note import Signer

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
PERSONS, WORDS = ("a", "b"), ("general", "separate_cross_border")
OURS, OTHERS = Signer("comity.invalid/ours", b"k" * 32), Signer("comity.invalid/others", b"o" * 32)
VOCABULARY = load_vocabulary()


def consent(name: str, person: str, word: str, at: datetime, days: int) -> Consent:
    return Consent(
        id=name, person=person, consent=word, purposes=("assist",), categories=(), recipient="*", places=(), language="en",
        text_sha256="a" * 64, by="self", guardian="", relation="", channel="app", at=int(at.timestamp()),
        valid_to=(at + timedelta(days=days)).date(),
    )  # fmt: skip


# -- what anybody does, on one of two gateways ---------------------------------------------------------------------------


class Step(NamedTuple):
    what: str
    gateway: int = 0
    person: str = "a"
    word: str = "general"
    number: int = 0


def steps() -> st.SearchStrategy[list[Step]]:
    gateway, person, number = st.integers(0, 1), st.sampled_from(PERSONS), st.integers(-40, 40)
    kinds = ("grant", "grant", "withdraw", "withdraw", "time", "skew", "restart", "forge", "steal", "replay", "erase")
    return st.lists(st.builds(Step, st.sampled_from(kinds), gateway, person, st.sampled_from(WORDS), number), min_size=1, max_size=14)


class Model:
    """The oracle: what was given and not taken back, and whether the moment lies within it."""

    def __init__(self) -> None:
        self.given: dict[str, Consent] = {}
        self.gone: set[str] = set()

    def held(self, person: str, at: datetime) -> set[str]:
        return {
            each.consent
            for each in self.given.values()
            if each.person == person and each.id not in self.gone and each.at <= at.timestamp() and at.date() <= each.valid_to
        }


class Gateways:
    def __init__(self, path: Path) -> None:
        self.path, self.model, self.passed, self.skews = path, Model(), timedelta(), [timedelta(), timedelta()]
        self.open: list[tuple[Any, Consents]] = []
        self.names = 0

    def now(self, gateway: int) -> datetime:
        return START + self.passed + self.skews[gateway]

    async def begin(self, gateway: int) -> None:
        database = await open_database(self.path, "state", seconds_max=5.0)
        self.open.insert(gateway, (database, await Consents.open(database, OURS.verifier)))

    async def end(self, gateway: int) -> None:
        database, _ = self.open.pop(gateway)
        await database.aclose()

    def name(self) -> str:
        self.names += 1
        return f"c{self.names}"

    def signed(self, record: Record, signer: Signer = OURS) -> Any:
        return kept(record, b"s" * 32, signer.sign(signed_form(encoded(record))), 0)

    async def grant(self, step: Step) -> None:
        made = consent(self.name(), step.person, step.word, self.now(step.gateway), abs(step.number))
        self.model.given[made.id] = made
        await self.open[step.gateway][1].grant(self.signed(made), "text", "en")

    async def withdraw(self, step: Step) -> None:
        standing = sorted(self.model.given.keys() - self.model.gone)
        if standing:
            gone = self.model.given[standing[step.number % len(standing)]]
            at = int(self.now(step.gateway).timestamp())
            record = Withdrawal(id=self.name(), person=gone.person, withdraws=gone.id, channel="app", at=at)
            await self.open[step.gateway][1].withdraw(self.signed(record), nothing)
            self.model.gone.add(gone.id)

    async def time(self, step: Step) -> None:
        self.passed += timedelta(hours=abs(step.number) * 3)

    async def skew(self, step: Step) -> None:
        self.skews[step.gateway] = timedelta(hours=step.number)

    async def restart(self, step: Step) -> None:
        await self.end(step.gateway)
        await self.begin(step.gateway)

    async def forge(self, step: Step) -> None:
        """Signed by another log."""
        made = consent(self.name(), step.person, step.word, self.now(step.gateway), 9)
        await self.open[step.gateway][1].grant(self.signed(made, OTHERS), "text", "en")

    async def steal(self, step: Step) -> None:
        """Another person's record, in this person's name, or for longer."""
        for each in list(self.model.given.values())[:1]:
            row = self.signed(each)._replace(id=self.name(), person=step.person)
            longer = msgspec.structs.replace(each, id=row.id, person=step.person, valid_to=date(2036, 1, 1))
            await self.open[step.gateway][1].grant(row._replace(record=encoded(longer)) if step.number % 2 else row, "text", "en")

    async def replay(self, step: Step) -> None:
        """A record that was taken back, once more as it was, under a name of its own."""
        for name in sorted(self.model.gone)[:1]:
            if name in self.model.given:
                row = self.signed(self.model.given[name])._replace(id=self.name())
                await self.open[step.gateway][1].grant(row, "text", "en")

    async def erase(self, step: Step) -> None:
        await self.open[step.gateway][0].write(lambda: erased(step.person))
        self.model.given = {name: each for name, each in self.model.given.items() if each.person != step.person}

    def agree(self) -> None:
        for gateway, (_, consents) in enumerate(self.open):
            for person in PERSONS:
                at = self.now(gateway)
                held = {each.consent for each in consents.held(person, at)}
                assert held == self.model.held(person, at), (gateway, person, at)


def nothing() -> Any:
    yield from ()


@given(steps())
def test_no_order_of_what_happens_lets_a_request_through_without_a_record_that_holds(done: list[Step]) -> None:
    async def world() -> None:
        with tempfile.TemporaryDirectory() as folder:
            gateways = Gateways(Path(folder) / "state.db")
            for each in range(2):
                await gateways.begin(each)
            try:
                for step in done:
                    does: Callable[[Step], Awaitable[None]] = getattr(gateways, step.what)
                    await does(step)
                    gateways.agree()
                for each in gateways.open:
                    stands = {person: await each[1].stand(person, gateways.now(0)) for person in PERSONS}
                    assert {person: {scope.consent for scope in scopes} for person, scopes in stands.items()} == {
                        person: gateways.model.held(person, gateways.now(0)) for person in PERSONS
                    }
            finally:
                while gateways.open:
                    await gateways.end(0)

    asyncio.run(world())


# -- the rules alone -----------------------------------------------------------------------------------------------------

moments = st.integers(-72, 72).map(lambda hours: START + timedelta(hours=hours))
grants = st.builds(consent, st.sampled_from("uvwxyz"), st.sampled_from(PERSONS), st.sampled_from(WORDS), moments, st.integers(0, 3))
withdrawals = st.builds(
    Withdrawal, id=st.just("w"), person=st.sampled_from(PERSONS), withdraws=st.sampled_from("uvwxyz"), channel=st.just("app"),
    at=moments.map(lambda at: int(at.timestamp())),
)  # fmt: skip


@given(st.lists(grants | withdrawals, max_size=8).flatmap(lambda some: st.tuples(st.just(some), st.permutations(some))), moments)
def test_the_order_in_which_records_come_makes_no_difference_and_more_withdrawals_never_widen(
    both: tuple[list[Record], list[Record]], at: datetime
) -> None:
    some, otherwise = both
    for person in PERSONS:
        held = standing(some, person, at)
        assert held == standing(otherwise, person, at)
        assert standing([each for each in some if isinstance(each, Consent)], person, at) >= held
        assert all(each.consent in WORDS for each in held)


@given(grants | withdrawals)
def test_a_record_has_one_form_and_it_is_the_canonical_one(record: Record) -> None:
    raw = encoded(record)
    assert decoded(raw) == record and raw == canonical(msgspec.json.decode(raw))


scopes = st.builds(
    Scope, consent=st.just("general"), purposes=st.frozensets(st.sampled_from(("assist", "foreign_legal_disclosure"))),
    categories=st.frozensets(st.sampled_from(("name", "contact", "health"))), recipient=st.sampled_from(("*", "one", "two")),
    places=st.frozensets(st.sampled_from(("CN", "US", "DE", "EEA"))),
)  # fmt: skip


@given(
    scopes,
    st.frozensets(st.sampled_from(("name", "health"))),
    st.sampled_from(("one", "two")),
    st.frozensets(st.sampled_from(("DE", "US"))),
)
def test_a_consent_reaches_no_further_than_it_says(scope: Scope, kinds: frozenset[str], recipient: str, where: frozenset[str]) -> None:
    if scope.covers("assist", kinds, recipient, where, VOCABULARY):
        assert "assist" in scope.purposes and kinds <= scope.categories and scope.recipient in ("*", recipient)
        assert not scope.places or all(each in scope.places or (each == "DE" and "EEA" in scope.places) for each in where)
        wider = msgspec.structs.replace(scope, categories=scope.categories | {"contact"}, recipient="*", places=frozenset())
        assert wider.covers("assist", kinds, recipient, where, VOCABULARY)
