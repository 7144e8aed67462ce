# SPDX-License-Identifier: Apache-2.0
"""`comity eval`: how well the tasks are done by the models of this machine, measured on sets; writes what may be done here."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from comity.cli import place, say
from comity.errors import CallerError

if TYPE_CHECKING:
    from comity.device.manifest import Model
    from comity.ports import Clock
    from comity.tasks.evaluation.measure import Outcome
    from comity.tasks.evaluation.sets import Item

ABOUT = "measure what the models here can do"
OWN = (Path("tests/eval/sets"), Path("tests/eval/public"))
"""Where this project's sets lie in its repository."""
BEGIN, END = "<!-- figures: comity eval -->", "<!-- end of figures -->"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("tasks", metavar="TASK", nargs="*", help="none: every task that there is a set for")
    parser.add_argument("--model", metavar="ID", action="append", default=[], help="of comity models; none: all that are here")
    parser.add_argument("--lang", metavar="EN,ZH", default="", help="languages of the texts")
    parser.add_argument("--sets", metavar="DIR", action="append", default=[], type=Path, help="folders of sets (the project's own)")
    parser.add_argument("--sample", metavar="N", type=int, default=0, help="of each set, task and language (0: all)")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of the sample (0)")
    parser.add_argument("--baselines", action="store_true", help="beside them what costs nothing")
    parser.add_argument("--misses", action="store_true", help="what went wrong, of the half that prompts are tuned on")
    parser.add_argument("--resume", action="store_true", help="go on with what --out holds")
    parser.add_argument("--kept", action="store_true", help="only what was answered already")
    parser.add_argument("--out", metavar="DIR", type=Path, default=Path("comity-eval"), help="answers, outcomes, page, matrix")
    parser.add_argument("--matrix", metavar="FILE", type=Path, help="write the rows into this capability.toml too; others in it stay")
    parser.add_argument("--page", metavar="FILE.md", type=Path, help="put tables and pictures between the marks of this page")


def run(args: argparse.Namespace) -> int:
    import asyncio

    from comity.ports import SystemClock
    from comity.tasks.evaluation import sets
    from comity.tasks.evaluation.measure import baseline
    from comity.tasks.evaluation.told import lines, terminal

    _checked(args)
    folders = args.sets or [folder for folder in OWN if folder.is_dir()]
    loaded = sets.load(folders, args.tasks, tuple(filter(None, args.lang.split(","))))
    items = sets.sample(loaded.items, args.sample, args.seed)
    _out(args)
    models = _models(args, items)
    outcomes = asyncio.run(_measured(args, models, items, SystemClock()))
    beside = baseline(items) if args.baselines else []
    found = lines(outcomes, beside, {model.id: model.sha256 for model in models})
    _written(args, outcomes, found, loaded.hashes)
    say.result(args, _told(found), terminal(found) or "nothing was measured")
    say.aside(f"\nwritten: {args.out}/index.html, {args.out}/capability.toml; comity eval --resume goes on")
    return 0


def _checked(args: argparse.Namespace) -> None:
    from comity.tasks.evaluation.sets import SCORERS

    wrong = next((name for name in args.tasks if name not in SCORERS), "")
    if wrong:
        known = ", ".join(SCORERS)
        raise CallerError(f"`{wrong}` is no task that is measured", code="usage", exit_code=2, field="TASK", hint=f"one of: {known}")
    if args.page is not None and BEGIN not in _read(args.page):
        raise CallerError(f"`{args.page}` has no marks", code="usage", exit_code=2, field="--page", hint=f"{BEGIN} … {END}")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        raise CallerError(f"`{path}` cannot be read", code="usage", exit_code=2, hint="a file that is there") from None


def _out(args: argparse.Namespace) -> None:
    journal = args.out / "answers.jsonl"
    if journal.exists() and not (args.resume or args.kept):
        raise CallerError(
            f"`{args.out}` holds answers already", code="usage", exit_code=2, field="--out", hint="--resume, or another folder"
        )
    try:
        args.out.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise CallerError(f"`{args.out}` cannot be made", code="usage", exit_code=2, field="--out", hint="a folder of yours") from None


def _models(args: argparse.Namespace, items: Sequence[Item]) -> list[Model]:
    from comity.device.manifest import models_directory
    from comity.tasks.evaluation.device import chosen
    from comity.tasks.registry import task_of

    wanted = {task_of(name).operation for name in {item.task for item in items}}
    found = chosen(args.model, models_directory(place.configuration(args).paths))
    return [model for model in found if model.operations & wanted]


async def _measured(args: argparse.Namespace, models: Sequence[Model], items: Sequence[Item], clock: Clock) -> list[Outcome]:
    from comity.device.manifest import models_directory
    from comity.tasks.evaluation.device import NOT_KEPT, loaded
    from comity.tasks.evaluation.journal import Journal
    from comity.tasks.evaluation.measure import measured
    from comity.tasks.registry import task_of

    directory, journal = models_directory(place.configuration(args).paths), Journal(args.out / "answers.jsonl")
    outcomes: list[Outcome] = []
    for model in models:
        those = [item for item in items if task_of(item.task).operation in model.operations]
        begun, done = clock.monotonic(), 0
        async with loaded(model, directory, journal, clock, kept_only=args.kept) as places:
            async for item, outcome, value in measured(those, places):
                done += 1
                _progress(model.id, done, len(those), (clock.monotonic() - begun) / done, last=done == len(those))
                if outcome.why == NOT_KEPT:
                    continue
                outcomes.append(outcome)
                if args.misses and not item.held and (outcome.draft is False or (outcome.came != "answered" and not item.none)):
                    _miss(item, outcome, value)
    return outcomes


def _progress(model: str, done: int, total: int, seconds: float, *, last: bool) -> None:
    """One line that changes, on a terminal; elsewhere a line now and then."""
    told = f"{model}: {done} of {total}, {seconds:.1f} s each, about {round((total - done) * seconds / 60)} min to go"
    if sys.stderr.isatty():
        print(f"\r{told:78}", end="\n" if last else "", file=sys.stderr, flush=True)
    elif last or done % 20 == 0:
        say.aside(told)


def _miss(item: Item, outcome: Outcome, value: Any) -> None:
    gates = f", gates: {', '.join(outcome.gates)}" if outcome.gates else ""
    say.aside(f"  {item.task} {item.id}: {outcome.came} {outcome.why} {outcome.scored}{gates}\n    {value!r:.600}")


def _told(found: Sequence[Any]) -> list[dict[str, Any]]:
    import msgspec

    return [
        {
            "row": msgspec.to_builtins(line.row), "verdict": line.verdict, "public": line.public,
            **{half: getattr(line, half)._asdict() for half in ("all", "dev", "held")},
            "baselines": {name: other._asdict() for name, other in line.beside},
        }
        for line in found
    ]  # fmt: skip


def _written(args: argparse.Namespace, outcomes: Sequence[Outcome], found: Sequence[Any], hashes: dict[str, str]) -> None:
    import msgspec

    from comity.tasks.capability import N_MIN, matrix, read
    from comity.tasks.evaluation.matrix import joined, write
    from comity.tasks.evaluation.page import file_name, page
    from comity.tasks.evaluation.picture import chart
    from comity.tasks.evaluation.told import markdown

    rows = [line.row for line in found if line.row.n >= N_MIN]  # of fewer nothing is said: not even that it is not able
    (args.out / "outcomes.jsonl").write_bytes(b"".join(msgspec.json.encode(each) + b"\n" for each in outcomes))
    write(args.out / "capability.toml", joined(matrix(), rows))
    if args.matrix is not None:
        before = read(_read(args.matrix)) if args.matrix.exists() else ()
        write(args.matrix, joined(before, rows))
    sample = f"at most {args.sample} of each, seed {args.seed}" if args.sample else "whole"
    made = f"Measured by comity eval; sets, {sample}: " + ", ".join(f"{name} {sha256[:12]}" for name, sha256 in sorted(hashes.items()))
    (args.out / "index.html").write_text(page(found, made=made), encoding="utf-8")
    if args.page is None:
        return
    pictures = args.page.with_suffix("")
    pictures.mkdir(exist_ok=True)
    said = []
    for model in dict.fromkeys(line.row.model for line in found):
        those = [line for line in found if line.row.model == model]
        (pictures / file_name(model)).write_text(chart(model, those) + "\n", encoding="utf-8")
        told = f"{model}: how much it answered, and how much of that was right"
        said += [f"![{told}]({pictures.name}/{file_name(model)})", "", markdown(those)]
    text = _read(args.page)
    head, tail = text.partition(BEGIN)[0], text.partition(END)[2]
    args.page.write_text(f"{head}{BEGIN}\n\n{chr(10).join(said)}\n{made}.\n\n{END}{tail}", encoding="utf-8")
