# SPDX-License-Identifier: Apache-2.0
"""A model on this machine as a Provider: what a caller gets, whole and as a stream, and who is told what when it fails."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.config import DeviceConfig, PathsConfig
from comity.device import manifest
from comity.device.answers import LocalAnswer, joined
from comity.device.fetch import checked
from comity.device.provider import EmbeddedProvider, runtime_of
from comity.device.runtime import RESTARTS_MAX, Runtime
from comity.errors import CallerError, ComityError, OperatorError, ProviderFailure, TrustFailure
from comity.policy import facts
from comity.providers.base import Deployment, ModelProfile
from comity.wire.chat import ChatRequest, Message, StreamOptions
from comity.wire.sse import EventDecoder

FAKE = Path(__file__).with_name("fake_child.py")
COMMON = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 17, "model": "/a/path/model.gguf", "timings": {"prompt_ms": 1}}
USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> dict[str, Any]:
    return COMMON | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]} | more


ROLE = chunk({"role": "assistant", "content": None})
HELLO = [ROLE, chunk({"content": "Hel"}), chunk({"content": "lo"}), chunk({}, "stop")]
LAST = COMMON | {"choices": [], "usage": USAGE}


def deployment(model: str = "tiny") -> Deployment:
    law = facts.Provider(id="device", kind="on_device")
    return Deployment(id="device", provider="embedded", dialect="embedded", model=model, facts=law, profile=ModelProfile(context_tokens=64))


def request(content: str = "hi", **more: Any) -> ChatRequest:
    return ChatRequest(messages=(Message(role="user", content=content),), **more)


def told(*pieces: Any, then: str = "", **more: Any) -> str:
    return json.dumps({"pieces": pieces, "then": then, **more})


def provider(mode: str = "well") -> EmbeddedProvider:
    runtime = Runtime("text", {"model": Path("a.gguf")}, context_tokens=64, command=(sys.executable, str(FAKE), mode))
    return EmbeddedProvider(deployment(), paths=PathsConfig(), runtime=runtime)


async def generated(*pieces: Any) -> AsyncGenerator[bytes, None]:
    for piece in pieces:
        yield json.dumps(piece).encode()


async def served(*pieces: Any, **more: Any) -> list[bytes]:
    answer = LocalAnswer(generated(*pieces), "tiny", request(**more))
    await answer.begin()
    return [data async for data in answer.chunks()]


def events(data: list[bytes]) -> list[Any]:
    found = EventDecoder().feed(b"".join(data))
    assert found[-1].data == b"[DONE]"
    return [json.loads(event.data) for event in found[:-1]]


# -- what a caller gets ----------------------------------------------------------------------------------------------


async def test_a_whole_answer_is_one_completion_and_says_what_was_used() -> None:
    (data,) = await served(*HELLO, LAST)
    assert json.loads(data) == {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 17,
        "model": "tiny",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
        "usage": USAGE,
    }


async def test_a_stream_is_the_chunks_without_what_the_runtime_adds() -> None:
    said = events(await served(*HELLO, LAST, stream=True))
    assert [each["choices"][0]["delta"] for each in said] == [
        {"role": "assistant", "content": None},
        {"content": "Hel"},
        {"content": "lo"},
        {},
    ]
    for each in said:
        assert set(each) == {"id", "object", "created", "model", "choices"}
        assert each["model"] == "tiny"
        assert "/a/path" not in json.dumps(each)


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        (None, False),
        (StreamOptions(), False),
        (StreamOptions(include_usage=False), False),
        (StreamOptions(include_usage=True), True),
    ],
)
async def test_a_stream_says_what_was_used_only_when_asked(options: StreamOptions | None, shown: bool) -> None:
    said = events(await served(*HELLO, LAST, stream=True, stream_options=options))
    assert [each["usage"] for each in said if "usage" in each] == ([USAGE] if shown else [])
    assert len(said) == (5 if shown else 4)


async def test_a_chunk_that_also_says_what_was_used_still_arrives() -> None:
    said = events(await served(ROLE, chunk({"content": "x"}, "stop", usage=USAGE), stream=True))
    assert [each["choices"][0]["delta"].get("content") for each in said] == [None, "x"]
    assert not any("usage" in each for each in said)


async def test_several_chunks_in_one_piece_are_several_chunks() -> None:
    assert len(events(await served(HELLO[:2], *HELLO[2:], stream=True))) == 4
    (data,) = await served(HELLO[:2], HELLO[2:])
    assert json.loads(data)["choices"][0]["message"]["content"] == "Hello"


async def test_the_kind_of_answer_is_said_before_it_begins() -> None:
    assert LocalAnswer(generated(), "tiny", request()).content_type == "application/json"
    assert LocalAnswer(generated(), "tiny", request(stream=True)).content_type == "text/event-stream"


# -- one completion from its chunks ----------------------------------------------------------------------------------


def test_tool_calls_are_joined_each_on_its_own() -> None:
    first = {"index": 0, "id": "c1", "type": "function", "function": {"name": "weather", "arguments": ""}}
    second = {"index": 1, "id": "c2", "type": "function", "function": {"name": "time", "arguments": "{}"}}
    body = joined(
        [
            ROLE,
            chunk({"tool_calls": [first]}),
            chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"city":'}}, second]}),
            chunk({"tool_calls": [{"index": 0, "function": {"arguments": '"Lyon"}'}}]}),
            chunk({}, "tool_calls"),
        ]
    )
    assert body["choices"] == [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Lyon"}'}},
                    {"id": "c2", "type": "function", "function": {"name": "time", "arguments": "{}"}},
                ],
            },
            "finish_reason": "tool_calls",
        }
    ]


def test_reasoning_refusals_and_log_probabilities_are_kept() -> None:
    def token(word: str) -> dict[str, Any]:
        return {"content": [{"token": word, "logprob": -0.5}]}

    one = chunk({"reasoning_content": "let "})
    two = chunk({"reasoning_content": "me", "content": "A"})
    two["choices"][0]["logprobs"] = token("A")
    three = chunk({"content": "B", "refusal": "no"}, "length")
    three["choices"][0]["logprobs"] = token("B")
    (choice,) = joined([ROLE, one, two, three])["choices"]
    assert choice["message"] == {"role": "assistant", "content": "AB", "reasoning_content": "let me", "refusal": "no"}
    assert [each["token"] for each in choice["logprobs"]["content"]] == ["A", "B"]
    assert choice["finish_reason"] == "length"


@given(st.lists(st.text(), max_size=8), st.lists(st.text(), max_size=8))
def test_texts_and_arguments_arrive_whole_however_they_were_cut(texts: list[str], arguments: list[str]) -> None:
    calls = [chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}) for piece in arguments]
    message = joined([ROLE, *(chunk({"content": piece}) for piece in texts), *calls])["choices"][0]["message"]
    assert message["content"] == ("".join(texts) if texts else None)
    if arguments:
        assert message["tool_calls"][0]["function"]["arguments"] == "".join(arguments)


# -- what the runtime is asked ---------------------------------------------------------------------------------------


class Asked:
    """A runtime that keeps what it was asked."""

    alive = True

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []

    async def start(self) -> None: ...

    def ask(self, body: dict[str, Any]) -> AsyncGenerator[bytes, None]:
        self.bodies.append(body)
        return generated(*HELLO)


@pytest.mark.parametrize(
    ("limits", "asked"),
    [
        ({}, None),
        ({"max_tokens": 5}, 5),
        ({"max_completion_tokens": 6}, 6),
        ({"max_tokens": 5, "max_completion_tokens": 6}, 6),
        ({"max_completion_tokens": 0}, 0),
    ],
)
async def test_the_model_always_streams_and_both_names_of_the_limit_are_kept(limits: dict[str, int], asked: int | None) -> None:
    runtime = Asked()
    local = EmbeddedProvider(deployment(), paths=PathsConfig(), runtime=runtime)  # type: ignore[arg-type]  # as much as is used of one
    await local.send(deployment(), request(**limits))
    (body,) = runtime.bodies
    assert body["stream"] is True
    assert body["stream_options"] == {"include_usage": True}
    assert body.get("max_tokens") == asked
    assert "max_completion_tokens" not in body


async def test_more_than_one_choice_is_refused_before_the_model_hears_of_it() -> None:
    runtime = Asked()
    local = EmbeddedProvider(deployment(), paths=PathsConfig(), runtime=runtime)  # type: ignore[arg-type]  # as much as is used of one
    with pytest.raises(CallerError) as raised:
        await local.send(deployment(), request(n=2))
    assert (raised.value.code, raised.value.field) == ("request.unsupported", "n")
    assert runtime.bodies == []
    await local.send(deployment(), request(n=1))


# -- whose fault it is -----------------------------------------------------------------------------------------------


async def test_an_answer_comes_through_a_process_and_the_model_is_ready() -> None:
    local = provider()
    assert local.ready().word == "model.not_started"
    answer = await local.send(deployment(), request(told(*HELLO)))
    assert local.ready().word == "ready"
    (data,) = [data async for data in answer.chunks()]
    assert json.loads(data)["choices"][0]["message"]["content"] == "Hello"
    await answer.aclose()
    await answer.aclose()
    await local.aclose()
    assert local.ready().word == "model.restarting"
    with pytest.raises(ProviderFailure, match="closed"):
        await local.send(deployment(), request(told(*HELLO)))


async def test_a_prompt_that_does_not_fit_is_the_callers_to_shorten() -> None:
    local = provider()
    with pytest.raises(CallerError) as raised:
        await local.send(deployment(), request(told(error="too_long")))
    assert (raised.value.code, raised.value.field) == ("request.too_long", "messages")
    assert local.ready().word == "ready"
    await local.aclose()


@pytest.mark.parametrize(("mode", "code"), [("absent", "model.no_runtime"), ("unloadable", "model.unloadable")])
async def test_what_an_operator_must_mend_lets_another_place_answer(mode: str, code: str) -> None:
    local = provider(mode)
    with pytest.raises(OperatorError):
        await local.start()
    assert local.ready().word == code
    with pytest.raises(ProviderFailure) as raised:
        await local.send(deployment(), request(told(*HELLO)))
    assert (raised.value.kind, raised.value.retryable, raised.value.code) == ("unavailable", True, code)
    assert local.ready().word == code
    await local.aclose()


async def test_a_model_that_keeps_crashing_says_so_when_asked_whether_it_is_ready() -> None:
    local = provider()
    for _ in range(RESTARTS_MAX):
        with pytest.raises(ProviderFailure):
            await local.send(deployment(), request(told(then="die")))
    with pytest.raises(ProviderFailure) as raised:
        await local.send(deployment(), request(told(*HELLO)))
    assert raised.value.code == "model.crashing"
    assert local.ready().word == "model.crashing"
    await local.aclose()


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_that_breaks_off_is_a_failure_and_not_a_shorter_answer(stream: bool) -> None:
    local = provider()
    answer = await local.send(deployment(), request(told(*HELLO[:2], then="die"), stream=stream))
    sent: list[bytes] = []
    with pytest.raises(ProviderFailure) as raised:
        async for data in answer.chunks():
            sent.append(data)
    assert not raised.value.retryable
    assert b"[DONE]" not in b"".join(sent)
    assert stream or sent == []
    await answer.aclose()
    await local.aclose()


async def test_an_answer_given_back_early_stops_the_model() -> None:
    local = provider()
    answer = await local.send(deployment(), request(told(*HELLO, then="hold"), stream=True))
    await anext(answer.chunks())
    await answer.aclose()
    whole = await local.send(deployment(), request(told(then="report")))
    seen = json.loads(whole._first or b"")
    assert seen["stopped"] == [1]
    await whole.aclose()
    await local.aclose()


# -- the file it runs ------------------------------------------------------------------------------------------------


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A model of the list whose file is here, with the right bytes."""
    import hashlib

    content = b"GGUF, and then some"
    small, digest = manifest.model_named("smollm2-135m-instruct"), hashlib.sha256(content).hexdigest()
    only = manifest.File(name="model", file="tiny.gguf", bytes=len(content), sha256=digest)
    model = msgspec.structs.replace(small, id="tiny", files=(only,))
    monkeypatch.setattr(manifest, "known_models", lambda: {"tiny": model})
    path = tmp_path / "tiny.gguf"
    path.write_bytes(content)
    return path


class Started:
    """What a provider makes to run a file; it counts how many were made."""

    made: list[Started]
    alive = True

    def __init__(self, kind: str, files: dict[str, Path], *, context_tokens: int, **_: Any) -> None:
        self.kind, self.files, self.context_tokens = kind, files, context_tokens
        self.made.append(self)

    async def start(self) -> None:
        await asyncio.sleep(0)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Started]:
    Started.made = []
    monkeypatch.setattr("comity.device.provider.Runtime", Started)
    return Started.made


async def test_many_who_ask_first_make_one_runtime(tiny: Path, made: list[Started]) -> None:
    local = EmbeddedProvider(deployment(), paths=PathsConfig(models=str(tiny.parent)))
    await asyncio.gather(*(local.start() for _ in range(5)))
    (only,) = made
    assert (only.kind, only.files, only.context_tokens) == ("text", {"model": tiny}, 64)


async def test_a_file_that_is_not_the_model_is_not_run(tiny: Path, made: list[Started]) -> None:
    tiny.write_bytes(b"GGUF, and then other")
    local = EmbeddedProvider(deployment(), paths=PathsConfig(models=str(tiny.parent)))
    for attempt in (local.start(), local.send(deployment(), request())):
        with pytest.raises(TrustFailure) as raised:  # never softened into a failure that another attempt might follow
            await attempt
        assert raised.value.step == "model-hash"
    assert local.ready().word == "trust.model-hash"
    assert made == []


async def test_a_file_that_is_replaced_is_checked_before_it_is_loaded_again(tiny: Path) -> None:
    runtime = runtime_of(checked("tiny", tiny.parent), 64, DeviceConfig())
    assert runtime._check is not None
    runtime._check()
    tiny.write_bytes(b"GGUF, and then other")
    with pytest.raises(TrustFailure):
        runtime._check()
    tiny.unlink()
    with pytest.raises(OperatorError):
        runtime._check()
    await runtime.aclose()


async def test_a_model_that_is_not_here_can_be_fetched_meanwhile(tiny: Path, made: list[Started]) -> None:
    away = tiny.rename(tiny.with_suffix(".away"))
    local = EmbeddedProvider(deployment(), paths=PathsConfig(models=str(tiny.parent)))
    with pytest.raises(ComityError) as raised:
        await local.send(deployment(), request())
    assert (raised.value.code, local.ready().word) == ("model.absent", "model.absent")
    assert "comity models add" in str(raised.value)
    away.rename(tiny)
    await local.start()
    assert local.ready().word == "ready"


async def test_a_file_of_ones_own_is_run_as_it_is(made: list[Started], tmp_path: Path) -> None:
    path = tmp_path / "My-Model.gguf"
    path.write_bytes(b"anything")
    local = EmbeddedProvider(deployment(str(path)), paths=PathsConfig(models=str(tmp_path / "other")))
    await local.start()
    assert [each.files for each in made] == [{"model": path}]
    assert local._name == "my-model"
