# SPDX-License-Identifier: Apache-2.0
"""`comity proxy`: any app that speaks OpenAI's API gets sealing by changing one base URL."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from comity.cli import place, up
from comity.errors import CallerError

if TYPE_CHECKING:
    from comity.config import Config

ABOUT = "the gateway of one device: answers here, else sealed to a node"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--node", metavar="URL", default="", help="base URL of the node, or of a relay before it, with the pool")
    parser.add_argument("--trust", metavar="FILE", default="", help="what the node must prove, as its operator publishes it")
    parser.add_argument("--no-device", action="store_true", help="never ask the model on this machine")
    up.arguments(parser)


def run(args: argparse.Namespace) -> int:
    return up.run(args, _read)


def _read(args: argparse.Namespace) -> Config:
    from comity.gateway.library.config import client_config

    named = Path(args.trust) if args.trust else place.config_path(args)
    if named is None:
        raise CallerError("nothing says what the node must prove", code="usage", exit_code=2, hint="--trust FILE")
    return client_config(named, node=args.node, device=not args.no_device)
