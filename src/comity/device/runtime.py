# SPDX-License-Identifier: Apache-2.0
"""The gateway's side of a model's process: started, asked, watched, restarted when it dies, ended when nobody asks."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

import msgspec

from comity.device import links, room
from comity.device.frames import (
    BROKEN,
    CROWDED,
    HUNG,
    INVALID,
    LOST,
    TOO_LONG,
    Ask,
    Chunk,
    End,
    Failed,
    FromChild,
    Loading,
    Open,
    Ready,
    Stop,
    pack,
)
from comity.device.links import CHILD, Link
from comity.device.manifest import RUNTIMES
from comity.errors import CallerError, ComityError, OperatorError, ProviderFailure, TrustFailure

LOAD_SECONDS_MAX = 120.0
WAITING_MAX = 64
RESTARTS_MAX = 5
"""In a row, without an answer between: a model that kills its process each time is not tried for ever."""
SILENT_SECONDS_MAX = 180.0
BUSY_CORES_MAX = 2


class Runtime:
    """``slots`` requests run at once, further ones wait in the child.

    ``check`` raises ComityError where the files are not what they should be; it is asked before each process, since a file may be
    replaced while one runs.
    ``needs``: bytes of memory that must be free to load it.  ``silent_seconds_max``: as long as something is asked, a process that says
    nothing for so long hangs, and is ended.  ``idle_seconds_max``: so long after the last answer it is unloaded; 0: it stays.
    ``sharing``: the socket of a process that shares models, and what it is asked for; where that runs, no child is started.
    ``command`` is what is started (tests put their own).
    """

    def __init__(
        self, kind: str, files: Mapping[str, Path], *, name: str = "", context_tokens: int = 0, slots: int = 1, threads: int = 0,
        needs: int = 0, silent_seconds_max: float = SILENT_SECONDS_MAX, idle_seconds_max: float = 0.0,
        sharing: tuple[Path, Open] | None = None, command: tuple[str, ...] = (), check: Callable[[], object] | None = None,
    ) -> None:  # fmt: skip
        self.kind, self._name, self._needs, self._sharing = kind, name or kind, needs, sharing
        self._loading = Loading(
            files={each: str(path) for each, path in files.items()}, context_tokens=context_tokens, slots=slots, threads=threads
        )
        self._start, self._check = command or CHILD, check
        self._silent, self._idle = silent_seconds_max, idle_seconds_max
        self._link: Link | None = None
        self._reading: asyncio.Task[None] | None = None
        self._asked: dict[int, asyncio.Queue[Chunk | End]] = {}
        self._next, self._failures, self._closed = 0, 0, False
        self._word = LOST  # what those are told whose process ends
        self._heard = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._resting: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()

    @property
    def alive(self) -> bool:
        return self._link is not None and self._link.alive and self._reading is not None and not self._reading.done()

    @property
    def rests(self) -> bool:
        """Unloaded because nobody asked; it is loaded again by whoever does."""
        return self._link is None and self._resting is not None and not self._closed

    @property
    def pid(self) -> int:
        return self._link.pid if self._link is not None else 0

    @property
    def under_way(self) -> int:
        return len(self._asked)

    @property
    def idle_seconds(self) -> float:
        return 0.0 if self._asked else max(0.0, asyncio.get_running_loop().time() - self._heard)

    async def start(self) -> None:
        """Returns once the model is loaded.  Raises OperatorError; TrustFailure; ProviderFailure once closed."""
        async with self._starting:
            if self.alive:
                return
            if self._closed:
                raise ProviderFailure("the local model has been closed", kind="unavailable", retryable=False)
            if self._failures >= RESTARTS_MAX:
                raise refusal("crashing", self.kind, self._name)
            self._failures += 1
            await self._end()
            try:
                link, first = await self._opened()
            except ComityError:  # no memory: the model did nothing wrong
                self._failures -= 1
                raise
            except (OSError, EOFError, ValueError):  # no folder, no process, no frame in time, or no frame
                raise refusal("unloadable", self.kind, self._name) from None
            except asyncio.CancelledError:  # whoever waited has gone
                self._failures -= 1
                raise
            if not isinstance(first, Ready):
                raise refusal(first.why if isinstance(first, Failed) else "unloadable", self.kind, self._name)
            self._link, self._word, self._heard = link, LOST, asyncio.get_running_loop().time()
            self._reading = asyncio.create_task(self._read(link))
            self._watch()

    async def ask(self, body: Mapping[str, Any]) -> AsyncGenerator[bytes, None]:
        """Chunks as JSON.  Leaving the iteration early stops the model.  Raises CallerError, ProviderFailure, OperatorError."""
        begun = False
        async with aclosing(self.frames(body)) as frames:
            async for frame in frames:
                if isinstance(frame, End):
                    if frame.error:
                        raise _error(frame.error, begun, self.kind)
                    return
                begun = True
                yield bytes(frame.chunk)

    async def frames(self, body: Mapping[str, Any]) -> AsyncGenerator[Chunk | End, None]:
        """As `ask`; what went wrong is the word that the End holds."""
        if not self.alive:
            await self.start()
        if len(self._asked) >= WAITING_MAX:
            yield End(id=0, error=CROWDED)
            return
        self._next += 1
        number, queue = self._next, asyncio.Queue[Chunk | End]()
        if not self._asked:
            self._heard = asyncio.get_running_loop().time()
        self._asked[number] = queue
        self._watch()
        ended = False
        try:
            if not await self._send(pack(Ask(id=number, body=dict(body)))):
                ended = True
                yield End(id=number, error=LOST)
                return
            while not ended:
                frame = await queue.get()
                if isinstance(frame, End):
                    ended = True
                    if not frame.error:
                        self._failures = 0
                yield frame
        finally:
            del self._asked[number]
            if not self._asked:
                self._heard = asyncio.get_running_loop().time()
                self._watch()
            if not ended and self.alive:
                await self._send(pack(Stop(id=number)))

    async def aclose(self) -> None:
        self._closed = True
        async with self._starting:
            await self._end()
        if self._resting is not None:
            await asyncio.gather(self._resting, return_exceptions=True)

    # -- the process -----------------------------------------------------------------------------------------------

    async def _opened(self) -> tuple[Link, FromChild]:
        if self._sharing is not None:
            with suppress(OSError, EOFError, ValueError):  # it ends as we ask it: then as if it were not there
                found = await links.shared(*self._sharing, seconds_max=LOAD_SECONDS_MAX)
                if found is not None:
                    return found
        if self._check is not None:
            await asyncio.to_thread(self._check)
        room.check_memory(self._name, self._needs)
        loading = msgspec.structs.replace(self._loading, threads=self._loading.threads or default_threads())
        command = [*self._start, self.kind, msgspec.json.encode(loading).decode()]
        return await links.child(command, seconds_max=LOAD_SECONDS_MAX)

    async def _send(self, data: bytes) -> bool:
        if self._link is None:
            return False
        try:
            await self._link.send(data)
        except (OSError, RuntimeError):  # it has just ended
            return False
        return True

    async def _read(self, link: Link) -> None:
        clock = asyncio.get_running_loop().time
        try:
            while True:
                frame = await link.frame()
                self._heard = clock()
                if isinstance(frame, Chunk | End) and frame.id in self._asked:
                    self._asked[frame.id].put_nowait(frame)
        except (EOFError, OSError, ValueError):  # it ended, or says what is no frame: then nothing more of it is believed
            return
        finally:
            link.kill()
            self._lose_all()

    def _lose_all(self) -> None:
        for number, queue in self._asked.items():
            queue.put_nowait(End(id=number, error=self._word))

    async def _end(self) -> None:
        link, self._link = self._link, None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
            self._reading = None
        self._lose_all()
        if link is not None:
            await link.close()

    # -- silence and idleness ----------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """One timer: while something is asked for a process that hangs, else for one that nobody needs."""
        bound = self._silent if self._asked else self._idle
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if bound and self._link is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0.0, self._heard + bound - loop.time()), self._look)

    def _look(self) -> None:
        self._timer = None
        bound = self._silent if self._asked else self._idle
        if self._link is None or not self.alive:
            return
        if asyncio.get_running_loop().time() - self._heard < bound:
            self._watch()
        elif self._asked:
            self._word = HUNG
            self._link.kill()
        else:
            self._resting = asyncio.create_task(self._rest())

    async def _rest(self) -> None:
        async with self._starting:
            if not self._asked and self.alive:
                await self._end()


def default_threads() -> int:
    """One on a machine of two cores, or one that is busy: threads of a model wait for each other at every step, so beside other programs
    two are slower than one (2.5 tokens a second were seen).  Else half: what is left are mostly the other halves of the same cores."""
    cores = os.cpu_count() or 1
    try:
        busy = os.getloadavg()[0] > cores / 2
    except OSError:
        busy = False
    return 1 if cores <= BUSY_CORES_MAX or busy else cores // 2


def refusal(why: str, kind: str, name: str) -> OperatorError | TrustFailure:
    """What stands behind the word of a model that cannot be loaded."""
    if why == "absent":
        extra = RUNTIMES[kind][1] if kind in RUNTIMES else "embedded"
        return OperatorError(
            "the runtime for local models is not installed" if kind == "text" else f"the runtime of model `{name}` is not installed",
            code="model.no_runtime", exit_code=1, hint=f"pip install 'comity[{extra}]'",
        )  # fmt: skip
    if why == "crashing":
        return OperatorError("the local model keeps ending its process", code="model.crashing", exit_code=1, hint="comity models verify")
    if why == "memory":
        return OperatorError(
            f"there is too little memory for model `{name}`", code="model.no_memory", exit_code=1, hint="end other programs"
        )
    if why == "gone":
        return OperatorError(f"model `{name}` is not on this machine", code="model.absent", exit_code=1, hint=f"comity models add {name}")
    if why == "hash":
        return TrustFailure(
            f"what lies there is not model `{name}`", step="model-hash", code="trust.model-hash", hint="comity models verify"
        )
    return OperatorError("the model file cannot be loaded", code="model.unloadable", exit_code=1, hint="comity models verify")


_BROKEN = {"reading": ("image", "the picture cannot be read"), "hearing": ("file", "the sound cannot be read")}
"""By kind: the member that holds a file, and what is said of one that no decoder takes."""


def _error(word: str, begun: bool, kind: str) -> CallerError | ProviderFailure:
    if kind in _BROKEN and (word == BROKEN or (word == INVALID and kind == "reading")):  # all that a picture can be is one or none
        field, said = _BROKEN[kind]
        return CallerError(said, code="request.invalid", field=field, hint="it is cut off, damaged, too large or of another form")
    if word == TOO_LONG:
        return CallerError(
            "the prompt is longer than the local model's context",
            code="request.too_long",
            field="messages",
            hint="send less, or raise `context_tokens`",
        )
    if word == INVALID:
        return CallerError(
            "the local model cannot take this request",
            code="request.unsupported",
            hint="look at `tools` and `response_format`" if kind == "text" else "comity models says what each model is for",
        )
    if word == CROWDED:
        return ProviderFailure("the local model has too many requests waiting", kind="unavailable")
    if word == LOST:
        return ProviderFailure("the local model's process has ended", kind="unavailable", retryable=not begun)
    if word == HUNG:
        return ProviderFailure("the local model says nothing, and was ended", kind="timeout", retryable=not begun, code="model.hung")
    return ProviderFailure(f"the local model failed ({word})", kind="unavailable", retryable=not begun)
