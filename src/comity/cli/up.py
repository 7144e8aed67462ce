# SPDX-License-Identifier: Apache-2.0
"""`comity up`: start the gateway with its console, and say how to use them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from comity.cli import place, say
from comity.config import Config

if TYPE_CHECKING:
    from comity.gateway.pages import Mounted, Programs

ABOUT = "start the gateway"
LINK = "/console#token="
"""What follows `#` stays in the browser: it is in no log and no `Referer`."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, metavar="N", help="listen there (default 8484; 0: any free port)")
    parser.add_argument("--host", metavar="ADDRESS", help="listen on this address (default 127.0.0.1)")


def run(args: argparse.Namespace, read: Callable[[argparse.Namespace], Config] = place.configuration) -> int:
    """``read``: the configuration, again for each reload."""
    import msgspec

    from comity.cli.check import vouched
    from comity.config.file import faults
    from comity.errors import OperatorError
    from comity.gateway.logs import written
    from comity.gateway.serve import serve
    from comity.gateway.signin.sessions import PASS_SECONDS
    from comity.ports import SystemClock

    def load() -> Config:
        config = read(args)
        given = {name: value for name, value in (("port", args.port), ("host", args.host)) if value is not None}
        config = msgspec.structs.replace(config, server=msgspec.structs.replace(config.server, **given))
        for where, reason, mend in faults(config):  # what was given here is held to the same rules as the file
            raise OperatorError(f"{'.'.join(map(str, where))}: {reason}", code="config.invalid", hint=mend)
        for role in ("relay", "witness"):  # what may be open to all is no gateway
            if getattr(config, role) is not None:
                raise OperatorError(f"this file describes a {role}", code="config.invalid", field=role, hint=f"comity {role}")
        return config

    config = load()
    written(config.logs)
    home = place.home(args, config)
    mounted = _mounted(args, config)

    def ready(url: str) -> None:
        console = f"{url}{LINK}{mounted.token}" if mounted.token else None
        if args.json:
            say.out(json.dumps({"url": url, "home": str(home)} | ({"console": console} if console else {})))
            return
        say.out(f"Comity is listening on {url}" + (f", behind a seal, for the pool {config.node.pool}" if config.node is not None else ""))
        for line in (*_described(config), *vouched(args, config, SystemClock().now().date())):
            say.out("  " + line)
        if console is not None:
            say.out(f"\nlook:     {console}   (once, within {PASS_SECONDS // 60} minutes; another: comity console)")
        if config.node is not None:
            say.out("\npin it:   comity node key")
            return
        say.out(f'\ntry it:   curl {url}/v1/chat/completions -d \'{{"messages": [{{"role": "user", "content": "Say hello"}}]}}\'')
        say.out("then:     comity explain last")

    if not args.json:
        say.aside("starting …")
    return serve(config, home=home, on_ready=ready, load=load, mounted=mounted)


def _mounted(args: argparse.Namespace, config: Config) -> Mounted:
    """The console's pages.  Where nobody was given a key and nobody else can reach the gateway, whoever is at this machine owns it, and is
    shown a link to them; elsewhere `comity console` shows one, and it stands in no log."""
    from comity.config.file import exposed
    from comity.console.pages import Pages
    from comity.gateway.pages import Mounted
    from comity.gateway.signin.sessions import PASS_SECONDS, fresh
    from comity.ports import SystemClock, SystemRandom

    if config.node is not None:  # its doors are sealed ones
        return Mounted()
    programs = _programs(args)
    if not config.console.enabled or exposed(config.server.host) or config.keys or config.console.url:
        return Mounted(pages=Pages(), programs=programs)
    until = int(SystemClock().now().timestamp()) + PASS_SECONDS
    return Mounted(pages=Pages(), programs=programs, token=fresh(SystemRandom()), until=until)


def _programs(args: argparse.Namespace) -> Programs:
    """`comity resilience` of this configuration and home, and the founding case, which has its own."""
    from comity.gateway.pages import Programs

    comity = (sys.executable, "-m", "comity")
    where = [f"--{name}={value}" for name, value in (("config", args.config), ("home", args.home)) if value]
    return Programs(drill=(*comity, "resilience", *where, "--json"), case=(*comity, "lab", "case", "--follow", "--json"))


def _described(config: Config) -> list[str]:
    from comity.jurisdictions.load import load_packs

    packs = load_packs(config.packs.enabled, [Path(extra) for extra in config.packs.extra])
    answers = ", ".join(deployment.id for deployment in config.deployments) or "the model on this machine"
    lines = [f"answers:  {answers}"]
    for depth, word in (("deep", "law:     "), ("sketch", "sketches:"), ("tenant", "policy:  ")):
        names = [pack.name for pack in packs if pack.head.depth == depth]
        lines += [f"{word} {', '.join(names)}"] if names else []
    return lines
