# SPDX-License-Identifier: Apache-2.0
"""`comity decide`: the law alone, on facts from flags or a file, as of any day; or on golden scenarios, each held to what it expects."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from comity.cli import facts, place, say
from comity.errors import CallerError

if TYPE_CHECKING:
    from comity.policy.engine import Engine
    from comity.policy.scenarios import Result, Scenario

ABOUT = "what the law says of facts"
SEE = "see docs/reference/packs.md"
SHELVES = {"deep": "deep packs", "sketch": "with a sketch among the packs, apart", "none": "no pack, apart"}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = facts.usage("comity decide [--facts FILE | --scenarios FILE] [--as-of DAY] [--json]")
    parser.epilog = "Several words: --consent general,explicit. A pool: --access any-but:US. Other facts: --facts."
    parser.add_argument("--facts", metavar="FILE", help="JSON, or - (flags change what it says)")
    parser.add_argument("--scenarios", metavar="FILE", help="facts with what is expected; exit 1 if one fails")
    parser.add_argument("--as-of", metavar="DAY", default="", help="another day than the facts name")
    facts.add(parser)


def run(args: argparse.Namespace) -> int:
    given = facts.said(args)
    if args.scenarios and (given or args.facts or args.as_of):
        raise CallerError("`--scenarios` stands alone: each scenario has facts and a day of its own", code="usage", exit_code=2)
    if not (args.scenarios or args.facts or given):
        raise CallerError("no facts", code="usage", exit_code=2, hint="comity decide --location CN --processing US, or --facts FILE")
    engine = _engine(args)
    return _scenarios(args, engine) if args.scenarios else _facts(args, given, engine)


def _engine(args: argparse.Namespace) -> Engine:
    from comity.jurisdictions.load import load_packs
    from comity.jurisdictions.vocab import load_vocabulary
    from comity.policy.engine import Engine

    config = place.configuration(args)
    return Engine(load_packs(config.packs.enabled, [Path(extra) for extra in config.packs.extra]), load_vocabulary())


def _facts(args: argparse.Namespace, given: dict[str, Any], engine: Engine) -> int:
    from comity.jurisdictions.load import merged
    from comity.policy.decision import Effect
    from comity.policy.engine import as_json
    from comity.policy.reading import facts_of

    tree = _json(args.facts) if args.facts else _blank()
    if isinstance(tree, dict):
        tree = tree.get("facts", tree) if "provider" not in tree else tree  # a scenario
    if isinstance(tree, dict):
        tree = merged(tree, given | ({"as_of": str(facts.day(args.as_of))} if args.as_of else {}))
    asked = facts_of(tree)
    decision = engine.decide(asked)
    named = ", ".join(decision.packs) or "no pack applies"
    value = as_json(decision)
    say.result(args, value, f"{say.candidates([value | {'deployment': asked.provider.id}])}\n{named}; as of {decision.as_of}")
    return 0 if decision.effect is Effect.ALLOW else 4


def _blank() -> dict[str, Any]:
    """What flags alone do not say: a day, and some place."""
    from comity.ports import SystemClock

    return {"as_of": str(SystemClock().now().date()), "provider": {"id": "place"}}


def _scenarios(args: argparse.Namespace, engine: Engine) -> int:
    from comity.jurisdictions.vocab import load_vocabulary
    from comity.policy.scenarios import run

    results = run(_read_scenarios(args.scenarios), engine, load_vocabulary())
    totals = {law: {"passed": sum(r.passed for r in results if r.law == law), "failed": sum(not r.passed for r in results if r.law == law)}
              for law in SHELVES}  # fmt: skip
    passed = sum(result.passed for result in results)
    value = {"results": [_row(result) for result in results], "passed": passed, "failed": len(results) - passed, "by_law": totals}
    lines = [f"{'pass' if result.passed else 'FAIL'}  {result.id:10} {_why(result)}" for result in results]
    for law, name in SHELVES.items():
        count = totals[law]["passed"] + totals[law]["failed"]
        if count:
            lines.append(f"{name}: {totals[law]['passed']} of {count} hold")
    say.result(args, value, "\n".join(lines) or "no scenario is in that file")
    return 0 if passed == len(results) else 1


def _row(result: Result) -> dict[str, Any]:
    decision = result.decision
    return {
        "id": result.id, "pass": result.passed, "decision": decision.effect if decision else None, "why": _why(result),
        "reasons": list(dict.fromkeys(reason.fact for reason in decision.reasons)) if decision else [],
        "obligations": [duty.id for duty in decision.obligations] if decision else [],
        "remedies": list(decision.remedies) if decision else [], "packs": list(decision.packs) if decision else [], "law": result.law,
    }  # fmt: skip


def _why(result: Result) -> str:
    if result.why or result.decision is None:
        return "; ".join(result.why)
    by = ", ".join(dict.fromkeys(reason.fact for reason in result.decision.reasons))
    return f"{result.decision.effect} by {by}" if by else str(result.decision.effect)


def _read_scenarios(name: str) -> list[Scenario]:
    import msgspec

    from comity.policy.reading import located, misshapen
    from comity.policy.scenarios import Scenario

    rows, read = _json(name), []
    if not isinstance(rows, list):
        raise CallerError(f"{name}: is no list of scenarios", code="facts.invalid", field=name, hint=SEE)
    for at, row in enumerate(rows):
        try:
            read.append(msgspec.convert(row, Scenario))
        except msgspec.ValidationError as error:
            raise located(misshapen(error, Scenario, "scenario"), f"{name}[{at}]") from None
    return read


def _json(name: str) -> Any:
    import msgspec

    try:
        return msgspec.json.decode(sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes())
    except OSError as error:
        raise CallerError(f"cannot read `{name}`: {error.strerror}", code="facts.unreadable", hint="name a JSON file, or -") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        said = str(error)
        raise CallerError(f"`{name}` is not JSON: {said[:1].lower()}{said[1:]}", code="facts.invalid", hint=SEE) from None
