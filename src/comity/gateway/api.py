# SPDX-License-Identifier: Apache-2.0
"""The law and the guard asked over HTTP: `/comity/v1/decide`, `/comity/v1/replay` and `/comity/v1/scan`.

Nothing is sent anywhere and nothing is recorded: what is judged is what the caller supposes, not a request.  After each decision
and each text the other requests have their turn.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta, field

from comity.errors import CallerError, ComityError
from comity.gateway.duties import DISCHARGERS
from comity.gateway.exchange import Exchange
from comity.gateway.http import JSON, NO_STORE, encode
from comity.gateway.read.asked import moment
from comity.gateway.read.roles import READ, require
from comity.jurisdictions.vocab import load_vocabulary
from comity.policy.engine import Engine, as_json
from comity.policy.reading import facts_of, located, misshapen
from comity.policy.replay import Line, Replay, Replayed
from comity.privacy.findings import Finding
from comity.privacy.guard import Guard, Profile
from comity.storage.database import Database
from comity.transparency.ids import time_of
from comity.transparency.queries import Wanted, judged, judgements

if TYPE_CHECKING:
    from comity.gateway.app import App

AT_ONCE_MAX = 1000
RECORDS_MAX = 100_000
READ_AT_ONCE = 5000
JUDGEMENTS_AT_ONCE = 200
SCAN_FORM = 'for example {"text": "…"} or {"texts": ["…", "…"], "profile": "rules"}'


class Recorded(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What this gateway recorded itself: of so many records at most, the newest."""

    since: Annotated[str, Meta(max_length=40, description="first moment, or day")] = field(name="from", default="")
    before: Annotated[str, Meta(max_length=40, description="first moment, or day, that is no longer meant")] = field(name="to", default="")
    limit: Annotated[int, Meta(ge=1, le=RECORDS_MAX)] = RECORDS_MAX


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `/comity/v1/replay`: another day, fewer packs, or both; and ``records``, or which of those here."""

    as_of: date | None = None
    packs: tuple[str, ...] = ()
    records: list[Line] | None = None
    recorded: Recorded | None = None


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """``since``: the oldest record that was looked at."""

    records: int
    since: str | None = field(name="from")
    complete: Annotated[bool, Meta(description="false: there are more, older ones, or more that differ than are decided at once")]


class ReplayedHere(Replayed, frozen=True, kw_only=True):
    looked: Annotated[Looked | None, Meta(description="null: the records came with the question")] = None


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
    """A day, or other packs, and records -> what flips; the same as `comity replay --json`."""
    asked: Asked = decoded(await _body(app, exchange), Asked)
    if asked.as_of is None and not asked.packs:
        raise CallerError(
            "body: neither another day nor other packs", code="request.invalid", field="as_of", hint="name `as_of` or `packs`"
        )
    if (asked.records is None) == (asked.recorded is None):
        raise CallerError(
            "body: needs `records` or `recorded`, and not both", code="request.invalid", field="records", hint='for example "recorded": {}'
        )
    standing, looked = app.world.engine, None
    law = await law_of(standing, asked.packs)
    lines = _few(asked.records or [])
    if asked.recorded is not None:
        require(app.callers, exchange, READ)
        lines, looked = await _recorded(app.world.ledger.database, asked.recorded)
    made = Replay(law=law, standing=standing, as_of=asked.as_of, vocabulary=load_vocabulary(), dischargers=DISCHARGERS)
    for at, line in enumerate(lines):
        made.add(line, f"records[{at}]")
        made.settle()
        await asyncio.sleep(0)
    await exchange.respond(200, encode(ReplayedHere(**msgspec.structs.asdict(made.result()), looked=looked)), [JSON, NO_STORE])
    return 200


async def _recorded(database: Database, asked: Recorded) -> tuple[list[Line], Looked]:
    """The newest first, until they are as many as asked for, or as many differ as are decided at once."""
    span = Wanted(since=moment(asked.since, "recorded.from"), before=moment(asked.before, "recorded.to"))
    counts, newest, below, records, more = Counter[bytes](), dict[bytes, str](), "", 0, True
    while more and records < asked.limit and len(counts) <= AT_ONCE_MAX:
        wanted = min(READ_AT_ONCE, asked.limit - records)
        some = await database.read(partial(judged, span, below, wanted))
        for name, digest in some:
            if digest not in counts and len(counts) == AT_ONCE_MAX:
                break
            counts[digest] += 1
            newest.setdefault(digest, name)
            below, records = name, records + 1
        else:
            more = len(some) == wanted
            continue
        break
    more = more and bool(await database.read(partial(judged, span, below, 1)))
    lines = [
        Line(id=newest[digest], n=counts[digest], facts=msgspec.Raw(facts), decision=msgspec.Raw(decision))
        for some in _parts(list(counts))
        for digest, (facts, decision) in (await database.read(partial(judgements, some))).items()
    ]
    since = time_of(below).isoformat(timespec="milliseconds") if below else None
    return lines, Looked(records=records, since=since, complete=not more)


def _parts(digests: list[bytes]) -> Iterator[list[bytes]]:
    for begin in range(0, len(digests), JUDGEMENTS_AT_ONCE):
        yield digests[begin : begin + JUDGEMENTS_AT_ONCE]


async def law_of(held: Engine, packs: Sequence[str]) -> Engine:
    """Only ``packs`` of what is held; none named: all.  Raises CallerError."""
    if not packs:
        return held
    by_id = {pack.head.id: pack for pack in held.packs}
    chosen = [by_id[name] for name in known(packs, by_id, "packs")]
    return await asyncio.to_thread(Engine, chosen, load_vocabulary())


def known(names: Iterable[str], known: Iterable[str], field: str) -> list[str]:
    there = list(known)
    for name in names:
        if name not in there:
            raise CallerError(
                f"body.{field}: there is no `{name[:64]}`", code="request.invalid", field=field, hint=f"there are: {', '.join(there)}"
            )
    return list(dict.fromkeys(names))


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
