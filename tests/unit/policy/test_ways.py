# SPDX-License-Identifier: Apache-2.0
"""From a refusal to the shortest way that leads to an allow; no way is told that does not."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.jurisdictions.load import load_packs
from comity.jurisdictions.vocab import load_vocabulary
from comity.policy.decision import Decision, Effect
from comity.policy.discharge import hold
from comity.policy.engine import Engine
from comity.policy.facts import AutomatedDecision, Controller, Data, Facts, Output, Service, US12Months, Volumes
from comity.policy.ways import EVIDENCE, STEPS_MAX, Case, edited, ways
from tests.unit.policy.places import BEIJING, PARIS, VIRGINIA, device, facts, provider

WORDS = load_vocabulary()
ENGINE = Engine(load_packs(["cn", "eea", "us"]), WORDS)
BY_CODE = frozenset(
    {"minimise", "record:processing", "record:transfer_basis", "label.explicit", "label.implicit_metadata", "log.retain_months"}
)
BY_CODE |= {"count:cn_ytd_pi", "count:cn_ytd_spi", "record.retain_years", "retain.no_unlawful_identifiable_input"}


def ask(cases: Sequence[Case]) -> list[Decision]:
    return [
        hold(made, BY_CODE, case.evidence, WORDS) for made, case in zip(ENGINE.decide_many([c.facts for c in cases]), cases, strict=True)
    ]


def law_alone(cases: Sequence[Case]) -> list[Decision]:
    return ENGINE.decide_many([case.facts for case in cases])


def found(made: Facts, *others: Facts) -> list[tuple[str, ...]]:
    cases = [Case(facts=each) for each in others]
    return [way.steps for way in ways([Case(facts=made)], law_alone, WORDS, others=cases)]


def test_one_consent_is_all_that_is_missing() -> None:
    made = msgspec.structs.replace(facts("FR", provider(PARIS)), data=Data(categories=frozenset({"health"})))
    assert found(made) == [("consent:explicit",), ("transform:strip_sensitive",)]


def test_what_is_missing_at_once_is_one_list() -> None:
    export = msgspec.structs.replace(facts("CN", provider(VIRGINIA)), volumes=Volumes(cn_ytd_pi=200_000))
    assert found(export) == [
        ("consent:separate_cross_border", "mechanism:cac_scc"), ("consent:separate_cross_border", "mechanism:cac_certification")
    ]  # fmt: skip


def test_another_deployment_is_one_step_and_the_device_has_a_name_of_its_own() -> None:
    export = msgspec.structs.replace(facts("CN", provider(VIRGINIA)), volumes=Volumes(cn_ytd_pi=200_000))
    home = msgspec.structs.replace(export, provider=provider(BEIJING, id="qwen-beijing"))
    own = msgspec.structs.replace(export, provider=device("CN"))
    assert found(export, home, own) == [("route:to:qwen-beijing",), ("route:on_device",)]


def test_evidence_that_voids_an_allow_is_told_as_such() -> None:
    export = msgspec.structs.replace(facts("CN", provider(VIRGINIA)), consent=frozenset({"general", "separate_cross_border"}))
    (way,) = ways([Case(facts=export, evidence=frozenset({"processor_contract"}))], ask, WORDS)
    assert set(way.steps) == {EVIDENCE + "assessment:cn_pipia", EVIDENCE + "notice:cross_border_recipient"}


def test_where_no_change_helps_there_is_no_way() -> None:
    genes = facts(
        "US", provider(VIRGINIA, covered_person=True), controller=Controller(us_person=True),
        volumes=Volumes(us_12mo=US12Months(omic_genomic=1000)),
    )  # fmt: skip
    assert found(genes) == []
    nobody = facts("KE", provider(PARIS))
    assert found(nobody) == []


def test_pseudonyms_are_no_way() -> None:
    assert "pseudonymised" not in {edit.state for edit in WORDS.edits.values()}


@pytest.mark.parametrize("remedy", sorted(WORDS.edits))
def test_an_edit_changes_what_it_names_and_asking_twice_changes_nothing(remedy: str) -> None:
    before = facts(
        "CN", provider(VIRGINIA, trains_on_input=True), data=Data(categories=frozenset({"health", "contact"})),
        output=Output(persona="virtual_kin"), decision=AutomatedDecision(significant=True, solely_automated=True),
        safeguards=frozenset(), consent=frozenset(),
    )  # fmt: skip
    after = edited(before, WORDS.edits[remedy])
    assert after != before and edited(after, WORDS.edits[remedy]) == after
    assert after.subject == before.subject and after.provider.processing == before.provider.processing


SOME = st.builds(
    facts, st.sampled_from(["CN", "FR", "US", "US-NY", "KE"]),
    st.builds(provider, st.sampled_from([BEIJING, PARIS, VIRGINIA]), trains_on_input=st.booleans(), covered_person=st.booleans()),
    consent=st.frozensets(st.sampled_from(sorted(WORDS.consents)), max_size=3),
    data=st.builds(Data, categories=st.frozensets(st.sampled_from(["contact", "health", "biometric"]), max_size=2)),
    volumes=st.builds(Volumes, cn_ytd_pi=st.sampled_from([0, 200_000, 2_000_000])), service=st.builds(Service, public=st.booleans()),
    safeguards=st.frozensets(st.sampled_from(["processor_contract", "eu_tia"])),
)  # fmt: skip


@given(SOME)
def test_every_way_leads_to_an_allow_and_no_part_of_it_does(made: Facts) -> None:
    for way in ways([Case(facts=made)], law_alone, WORDS):
        assert len(way.steps) <= STEPS_MAX
        changed = made
        for step in way.steps:
            assert ENGINE.decide(changed).effect is not Effect.ALLOW
            changed = edited(changed, WORDS.edits[step])
        assert ENGINE.decide(changed).effect is Effect.ALLOW
