# SPDX-License-Identifier: Apache-2.0
"""LangChain's own client, with nothing changed but its base URL."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from comity.lab.process import Process
from comity.lab.simulators.serve import LAB_KEY
from comity.lab.worlds import simulator
from tests.live.places import gateway
from tests.live.test_operations import HEAD, PLACE
from tests.simulated.worlds import subject

TEXT = "write to zhang.wei@example.cn, please"


@pytest.fixture(scope="module")
def partner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with simulator("openai", dialect="openai", region="cn", folder=tmp_path_factory.mktemp("partner")) as running:
        yield running.wait_ready()


@pytest.fixture(scope="module")
def asked(partner: Process, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What every class of LangChain's for OpenAI takes."""
    places = "".join(
        PLACE.format(id=operation, base=partner.base, model="m", operation=operation, inputs="[]") for operation in ("chat", "embeddings")
    )
    config = HEAD.replace("public = true", "public = false") + places
    with gateway(tmp_path_factory.mktemp("langchain"), config, environment={"LAB_KEY": LAB_KEY.format(region="cn")}) as process:
        yield {"model": "auto", "base_url": f"{process.base}/v1", "api_key": "none", "default_headers": subject("CN"), "max_retries": 0}


@pytest.fixture
def chat(asked: dict[str, Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the library about itself
        from langchain_openai import ChatOpenAI

        return ChatOpenAI(**asked)


def test_whole_and_streamed(chat: Any) -> None:
    assert chat.invoke(TEXT).content == TEXT
    pieces = list(chat.stream(TEXT))
    assert len(pieces) > 2 and "".join(piece.content for piece in pieces) == TEXT


def test_tools_and_a_schema(chat: Any) -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}
    tool = {"type": "function", "function": {"name": "weather", "description": "of a city", "parameters": schema}}
    made = chat.bind_tools([tool], tool_choice="weather").invoke("weather?")
    assert [call["name"] for call in made.tool_calls] == ["weather"] and made.tool_calls[0]["args"]["city"]
    answer = chat.with_structured_output({"title": "place", **schema}, method="json_schema", strict=True).invoke("where?")
    assert msgspec.convert(answer, dict[str, str]).keys() == {"city"}


def test_vectors(asked: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from langchain_openai import OpenAIEmbeddings

        vectors = OpenAIEmbeddings(**asked, check_embedding_ctx_length=False).embed_documents([TEXT, "something else"])
        assert len(vectors) == 2 and len(vectors[0]) == len(vectors[1]) > 8
