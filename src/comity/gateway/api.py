# SPDX-License-Identifier: Apache-2.0
"""The law and the guard asked over HTTP: `/comity/v1/decide`, `/comity/v1/replay` and `/comity/v1/scan`.

Nothing is sent anywhere and nothing is recorded: what is judged is what the caller supposes, not a request.  After each decision
and each text the other requests have their turn.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec

from comity.errors import CallerError, ComityError
from comity.gateway.duties import DISCHARGERS
from comity.gateway.exchange import Exchange
from comity.gateway.http import JSON, NO_STORE, encode
from comity.jurisdictions.vocab import load_vocabulary
from comity.policy.engine import as_json
from comity.policy.reading import facts_of, located, misshapen
from comity.policy.replay import Line, Replay
from comity.privacy.findings import Finding
from comity.privacy.guard import Guard, Profile

if TYPE_CHECKING:
    from comity.gateway.app import App

AT_ONCE_MAX = 1000
SCAN_FORM = 'for example {"text": "…"} or {"texts": ["…", "…"], "profile": "rules"}'


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `/comity/v1/replay`."""

    as_of: date
    records: list[Line]


class ScanAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `/comity/v1/scan`: one text, or several.  ``profile``: another than the gateway's own."""

    text: str | None = None
    texts: list[str] | None = None
    profile: Profile | None = None


async def decide(app: App, exchange: Exchange, call: str) -> int:
    """Facts, or a list of them -> a decision, or a list of them in their order."""
    asked = decoded(await _body(app, exchange), Any)
    several = isinstance(asked, list)
    decisions: list[dict[str, Any]] = []
    for at, tree in enumerate(_few(asked) if several else [asked]):
        try:
            decisions.append(as_json(app.world.engine.decide(facts_of(tree))))
        except CallerError as error:
            raise (located(error, f"[{at}]") if several else error) from None
        await asyncio.sleep(0)
    await exchange.respond(200, encode(decisions if several else decisions[0]), [JSON, NO_STORE])
    return 200


async def replay(app: App, exchange: Exchange, call: str) -> int:
    """A day and records -> what flips; the same as `comity replay --json`."""
    asked: Asked = decoded(await _body(app, exchange), Asked)
    law = app.world.engine
    made = Replay(law=law, standing=law, as_of=asked.as_of, vocabulary=load_vocabulary(), dischargers=DISCHARGERS)
    for at, line in enumerate(_few(asked.records)):
        made.add(line, f"records[{at}]")
        made.settle()
        await asyncio.sleep(0)
    await exchange.respond(200, encode(made.result()), [JSON, NO_STORE])
    return 200


async def scan(app: App, exchange: Exchange, call: str) -> int:
    """Texts -> where something personal is in them, and of which type; nothing of the texts themselves."""
    body = await _body(app, exchange)
    try:
        asked: ScanAsked = decoded(body, ScanAsked)
    except CallerError as error:
        if error.code == "request.malformed":
            raise
        hint = error.hint if error.hint.startswith("did you mean") else SCAN_FORM
        raise CallerError(str(error), code="request.invalid", field=error.field, hint=hint) from None
    if (asked.text is None) == (asked.texts is None):
        raise CallerError("body: needs `text` or `texts`, and not both", code="request.invalid", field="text", hint=SCAN_FORM)
    rules = _rules_alone(app, asked.profile)
    by_text: list[tuple[Finding, ...]] = []
    for text in [asked.text] if asked.text is not None else _few(asked.texts or []):
        findings = rules.inspect([text]) if rules is not None else await app.world.inspect([text])
        if findings.failed:
            raise ComityError("a recogniser broke, so nothing is known of the text", code="privacy.scan_failed",
                              hint="an operator must look at the log")  # fmt: skip
        by_text += findings.by_text
        await asyncio.sleep(0)
    found = [each for of_text in by_text for each in of_text]
    answer = {
        "profile": (rules or app.world.guard).profile, "findings": by_text if asked.text is None else by_text[0],
        "types": dict(Counter(each.type for each in found).most_common()),
        "categories": sorted({each.category for each in found if each.category is not None}),
    }  # fmt: skip
    await exchange.respond(200, encode(answer), [JSON, NO_STORE])
    return 200


def _rules_alone(app: App, profile: Profile | None) -> Guard | None:
    """None for the gateway's own guard: a model is loaded when a gateway starts, not because a caller asks."""
    own = app.world.guard
    if profile in (None, own.profile):
        return None
    if profile != "rules":
        known = " or ".join(dict.fromkeys(("`rules`", f"`{own.profile}`")))
        raise CallerError(f"body.profile: `{profile}` is not loaded here", code="request.invalid", field="profile", hint=known)
    return Guard()


async def _body(app: App, exchange: Exchange) -> bytes:
    app.callers.caller(exchange.headers)
    return await app.body(exchange)


def decoded(body: bytes, shape: Any) -> Any:
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        raise misshapen(error, shape, "body") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise CallerError("the body is not JSON in UTF-8", code="request.malformed", hint="send one JSON value") from None


def _few(asked: list[Any]) -> list[Any]:
    if len(asked) > AT_ONCE_MAX:
        raise CallerError(
            f"more than {AT_ONCE_MAX} at once", code="request.too_large", status=413, hint="ask in parts; the command line takes any number"
        )
    return asked
