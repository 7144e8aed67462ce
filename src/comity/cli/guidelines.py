# SPDX-License-Identifier: Apache-2.0
"""`comity guidelines`: what one may do with data under a law, written from its packs for people to read."""

from __future__ import annotations

import argparse
from pathlib import Path

from comity.cli import say
from comity.cli.jurisdictions import day_of, packs_of
from comity.errors import CallerError

ABOUT = "the rules of a law in plain language, to read and to hand on"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("where", metavar="PACK|REGION", help="cn, eea, us …; or a region: CN, FR, EEA")
    parser.add_argument("--lang", choices=("en", "zh"), default="en", help="English (en) or Chinese (zh)")
    parser.add_argument("--as-of", metavar="DAY", default="", help="another day than today (YYYY-MM-DD)")
    parser.add_argument("--html", action="store_true", help="one HTML page instead of Markdown")
    parser.add_argument("--out", metavar="FILE", default="", help="write it there")


def run(args: argparse.Namespace) -> int:
    import msgspec

    from comity.jurisdictions.document import markdown, page
    from comity.jurisdictions.guidelines import guidelines
    from comity.jurisdictions.overview import covering
    from comity.jurisdictions.vocab import load_vocabulary

    vocabulary, day = load_vocabulary(), day_of(args)
    document = guidelines(covering(packs_of(args), args.where, vocabulary), day, args.lang, vocabulary)
    if args.json:
        text = msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"
    else:
        text = page(document) if args.html else markdown(document)
    write(text, args.out)
    return 0


def write(text: str, out: str) -> None:
    """Into the file ``out``, else on standard output.  Raises CallerError."""
    if not out:
        say.out(text.rstrip("\n"))
        return
    try:
        Path(out).write_text(text, encoding="utf-8")
    except OSError as error:
        raise CallerError(f"cannot write `{out}`: {error.strerror}", code="usage", exit_code=2, hint="name another file") from None
    say.aside(f"written to {out}")
