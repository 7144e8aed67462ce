# SPDX-License-Identifier: Apache-2.0
"""`comity witness`: sign the checkpoints of other people's logs, each only after it was shown that the log has only grown."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

import msgspec

from comity.cli import place, say
from comity.config import WitnessConfig
from comity.errors import OperatorError

ABOUT = "witness logs: sign that they have only grown"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("serve", "key"), nargs="?", default="serve", help="serve (default); key to pin")
    parser.add_argument("--name", metavar="NAME", help="a host and path of your own: example.org/witness-1")
    parser.add_argument("--log", metavar="VKEY", action="append", help="the key of a log to watch; may be given again")
    parser.add_argument("--port", type=int, metavar="N", help="listen there (default 8484; 0: any free port)")
    parser.add_argument("--host", metavar="ADDRESS", help="listen on this address (default 127.0.0.1)")


def run(args: argparse.Namespace) -> int:
    from comity.gateway.logs import written
    from comity.gateway.roles.witness import keys, serve
    from comity.ports import SystemRandom, SystemSecrets

    config = place.configuration(args)
    given = {name: value for name, value in (("port", args.port), ("host", args.host)) if value is not None}
    config = msgspec.structs.replace(config, server=msgspec.structs.replace(config.server, **given))
    witness, home = _witness(args, config.witness), place.home(args, config)
    if args.action == "key":
        vkeys = [each.verifier.vkey for each in keys(witness, home, SystemRandom(), SystemSecrets())]
        say.result(args, {"vkeys": vkeys}, "\n".join(vkeys))
        return 0
    written(config.logs)

    def ready(url: str, vkeys: Sequence[str]) -> None:
        if args.json:
            say.out(json.dumps({"url": url, "home": str(home), "vkeys": list(vkeys)}))
            return
        say.out(f"the witness {witness.name} is listening on {url}")
        say.out(f"  watches:  {', '.join(each.partition('+')[0] for each in witness.logs)}")
        say.out("  pin one:  comity witness key")

    return serve(config, witness, home=home, on_ready=ready)


def _witness(args: argparse.Namespace, configured: WitnessConfig | None) -> WitnessConfig:
    name = args.name or (configured.name if configured is not None else "")
    if not name:
        raise OperatorError(
            "a witness has a name", code="config.invalid", field="witness.name", hint="comity witness --name example.org/witness-1 …"
        )
    logs = (*(configured.logs if configured is not None else ()), *(args.log or ()))
    return WitnessConfig(name=name, logs=tuple(dict.fromkeys(logs)), key=configured.key if configured is not None else None)
