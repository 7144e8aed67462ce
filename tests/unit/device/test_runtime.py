# SPDX-License-Identifier: Apache-2.0
"""The gateway's side of a model's process, beside a process that does as it is told."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from comity.device import links
from comity.device import runtime as module
from comity.device.frames import FRAME_BYTES_MAX, Ready, pack
from comity.device.runtime import RESTARTS_MAX, Runtime
from comity.errors import CallerError, OperatorError, ProviderFailure

FAKE = Path(__file__).with_name("fake_child.py")


@asynccontextmanager
async def running(mode: str = "well", slots: int = 2) -> AsyncIterator[Runtime]:
    runtime = Runtime(
        "text", {"model": Path("a.gguf")}, context_tokens=512, slots=slots, threads=3, command=(sys.executable, str(FAKE), mode)
    )
    try:
        yield runtime
    finally:
        await runtime.aclose()


def told(*pieces: Any, then: str = "", **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": json.dumps({"pieces": pieces, "then": then, **more})}]}


async def answer(runtime: Runtime, body: dict[str, Any]) -> list[Any]:
    return [json.loads(piece) async for piece in runtime.ask(body)]


async def report(runtime: Runtime) -> dict[str, Any]:
    (seen,) = await answer(runtime, told(then="report"))
    return dict(seen)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - what is waited for is another process
            await asyncio.sleep(0)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


# -- asked and answered ----------------------------------------------------------------------------------------------


async def test_pieces_come_as_they_were_said_and_the_process_stays() -> None:
    async with running() as runtime:
        assert await answer(runtime, told({"a": 1}, "zwei", [3])) == [{"a": 1}, "zwei", [3]]
        pid = runtime.pid
        assert await answer(runtime, told()) == []
        assert runtime.pid == pid
        kind, loading = (await report(runtime))["arguments"]
        assert (kind, json.loads(loading)) == ("text", {"files": {"model": "a.gguf"}, "context_tokens": 512, "slots": 2, "threads": 3})


async def test_answers_that_arrive_woven_are_told_apart() -> None:
    async with running() as runtime:
        bodies = [told(*(f"{name}{number}" for number in range(50)), then="together", others=2) for name in "abc"]
        answers = await asyncio.gather(*(answer(runtime, body) for body in bodies))
        assert answers == [[f"{name}{number}" for number in range(50)] for name in "abc"]


async def test_many_who_ask_first_start_one_process() -> None:
    async with running() as runtime:
        seen = await asyncio.gather(*(answer(runtime, told(then="report")) for _ in range(5)))
        assert len({each[0]["folder"] for each in seen}) == 1


async def test_whoever_leaves_early_stops_the_model() -> None:
    async with running() as runtime:
        async with aclosing(runtime.ask(told("one", then="hold"))) as pieces:
            assert await anext(pieces) == b'"one"'
        assert (await report(runtime))["stopped"] == [1]


async def test_a_waiting_caller_who_is_cancelled_stops_the_model() -> None:
    async with running() as runtime:
        await runtime.start()
        waiting = asyncio.create_task(answer(runtime, told(then="hold")))
        await asyncio.sleep(0)  # it has asked
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert (await report(runtime))["stopped"] == [1]


async def test_an_answer_read_to_its_end_stops_nothing() -> None:
    async with running() as runtime:
        await answer(runtime, told("one"))
        assert (await report(runtime))["stopped"] == []


async def test_more_than_can_wait_are_refused_until_one_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAITING_MAX", 2)
    async with running() as runtime:
        first, second = runtime.ask(told("one", then="hold")), runtime.ask(told("two", then="hold"))
        await anext(first)
        await anext(second)
        with pytest.raises(ProviderFailure, match="too many") as refused:
            await answer(runtime, told("three"))
        assert (refused.value.kind, refused.value.retryable) == ("unavailable", True)
        await first.aclose()
        assert await answer(runtime, told("three")) == ["three"]
        await second.aclose()


@pytest.mark.parametrize(
    ("word", "kind", "code"),
    [
        ("too_long", CallerError, "request.too_long"),
        ("invalid", CallerError, "request.unsupported"),
        ("failed", ProviderFailure, "provider.failed"),
    ],
)
async def test_what_the_runtime_refuses_is_told_as_whose_fault_it_is(word: str, kind: type[Exception], code: str) -> None:
    async with running() as runtime:
        with pytest.raises(kind) as raised:
            await answer(runtime, told(error=word))
        assert getattr(raised.value, "code", "") == code
        assert await answer(runtime, told("still there")) == ["still there"]


async def test_after_the_first_piece_a_failure_is_not_for_another_place() -> None:
    async with running() as runtime:
        for pieces, retryable in (((), True), (("one",), False)):
            with pytest.raises(ProviderFailure) as raised:
                await answer(runtime, told(*pieces, error="failed"))
            assert raised.value.retryable is retryable


# -- a process that cannot start -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "code"),
    [
        ("absent", "model.no_runtime"),
        ("unloadable", "model.unloadable"),
        ("ends", "model.unloadable"),
        ("prints", "model.unloadable"),
        ("mistakes", "model.unloadable"),
    ],
)
async def test_what_cannot_load_is_said_and_no_process_is_left(mode: str, code: str) -> None:
    async with running(mode) as runtime:
        with pytest.raises(OperatorError) as raised:
            await runtime.start()
        assert (raised.value.code, raised.value.exit_code) == (code, 1)
        assert raised.value.hint
        assert (runtime.alive, runtime.pid) == (False, 0)


async def test_a_command_that_is_no_program_is_a_model_that_cannot_load(tmp_path: Path) -> None:
    runtime = Runtime("text", {"model": Path("a.gguf")}, context_tokens=512, command=(str(tmp_path / "nothing"),))
    with pytest.raises(OperatorError) as raised:
        await runtime.start()
    assert raised.value.code == "model.unloadable"
    await runtime.aclose()


async def test_no_room_for_a_folder_is_a_model_that_cannot_load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    async with running() as runtime:
        with pytest.raises(OperatorError) as raised:
            await runtime.start()
        assert raised.value.code == "model.unloadable"


async def test_one_that_says_nothing_in_time_is_ended_and_its_folder_goes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(module, "LOAD_SECONDS_MAX", 0)
    async with running("litters") as runtime:
        with pytest.raises(OperatorError) as raised:
            await runtime.start()
        assert raised.value.code == "model.unloadable"
        assert not runtime.pid
        assert not list(tmp_path.iterdir())


async def test_whoever_leaves_while_it_loads_leaves_no_process_no_folder_and_no_failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    async with running("litters") as runtime:
        for _ in range(RESTARTS_MAX + 1):
            starting = asyncio.create_task(runtime.start())
            await until(lambda: any(each.read_text().endswith("\n") for each in tmp_path.glob("comity-model-*/*/socket")))
            pid = int(next(tmp_path.glob("comity-model-*/*/socket")).read_text())
            starting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await starting
            assert gone(pid)
            assert not list(tmp_path.iterdir())


# -- a process that dies, or talks nonsense --------------------------------------------------------------------------


@pytest.mark.parametrize(("pieces", "retryable"), [((), True), (("one",), False)])
async def test_one_killed_while_it_answers_fails_that_answer_and_is_started_again(pieces: tuple[str, ...], retryable: bool) -> None:
    async with running() as runtime:
        asked = [asyncio.create_task(answer(runtime, told(*pieces, then="hold"))) for _ in range(2)]
        await until(lambda: runtime.alive and len(runtime._asked) == 2)
        if pieces:  # both have begun
            await report(runtime)
        before = runtime.pid
        os.kill(before, signal.SIGKILL)
        for each in asked:
            with pytest.raises(ProviderFailure, match="ended") as raised:
                await each
            assert (raised.value.kind, raised.value.retryable) == ("unavailable", retryable)
        assert await answer(runtime, told("again")) == ["again"]
        assert runtime.pid != before


async def test_one_that_ended_while_nobody_asked_is_started_again() -> None:
    async with running() as runtime:
        await runtime.start()
        os.kill(runtime.pid, signal.SIGKILL)
        await until(lambda: not runtime.alive)
        assert await answer(runtime, told("again")) == ["again"]


async def test_one_that_dies_each_time_is_not_tried_for_ever() -> None:
    async with running() as runtime:
        for _ in range(RESTARTS_MAX):
            with pytest.raises(ProviderFailure):
                await answer(runtime, told(then="die"))
        with pytest.raises(OperatorError) as raised:
            await answer(runtime, told("innocent"))
        assert raised.value.code == "model.crashing"


async def test_an_answer_between_begins_the_count_anew() -> None:
    async with running() as runtime:
        for _ in range(2):
            for _ in range(RESTARTS_MAX - 1):
                with pytest.raises(ProviderFailure):
                    await answer(runtime, told(then="die"))
            assert await answer(runtime, told("well")) == ["well"]


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x00\x00\x00",
        (FRAME_BYTES_MAX + 1).to_bytes(4, "big"),
        b"\x00\x00\x00\x04oops",
        b'\x00\x00\x00\x10{"type":"other"}',
        b'\x00\x00\x00\x1f{"type":"chunk","id":"seven"}  ',
        b'\x00\x00\x00\x02"\xff',
    ],
    ids=["no length", "too long", "not JSON", "unknown", "wrong type", "not UTF-8"],
)
async def test_after_a_frame_that_is_none_nothing_more_is_believed(data: bytes) -> None:
    async with running() as runtime:
        await runtime.start()
        pid = runtime.pid
        with pytest.raises(ProviderFailure, match="ended"):
            await answer(runtime, told("one", then="garbage", bytes=data.hex()))
        assert not runtime.alive
        await until(lambda: gone(pid))
        assert await answer(runtime, told("again")) == ["again"]


async def test_frames_that_concern_nobody_are_passed_over() -> None:
    async with running() as runtime:
        stray = b"".join((pack(Ready()), b'\x00\x00\x00\x17{"type":"end","id":999}'))
        end = b'\x00\x00\x00\x15{"type":"end","id":1}'
        assert await answer(runtime, told("one", then="garbage", bytes=(stray + end).hex())) == ["one"]


# -- closing ---------------------------------------------------------------------------------------------------------


async def test_closing_ends_the_process_and_whoever_waits_is_told() -> None:
    async with running() as runtime:
        waiting = asyncio.create_task(answer(runtime, told("one", then="hold")))
        await until(lambda: runtime.alive and bool(runtime._asked))
        pid = runtime.pid
        await runtime.aclose()
        with pytest.raises(ProviderFailure, match="ended"):
            await waiting
        assert gone(pid)
        await runtime.aclose()  # twice does no harm


async def test_what_is_closed_starts_no_more() -> None:
    async with running() as runtime:
        await runtime.aclose()
        with pytest.raises(ProviderFailure, match="closed") as raised:
            await answer(runtime, told("one"))
        assert not raised.value.retryable
        assert not runtime.pid


# -- what a child is given -------------------------------------------------------------------------------------------


async def test_a_child_gets_no_secret_and_its_folder_is_gone_once_it_has_loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("OPENAI_API_KEY", "COMITY_KEY", "AWS_SECRET_ACCESS_KEY", "DATABASE_URL"):
        monkeypatch.setenv(name, "a-secret-word")
    async with running() as runtime:
        seen = await report(runtime)
        python_adds = {"LC_CTYPE"}
        assert set(seen["environment"]) <= links._KEPT | {"TMPDIR"} | python_adds
        assert seen["environment"]["PATH"] == os.environ["PATH"]
        assert "a-secret-word" not in json.dumps(seen)
        assert Path(seen["environment"]["TMPDIR"]).parent == tmp_path
        assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("said", "given"), [("", "PASSIVE"), ("ACTIVE", "ACTIVE")])
async def test_a_models_threads_leave_room_for_others_unless_they_are_told_otherwise(
    said: str, given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    if said:
        monkeypatch.setenv("OMP_WAIT_POLICY", said)
    async with running() as runtime:
        assert (await report(runtime))["environment"]["OMP_WAIT_POLICY"] == given
