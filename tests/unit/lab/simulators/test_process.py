# SPDX-License-Identifier: Apache-2.0
"""A simulator as a process, as a world of the lab starts it and as a person does."""

from __future__ import annotations

from pathlib import Path

import openai
import pytest

from comity.errors import OperatorError
from comity.lab.process import Process
from comity.lab.worlds import simulator


def test_a_world_starts_one_with_the_key_of_its_region(tmp_path: Path) -> None:
    with simulator("one", dialect="openai", region="us-east-1", folder=tmp_path, more=("--path", "/llm/v1", "--model", "gpt")) as running:
        base = running.wait_ready().base
        with openai.OpenAI(base_url=f"{base}/llm/v1", api_key="lab-key-of-us-east-1", max_retries=0) as client:
            assert [model.id for model in client.models.list()] == ["gpt"]
    assert (tmp_path / "one.log").read_text(encoding="utf-8") == ""


def test_its_key_may_be_another(tmp_path: Path) -> None:
    words = ["comity.lab.simulators", "--dialect", "vllm", "--region", "here"]
    with Process("two", words, log=tmp_path / "log", environment={"LAB_PARTNER_KEY": "sk-own"}) as running:
        base = running.wait_ready().base
        with openai.OpenAI(base_url=f"{base}/v1", api_key="sk-own", max_retries=0) as client:
            assert client.responses.create(model="gpt", input="Hello").output_text == "Hello"


def test_a_port_that_is_taken_is_said_in_one_line(tmp_path: Path) -> None:
    with simulator("one", dialect="openai", region="here", folder=tmp_path) as running:
        port = running.wait_ready().port
        with (
            simulator("two", dialect="openai", region="here", folder=tmp_path, more=("--port", str(port))) as second,
            pytest.raises(OperatorError, match="ended at its start: simulator: port"),
        ):
            second.wait_ready()
