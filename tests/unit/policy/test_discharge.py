# SPDX-License-Identifier: Apache-2.0
"""An allow stands on its obligations."""

from __future__ import annotations

from comity.jurisdictions.load import load_packs
from comity.jurisdictions.vocab import load_vocabulary
from comity.policy.decision import Decision, Effect, Obligation, Phase
from comity.policy.discharge import hold
from comity.policy.engine import Engine
from tests.unit.policy.places import BEIJING, DAY, VIRGINIA, facts, provider

WORDS = load_vocabulary()
ENGINE = Engine(load_packs(), WORDS)
ALLOWED = ENGINE.decide(facts("CN", provider(BEIJING)))
CODE = frozenset({"record.retain_years"})
EVIDENCE = frozenset({"processor_contract", "assessment:cn_pipia"})


def test_an_allow_stands_when_code_or_evidence_meets_each_obligation() -> None:
    assert {duty.id for duty in ALLOWED.obligations} == {"contract:processor", "assessment:cn_pipia", "record.retain_years:3"}
    assert hold(ALLOWED, CODE, EVIDENCE, WORDS) == ALLOWED


def test_an_obligation_that_nobody_meets_voids_the_allow() -> None:
    held = hold(ALLOWED, CODE, EVIDENCE - {"assessment:cn_pipia"}, WORDS)
    assert held.effect is Effect.DENY and held.obligations == () and held.remedies == ("assessment:cn_pipia",)
    assert [(reason.fact, reason.rule) for reason in held.reasons] == [("cn-pipl-55", "undischarged.assessment:cn_pipia")]
    assert [citation.fact for citation in held.citations] == ["cn-pipl-55"] and held.digest == ALLOWED.digest
    assert hold(ALLOWED, frozenset(), frozenset(), WORDS).remedies == ("contract:processor", "assessment:cn_pipia", "record.retain_years:3")


def test_evidence_of_another_length_is_no_evidence() -> None:
    for item in ("record.retain_years", "record.retain_years:2", "record.retain_years:30"):
        assert hold(ALLOWED, frozenset(), EVIDENCE | {item}, WORDS).remedies == ("record.retain_years:3",)
    assert hold(ALLOWED, frozenset(), EVIDENCE | {"record.retain_years:3"}, WORDS).effect is Effect.ALLOW


def test_what_is_no_allow_is_left_alone() -> None:
    denied = ENGINE.decide(facts("CN", provider(VIRGINIA)))
    assert hold(denied, frozenset(), frozenset(), WORDS) is denied
    escalated = ENGINE.decide(facts("KE", provider(VIRGINIA)))
    assert hold(escalated, frozenset(), frozenset(), WORDS) is escalated


def test_a_denial_always_has_a_reason() -> None:
    bare = Decision(effect=Effect.ALLOW, as_of=DAY, obligations=(Obligation(id="minimise", phase=Phase.PRE),))
    assert hold(bare, frozenset(), frozenset(), WORDS).reasons
