# SPDX-License-Identifier: Apache-2.0
"""Runs of the lab: a drill, or the founding case.

The lab lies above the gateway, so each is a program of its own, which whoever starts the gateway names.  One at a time, for so long at
most, no more of it than fits, and it ends with the gateway.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeVar, cast

import msgspec

from comity.errors import CallerError, OperatorError
from comity.ports import Clock

SECONDS_MAX = 900.0
KEPT_MAX = 16
TOLD_BYTES_MAX = 4_000_000
LAST_BYTES_MAX = 64_000  # of what it says beside that


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """``failed``: why it did not come to its end."""

    id: str
    state: Literal["running", "over", "failed"] = "running"
    began: datetime
    ended: datetime | None = None
    failed: str = ""

    def whole(self) -> bool:
        """Whether it said all that it had to say."""
        raise NotImplementedError


R = TypeVar("R", bound=Run)


class Program(NamedTuple):
    """``heard`` is the run as it is once it said this: each of its ``lines`` as it comes, or all at its end; it raises ValueError for what
    none of its kind says."""

    command: Sequence[str]
    by_hand: str  # how somebody would start it elsewhere
    heard: Callable[[Any, bytes], Run]
    lines: bool = False


class _Error(msgspec.Struct):
    code: str
    message: str


class _Told(msgspec.Struct):
    error: _Error


class Failed(Exception):
    """With the reason, for whoever began it."""


class Lab:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[str, Run] = {}
        self.task: asyncio.Task[None] | None = None
        self.limit: asyncio.Timeout | None = None  # of the one that runs

    async def begin(self, run: R, program: Program, entered: Callable[[], Awaitable[None]]) -> R:
        """Once ``entered`` has put it into the log.  Raises OperatorError where there is no lab, CallerError (409) while one of them runs:
        they share the machine."""
        self._check(program)
        await entered()
        self._check(program)  # another may have been quicker
        self._known[run.id] = run
        while len(self._known) > KEPT_MAX:
            del self._known[next(iter(self._known))]
        self.task = asyncio.get_running_loop().create_task(self._run(run.id, program), name="comity-lab")
        return run

    def _check(self, program: Program) -> None:
        if not program.command:
            raise OperatorError("this gateway was started without a lab", code="lab.absent", hint=program.by_hand)
        if self.task is not None and not self.task.done():
            raise CallerError("a run of the lab is under way", code="lab.running", status=409, hint="wait until it is over")

    def known(self, name: str, kind: type[R]) -> R | None:
        run = self._known.get(name)
        return run if isinstance(run, kind) else None

    def of(self, kind: type[R]) -> list[R]:
        """The newest first."""
        return [run for run in reversed(self._known.values()) if isinstance(run, kind)]

    async def _run(self, name: str, program: Program) -> None:
        def hear(said: bytes) -> None:
            self._known[name] = program.heard(self._known[name], said)

        try:
            async with asyncio.timeout(SECONDS_MAX) as self.limit:
                why = await _followed(program, hear)
        except TimeoutError:
            why = "it took too long"
        except Failed as failed:
            why = str(failed)
        run, now = self._known[name], self._clock.now()
        end = {"state": "over"} if run.whole() else {"state": "failed", "failed": why}
        self._known[name] = msgspec.structs.replace(run, ended=now, **end)

    async def aclose(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait([self.task])


async def _followed(program: Program, hear: Callable[[bytes], None]) -> str:
    """Why it ended before its end, if it did.  Whatever becomes of this gateway's wish to know, nothing of it is left running."""
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            *program.command, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe, start_new_session=True, limit=TOLD_BYTES_MAX
        )
    except (OSError, ValueError) as error:  # also a name that no argument can hold
        raise Failed("it could not be started") from error
    aside = asyncio.ensure_future(_last(cast(asyncio.StreamReader, process.stderr)))
    try:
        async for said in _said(cast(asyncio.StreamReader, process.stdout), program.lines):
            try:
                hear(said)
            except ValueError as error:
                raise Failed("it said what is not understood") from error
        told = await aside
        await process.wait()
    finally:
        aside.cancel()
        with suppress(ProcessLookupError):  # its partners and its gateways are of its group
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    return _why(told) or f"it ended with {process.returncode}"


async def _said(stream: asyncio.StreamReader, lines: bool) -> AsyncIterator[bytes]:
    held, kept = 0, list[bytes]()
    try:
        while line := await stream.readline():
            held += len(line)
            if held > TOLD_BYTES_MAX:
                raise ValueError
            if lines:
                yield line
            else:
                kept.append(line)
    except ValueError as error:
        raise Failed("it said more than fits") from error
    if kept:
        yield b"".join(kept)


async def _last(stream: asyncio.StreamReader) -> bytes:
    kept = b""
    while piece := await stream.read(LAST_BYTES_MAX):
        kept = (kept + piece)[-LAST_BYTES_MAX:]
    return kept


def _why(told: bytes) -> str:
    """The error that a command tells last, where it was asked for JSON."""
    try:
        said = msgspec.json.decode(told.splitlines()[-1], type=_Told).error
    except (msgspec.MsgspecError, UnicodeDecodeError, IndexError):
        return ""
    return f"{said.code}: {said.message[:400]}"
