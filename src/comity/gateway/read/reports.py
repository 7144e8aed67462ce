# SPDX-License-Identifier: Apache-2.0
"""Aggregates over records: what crossed which border, what was owed, why it was refused, how attempts ended, how many persons.

One look through the records of a time, a thousand at once, with other requests served in between.  A number of persons that could
single somebody out is not told.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from comity.errors import CallerError
from comity.gateway.duties import DISCHARGERS
from comity.gateway.read import asked, shapes
from comity.gateway.read.decisions import articles_of
from comity.gateway.world import World
from comity.jurisdictions.vocab import bare
from comity.transparency.queries import Entry, Wanted, destinations, page

if TYPE_CHECKING:
    from comity.gateway.app import App

COHORT_MIN = 10
RECORDS_MAX = 200_000
AT_ONCE = 1000
PATH = "/comity/v1/reports"
Row = dict[str, Any]


class Tally(Protocol):
    def add(self, when: str, entry: Entry) -> None: ...

    def rows(self, limit: int) -> Iterable[Row]: ...


class Flows:
    """By time, source, destination and effect."""

    def __init__(self, world: World) -> None:
        self._counts: Counter[tuple[str, str, tuple[str, ...], str]] = Counter()

    def add(self, when: str, entry: Entry) -> None:
        said = entry.receipt
        self._counts[when, said.source, destinations(said), said.effect] += 1

    def rows(self, limit: int) -> Iterable[Row]:
        for (when, source, destination, effect), count in sorted(self._counts.items()):
            yield {"at": when, "source": source, "destination": list(destination), "effect": effect, "records": count}


class Obligations:
    """Of what was allowed, by obligation: in how many records it was owed, and what met it."""

    def __init__(self, world: World) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, when: str, entry: Entry) -> None:
        if entry.receipt.effect == "allow":
            self._counts.update(entry.receipt.obligations)

    def rows(self, limit: int) -> Iterable[Row]:
        for duty, count in self._counts.most_common(limit):
            yield {"obligation": duty, "met_by": "code" if bare(duty) in DISCHARGERS else "evidence", "records": count}


class Reasons:
    """The facts that refusals rest on, the most frequent first."""

    def __init__(self, world: World) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._articles = articles_of(world.engine)

    def add(self, when: str, entry: Entry) -> None:
        said = entry.receipt
        if said.effect != "allow":
            self._counts.update((said.effect, fact) for fact in said.reasons)

    def rows(self, limit: int) -> Iterable[Row]:
        for (effect, fact), count in self._counts.most_common(limit):
            article = self._articles.get(fact)
            named = {"instrument": article.instrument, "article": article.article} if article is not None else {}
            yield {"effect": effect, "fact": fact, "records": count, **named}


class Outcomes:
    """How attempts ended, by time, deployment and status."""

    def __init__(self, world: World) -> None:
        self._counts: defaultdict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])

    def add(self, when: str, entry: Entry) -> None:
        if entry.receipt.effect == "allow":
            counts, end = self._counts[when, entry.receipt.deployment, entry.status], entry.outcome
            counts[0] += 1
            if end is not None:
                counts[1] += end.prompt_tokens or 0
                counts[2] += end.completion_tokens or 0

    def rows(self, limit: int) -> Iterable[Row]:
        for (when, deployment, status), (attempts, prompt, completion) in sorted(self._counts.items()):
            yield {"at": when, "deployment": deployment, "status": status, "attempts": attempts,
                   "prompt_tokens": prompt, "completion_tokens": completion}  # fmt: skip


class Subjects:
    """How many named persons, by time and source; null below the least number that is told."""

    def __init__(self, world: World) -> None:
        self._seen: defaultdict[tuple[str, str], set[str]] = defaultdict(set)

    def add(self, when: str, entry: Entry) -> None:
        if entry.subject is not None:
            self._seen[when, entry.receipt.source].add(entry.subject)

    def rows(self, limit: int) -> Iterable[Row]:
        for (when, source), persons in sorted(self._seen.items()):
            yield {"at": when, "source": source, "subjects": len(persons) if len(persons) >= COHORT_MIN else None}


class Kind(NamedTuple):
    says: str
    made: Callable[[World], Tally]


KINDS: dict[str, Kind] = {
    "flows": Kind("records by time, source, destination and effect", Flows),
    "obligations": Kind("what was owed of what was allowed, and what met it", Obligations),
    "reasons": Kind("articles that refusals rest on, the most frequent first", Reasons),
    "outcomes": Kind("how attempts ended, by time and deployment, with their tokens", Outcomes),
    "subjects": Kind(f"named persons by time and source; fewer than {COHORT_MIN} are not told", Subjects),
}


async def reports(app: App, query: asked.Query, name: str) -> shapes.ReportPage:
    return shapes.ReportPage(
        data=tuple(shapes.ReportName(name=each, says=kind.says, href=f"{PATH}/{each}") for each, kind in KINDS.items())
    )


async def report(app: App, query: asked.Report, name: str) -> shapes.ReportAnswer:
    """Raises CallerError (404)."""
    if name not in KINDS:
        raise CallerError("there is no such report", code="report.unknown", status=404, hint=f"there are: {', '.join(KINDS)}")
    now = app.world.clock.now()
    before = asked.moment(query.before, "to") or now + timedelta(seconds=1)
    since = asked.moment(query.since, "from") or before - timedelta(hours=24)
    letters = 10 if query.by == "day" else 13  # of 2026-11-26T09:00Z
    wanted, after, records, tally = Wanted(since=since, before=before), "", 0, KINDS[name].made(app.world)
    oldest = ""
    while True:
        found = await app.world.ledger.database.read(partial(page, wanted, after, AT_ONCE))
        for entry in found.entries:
            tally.add(entry.receipt.at[:letters], entry)
            oldest = entry.receipt.at
        records, after = records + len(found.entries), found.after
        if not after or records >= RECORDS_MAX:
            break
    if after:
        since = asked.moment(oldest, "from") or since
    return shapes.ReportAnswer(
        name=name, since=since, before=before, by=query.by, records=records, complete=not after, cohort_min=COHORT_MIN,
        rows=tuple(tally.rows(query.limit)),
    )  # fmt: skip
