# SPDX-License-Identifier: Apache-2.0
"""The official `openai` and `anthropic` clients, unchanged but for their base URL, at the doors of Responses and Messages."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pydantic
import pytest

from comity.lab.process import Process
from tests.live.places import BEIJING, EchoPartner, gateway
from tests.simulated.worlds import subject

anthropic = pytest.importorskip("anthropic")
TEXT = "请回复 zhang.wei@example.cn，电话 13812345678"
KEYS = '\n[[keys]]\nid = "one"\nsha256 = "{digest}"\nmay_assert_subject = true\n'


@pytest.fixture(scope="module")
def partner() -> Iterator[EchoPartner]:
    with EchoPartner() as made:
        yield made


@pytest.fixture(scope="module")
def place(partner: EchoPartner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    folder: Path = tmp_path_factory.mktemp("doors")
    keys = KEYS.format(digest=hashlib.sha256(b"a-key").hexdigest())
    with gateway(folder, BEIJING.format(base=partner.base) + keys) as process:
        yield process


@pytest.fixture(scope="module")
def responses(place: Process) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=place.base + "/v1", api_key="a-key", default_headers=subject("CN"), max_retries=0) as made:
        yield made


@pytest.fixture(scope="module")
def messages(place: Process) -> Iterator[Any]:
    with anthropic.Anthropic(base_url=place.base, api_key="a-key", default_headers=subject("CN"), max_retries=0) as made:
        yield made


def hidden(partner: EchoPartner) -> bool:
    return "13812345678" not in str(partner.bodies[-1]) and "zhang.wei" not in str(partner.bodies[-1])


def test_responses_whole_and_restored(responses: openai.OpenAI, partner: EchoPartner) -> None:
    made = responses.responses.create(model="auto", input=TEXT, store=False, metadata={"case": "7"})
    assert made.output_text.startswith(TEXT) and hidden(partner)
    assert made.status == "completed" and made.usage is not None and made.usage.total_tokens == 7 and made.metadata == {"case": "7"}
    assert made.store is False and "case" not in str(partner.bodies[-1]) and made.model_extra and made.model_extra["AIGC"]


def test_responses_streamed_and_restored(responses: openai.OpenAI, partner: EchoPartner) -> None:
    with responses.responses.stream(model="auto", input=TEXT) as stream:
        deltas = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        final = stream.get_final_response()
    assert deltas.startswith(TEXT) and final.output_text == deltas and hidden(partner)
    assert final.model_extra and final.model_extra["AIGC"]


def test_responses_carry_on_from_their_own_items(responses: openai.OpenAI, partner: EchoPartner) -> None:
    first = responses.responses.create(model="auto", input="hello")
    items: list[Any] = [{"role": "user", "content": "hello"}, *first.output, {"role": "user", "content": "again"}]
    assert responses.responses.create(model="auto", input=items).output_text.startswith("again")
    assert [each["role"] for each in partner.bodies[-1]["messages"]] == ["user", "assistant", "user"]


def test_responses_are_parsed_by_a_schema(responses: openai.OpenAI, partner: EchoPartner) -> None:
    class Answer(pydantic.BaseModel):
        city: str

    made = responses.responses.parse(model="auto", input='{"city": "Oslo"}', text_format=Answer)
    assert made.output_parsed == Answer(city="Oslo")
    assert partner.bodies[-1]["response_format"]["json_schema"]["name"] == "Answer"


def test_responses_by_law_refused(responses: openai.OpenAI, partner: EchoPartner) -> None:
    before = len(partner.bodies)
    with pytest.raises(openai.APIStatusError) as raised:
        responses.responses.create(model="us-virginia", input=TEXT)
    assert raised.value.status_code == 451 and isinstance(raised.value.body, dict) and raised.value.body["decision"]
    with pytest.raises(openai.BadRequestError, match="kept"):
        responses.responses.create(model="auto", input="x", previous_response_id="resp_1")
    assert len(partner.bodies) == before


def test_messages_whole_and_restored(messages: Any, partner: EchoPartner) -> None:
    made = messages.messages.create(model="auto", max_tokens=100, messages=[{"role": "user", "content": TEXT}])
    assert made.content[0].text.startswith(TEXT) and hidden(partner)
    assert made.stop_reason == "end_turn" and (made.usage.input_tokens, made.usage.output_tokens) == (3, 4)
    assert made.model_extra["AIGC"]


def test_messages_streamed_and_restored(messages: Any, partner: EchoPartner) -> None:
    with messages.messages.stream(model="auto", max_tokens=100, messages=[{"role": "user", "content": TEXT}]) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text.startswith(TEXT) and final.content[0].text == text and final.stop_reason == "end_turn" and hidden(partner)


def test_messages_carry_a_tool_and_its_result(messages: Any, partner: EchoPartner) -> None:
    tool = {"name": "weather", "description": "of a city", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}
    call = {"type": "tool_use", "id": "c1", "name": "weather", "input": {"city": "Oslo"}}
    turns = [
        {"role": "user", "content": "weather?"},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "rain"}]},
    ]
    made = messages.messages.create(model="auto", max_tokens=100, messages=turns, tools=[tool], tool_choice={"type": "auto"})
    assert made.content[0].text.startswith("rain")
    body = partner.bodies[-1]
    assert [each["role"] for each in body["messages"]] == ["user", "assistant", "tool"]
    assert body["messages"][1]["tool_calls"][0]["function"] == {"name": "weather", "arguments": '{"city":"Oslo"}'}
    assert body["tools"][0]["function"]["parameters"] == tool["input_schema"]


def test_messages_by_law_refused_in_anthropic_s_words(messages: Any, partner: EchoPartner) -> None:
    before = len(partner.bodies)
    with pytest.raises(anthropic.APIStatusError) as raised:
        messages.messages.create(model="us-virginia", max_tokens=100, messages=[{"role": "user", "content": TEXT}])
    error = raised.value.body["error"]
    assert raised.value.status_code == 451 and error["type"] == "permission_error" and error["decision"] and error["receipt"]
    with pytest.raises(anthropic.BadRequestError) as refused:
        messages.messages.create(model="auto", max_tokens=1, messages=[{"role": "user", "content": "x"}], extra_body={"shiny": 1})
    assert refused.value.body["error"]["code"] == "request.unknown_field"
    assert len(partner.bodies) == before


def test_a_key_is_shown_either_way_and_a_wrong_one_is_refused(place: Process, messages: Any) -> None:
    with anthropic.Anthropic(base_url=place.base, auth_token="a-key", api_key=None, default_headers=subject("CN"), max_retries=0) as bearer:
        assert bearer.messages.create(model="auto", max_tokens=9, messages=[{"role": "user", "content": "x"}]).content
    with anthropic.Anthropic(base_url=place.base, api_key="another", max_retries=0) as wrong, pytest.raises(anthropic.AuthenticationError):
        wrong.messages.create(model="auto", max_tokens=9, messages=[{"role": "user", "content": "x"}])
