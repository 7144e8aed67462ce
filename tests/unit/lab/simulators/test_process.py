# SPDX-License-Identifier: Apache-2.0
"""`python -m comity.lab.simulators`, as the lab starts one."""

from __future__ import annotations

from pathlib import Path

import openai

from comity.lab.process import Process


def test_it_prints_where_it_is_and_what_key_it_takes(tmp_path: Path) -> None:
    words = ["comity.lab.simulators", "--dialect", "openai", "--region", "us-east-1", "--path", "/llm/v1", "--model", "gpt"]
    log = tmp_path / "log"
    with Process("one", words, log=log, environment={}) as running:
        base = running.wait_ready().base
        with openai.OpenAI(base_url=f"{base}/llm/v1", api_key="lab-key-of-us-east-1", max_retries=0) as client:
            assert [model.id for model in client.models.list()] == ["gpt"]
    with Process("two", words, log=log, environment={"LAB_PARTNER_KEY": "sk-own"}) as running:
        base = running.wait_ready().base
        with openai.OpenAI(base_url=f"{base}/llm/v1", api_key="sk-own", max_retries=0) as client:
            assert client.responses.create(model="gpt", input="Hello").output_text == "Hello"
    assert log.read_text(encoding="utf-8") == ""
