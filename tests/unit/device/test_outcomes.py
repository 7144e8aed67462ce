# SPDX-License-Identifier: Apache-2.0
"""What becomes of a request when a model is absent, broken, too large, killed, silent or crashing: of every kind the same, and typed."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from comity.device import room
from comity.device.manifest import RUNTIMES
from comity.device.runtime import RESTARTS_MAX, Runtime
from comity.errors import CallerError, OperatorError, ProviderFailure, TrustFailure

FAKE = Path(__file__).with_name("fake_engine.py")
KINDS = ("text", "vectors", "hearing", "speaking", "reading")


@asynccontextmanager
async def running(kind: str, how: str = "loads", **more: Any) -> AsyncIterator[Runtime]:
    runtime = Runtime(kind, {"model": Path(how)}, name="tiny", threads=1, command=(sys.executable, str(FAKE)), **more)
    try:
        yield runtime
    finally:
        await runtime.aclose()


async def answer(runtime: Runtime, do: str = "", pieces: int = 1) -> list[Any]:
    return [json.loads(piece) async for piece in runtime.ask({"do": do, "pieces": pieces})]


@pytest.mark.parametrize("kind", KINDS)
async def test_each_kind_answers_in_pieces(kind: str) -> None:
    async with running(kind) as runtime:
        assert await answer(runtime, pieces=2) == [{"kind": kind, "number": 0}, {"kind": kind, "number": 1}]


@pytest.mark.parametrize("kind", KINDS)
async def test_without_its_package_the_extra_is_named(kind: str) -> None:
    async with running(kind, "absent") as runtime:
        with pytest.raises(OperatorError) as raised:
            await answer(runtime)
        assert (raised.value.code, raised.value.hint) == ("model.no_runtime", f"pip install 'comity[{RUNTIMES[kind][1]}]'")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("how", "code"), [("broken", "model.unloadable"), ("memory", "model.no_memory")])
async def test_what_cannot_be_loaded(kind: str, how: str, code: str) -> None:
    async with running(kind, how) as runtime:
        with pytest.raises(OperatorError) as raised:
            await answer(runtime)
        assert raised.value.code == code and "secret" not in str(raised.value)
        assert not runtime.pid


@pytest.mark.parametrize("kind", KINDS)
async def test_a_file_that_is_replaced_while_it_runs_is_not_loaded_again(kind: str) -> None:
    asked, whole = [], True

    def check() -> None:
        asked.append(whole)
        if not whole:
            raise TrustFailure("what lies there is not the model", step="model-hash", code="trust.model-hash")

    async with running(kind, check=check) as runtime:
        await answer(runtime)
        whole = False
        await answer(runtime)
        with pytest.raises(ProviderFailure):
            await answer(runtime, "die")
        for _ in range(RESTARTS_MAX + 1):
            with pytest.raises(TrustFailure):
                await answer(runtime)
        whole = True
        assert len(await answer(runtime)) == 1
    assert asked == [True, *[False] * (RESTARTS_MAX + 1), True]


@pytest.mark.parametrize(
    ("kind", "do", "code", "field"),
    [
        ("text", "refuse", "request.unsupported", ""),
        ("speaking", "refuse", "request.unsupported", ""),
        ("hearing", "refuse", "request.unsupported", ""),
        ("hearing", "broken", "request.invalid", "file"),
        ("reading", "refuse", "request.invalid", "image"),
    ],
)
async def test_a_file_that_is_broken_is_told_apart_from_what_a_model_does_not_do(kind: str, do: str, code: str, field: str) -> None:
    async with running(kind) as runtime:
        with pytest.raises(CallerError) as raised:
            await answer(runtime, do)
        assert (raised.value.code, raised.value.field) == (code, field) and "secret" not in str(raised.value)
        assert ("tools" in raised.value.hint) == (kind == "text")
        assert len(await answer(runtime)) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("do", "error", "code"),
    [
        ("long", CallerError, "request.too_long"),
        ("fail", ProviderFailure, "provider.failed"),
    ],
)
async def test_what_an_engine_refuses_is_a_word_and_it_goes_on(kind: str, do: str, error: type[Exception], code: str) -> None:
    async with running(kind) as runtime:
        with pytest.raises(error) as raised:
            await answer(runtime, do)
        assert getattr(raised.value, "code", "") == code and "secret" not in str(raised.value)
        before = runtime.pid
        assert len(await answer(runtime)) == 1
        assert runtime.pid == before


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pieces", [0, 1])
async def test_one_whose_native_code_crashes_fails_that_answer_alone(kind: str, pieces: int) -> None:
    async with running(kind) as runtime:
        with pytest.raises(ProviderFailure, match="ended") as raised:
            await answer(runtime, "die", pieces)
        assert raised.value.retryable is (pieces == 0)
        assert len(await answer(runtime)) == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_one_that_crashes_each_time_is_left_alone(kind: str) -> None:
    async with running(kind) as runtime:
        for _ in range(RESTARTS_MAX):
            with pytest.raises(ProviderFailure):
                await answer(runtime, "die")
        with pytest.raises(OperatorError) as raised:
            await answer(runtime)
        assert raised.value.code == "model.crashing"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pieces", [0, 1])
async def test_one_that_hangs_is_ended_and_started_anew(kind: str, pieces: int) -> None:
    async with running(kind, silent_seconds_max=0.2) as runtime:
        await runtime.start()
        before = runtime.pid
        with pytest.raises(ProviderFailure, match="says nothing") as raised:
            await answer(runtime, "hang", pieces)
        assert (raised.value.code, raised.value.kind, raised.value.retryable) == ("model.hung", "timeout", pieces == 0)
        runtime._silent = 60.0
        assert len(await answer(runtime)) == 1
        assert runtime.pid != before


async def test_nobody_asked_is_not_hung() -> None:
    async with running("text", silent_seconds_max=0.001) as runtime:
        await runtime.start()
        before = runtime.pid
        for _ in range(20):
            await asyncio.sleep(0.001)
        assert runtime.alive and runtime.pid == before


async def test_too_little_memory_is_said_before_a_process_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "memory_available", lambda: 5 << 20)
    async with running("text", needs=6 << 20) as runtime:
        for _ in range(RESTARTS_MAX + 1):  # which is no crash of the model's
            with pytest.raises(OperatorError) as raised:
                await answer(runtime)
            assert str(raised.value) == "model `tiny` needs 6 MB of memory, and 5 MB are free"
        assert not runtime.pid
        monkeypatch.setattr(room, "memory_available", lambda: 6 << 20)
        assert len(await answer(runtime)) == 1


async def test_who_is_not_asked_for_a_while_rests_and_wakes() -> None:
    async with running("text", idle_seconds_max=0.05) as runtime:
        await answer(runtime)
        async with asyncio.timeout(60):
            while not runtime.rests:  # noqa: ASYNC110 - what is waited for is another process
                await asyncio.sleep(0.01)
        assert not runtime.pid
        assert len(await answer(runtime)) == 1


async def test_who_is_asked_does_not_rest() -> None:
    async with running("text", idle_seconds_max=0.001) as runtime:
        hanging = asyncio.create_task(answer(runtime, "hang"))
        for _ in range(100):
            await asyncio.sleep(0.005)
            if runtime.under_way:
                break
        assert runtime.under_way == 1 and not runtime.rests
        hanging.cancel()
        await asyncio.gather(hanging, return_exceptions=True)
