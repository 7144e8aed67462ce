# SPDX-License-Identifier: Apache-2.0
"""The founding case: `POST /comity/v1/cases` has the lab tell it, `GET /comity/v1/cases/{id}` is what was told so far."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from comity.errors import CallerError
from comity.gateway.exchange import Exchange
from comity.gateway.http import JSON, NO_STORE, encode
from comity.gateway.read import asked
from comity.gateway.read.lab import Program, Run
from comity.gateway.read.roles import ENGINEER, require
from comity.gateway.signin.changes import changed
from comity.gateway.story import Act, End, Line, continued

if TYPE_CHECKING:
    from comity.gateway.app import App


class Case(Run, frozen=True, kw_only=True):
    """``held``: every claim that could be measured, once it is over; ``acts``: as told so far."""

    held: bool | None = None
    acts: tuple[Act, ...] = ()

    def whole(self) -> bool:
        return self.held is not None


class CaseRow(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    state: str
    began: datetime
    ended: datetime | None
    held: bool | None


class CasePage(msgspec.Struct, frozen=True, kw_only=True):
    data: tuple[CaseRow, ...]


_line = msgspec.json.Decoder(Line).decode


def heard(run: Case, said: bytes) -> Case:
    """Raises ValueError."""
    line = _line(said)
    if run.whole():
        raise ValueError("nothing is told after the end")
    if isinstance(line, End):
        return msgspec.structs.replace(run, held=line.held)
    return msgspec.structs.replace(run, acts=continued(run.acts, line))


async def begin(app: App, exchange: Exchange, call: str) -> int:
    key = require(app.callers, exchange, ENGINEER)
    program = Program(app.programs.case, "comity lab case", heard, lines=True)
    made = Case(id=call, began=app.world.clock.now())
    begun = await app.lab.begin(made, program, lambda: changed(app, key, "case.begun", call))
    await exchange.respond(202, encode(begun), [JSON, NO_STORE])
    return 202


async def case(app: App, query: asked.Query, name: str) -> Case:
    """Raises CallerError (404)."""
    found = app.lab.known(name, Case)
    if found is None:
        raise CallerError("no such run of the case", code="case.unknown", status=404, hint="runs are kept while the gateway runs")
    return found


async def cases(app: App, query: asked.Query, name: str) -> CasePage:
    return CasePage(
        data=tuple(CaseRow(id=each.id, state=each.state, began=each.began, ended=each.ended, held=each.held) for each in app.lab.of(Case))
    )
