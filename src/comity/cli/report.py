# SPDX-License-Identifier: Apache-2.0
"""`comity report`: what of one person's went where, why, under which rule, and who could read it, as a file that anybody can check."""

from __future__ import annotations

import argparse
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from comity.cli import place, say
from comity.errors import CallerError

if TYPE_CHECKING:
    from comity.gateway.whereabouts import Whereabouts

ABOUT = "a person's report: what went where, why, and the proof"


def arguments(parser: argparse.ArgumentParser) -> None:
    whose(parser, everything=True)
    parser.add_argument("--from", dest="since", metavar="MOMENT", default="", help="first moment, or day; UTC where no zone is named")
    parser.add_argument("--to", dest="before", metavar="MOMENT", default="", help="first moment, or day, that is no longer meant")
    parser.add_argument("--out", metavar="FILE", type=Path, default=Path("report.zip"), help="the report (report.zip)")
    parser.add_argument("--force", action="store_true", help="replace FILE where it is there already")


def whose(parser: argparse.ArgumentParser, *, everything: bool = False) -> None:
    one = parser.add_mutually_exclusive_group(required=True)
    one.add_argument("--subject", metavar="ID", help="whom, as callers name them in Comity-Subject (of a token: `ISSUER ID`)")
    one.add_argument("--pseudonym", metavar="P", help="whom, by the pseudonym of this installation")
    if everything:
        one.add_argument("--everything", action="store_true", help="every record of this home: it is one person's own")


def pseudonym(args: argparse.Namespace, where: Whereabouts) -> str:
    """Raises CallerError."""
    from comity.gateway.locate import PSEUDONYM_BYTES
    from comity.gateway.reporting import pseudonym_of

    if args.subject is not None:
        return pseudonym_of(where, args.subject)
    said: str = args.pseudonym.lower()
    if len(said) != 2 * PSEUDONYM_BYTES or set(said) - set("0123456789abcdef"):
        raise CallerError("that is no pseudonym", code="report.pseudonym", hint=f"{2 * PSEUDONYM_BYTES} hexadecimal digits")
    return said


def run(args: argparse.Namespace) -> int:
    from comity.gateway.read.asked import moment
    from comity.gateway.reporting import known_as, report
    from comity.ports import SystemClock
    from comity.transparency.report.gather import Asked

    config = place.configuration(args)
    where = place.whereabouts(args, config)
    if args.out.exists() and not args.force:
        raise CallerError(f"`{args.out}` is there already", code="report.unwritable", hint="name another file, or --force to replace it")
    asked = Asked(None if args.everything else pseudonym(args, where), moment(args.since, "from"), moment(args.before, "to"))
    part = args.out.with_name(args.out.name + ".part")
    try:
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w+b") as file:
            made = report(where, config, asked, SystemClock().now(), file)
            file.flush()
            os.fsync(file.fileno())
        size = part.stat().st_size
        part.replace(args.out)
    except OSError as error:
        raise CallerError(
            f"cannot write `{args.out}`: {error.strerror}", code="report.unwritable", hint="name a file in a folder of yours"
        ) from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    names = known_as(where, asked.subject) if asked.subject is not None else {}
    lines = [
        f"{args.out}: {made.receipts:,} receipts, {size:,} bytes; for whom it is about, and nobody else",
        f"to check: comity audit {args.out} --vkey '{made.vkey}'",
        *(f"nodes of `{pool}` know the person as {name}: ask who runs them for a report of that one" for pool, name in names.items()),
    ]
    value = {
        "file": str(args.out), "bytes": size, "receipts": made.receipts, "size": made.size, "issuer": made.issuer, "vkey": made.vkey,
        "known_as": names,
    }  # fmt: skip
    say.result(args, value, "\n".join(lines))
    return 0
