# SPDX-License-Identifier: Apache-2.0
"""What the law must never let pass, said apart from the rules and held against them: see docs/explanation/safety-statements.md."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from comity.jurisdictions.load import load_packs
from comity.policy.decision import Effect
from comity.policy.engine import Engine
from tests.laws.statements.apart import OPERATORS, operators
from tests.laws.statements.check import (
    ALLOWED_PER_MILLION,
    BATCH,
    DEEP,
    HOMES,
    MANY,
    MET_PER_MILLION,
    SOME,
    STATEMENTS,
    Run,
    batches,
    counterexample,
    run_in_parts,
    run_of_some,
)
from tests.laws.statements.facts import stream
from tests.laws.statements.page import page
from tests.laws.statements.plain import WORDS, Seen, Statement

PACKS = {pack.head.id: pack for pack in load_packs(DEEP)}
FACTS = {fact.id: fact for pack in load_packs() for fact in pack.facts.values()}
ALL = [(pack, statement) for pack in DEEP for statement in STATEMENTS[pack]]
EACH = pytest.mark.parametrize(("pack", "statement"), ALL, ids=[statement.id for _, statement in ALL])
PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "safety-statements.md"


def wrong(pack: str, statement: Statement, found: Run) -> list[str]:
    """What stands against one statement in a run: broken, or too seldom put to the test."""
    tally, millions = found.tallies[statement.id], found.combinations / 1_000_000
    said = [f"broken by {facts}\n  was {decision}" for facts, decision in tally.examples]
    if tally.broken > len(said):
        said.append(f"and {tally.broken - len(said)} times more")
    if tally.met < MET_PER_MILLION * millions:
        said.append(f"vacuous: of {found.told(pack)}, {tally.met} could have broken it")
    if tally.allowed < ALLOWED_PER_MILLION * millions:
        said.append(f"vacuous: of {found.told(pack)}, {tally.allowed} that it is about were allowed")
    return said


@EACH
def test_it_holds(pack: str, statement: Statement) -> None:
    found = run_of_some(pack)
    print(found.told(pack))
    assert found.combinations == SOME and not wrong(pack, statement, found)


@pytest.mark.full
@pytest.mark.parametrize("pack", DEEP)
def test_all_hold_over_a_million(pack: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = run_in_parts(pack, MANY)
    with capsys.disabled():
        print(f"\n{found.told(pack)}")
        for statement in STATEMENTS[pack]:
            tally = found.tallies[statement.id]
            print(f"  {statement.id:26} could be broken by {tally.met:7,}; allowed {tally.allowed:7,}")
    assert found.combinations == MANY
    assert not [line for statement in STATEMENTS[pack] for line in wrong(pack, statement, found)]


@EACH
def test_a_pack_made_wrong_breaks_it(pack: str, statement: Statement) -> None:
    sample = run_of_some(pack).tallies[statement.id].sample
    found = counterexample(pack, statement)
    assert found is not None, f"{statement.mutant.says}: not caught within {len(sample)} combinations at stake"
    print(f"{statement.mutant.says}: caught by combination {found.number}, {found.smallest}")
    assert found.decision.effect is Effect.ALLOW
    decision = Engine(list(PACKS.values()), WORDS).decide(found.facts)
    assert not statement.broken(Seen(found.facts, HOMES[pack]), decision), "the pack as it ships is no better"


# -- what they are ---------------------------------------------------------------------------------------------------


def test_there_are_a_dozen_for_each_deep_pack() -> None:
    assert set(DEEP) == {pack.head.id for pack in load_packs() if pack.head.depth == "deep"}
    assert all(len(STATEMENTS[pack]) >= 12 for pack in DEEP)
    for what in ("id", "says"):
        assert len({getattr(statement, what) for _, statement in ALL}) == len(ALL)


@EACH
def test_it_rests_on_facts_and_is_not_claimed_before_they_begin(pack: str, statement: Statement) -> None:
    begins = [FACTS[fact].effective for fact in statement.facts]
    assert statement.since >= min(day for day in begins if day is not None)
    assert statement.says.endswith(".") and statement.id.startswith(f"{pack}.")


def test_the_page_says_them_all() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.laws.statements.page > docs/explanation/safety-statements.md"


# -- how they are checked --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pack", DEEP)
def test_the_facts_are_the_same_each_time_and_seldom_repeat(pack: str) -> None:
    some, again, other = (list(islice(stream(pack, part), 1_000)) for part in (0, 0, 1))
    assert some == again and some != other and len(set(some)) > 950


@pytest.mark.parametrize("pack", DEEP)
def test_rules_tell_words_apart_only_as_the_search_assumes(pack: str) -> None:
    assert operators(PACKS[pack]) <= OPERATORS


# -- sketches --------------------------------------------------------------------------------------------------------


def widened(pack: str, many: int) -> list[str]:
    """What all packs together allow and the deep ones do not, but for want of a pack."""
    deep, every, found = Engine(list(PACKS.values()), WORDS), Engine(load_packs(), WORDS), []
    for batch in batches(stream(pack), many):
        for facts, before, after in zip(batch, deep.decide_many(batch), every.decide_many(batch), strict=True):
            lacking = {reason.fact for reason in before.reasons} == {"no-pack"}
            if after.effect is Effect.ALLOW and before.effect is not Effect.ALLOW and not lacking:
                found.append(f"{facts}\n  was {before}\n  is {after}")
    return found


@pytest.mark.parametrize("pack", DEEP)
def test_with_sketches_nothing_is_allowed_that_the_deep_packs_refuse(pack: str) -> None:
    assert not widened(pack, BATCH // 4)


@pytest.mark.full
@pytest.mark.parametrize("pack", DEEP)
def test_with_sketches_nothing_is_allowed_that_the_deep_packs_refuse_over_many(pack: str) -> None:
    assert not widened(pack, 10 * BATCH)
