# SPDX-License-Identifier: Apache-2.0
"""`comity backup`: the home in one file, beside the gateway that runs; and a home out of that file."""

from __future__ import annotations

import argparse
from pathlib import Path

from comity.cli import place, say
from comity.errors import OperatorError

ABOUT = "keep the home in one file, or make a home of one"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("create", "restore"), help="create: write FILE; restore: into a home that is empty")
    parser.add_argument("file", metavar="FILE", type=Path)
    parser.add_argument("--passphrase-file", metavar="PATH", type=Path, help="seal it, or open it, with what stands in PATH")


def run(args: argparse.Namespace) -> int:
    from comity.gateway import backup
    from comity.ports import SystemClock, SystemRandom

    config = place.configuration(args)
    home, where = place.home(args, config), place.whereabouts(args, config)
    secret = _passphrase(args.passphrase_file)
    if args.action == "create":
        kept = backup.create(home, where, args.file, passphrase=secret, clock=SystemClock(), random=SystemRandom())
        text = f"{args.file}: {kept.records} records, {', '.join(kept.files)}\nit holds the log's key" + (
            ", under your passphrase" if secret else " in the clear: keep it as you keep the home (or use --passphrase-file)"
        )
    else:
        kept = backup.restore(home, where, args.file, passphrase=secret)
        text = f"{home}: {kept.records} records as of {kept.made}; the log verifies\nthen:     comity --home {home} up"
    said = {"home": str(home), "file": str(args.file), "records": kept.records, "files": kept.files, "made": kept.made}
    say.result(args, said | {"checkpoint": kept.checkpoint, "sealed": bool(secret)}, text)
    return 0


def _passphrase(path: Path | None) -> bytes:
    if path is None:
        return b""
    from comity.ports import SystemSecrets

    secret = SystemSecrets().get(file=str(path)).encode()
    if len(secret) < 12:
        raise OperatorError(
            f"the passphrase in `{path}` is shorter than 12 bytes", code="backup.passphrase", hint="openssl rand -base64 24"
        )
    return secret
