# SPDX-License-Identifier: Apache-2.0
"""The law asked over HTTP: `/comity/v1/decide` and `/comity/v1/replay`.

Nothing is sent anywhere and nothing is recorded: what is judged is what the caller supposes, not a request.  After each decision
the other requests have their turn.
"""

from __future__ import annotations

import asyncio
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec

from comity.errors import CallerError
from comity.gateway.duties import DISCHARGERS
from comity.gateway.http import JSON, NO_STORE, Receive, Scope, Send, encode, respond
from comity.jurisdictions.vocab import load_vocabulary
from comity.policy.engine import as_json
from comity.policy.reading import facts_of, located, misshapen
from comity.policy.replay import Line, Replay

if TYPE_CHECKING:
    from comity.gateway.app import App

AT_ONCE_MAX = 1000


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `/comity/v1/replay`."""

    as_of: date
    records: list[Line]


async def decide(app: App, scope: Scope, receive: Receive, send: Send, headers: dict[str, str], call: str) -> int:
    """Facts, or a list of them -> a decision, or a list of them in their order."""
    asked = _decoded(await _body(app, receive, headers), Any)
    several = isinstance(asked, list)
    decisions: list[dict[str, Any]] = []
    for at, tree in enumerate(_few(asked) if several else [asked]):
        try:
            decisions.append(as_json(app.world.engine.decide(facts_of(tree))))
        except CallerError as error:
            raise (located(error, f"[{at}]") if several else error) from None
        await asyncio.sleep(0)
    await respond(send, 200, encode(decisions if several else decisions[0]), [JSON, NO_STORE])
    return 200


async def replay(app: App, scope: Scope, receive: Receive, send: Send, headers: dict[str, str], call: str) -> int:
    """A day and records -> what flips; the same as `comity replay --json`."""
    asked: Asked = _decoded(await _body(app, receive, headers), Asked)
    law = app.world.engine
    made = Replay(law=law, standing=law, as_of=asked.as_of, vocabulary=load_vocabulary(), dischargers=DISCHARGERS)
    for at, line in enumerate(_few(asked.records)):
        made.add(line, f"records[{at}]")
        made.settle()
        await asyncio.sleep(0)
    await respond(send, 200, encode(made.result()), [JSON, NO_STORE])
    return 200


async def _body(app: App, receive: Receive, headers: dict[str, str]) -> bytes:
    app.callers.caller(headers)
    return await app.body(receive, headers)


def _decoded(body: bytes, shape: Any) -> Any:
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        raise misshapen(error, shape, "body") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise CallerError("the body is not JSON in UTF-8", code="request.malformed", hint="send one JSON value") from None


def _few(asked: list[Any]) -> list[Any]:
    if len(asked) > AT_ONCE_MAX:
        raise CallerError(
            f"more than {AT_ONCE_MAX} at once", code="request.too_large", status=413, hint="ask in parts; `comity replay` takes any number"
        )
    return asked
