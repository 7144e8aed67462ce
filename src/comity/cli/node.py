# SPDX-License-Identifier: Apache-2.0
"""`comity node`: a gateway behind a sealed door, its keys in a public log."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from comity.cli import place, say, up
from comity.config import Config
from comity.errors import OperatorError

if TYPE_CHECKING:
    from comity.gateway.roles.nodelog import NodeLog

T = TypeVar("T")
ABOUT = "answer sealed requests; its key, its document"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", choices=("serve", "document", "key", "recover"), nargs="?", default="serve",
        help="serve (default); document: what the running node shows; key: its log's, to pin; recover: its log, from what is published",
    )  # fmt: skip
    up.arguments(parser)


def run(args: argparse.Namespace) -> int:
    config = place.configuration(args)
    if config.node is None:
        raise OperatorError("no node is configured", code="config.invalid", field="node", hint="add [node] with `pool` and `region`")
    actions: dict[str, Callable[[argparse.Namespace, Config, Path], int]] = {"document": _document, "key": _key, "recover": _recover}
    if args.action in actions:
        return actions[args.action](args, config, place.home(args, config))
    return up.run(args)


def _key(args: argparse.Namespace, config: Config, home: Path) -> int:
    import asyncio

    async def vkey(log: NodeLog) -> str:
        return log.vkey

    found = asyncio.run(_with(config, home, vkey))
    say.result(args, {"vkey": found}, found)
    return 0


def _recover(args: argparse.Namespace, config: Config, home: Path) -> int:
    """After a loss; the node must not run."""
    import asyncio

    from comity.storage.home import HomeLock, prepare

    prepare(home)
    lock = HomeLock(home)
    lock.acquire()
    try:
        count = asyncio.run(_with(config, home, lambda log: log.recovered()))
    finally:
        lock.release()
    say.result(args, {"recovered": count}, f"{count} entries were taken back from what is published")
    return 0


async def _with(config: Config, home: Path, wanted: Callable[[NodeLog], Awaitable[T]]) -> T:
    from comity.gateway.roles.nodelog import NodeLog
    from comity.ports import SystemRandom, SystemSecrets
    from comity.storage.home import prepare

    assert config.node is not None
    prepare(home)
    log = await NodeLog.open(config, config.node, home=home, random=SystemRandom(), secrets=SystemSecrets())
    try:
        return await wanted(log)
    finally:
        await log.aclose()


def _document(args: argparse.Namespace, config: Config, home: Path) -> int:
    """What anybody is shown, as it came."""
    import http.client
    from urllib.parse import urlsplit

    from comity.gateway.roles.sealed import DOCUMENT
    from comity.gateway.running import found

    running = found(home)
    if running is None:
        hint = "comity node, or name its home: --home DIR"
        raise OperatorError(f"no node runs on `{home}`", code="reload.not_running", exit_code=1, hint=hint)
    where = urlsplit(running.url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=10)
    try:
        connection.request("GET", DOCUMENT)
        shown = connection.getresponse().read().decode()
    except (OSError, http.client.HTTPException, UnicodeDecodeError):
        raise OperatorError("the node does not answer", code="reload.no_answer", exit_code=1, hint="look at what it wrote") from None
    finally:
        connection.close()
    say.out(shown)
    return 0
