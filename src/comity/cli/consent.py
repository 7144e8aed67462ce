# SPDX-License-Identifier: Apache-2.0
"""`comity consent`: what a person would be shown, what they agreed to, what they took back, and the proof of it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from comity.cli import front, place, say
from comity.errors import CallerError

if TYPE_CHECKING:
    from comity.accord.consents import Kept
    from comity.storage.database import Script

T = TypeVar("T")
ABOUT = "ask for a person's consent, record it, take it back, prove it"
API = "/comity/v1/consents"
PROOF_BYTES_MAX = 1 << 20
SECONDS_MAX = 10.0


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, says in (("ask", "what the person would be shown"), ("grant", "what the person was shown, and agreed to")):
        one = actions.add_parser(name, help=says)
        one.add_argument("consent", metavar="WORD", help="general, separate_cross_border, … as a refusal names it")
        one.add_argument("--purpose", dest="purposes", metavar="WORD", action="append", default=[], help="what for (assist); repeatable")
        one.add_argument("--category", metavar="WORD", action="append", default=[], help="a kind of data: contact, health; repeatable")
        one.add_argument("--recipient", metavar="DEPLOYMENT", default="*", help="to whom (default: anyone here)")
        one.add_argument("--place", metavar="REGION", action="append", default=[], help="where: US, EEA; repeatable")
        one.add_argument("--until", metavar="DAY", default="", help="last day (default: as long as such a consent may hold)")
        one.add_argument("--language", choices=("en", "zh"), default="en", help="of the text that is shown")
    one.add_argument("--person", metavar="NAME", required=True, help="as callers name the person in Comity-Subject")
    one.add_argument("--guardian", metavar="NAME", default="", help="who agreed for the person, as callers name them")
    one.add_argument("--relation", metavar="WORD", default="", help="of the guardian: parent")
    one.add_argument("--channel", metavar="WORD", default="cli", help=argparse.SUPPRESS)
    withdraw = actions.add_parser("withdraw", help="what the person takes back")
    withdraw.add_argument("id", metavar="ID", help="of the consent")
    withdraw.add_argument("--person", metavar="NAME", required=True, help="as callers name the person")
    withdraw.add_argument("--channel", metavar="WORD", default="cli", help=argparse.SUPPRESS)
    listed = actions.add_parser("list", help="what was agreed to here, without whose it is; the newest first")
    listed.add_argument("-n", metavar="COUNT", type=int, default=50, help="at most so many (default 50)")
    proof = actions.add_parser("proof", help="for an auditor: record, text, signature, entry in the log")
    proof.add_argument("id", metavar="ID", help="of the consent")
    verify = actions.add_parser("verify", help="a proof, offline")
    verify.add_argument("file", metavar="FILE", type=Path, help="of comity consent proof")
    verify.add_argument("--vkey", metavar="KEY", help="the log's key, as comity log key prints it")
    verify.add_argument("--at", metavar="MOMENT", default="", help="that it held then (2026-12-02, 2026-12-02T10:00Z)")
    parser.set_defaults(key="COMITY_KEY", subject="", purpose="")


def run(args: argparse.Namespace) -> int:
    return {"ask": _ask, "grant": _grant, "withdraw": _withdraw, "list": _list, "proof": _proof, "verify": _verify}[args.action](args)


def _post(args: argparse.Namespace, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answered: dict[str, Any] = json.loads(front.ask(args, front.Sent("POST", API + path, json.dumps(body).encode())).body)
    return answered


def _asked(args: argparse.Namespace) -> dict[str, Any]:
    wanted = {
        "consent": args.consent, "purposes": args.purposes or ["assist"], "categories": args.category, "recipient": args.recipient,
        "places": args.place,
    }  # fmt: skip
    return _post(args, "/ask", wanted | ({"valid_to": f"{_day(args.until)}"} if args.until else {}))


def _ask(args: argparse.Namespace) -> int:
    asked = _asked(args)
    say.result(args, asked, asked["texts"][args.language]["text"])
    return 0


def _grant(args: argparse.Namespace) -> int:
    asked = _asked(args)
    shown = asked["texts"][args.language]
    say.aside(shown["text"])
    told = {name: asked[name] for name in ("consent", "purposes", "categories", "recipient", "places", "valid_to")}
    who = {"subject": args.person, "guardian": args.guardian, "relation": args.relation, "by": "guardian" if args.guardian else "self"}
    made = _post(args, "", told | who | {"language": args.language, "text_sha256": shown["sha256"], "channel": args.channel})
    say.result(args, made, f"{made['id']}  {made['consent']} until {made['valid_to']}")
    return 0


def _withdraw(args: argparse.Namespace) -> int:
    made = _post(args, f"/{args.id}/withdraw", {"subject": args.person, "channel": args.channel})
    gone = made["erasure"]
    kept = f"; a law keeps {gone['held']} until {gone['held_until']}" if gone["held"] else ""
    say.result(args, made, f"{args.id}  withdrawn; records that rested on it alone and are erased: {gone['records']}{kept}")
    return 0


def _list(args: argparse.Namespace) -> int:
    from comity.accord.consents import ABOVE_ALL, consent_in, page
    from comity.ports import SystemClock

    now, rows, lines = SystemClock().now(), list[dict[str, Any]](), list[str]()
    for found, gone in _look(args, "state", lambda: page("", ABOVE_ALL, args.n)):
        record = consent_in(found)
        state = "withdrawn" if gone is not None else record.state(now)
        at = datetime.fromtimestamp(record.at, UTC)
        rows.append({"id": record.id, "state": state, "consent": record.consent, "purposes": record.purposes, "recipient": record.recipient,
                     "places": record.places, "by": record.by, "at": at.isoformat(), "valid_to": record.valid_to})  # fmt: skip
        lines.append(f"{record.id}  {state:9}  {record.consent:22} {record.recipient:20} {at:%Y-%m-%d} to {record.valid_to}")
    say.result(args, rows, "\n".join(lines) or "nobody has agreed to anything here")
    return 0


def _proof(args: argparse.Namespace) -> int:
    import msgspec

    from comity.accord.consents import one, text
    from comity.accord.proof import proof_of
    from comity.transparency.log_key import standing_signer

    key = standing_signer(place.whereabouts(args, place.configuration(args)).log).verifier

    def shown() -> Script[tuple[Kept, Kept | None, str]]:
        found, gone = yield from one(args.id)
        return found, gone, (yield from text(found))

    found, gone, said = _look(args, "state", shown)
    made = _look(args, "log", lambda: proof_of(found, gone, said, key))
    say.out(json.dumps(msgspec.to_builtins(made), ensure_ascii=False, indent=2))
    return 0


def _verify(args: argparse.Namespace) -> int:
    from comity.accord.proof import verify

    at = _moment(args.at) if args.at else None
    found = verify(_read(args.file), vkey=args.vkey, at=at)
    record, gone = found.record, found.withdrawal
    until = f"withdrawn {datetime.fromtimestamp(gone.at, UTC):%Y-%m-%dT%H:%MZ}" if gone is not None else f"until {record.valid_to}"
    whose = "" if found.key_pinned else "; with --vkey it is shown whose log that is"
    value = {"holds": True, "id": record.id, "consent": record.consent, "origin": found.origin, "key_pinned": found.key_pinned,
             "valid_to": record.valid_to, "withdrawn_at": gone.at if gone is not None else None}  # fmt: skip
    held = f"; it held at {args.at}" if at is not None else ""
    say.result(args, value, f"{record.id}  {record.consent}, {until}: record, text, signature and log agree{held}{whose}")
    return 0


def _look(args: argparse.Namespace, which: str, script: Callable[[], Script[T]]) -> T:
    """Beside whatever gateway runs here."""
    from comity.storage.open import look_into
    from comity.transparency import rows

    where = place.whereabouts(args, place.configuration(args))
    log = where.log / rows.DATABASE if isinstance(where.log, Path) else where.log.url
    into = look_into(where.state, "state", seconds_max=SECONDS_MAX) if which == "state" else look_into(log, "log", seconds_max=SECONDS_MAX)
    try:
        return into.look(script)
    finally:
        into.close()


def _read(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            return json.loads(file.read(PROOF_BYTES_MAX))
    except OSError as error:
        raise CallerError(f"cannot read `{path}`: {error.strerror}", code="consent.unreadable", field="file", hint="name a file") from None
    except (ValueError, RecursionError):
        return None  # which no proof is


def _day(said: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise _no_day(said, "valid_to") from None


def _moment(said: str) -> datetime:
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        raise _no_day(said, "at") from None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _no_day(said: str, field: str) -> CallerError:
    return CallerError(f"consent.{field} `{said[:32]}` is no day", code="consent.invalid", field=field, hint="YYYY-MM-DD")
