# SPDX-License-Identifier: Apache-2.0
"""`comity console`: a link that signs in to the pages of the gateway that runs on this home."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from comity.cli import place, say
from comity.cli.up import LINK

if TYPE_CHECKING:
    from comity.config import Config
    from comity.gateway.signin.sessions import Sessions

T = TypeVar("T")

ABOUT = "a one-time link to the pages of the gateway that runs here"
ROLES = ("viewer", "engineer", "officer", "admin")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--role", choices=ROLES, default="admin", help="what it is for: look, try, answer for persons, or all (admin)")
    parser.add_argument("--sign-out", action="store_true", help="instead, end every session here, and every link that is not used yet")
    parser.add_argument("--url", default="", metavar="URL", help="of the gateway, where it runs elsewhere on the same database")


def run(args: argparse.Namespace) -> int:
    import asyncio

    from comity.errors import OperatorError
    from comity.gateway.running import found
    from comity.gateway.signin.sessions import PASS_SECONDS, Session

    config = place.configuration(args)
    if args.sign_out:
        ended = asyncio.run(_with_sessions(args, config, lambda sessions: sessions.end_all()))
        say.result(args, {"ended": ended}, f"{ended} sessions have ended, and links for the console serve no more")
        return 0
    running = found(place.home(args, config))
    url = args.url or config.console.url or (running.url if running is not None else "")
    if not url:
        raise OperatorError("no gateway runs on this home", code="reload.not_running", exit_code=1, hint="comity up, or name it: --url URL")

    token = asyncio.run(_with_sessions(args, config, lambda sessions: sessions.offer(Session(f"console:{args.role}", args.role))))
    link = f"{url.rstrip('/')}{LINK}{token}"
    say.result(args, {"console": link, "role": args.role}, f"{link}\nfor the role {args.role}, once, within {PASS_SECONDS // 60} minutes")
    return 0


async def _with_sessions(args: argparse.Namespace, config: Config, do: Callable[[Sessions], Awaitable[T]]) -> T:
    from comity.gateway.signin.sessions import Sessions
    from comity.ports import SystemClock, SystemRandom
    from comity.storage.open import open_database

    where = place.whereabouts(args, config).state
    database = await open_database(where, "state", seconds_max=config.limits.record_seconds_max)
    try:
        return await do(Sessions(database, clock=SystemClock(), random=SystemRandom()))
    finally:
        await database.aclose()
