# SPDX-License-Identifier: Apache-2.0
"""`comity resilience`: who may lawfully answer whom, what goes dark without one of them, and a drill that shows it."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from comity.cli import place, say
from comity.errors import CallerError

if TYPE_CHECKING:
    from comity.gateway.resilience import Drilled, Report
    from comity.routing.resilience import Question

ABOUT = "what goes dark if a partner, region or entity does"
NOBODY = "nobody"
KINDS = {"partner": "partner", "region": "region", "entity": "legal entity", "deployment": "deployment"}
INDEX = "index of concentration: the sum of the partners' squared shares; 1 is a single partner, 1/n is n equal ones"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--as-of", metavar="DAY", default="", help="another day than today")
    parser.add_argument("--html", metavar="FILE", default="", help="one page, for a browser or a printer")
    parser.add_argument("--drill", metavar="NAME", default="",
                        help="in the lab, without this partner, region, entity or deployment; exit 1 if the report was wrong")  # fmt: skip


def run(args: argparse.Namespace) -> int:
    from datetime import datetime

    from comity.cli.facts import day
    from comity.gateway.resilience import Survey
    from comity.ports import SystemClock, SystemRandom, SystemSecrets

    config, clock = place.configuration(args), SystemClock()
    if args.drill:
        return _drill(args, config)
    at = clock.now()
    other = day(args.as_of)
    if other is not None:
        at = datetime.combine(other, at.timetz())
    report = Survey(
        config, at=at, state=place.whereabouts(args, config).state, clock=clock, random=SystemRandom(), secrets=SystemSecrets()
    ).report()
    if args.html:
        from comity.cli.resilience_page import page

        try:
            Path(args.html).write_text(page(report), encoding="utf-8")
        except OSError as error:
            raise CallerError(
                f"cannot write `{args.html}`: {error.strerror}", code="report.unwritable", hint="name a file in a folder of yours"
            ) from None
    say.result(args, _builtins(report), "\n".join(_words(report)))
    return 0


def _drill(args: argparse.Namespace, config: Any) -> int:
    if args.as_of or args.html:
        raise CallerError("a drill runs today, and is no page", code="usage", exit_code=2, hint="comity resilience --drill NAME")
    from comity.lab.drill import drill

    drilled = drill(config, args.drill, state=place.whereabouts(args, config).state, models=place.models(config), progress=say.aside)
    say.result(args, _builtins(drilled), "\n".join(_drilled(drilled)))
    return 0 if drilled.holds else 1


def _builtins(value: Any) -> dict[str, Any]:
    import msgspec

    out: dict[str, Any] = msgspec.to_builtins(value)
    return out


# -- the words that the terminal and the page share -------------------------------------------------------------------


class Row(NamedTuple):
    """``who``: persons and tasks, said only where they differ; ``by``: who may answer, in order."""

    operation: str
    who: str
    by: tuple[str, ...]


def answers(report: Report) -> dict[str, list[Row]]:
    """By jurisdiction, each distinct list of who may answer once."""
    from comity.routing.resilience import grouped

    by: dict[tuple[str, tuple[str, ...]], list[Question]] = {}
    for cell in report.cells:
        by.setdefault((cell.jurisdiction, cell.lawful), []).append(cell.question)
    out: dict[str, list[Row]] = {}
    for (jurisdiction, lawful), questions in by.items():
        for group in grouped(questions):
            out.setdefault(jurisdiction, []).append(Row(group.operation, who(report, group.persons, group.tasks), lawful))
    return out


def who(report: Report, persons: Sequence[str], tasks: Sequence[str]) -> str:
    every = {cell.task for cell in report.cells}
    people = "anyone" if len(persons) == len(report.persons) else ", ".join(persons)
    return people if len(tasks) == len(every) else f"{people} for {', '.join(tasks)}"


def places(report: Report, questions: Iterable[Question]) -> list[str]:
    """One line for each jurisdiction and operation; jurisdictions of which the same is said share it."""
    from comity.routing.resilience import grouped

    by: dict[tuple[str, str], list[str]] = {}
    for group in grouped(questions):
        by.setdefault((group.operation, who(report, group.persons, group.tasks)), []).append(group.jurisdiction)
    return [f"{', '.join(where)}: {operation}, {people}" for (operation, people), where in by.items()]


def _words(report: Report) -> Iterator[str]:
    told = answers(report)
    shut = [where for where, rows in told.items() if not any(row.by for row in rows)]
    yield f"who may answer, as of {report.as_of}; in the order in which they would be asked"
    yield from (f"  {person.name:10} {person.means}" for person in report.persons)
    for where, rows in told.items():
        if where not in shut:
            yield f"\n{where}"
            yield from (f"  {row.operation:14} {row.who}: {', '.join(row.by) or NOBODY}" for row in rows)
    if shut:
        yield f"\n{', '.join(shut)}\n  {NOBODY}, whoever asks for what"
    yield "\nwithout one of them (N-1)"
    for loss in report.losses:
        yield f"  {KINDS[loss.kind]} {loss.name}" + ("" if loss.dark or loss.device_only else ": nothing goes dark")
        yield from (f"    dark         {line}" for line in places(report, loss.dark))
        yield from (f"    device only  {line}" for line in places(report, loss.device_only))
    yield f"\n{INDEX}"
    for each in report.concentration:
        if each.answered:
            shares = ", ".join(f"{share.partner} {share.share:.0%}" for share in each.shares)
            yield f"  {'all' if each.jurisdiction == '*' else each.jurisdiction:6} {each.index:.2f}  {shares}"
    warned = [warning for warning in report.warnings if warning.code != "nobody"]
    if warned:
        yield "\nwarnings"
    for warning in warned:
        yield f"  {warning.text}"
        yield from (f"    {line}" for line in places(report, warning.questions))


def _drilled(drilled: Drilled) -> Iterator[str]:
    gone = frozenset(drilled.gone)
    yield f"without {drilled.name} ({', '.join(drilled.gone)}), of partners simulated on loopback"
    if drilled.left_out:
        yield f"left out, since they stand on no partner: {', '.join(drilled.left_out)}"
    for row in drilled.rows:
        if row.lawful:
            left = [each for each in row.lawful if each not in gone]
            shown = ", ".join(dict.fromkeys(each.by or "dark" for each in row.answers if each.round != "up"))
            mark = "ok  " if row.holds else "FAIL"
            yield f"{mark}  {row.jurisdiction:6} {row.operation:10} {row.person:10} {row.task:18} {shown}" + (
                "" if row.holds else f" (expected {' or '.join(left) or 'dark'})"
            )
    silent = [row for row in drilled.rows if not row.lawful]
    if silent:
        refused = sum(row.holds for row in silent)
        yield f"{refused} of {len(silent)} questions that nobody may answer were answered by nobody"
    wrong = sum(not row.holds for row in drilled.rows)
    lost = sum(1 for row in drilled.rows if row.lawful and gone.issuperset(row.lawful))
    yield f"{lost} of {len(drilled.rows)} questions go dark, as the report says" if not wrong else f"{wrong} did not go as the report says"
