# SPDX-License-Identifier: Apache-2.0
"""What is kept is kept for exactly as long as it is true: whatever changes a decision changes the next one, and nothing else does."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.accord.evidence import Entry, encode
from comity.config import Config, ControllerConfig, Defaults, VolumesConfig
from comity.gateway.judge import Judge, Judged
from comity.gateway.locate import Nexus
from comity.gateway.standing import Standing, Standings
from comity.jurisdictions.load import load_pack, load_packs
from comity.jurisdictions.pack import Pack
from comity.jurisdictions.vocab import load_vocabulary
from comity.policy.decision import Effect
from comity.policy.engine import CACHE_ENTRIES_MAX, Engine
from comity.policy.facts import Facts, Subject, US12Months, Volumes
from comity.policy.volumes import edges_of
from comity.privacy.findings import Findings
from comity.providers.base import Deployment
from comity.storage.open import open_database
from comity.storage.state import DATABASE, State
from tests.fakes import FakeClock, SeededRandom
from tests.unit.policy.places import BEIJING, DAY, VIRGINIA, facts, provider

WORDS = load_vocabulary()
PACKS = load_packs(["cn", "eea", "us"])
ENGINE = Engine(PACKS, WORDS)
EDGES = edges_of(PACKS)
ABROAD = facts("CN", provider(VIRGINIA), consent=frozenset({"general", "separate_cross_border"}))

# -- packs and tables ------------------------------------------------------------------------------------------------


def edited(folder: Path, file: str, old: str, new: str) -> Pack:
    """The pack of the mainland, with one thing in one file said otherwise."""
    with as_file(files("comity.jurisdictions").joinpath("packs").joinpath("cn")) as here:
        shutil.copytree(here, folder)
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return load_pack(folder, WORDS)


def with_mainland(pack: Pack) -> Engine:
    return Engine([pack, *(each for each in PACKS if each.head.id != "cn")], WORDS)


TOMORROW = msgspec.structs.replace(ABROAD, as_of=date(2026, 11, 24))
MANY = msgspec.structs.replace(ABROAD, volumes=Volumes(cn_ytd_pi=60_000))
CHANGES = [
    ("rules.cedar", "no virtual partner or kin for a minor", "no virtual kin or partner for a minor", ABROAD, False),
    ("rules.cedar", '!context.consent.containsAny(["general", "explicit"])', '!context.consent.contains("explicit")', ABROAD, True),
    ("rules.cedar", '("cn.owe.records") @cite("cn-pipl-55") @valid_from("2021', '("cn.owe.records") @cite("cn-pipl-55") @valid_from("2027',
     ABROAD, True),
    ("tables.toml", "value = 100000 }", "value = 50000 }", MANY, True),
    ("tables.toml", "value = 100000 }", "value = 100000 }, { since = 2026-11-23, value = 50000 }", MANY, True),
    ("tables.toml", "value = 100000 }", "value = 100000 }, { since = 2026-11-24, value = 50000 }", MANY, False),
    ("facts.toml", 'article = "Art. 39"', 'article = "Article 39"', ABROAD, True),
    ("pack.toml", "horizon = 2027-12-31", "horizon = 2026-11-23", TOMORROW, True),
    ("pack.toml", "horizon = 2027-12-31", "horizon = 2026-11-24", TOMORROW, False),
    ("pack.toml", "verified_through = 2026-11-23", "verified_through = 2026-11-22", ABROAD, False),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "made", "shows"), CHANGES, ids=[f"{row[0]}-{n}" for n, row in enumerate(CHANGES)])
def test_a_changed_pack_is_another_digest_and_another_decision(
    tmp_path: Path, file: str, old: str, new: str, made: Facts, shows: bool
) -> None:
    changed = with_mainland(edited(tmp_path / "cn", file, old, new))
    before, after = ENGINE.decide(made), changed.decide(made)
    assert changed.digest != ENGINE.digest and after.digest != before.digest
    said = [msgspec.structs.replace(each, digest="") for each in (before, after)]
    assert (said[0] != said[1]) is shows


def test_what_decides_nothing_leaves_the_digest(tmp_path: Path) -> None:
    assert with_mainland(edited(tmp_path / "cn", "tests.json", '"name"', '"name" ')).digest == ENGINE.digest
    assert Engine(load_packs(["us", "cn", "eea"]), load_vocabulary()).digest == ENGINE.digest


def test_every_byte_of_what_decides_is_in_the_digest(tmp_path: Path) -> None:
    digests = {ENGINE.digest}
    for file in ("pack.toml", "facts.toml", "tables.toml", "rules.cedar"):
        old = "# " if file == "tables.toml" else "\n"
        digests.add(with_mainland(edited(tmp_path / file, file, old, old + ("" if old == "\n" else " ") + old)).digest)
    assert len(digests) == 5


def test_a_day_is_part_of_the_question() -> None:
    """Tables and rules have days: the cache must not carry one day's answer into the next."""
    engine = Engine(PACKS, WORDS)
    brazil = facts("DE", provider(frozenset({"BR"})))
    days = [date(2026, 1, 26), date(2026, 1, 27), date(2026, 1, 26), date(2028, 1, 1), date(2026, 1, 27)]
    effects = [engine.decide(msgspec.structs.replace(brazil, as_of=day)).effect for day in days]
    assert effects == [Effect.DENY, Effect.ALLOW, Effect.DENY, Effect.ESCALATE, Effect.ALLOW]


def test_a_full_cache_forgets_and_decides_anew_the_same() -> None:
    engine = Engine(PACKS, WORDS)
    first = engine.decide(ABROAD)
    own = facts(None, provider(VIRGINIA))  # asks no pack, so this is quick
    engine.decide_many([msgspec.structs.replace(own, subject=Subject(age=age)) for age in range(CACHE_ENTRIES_MAX + 1)])
    again = engine.decide(ABROAD)
    assert again is not first and again == first


# -- thresholds ------------------------------------------------------------------------------------------------------

CROSSINGS = [
    ("cn_ytd_pi", 100_000, frozenset()), ("cn_ytd_pi", 1_000_000, frozenset({"cac_scc"})), ("cn_ytd_spi", 10_000, frozenset({"cac_scc"})),
]  # fmt: skip


@pytest.mark.parametrize(("counter", "from_here", "mechanisms"), CROSSINGS)
def test_the_next_person_over_a_threshold_is_decided_anew(counter: str, from_here: int, mechanisms: frozenset[str]) -> None:
    engine = Engine(PACKS, WORDS)
    at = [msgspec.structs.replace(ABROAD, provider=provider(VIRGINIA, mechanisms=mechanisms), volumes=Volumes(**{counter: many}))
          for many in (from_here - 1, from_here, from_here - 1)]  # fmt: skip
    assert [engine.decide(each).effect for each in at] == [Effect.ALLOW, Effect.DENY, Effect.ALLOW]


# -- the judge -------------------------------------------------------------------------------------------------------

CONFIG = Config(controller=ControllerConfig(established=frozenset({"US"}), us_person=True), defaults=Defaults(legal_basis="consent"))
DEPLOYMENTS = [
    Deployment(id=name, provider="p", dialect="openai", model="m", facts=provider(place, id=name, covered_person=name == "beijing"))
    for name, place in (("beijing", BEIJING), ("virginia", VIRGINIA))
]
BY_CODE = frozenset({"notice:cross_border_recipient", "assessment:cn_pipia", "contract:processor", "record.retain_years"})
BY_CODE |= {f"count:{name}" for name in ("cn_ytd_pi", "cn_ytd_spi", "us_12mo", "us_12mo.covered_identifiers", "us_12mo.personal_health")}


def judge() -> Judge:
    return Judge(config=CONFIG, engine=ENGINE, vocabulary=WORDS, deployments=DEPLOYMENTS, dischargers=BY_CODE)


def standing(number: int, *, persons: int = 0, **evidence: str) -> Standing:
    return Standing(
        number=number, volumes=Volumes(cn_ytd_pi=persons, us_12mo=US12Months(covered_identifiers=persons)),
        evidence={name: frozenset(words.split()) for name, words in evidence.items()},
    )  # fmt: skip


STANDINGS = [
    standing(0), standing(0, persons=100_000), standing(1, virginia="cac_scc"), standing(2, virginia="cac_scc", beijing="cn_genai"),
    standing(2, persons=100_001, virginia="cac_scc", beijing="cn_genai"),
]  # fmt: skip
NEXUSES = [
    Nexus(subject=Subject(location=place, age=age), consent=frozenset(consent), collected_in=collected)
    for place, age, consent, collected in itertools.product(
        ("CN", "US"), (None, 12), ((), ("general",), ("general", "separate_cross_border")), (None, "DE")
    )
]
FOUND = [Findings(), Findings(categories=frozenset({"health"})), Findings(failed=True)]
WANTED: list[tuple[str, ...]] = [(), ("virginia",), ("beijing",)]
QUESTIONS = list(itertools.product(NEXUSES, FOUND, WANTED, STANDINGS, [DAY, date(2025, 4, 7), date(2028, 1, 1)]))


@cache
def told_by_a_new_one(number: int) -> Judged:
    return judge().decide(*QUESTIONS[number])


@given(st.lists(st.integers(0, len(QUESTIONS) - 1), min_size=2, max_size=4))
def test_a_judge_that_was_asked_before_answers_like_a_new_one(asked: list[int]) -> None:
    old = judge()
    for number in [*asked, *asked]:
        assert old.decide(*QUESTIONS[number]) == told_by_a_new_one(number)


def test_each_thing_that_changes_a_judgement_is_noticed_and_nothing_else_is() -> None:
    asked = judge()
    here = Nexus(subject=Subject(location="CN", age=35), consent=frozenset({"general", "separate_cross_border"}), pseudonym="aa")
    nothing, only = Findings(), ("virginia",)
    first = asked.decide(here, nothing, only, STANDINGS[0], DAY)
    assert first.effect is Effect.ALLOW
    another = msgspec.structs.replace(here, pseudonym="bb")
    assert asked.decide(another, nothing, only, STANDINGS[0], DAY) is first, "who the person is does not matter"
    withdrawn = msgspec.structs.replace(here, consent=frozenset({"general"}))
    for question in (
        (withdrawn, nothing, only, STANDINGS[0], DAY), (here, FOUND[2], only, STANDINGS[0], DAY), (here, nothing, only, STANDINGS[1], DAY),
        (here, nothing, only, STANDINGS[0], date(2028, 1, 1)),
        (msgspec.structs.replace(here, collected_in="DE"), nothing, only, STANDINGS[0], DAY),
    ):  # fmt: skip
        assert asked.decide(*question).effect is not Effect.ALLOW
    assert asked.decide(here, nothing, only, STANDINGS[0], DAY) is first


# -- what stands beside it -------------------------------------------------------------------------------------------


class Office:
    """A state, and a gateway's look at it."""

    def __init__(self, state: State, declared: int, at: datetime) -> None:
        self.clock, self.state = FakeClock(at), state
        self.standings = Standings(
            config=Config(volumes=VolumesConfig(cn_ytd_pi=declared)), deployments=(), vocabulary=WORDS, edges=EDGES, state=self.state,
            clock=self.clock, random=SeededRandom(),
        )  # fmt: skip

    @classmethod
    async def opened(cls, path: Path, declared: int, at: datetime) -> Office:
        return cls(await State.open(await open_database(path, "state", seconds_max=5.0)), declared, at)

    async def counts(self, number: int, on: Standing | None = None) -> Standing | None:
        nexus = Nexus(subject=Subject(location="CN"), pseudonym=f"{number:032x}")
        decision = ENGINE.decide(ABROAD)
        assert decision.effect is Effect.ALLOW
        return await self.standings.count(nexus, decision, on or self.standings.now())

    async def crosses(self, number: int) -> None:
        """As a gateway whose decision is an allow on the other side, too."""
        would_be = await self.counts(number)
        assert would_be is not None and await self.counts(number, would_be) is None

    async def register(self, **entry: Any) -> int:
        made = {"document_sha256": "a" * 64, "approver": "DPO", "at": self.clock.now()} | entry
        return await self.state.add(encode(Entry(**made)))


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """One person below the last before a hundred thousand."""
    made = await Office.opened(tmp_path / DATABASE, 99_998, datetime(2026, 11, 23, 12, tzinfo=UTC))
    yield made
    await made.state.aclose()


async def test_a_count_that_crosses_nothing_leaves_the_standing_and_one_that_would_is_not_made(office: Office) -> None:
    before = office.standings.now()
    assert await office.counts(1) is None and await office.counts(1) is None, "the same person again"
    assert office.standings.now() is before
    would_be = await office.counts(2)
    assert would_be is not None and would_be.volumes.cn_ytd_pi == 100_000
    assert office.standings.now() is before, "nothing was counted"
    await office.crosses(2)
    assert office.standings.now().number == before.number + 1 and office.standings.now().volumes.cn_ytd_pi == 100_000


async def test_evidence_that_comes_begins_ends_and_goes_is_another_standing_each_time(office: Office) -> None:
    seen = [office.standings.now()]

    def evidence() -> frozenset[str]:
        now = office.standings.now()
        if now is not seen[-1]:
            assert now.number > seen[-1].number
            seen.append(now)
        return now.of("virginia")

    assert evidence() == frozenset()
    number = await office.register(kind="cac_scc", scope="virginia", valid_from=date(2026, 11, 24), valid_to=date(2026, 11, 25))
    assert evidence() == frozenset() and len(seen) == 1, "not yet"
    held = []
    for _ in range(3):
        office.clock.advance(days=1)
        held.append(evidence())
    assert held == [{"cac_scc"}, {"cac_scc"}, frozenset()] and len(seen) == 3
    office.clock.set(datetime(2026, 11, 25, tzinfo=UTC))
    assert evidence() == {"cac_scc"}
    await office.register(withdraws=number)
    assert evidence() == frozenset() and len(seen) == 5


async def test_what_another_gateway_counts_is_seen_with_the_next_look(office: Office, tmp_path: Path) -> None:
    other = await Office.opened(tmp_path / DATABASE, 99_998, office.clock.now())
    try:
        before = office.standings.now()
        assert await other.counts(1) is None and office.standings.now() is before
        await other.crosses(2)
        assert office.standings.now().number > before.number and office.standings.now().volumes.cn_ytd_pi == 100_000
    finally:
        await other.state.aclose()


async def test_a_year_ends_by_the_clock_of_the_place_that_counts(tmp_path: Path) -> None:
    office = await Office.opened(tmp_path / DATABASE, 99_999, datetime(2026, 12, 31, 15, tzinfo=UTC))
    try:
        await office.crosses(1)
        assert office.standings.now().volumes.cn_ytd_pi == 100_000
        office.clock.advance(3600.0)  # midnight in Shanghai
        assert office.standings.now().volumes.cn_ytd_pi == 99_999
    finally:
        await office.state.aclose()
