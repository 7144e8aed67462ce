# SPDX-License-Identifier: Apache-2.0
"""Drills: `POST /comity/v1/drills` takes a partner away in the lab, `GET /comity/v1/drills/{id}` says how it went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from comity.errors import CallerError
from comity.gateway.api import decoded
from comity.gateway.exchange import Exchange
from comity.gateway.http import JSON, NO_STORE, encode
from comity.gateway.read import asked
from comity.gateway.read.lab import Program, Run
from comity.gateway.read.roles import ENGINEER, require
from comity.gateway.resilience import Drilled
from comity.gateway.signin.changes import changed

if TYPE_CHECKING:
    from comity.gateway.app import App


class DrillAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    partner: Annotated[str, Meta(min_length=1, max_length=200, description="or a region, a legal entity, a deployment")]


class Drill(Run, frozen=True, kw_only=True):
    """``outcome``: once it is over."""

    partner: str
    outcome: Drilled | None = None

    def whole(self) -> bool:
        return self.outcome is not None


_outcome = msgspec.json.Decoder(Drilled).decode


def heard(run: Drill, said: bytes) -> Drill:
    """Raises ValueError."""
    return msgspec.structs.replace(run, outcome=_outcome(said))


async def begin(app: App, exchange: Exchange, call: str) -> int:
    key = require(app.callers, exchange, ENGINEER)
    said: DrillAsked = decoded(await app.body(exchange), DrillAsked)
    command = app.programs.drill and (*app.programs.drill, f"--drill={said.partner}")
    program = Program(command, f"comity resilience --drill {said.partner}", heard)
    made = Drill(id=call, partner=said.partner, began=app.world.clock.now())
    begun = await app.lab.begin(made, program, lambda: changed(app, key, "drill.begun", call))
    await exchange.respond(202, encode(begun), [JSON, NO_STORE])
    return 202


async def drill(app: App, query: asked.Query, name: str) -> Drill:
    """Raises CallerError (404)."""
    found = app.lab.known(name, Drill)
    if found is None:
        raise CallerError("no such drill", code="drill.unknown", status=404, hint="drills are kept while the gateway runs")
    return found
