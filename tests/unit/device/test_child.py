# SPDX-License-Identifier: Apache-2.0
"""The process that runs native code, with a stand-in for the native code alone; the gateway's real side asks it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from comity.device.frames import Ask, Loading, Ready, pack
from comity.device.runtime import Runtime
from comity.errors import CallerError, OperatorError, ProviderFailure

FAKE = Path(__file__).with_name("fake_llama.py")


@asynccontextmanager
async def running(model: str = "loads", slots: int = 1) -> AsyncIterator[Runtime]:
    runtime = Runtime("text", {"model": Path(model)}, context_tokens=100, slots=slots, threads=3, command=(sys.executable, str(FAKE)))
    try:
        yield runtime
    finally:
        await runtime.aclose()


def say(content: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": content}]}


async def answer(runtime: Runtime, content: str) -> list[Any]:
    return [json.loads(piece) async for piece in runtime.ask(say(content))]


async def test_each_slot_has_its_own_context_and_nothing_of_the_listener_is_left_open() -> None:
    async with running(slots=2) as runtime:
        (seen,) = await answer(runtime, "params")
        assert seen["context"] == [200, 2, 100, 3]
        assert seen["socket"].endswith("s.sock")  # a Unix socket, not a port
        assert seen["left"] is False
        assert seen["key"] == 64
        assert seen["served"] == [False] * 4


@pytest.mark.parametrize(("model", "code"), [("absent", "model.no_runtime"), ("broken", "model.unloadable")])
async def test_what_cannot_load_says_so_without_the_message(model: str, code: str) -> None:
    async with running(model) as runtime:
        with pytest.raises(OperatorError) as raised:
            await runtime.start()
        assert raised.value.code == code
        assert "anything" not in str(raised.value)


async def test_whoever_leaves_gives_the_slot_back() -> None:
    async with running(slots=1) as runtime:  # one slot: the next answer needs it
        async with aclosing(runtime.ask(say("count"))) as pieces:
            assert [await anext(pieces) for _ in range(3)] == [b"0", b"1", b"2"]
        assert await answer(runtime, "free?") == [True]


async def test_whoever_leaves_while_waiting_for_a_slot_is_never_begun() -> None:
    async with running(slots=1) as runtime:
        counting = runtime.ask(say("count"))
        await anext(counting)
        waiting = asyncio.create_task(answer(runtime, "count"))
        await asyncio.sleep(0)  # it has asked
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await counting.aclose()
        assert await answer(runtime, "begun?") == [["count", "begun?"]]


@pytest.mark.parametrize(
    ("content", "error", "code"),
    [
        ("refuse", CallerError, "request.unsupported"),
        ("break", ProviderFailure, "provider.failed"),
        ("{'error': {'type': 'exceed_context_size_error', 'message': 'my secret'}}", CallerError, "request.too_long"),
        ("{'error': {'type': 'server_error', 'message': 'my secret'}}", ProviderFailure, "provider.failed"),
        ("{'error': {'type': 'my secret, in words'}}", ProviderFailure, "provider.failed"),
        ("{'error': 'my secret'}", ProviderFailure, "provider.failed"),
    ],
)
async def test_what_goes_wrong_is_told_in_a_word_and_never_in_a_message(content: str, error: type[Exception], code: str) -> None:
    async with running() as runtime:
        with pytest.raises(error) as raised:
            await answer(runtime, content)
        assert getattr(raised.value, "code", "") == code
        assert "secret" not in str(raised.value)
        assert "prompt in it" not in str(raised.value)
        assert len(await answer(runtime, "params")) == 1  # it goes on


def test_it_ends_when_its_gateway_does_even_in_the_middle_of_an_answer() -> None:
    loading = Loading(files={"model": "loads"}, context_tokens=100, threads=3)
    command = [sys.executable, str(FAKE), "text", msgspec.json.encode(loading).decode()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.read(len(pack(Ready()))) == pack(Ready())
        child.stdin.write(pack(Ask(id=1, body=say("count"))))
        child.stdin.flush()
        assert child.stdout.read(4)
        child.stdin.close()  # as it is when the gateway's process is gone
        child.stdout.read()
        assert child.wait(60) == 0
