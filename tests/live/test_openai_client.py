# SPDX-License-Identifier: Apache-2.0
"""The official `openai` client, unchanged but for its base URL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from tests.live.places import BEIJING, EchoPartner, gateway
from tests.simulated.worlds import subject

TEXT = "请回复 zhang.wei@example.cn，电话 13812345678"


@pytest.fixture(scope="module")
def partner() -> Iterator[EchoPartner]:
    with EchoPartner() as made:
        yield made


@pytest.fixture(scope="module")
def client(partner: EchoPartner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[openai.OpenAI]:
    folder: Path = tmp_path_factory.mktemp("openai")
    with (
        gateway(folder, BEIJING.format(base=partner.base)) as process,
        openai.OpenAI(base_url=process.base + "/v1", api_key="none", default_headers=subject("CN"), max_retries=0) as made,
    ):
        yield made


def test_a_whole_answer_comes_back_restored(client: openai.OpenAI, partner: EchoPartner) -> None:
    raw = client.chat.completions.with_raw_response.create(model="auto", messages=[{"role": "user", "content": TEXT}])
    content = raw.parse().choices[0].message.content or ""
    assert content.startswith(TEXT) and "人工智能生成" in content
    assert raw.headers["comity-region"] == "CN" and raw.headers["comity-receipt"]
    assert "13812345678" not in str(partner.bodies[-1]) and "zhang.wei" not in str(partner.bodies[-1])


def test_a_stream_comes_back_restored(client: openai.OpenAI, partner: EchoPartner) -> None:
    with client.chat.completions.create(model="qwen-beijing", messages=[{"role": "user", "content": TEXT}], stream=True) as stream:
        content = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    assert content.startswith(TEXT)
    assert partner.bodies[-1]["stream"] is True and partner.bodies[-1]["model"] == "echo"


def test_tools_pass_through(client: openai.OpenAI, partner: EchoPartner) -> None:
    tool = {
        "type": "function",
        "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
    }
    client.chat.completions.create(model="auto", messages=[{"role": "user", "content": "x"}], tools=[tool], tool_choice="auto")  # type: ignore[list-item]
    assert partner.bodies[-1]["tools"] == [tool] and partner.bodies[-1]["tool_choice"] == "auto"


def test_models_are_listed(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["auto", "qwen-beijing", "us-virginia"]


def test_a_refusal_by_law_is_an_error_with_its_reasons(client: openai.OpenAI, partner: EchoPartner) -> None:
    before = len(partner.bodies)
    with pytest.raises(openai.APIStatusError) as raised:
        client.chat.completions.create(model="us-virginia", messages=[{"role": "user", "content": TEXT}])
    assert raised.value.status_code == 451 and isinstance(raised.value.body, dict)
    assert raised.value.body["decision"]["candidates"][0]["reasons"]
    assert len(partner.bodies) == before


def test_each_error_is_the_client_s_own_kind(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model="nothing", messages=[{"role": "user", "content": "x"}])
    with pytest.raises(openai.BadRequestError) as raised:
        client.chat.completions.create(model="auto", messages=[{"role": "user", "content": "x"}], extra_body={"shiny": 1})
    assert raised.value.code == "request.unknown_field" and raised.value.param == "shiny"
