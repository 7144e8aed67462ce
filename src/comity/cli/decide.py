# SPDX-License-Identifier: Apache-2.0
"""`comity decide`: the law on facts in a file, as of any day."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from comity.cli import place, say
from comity.errors import CallerError

ABOUT = "what the law says of facts in a file"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--facts", metavar="FILE", required=True, help="JSON as in docs/reference/packs.md; - reads standard input")
    parser.add_argument("--as-of", metavar="DAY", default="", help="another day than the facts name (YYYY-MM-DD)")


def run(args: argparse.Namespace) -> int:
    from comity.jurisdictions.load import load_packs
    from comity.jurisdictions.vocab import load_vocabulary
    from comity.policy.decision import Effect
    from comity.policy.engine import Engine, as_json

    config = place.configuration(args)
    facts = _facts(args)
    engine = Engine(load_packs(config.packs.enabled, [Path(extra) for extra in config.packs.extra]), load_vocabulary())
    decision = engine.decide(facts)
    value = as_json(decision)
    asked = ", ".join(decision.packs) or "no pack applies"
    say.result(args, value, f"{say.candidates([value | {'deployment': facts.provider.id}])}\n{asked}; as of {decision.as_of}")
    return 0 if decision.effect is Effect.ALLOW else 4


def _facts(args: argparse.Namespace) -> Any:
    import msgspec

    from comity.policy.facts import Facts

    try:
        raw = sys.stdin.buffer.read() if args.facts == "-" else Path(args.facts).read_bytes()
        tree = msgspec.json.decode(raw)
    except OSError as error:
        raise CallerError(f"cannot read `{args.facts}`: {error.strerror}", code="facts.unreadable", hint="name a JSON file, or -") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise CallerError(f"`{args.facts}` is not JSON", code="facts.invalid", hint="see docs/reference/packs.md") from None
    if isinstance(tree, dict) and "facts" in tree:  # a scenario
        tree = tree["facts"]
    if args.as_of and isinstance(tree, dict):
        tree = tree | {"as_of": args.as_of}
    try:
        return msgspec.convert(tree, Facts)
    except msgspec.ValidationError as error:
        said, _, where = str(error).partition(" - at `$")
        field = where.rstrip("`").removeprefix(".")
        raise CallerError(
            f"facts{'.' + field if field else ''}: {said[:1].lower()}{said[1:]}",
            code="facts.invalid",
            field=field,
            hint="see docs/reference/packs.md",
        ) from None
