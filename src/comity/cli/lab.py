# SPDX-License-Identifier: Apache-2.0
"""`comity lab`: a world of regions on this machine."""

from __future__ import annotations

import argparse

ABOUT = "a world of regions on this machine, and the founding case"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("case", "up"), help="case: tell the founding case; up: leave its world running")
    parser.add_argument("--keep", metavar="DIR", default="", help="keep configurations, records and logs there")


def run(args: argparse.Namespace) -> int:
    from comity.lab.world import main

    return main(args)
