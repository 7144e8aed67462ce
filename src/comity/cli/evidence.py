# SPDX-License-Identifier: Apache-2.0
"""`comity evidence`: what was done outside this program, on which document, who made sure of it, and who answers for it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from comity.cli import place, say
from comity.errors import CallerError, OperatorError, TrustFailure

if TYPE_CHECKING:
    from comity.accord.checks import Check
    from comity.accord.evidence import Entry, Registered

ABOUT = "register what discharges an obligation"
CHECKS = {
    "signature": ("signature", "key", "authority"), "register": ("register", "number", "url", "on", "by"),
    "review": ("review", "on", "by", "role"),
}  # fmt: skip
"""By the member that says which it is: all members of each kind of check."""


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = actions.add_parser("add", help="a document that shows it")
    add.add_argument("kind", metavar="KIND", help="an obligation or kind of evidence, as in `comity explain`")
    add.add_argument("--document", metavar="FILE", required=True, help="its SHA-256 is kept, never the document")
    add.add_argument("--approver", metavar="NAME", required=True, help="who answers for it")
    add.add_argument("--type", metavar="TYPE", default="", help="certificate, filing, contract, assessment, notice, other")
    add.add_argument("--issuer", metavar="NAME", default="", help="who issued the document")
    add.add_argument("--scope", metavar="ID", default="*", help="a deployment's id (default: *, all of them)")
    add.add_argument("--valid-from", metavar="DAY", default="", help="first day (YYYY-MM-DD)")
    add.add_argument("--valid-to", metavar="DAY", default="", help="last day (YYYY-MM-DD)")
    add.add_argument(
        "--check", metavar="X=Y", nargs="+", default=[], help="signature=FILE, register=NAME or review=WHAT, and what goes with it"
    )
    shown = actions.add_parser("list", help="what is registered, and what of it holds")
    shown.add_argument("--ending", metavar="DAYS", type=int, help="only what holds, and ends within so many days")
    withdraw = actions.add_parser("withdraw", help="an entry that proved wrong")
    withdraw.add_argument("number", metavar="NUMBER", type=int, help="of `comity evidence list`")
    withdraw.add_argument("--approver", metavar="NAME", required=True, help="who answers for it")
    verify = actions.add_parser("verify", help="a document, and its signature, again")
    verify.add_argument("number", metavar="NUMBER", type=int, help="of `comity evidence list`")
    verify.add_argument("--document", metavar="FILE", required=True, help="what it was registered with")


def run(args: argparse.Namespace) -> int:
    return {"add": _add, "list": _list, "withdraw": _withdraw, "verify": _verify}[args.action](args)


def _add(args: argparse.Namespace) -> int:
    from comity.accord.checks import told
    from comity.accord.evidence import EVERYWHERE, Entry, checked
    from comity.jurisdictions.vocab import load_vocabulary
    from comity.ports import SystemClock

    config, at = place.configuration(args), SystemClock().now()
    known = [EVERYWHERE, *(each.id for each in config.deployments)] if config.deployments else [EVERYWHERE, "device"]
    if args.scope not in known:
        raise _wrong("scope", f"`{args.scope[:64]}` is no deployment here", f"one of: {', '.join(known)}")
    document = _read(args.document, "document")
    entry = Entry(
        kind=args.kind, document=args.type, document_sha256=_digest(document), issuer=args.issuer, scope=args.scope,
        approver=args.approver, at=at, valid_from=_day(args.valid_from, "valid_from"), valid_to=_day(args.valid_to, "valid_to"),
    )  # fmt: skip
    vocabulary = load_vocabulary()
    checked(entry, vocabulary)
    if args.check:
        entry = checked(_replaced(entry, _check(args.check, document, entry)), vocabulary)
    number = _store(args, entry, "evidence.added")
    until = f" until {entry.valid_to}" if entry.valid_to else ""
    value = {"number": number, "kind": entry.kind, "document_sha256": entry.document_sha256, "check": _builtins(entry.check)}
    say.result(args, value, f"{number}  {entry.kind} for {entry.scope}{until}, {told(entry.check)}")
    return 0


def _replaced(entry: Entry, check: Check) -> Entry:
    import msgspec

    return msgspec.structs.replace(entry, check=check)


def _check(said: Sequence[str], document: bytes, entry: Entry) -> Check:
    """Of words like `register=NAME`; whatever has no word is today's, or the approver's."""
    from comity.accord.checks import Lookup, Review, known_registers, signature

    words = dict(each.partition("=")[::2] for each in said)
    kind = next((each for each in CHECKS if each in words), "")
    odd = [each for each in words if each not in CHECKS.get(kind, ())]
    if not kind or odd:
        why = f"`{odd[0][:64]}` does not go with {kind}" if kind else "says neither `signature`, `register` nor `review`"
        raise _wrong("check", why, "; or ".join(" ".join(f"{each}=…" for each in members) for members in CHECKS.values()))
    if kind == "signature":
        files = {each: _read(words[each], each) for each in CHECKS[kind] if each in words}
        return signature(files["signature"], files.get("key", b""), files.get("authority", b""), document, entry.at)
    on, by = _day(words.get("on", ""), "on") or entry.at.date(), words.get("by", entry.approver)
    if kind == "review":
        return Review(of=words["review"], on=on, by=by, role=words.get("role", ""))
    known = known_registers().get(words["register"])
    url = words.get("url", known.url if known is not None else "")
    return Lookup(register=words["register"], number=words.get("number", ""), url=url, on=on, by=by)


def _withdraw(args: argparse.Namespace) -> int:
    from comity.accord.evidence import Entry
    from comity.ports import SystemClock

    _entry(args, "to withdraw")
    _store(args, Entry(withdraws=args.number, approver=args.approver, at=SystemClock().now()), "evidence.withdrawn")
    say.result(args, {"withdrawn": args.number}, f"{args.number}  withdrawn")
    return 0


def _verify(args: argparse.Namespace) -> int:
    """That it is the document which was registered, and, of a signature, that it holds as of then."""
    from comity.accord.checks import Signature, fault, told

    entry = _entry(args, "to verify").entry
    document = _read(args.document, "document")
    if _digest(document) != entry.document_sha256:
        raise TrustFailure(
            f"`{args.document}` is not the document of entry {args.number}", step="document", code="trust.document",
            hint="the document as it was registered, to the byte",
        )  # fmt: skip
    if isinstance(entry.check, Signature):
        found = fault(entry.check, document, entry.at)
        if found is not None:
            raise TrustFailure(f"entry {args.number}: {found.field} {found.why}", step="signature", code="trust.signature", hint=found.mend)
    held = "the signature holds" if isinstance(entry.check, Signature) else "no signature to verify"
    value = {"number": args.number, "document_sha256": entry.document_sha256, "check": _builtins(entry.check)}
    say.result(args, value, f"{args.number}  the document is the one registered; {held}: {told(entry.check)}")
    return 0


def _list(args: argparse.Namespace) -> int:
    from comity.ports import SystemClock

    today = SystemClock().now().date()
    found = _registered(args)
    if args.ending is not None:
        last = today + timedelta(days=max(0, min(args.ending, 36_500)))
        found = [each for each in found if each.state(today) == "valid" and each.entry.valid_to and each.entry.valid_to <= last]
    rows: list[dict[str, Any]] = []
    lines = []
    for each in found:
        entry, state = each.entry, each.state(today)
        rows.append(
            {"number": each.number, "state": state, "kind": entry.kind, "scope": entry.scope, "document": entry.document,
             "document_sha256": entry.document_sha256, "issuer": entry.issuer, "valid_from": entry.valid_from, "valid_to": entry.valid_to,
             "check": _builtins(entry.check), "approver": entry.approver, "at": entry.at.isoformat()}
        )  # fmt: skip
        until, issuer = str(entry.valid_to or "no end"), f"; issued by {entry.issuer}" if entry.issuer else ""
        lines.append(f"{each.number:>4}  {state:9}  {entry.kind:30} {entry.scope:12} {until:10}  {each.check:9}  {entry.approver}{issuer}")
    nothing = "nothing is registered; the configuration may list evidence too" if args.ending is None else "nothing registered ends by then"
    say.result(args, rows, "\n".join(lines) or nothing)
    return 0


def _entry(args: argparse.Namespace, purpose: str) -> Registered:
    """The one with that number, which was not withdrawn."""
    standing = {each.number: each for each in _registered(args) if not each.withdrawn}
    if args.number not in standing:
        known = ", ".join(map(str, standing)) or "nothing is registered"
        raise CallerError(f"there is no entry {args.number} {purpose}", code="evidence.unknown", field="number", hint=known)
    return standing[args.number]


def _registered(args: argparse.Namespace) -> list[Registered]:
    from comity.accord.evidence import register
    from comity.storage.state import glimpse

    return register(glimpse(place.whereabouts(args, place.configuration(args)).state, {})[1])


def _store(args: argparse.Namespace, entry: Entry, what: str) -> int:
    """In the log before it is in the register, by the entry's own SHA-256, unless a gateway that runs keeps that log to itself."""
    import asyncio

    from comity.accord.evidence import encode
    from comity.ports import SystemClock, SystemRandom
    from comity.storage.home import prepare
    from comity.storage.open import open_database
    from comity.storage.state import State
    from comity.transparency.ledger import Ledger

    config = place.configuration(args)
    where, seconds_max, raw = place.whereabouts(args, config), config.limits.record_seconds_max, encode(entry)

    async def stored() -> int:
        if isinstance(where.state, Path):
            prepare(place.home(args, config))
        try:
            ledger = await Ledger.open(where.log, clock=SystemClock(), random=SystemRandom(), record_seconds_max=seconds_max)
        except OperatorError as error:
            if error.code != "home.in_use":
                raise
            say.aside("note: a gateway that runs keeps the log to itself, so the log does not say that this was changed")
        else:
            try:
                await ledger.changed(entry.at, by="cli", role="operator", what=what, of=_digest(raw))
            finally:
                await ledger.aclose()
        state = await State.open(await open_database(where.state, "state", seconds_max=seconds_max))
        try:
            return await state.add(raw)
        finally:
            await state.aclose()

    return asyncio.run(stored())


def _read(path: str, field: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise CallerError(f"cannot read `{path}`: {error.strerror}", code="evidence.unreadable", field=field, hint="name a file") from None


def _digest(raw: bytes) -> str:
    import hashlib

    return hashlib.sha256(raw).hexdigest()


def _builtins(check: Check | None) -> Any:
    import msgspec

    return msgspec.to_builtins(check)


def _day(said: str, field: str) -> date | None:
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        raise _wrong(field, f"`{said[:16]}` is no day", "YYYY-MM-DD") from None


def _wrong(field: str, why: str, mend: str) -> CallerError:
    from comity.accord.checks import Fault, wrong

    return wrong(Fault(field, why, mend))
