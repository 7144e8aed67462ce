# SPDX-License-Identifier: Apache-2.0
"""A gateway that knows names, the official client, and a partner that says back what reached it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from comity.config import PathsConfig
from comity.device.manifest import models_directory
from comity.privacy.names.weights import weights
from tests.live.places import BEIJING, EchoPartner, gateway
from tests.simulated.worlds import subject

PERSONAL = (
    "王丽娜", "欧阳文博", "Katarzyna Nowak", "13812345678", "wang.lina@corp-mail.cn", "浙江省杭州市西湖区文三路90号3幢502室",
    "11010519491231002X",    "浙A8K216", "4111 1111 1111 1111",
)  # fmt: skip
TEXT = (
    "请把这封信改得客气些：王丽娜（电话13812345678，邮箱wang.lina@corp-mail.cn）住在浙江省杭州市西湖区文三路90号3幢502室，身份证号11010519491231002X，"
    "车牌浙A8K216，卡号4111 1111 1111 1111。抄送欧阳文博和Katarzyna Nowak。王丽娜周五出发。"
)


@pytest.fixture(scope="module")
def partner() -> Iterator[EchoPartner]:
    with EchoPartner() as made:
        yield made


@pytest.fixture(scope="module", params=["tags", "surrogates"])
def client(request: pytest.FixtureRequest, partner: EchoPartner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[openai.OpenAI]:
    pytest.importorskip("onnxruntime")
    directory = models_directory(PathsConfig())
    if not all((directory / weight.file).is_file() for group in weights().values() for weight in group):
        pytest.skip("the models of names are not on this machine: comity models add names")
    folder: Path = tmp_path_factory.mktemp("names")
    noticed = BEIJING.replace('"notice:cross_border_recipient"', '"notice:cross_border_recipient", "notice:sensitive_necessity"')
    privacy = f'\n[privacy]\nprofile = "balanced"\npseudonyms = "{request.param}"\n'
    consent = subject("CN", consent="general separate_sensitive")
    with (
        gateway(folder, noticed.format(base=partner.base) + privacy) as process,
        openai.OpenAI(base_url=process.base + "/v1", api_key="none", default_headers=consent, max_retries=0) as made,
    ):
        yield made


def arrived(partner: EchoPartner) -> str:
    return json.dumps(partner.bodies[-1], ensure_ascii=False)


def test_nothing_personal_arrives_and_the_caller_reads_the_originals(client: openai.OpenAI, partner: EchoPartner) -> None:
    with client.chat.completions.create(model="auto", messages=[{"role": "user", "content": TEXT}], stream=True) as stream:
        content = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    assert content.startswith(TEXT)
    assert [word for word in PERSONAL if word in arrived(partner)] == []


def test_every_field_that_leaves_is_looked_at(client: openai.OpenAI, partner: EchoPartner) -> None:
    schema = {"type": "object", "properties": {"电话13812345678": {"type": "string", "enum": ["王丽娜"]}}, "required": ["电话13812345678"]}
    tool: Any = {"type": "function", "function": {"name": "call_13812345678", "description": "打电话给王丽娜", "parameters": schema}}
    call: Any = {"id": "c1", "type": "function", "function": {"name": "call_13812345678", "arguments": '{"who":"王丽娜"}'}}
    messages: Any = [
        {"role": "system", "content": "你是王丽娜的助理", "name": "wang.lina@corp-mail.cn"},
        {"role": "user", "content": [{"type": "text", "text": "请转告欧阳文博"}]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": '{"email":"wang.lina@corp-mail.cn"}'},
        {"role": "user", "content": "谢谢"},
    ]
    client.chat.completions.create(model="auto", messages=messages, tools=[tool], user="13812345678", stop=["欧阳文博先生"])
    assert [word for word in PERSONAL if word in arrived(partner)] == []
    sent = partner.bodies[-1]
    assert sent["tools"][0]["function"]["name"] == sent["messages"][2]["tool_calls"][0]["function"]["name"]
    properties = sent["tools"][0]["function"]["parameters"]
    assert properties["required"] == list(properties["properties"])
