# SPDX-License-Identifier: Apache-2.0
"""What is asked in each cell of the table: a feature, the doors that have it, what a partner must carry, and how to tell that it came."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.live.matrix.callers import Got, Question
from tests.live.test_operations import picture, sound

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}
TOOL, TOOLS = {"weather": CITY}, {"weather": CITY, "time": CITY}
ANSWER = {
    "type": "object", "properties": {"name": {"type": "string"}, "count": {"type": "integer"}}, "required": ["name", "count"],
    "additionalProperties": False,
}  # fmt: skip
PHONE = "13812345678"
PNG = picture().partition(",")[2]
WAV = base64.b64encode(sound()).decode()
PDF = base64.b64encode(b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n").decode()
ALL, CHAT = ("chat", "responses", "messages"), ("chat",)


class Case(NamedTuple):
    feature: str
    question: Question
    needs: frozenset[str]  # words of providers/catalog/dialects.toml
    came: Callable[[Got], Any]  # false, or an AssertionError, where it did not
    doors: tuple[str, ...] = ALL
    stream: bool = False
    arrived: Callable[[str], Any] = lambda received: True  # of what the partner got, as text
    hidden: bool = False  # the partner must not have seen PHONE


def _whole(got: Got) -> bool:
    return got.text == Question().text and got.finish == "stop" and got.prompt_tokens > 0 and got.completion_tokens > 0


def _called(*names: str) -> Callable[[Got], bool]:
    return lambda got: (
        [name for name, _ in got.calls] == list(names)
        and all(isinstance(arguments["city"], str) for _, arguments in got.calls)
        and got.finish == "tool_calls"
    )


def _schema(got: Got) -> bool:
    made = json.loads(got.text)
    return set(made) == {"name", "count"} and isinstance(made["count"], int)


def _thought(got: Got) -> bool:
    """OpenAI itself tells how many tokens were thought, and not what, and Anthropic's form has no number for that; others tell both."""
    details = getattr(got.raw.usage, "completion_tokens_details", None) or getattr(got.raw.usage, "output_tokens_details", None)
    told = getattr(details, "reasoning_tokens", 0) or 0
    return got.text == Question().text and (
        Question().text in got.reasoning or told > 0 or got.completion_tokens > 2 * len(got.text.split())
    )


def case(feature: str, question: Question, needs: str, came: Callable[[Got], Any], **more: Any) -> Case:
    return Case(feature, question, frozenset(needs.split()), came, **more)


def both(feature: str, question: Question, needs: str, came: Callable[[Got], Any], **more: Any) -> list[Case]:
    """Whole and streamed."""
    return [
        case(feature, question, needs, came, **more),
        case(f"{feature}, streamed", question, f"{needs} stream", came, stream=True, **more),
    ]


CASES: list[Case] = [
    *both("text", Question(), "", _whole),
    *both("personal data hidden and restored", Question(text=f"call {PHONE} now"), "", lambda got: PHONE in got.text, hidden=True),
    case("system prompt", Question(system="be brief, said the operator"), "", _whole, arrived=lambda text: "said the operator" in text),
    *both("a tool called", Question(text="weather?", tools=TOOL, choice="weather"), "tools tool_choice", _called("weather")),
    *both("parallel tools", Question(text="call both", tools=TOOLS), "tools", _called("weather", "time")),
    *both(
        "a tool's result", Question(text="weather?", tools=TOOL, result="rain in Oslo"), "tools", lambda got: "rain in Oslo" in got.text,
        arrived=lambda text: "call_1" in text or "rain in Oslo" in text,
    ),
    *both("JSON schema", Question(schema=ANSWER), "json_schema", _schema, doors=("chat", "responses")),
    *both("image", Question(text="what is it", image=PNG), "image", lambda got: "1" in got.text),
    case("PDF", Question(text="what is it", file=PDF), "file", lambda got: got.text),
    case("sound", Question(text="what is it", audio=WAV), "audio", lambda got: "0.5" in got.text, doors=CHAT),
    *both("reasoning", Question(effort="high"), "reasoning", _thought),
    case("stop", Question(text="one two STOP three", stop="STOP"), "stop",
         lambda got: got.text.strip() == "one two", doors=("chat", "messages")),
    *both("cut at a length", Question(text="one two three four five six", tokens_max=2), "",
          lambda got: got.finish == "length" and got.text),
    case("several choices", Question(more={"n": 2}), "n", lambda got: len(got.raw.choices) == 2, doors=CHAT),
    case("log probabilities", Question(more={"logprobs": True, "top_logprobs": 2}), "logprobs",
         lambda got: got.raw.choices[0].logprobs.content[0].top_logprobs, doors=CHAT),
    case("seed", Question(more={"seed": 7}), "seed", _whole, doors=CHAT, arrived=lambda text: '"seed"' in text),
    case("penalties", Question(more={"presence_penalty": 0.5}), "penalties", _whole, doors=CHAT,
         arrived=lambda text: "resence" in text),
    case("temperature", Question(more={"temperature": 0.25, "top_p": 0.75}), "", _whole,
         arrived=lambda text: "0.25" in text and "0.75" in text),
]  # fmt: skip
