# SPDX-License-Identifier: Apache-2.0
"""A replay says what deciding says; what flips is counted by records and told with the rule that speaks."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import CallerError
from comity.gateway.judge import as_answer, shared_facts
from comity.jurisdictions.load import load_packs
from comity.jurisdictions.vocab import load_vocabulary
from comity.policy.decision import Decision, Effect
from comity.policy.discharge import hold
from comity.policy.engine import Engine
from comity.policy.facts import Facts
from comity.policy.replay import BATCH, PLACES_MAX, Line, Replay, Replayed, line_of
from comity.policy.ways import Case
from comity.providers.base import Deployment
from comity.routing.plan import Candidate
from tests.laws.test_policy import some_facts
from tests.unit.policy.places import BEIJING, DAY, PARIS, VIRGINIA, facts, pack, provider, rule

WORDS = load_vocabulary()
ENGINE = Engine(load_packs(("cn", "eea", "us")), WORDS)
NOBODY: frozenset[str] = frozenset()
days = st.dates(date(2020, 1, 1), date(2029, 1, 1))


def replayed(
    lines: Sequence[dict[str, Any]], day: date | None, *, law: Engine = ENGINE, standing: Engine | None = None, dischargers: Any = NOBODY
) -> Replayed:
    replay = Replay(law=law, standing=standing or law, as_of=day, vocabulary=WORDS, dischargers=dischargers)
    for number, line in enumerate(lines, 1):
        where = f"line {number}"
        replay.add(line_of(json.dumps(line).encode(), where), where)
    return replay.result()


def plain(made: Facts) -> dict[str, Any]:
    return msgspec.to_builtins(made)  # type: ignore[no-any-return]


def recorded(
    asked: Sequence[Facts], decisions: Sequence[Decision] | None = None, *, evidence: frozenset[str] | None = None, **more: Any
) -> dict[str, Any]:
    """As a gateway records one request; where ``evidence`` is None, as one that did not record it yet."""
    made = decisions or ENGINE.decide_many(asked)
    places = [Deployment(id=each.provider.id, provider="p", dialect="openai", model="m", facts=each.provider) for each in asked]
    answer = as_answer([Candidate(deployment=place, decision=decision) for place, decision in zip(places, made, strict=True)])
    told = shared_facts([Case(facts=each, evidence=evidence or NOBODY) for each in asked])
    if evidence is None:
        for row in told["providers"]:
            del row["evidence"]
    return {"facts": told, "decision": answer, **more}


def on(made: Facts, day: date) -> Facts:
    return msgspec.structs.replace(made, as_of=day)


EXPORT = facts("CN", provider(VIRGINIA, id="virginia"), consent=frozenset({"general", "separate_cross_border"}))
"""Allowed on DAY; before 22 March 2024 the rules on export are not held."""
BEFORE = date(2024, 3, 21)


# -- the same answer as deciding -------------------------------------------------------------------------------------


@given(some_facts, days)
def test_any_day_has_the_same_answer_as_deciding_on_that_day(made: Facts, day: date) -> None:
    was, now = ENGINE.decide(made), ENGINE.decide(on(made, day))
    result = replayed([{"facts": plain(made)}], day)
    assert result.before == dict.fromkeys(Effect, 0) | {was.effect: 1}
    assert result.after == dict.fromkeys(Effect, 0) | {now.effect: 1}
    if was.effect is now.effect:
        assert not result.flips and result.flipped == 0
    else:
        (flip,) = result.flips
        assert (flip.before, flip.after) == (was.effect, now.effect)
        assert flip.now in ((), now.reasons) and flip.was in ((), was.reasons)
        assert now.effect is Effect.ALLOW or flip.now == now.reasons
        assert was.effect is Effect.ALLOW or flip.was == was.reasons
        assert {reason.fact for reason in (*flip.was, *flip.now) if reason.rule} <= {citation.fact for citation in flip.citations}


@given(st.lists(st.tuples(some_facts, st.integers(1, 5)), max_size=6), days)
def test_records_are_counted_whatever_their_order(asked: list[tuple[Facts, int]], day: date) -> None:
    lines = [{"facts": plain(made), "n": n} for made, n in asked]
    result = replayed(lines, day)
    expected: Counter[Effect] = Counter()
    for made, n in asked:
        expected[ENGINE.decide(on(made, day)).effect] += n
    assert result.after == {effect: expected[effect] for effect in Effect}
    assert result.records == sum(result.before.values()) == sum(n for _, n in asked)
    other = replayed(lines[::-1], day)
    told = ("before", "after", "was", "now", "owed", "owed_no_more", "citations", "deployments", "records", "distinct")
    assert {tuple(getattr(flip, name) for name in told) for flip in result.flips} == {
        tuple(getattr(flip, name) for name in told) for flip in other.flips
    }


@given(st.lists(some_facts, min_size=1, max_size=4))
def test_on_its_own_day_under_its_own_packs_nothing_changes(batch: list[Facts]) -> None:
    for line in ({"facts": plain(batch[0])}, recorded([msgspec.structs.replace(batch[0], provider=each.provider) for each in batch])):
        result = replayed([line], None)
        assert (result.flips, result.terms, result.flipped) == ((), (), 0)
        assert result.before == result.after


# -- what is told ----------------------------------------------------------------------------------------------------


def test_a_flip_names_rule_article_places_and_examples() -> None:
    lines = [recorded([EXPORT], id=f"r{number}") for number in range(9)] + [recorded([facts("CN", provider(BEIJING))])]
    result = replayed(lines, BEFORE)
    assert (result.records, result.distinct, result.flipped, result.as_of) == (10, 2, 9, BEFORE)
    flip = next(each for each in result.flips if each.after is Effect.ESCALATE)
    assert (flip.before, flip.records, flip.distinct, flip.deployments) == (Effect.ALLOW, 9, 1, ("virginia",))
    assert [(reason.rule, reason.fact) for reason in flip.now] == [("cn.export.before-2024", "cn-pipl-38")] and flip.was == ()
    assert [citation.article for citation in flip.citations] == ["Art. 38"]
    assert flip.examples == ("r0", "r1", "r2", "r3", "r4")


def test_what_stood_against_it_is_told_where_it_falls_away_with_what_is_owed_instead() -> None:
    (flip,) = replayed([{"facts": plain(on(EXPORT, BEFORE))}], DAY, dischargers=frozenset({"record.retain_years"})).flips
    assert (flip.before, flip.after, flip.now) == (Effect.ESCALATE, Effect.ALLOW, ())
    assert [reason.rule for reason in flip.was] == ["cn.export.before-2024"]
    duties = sorted(duty.id for duty in ENGINE.decide(EXPORT).obligations)
    assert list(flip.owed) == duties
    assert list(flip.needs_evidence) == [duty for duty in duties if not duty.startswith("record.retain_years")] != duties


def test_an_allow_on_other_terms_is_no_flip_and_is_told(tmp_path: Path) -> None:
    always = rule("zz.a")
    old = Engine([pack(tmp_path / "old", always + rule("zz.b", action="owe", obligation="minimise"))], WORDS)
    new = Engine([pack(tmp_path / "new", always + rule("zz.c", action="owe", obligation="audit:annual"))], WORDS)
    result = replayed([{"facts": plain(facts("KE", provider(PARIS)))}], None, law=new, standing=old, dischargers={"minimise"})
    (change,) = result.terms
    assert (result.flips, result.flipped, change.owed, change.owed_no_more) == ((), 0, ("audit:annual",), ("minimise",))
    assert change.needs_evidence == ("audit:annual",) and [citation.fact for citation in change.citations] == ["zz-1"]
    assert result.sketches == result.packs == ("zz@1.0.0",)


def test_where_a_ground_lapsed_and_the_law_is_silent_the_ground_is_told(tmp_path: Path) -> None:
    silent = rule("zz.never", "forbid", "false")
    old = Engine([pack(tmp_path / "old", rule("zz.ground") + silent)], WORDS)
    new = Engine([pack(tmp_path / "new", silent)], WORDS)
    lines = [{"facts": plain(facts("KE", provider(PARIS)))}]
    (lapsed,) = replayed(lines, None, law=new, standing=old).flips
    (came,) = replayed(lines, None, law=old, standing=new).flips
    assert [reason.rule for reason in lapsed.was] == ["zz.ground"] and [reason.fact for reason in lapsed.now] == ["no-rule"]
    assert [reason.rule for reason in came.now] == ["zz.ground"] and [reason.fact for reason in came.was] == ["no-rule"]


def test_a_request_is_allowed_if_one_of_its_places_is_and_counts_once() -> None:
    places = [provider(VIRGINIA, id="virginia"), provider(BEIJING, id="beijing"), provider(PARIS, id="paris")]
    result = replayed([recorded([msgspec.structs.replace(EXPORT, provider=place) for place in places])], BEFORE)
    assert result.before["allow"] == result.after["allow"] == result.flipped == 1
    assert {flip.after for flip in result.flips} == {Effect.ESCALATE}
    assert {flip.records for flip in result.flips} == {1}
    flip = next(each for each in result.flips if each.now[0].rule == "cn.export.before-2024")
    assert flip.deployments == ("paris", "virginia") and flip.distinct == 1


# -- what a record says ----------------------------------------------------------------------------------------------


def test_what_the_record_decided_is_what_was_decided() -> None:
    """Not what today's packs would have said of that day."""
    denied = ENGINE.decide(facts("CN", provider(VIRGINIA, id="virginia")))
    assert denied.effect is Effect.DENY and ENGINE.decide(EXPORT).effect is Effect.ALLOW
    (flip,) = replayed([recorded([EXPORT], [denied])], DAY).flips
    assert (flip.before, flip.after, flip.was) == (Effect.DENY, Effect.ALLOW, denied.reasons)


def test_a_denial_for_want_of_evidence_says_nothing_of_the_law() -> None:
    held = hold(ENGINE.decide(EXPORT), NOBODY, NOBODY, WORDS)
    assert held.effect is Effect.DENY
    same = replayed([recorded([EXPORT], [held])], DAY)
    assert (same.before["allow"], same.after["allow"], same.flips, same.terms) == (1, 1, (), ())
    (flip,) = replayed([recorded([EXPORT], [held])], BEFORE).flips
    assert (flip.before, flip.after) == (Effect.ALLOW, Effect.ESCALATE)


evidences = st.frozensets(st.sampled_from(sorted(duty.id for duty in ENGINE.decide(EXPORT).obligations)))


@given(some_facts, days, evidences, evidences)
def test_with_recorded_evidence_a_replay_says_what_the_gateway_would(
    made: Facts, day: date, evidence: frozenset[str], code: frozenset[str]
) -> None:
    was, now = (hold(ENGINE.decide(each), code, evidence, WORDS) for each in (made, on(made, day)))
    result = replayed([recorded([made], [was], evidence=evidence)], day, dischargers=code)
    assert (result.before[was.effect], result.after[now.effect]) == (1, 1)
    undecided = recorded([made], evidence=evidence)
    del undecided["decision"]
    assert replayed([undecided], day, dischargers=code).before[was.effect] == 1
    assert all(change.needs_evidence == () for change in (*result.flips, *result.terms))


def test_a_record_of_too_many_places_is_refused() -> None:
    place = {"provider": plain(EXPORT)["provider"]}
    shared = {name: value for name, value in plain(EXPORT).items() if name not in ("provider", "safeguards")}
    assert replayed([{"facts": shared | {"providers": [place] * PLACES_MAX}}], DAY).records == 1
    with pytest.raises(CallerError, match=f"{PLACES_MAX + 1} places"):
        replayed([{"facts": shared | {"providers": [place] * (PLACES_MAX + 1)}}], DAY)


def test_what_a_new_law_owes_and_recorded_evidence_does_not_meet_flips(tmp_path: Path) -> None:
    always = rule("zz.a")
    old = Engine([pack(tmp_path / "old", always)], WORDS)
    new = Engine([pack(tmp_path / "new", always + rule("zz.c", action="owe", obligation="audit:annual"))], WORDS)
    asked = facts("KE", provider(PARIS))
    decided = old.decide_many([asked])
    (flip,) = replayed([recorded([asked], decided, evidence=NOBODY)], None, law=new, standing=old).flips
    assert (flip.before, flip.after, flip.now[0].rule) == (Effect.ALLOW, Effect.DENY, "undischarged.audit:annual")
    result = replayed([recorded([asked], decided, evidence=frozenset({"audit:annual"}))], None, law=new, standing=old)
    assert result.flips == () and [change.owed for change in result.terms] == [("audit:annual",)]


@pytest.mark.parametrize(("evidence", "said"), [(["audit:anual"], "did you mean `audit:annual`"), ("audit:annual", ""), ([7], "")])
def test_evidence_that_is_none_is_refused_with_its_line(evidence: object, said: str) -> None:
    with pytest.raises(CallerError) as error:
        replayed([{"facts": plain(EXPORT) | {"evidence": evidence}}], DAY)
    assert error.value.field == "line 1.evidence" and said in (error.value.hint or "")


def test_the_same_facts_decided_otherwise_are_another_judgement() -> None:
    denied = ENGINE.decide(facts("CN", provider(VIRGINIA, id="virginia")))
    result = replayed([recorded([EXPORT]), recorded([EXPORT], [denied]), {"facts": plain(EXPORT)}], DAY)
    assert (result.records, result.distinct, result.flipped) == (3, 3, 1)
    assert result.before == {Effect.ALLOW: 2, Effect.DENY: 1, Effect.ESCALATE: 0}


def test_a_request_without_a_place_stays_refused() -> None:
    result = replayed([{"facts": {"providers": []}, "decision": {"candidates": [], "remedies": []}}], DAY)
    assert (result.before["deny"], result.after["deny"], result.flips) == (1, 1, ())


def test_nothing_recorded_is_nothing_replayed() -> None:
    result = replayed([], DAY)
    assert (result.records, result.distinct, result.flips) == (0, 0, ())


# -- how much is decided ---------------------------------------------------------------------------------------------


class Counting(Engine):
    asked = 0

    def decide_many(self, facts: Sequence[Facts]) -> list[Decision]:
        self.asked += len(facts)
        return super().decide_many(facts)


def test_each_distinct_judgement_is_decided_once() -> None:
    engine = Counting(load_packs(("cn",)), WORDS)
    lines = [Line(facts=msgspec.Raw(msgspec.json.encode(on(EXPORT, DAY + timedelta(days=day))))) for day in range(BATCH + 10)]
    replay = Replay(law=engine, standing=engine, as_of=DAY, vocabulary=WORDS, dischargers=NOBODY)
    for _ in range(3):
        for line in lines:
            replay.add(line, "here")
    assert engine.asked == 2 * BATCH  # before and after; the rest waits
    result = replay.result()
    assert engine.asked == 2 * (BATCH + 10)
    assert (result.records, result.distinct) == (3 * (BATCH + 10), BATCH + 10)


# -- what cannot be replayed -----------------------------------------------------------------------------------------


GOOD = {"as_of": "2026-11-23", "provider": {"id": "p"}}


@pytest.mark.parametrize(
    ("line", "said", "field", "hint"),
    [
        ({"facts": GOOD | {"subject": {"locaton": "CN"}}}, "facts.subject: object contains unknown field `locaton`", "subject", "location"),
        ({"facts": GOOD | {"subject": {"location": "USA"}}}, "facts.subject.location: `USA` is not a region", "subject.location", "US"),
        ({"facts": GOOD | {"subject": {"age": -1}}}, "facts.subject.age: `-1` is less than nothing", "subject.age", "0 or more"),
        ({"facts": GOOD | {"consent": ["explcit"]}}, "facts.consent: `explcit` is not a word", "consent", "explicit"),
        ({"facts": {"as_of": "2026-11-23"}}, "facts: object missing required field `provider`", "", "packs.md"),
        ({"facts": GOOD | {"as_of": "2026-02-30"}}, "facts.as_of: invalid", "as_of", "packs.md"),
        ({"facts": []}, "facts: expected `object`, got `array`", "", "packs.md"),
        ({"facts": {"as_of": "2026-11-23", "providers": [7]}}, "facts.providers: expected objects", "providers", "replay"),
        ({"facts": GOOD, "decision": {"candidates": []}}, "decision.candidates: not one for each", "decision.candidates", "leave"),
        ({"facts": GOOD, "decision": {"candidates": [{"effect": "permit"}]}}, "decision.candidates", "candidates[0].effect", "packs.md"),
        ({"facts": GOOD, "decision": []}, "decision: expected `object`, got `array`", "", "packs.md"),
        ({"facts": GOOD, "n": 0}, "record.n: expected `int` >= 1", "n", "packs.md"),
        ({"facts": GOOD, "count": 3}, "record: object contains unknown field `count`", "count", "packs.md"),
        ({"fact": GOOD}, "record: object contains unknown field `fact`", "fact", "facts"),
        ([], "record: expected `object`, got `array`", "", "packs.md"),
    ],
)
def test_a_record_that_means_nothing_is_refused_by_line_member_and_nearest_word(line: Any, said: str, field: str, hint: str) -> None:
    with pytest.raises(CallerError) as refused:
        replayed([recorded([EXPORT]), line], DAY)
    error = refused.value
    assert str(error).startswith(f"line 2: {said}"), error
    assert error.field == (f"line 2.{field}" if field else "line 2") and hint in error.hint and error.exit_code == 3


@pytest.mark.parametrize("raw", [b"{", b"\xff", b'{"facts": {"purpose": "\xff"}}', b'{"facts": ' + b"[" * 100_000])
def test_what_is_not_json_is_refused(raw: bytes) -> None:
    replay = Replay(law=ENGINE, standing=ENGINE, as_of=DAY, vocabulary=WORDS, dischargers=NOBODY)
    with pytest.raises(CallerError, match=r"^line 7.*is not JSON"):
        replay.add(line_of(raw, "line 7"), "line 7")
        replay.result()
