# SPDX-License-Identifier: Apache-2.0
"""What the privacy guard finds, what it leaves and how long it takes, beside Presidio in the same run.

python -m benchmarks.privacy                                     the profiles, on the sets of tests/vectors/privacy
python -m benchmarks.privacy --presidio-python VENV/bin/python   and Presidio, which is no dependency of this project
python -m benchmarks.privacy --help

Exit code 1: a promise was not kept.  What a figure means: `spans.py`.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from benchmarks.spans import TYPES, Measured, Score, Span, Tally

from comity.cli.texts import PROFILES, guard_of
from comity.errors import ComityError
from comity.privacy.guard import Guard, Profile
from comity.privacy.presidio import ENTITIES

ROOT = Path(__file__).parents[1]
SETS = sorted((ROOT / "tests" / "vectors" / "privacy").glob("*-??.jsonl"))
SIDE = Path(__file__).with_name("presidio_side.py")
KB, TEXTS, ROUNDS = 1024, 20, 3
# Presidio's kinds, as ours, with what helps it: a place counts as an address, so that it is covered, not leaked.
KINDS = {name: kind for name, (kind, _) in ENTITIES.items()} | {"LOCATION": "ADDRESS"}

LEAK_MAX, NEGATIVES_MAX, CLEAN_MAX = 0.03, 0.03, 0.08
PERSON_MIN = {"made": 0.92, "real": 0.86}
FASTER = {"rules": 60.0, "balanced": 2.0}  # than Presidio
CACHED_MS_MAX, UNCACHED_MS_MAX = 1.0, {"rules": 1.0, "balanced": 30.0}  # a KB, p50


class Answer(NamedTuple):
    ms: float
    spans: list[Span]


class System(Protocol):
    name: str

    def ask(self, texts: Sequence[str]) -> list[Answer]: ...


class Comity:
    def __init__(self, guard: Guard) -> None:
        self.name, self._guard = guard.profile, guard

    def ask(self, texts: Sequence[str]) -> list[Answer]:
        out = []
        for text in texts:
            began = time.process_time()
            found = self._guard.scan(text)
            took = 1e3 * (time.process_time() - began)
            out.append(Answer(took, [Span(each.start, each.end, each.type) for each in found]))
        return out


class Presidio:
    def __init__(self, python: str, model: str) -> None:
        self.name = "presidio"
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        surroundings = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}  # those are of this interpreter
        self._child = subprocess.Popen(
            [python, str(SIDE), model], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={**surroundings, **threads},
        )  # fmt: skip
        self.version = str(self._line())

    def _line(self) -> Any:
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line:
            raise OSError(f"it ended with {self._child.wait()}: are presidio-analyzer and the spaCy model installed there?")
        return json.loads(line)

    def ask(self, texts: Sequence[str]) -> list[Answer]:
        assert self._child.stdin is not None
        self._child.stdin.write(json.dumps(texts) + "\n")
        self._child.stdin.flush()
        return [Answer(ms, [Span(start, end, KINDS[kind]) for start, end, kind in found if kind in KINDS]) for ms, found in self._line()]

    def close(self) -> None:
        assert self._child.stdin is not None
        self._child.stdin.close()
        self._child.wait()


class Set(NamedTuple):
    name: str
    items: list[dict[str, Any]]

    @property
    def real(self) -> bool:
        return all(item.get("eval_types") for item in self.items)


def read(path: Path, half: str) -> Set:
    items = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return Set(path.stem, [item for item in items if half == "all" or item.get("half", half) == half])


def scored(items: Iterable[dict[str, Any]], system: System) -> Score:
    score = Score()
    items = list(items)
    for item, answer in zip(items, system.ask([item["text"] for item in items]), strict=True):
        score.add(item, answer.spans)
    return score


# -- time ------------------------------------------------------------------------------------------------------------


def kilobytes(items: Iterable[dict[str, Any]]) -> list[str]:
    """Texts of about a kilobyte of UTF-8, made of whole items one after another."""
    out, held, size = [], [], 0
    for item in items:
        held.append(item["text"])
        size += len(item["text"].encode()) + 1
        if size >= KB:
            out.append("\n".join(held))
            held, size = [], 0
    return out[:TEXTS]


def timed(texts: Sequence[str], systems: Sequence[System]) -> dict[str, list[float]]:
    """Milliseconds of a core for a kilobyte of each text, the least of several rounds; all systems have their turn in each.

    Time on a core, not on the wall: others on this machine hardly move it, and no system is helped by threads.
    """
    sizes = [len(text.encode()) / KB for text in texts]
    least = {system.name: [float("inf")] * len(texts) for system in systems}
    gc.collect()
    gc.disable()
    try:
        for _ in range(ROUNDS):
            for system in systems:
                took = [answer.ms / size for answer, size in zip(system.ask(texts), sizes, strict=True)]
                least[system.name] = list(map(min, least[system.name], took))
    finally:
        gc.enable()
    return least


def quantile(values: Sequence[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


# -- what is printed -------------------------------------------------------------------------------------------------


def number(value: float | None) -> str:
    return "    -" if value is None else f"{value:5.3f}"


def _three(measured: Measured) -> str:
    return " ".join(map(number, measured))


def _row(name: str, tally: Tally) -> str:
    leak = " ".join(map(number, (tally.leak, tally.leaked_partly, tally.leaked_fully)))
    return f"{name:15} {tally['gold']:5} {tally['found']:6}  {_three(tally.strict)}  {_three(tally.overlap)}  {leak}"


def table(name: str, system: str, score: Score) -> str:
    lines = [f"\n{name}, {system}: {score.whole['items']} items"]
    lines.append(f"{'':15} {'gold':>5} {'found':>6}  {'strict P  R  F1':17}  {'overlap P  R  F1':17}  leak: chars, partly, fully")
    lines.append(_row("all", score.all))
    others = sorted(set(score.types) - set(TYPES))
    lines += [_row(kind, score.types[kind]) for kind in (*TYPES, *others) if kind in score.types]
    lines.append(
        f"macro F1 {number(score.macro_f1)}; hidden needlessly: {score.over:.2%} of characters, {number(score.clean_hit)} of "
        f"{score.whole['clean']} clean items, {number(score.negatives_hit)} of negatives"
    )
    worst = sorted(score.negatives.items(), key=lambda each: -each[1]["hit"])[:6]
    lines += ["  " + ", ".join(f"{kind} {each['hit']}/{each['number']}" for kind, each in worst if each["hit"])] * bool(worst)
    return "\n".join(line for line in lines if line.strip() or line.startswith("\n"))


def summary(scores: dict[tuple[str, str], Score]) -> str:
    lines = [
        f"\n{'':24} {'strict F1':>9} {'overlap F1':>10} {'PERSON F1':>9} {'leak':>7} {'over':>7} {'clean hit':>9} {'negatives hit':>13}"
    ]
    for (name, system), score in scores.items():
        all_types, person = score.all, score.types["PERSON"].overlap.f1
        figures = f"{number(all_types.strict.f1):>9} {number(all_types.overlap.f1):>10} {number(person):>9} {number(all_types.leak):>7}"
        lines.append(f"{name:12} {system:11} {figures} {score.over:7.4f} {number(score.clean_hit):>9} {number(score.negatives_hit):>13}")
    return "\n".join(lines)


class Promise(NamedTuple):
    said: str
    kept: bool


def promises(scores: dict[tuple[str, str], Score], real: dict[str, bool], times: dict[str, dict[str, list[float]]]) -> list[Promise]:
    out = []

    def promise(what: str, value: float | None, limit: float, *, least: bool = False) -> None:
        if value is not None:
            kept = value >= limit if least else value <= limit
            out.append(Promise(f"{what}: {value:.3g} ({'at least' if least else 'at most'} {limit:g})", kept))

    for (name, system), score in scores.items():
        if system not in ("balanced", "strict"):
            continue
        where = f"{name}, {system}"
        promise(f"{where}: PERSON F1", score.types["PERSON"].overlap.f1, PERSON_MIN["real" if real[name] else "made"], least=True)
        promise(f"{where}: leak", None if real[name] else score.all.leak, LEAK_MAX)
        promise(f"{where}: negatives hit", score.negatives_hit, NEGATIVES_MAX)
        promise(f"{where}: clean items hit", score.clean_hit, CLEAN_MAX)
    for name, took in times.items():
        middle = {system: statistics.median(values) for system, values in took.items()}
        for system, limit in UNCACHED_MS_MAX.items():
            promise(f"{name}, {system}: ms a KB", middle.get(system), limit)
            promise(f"{name}, {system}, cached: ms a KB", middle.get(f"{system}, cached"), CACHED_MS_MAX)
            if system in middle and "presidio" in middle:
                promise(f"{name}, {system}: times faster than Presidio", middle["presidio"] / middle[system], FASTER[system], least=True)
    return out


# -- all of it -------------------------------------------------------------------------------------------------------


def systems_of(args: argparse.Namespace) -> tuple[list[System], list[str]]:
    """Those that can be asked here, and what is said of those that cannot."""
    made: list[System] = []
    missing: list[str] = []
    for profile in args.profiles.split(","):
        try:
            made.append(Comity(guard_of(argparse.Namespace(profile=profile, config="", home=""))))
        except (ComityError, ImportError) as error:
            missing.append(f"{profile}: {error}")
    if not args.presidio_python:
        missing.append("presidio: name an interpreter that has it with --presidio-python")
        return made, missing
    try:
        made.append(Presidio(args.presidio_python, args.presidio_model))
    except OSError as error:
        missing.append(f"presidio: {error}")
    return made, missing


def cached(profile: Profile) -> System:
    plain = guard_of(argparse.Namespace(profile=profile, config="", home=""))
    system = Comity(Guard(profile, plain.finders, cache_key=b"benchmark" * 4))
    system.name = f"{profile}, cached"  # type: ignore[assignment]
    return system


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("sets", metavar="SET", nargs="*", type=Path, default=SETS, help="items, one a line (those of the tests)")
    parser.add_argument("--half", choices=("all", "dev", "test"), default="all", help="of sets that have halves")
    parser.add_argument("--profiles", default=",".join(PROFILES), help=f"{','.join(PROFILES)}")
    parser.add_argument("--presidio-python", metavar="PYTHON", default="", help="an interpreter with presidio-analyzer and a model")
    parser.add_argument("--presidio-model", metavar="MODEL", default="en_core_web_lg", help="of spaCy, package or folder (its default)")
    parser.add_argument("--no-times", action="store_true", help="quality alone")
    parser.add_argument("--brief", action="store_true", help="without the tables by type")
    args = parser.parse_args()
    systems, missing = systems_of(args)
    for system in systems:
        print(f"{system.name}: {system.version if isinstance(system, Presidio) else 'comity'}")
    for line in missing:
        print(f"NOT RUN: {line}")
    sets = [read(path, args.half) for path in args.sets]
    scores = {(each.name, system.name): scored(each.items, system) for each in sets for system in systems}
    if not args.brief:
        for (name, system_name), score in scores.items():
            print(table(name, system_name, score))
    print(summary(scores))
    times: dict[str, dict[str, list[float]]] = {}
    if not args.no_times:
        systems += [cached(system.name) for system in systems if isinstance(system, Comity)]
        print(f"\nms of a core for 1 KB, least of {ROUNDS}")
        print(f"{'':24} {'texts':>5} {'p50':>9} {'p99':>9}")
        for each in sets:
            texts = kilobytes(each.items)
            times[each.name] = timed(texts, systems) if texts else {}
            for system_name, took in times[each.name].items():
                print(f"{each.name:12} {system_name:16} {len(took):3} {statistics.median(took):9.3f} {quantile(took, 0.99):9.3f}")
    made = promises(scores, {each.name: each.real for each in sets}, times)
    print()
    for promise in made:
        print(f"{'kept    ' if promise.kept else 'NOT KEPT'}  {promise.said}")
    for system in systems:
        if isinstance(system, Presidio):
            system.close()
    return 0 if all(promise.kept for promise in made) else 1


if __name__ == "__main__":
    sys.exit(main())
