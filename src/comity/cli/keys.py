# SPDX-License-Identifier: Apache-2.0
"""`comity keys`: callers' keys, in the state that gateways share or for `comity.toml`; only their hash is kept."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from comity.cli import place, say
from comity.errors import CallerError

if TYPE_CHECKING:
    from comity.config import KeyConfig
    from comity.gateway.allowance.keys import Keys

ABOUT = "make, rotate and revoke callers' keys"
T = TypeVar("T")


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    new = actions.add_parser("new", help="a key, shown once: with an ID in the state, else for comity.toml")
    new.add_argument("id", metavar="ID", nargs="?", default="", help="of the key, for records; never given to another")
    new.add_argument("terms", metavar="TERM", nargs="*", help="as in [[keys]], for example 'budget = { amount = 9, currency = \"USD\" }'")
    actions.add_parser("hash", help="of the key on standard input")
    actions.add_parser("list", help="keys of the state, and what each account has spent")
    rotate = actions.add_parser("rotate", help="another key for an ID, shown once")
    rotate.add_argument("id", metavar="ID")
    rotate.add_argument("--overlap-seconds", metavar="N", type=int, default=86_400, help="how long the old one holds beside it")
    revoke = actions.add_parser("revoke", help="a key that holds nowhere from the next request on")
    revoke.add_argument("id", metavar="ID")


def run(args: argparse.Namespace) -> int:
    return {"new": _new, "hash": _hash, "list": _list, "rotate": _rotate, "revoke": _revoke}[args.action](args)


def _new(args: argparse.Namespace) -> int:
    from comity.gateway.allowance.shown import digest, fresh
    from comity.ports import SystemRandom

    if args.id:
        terms = _terms(args.id, args.terms)
        return _shown(args, args.id, _asked(args, lambda keys: keys.new(terms)))
    key = fresh(SystemRandom())
    text = f"key     {key}   (shown once; give it to the caller)\n{_line(digest(key))}"
    say.result(args, {"key": key, "sha256": digest(key)}, text)
    return 0


def _hash(args: argparse.Namespace) -> int:
    from comity.gateway.allowance.shown import digest

    key = sys.stdin.read().strip()
    if not key:
        raise CallerError("there is no key on standard input", code="usage", exit_code=2, hint='printf %s "$KEY" | comity keys hash')
    say.result(args, {"sha256": digest(key)}, _line(digest(key)))
    return 0


def _rotate(args: argparse.Namespace) -> int:
    return _shown(args, args.id, _asked(args, lambda keys: keys.rotate(args.id, args.overlap_seconds)))


def _revoke(args: argparse.Namespace) -> int:
    _asked(args, lambda keys: keys.revoke(args.id))
    say.result(args, {"id": args.id, "revoked": True}, f"{args.id}  revoked")
    return 0


def _list(args: argparse.Namespace) -> int:
    from comity.gateway.allowance.api import spent, told

    async def both(keys: Keys) -> tuple[list[Any], list[Any]]:
        return await keys.listed(), await keys.spend()

    made, lines = _asked(args, both)
    keys, accounts = [told(each) for each in made], [spent(each) for each in lines]
    rows = [f"{each['id']:24} {'revoked' if each['revoked'] else 'holds':8} {each.get('tenant', '-'):16} {each['made']}" for each in keys]
    for each in accounts:
        unsettled = f", of which nobody will settle {_money(each['unsettled_micros'])}" if each["unsettled_micros"] else ""
        rows.append(
            f"{each['account']:33} {each['period']:11} {_money(each['spent_micros'])} {each['currency']} spent, "
            f"{_money(each['held_micros'])} held{unsettled}"
        )
    say.result(args, {"keys": keys, "spend": accounts}, "\n".join(rows) or "no key was made here; comity.toml may list keys too")
    return 0


def _shown(args: argparse.Namespace, name: str, key: str) -> int:
    say.result(args, {"id": name, "key": key}, f"{name}  {key}   (shown once; give it to the caller)")
    return 0


def _line(sha256: str) -> str:
    return f'sha256  {sha256}\nin comity.toml: [[keys]] id = "…" sha256 = "{sha256}"'


def _money(micros: int) -> str:
    return f"{micros / 1_000_000:.6f}".rstrip("0").rstrip(".")


def _terms(name: str, said: list[str]) -> KeyConfig:
    import tomllib

    from comity.gateway.allowance.api import terms_of

    try:
        tree = tomllib.loads("\n".join(said))
    except tomllib.TOMLDecodeError:
        hint = "each as in [[keys]] of comity.toml: comity keys new app 'models = [\"qwen-beijing\"]'"
        raise CallerError("a term is not TOML", code="usage", exit_code=2, hint=hint) from None
    return terms_of({**tree, "id": name}, "terms")


def _asked(args: argparse.Namespace, ask: Callable[[Keys], Awaitable[T]]) -> T:
    """On the state, beside the gateways that run on it."""
    import asyncio
    from pathlib import Path

    from comity.gateway.allowance.keys import Keys
    from comity.jurisdictions.vocab import load_vocabulary
    from comity.ports import SystemClock, SystemRandom
    from comity.storage.home import prepare
    from comity.storage.open import open_database

    config = place.configuration(args)
    where = place.whereabouts(args, config).state

    async def asked() -> T:
        if isinstance(where, Path):
            prepare(place.home(args, config))
        database = await open_database(where, "state", seconds_max=config.limits.record_seconds_max)
        try:
            return await ask(
                Keys(database, config=config, clock=SystemClock(), random=SystemRandom(), vocabulary=load_vocabulary())
            )  # fmt: skip
        finally:
            await database.aclose()

    return asyncio.run(asked())
