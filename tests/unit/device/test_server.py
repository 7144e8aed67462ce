# SPDX-License-Identifier: Apache-2.0
"""One process for several programs: a model is loaded once, each hears its own answer, and whoever is left alone helps itself."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from comity.device import links, server
from comity.device.frames import FRAME_BYTES_MAX, Ask, Halt, Look, Open, pack
from comity.device.manifest import Here
from comity.device.runtime import RESTARTS_MAX, Runtime
from comity.device.server import Server, told
from comity.errors import CallerError, OperatorError, ProviderFailure

FAKE = Path(__file__).with_name("fake_child.py")
CHILD = (sys.executable, str(FAKE), "well")


@pytest.fixture
def socket_path() -> Iterator[Path]:
    """A socket's path has few letters to spend, and pytest's folders have long names."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "d" / "device.sock"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "mine.gguf"
    path.touch()
    return path


class Made:
    """What the process that shares has loaded."""

    def __init__(self, command: tuple[str, ...] = CHILD) -> None:
        self.command, self.runtimes = command, list[Runtime]()

    def __call__(self, here: Here, context_tokens: int) -> Runtime:
        self.runtimes.append(Runtime(here.kind, here.files, context_tokens=context_tokens, slots=2, threads=1, command=self.command))
        return self.runtimes[-1]


@asynccontextmanager
async def sharing(path: Path, made: Made | None = None) -> AsyncIterator[Server]:
    ready, running = asyncio.Event(), Server(path, made or Made())
    task = asyncio.create_task(running.serve(ready.set))
    await asyncio.wait((task, asyncio.create_task(ready.wait())), return_when=asyncio.FIRST_COMPLETED)
    try:
        yield running
    finally:
        running.stop()
        await task


@asynccontextmanager
async def program(path: Path, model: Path, *, command: tuple[str, ...] = CHILD, name: str = "") -> AsyncIterator[Runtime]:
    wanted = Open(model=name or str(model), directory=str(model.parent), context_tokens=64)
    runtime = Runtime("text", {"model": model}, threads=1, sharing=(path, wanted), command=command)
    try:
        yield runtime
    finally:
        await runtime.aclose()


def asked(*pieces: Any, then: str = "", **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": json.dumps({"pieces": pieces, "then": then, **more})}]}


async def answer(runtime: Runtime, body: dict[str, Any]) -> list[Any]:
    return [json.loads(piece) async for piece in runtime.ask(body)]


async def test_two_programs_have_one_model(socket_path: Path, model: Path) -> None:
    made = Made()
    async with sharing(socket_path, made), program(socket_path, model) as one, program(socket_path, model) as other:
        assert await asyncio.gather(answer(one, asked("a", "b")), answer(other, asked("c"))) == [["a", "b"], ["c"]]
        (only,) = made.runtimes
        assert only.pid and not one.pid and not other.pid, "neither has a child of its own"
        state = await told(socket_path, Look())
        assert state is not None and state.pid == os.getpid()
        assert [(each.model, each.kind, each.pid, each.under_way) for each in state.models] == [("mine", "text", only.pid, 0)]


async def test_only_its_user_may_open_it(socket_path: Path) -> None:
    async with sharing(socket_path):
        assert stat.S_IMODE(socket_path.stat().st_mode) == 0o600
        assert stat.S_IMODE(socket_path.parent.stat().st_mode) == 0o700
    assert not socket_path.exists()


async def test_who_is_another_user_is_told_nothing(socket_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Made()
    async with sharing(socket_path, made):
        monkeypatch.setattr(server, "is_ours", lambda sock: False)
        assert await told(socket_path, Look()) is None
        async with program(socket_path, model) as runtime:
            assert await answer(runtime, asked("own")) == ["own"]
            assert runtime.pid and not made.runtimes


async def test_what_another_user_shares_is_not_asked(socket_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Made()
    async with sharing(socket_path, made):
        monkeypatch.setattr(links, "is_ours", lambda sock: False)
        async with program(socket_path, model) as runtime:
            assert await answer(runtime, asked("own")) == ["own"]
            assert not made.runtimes


async def test_where_nobody_shares_a_child_is_started(socket_path: Path, model: Path) -> None:
    async with program(socket_path, model) as runtime:
        assert await answer(runtime, asked("own")) == ["own"]
        assert runtime.pid
    assert await told(socket_path, Look()) is None


async def test_its_end_costs_what_is_under_way_and_no_more(socket_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "END_SECONDS_MAX", 0.0)
    async with sharing(socket_path) as running, program(socket_path, model) as runtime:
        async with aclosing(runtime.ask(asked("one", then="hold"))) as pieces:
            assert await anext(pieces) == b'"one"'
            running.stop()
            with pytest.raises(ProviderFailure, match="ended") as raised:
                await anext(pieces)
            assert not raised.value.retryable
        assert await answer(runtime, asked("own")) == ["own"]
        assert runtime.pid


async def test_told_to_end_it_lets_what_is_under_way_finish(socket_path: Path, model: Path) -> None:
    async with sharing(socket_path), program(socket_path, model) as runtime:
        waiting = asyncio.create_task(answer(runtime, asked("a", then="together", others=1)))
        async with aclosing(runtime.ask(asked("first", then="hold"))) as pieces:
            await anext(pieces)
            state = await told(socket_path, Halt())
            assert state is not None and state.models[0].under_way >= 1
        async with asyncio.timeout(60):
            while socket_path.exists():  # noqa: ASYNC110 - a file says it
                await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


async def test_a_model_that_crashes_takes_nobody_along(socket_path: Path, model: Path) -> None:
    made = Made()
    async with sharing(socket_path, made), program(socket_path, model) as one, program(socket_path, model) as other:
        await answer(other, asked("x"))
        with pytest.raises(ProviderFailure, match="ended"):
            await answer(one, asked("one", then="die"))
        assert await answer(other, asked("again")) == ["again"]
        os.kill(made.runtimes[0].pid, signal.SIGKILL)
        async with asyncio.timeout(60):
            while made.runtimes[0].alive:  # noqa: ASYNC110 - nobody tells of it; what is asked before its end is seen is lost with it
                await asyncio.sleep(0.01)
        assert await answer(one, asked("and again")) == ["and again"]


async def test_whoever_leaves_stops_the_model(socket_path: Path, model: Path) -> None:
    async with sharing(socket_path), program(socket_path, model) as runtime:
        async with aclosing(runtime.ask(asked("one", then="hold"))) as pieces:
            await anext(pieces)
        async with asyncio.timeout(60):
            while (await answer(runtime, asked(then="report")))[0]["stopped"] != [1]:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.01)


async def test_a_program_that_is_gone_stops_the_model(socket_path: Path, model: Path) -> None:
    made = Made()
    async with sharing(socket_path, made):
        async with program(socket_path, model) as runtime:
            pieces = runtime.ask(asked("one", then="hold"))
            await anext(pieces)
            assert made.runtimes[0].under_way == 1
            link = runtime._link
            assert link is not None
            link.kill()  # as when its process is
            with pytest.raises(ProviderFailure):
                await anext(pieces)
        async with asyncio.timeout(60):
            while made.runtimes[0].under_way:  # noqa: ASYNC110 - another task
                await asyncio.sleep(0.01)


@pytest.mark.parametrize(("word", "error"), [("too_long", CallerError), ("invalid", CallerError), ("failed", ProviderFailure)])
async def test_what_a_model_refuses_crosses_as_a_word(word: str, error: type[Exception], socket_path: Path, model: Path) -> None:
    async with sharing(socket_path), program(socket_path, model) as runtime:
        with pytest.raises(error):
            await answer(runtime, asked(error=word))
        assert await answer(runtime, asked("still there")) == ["still there"]


@pytest.mark.parametrize(
    ("mode", "code"), [("absent", "model.no_runtime"), ("unloadable", "model.unloadable"), ("ends", "model.unloadable")]
)
async def test_what_it_cannot_load_is_told(mode: str, code: str, socket_path: Path, model: Path) -> None:
    async with sharing(socket_path, Made((sys.executable, str(FAKE), mode))), program(socket_path, model) as runtime:
        with pytest.raises(OperatorError) as raised:
            await answer(runtime, asked("x"))
        assert raised.value.code == code


async def test_a_model_that_is_not_there_is_told(socket_path: Path, model: Path) -> None:
    async with sharing(socket_path), program(socket_path, model, name="smollm2-135m-instruct") as runtime:
        with pytest.raises(OperatorError) as raised:
            await runtime.start()
        assert raised.value.code == "model.absent"


async def test_one_that_keeps_crashing_is_left_alone_there_too(socket_path: Path, model: Path) -> None:
    async with sharing(socket_path), program(socket_path, model) as runtime:
        for _ in range(RESTARTS_MAX):
            with pytest.raises(ProviderFailure):
                await answer(runtime, asked(then="die"))
        with pytest.raises((OperatorError, ProviderFailure)):
            await answer(runtime, asked("innocent"))


async def test_there_is_one_of_it(socket_path: Path) -> None:
    async with sharing(socket_path):
        with pytest.raises(OperatorError) as raised:
            await Server(socket_path, Made()).serve(lambda: None)
        assert raised.value.code == "device.running"
        assert await told(socket_path, Look()) is not None


async def test_the_socket_of_one_that_was_killed_is_in_nobody_s_way(socket_path: Path) -> None:
    import socket

    socket_path.parent.mkdir()
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(socket_path))
    left.close()
    async with sharing(socket_path):
        assert await told(socket_path, Look()) is not None


async def test_a_path_that_is_too_long_is_said(tmp_path: Path) -> None:
    with pytest.raises(OperatorError) as raised:
        await Server(tmp_path / ("x" * 100) / "device.sock", Made()).serve(lambda: None)
    assert raised.value.code == "device.unusable"


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\x00",
        b"\x00\x00\x00\x00",
        (FRAME_BYTES_MAX + 1).to_bytes(4, "big"),
        b"\x00\x00\x00\x04oops",
        pack(Ask(id=1, body={})),
        b'\x00\x00\x00\x10{"type":"other"}',
    ],
    ids=["nothing", "half a length", "no length", "too long", "not JSON", "an ask of no model", "unknown"],
)
async def test_who_says_what_is_no_frame_is_left_and_nobody_else(said: bytes, socket_path: Path, model: Path) -> None:
    async with sharing(socket_path), program(socket_path, model) as runtime:
        reader, writer = await asyncio.open_unix_connection(str(socket_path))
        writer.write(said)
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
        assert await answer(runtime, asked("still")) == ["still"]
