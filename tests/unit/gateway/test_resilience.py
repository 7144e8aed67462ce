# SPDX-License-Identifier: Apache-2.0
"""The survey asks what the pipeline would be asked, and says what the pipeline would say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from comity.accord.evidence import Entry, encode
from comity.config import Config, DeploymentConfig
from comity.config.schema import CostConfig, ResilienceConfig, RoutingConfig
from comity.errors import OperatorError
from comity.gateway.questions import ASKABLE, PERSONS, asked, decoded
from comity.gateway.resilience import Report, Survey, support
from comity.jurisdictions.vocab import load_vocabulary
from comity.ports import SystemSecrets
from comity.privacy.guard import Guard
from comity.providers.catalog.resolve import resolve
from comity.routing.resilience import Question
from comity.wire.request import Operation, texts
from tests.fakes import FakeClock, SeededRandom
from tests.simulated.worlds import BEIJING, DEVICE, FRANKFURT, VIRGINIA, config, deployment

ASKED = ResilienceConfig(jurisdictions=("CN", "EEA", "US"), tasks=("writing_assistant",))
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


def survey(made: Config, at: datetime = AT, entries: Sequence[bytes] = ()) -> Survey:
    state = ({}, list(entries)) if entries else Path("nowhere")
    return Survey(made, at=at, state=state, clock=FakeClock(at), random=SeededRandom(), secrets=SystemSecrets())


def report(*deployments: DeploymentConfig, **more: Any) -> Report:
    return survey(config(*deployments, **({"resilience": ASKED} | more))).report()


def lawful(told: Report) -> dict[tuple[str, str], tuple[str, ...]]:
    return {(cell.jurisdiction, cell.person): cell.lawful for cell in told.cells if cell.operation == "chat"}


def test_each_question_goes_to_those_the_law_allows() -> None:
    told = lawful(report(DEVICE, BEIJING, FRANKFURT, VIRGINIA))
    assert told["CN", "adult"] == ("device", "qwen-beijing")
    assert told["EEA", "adult"] == ("device", "eu-frankfurt")
    assert told["US", "adult"] == ("device", "qwen-beijing", "eu-frankfurt", "us-virginia")


def test_a_partner_that_alone_may_answer_is_warned_of() -> None:
    told = report(BEIJING, FRANKFURT, VIRGINIA)
    (beijing,) = [loss for loss in told.losses if loss.kind == "deployment" and loss.name == "qwen-beijing"]
    assert {each.jurisdiction for each in beijing.dark} == {"CN"}
    alone = {question.jurisdiction for each in told.warnings if each.code == "one-partner" for question in each.questions}
    assert alone == {"CN", "EEA", "US"}, "three servers at one address are one partner"


def test_evidence_that_ends_is_warned_of_by_its_last_day_and_only_where_somebody_loses_by_it() -> None:
    ending = msgspec.structs.replace(BEIJING, evidence=("processor_contract", "cn_genai:2026-12-31"))
    idle = msgspec.structs.replace(VIRGINIA, evidence=("processor_contract", "soc-2:2026-12-24"))
    later = msgspec.structs.replace(FRANKFURT, evidence=("processor_contract:2027-06-01",))
    (warned,) = [each for each in report(ending, later, idle).warnings if each.code == "evidence-ends"]
    assert warned.on == date(2026, 12, 31)
    assert warned.text == "cn_genai of qwen-beijing ends on 2026-12-31, and nobody is left"
    assert {each.jurisdiction for each in warned.questions} == {"CN"}


def test_what_the_register_holds_ends_like_what_is_listed() -> None:
    made = config(msgspec.structs.replace(BEIJING, evidence=("processor_contract",)), FRANKFURT, resilience=ASKED)
    entry = Entry(kind="cn_genai", document_sha256="a" * 64, scope="qwen-beijing", approver="DPO", at=AT, valid_to=date(2027, 1, 21))
    for at, warned in ((AT, [date(2027, 1, 21)]), (AT - timedelta(days=1), [])):
        found = survey(made, at, [encode(entry)]).report()
        assert [each.on for each in found.warnings if each.code == "evidence-ends"] == warned


def test_evidence_of_the_controller_ends_for_everybody() -> None:
    """The last of two that end is the one that turns it dark: what had ended before is no news."""
    first = msgspec.structs.replace(BEIJING, id="a", evidence=("processor_contract", "cn_genai:2026-12-01"))
    told = report(first, BEIJING, FRANKFURT, evidence=("assessment:cn_pipia:2026-12-24", "notice:cross_border_recipient"))
    (warned,) = [each for each in told.warnings if each.code == "evidence-ends"]
    assert warned.text == "assessment:cn_pipia of the controller ends on 2026-12-24, and nobody is left"
    assert {(each.jurisdiction, each.person) for each in warned.questions} == {("CN", "adult")}


def test_what_would_be_sent_carries_what_the_person_is_said_to_carry() -> None:
    found = {person.name: Guard().inspect([person.text]).categories for person in PERSONS}
    assert found == {"adult": {"contact"}, "sensitive": {"financial_account"}, "minor": {"contact"}}


def test_what_would_cost_too_much_is_nobodys_answer() -> None:
    """Of a place whose price is not known nothing is known, so a ceiling leaves it out."""
    told = report(DEVICE, FRANKFURT, routing=RoutingConfig(cost_max=CostConfig(amount=0.01, currency="EUR")))
    assert lawful(told)["EEA", "adult"] == ("device",)


def test_what_no_door_takes_is_asked_by_nobody_and_breaks_nothing() -> None:
    """A page of text is read by a device alone."""
    assert set(get_args(Operation)) - set(ASKABLE) == {"ocr"}
    eyes = DeploymentConfig(id="eyes", provider="embedded", model="ocr")
    assert {cell.operation for cell in report(FRANKFURT, eyes).cells} == {"chat"}


@pytest.mark.parametrize("operation", ASKABLE)
@pytest.mark.parametrize("person", [each.name for each in PERSONS])
def test_each_operation_has_a_request_that_a_door_takes(operation: str, person: str) -> None:
    request = decoded(asked(Question(jurisdiction="CN", person=person, task="hiring", operation=operation)))
    text = next(each.text for each in PERSONS if each.name == person)
    assert (request.operation, request.model) == (operation, "auto")
    assert text in list(texts(request)) or (operation == "transcription" and request.media() == {"audio"})


def test_only_what_somebody_offers_is_asked() -> None:
    vectors = deployment("vectors", frozenset({"DE"}), operations=frozenset({"embeddings"}))
    told = report(FRANKFURT, vectors)
    assert {cell.operation for cell in told.cells} == {"chat", "embeddings"}
    assert {cell.lawful for cell in told.cells if (cell.jurisdiction, cell.operation) == ("EEA", "embeddings")} == {("vectors",)}


def test_a_partner_of_the_catalog_stands_on_its_region_and_the_entity_that_contracts() -> None:
    made = DeploymentConfig(
        id="q", provider="alibaba", region="cn-beijing", scope="chinese-mainland", model="qwen-plus", api_key={"env": "K"},  # type: ignore[arg-type]
    )  # fmt: skip
    stands = support(resolve(made, vocabulary=load_vocabulary(), as_of=AT.date()))
    assert (stands.partner, stands.region) == ("alibaba", "alibaba/cn-beijing")
    assert "Alibaba Cloud" in stands.entity


@pytest.mark.parametrize(
    ("said", "field"), [({"jurisdictions": ("CHN",)}, "resilience.jurisdictions"), ({"tasks": ("poetry",)}, "resilience.tasks")]
)
def test_a_word_of_no_vocabulary_is_refused(said: dict[str, Any], field: str) -> None:
    with pytest.raises(OperatorError) as refused:
        survey(config(FRANKFURT, resilience=ResilienceConfig(**said)))
    assert refused.value.field == field and refused.value.hint


def test_nothing_said_means_every_pack_and_every_task() -> None:
    questions = list(survey(config(FRANKFURT)).questions())
    assert {"CN", "EEA", "US", "US-CA", "JP"} <= {each.jurisdiction for each in questions}
    assert {each.task for each in questions} == load_vocabulary().features
