# SPDX-License-Identifier: Apache-2.0
"""Messages in Alibaba's native API: bounds and combinations of parameters, forms of answers, streams; and speech as events."""

from __future__ import annotations

import base64
import itertools
import json
from typing import Any

import httpx2 as httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.lab.simulators import brain, media
from comity.lab.simulators.dashscope import DashScope
from comity.lab.simulators.dashscope.reply import steps
from tests.unit.lab.simulators.stand import OPENED, http, simulator

TEXT = "/api/v1/services/aigc/text-generation/generation"
MANY = "/api/v1/services/aigc/multimodal-generation/generation"
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"properties": {"city": {"type": "string"}}}}}
NAMED = {"type": "function", "function": {"name": "weather"}}
SCHEMA = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"], "additionalProperties": False}


@pytest.fixture
def there() -> httpx.AsyncClient:
    return http(simulator(DashScope()))


async def ask(
    there: httpx.AsyncClient, text: str = "Hello there", *, model: str = "qwen-plus", stream: bool = False, **parameters: Any
) -> Any:
    path = MANY if "vl" in model else TEXT
    content = [{"text": text}] if path == MANY else text
    body = {
        "model": model,
        "input": {"messages": [{"role": "user", "content": content}]},
        "parameters": {"result_format": "message"} | parameters,
    }
    got = await there.post(path, json=body, headers=OPENED | ({"x-dashscope-sse": "enable"} if stream else {}))
    if not stream:
        return got
    return [json.loads(line.removeprefix("data:")) for line in got.text.split("\n") if line.startswith("data:")]


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"temperature": 2}, "Temperature should be in [0.0, 2.0)"),
        ({"top_p": 0}, "Range of top_p should be (0.0, 1.0]"),
        ({"top_k": -1}, "Parameter top_k be greater than or equal to 0"),
        ({"max_tokens": 0}, "Range of max_tokens should be"),
        ({"seed": -1}, "Range of seed should be"),
        ({"n": 5}, "Range of n should be [1, 4]"),
        ({"presence_penalty": 2.1}, "Presence_penalty should be in [-2.0, 2.0]"),
        ({"repetition_penalty": 0}, "Repetition_penalty should be greater than 0.0"),
        ({"logprobs": True, "top_logprobs": 6}, "Range of top_logprobs should be [0, 5]"),
        ({"temperature": "hot"}, "parameters.temperature"),
        ({"tools": [{"type": "function"}]}, "parameters.tools[0]"),
        ({"tool_choice": "required", "tools": [TOOL]}, "tool_choice is one of the strings"),
        ({"tool_choice": {"type": "function", "function": {"name": "other"}}, "tools": [TOOL]}, "not among the tools"),
        ({"tools": [TOOL], "result_format": "text"}, "result_format"),
        ({"tools": [TOOL], "n": 2}, "Parameter n must be 1"),
        ({"response_format": {"type": "json_object"}}, "must contain the word 'json'"),
        ({"response_format": {"type": "json_schema"}}, "response_format"),
        ({"response_format": {"type": "json_object"}, "enable_thinking": True}, "Json mode response is not supported"),
        ({"enable_thinking": True, "tools": [TOOL], "tool_choice": NAMED}, "in thinking mode"),
        ({"thinking_budget": 0, "enable_thinking": True}, "thinking_budget"),
    ],
)
async def test_what_does_not_go_is_refused(parameters: dict[str, Any], words: str, there: httpx.AsyncClient) -> None:
    got = await ask(there, **parameters)
    assert (got.status_code, got.json()["code"]) == (400, "InvalidParameter")
    assert words in got.json()["message"]


async def test_what_is_unknown_is_passed_over(there: httpx.AsyncClient) -> None:
    assert (await ask(there, frequency_penalty=1, user="u-1")).status_code == 200


@pytest.mark.parametrize(("model", "stream", "parameters"), [("qwen3-8b", False, {}), ("qwen-plus", True, {"incremental_output": False})])
async def test_thinking_needs_a_stream_of_increments(model: str, stream: bool, parameters: Any, there: httpx.AsyncClient) -> None:
    got = await ask(there, model=model, stream=stream, enable_thinking=True, **parameters)
    assert (got[0] if stream else got.json())["code"] == "InvalidParameter"


async def test_a_budget_ends_thinking(there: httpx.AsyncClient) -> None:
    free = (await ask(there, enable_thinking=True)).json()
    held = (await ask(there, enable_thinking=True, thinking_budget=2)).json()
    thoughts = [each["output"]["choices"][0]["message"]["reasoning_content"] for each in (free, held)]
    assert thoughts[0].startswith(thoughts[1]) and len(brain.tokens(thoughts[1])) == 2
    assert held["usage"]["output_tokens_details"] == {"reasoning_tokens": 2}
    assert held["usage"]["output_tokens"] < free["usage"]["output_tokens"]


async def test_json_is_answered_as_asked(there: httpx.AsyncClient) -> None:
    schema = {"type": "json_schema", "json_schema": {"name": "person", "schema": SCHEMA, "strict": True}}
    for wanted in (schema, {"type": "json_object"}):
        got = (await ask(there, "As json, please", response_format=wanted)).json()
        assert isinstance(json.loads(got["output"]["choices"][0]["message"]["content"]), dict)


async def test_the_ends_of_an_answer(there: httpx.AsyncClient) -> None:
    short = (await ask(there, "one two three four", max_tokens=2)).json()["output"]["choices"][0]
    assert (short["finish_reason"], short["message"]["content"]) == ("length", "one two")
    stopped = (await ask(there, "one two three four", stop=["three"])).json()["output"]["choices"][0]
    assert (stopped["finish_reason"], stopped["message"]["content"]) == ("stop", "one two ")


async def test_the_likelihood_of_each_token(there: httpx.AsyncClient) -> None:
    got = (await ask(there, "one two", logprobs=True, top_logprobs=1)).json()["output"]["choices"][0]["logprobs"]["content"]
    assert [bytes(token["bytes"]).decode() for token in got] == ["one", " two"]
    assert all(token["top_logprobs"][0]["logprob"] == token["logprob"] <= 0 for token in got)


@pytest.mark.parametrize("parallel", [True, False])
async def test_tools_are_called_together_only_where_asked(parallel: bool, there: httpx.AsyncClient) -> None:
    other = {"type": "function", "function": {"name": "clock"}}
    got = (await ask(there, "call both", tools=[TOOL, other], **({"parallel_tool_calls": True} if parallel else {}))).json()
    calls = got["output"]["choices"][0]["message"]["tool_calls"]
    assert [(call["index"], call["function"]["name"]) for call in calls] == [(0, "weather"), (1, "clock")][: 1 + parallel]


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_that_is_inspected_away(stream: bool, there: httpx.AsyncClient) -> None:
    """Whole it is refused; a stream says what had passed, and then the error."""
    there.headers["x-lab-fault"] = '{"kind":"filter","where":"output"}'
    got = await ask(there, "one two three four", stream=stream, incremental_output=True)
    told = got[-1] if stream else got.json()
    assert (told["code"], told["message"]) == ("DataInspectionFailed", "Output data may contain inappropriate content.")
    assert not stream or "".join(each["output"]["choices"][0]["message"]["content"] for each in got[:-1]) == "one two"


async def test_a_search_names_its_sources_where_asked(there: httpx.AsyncClient) -> None:
    got = (await ask(there, enable_search=True, search_options={"enable_source": True})).json()
    assert got["output"]["search_info"]["search_results"][0]["index"] == 1 and got["usage"]["plugins"]["search"]["count"] == 1
    assert "search_info" not in (await ask(there)).json()["output"]


@pytest.mark.parametrize("model", ["qwen-plus", "qwen3-vl-plus"])
@pytest.mark.parametrize("incremental", [True, False])
async def test_a_stream_is_the_whole_in_pieces(model: str, incremental: bool, there: httpx.AsyncClient) -> None:
    def text(event: Any) -> str:
        content = event["output"]["choices"][0]["message"]["content"]
        return content if isinstance(content, str) else "".join(part["text"] for part in content)

    whole = (await ask(there, "one two three four five", model=model)).json()
    events = await ask(there, "one two three four five", model=model, stream=True, incremental_output=incremental)
    texts = [text(event) for event in events]
    assert ("".join(texts) if incremental else texts[-1]) == text(whole)
    assert incremental or all(after.startswith(before) for before, after in itertools.pairwise(texts))
    assert events[-1]["usage"] == whole["usage"]
    spent = [event["usage"]["output_tokens"] for event in events]
    assert spent == sorted(spent) and len({event["request_id"] for event in events}) == 1


@pytest.mark.parametrize("incremental", [True, False])
async def test_a_call_in_a_stream(incremental: bool, there: httpx.AsyncClient) -> None:
    """In increments a call is named once, and its later pieces have its place alone."""
    events = await ask(there, "weather", stream=True, incremental_output=incremental, tools=[TOOL])
    calls = [call for event in events for call in event["output"]["choices"][0]["message"].get("tool_calls", ())]
    assert events[-1]["output"]["choices"][0]["finish_reason"] == "tool_calls" and len(calls) > 2
    if incremental:
        assert [bool(call["id"]) for call in calls] == [True] + [False] * (len(calls) - 1)
        assert "".join(call["function"]["arguments"] for call in calls) == '{"city":"weather"}'
        assert all("name" not in call["function"] for call in calls[1:])
    else:
        assert {(call["id"], call["function"]["name"]) for call in calls} == {(calls[0]["id"], "weather")}
        assert calls[-1]["function"]["arguments"] == '{"city":"weather"}'


async def test_several_choices_of_a_stream_are_told_apart(there: httpx.AsyncClient) -> None:
    events = await ask(there, "one two", stream=True, incremental_output=True, n=2)
    texts = ["", ""]
    for event in events:
        (choice,) = event["output"]["choices"]
        texts[choice["index"]] += choice["message"]["content"]
    assert texts == ["one two", "one two"]


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_steps_say_all_and_nothing_else(reasoning: str, text: str, arguments: str) -> None:
    script = brain.Script(
        reasoning=reasoning, text=text, calls=(brain.Call(name="f", arguments=arguments),), usage=brain.Usage(prompt=0, completion=0)
    )
    made = list(steps(script))
    assert ["".join(getattr(step, part) for step in made) for part in ("reasoning", "text", "arguments")] == [reasoning, text, arguments]


async def test_images_of_every_address(there: httpx.AsyncClient) -> None:
    data = "data:image/png;base64," + base64.b64encode(media.png("x", 20, 10)).decode()
    content = [{"image": data}, {"image": "https://elsewhere.invalid/a.png"}, {"text": "Which?"}]
    body = {"model": "qwen-vl-max", "input": {"messages": [{"role": "user", "content": content}]}}
    got = (await there.post(MANY, json=body, headers=OPENED)).json()
    assert got["output"]["choices"][0]["message"]["content"] == [{"text": "Which?\n[2 images: 20x10, not fetched]"}]
    assert got["usage"]["image_tokens"] == 2 * brain.IMAGE_TOKENS == got["usage"]["input_tokens_details"]["image_tokens"]


async def told(there: httpx.AsyncClient, body: Any, path: str = MANY) -> list[Any]:
    got = await there.post(path, json=body, headers=OPENED | {"x-dashscope-sse": "enable"})
    return [json.loads(line.removeprefix("data:")) for line in got.text.split("\n") if line.startswith("data:")]


async def test_speech_comes_as_samples_and_then_as_an_address(there: httpx.AsyncClient) -> None:
    events = await told(there, {"model": "qwen3-tts-flash", "input": {"text": "Hello " * 20, "voice": "Cherry"}})
    samples = b"".join(base64.b64decode(event["output"]["audio"]["data"]) for event in events[:-1])
    url = events[-1]["output"]["audio"]["url"]
    assert (await there.get(url)).content.endswith(samples) and len(samples) == 2 * round(brain.spoken_seconds("Hello " * 20) * 24_000)
    assert [event["output"]["finish_reason"] for event in events] == ["null"] * (len(events) - 1) + ["stop"]


async def test_a_sentence_has_a_frame(there: httpx.AsyncClient) -> None:
    body = {"model": "cosyvoice-v3-flash", "input": {"text": "你好 a", "voice": "longanyang", "format": "wav", "sample_rate": 16000}}
    events = await told(there, body, "/api/v1/services/audio/tts/SpeechSynthesizer")
    kinds = [event["output"].get("type") for event in events]
    assert kinds == ["sentence-begin", *["sentence-synthesis"] * (len(kinds) - 3), "sentence-end", None]
    assert events[-1]["usage"] == {"characters": 6}  # a Han character counts twice
    sound = b"".join(base64.b64decode(event["output"]["audio"]["data"]) for event in events[1:-2])
    assert media.sound(sound)[2:] == (16000, "你好 a")


async def test_the_flash_models_have_a_form_of_their_own(there: httpx.AsyncClient) -> None:
    audio = {"data": "data:audio/wav;base64," + base64.b64encode(media.wav("one two", 1.2)).decode()}
    messages = [{"role": "user", "content": [{"type": "input_audio", "input_audio": audio}]}]
    body = {"model": "fun-asr-flash-2026-06-15", "input": {"messages": messages}, "parameters": {"format": "wav"}}
    got = (await there.post(MANY, json=body, headers=OPENED)).json()
    assert (got["output"]["text"], got["usage"]) == ("one two", {"duration": 2})
    words = [(word["text"], word["begin_time"], word["end_time"]) for word in got["output"]["sentence"]["words"]]
    assert words == [("one", 0, 600), (" two", 600, 1200)]
    assert (await told(there, body))[0]["output"] == got["output"]
    refused = await there.post(MANY, json=body | {"parameters": {}}, headers=OPENED)
    assert refused.status_code == 400 and "`format`" in refused.json()["message"]


@pytest.mark.parametrize("incremental", [True, False])
async def test_what_is_heard_comes_in_pieces(incremental: bool, there: httpx.AsyncClient) -> None:
    audio = "data:audio/wav;base64," + base64.b64encode(media.wav("one two three four", 1.2)).decode()
    messages = [{"role": "user", "content": [{"audio": audio}]}]
    body = {"model": "qwen3-asr-flash", "input": {"messages": messages}, "parameters": {"incremental_output": incremental}}
    events = await told(there, body)
    texts = ["".join(part["text"] for part in event["output"]["choices"][0]["message"]["content"]) for event in events]
    assert ("".join(texts) if incremental else texts[-1]) == "one two three four"
    assert events[-1]["usage"]["seconds"] == 2
