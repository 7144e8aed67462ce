# SPDX-License-Identifier: Apache-2.0
"""`comity dossier`: drafts of what a regulator asks for, with the source of each statement, and what only you can say as questions."""

from __future__ import annotations

import argparse

from comity.cli import place, say
from comity.cli.guidelines import write
from comity.cli.jurisdictions import day_of

ABOUT = "drafts for a regulator: assessments, records, registers"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("where", metavar="JURISDICTION", help="CN, EEA or US")
    parser.add_argument("--language", choices=("en", "zh"), default="en", help="English (en) or Chinese (zh)")
    parser.add_argument("--as-of", metavar="DAY", default="", help="another day than today (YYYY-MM-DD)")
    parser.add_argument("--part", metavar="PART", action="append", default=[], help="this part alone (repeatable): transfer-register …")
    parser.add_argument("--format", choices=("md", "html", "json"), default="md", help="Markdown, one HTML page, or a tree as JSON")
    parser.add_argument("--out", metavar="FILE", default="", help="write it there")


def run(args: argparse.Namespace) -> int:
    import msgspec

    from comity.gateway.dossiers import of_home
    from comity.jurisdictions.document import markdown, page
    from comity.ports import SystemClock

    config = place.configuration(args)
    made = of_home(
        config, place.whereabouts(args, config), name=args.where, parts=args.part, day=day_of(args), now=SystemClock().now(),
        language=args.language,
    )  # fmt: skip
    if args.json or args.format == "json":
        text = msgspec.json.format(msgspec.json.encode(made), indent=2).decode() + "\n"
    else:
        text = page(made.document) if args.format == "html" else markdown(made.document)
    write(text, args.out)
    say.aside(f"{made.statements} statements with their sources, {len(made.questions)} questions to answer")
    return 0
