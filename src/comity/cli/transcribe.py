# SPDX-License-Identifier: Apache-2.0
"""`comity transcribe`: what is said in a sound; short for `comity task transcribe`."""

from __future__ import annotations

import argparse
from pathlib import Path

from comity.cli import task

ABOUT = "what is said in a sound, as text"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="wav, flac, mp3, ogg or m4a; - reads standard input")
    parser.add_argument("--lang", metavar="TAG", default="", help="language spoken (else it is found)")
    parser.add_argument("--set", metavar="NAME=VALUE", action="append", default=[], help="another member of the task's input")
    parser.add_argument("--out", metavar="FILE", type=Path, help="where the text goes")
    task.again(parser)


def run(args: argparse.Namespace) -> int:
    args.name = "transcribe"
    return task.run(args)
