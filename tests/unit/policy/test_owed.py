# SPDX-License-Identifier: Apache-2.0
"""Obligations of several packs become one list, and numbers that exclude each other are told rather than settled."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from comity.jurisdictions.pack import Rule
from comity.jurisdictions.vocab import load_vocabulary
from comity.policy.decision import Effect
from comity.policy.engine import Engine
from comity.policy.owed import clash, number, union
from tests.unit.policy.places import facts, pack, provider, rule

WORDS = load_vocabulary()
LEAST, MOST = ("log.retain_months", "record.retain_years"), "retain.max_months"


def owing(obligation: str, fact: str = "f") -> Rule:
    return Rule(
        id="r", effect="permit", action="owe", escalates=False, facts=(fact,), text="", remedies=(), obligation=obligation, term="",
        valid_from=None, valid_to=None, body={},
    )  # fmt: skip


def test_the_same_is_owed_once_with_every_fact_it_rests_on() -> None:
    (duty,) = union([owing("minimise", "a"), owing("minimise", "b"), owing("minimise", "a")], WORDS)
    assert (duty.id, duty.facts) == ("minimise", ("a", "b"))


def test_of_two_numbers_the_one_that_keeps_both_stands() -> None:
    least = union([owing("log.retain_months:6", "a"), owing("log.retain_months:36", "b"), owing("log.retain_months:12", "c")], WORDS)
    most = union([owing("retain.max_months:6", "a"), owing("retain.max_months:36", "b")], WORDS)
    assert [(duty.id, duty.facts) for duty in (*least, *most)] == [("log.retain_months:36", ("b",)), ("retain.max_months:6", ("a",))]


def test_words_with_a_colon_that_is_no_number_are_not_one() -> None:
    both = union([owing("assessment:cn_pipia"), owing("assessment:dpia"), owing("count:cn_ytd_pi")], WORDS)
    assert [duty.id for duty in both] == ["assessment:cn_pipia", "assessment:dpia", "count:cn_ytd_pi"]


@given(st.lists(st.tuples(st.sampled_from(LEAST), st.integers(1, 40))), st.lists(st.integers(1, 500)), st.randoms(use_true_random=False))
def test_they_collide_exactly_when_no_length_of_time_meets_all(least: list[tuple[str, int]], most: list[int], order: random.Random) -> None:
    rules = [owing(f"{name}:{many}") for name, many in least] + [owing(f"{MOST}:{many}") for many in most]
    order.shuffle(rules)
    needed = max((many * WORDS.bounds[name].months for name, many in least), default=0)
    made = union(rules, WORDS)
    assert bool(clash(made, WORDS)) is (bool(most) and needed > min(most))
    assert {number(duty.id) for duty in made if duty.id.startswith(MOST)} == ({min(most)} if most else set())


def test_a_collision_escalates_and_names_both(tmp_path: Path) -> None:
    one = pack(tmp_path, rule("aa.ok") + rule("aa.keep", action="owe", obligation="record.retain_years:3"), name="aa")
    two = pack(tmp_path, rule("bb.ok") + rule("bb.drop", action="owe", obligation="retain.max_months:6"), name="bb")
    asked = facts("KE", provider(frozenset({"KE"})))
    decision = Engine([one, two], WORDS).decide(asked)
    assert decision.effect is Effect.ESCALATE and not decision.obligations
    assert {reason.fact for reason in decision.reasons} == {"aa-1", "bb-1"} == {each.fact for each in decision.citations}
    assert "record.retain_years:3" in decision.reasons[0].text and "retain.max_months:6" in decision.reasons[0].text
    assert Engine([one], WORDS).decide(asked).effect is Engine([two], WORDS).decide(asked).effect is Effect.ALLOW
