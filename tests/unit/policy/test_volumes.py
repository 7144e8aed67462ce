# SPDX-License-Identifier: Apache-2.0
"""Counts that no rule tells apart are one; those that some rule tells apart never are."""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from comity.jurisdictions.load import load_packs
from comity.jurisdictions.vocab import Counter, load_vocabulary
from comity.policy.engine import Engine
from comity.policy.facts import Controller, Data, Facts, Provider, Subject, US12Months, Volumes
from comity.policy.volumes import COUNTERS, cell, edges_of, span, window, with_counts

WORDS = load_vocabulary()
PACKS = load_packs(["cn", "eea", "us"])
ENGINE, EDGES = Engine(PACKS, WORDS), edges_of(PACKS)
NEAR = st.sampled_from([0, 1, 2, 99, 100, 101, 999, 1000, 1001, 9999, 10000, 10001, 99999, 100000, 100001, 999999, 1000000])
COUNT = NEAR | st.integers(0, 2_000_000)
SOME = st.builds(
    Volumes, cn_ytd_pi=COUNT, cn_ytd_spi=COUNT, us_12mo=st.builds(US12Months, **{name: COUNT for name in US12Months.__struct_fields__})
)
BEIJING = frozenset({"CN"})
EXPORT = Facts(
    as_of=date(2026, 11, 23), subject=Subject(location="CN", age=30), controller=Controller(established=frozenset({"US"}), us_person=True),
    data=Data(categories=frozenset({"contact"})), legal_basis="consent", consent=WORDS.consents,
    safeguards=frozenset({"processor_contract"}),
    provider=Provider(
        id="p", operator_region="US", covered_person=True, processing=frozenset({"US"}), storage=BEIJING, access=BEIJING,
        filings=frozenset({"cn_genai"}),
    ),
)  # fmt: skip


@given(SOME, SOME, st.booleans())
def test_volumes_of_one_cell_have_one_decision(one: Volumes, other: Volumes, sensitive: bool) -> None:
    if cell(one, EDGES) != cell(other, EDGES):
        other = one if one.cn_ytd_pi % 2 else msgspec.structs.replace(one, cn_ytd_pi=one.cn_ytd_pi)
    data = Data(categories=frozenset({"health" if sensitive else "contact"}))
    first, second = (ENGINE.decide(msgspec.structs.replace(EXPORT, volumes=each, data=data)) for each in (one, other))
    assert (first.effect, first.reasons, first.obligations) == (second.effect, second.reasons, second.obligations)


@given(st.sampled_from(sorted(EDGES)), st.sampled_from(["cn_ytd_pi", "cn_ytd_spi", "biometric"]))
def test_the_two_sides_of_every_edge_are_two_cells(edge: int, name: str) -> None:
    def at(count: int) -> Volumes:
        return Volumes(us_12mo=US12Months(biometric=count)) if name == "biometric" else Volumes(**{name: count})

    if edge:
        assert cell(at(edge - 1), EDGES) != cell(at(edge), EDGES)


def test_every_threshold_of_the_packs_is_an_edge_and_so_is_the_number_after_it() -> None:
    assert {100, 101, 1000, 1001, 10000, 10001, 100000, 100001, 1000000, 1000001, 0, 1} <= set(EDGES)


def test_decisions_change_where_the_law_says_and_nowhere_else() -> None:
    def effect(count: int) -> str:
        return ENGINE.decide(msgspec.structs.replace(EXPORT, volumes=Volumes(cn_ytd_pi=count))).effect

    assert [effect(count) for count in (0, 99_999, 100_000, 999_999, 1_000_000)] == ["allow", "allow", "deny", "deny", "deny"]


def test_what_others_counted_is_added() -> None:
    declared = Volumes(cn_ytd_pi=7, us_12mo=US12Months(biometric=3))
    assert with_counts(declared, {}) == declared
    added = with_counts(declared, {"cn_ytd_pi": 1, "us_12mo.biometric": 2, "us_12mo.omic_other": 4})
    assert (added.cn_ytd_pi, added.us_12mo.biometric, added.us_12mo.omic_other) == (8, 5, 4)


def test_a_year_begins_where_its_law_is_in_force_and_twelve_months_lie_within_thirteen() -> None:
    year, months = Counter("year", 8), Counter("months")
    new_year = datetime(2026, 12, 31, 16, tzinfo=UTC)  # midnight in Shanghai
    assert span(year, new_year) == ("2027-01",) and window(year, new_year) == "year+8:2027"
    assert window(year, datetime(2026, 12, 31, 15, 59, tzinfo=UTC)) == "year+8:2026"
    assert span(year, datetime(2026, 3, 1, tzinfo=UTC)) == ("2026-01", "2026-02", "2026-03")
    assert span(months, datetime(2026, 11, 23, tzinfo=UTC)) == (
        "2025-11", "2025-12", *(f"2026-{month:02}" for month in range(1, 12))
    )  # fmt: skip


@given(st.dates(date(2020, 1, 1), date(2060, 1, 1)), st.integers(0, 23), st.sampled_from(sorted(WORDS.counters)))
def test_a_span_ends_in_the_month_and_a_window_holds_it(day: date, hour: int, name: str) -> None:
    counter, at = WORDS.counters[name], datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    months = span(counter, at)
    assert list(months) == sorted(set(months)) and 1 <= len(months) <= 13
    assert counter.window == "months" or {month[:4] for month in months} == {window(counter, at)[-4:]}


def test_every_counter_of_the_vocabulary_is_a_volume_and_an_obligation() -> None:
    assert set(WORDS.counters) <= set(COUNTERS)
    assert all(WORDS.is_obligation(f"count:{name}") for name in WORDS.counters)
