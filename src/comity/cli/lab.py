# SPDX-License-Identifier: Apache-2.0
"""`comity lab`: a world of regions on this machine."""

from __future__ import annotations

import argparse

# Those of `lab.simulators.serve`, named here so that help costs no import.
DIALECTS = ("openai", "model-studio", "dashscope", "vllm", "bedrock", "anthropic", "gemini", "cohere")
ABOUT = "a world of regions on this machine, and the founding case"


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="what", metavar="ACTION", required=True)
    for name, told in (("case", "tell the founding case"), ("up", "leave its world running")):
        one = actions.add_parser(name, help=told)
        one.add_argument("--keep", metavar="DIR", default="", help="keep configurations, records and logs there")
        if name == "case":
            one.add_argument("--follow", action="store_true", help="with --json: a line as each thing is told")
    one = actions.add_parser("simulate", help="a partner on loopback, played from its documentation")
    one.add_argument("dialect", metavar="DIALECT", choices=DIALECTS, help=f"one of: {', '.join(DIALECTS)}")
    one.add_argument("--region", metavar="REGION", required=True, help="whose key it takes, for example cn-beijing")
    one.add_argument("--port", metavar="N", type=int, default=0, help="on 127.0.0.1 (default: a free one)")
    one.add_argument("--path", metavar="PATH", default="", help="before each operation (default: the dialect's own)")
    one.add_argument("--model", metavar="ID", action="append", default=[], help="a model that is there (default: any)")
    one.add_argument("--pace", metavar="SECONDS", type=float, default=0.0, help="before each piece of a stream")


def run(args: argparse.Namespace) -> int:
    from comity.lab.world import main

    return main(args)
