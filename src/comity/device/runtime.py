# SPDX-License-Identifier: Apache-2.0
"""The gateway's side of a model's child process: started, asked, restarted when it dies."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from comity.device.frames import INVALID, LOST, TOO_LONG, Ask, Chunk, End, Failed, Loading, Ready, Stop, from_child, pack, size_of
from comity.errors import CallerError, OperatorError, ProviderFailure

LOAD_SECONDS_MAX = 120.0
WAITING_MAX = 64
BUSY_CORES_MAX = 2
RESTARTS_MAX = 5
"""In a row, without an answer between: a model that kills its process each time is not tried for ever."""
_PIPE = asyncio.subprocess.PIPE


class Runtime:
    """``slots`` requests run at once, further ones wait in the child; ``command`` is what is started (tests put their own)."""

    def __init__(
        self, kind: str, files: Mapping[str, Path], *, context_tokens: int = 0, slots: int = 1, threads: int = 0,
        command: tuple[str, ...] = ()
    ) -> None:  # fmt: skip
        paths = {name: str(path) for name, path in files.items()}
        loading = Loading(files=paths, context_tokens=context_tokens, slots=slots, threads=threads or default_threads())
        # -P: what lies in the folder where somebody happens to stand is no module.
        start = command or (sys.executable, "-P", "-m", "comity.device.child")
        self._command = [*start, kind, msgspec.json.encode(loading).decode()]
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._asked: dict[int, asyncio.Queue[Chunk | End]] = {}
        self._next, self._failures, self._closed = 0, 0, False
        self._starting = asyncio.Lock()

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None and self._reading is not None and not self._reading.done()

    @property
    def pid(self) -> int:
        return self._process.pid if self._process is not None else 0

    async def start(self) -> None:
        """Returns once the model is loaded.  Raises OperatorError; ProviderFailure once closed."""
        async with self._starting:
            if self.alive:
                return
            if self._closed:
                raise ProviderFailure("the local model has been closed", kind="unavailable", retryable=False)
            if self._failures >= RESTARTS_MAX:
                raise OperatorError(
                    "the local model keeps ending its process", code="model.crashing", exit_code=1, hint="comity models verify"
                )
            self._failures += 1
            await self._end()
            try:
                first = await self._load()
            except (OSError, EOFError, ValueError):  # no folder, no process, no frame in time, or no frame
                first = Failed(why="unloadable")
            except asyncio.CancelledError:  # whoever waited has gone; the model did nothing wrong
                self._failures -= 1
                raise
            if not isinstance(first, Ready):
                raise _not_loaded(first.why if isinstance(first, Failed) else "unloadable")
            self._reading = asyncio.create_task(self._read())

    async def ask(self, body: dict[str, Any]) -> AsyncGenerator[bytes, None]:
        """Chunks as JSON.  Leaving the iteration early stops the model.  Raises CallerError, ProviderFailure, OperatorError."""
        if not self.alive:
            await self.start()
        if len(self._asked) >= WAITING_MAX:
            raise ProviderFailure("the local model has too many requests waiting", kind="unavailable")
        self._next += 1
        number, queue = self._next, asyncio.Queue[Chunk | End]()
        self._asked[number] = queue
        ended, begun = False, False
        try:
            await self._send(pack(Ask(id=number, body=body)))
            while True:
                frame = await queue.get()
                if isinstance(frame, End):
                    ended = True
                    if frame.error:
                        raise _error(frame.error, begun)
                    self._failures = 0
                    return
                begun = True
                yield bytes(frame.chunk)
        finally:
            del self._asked[number]
            if not ended and self.alive:
                with suppress(ProviderFailure):  # it has just ended: there is nothing left to stop
                    await self._send(pack(Stop(id=number)))

    async def aclose(self) -> None:
        self._closed = True
        async with self._starting:
            await self._end()

    async def _load(self) -> Ready | Chunk | End | Failed:
        """The child's first word; no child is left unless it is Ready."""
        first = None
        # What a child makes while it loads lies in a folder of ours: killed meanwhile, it leaves nothing behind.
        with tempfile.TemporaryDirectory(prefix="comity-model-") as folder:
            # No environment but what Python and the loader need: a model's process has no business with anybody's keys.
            kept = {name: value for name, value in os.environ.items() if name in _KEPT}  # noqa: TID251
            environment = _SHARING | kept | {"TMPDIR": folder}
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command, stdin=_PIPE, stdout=_PIPE, stderr=asyncio.subprocess.DEVNULL, env=environment
                )
                async with asyncio.timeout(LOAD_SECONDS_MAX):
                    first = await self._frame()
            finally:
                if not isinstance(first, Ready):
                    await self._end()  # before its folder goes
        return first

    async def _send(self, data: bytes) -> None:
        assert self._process is not None and self._process.stdin is not None
        try:
            self._process.stdin.write(data)
            await self._process.stdin.drain()
        except (ConnectionError, RuntimeError):
            raise ProviderFailure("the local model's process has ended", kind="unavailable") from None

    async def _frame(self) -> Ready | Chunk | End | Failed:
        assert self._process is not None and self._process.stdout is not None
        head = await self._process.stdout.readexactly(4)
        frame: Ready | Chunk | End | Failed = from_child.decode(await self._process.stdout.readexactly(size_of(head)))
        return frame

    async def _read(self) -> None:
        try:
            while True:
                frame = await self._frame()
                if isinstance(frame, Chunk | End) and frame.id in self._asked:
                    self._asked[frame.id].put_nowait(frame)
        except (EOFError, ValueError):  # it ended, or says what is no frame: then nothing more of it is believed
            return
        finally:
            self._kill(self._process)
            self._lose_all()

    def _lose_all(self) -> None:
        for number, queue in self._asked.items():
            queue.put_nowait(End(id=number, error=LOST))

    def _kill(self, process: asyncio.subprocess.Process | None) -> None:
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()

    async def _end(self) -> None:
        process, self._process = self._process, None
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
            self._reading = None
        self._lose_all()
        if process is not None:
            self._kill(process)
            await process.communicate()  # reads what it had still said: a full pipe would never be told apart from a living process
            if process.stdin is not None:
                process.stdin.close()


def default_threads() -> int:
    """One on a machine of two cores, or one that is busy: threads of a model wait for each other at every step, so beside other programs
    two are slower than one (2.5 tokens a second were seen).  Else half: what is left are mostly the other halves of the same cores."""
    cores = os.cpu_count() or 1
    try:
        busy = os.getloadavg()[0] > cores / 2
    except OSError:
        busy = False
    return 1 if cores <= BUSY_CORES_MAX or busy else cores // 2


_SHARING = {"OMP_WAIT_POLICY": "PASSIVE"}
"""A model's threads wait for each other at every step.  By default they spin meanwhile; on a machine that others use too, that keeps
the very thread from running that they wait for, and answers take ten times as long, or more."""
_KEPT = frozenset(
    {"PATH", "HOME", "LANG", "LC_ALL", "SYSTEMROOT", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV", "OMP_NUM_THREADS", "OMP_WAIT_POLICY"}
)


def _not_loaded(why: str) -> OperatorError:
    if why == "absent":
        return OperatorError(
            "the runtime for local models is not installed", code="model.no_runtime", exit_code=1, hint="pip install 'comity[embedded]'"
        )
    return OperatorError("the model file cannot be loaded", code="model.unloadable", exit_code=1, hint="comity models verify")


def _error(word: str, begun: bool) -> CallerError | ProviderFailure:
    if word == TOO_LONG:
        return CallerError(
            "the prompt is longer than the local model's context",
            code="request.too_long",
            field="messages",
            hint="send less, or raise `context_tokens`",
        )
    if word == INVALID:
        return CallerError(
            "the local model cannot take this request", code="request.unsupported", hint="look at `tools` and `response_format`"
        )
    if word == LOST:
        return ProviderFailure("the local model's process has ended", kind="unavailable", retryable=not begun)
    return ProviderFailure(f"the local model failed ({word})", kind="unavailable", retryable=not begun)
