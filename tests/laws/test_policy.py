# SPDX-License-Identifier: Apache-2.0
"""What holds for any facts whatever, on the packs that ship and on worse ones."""

from __future__ import annotations

import random
from datetime import date, timedelta
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from comity.jurisdictions.load import load_packs
from comity.jurisdictions.pack import Pack, Rule
from comity.jurisdictions.rules import Piece, parsed
from comity.jurisdictions.vocab import load_vocabulary
from comity.policy.context import places, stays
from comity.policy.decision import Decision, Effect
from comity.policy.engine import Engine
from comity.policy.facts import (
    AnyExcept,
    AutomatedDecision,
    Controller,
    Data,
    Facts,
    Output,
    Provider,
    Service,
    Subject,
    Tenant,
    US12Months,
    Volumes,
)
from comity.policy.law import Law

WORDS = load_vocabulary()
PACKS = load_packs()
ENGINE = Engine(PACKS, WORDS)
LAWS = tuple(Law(pack, WORDS) for pack in PACKS)
ORDER = [Effect.ALLOW, Effect.ESCALATE, Effect.DENY]
"""From wide to narrow."""

# -- any facts -------------------------------------------------------------------------------------------------------

SOME = ["CN", "CN-GD", "HK", "DE", "FR", "IE", "US", "US-CA", "UK", "JP", "BR", "RU", "KE", "EEA", "EU"]
DAYS = [date(2018, 5, 24), date(2021, 11, 1), date(2024, 3, 21), date(2025, 4, 8), date(2025, 9, 1), date(2026, 8, 2), date(2026, 11, 23)]
COUNTS = [0, 1, 100, 101, 1000, 1001, 9999, 10000, 10001, 99999, 100000, 100001, 999999, 1000000]


def some(words: Any, *, most: int = 4) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(sorted(words)), max_size=most)


regions = st.sampled_from(SOME)
place = st.one_of(
    st.frozensets(regions, max_size=2), regions.map(lambda region: frozenset({region})),
    st.builds(AnyExcept, any_except=st.frozensets(regions, max_size=3)),
)  # fmt: skip
counts = st.sampled_from(COUNTS)
providers = st.builds(
    Provider, id=st.just("p"), kind=st.sampled_from(sorted(WORDS.kinds)), role=st.sampled_from(sorted(WORDS.roles)),
    operator_region=st.none() | regions, covered_person=st.booleans(), processing=place, storage=place, access=place,
    mechanisms=some(WORDS.evidence_kinds["mechanisms"]), filings=some(WORDS.evidence_kinds["filings"]),
    certifications=some(WORDS.evidence_kinds["certifications"]), trains_on_input=st.booleans(), generative=st.booleans(),
)  # fmt: skip
anything = st.builds(
    Facts,
    as_of=st.sampled_from(DAYS) | st.dates(date(2013, 1, 1), date(2033, 1, 1)),
    subject=st.builds(Subject, location=st.none() | regions, residence=st.none() | regions, age=st.none() | st.integers(0, 99)),
    controller=st.builds(
        Controller, established=some(SOME, most=2), us_person=st.booleans(), ciio=st.booleans(), gba_city=st.booleans(),
        sector=st.sampled_from([None, "hipaa", "telecom"]),
    ),
    data=st.builds(
        Data, personal=st.booleans(), state=st.sampled_from(sorted(WORDS.states)), categories=some(WORDS.every_category),
        collected_in=st.none() | regions, important_data=st.booleans(),
    ),
    volumes=st.builds(
        Volumes, cn_ytd_pi=counts, cn_ytd_spi=counts,
        us_12mo=st.builds(US12Months, **{name: counts for name in US12Months.__struct_fields__}),
    ),
    purpose=st.sampled_from(sorted(WORDS.purposes)), feature=st.none() | st.sampled_from(sorted(WORDS.features)),
    transaction=st.sampled_from(sorted(WORDS.transactions)), legal_basis=st.none() | st.sampled_from(sorted(WORDS.legal_bases)),
    consent=some(WORDS.consents, most=7), safeguards=some(WORDS.evidence_kinds["safeguards"]), provider=providers,
    service=st.builds(Service, public=st.booleans(), placed_on_market=st.none() | st.sampled_from(DAYS)),
    output=st.builds(
        Output, unlabelled_requested=st.booleans(), deepfake=st.booleans(), persona=st.sampled_from([None, "virtual_partner"])
    ),
    decision=st.builds(AutomatedDecision, significant=st.booleans(), solely_automated=st.booleans()),
    tenant=st.builds(Tenant, residency=st.none() | some(SOME, most=2)),
)  # fmt: skip


@st.composite
def lawful(draw: st.DrawFn) -> Facts:
    """Near to what the law allows, so that laws about allows are about something: one sound case with a few members changed."""
    home = draw(st.sampled_from(["CN", "DE", "US"]))
    base = Facts(
        as_of=date(2026, 11, 23), subject=Subject(location=home, age=35), data=Data(categories=frozenset({"contact"})),
        legal_basis="consent",
        consent=WORDS.consents, safeguards=WORDS.evidence_kinds["safeguards"],
        provider=Provider(
            id="p", operator_region=home, filings=frozenset({"cn_genai"}), mechanisms=frozenset({"cac_security_assessment", "eu_scc"}),
            processing=frozenset({home}), storage=frozenset({home}), access=frozenset({home}),
        ),
    )  # fmt: skip
    other = draw(anything)
    for name in draw(
        st.frozensets(st.sampled_from(["controller", "data", "volumes", "consent", "provider", "service", "tenant"]), max_size=2)
    ):
        base = msgspec.structs.replace(base, **{name: getattr(other, name)})
    return base


some_facts = anything | lawful()


def changed(facts: Facts, part: str, **more: Any) -> Facts:
    return msgspec.structs.replace(facts, **{part: msgspec.structs.replace(getattr(facts, part), **more)})


def narrower(one: Effect, other: Effect) -> bool:
    """Is ``one`` as narrow as ``other``, or narrower?"""
    return ORDER.index(one) >= ORDER.index(other)


# -- one decision ----------------------------------------------------------------------------------------------------


@given(some_facts)
def test_any_facts_have_a_decision_that_says_why(facts: Facts) -> None:
    decision = ENGINE.decide(facts)
    if decision.effect is Effect.ALLOW:
        assert not decision.remedies and (decision.reasons or not decision.packs)
    else:
        assert decision.reasons and not decision.obligations
        assert {reason.fact for reason in decision.reasons if reason.rule} <= {citation.fact for citation in decision.citations}
    assert all(reason.text for reason in decision.reasons)


@given(some_facts)
def test_deny_wins_and_then_escalate_over_every_pack_that_applies(facts: Facts) -> None:
    effect = ENGINE.decide(facts).effect
    for law in LAWS:
        if law.applies(facts):
            assert narrower(effect, law.ask([facts])[0].effect)


@given(st.lists(some_facts, max_size=4))
def test_what_is_kept_is_what_would_be_decided_anew(batch: list[Facts]) -> None:
    fresh = Engine(PACKS, WORDS)
    first = fresh.decide_many(batch)
    assert fresh.decide_many(batch) == first == [ENGINE.decide(each) for each in batch]


@given(some_facts, st.integers(1, 4000))
def test_past_the_horizon_nothing_is_allowed_that_a_pack_claims(facts: Facts, days: int) -> None:
    last = max(pack.head.horizon for pack in PACKS)
    decision = ENGINE.decide(msgspec.structs.replace(facts, as_of=last + timedelta(days=days)))
    assert decision.effect is not Effect.ALLOW or not decision.packs
    if decision.effect is Effect.ESCALATE:
        assert {reason.fact for reason in decision.reasons} <= {"horizon", "no-pack"}


# -- other packs -----------------------------------------------------------------------------------------------------

CONDITIONS = (
    "true", "context.data.personal", "context.service.public", "context.provider.abroad", "!context.provider.abroad",
    'context.consent.contains("general")', "context.volumes.cn_ytd_pi > 1000", "context.subject has age && context.subject.age < 18",
    "context.provider.trains_on_input || context.controller.us_person", 'context.provider.everywhere.contains("US")',
)  # fmt: skip


def rule(effect: str, condition: str, *, escalates: bool = False, action: str = "process", name: str = "added") -> Rule:
    body = parsed(Piece(1, f'{effect} (principal, action == Action::"{action}", resource) when {{ {condition} }};'))
    body.pop("annotations", None)
    return Rule(
        id=name, effect=effect, action=action, escalates=escalates, facts=(), text="", remedies=(),  # type: ignore[arg-type]
        obligation="minimise" if action == "owe" else "", term="", valid_from=None, valid_to=None, body=body,
    )  # fmt: skip


def with_rules(pack: Pack, rules: tuple[Rule, ...]) -> Pack:
    facts = {name: fact for name, fact in pack.facts.items()}
    return msgspec.structs.replace(pack, facts=facts, rules=rules)


@cache
def narrowed(condition: str, escalates: bool) -> Engine:
    extra = msgspec.structs.replace(rule("forbid", condition, escalates=escalates), facts=("x",), text="added")
    return Engine([with_rules(pack, (*pack.rules, extra)) for pack in PACKS], WORDS)


@given(some_facts, st.sampled_from(CONDITIONS), st.booleans())
def test_a_rule_that_does_not_permit_never_widens(facts: Facts, condition: str, escalates: bool) -> None:
    """An escalation speaks where silence would deny, so it is only never an allow; a denial narrows in every case."""
    before, after = ENGINE.decide(facts), narrowed(condition, escalates).decide(facts)
    assert before.effect is Effect.ALLOW or after.effect is not Effect.ALLOW
    assert escalates or narrower(after.effect, before.effect)
    if condition == "true" and before.packs:
        assert after.effect is not Effect.ALLOW


@cache
def erring(effect: str, action: str) -> Engine:
    overflow = rule(effect, "context.volumes.cn_ytd_pi + 9223372036854775807 > 0", action=action)
    return Engine([with_rules(pack, (*pack.rules, msgspec.structs.replace(overflow, facts=("x",)))) for pack in PACKS], WORDS)


@pytest.mark.parametrize(("effect", "action"), [("permit", "process"), ("forbid", "process"), ("permit", "owe")])
@given(facts=some_facts, persons=st.integers(1, 10**9))
def test_a_rule_that_errors_never_allows(effect: str, action: str, facts: Facts, persons: int) -> None:
    decision = erring(effect, action).decide(changed(facts, "volumes", cn_ytd_pi=persons))
    assert decision.effect is not Effect.ALLOW or not decision.packs
    if decision.packs and decision.as_of <= min(pack.head.horizon for pack in PACKS):
        assert decision.effect is Effect.DENY


SILENT = Engine([with_rules(pack, tuple(r for r in pack.rules if r.action != "process" or r.effect == "forbid")) for pack in PACKS], WORDS)


@given(some_facts)
def test_silence_denies(facts: Facts) -> None:
    decision = SILENT.decide(facts)
    assert decision.effect is not Effect.ALLOW or not decision.packs


@cache
def shuffled(seed: int) -> Engine:
    order = random.Random(seed)
    packs = [with_rules(pack, tuple(order.sample(pack.rules, len(pack.rules)))) for pack in PACKS]
    return Engine(order.sample(packs, len(packs)), WORDS)


@given(some_facts, st.integers(0, 5))
def test_the_order_of_packs_and_of_rules_does_not_matter(facts: Facts, seed: int) -> None:
    assert shuffled(seed).decide(facts) == ENGINE.decide(facts)


# -- what facts may change -------------------------------------------------------------------------------------------


@given(some_facts)
def test_pseudonyms_change_no_decision(facts: Facts) -> None:
    raw, hidden = (ENGINE.decide(changed(facts, "data", state=state)) for state in ("raw", "pseudonymised"))
    assert raw == hidden


@given(some_facts, st.data())
def test_a_pool_is_allowed_only_if_each_member_is(facts: Facts, data: st.DataObject) -> None:
    part = data.draw(st.sampled_from(["processing", "storage", "access"]))
    pool = data.draw(st.builds(AnyExcept, any_except=st.frozensets(st.sampled_from(SOME), max_size=6)))
    assume(pool != AnyExcept(any_except=frozenset()) or part == "processing")
    open_to = ENGINE.decide(changed(facts, "provider", **{part: pool}))
    for region in data.draw(st.lists(st.sampled_from(sorted(WORDS.anywhere_but(pool.any_except))), min_size=1, max_size=5)):
        one = ENGINE.decide(changed(facts, "provider", **{part: frozenset({region})}))
        if not stays(changed(facts, "provider", **{part: frozenset({region})})):
            assert narrower(open_to.effect, one.effect)


@given(some_facts, st.sampled_from(["processing", "storage", "access"]), regions)
def test_one_place_more_never_widens(facts: Facts, part: str, region: str) -> None:
    before = getattr(facts.provider, part)
    assume(not isinstance(before, AnyExcept) and before)
    more = changed(facts, "provider", **{part: before | {region}})
    assert narrower(ENGINE.decide(more).effect, ENGINE.decide(facts).effect)


@given(some_facts, st.data())
def test_a_consent_or_a_safeguard_less_never_widens(facts: Facts, data: st.DataObject) -> None:
    part = data.draw(st.sampled_from(["consent", "safeguards"]))
    assume(getattr(facts, part))
    without = data.draw(st.sampled_from(sorted(getattr(facts, part))))
    less = msgspec.structs.replace(facts, **{part: getattr(facts, part) - {without}})
    assert narrower(ENGINE.decide(less).effect, ENGINE.decide(facts).effect)


@given(some_facts, some(SOME, most=3))
def test_what_the_tenant_promises_never_widens(facts: Facts, residency: frozenset[str]) -> None:
    free = ENGINE.decide(changed(facts, "tenant", residency=None))
    bound = ENGINE.decide(changed(facts, "tenant", residency=residency))
    assert narrower(bound.effect, free.effect)
    if bound.effect is Effect.ALLOW and not stays(facts):
        assert places(facts, WORDS).everywhere <= frozenset().union(*(WORDS.members(region) for region in residency))


# -- in plain words --------------------------------------------------------------------------------------------------


def outside(facts: Facts, region: str) -> bool:
    return not places(facts, WORDS).everywhere <= WORDS.members(region)


def allowed(facts: Facts) -> Decision | None:
    decision = ENGINE.decide(facts)
    return decision if decision.effect is Effect.ALLOW else None


@given(some_facts)
def test_the_person_is_somewhere_that_a_pack_covers_or_nothing_leaves(facts: Facts) -> None:
    if allowed(facts) and not (stays(facts) and not facts.service.public):
        assert facts.subject.location or facts.data.collected_in


@given(some_facts)
def test_important_data_never_leaves_the_mainland_unassessed(facts: Facts) -> None:
    facts = changed(facts, "data", important_data=True, collected_in="CN")
    if outside(facts, "CN") and "cac_security_assessment" not in facts.provider.mechanisms:
        assert not allowed(facts)


@given(some_facts)
def test_no_unfiled_model_is_offered_to_the_public_in_the_mainland(facts: Facts) -> None:
    facts = changed(
        changed(changed(facts, "subject", location="CN"), "service", public=True), "provider", generative=True, filings=frozenset()
    )
    if facts.as_of >= date(2023, 8, 15):
        assert not allowed(facts)


@given(some_facts)
def test_what_leaves_the_mainland_by_consent_has_a_separate_one(facts: Facts) -> None:
    facts = msgspec.structs.replace(changed(facts, "subject", location="CN"), legal_basis="consent")
    if facts.data.personal and facts.data.state != "anonymised_verified" and outside(facts, "CN") and not stays(facts) and allowed(facts):
        assert "separate_cross_border" in facts.consent


@given(some_facts)
def test_no_covered_person_has_bulk_data_of_us_persons_without_the_requirements(facts: Facts) -> None:
    facts = changed(changed(facts, "controller", us_person=True), "provider", covered_person=True)
    facts = changed(changed(facts, "subject", location="US"), "volumes", us_12mo=US12Months(personal_health=10_001))
    if facts.as_of >= date(2025, 4, 8) and "cisa_security_requirements" not in facts.safeguards and not stays(facts):
        assert not allowed(facts)


@given(some_facts)
def test_personal_data_of_europeans_leaves_on_a_ground_only(facts: Facts) -> None:
    facts = changed(facts, "subject", location="DE")
    free = WORDS.places(["EEA", "AD", "AR", "BR", "CA", "FO", "GG", "IL", "IM", "JP", "JE", "NZ", "KR", "CH", "UY", "UK"])
    ground = "eu_us_dpf" in facts.provider.certifications or {"eu_scc", "eu_tia"} <= facts.provider.mechanisms | facts.safeguards
    personal = facts.data.personal and facts.data.state != "anonymised_verified"
    if personal and not stays(facts) and not ground and not places(facts, WORDS).everywhere <= free:
        assert not allowed(facts)
