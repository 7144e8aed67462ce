# SPDX-License-Identifier: Apache-2.0
"""Drills: `POST /comity/v1/drills` takes a partner away in the lab, `GET /comity/v1/drills/{id}` says how it went.

The lab lies above the gateway, so a drill is a program of its own, which whoever starts the gateway names.  One at a time, for so long at
most, and it ends with the gateway.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

from comity.errors import CallerError, OperatorError
from comity.gateway.api import decoded
from comity.gateway.exchange import Exchange
from comity.gateway.http import JSON, NO_STORE, encode
from comity.gateway.read import asked
from comity.gateway.read.roles import ENGINEER, require
from comity.gateway.resilience import Drilled
from comity.gateway.signin.changes import changed
from comity.ports import Clock

if TYPE_CHECKING:
    from comity.gateway.app import App

SECONDS_MAX = 900.0
KEPT_MAX = 16


class DrillAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    partner: Annotated[str, Meta(min_length=1, max_length=200, description="or a region, a legal entity, a deployment")]


class Drill(msgspec.Struct, frozen=True, kw_only=True):
    """``outcome``: once it is over; ``failed``: why there is none."""

    id: str
    partner: str
    state: Literal["running", "over", "failed"]
    began: datetime
    ended: datetime | None = None
    outcome: Drilled | None = None
    failed: str = ""


class _Error(msgspec.Struct):
    code: str
    message: str


class _Told(msgspec.Struct):
    error: _Error


class Drills:
    """``command``: the program to which `--drill=NAME` is added; empty: there is none here."""

    def __init__(self, command: Sequence[str], clock: Clock) -> None:
        self._command, self._clock = tuple(command), clock
        self._known: dict[str, Drill] = {}
        self._task: asyncio.Task[None] | None = None

    def begin(self, name: str, partner: str) -> Drill:
        """After `check`, which it asks again."""
        self.check(partner)
        made = self._known[name] = Drill(id=name, partner=partner, state="running", began=self._clock.now())
        while len(self._known) > KEPT_MAX:
            del self._known[next(iter(self._known))]
        self._task = asyncio.get_running_loop().create_task(self._run(made), name="comity-drill")
        return made

    def check(self, partner: str) -> None:
        """Raises OperatorError where there is no lab, CallerError (409) while one runs."""
        if not self._command:
            raise OperatorError("this gateway was started without a lab", code="drill.absent", hint=f"comity resilience --drill {partner}")
        if self._task is not None and not self._task.done():
            raise CallerError("a drill is under way", code="drill.running", status=409, hint="wait until it is over")

    def known(self, name: str) -> Drill:
        """Raises CallerError (404)."""
        if name not in self._known:
            raise CallerError("no such drill", code="drill.unknown", status=404, hint="drills are kept while the gateway runs")
        return self._known[name]

    async def _run(self, drill: Drill) -> None:
        outcome, failed = None, "it took too long"
        try:
            async with asyncio.timeout(SECONDS_MAX):
                outcome, failed = await _drilled((*self._command, f"--drill={drill.partner}"))
        except TimeoutError:
            pass
        except (OSError, ValueError):  # also a name that no argument can hold
            failed = "it could not be started"
        state: Literal["over", "failed"] = "over" if outcome is not None else "failed"
        self._known[drill.id] = msgspec.structs.replace(
            drill, state=state, ended=self._clock.now(), outcome=outcome, failed="" if outcome is not None else failed
        )

    async def aclose(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])


async def _drilled(command: Sequence[str]) -> tuple[Drilled | None, str]:
    """What it found, or why it found nothing.  Whatever becomes of this gateway's wish to know, nothing of it is left running."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe, start_new_session=True
    )
    try:
        out, told = await process.communicate()
    finally:
        with suppress(ProcessLookupError):  # its partners and its gateway are of its group
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    try:
        return msgspec.json.decode(out, type=Drilled), ""
    except msgspec.MsgspecError:
        return None, _why(told) or f"it ended with {process.returncode}"


def _why(told: bytes) -> str:
    """The error that a command tells last, where it was asked for JSON."""
    try:
        said = msgspec.json.decode(told.splitlines()[-1], type=_Told).error
    except (msgspec.MsgspecError, UnicodeDecodeError, IndexError):
        return ""
    return f"{said.code}: {said.message[:400]}"


async def begin(app: App, exchange: Exchange, call: str) -> int:
    key = require(app.callers, exchange, ENGINEER)
    said: DrillAsked = decoded(await app.body(exchange), DrillAsked)
    app.drills.check(said.partner)
    await changed(app, key, "drill.begun", call)
    await exchange.respond(202, encode(app.drills.begin(call, said.partner)), [JSON, NO_STORE])
    return 202


async def drill(app: App, query: asked.Query, name: str) -> Drill:
    return app.drills.known(name)
