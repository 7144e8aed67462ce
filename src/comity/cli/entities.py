# SPDX-License-Identifier: Apache-2.0
"""`comity entities`: the times, numbers, money, phones and measures that a text says, as exact values."""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from comity.cli import say
from comity.errors import CallerError

if TYPE_CHECKING:
    from comity.tasks.entities import Entity

ABOUT = "times, numbers, money, phones and measures in a text, as values"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", metavar="TEXT", help="what somebody said")
    parser.add_argument("--lang", default="", metavar="LANG", help="en or zh; else by whether there is a Chinese character in it")
    parser.add_argument("--at", default="", metavar="TIME", help="when it was said, with its offset (2026-11-27T09:00+08:00); else now")
    parser.add_argument(
        "--zone", default="", metavar="ZONE", help="where (Asia/Shanghai), so that a change of offset is known; else as the time has it"
    )
    parser.add_argument("--region", default="", metavar="REGION", help="ISO 3166: settles 03/04, ¥ and the country of a phone")


def run(args: argparse.Namespace) -> int:
    from comity.tasks.entities import entities

    language = args.lang or ("zh" if any("\u4e00" <= letter <= "\u9fff" for letter in args.text) else "en")
    found = entities(args.text, language=language, at=_moment(args.at, args.zone), region=args.region.upper())
    say.result(
        args, [_row(args.text, one) for one in found], "\n".join(_line(args.text, one) for one in found) or "nothing that is covered"
    )
    return 0


def _moment(said: str, zone: str) -> datetime:
    from comity.ports import SystemClock

    try:
        at = datetime.fromisoformat(said) if said else SystemClock().now()
        where = ZoneInfo(zone) if zone else None
    except (ValueError, ZoneInfoNotFoundError) as wrong:
        raise CallerError("not a time or a zone", hint="`--at 2026-11-27T09:00+08:00 --zone Asia/Shanghai`", field="at") from wrong
    if at.tzinfo is None:
        if where is None:
            raise CallerError("the time has no offset", hint="add one (`+08:00`) or name a `--zone`", field="at")
        return at.replace(tzinfo=where)
    return at.astimezone(where)


def _row(text: str, one: Entity) -> dict[str, Any]:
    import msgspec

    readings = [{name: value for name, value in msgspec.to_builtins(reading).items() if value is not None} for reading in one.readings]
    return {
        "start": one.start,
        "end": one.end,
        "text": text[one.start : one.end],
        "kind": one.kind,
        "certain": one.certain,
        "readings": readings,
    }


def _line(text: str, one: Entity) -> str:
    row = _row(text, one)
    said = [" ".join(str(value) for name, value in reading.items() if name != "type") for reading in row["readings"]]
    return f"{row['text']}  {one.kind}  {said[0]}" + (f"  (or {', '.join(said[1:])})" if said[1:] else "") + ("" if one.certain else "  ?")
