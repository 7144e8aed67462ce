# SPDX-License-Identifier: Apache-2.0
"""What a dossier is drafted from, put together: deployments as resolved on a day, evidence, counts of persons, aggregates of the log.

Nothing of one person is kept: a destination and how many named persons had records there.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from comity.accord.dossier import Dossier, drafted
from comity.accord.dossier_facts import Flow, Gathered, Logged
from comity.accord.dossier_template import parts_of, template_of
from comity.accord.evidence import register
from comity.config import Config
from comity.errors import StorageFailure
from comity.gateway.duties import REGISTERED
from comity.gateway.embedded import EMBEDDED
from comity.gateway.partners import resolve_all
from comity.gateway.read import asked
from comity.gateway.standing import declared, spans
from comity.jurisdictions.load import load_packs
from comity.jurisdictions.pack import Pack
from comity.jurisdictions.plain import Language
from comity.jurisdictions.vocab import Vocabulary, load_vocabulary
from comity.policy.volumes import with_counts
from comity.storage.open import look_into
from comity.storage.state import Counts, glimpse
from comity.transparency.queries import Crossed, Wanted, crossings
from comity.transparency.rows import DATABASE

if TYPE_CHECKING:
    from comity.gateway.app import App
    from comity.gateway.whereabouts import Whereabouts

DAYS = 365  # of the log, up to the day of the draft
AT_ONCE = 2000
RECORDS_MAX = 200_000
SECONDS_MAX = 10.0  # for an answer of a server


class Tally:
    """Of records up to the end of a day, the newest first."""

    def __init__(self, day: date, now: datetime, inside: frozenset[str]) -> None:
        end = min(datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1), now + timedelta(seconds=1))
        self.span = Wanted(since=end - timedelta(days=DAYS), before=end)
        self.below = ""
        self._inside, self._records, self._whole = inside, 0, True
        self._counts: defaultdict[tuple[str, ...], int] = defaultdict(int)
        self._persons: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)

    def add(self, some: Sequence[Crossed]) -> bool:
        """Whether there may be more to look at."""
        for each in some:
            self.below = each.id
            if each.source in self._inside:
                self._counts[each.destination] += 1
                if each.subject is not None:
                    self._persons[each.destination].add(each.subject)
        self._records += len(some)
        self._whole = len(some) < AT_ONCE
        return not self._whole and self._records < RECORDS_MAX

    def flows(self) -> tuple[Flow, ...]:
        return tuple(
            Flow(destination=where, records=self._counts[where], persons=len(self._persons[where])) for where in sorted(self._counts)
        )

    def logged(self) -> Logged:
        assert self.span.since is not None and self.span.before is not None
        return Logged(self.span.since, self.span.before, self._records, self._whole)


def gathered(config: Config, *, day: date, state: tuple[Counts, list[bytes]], tally: Tally, vocabulary: Vocabulary) -> Gathered:
    """Raises OperatorError as a start of the gateway would."""
    configured = config.deployments or (EMBEDDED,)
    resolved = resolve_all(configured, vocabulary=vocabulary, as_of=day)
    counts, entries = state
    registered = register(entries)
    standing = declared(config, configured, vocabulary, day, registered)
    return Gathered(
        day=day, config=config, deployments=tuple((each, resolved[each.id]) for each in configured),
        registered=tuple(registered), in_force=standing.evidence, volumes=with_counts(standing.volumes, counts),
        flows=tally.flows(), logged=tally.logged(), by_code=REGISTERED,
    )  # fmt: skip


def of_home(
    config: Config, where: Whereabouts, *, name: str, parts: Sequence[str], day: date, now: datetime, language: Language
) -> Dossier:
    """Beside running gateways.  Raises CallerError, OperatorError, StorageFailure."""
    vocabulary = load_vocabulary()
    packs = load_packs(config.packs.enabled, [Path(extra) for extra in config.packs.extra])
    template, own = template_of(name, packs, vocabulary)
    wanted = parts_of(template, parts)
    tally = Tally(day, now, _inside(own, vocabulary))
    try:
        into = look_into(where.log / DATABASE if isinstance(where.log, Path) else where.log.url, "log", seconds_max=SECONDS_MAX)
    except StorageFailure as error:
        if error.code != "storage.absent":  # where nothing was recorded yet, nothing was
            raise
    else:
        try:
            while tally.add(into.look(partial(crossings, tally.span, tally.below, AT_ONCE))):
                pass
        finally:
            into.close()
    state = glimpse(where.state, spans(vocabulary, _at(day, now)))
    return drafted(template, own, wanted, gathered(config, day=day, state=state, tally=tally, vocabulary=vocabulary), language, vocabulary)


async def dossier(app: App, query: asked.Dossiers, name: str) -> Dossier:
    """`GET /comity/v1/dossiers/CN`: of this gateway as it stands.  Raises CallerError (404)."""
    world, vocabulary = app.world, load_vocabulary()
    now = world.clock.now()
    day = query.as_of or now.date()
    template, own = await asyncio.to_thread(template_of, name, world.engine.packs, vocabulary)
    wanted = parts_of(template, [query.part] if query.part else [])
    tally = Tally(day, now, _inside(own, vocabulary))
    while tally.add(await world.ledger.database.read(partial(crossings, tally.span, tally.below, AT_ONCE))):
        pass
    state = world.state.counts(spans(vocabulary, _at(day, now))), world.state.entries()
    facts = gathered(world.config, day=day, state=state, tally=tally, vocabulary=vocabulary)
    return await asyncio.to_thread(drafted, template, own, wanted, facts, query.language, vocabulary)


def _inside(packs: Sequence[Pack], vocabulary: Vocabulary) -> frozenset[str]:
    return frozenset().union(*map(vocabulary.members, packs[0].head.regions))


def _at(day: date, now: datetime) -> datetime:
    return datetime.combine(day, now.timetz())
