# SPDX-License-Identifier: Apache-2.0
"""`comity records`: what was decided, listed, shown and exported, beside running gateways; facts, ids and codes, never content.

`expire` does at once what a gateway does each day; `erase` lets one person's records go, where no law keeps them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from comity.cli import place, say
from comity.cli.report import pseudonym, whose
from comity.errors import CallerError

if TYPE_CHECKING:
    from comity.gateway.read.asked import Decisions
    from comity.storage.open import Look
    from comity.transparency.queries import Entry

ABOUT = "what was decided: list, show, export, expire, erase"
WHAT = ("effect", "deployment", "source", "destination", "pack", "rule", "fact", "request", "status")
SECONDS_MAX = 10.0  # for an answer of a server


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listed = actions.add_parser("list", help="the newest first")
    listed.add_argument("-n", type=int, metavar="N", default=20, help="how many (20; at most 500)")
    listed.add_argument("--after", metavar="ID", default="", help="go on below this one, as the page before says")
    show = actions.add_parser("show", help="one decision, with all that it rests on")
    show.add_argument("what", metavar="RECEIPT", nargs="?", default="last", help="an id, a place in the log, or last")
    export = actions.add_parser("export", help="every record in the order of the log, to standard output")
    export.add_argument("--format", choices=("jsonl", "csv"), default="jsonl", help="JSON Lines (default), or CSV")
    export.add_argument("--after", type=int, metavar="INDEX", default=-1, help="go on after the record whose `index` this is")
    expire = actions.add_parser("expire", help="let go of what no law keeps any longer, as a running gateway does each day")
    expire.add_argument("--dry-run", action="store_true", help="say what would go, and keep it")
    erase = actions.add_parser("erase", help="let one person's records go, save those that a law keeps; beside running gateways")
    whose(erase)
    erase.add_argument("--dry-run", action="store_true", help="say what would go, and keep it")
    for each in (listed, export):
        each.add_argument("--from", dest="since", metavar="MOMENT", default="", help="first moment, or day; UTC where no zone is named")
        each.add_argument("--to", dest="before", metavar="MOMENT", default="", help="first moment, or day, that is no longer meant")
        each.add_argument(
            "--where", metavar="WHAT=WORD", type=_pair, action="append", default=[], help=f"{', '.join(WHAT)}; more than one: all of them"
        )


def _pair(said: str) -> tuple[str, str]:
    name, _, word = said.partition("=")
    if not word:
        raise argparse.ArgumentTypeError(f"`{said}` is not WHAT=WORD")
    return name, word


def run(args: argparse.Namespace) -> int:
    return {"list": _list, "show": _show, "export": _export, "expire": _expire, "erase": _erase}[args.action](args)


def _look(args: argparse.Namespace) -> closing[Look]:
    from comity.storage.open import look_into
    from comity.transparency.rows import DATABASE

    log = place.whereabouts(args, place.configuration(args)).log
    return closing(look_into(log / DATABASE if isinstance(log, Path) else log.url, "log", seconds_max=SECONDS_MAX))


def _asked(args: argparse.Namespace, **more: str) -> Decisions:
    """The same question as of `/comity/v1/decisions`.  Raises CallerError."""
    from urllib.parse import urlencode

    from comity.gateway.read.asked import Decisions, read

    said = [("from", args.since), ("to", args.before), *args.where, *more.items()]
    return read(urlencode([pair for pair in said if pair[1]]), Decisions)


def _row(entry: Entry) -> dict[str, Any]:
    import msgspec

    from comity.gateway.read.decisions import row

    made: dict[str, Any] = msgspec.to_builtins(row(entry))
    return made


def _list(args: argparse.Namespace) -> int:
    from comity.transparency.queries import page

    asked = _asked(args, limit=str(args.n), after=args.after)
    with _look(args) as log:
        found = log.look(lambda: page(asked.wanted(), asked.after, asked.limit))
    rows = [_row(entry) for entry in found.entries]
    lines = [_line(row) for row in rows] or ["nothing of that kind" if not found.after else "nothing of that kind among the newest"]
    if found.after:
        lines.append(f"more: comity records list --after {found.after}")
    say.result(args, {"data": rows, "after": found.after or None}, "\n".join(lines))
    return 0


def _line(row: dict[str, Any]) -> str:
    where = ", ".join(row["destination"]) or "nowhere"
    return f"{row['index']:>6} {row['at']} {row['effect']:8} {row['source'] or '--':5} → {where:10} {row['status']:16} {row['id']}"


def _show(args: argparse.Namespace) -> int:
    import msgspec

    from comity.gateway.read.decisions import detail
    from comity.jurisdictions.load import load_packs
    from comity.jurisdictions.vocab import load_vocabulary
    from comity.policy.engine import Engine
    from comity.transparency.queries import end, whole

    config = place.configuration(args)
    with _look(args) as log:
        what = args.what if args.what != "last" else str(log.look(end) - 1)
        if what == "-1":
            raise CallerError("nothing has been recorded yet", code="receipt.unknown", status=404, hint="comity ask 'hello'")
        found = log.look(lambda: whole(what))
    engine = Engine(load_packs(config.packs.enabled, [Path(extra) for extra in config.packs.extra]), load_vocabulary())
    told: dict[str, Any] = msgspec.to_builtins(detail(found, engine, load_vocabulary()))
    lines = [_line(told["decision"]), say.candidates(told["candidates"]) + say.ways(told["ways"])]
    lines += ["met", *dict.fromkeys(_met(duty) for each in told["candidates"] for duty in each["obligations"])]
    lines += ["attempts", *(_line(row) for row in told["attempts"])]
    say.result(args, told, "\n".join(lines))
    return 0


def _met(duty: dict[str, Any]) -> str:
    return f"  {duty['id']:40} {duty['met_by']:8} {duty['how']}"


# -- export ----------------------------------------------------------------------------------------------------------


def _export(args: argparse.Namespace) -> int:
    """A few hundred at once, each look one of its own: however long it takes, it is in nobody's way."""
    from functools import partial

    from comity.transparency.queries import CHUNK, following

    wanted, count, start, as_csv = _asked(args).wanted(), 0, args.after + 1, args.format == "csv"
    with _look(args) as log:
        while True:
            entries, then = log.look(partial(following, start, CHUNK, wanted))
            for row in map(_row, entries):
                if as_csv and not count and args.after < 0:
                    sys.stdout.write(_csv(row))
                sys.stdout.write(_csv(row.values()) if as_csv else json.dumps(row, ensure_ascii=False) + "\n")
                count += 1
            if then == start:
                break
            start = then
    sys.stdout.flush()
    say.aside(f"{count:,} records; what comes after them: comity records export --after {start - 1}")
    return 0


def _csv(values: Iterable[Any]) -> str:
    """One row of RFC 4180.  Several words are joined by spaces; what a spreadsheet would take for a formula begins with a quote."""
    import csv
    import io

    out = io.StringIO()
    csv.writer(out).writerow([_cell(value) for value in values])
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, list | tuple):
        value = " ".join(value)
    elif isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


# -- expire ----------------------------------------------------------------------------------------------------------


def _expire(args: argparse.Namespace) -> int:
    """On a home only while no gateway runs on it: that one does it itself."""
    import asyncio

    from comity.ports import SystemClock
    from comity.storage.home import HomeLock
    from comity.storage.open import open_database
    from comity.transparency.retention import Expired, expire
    from comity.transparency.rows import DATABASE

    log = place.whereabouts(args, place.configuration(args)).log
    where = log / DATABASE if isinstance(log, Path) else log.url

    async def done() -> Expired:
        database = await open_database(where, "log", seconds_max=SECONDS_MAX)
        try:
            return await expire(database, SystemClock().now(), dry_run=args.dry_run)
        finally:
            await database.aclose()

    with _look(args):
        pass  # where nothing was recorded nothing is made
    lock = HomeLock(log) if isinstance(log, Path) else None
    if lock is not None:
        lock.acquire()
    try:
        gone = asyncio.run(done())
    finally:
        if lock is not None:
            lock.release()
    verb = "that would go" if args.dry_run else "gone"
    told = f"records {verb}: {gone.records:,}" + (f", kept until {gone.months[0]} … {gone.months[-1]}" if gone.months else "")
    say.result(args, {"records": gone.records, "months": gone.months, "dry_run": args.dry_run}, told + "; the log verifies without them")
    return 0


# -- erase -----------------------------------------------------------------------------------------------------------


def _erase(args: argparse.Namespace) -> int:
    import asyncio

    from comity.ports import SystemClock
    from comity.storage.open import open_database
    from comity.transparency.retention import Erased, erase
    from comity.transparency.rows import DATABASE

    where = place.whereabouts(args, place.configuration(args))
    subject = pseudonym(args, where)
    log = where.log / DATABASE if isinstance(where.log, Path) else where.log.url

    async def done() -> Erased:
        database = await open_database(log, "log", seconds_max=SECONDS_MAX)
        try:
            return await erase(database, subject, SystemClock().now(), dry_run=args.dry_run)
        finally:
            await database.aclose()

    with _look(args):
        pass  # where nothing was recorded nothing is made
    gone = asyncio.run(done())
    lines = [f"records {'that would go' if args.dry_run else 'gone'}: {gone.records:,}; the log verifies without them"]
    if gone.held:
        lines.append(f"  kept: {gone.held:,} that a law keeps, the last until {gone.held_until}; each goes when its time is over")
    if gone.under_way:
        lines.append(f"  kept: {gone.under_way:,} that may still be answered: ask again in an hour")
    lines.append("  not reached from here: backups made before, reports and receipts that were handed out, a server's own logs")
    say.result(args, {**gone._asdict(), "dry_run": args.dry_run}, "\n".join(lines))
    return 0
