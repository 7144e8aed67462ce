# SPDX-License-Identifier: Apache-2.0
"""The packs that ship: their own cases, the golden scenarios, and whether each rule is needed."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from comity.jurisdictions.load import load_packs
from comity.jurisdictions.pack import Pack, Rule
from comity.jurisdictions.schema import FACTS, kept, read_by
from comity.jurisdictions.vocab import load_vocabulary
from comity.policy.cases import failures
from comity.policy.decision import Effect
from comity.policy.engine import Engine
from comity.policy.facts import Facts
from tests.mutation import missed

WORDS = load_vocabulary()
PACKS = {pack.head.id: pack for pack in load_packs()}
ENGINE = Engine(tuple(PACKS.values()), WORDS)
SCENARIOS = {
    row["id"]: row for row in json.loads((Path(__file__).parents[2] / "vectors" / "law" / "scenarios.json").read_text(encoding="utf-8"))
}
RULES = [(pack, rule) for pack in PACKS.values() for rule in pack.rules]


@pytest.mark.parametrize("pack", PACKS.values(), ids=list(PACKS))
def test_its_own_cases_hold(pack: Pack) -> None:
    assert len(pack.cases) >= (30 if pack.head.depth == "deep" else 4)
    assert failures(pack, WORDS) == []


@pytest.mark.parametrize(("pack", "rule"), RULES, ids=[rule.id for _, rule in RULES])
def test_without_any_one_rule_some_case_fails(pack: Pack, rule: Rule) -> None:
    assert missed(pack, rule)


def _edges() -> list[tuple[Pack, str, date]]:
    """First and last days of rules on which a case of the pack stands."""
    out = []
    for pack in PACKS.values():
        days = {date.fromisoformat(case.facts["as_of"]) for case in pack.cases}
        for end in ("valid_from", "valid_to"):
            out += [(pack, end, day) for day in sorted(days & {getattr(rule, end) for rule in pack.rules})]
    return out


EDGES = _edges()


@pytest.mark.parametrize(("pack", "end", "day"), EDGES, ids=[f"{pack.head.id}-{end}-{day}" for pack, end, day in EDGES])
def test_rules_that_begin_a_day_late_or_end_a_day_early_are_noticed(pack: Pack, end: str, day: date) -> None:
    other = day + timedelta(days=1 if end == "valid_from" else -1)
    rules = tuple(msgspec.structs.replace(rule, **{end: other}) if getattr(rule, end) == day else rule for rule in pack.rules)
    assert failures(msgspec.structs.replace(pack, rules=rules), WORDS)


def test_edges_are_tried() -> None:
    assert len(EDGES) >= 16


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_scenario(name: str) -> None:
    expected: dict[str, Any] = SCENARIOS[name]["expected"]
    decision = ENGINE.decide(msgspec.convert(SCENARIOS[name]["facts"], Facts))
    owed, reasons = {duty.id for duty in decision.obligations}, {reason.fact for reason in decision.reasons}
    assert decision.effect == expected["decision"], reasons
    assert set(expected["obligations"]) <= owed and not set(expected["must_not"]) & owed
    assert set(expected["remedies"]) <= set(decision.remedies)
    if decision.effect is not Effect.ALLOW:
        assert reasons and reasons <= set(expected["reasons"]) and not owed


@pytest.mark.parametrize("pack", PACKS.values(), ids=list(PACKS))
def test_what_a_pack_says_can_be_checked(pack: Pack) -> None:
    assert pack.head.horizon > pack.head.verified_through
    assert (pack.head.depth == "deep") is (pack.head.id in ("cn", "eea", "us"))
    for fact in pack.facts.values():
        assert fact.source and fact.article and fact.summary, fact.id
    cited = {fact for rule in pack.rules for fact in rule.facts} | {table.fact for table in pack.tables.values()}
    assert cited <= set(pack.facts)
    for rule in pack.rules:
        assert rule.text == rule.text.rstrip(".") and rule.id.partition(".")[0] == ("eu" if pack.head.id == "eea" else pack.head.id)


@pytest.mark.parametrize("pack", PACKS.values(), ids=list(PACKS))
def test_cedar_is_given_what_rules_read_and_no_more(pack: Pack) -> None:
    reads = read_by(pack.rules)

    def leaves(shape: Any, at: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
        if isinstance(shape, str):
            return {at}
        return {leaf for name, child in shape.items() for leaf in leaves(child, (*at, name.removesuffix("?")))}

    assert leaves(kept(FACTS, reads)) == {path for path in reads if path[0] != "term"}
    assert {path[1] for path in reads if path[0] == "term"} == pack.terms, "a term that no rule reads, or one that nobody defines"


def test_the_whole_of_what_a_rule_reads_as_one_is_kept() -> None:
    assert kept({"a": {"b": 1, "c?": 2}, "d": 3}, [("a",)]) == {"a": {"b": 1, "c?": 2}}
    assert kept({"a": {"b": 1, "c?": 2}, "d": 3}, [("a", "c")]) == {"a": {"c?": 2}}
    assert kept({"a": {"b": 1}}, []) == {}
