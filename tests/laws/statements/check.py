# SPDX-License-Identifier: Apache-2.0
"""Statements against the packs that ship: every combination decided by the real engine, and packs made wrong to see that it would show."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from comity.jurisdictions.load import load_pack, load_packs
from comity.jurisdictions.pack import Pack
from comity.jurisdictions.rules import pieces
from comity.policy.decision import Decision, Effect
from comity.policy.engine import Engine
from comity.policy.facts import Facts
from tests.laws.statements import cn, eea, us
from tests.laws.statements.apart import Deduped
from tests.laws.statements.facts import DECKS, SEED, built, said, stream
from tests.laws.statements.plain import WORDS, Mutant, Seen, Statement

DEEP = ("cn", "eea", "us")
STATEMENTS: dict[str, tuple[Statement, ...]] = {"cn": cn.STATEMENTS, "eea": eea.STATEMENTS, "us": us.STATEMENTS}
HOMES = {"cn": cn.HOME, "eea": eea.HOME, "us": us.HOME}
MANY, SOME, PARTS = 1_000_000, 10_000, 8
MET_PER_MILLION, ALLOWED_PER_MILLION = 1_000, 100
"""A statement that is met, or allowed nearby, less often is about nothing."""
EXAMPLES_MAX = 3
BATCH = 2_048
TRIED = 400
"""With how many combinations at stake a mutant is tried; all are among the first of ``SOME``."""


@dataclass
class Tally:
    """Of one statement.  ``met``: the wrong answer here would break it; ``allowed``: it is about these, and they were allowed."""

    met: int = 0
    allowed: int = 0
    broken: int = 0
    examples: list[tuple[Facts, Decision]] = field(default_factory=list)
    sample: list[tuple[int, Facts]] = field(default_factory=list)

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.met + other.met, self.allowed + other.allowed, self.broken + other.broken, self.examples + other.examples,
            self.sample + other.sample,
        )  # fmt: skip


@dataclass
class Run:
    combinations: int
    decided: int
    seconds: float
    tallies: dict[str, Tally]

    def told(self, pack: str) -> str:
        return (
            f"{pack}, seed `{SEED}`: {self.combinations:,} combinations, {self.decided:,} decided anew, "
            f"{self.seconds:.0f} s, {self.combinations / self.seconds:,.0f} decisions/s"
        )


def run(pack: str, combinations: int, part: int = 0) -> Run:
    """Each of ``pack``'s statements over as many facts of its deck, decided by all three packs together."""
    engine, home = Deduped(load_packs(DEEP)), HOMES[pack]
    rows = [(statement, Tally()) for statement in STATEMENTS[pack]]
    started, number = time.perf_counter(), 0
    for batch in batches(stream(pack, part), combinations):
        for facts, decision in zip(batch, engine.decide_many(batch), strict=True):
            seen, is_allowed = Seen(facts, home), decision.effect is Effect.ALLOW
            for statement, tally in rows:
                if not statement.covers(seen):
                    continue
                tally.allowed += is_allowed
                if statement.at_stake(seen, decision):
                    tally.met += 1
                    if len(tally.sample) < TRIED and number < SOME and not part:
                        tally.sample.append((number, facts))
                if statement.broken(seen, decision):
                    tally.broken += 1
                    if len(tally.examples) < EXAMPLES_MAX:
                        tally.examples.append((facts, decision))
            number += 1
    return Run(combinations, engine.decided, time.perf_counter() - started, {statement.id: tally for statement, tally in rows})


def run_in_parts(pack: str, combinations: int) -> Run:
    """The same, on every core that there is; the parts, and so the facts, are the same on any machine."""
    started = time.perf_counter()
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), mp_context=get_context("spawn")) as pool:
        runs = list(pool.map(run, [pack] * PARTS, [combinations // PARTS] * PARTS, range(PARTS)))
    return Run(
        sum(each.combinations for each in runs), sum(each.decided for each in runs), time.perf_counter() - started,
        {statement.id: sum((each.tallies[statement.id] for each in runs), Tally()) for statement in STATEMENTS[pack]},
    )  # fmt: skip


def batches(facts: Iterable[Facts], many: int) -> Iterator[list[Facts]]:
    some = islice(facts, many)
    while batch := list(islice(some, BATCH)):
        yield batch


@cache
def run_of_some(pack: str) -> Run:
    return run(pack, SOME)


# -- packs made wrong ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Counterexample:
    tried: int
    number: int
    facts: Facts
    decision: Decision
    smallest: dict[str, Any]
    """Members that matter, as the deck names them; all others are at rest."""


def mutated(pack: str, mutant: Mutant) -> Pack:
    """Read from text as any pack is, so that what is wrong with it is the law in it and not its form."""
    here = files("comity.jurisdictions").joinpath("packs").joinpath(pack)
    texts = {each.name: each.read_text(encoding="utf-8") for each in here.iterdir() if each.name != "tests.json"}
    for name in mutant.drops:
        rules = [piece.text for piece in pieces(texts["rules.cedar"])]
        left = [text for text in rules if f'@id("{name}")' not in text]
        assert len(left) == len(rules) - 1, f"there is no one rule `{name}` to drop"
        texts["rules.cedar"] = "".join(left)
    for file, old, new in mutant.edits:
        assert old in texts[file], f"{file} no longer says `{old}`"
        texts[file] = texts[file].replace(old, new)
    with tempfile.TemporaryDirectory() as folder:
        for name, text in texts.items():
            Path(folder, name).write_text(text, encoding="utf-8")
        return load_pack(Path(folder), WORDS)


@cache
def counterexample(pack: str, statement: Statement) -> Counterexample | None:
    """The first combination at stake in which the mutant breaks the statement, made as small as it still does."""
    sample = run_of_some(pack).tallies[statement.id].sample
    engine = Engine([*load_packs([each for each in DEEP if each != pack]), mutated(pack, statement.mutant)], WORDS)

    def broken(facts: Facts) -> Decision | None:
        seen, decision = Seen(facts, HOMES[pack]), engine.decide(facts)
        return decision if statement.covers(seen) and statement.broken(seen, decision) else None

    for tried, (number, facts) in enumerate(sample, 1):
        decision = broken(facts)
        if decision is not None:
            return Counterexample(tried, number, facts, decision, _smallest(pack, number, lambda said: broken(built(said)) is not None))
    return None


def _smallest(pack: str, number: int, breaks: Any) -> dict[str, Any]:
    """Member by member back to where it rests, as long as it still breaks."""
    deck = DECKS[pack]
    rest = {name: deck.sound[name][0] for name in deck.wild}
    found = next(islice(said(pack), number, None))
    while True:
        for name in sorted(rest):
            if found[name] != rest[name] and breaks(found | {name: rest[name]}):
                found = found | {name: rest[name]}
                break
        else:
            return {name: value for name, value in found.items() if value != rest[name]}
