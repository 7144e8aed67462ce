# SPDX-License-Identifier: Apache-2.0
"""What a simulator puts on the wire has the members of what its partner documents: `tests/recorded`, whose sources are named there.

Values differ, so shapes are compared: which members there are, which of them are null, and of which type the others.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from comity.lab.simulators.openai.dialect import OpenAI
from comity.lab.simulators.openai.errors import Speaker
from tests.tidy.tree import ROOT
from tests.unit.lab.simulators.stand import OPENED, http, simulator

RECORDED = ROOT / "tests" / "recorded"
TOOL = {
    "type": "function",
    "function": {"name": "send_message", "parameters": {"type": "object", "properties": {"to": {"type": "string"}}}},
}
ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "one two three four five six"}]}
STREAM = {"stream": True, "stream_options": {"include_usage": True}}
# What a partner may add and this simulator does not say; none of it is needed to read an answer.
UNSAID = {"service_tier", "obfuscation", "text_tokens", "accepted_prediction_tokens", "rejected_prediction_tokens", "audio_tokens"}


def sample(partner: str, name: str) -> str:
    read = tomllib.loads((RECORDED / Path(partner) / f"{name}.toml").read_text(encoding="utf-8"))
    return str(read["body"])


def events(text: str) -> list[Any]:
    return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]


def members(value: Any, at: str = "") -> Iterator[str]:
    """Paths of all members; numbers of places left out."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in UNSAID:
                yield f"{at}.{name}"
                yield from members(inner, f"{at}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from members(inner, at)


async def said(speaker: Speaker, body: dict[str, Any], fault: str = "") -> str:
    there = http(simulator(OpenAI(speaker)))
    path = "/compatible-mode/v1" if speaker == "model-studio" else "/v1"
    headers = OPENED | ({"x-lab-fault": fault} if fault else {})
    return (await there.post(f"{path}/chat/completions", json=ASK | body, headers=headers)).text


@pytest.mark.parametrize(
    ("partner", "speaker", "name", "body"),
    [
        ("alibaba", "model-studio", "stream", STREAM),
        ("alibaba", "model-studio", "thinking", STREAM | {"enable_thinking": True}),
        ("alibaba", "model-studio", "tool_calls", STREAM | {"tools": [TOOL], "tool_choice": "required"}),
        ("openai", "openai", "stream", STREAM),
        ("openai", "openai", "tool_calls", {"stream": True, "tools": [TOOL], "tool_choice": "required"}),
    ],
)
async def test_a_stream_has_the_members_that_are_documented(partner: str, speaker: Speaker, name: str, body: dict[str, Any]) -> None:
    documented, told = events(sample(partner, name)), events(await said(speaker, body))
    assert set().union(*map(members, documented)) - set().union(*map(members, told)) == set()
    assert set(documented[0]) - UNSAID <= set(told[0]) and [bool(one["choices"]) for one in told][-1] is bool(documented[-1]["choices"])
    finishes = [one["choices"][0]["finish_reason"] for one in told if one["choices"]]
    assert (
        finishes[:-1] == [None] * len(finishes[:-1])
        and finishes[-1] == documented[-2 if "usage" in documented[-1] else -1]["choices"][0]["finish_reason"]
    )


@pytest.mark.parametrize(
    ("partner", "speaker", "name", "body"),
    [
        ("alibaba", "model-studio", "whole", {}),
        ("alibaba", "model-studio", "whole_tool_calls", {"tools": [TOOL], "tool_choice": "required"}),
        ("openai", "openai", "whole", {}),
    ],
)
async def test_a_whole_answer_has_the_members_that_are_documented(partner: str, speaker: Speaker, name: str, body: dict[str, Any]) -> None:
    documented, told = json.loads(sample(partner, name)), json.loads(await said(speaker, body))
    assert set(members(documented)) - set(members(told)) == set()


@pytest.mark.parametrize(
    ("partner", "speaker", "name", "fault"),
    [
        ("alibaba", "model-studio", "error_inspection", "filter"),
        ("alibaba", "model-studio", "error_key", '{"kind": "status", "status": 401}'),
        ("alibaba", "model-studio", "error_quota", '{"kind": "status", "trouble": "quota"}'),
        ("alibaba", "model-studio", "error_model", '{"kind": "status", "status": 404}'),
        ("openai", "openai", "error_key", '{"kind": "status", "status": 401}'),
        ("openai", "openai", "error_overloaded", '{"kind": "status", "status": 503}'),
        ("openai", "openai", "error_quota", '{"kind": "status", "trouble": "quota"}'),
    ],
)
async def test_an_error_is_the_one_that_is_documented(partner: str, speaker: Speaker, name: str, fault: str) -> None:
    documented, told = json.loads(sample(partner, name)), json.loads(await said(speaker, {}, fault))
    assert set(members(documented)) == set(members(told))
    assert {part: documented["error"][part] for part in ("code", "type", "param")} == {
        part: told["error"][part] for part in ("code", "type", "param")
    }


async def test_a_stream_that_is_stopped_for_its_content_ends_as_documented() -> None:
    documented = events(sample("alibaba", "stream_error"))[-1]
    told = events(await said("model-studio", {"stream": True}, '{"kind": "filter", "where": "output"}'))[-1]
    assert set(members(documented)) == set(members(told)) and documented["error"]["code"] == told["error"]["code"]
