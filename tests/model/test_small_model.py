# SPDX-License-Identifier: Apache-2.0
"""The small model itself, in its own process: it answers, stops, and is started again when it is killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import pytest

from comity.config import PathsConfig
from comity.device.answers import LocalAnswer
from comity.device.fetch import is_whole
from comity.device.manifest import model_named, models_directory
from comity.device.provider import EmbeddedProvider
from comity.errors import CallerError, ProviderFailure
from comity.policy import facts
from comity.providers.base import Deployment, ModelProfile
from comity.wire.chat import ChatRequest, Message, StreamOptions
from comity.wire.sse import EventDecoder

pytestmark = pytest.mark.model

NAME = "smollm2-135m-instruct"
CONTEXT_TOKENS = 512
DAYS = "Name the days of the week."  # of the few things that a model this small is sure of
DEPLOYMENT = Deployment(
    id="device", provider="embedded", dialect="embedded", model=NAME,
    facts=facts.Provider(id="device", kind="on_device"), profile=ModelProfile(context_tokens=CONTEXT_TOKENS),
)  # fmt: skip


@pytest.fixture
async def device() -> AsyncIterator[EmbeddedProvider]:
    paths = PathsConfig()
    if not is_whole(model_named(NAME), models_directory(paths)):
        pytest.skip(f"this model is not on this machine: comity models add {NAME}")
    provider = EmbeddedProvider(DEPLOYMENT, paths=paths)
    await provider.start()
    yield provider
    await provider.aclose()


def pid_of(device: EmbeddedProvider) -> int:
    assert device._runtime is not None
    return device._runtime.pid


async def ask(device: EmbeddedProvider, content: str, **more: Any) -> LocalAnswer:
    defaults = {"temperature": 0.0, "seed": 1, "max_tokens": 24}
    return await device.send(DEPLOYMENT, ChatRequest(messages=(Message(role="user", content=content),), **(defaults | more)))


async def whole(device: EmbeddedProvider, content: str, **more: Any) -> dict[str, Any]:
    answer = await ask(device, content, **more)
    body = json.loads(b"".join([data async for data in answer.chunks()]))
    await answer.aclose()
    return dict(body)


async def streamed(device: EmbeddedProvider, content: str, **more: Any) -> list[dict[str, Any]]:
    answer = await ask(device, content, stream=True, **more)
    decoder = EventDecoder()
    events = [event.data async for data in answer.chunks() for event in decoder.feed(data)]
    await answer.aclose()
    assert events.pop() == b"[DONE]"
    return [json.loads(event) for event in events]


async def test_it_answers_what_it_was_asked(device: EmbeddedProvider) -> None:
    assert device.ready().word == "ready"
    body = await whole(device, DAYS)
    (choice,) = body["choices"]
    assert "Monday" in choice["message"]["content"]
    assert (body["object"], body["model"], choice["message"]["role"]) == ("chat.completion", NAME, "assistant")


async def test_a_stream_says_the_same_piece_by_piece(device: EmbeddedProvider) -> None:
    expected = await whole(device, DAYS)
    chunks = await streamed(device, DAYS, stream_options=StreamOptions(include_usage=True))
    said = [choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"]]
    assert "".join(said) == expected["choices"][0]["message"]["content"]
    assert len([piece for piece in said if piece]) > 1
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert chunks[-1]["usage"]["completion_tokens"] == expected["usage"]["completion_tokens"]


async def test_a_limit_of_tokens_is_kept_and_said(device: EmbeddedProvider) -> None:
    for limit in ({"max_tokens": 5}, {"max_tokens": None, "max_completion_tokens": 5}):
        body = await whole(device, "Count from one to one hundred, in words.", **limit)
        assert body["usage"]["completion_tokens"] == 5
        assert body["choices"][0]["finish_reason"] == "length"


async def test_a_prompt_longer_than_the_context_is_refused_and_the_next_is_answered(device: EmbeddedProvider) -> None:
    with pytest.raises(CallerError) as raised:
        await whole(device, "word " * (2 * CONTEXT_TOKENS))
    assert raised.value.code == "request.too_long"
    assert (await whole(device, "Say hello."))["choices"][0]["message"]["content"]


async def test_what_it_cannot_take_is_refused_by_name(device: EmbeddedProvider) -> None:
    with pytest.raises(CallerError) as raised:
        await whole(device, "Say hello.", top_logprobs=2)  # without `logprobs`
    assert raised.value.code == "request.unsupported"


async def test_callers_who_leave_early_give_their_slots_back(device: EmbeddedProvider) -> None:
    """More of them than there are slots, each with an answer that would fill its context: were they not stopped, the last would wait."""
    before = pid_of(device)
    for _ in range(6):
        answer = await ask(device, "Write a very long story, and never end it.", stream=True, max_tokens=None)
        chunks = answer.chunks()
        await anext(chunks)
        await answer.aclose()
    body = await whole(device, "Say hello.", max_tokens=4)
    assert body["usage"]["completion_tokens"] <= 4
    assert pid_of(device) == before


async def test_two_are_answered_at_once_each_with_its_own(device: EmbeddedProvider) -> None:
    first, second = await asyncio.gather(whole(device, DAYS), whole(device, "What is a dog?"))
    assert "Monday" in first["choices"][0]["message"]["content"]
    assert "animal" in second["choices"][0]["message"]["content"]


async def test_killed_in_the_middle_it_fails_that_answer_and_answers_the_next(device: EmbeddedProvider) -> None:
    answer = await ask(device, "Write a very long story.", stream=True, max_tokens=None)
    chunks = answer.chunks()
    await anext(chunks)
    before = pid_of(device)
    os.kill(before, signal.SIGKILL)
    with pytest.raises(ProviderFailure) as raised:
        async for _ in chunks:
            pass
    assert raised.value.kind == "unavailable"
    assert not raised.value.retryable  # something had been said already
    await answer.aclose()
    assert device.ready().word == "model.restarting"
    body = await whole(device, DAYS)
    assert "Monday" in body["choices"][0]["message"]["content"]
    assert pid_of(device) != before
    assert device.ready().word == "ready"
