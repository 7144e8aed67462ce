# SPDX-License-Identifier: Apache-2.0
"""`comity keys`: callers' keys; the gateway keeps their hash only."""

from __future__ import annotations

import argparse
import sys

from comity.cli import say
from comity.errors import CallerError

ABOUT = "make a caller's key, or hash one"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("new", "hash"), help="new: a key and its hash; hash: of the key on standard input")


def run(args: argparse.Namespace) -> int:
    import hashlib

    from comity.ports import SystemRandom

    key = "ck-" + SystemRandom().token(24).hex() if args.action == "new" else sys.stdin.read().strip()
    if not key:
        raise CallerError("there is no key on standard input", code="usage", exit_code=2, hint='printf %s "$KEY" | comity keys hash')
    digest = hashlib.sha256(key.encode()).hexdigest()
    made = {"key": key} if args.action == "new" else {}
    text = (
        f"key     {key}   (shown once; give it to the caller)\n" if made else ""
    ) + f'sha256  {digest}\nin comity.toml: [[keys]] id = "…" sha256 = "{digest}"'
    say.result(args, {**made, "sha256": digest}, text)
    return 0
