# SPDX-License-Identifier: Apache-2.0
"""`comity relay`: pass sealed requests on to nodes, and see nothing in them."""

from __future__ import annotations

import argparse
import json

import msgspec

from comity.cli import place, say
from comity.errors import OperatorError

ABOUT = "pass sealed requests on to nodes, unread"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, metavar="N", help="listen there (default 8484; 0: any free port)")
    parser.add_argument("--host", metavar="ADDRESS", help="listen on this address (default 127.0.0.1)")


def run(args: argparse.Namespace) -> int:
    from comity.gateway.logs import written
    from comity.gateway.roles.relay import serve

    config = place.configuration(args)
    given = {name: value for name, value in (("port", args.port), ("host", args.host)) if value is not None}
    config = msgspec.structs.replace(config, server=msgspec.structs.replace(config.server, **given))
    relay = config.relay
    if relay is None:
        raise OperatorError("no relay is configured", code="config.invalid", field="relay", hint="add [relay] with `operator` and `pools`")
    written(config.logs)

    def ready(url: str) -> None:
        if args.json:
            say.out(json.dumps({"url": url, "pools": sorted(relay.pools)}))
            return
        say.out(f"the relay of {relay.operator} is listening on {url}")
        for pool in sorted(relay.pools):
            say.out(f"  {url}/{pool}")

    return serve(config, relay, on_ready=ready)
