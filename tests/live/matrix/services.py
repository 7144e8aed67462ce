# SPDX-License-Identifier: Apache-2.0
"""`make live`: the table's questions to the real services whose keys are in the environment, through a real gateway.

Not part of `make test`: it costs money, leaves this machine, and a service may be down.  What came back well is noted, with its day and
nothing else, in `live.json`, from which the page in the docs takes its word `live`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import openai
import pytest

from tests.live.matrix.callers import Chat
from tests.live.matrix.cases import CASES, Case
from tests.live.matrix.partners import HEAD
from tests.live.places import gateway
from tests.simulated.worlds import subject

NOTED = Path(__file__).with_name("live.json")


class Service(NamedTuple):
    partner: str  # the column of the table
    key: str  # the environment's name of its key
    model: str
    settings: str
    person: str


SERVICES = [
    Service("model-studio", "DASHSCOPE_API_KEY", "qwen-plus",
            'provider = "alibaba"\nregion = "cn-beijing"\nscope = "chinese-mainland"\n', "CN"),
    Service("dashscope", "DASHSCOPE_API_KEY", "qwen-plus",
            'provider = "alibaba"\ndialect = "dashscope"\nregion = "cn-beijing"\nscope = "chinese-mainland"\n', "CN"),
    Service("openai", "OPENAI_API_KEY", "gpt-5-mini", 'provider = "openai"\nregion = "us"\n', "US"),
    Service("mistral", "MISTRAL_API_KEY", "mistral-small-latest", 'provider = "mistral"\nregion = "eu"\nstorage = ["EU"]\n', "FR"),
    Service("anthropic", "ANTHROPIC_API_KEY", "claude-haiku-4-5",
            'provider = "anthropic"\nregion = "global"\nscope = "us"\nstorage = ["US"]\naccess = ["US"]\n', "US"),
    Service("gemini", "GEMINI_API_KEY", "gemini-2.5-flash",
            'provider = "gemini"\nregion = "global"\noperator = "US"\nprocessing = ["US"]\nstorage = ["US"]\naccess = ["US"]\n', "US"),
    Service("bedrock", "BEDROCK_API_KEY", "us.amazon.nova-lite-v1:0",
            'provider = "bedrock"\nregion = "us-east-1"\nscope = "us-profile"\noperator = "US"\nprocessing = ["US"]\n', "US"),
]  # fmt: skip
ASKED = [
    case
    for case in CASES
    if case.feature.partition(",")[0] in ("text", "a tool called", "parallel tools", "JSON schema", "cut at a length")
]


@pytest.fixture(scope="module", params=SERVICES, ids=lambda service: service.partner)
def asked_of(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Chat]]:
    service: Service = request.param
    key = os.environ.get(service.key, "")
    if not key:
        pytest.skip(f"{service.key} is not in the environment")
    config = f'{HEAD}\n[[deployments]]\nid = "it"\nmodel = "{service.model}"\napi_key = {{ env = "{service.key}" }}\n{service.settings}'
    evidence = 'evidence = ["processor_contract", "cn_genai", "eu_tia"]\n'
    with (
        gateway(tmp_path_factory.mktemp(service.partner), config + evidence, environment={service.key: key}) as process,
        openai.OpenAI(base_url=f"{process.base}/v1", api_key="none", default_headers=subject(service.person), max_retries=0) as client,
    ):
        yield service, Chat(client)


@pytest.mark.parametrize("case", ASKED, ids=lambda case: case.feature)
def test_the_service_itself(case: Case, asked_of: tuple[Service, Chat]) -> None:
    service, caller = asked_of
    got = caller.ask("it", case.question, stream=case.stream)
    if case.feature.startswith("text"):  # a real model does not say back what it is told
        assert got.text and got.finish == "stop" and got.prompt_tokens > 0
    else:
        assert case.came(got), got.finish
    noted = json.loads(NOTED.read_text(encoding="utf-8"))
    noted.setdefault(service.partner, {})[case.feature] = datetime.now(UTC).date().isoformat()
    NOTED.write_text(json.dumps(noted, indent=1, sort_keys=True) + "\n", encoding="utf-8")
