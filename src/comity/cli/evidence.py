# SPDX-License-Identifier: Apache-2.0
"""`comity evidence`: what was done outside this program, on which document, and who answers for it."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import Any

from comity.cli import place, say
from comity.errors import CallerError

ABOUT = "register what discharges an obligation"


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = actions.add_parser("add", help="a document that shows it")
    add.add_argument("kind", metavar="KIND", help="an obligation or kind of evidence, as in `comity explain`")
    add.add_argument("--document", metavar="FILE", required=True, help="the document; its SHA-256 is kept, never the document")
    add.add_argument("--approver", metavar="NAME", required=True, help="who answers for it")
    add.add_argument("--scope", metavar="DEPLOYMENT", default="*", help="a deployment's id (default: *, all of them)")
    add.add_argument("--valid-from", metavar="DAY", default="", help="first day (YYYY-MM-DD)")
    add.add_argument("--valid-to", metavar="DAY", default="", help="last day (YYYY-MM-DD)")
    actions.add_parser("list", help="what is registered, and what of it holds")
    withdraw = actions.add_parser("withdraw", help="an entry that proved wrong")
    withdraw.add_argument("number", metavar="NUMBER", type=int, help="of `comity evidence list`")
    withdraw.add_argument("--approver", metavar="NAME", required=True, help="who answers for it")


def run(args: argparse.Namespace) -> int:
    return {"add": _add, "list": _list, "withdraw": _withdraw}[args.action](args)


def _add(args: argparse.Namespace) -> int:
    import hashlib

    from comity.accord.evidence import EVERYWHERE, Entry, checked
    from comity.jurisdictions.vocab import load_vocabulary
    from comity.ports import SystemClock

    config = place.configuration(args)
    known = [EVERYWHERE, *(each.id for each in config.deployments)] if config.deployments else [EVERYWHERE, "device"]
    if args.scope not in known:
        raise CallerError(
            f"evidence.scope `{args.scope[:64]}` is no deployment here", code="evidence.invalid", field="scope",
            hint=f"one of: {', '.join(known)}",
        )  # fmt: skip
    try:
        digest = hashlib.sha256(Path(args.document).read_bytes()).hexdigest()
    except OSError as error:
        raise CallerError(
            f"cannot read `{args.document}`: {error.strerror}", code="evidence.unreadable", field="document", hint="name a file"
        ) from None
    entry = Entry(
        kind=args.kind, document_sha256=digest, scope=args.scope, approver=args.approver, at=SystemClock().now(),
        valid_from=_day(args.valid_from, "valid_from"), valid_to=_day(args.valid_to, "valid_to"),
    )  # fmt: skip
    number = _store(args, checked(entry, load_vocabulary()))
    until = f" until {entry.valid_to}" if entry.valid_to else ""
    say.result(args, {"number": number, "kind": entry.kind, "document_sha256": digest}, f"{number}  {entry.kind} for {entry.scope}{until}")
    return 0


def _withdraw(args: argparse.Namespace) -> int:
    from comity.accord.evidence import Entry
    from comity.ports import SystemClock

    standing = [each.number for each in _registered(args) if not each.withdrawn]
    if args.number not in standing:
        known = ", ".join(map(str, standing)) or "nothing is registered"
        raise CallerError(f"there is no entry {args.number} to withdraw", code="evidence.unknown", field="number", hint=known)
    _store(args, Entry(withdraws=args.number, approver=args.approver, at=SystemClock().now()))
    say.result(args, {"withdrawn": args.number}, f"{args.number}  withdrawn")
    return 0


def _list(args: argparse.Namespace) -> int:
    from comity.ports import SystemClock

    today = SystemClock().now().date()
    rows: list[dict[str, Any]] = []
    lines = []
    for each in _registered(args):
        entry, state = each.entry, each.state(today)
        rows.append(
            {"number": each.number, "state": state, "kind": entry.kind, "scope": entry.scope, "document_sha256": entry.document_sha256,
             "valid_from": entry.valid_from, "valid_to": entry.valid_to, "approver": entry.approver, "at": entry.at.isoformat()}
        )  # fmt: skip
        until = str(entry.valid_to or "no end")
        lines.append(f"{each.number:>4}  {state:9}  {entry.kind:32} {entry.scope:20} {until:10}  {entry.approver}")
    say.result(args, rows, "\n".join(lines) or "nothing is registered; the configuration may list evidence too")
    return 0


def _registered(args: argparse.Namespace) -> list[Any]:
    from comity.accord.evidence import register
    from comity.storage.state import glimpse

    return register(glimpse(place.whereabouts(args, place.configuration(args)).state, {})[1])


def _store(args: argparse.Namespace, entry: Any) -> int:
    import asyncio

    from comity.accord.evidence import encode
    from comity.storage.home import prepare
    from comity.storage.open import open_database
    from comity.storage.state import State

    config = place.configuration(args)
    where = place.whereabouts(args, config).state

    async def stored() -> int:
        if isinstance(where, Path):
            prepare(place.home(args, config))
        state = await State.open(await open_database(where, "state", seconds_max=config.limits.record_seconds_max))
        try:
            return await state.add(encode(entry))
        finally:
            await state.aclose()

    return asyncio.run(stored())


def _day(said: str, field: str) -> date | None:
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        raise CallerError(f"evidence.{field} `{said[:16]}` is no day", code="evidence.invalid", field=field, hint="YYYY-MM-DD") from None
