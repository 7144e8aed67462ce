# SPDX-License-Identifier: Apache-2.0
"""What holds beside the request: how many persons were counted, and what evidence there is, from the configuration and the state.

A decision is made on a `Standing`.  What it owes to be counted is counted before anything is sent; if that would cross a threshold
the decision is made anew on the counts as they would be, so no threshold is passed by two requests at once.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path

import msgspec

from comity.accord.evidence import EVERYWHERE, Registered, in_force, register
from comity.config import Config, DeploymentConfig
from comity.gateway.locate import Nexus
from comity.jurisdictions.vocab import Vocabulary
from comity.policy.decision import Decision
from comity.policy.facts import US12Months, Volumes
from comity.policy.volumes import Edges, cell, span, window, with_counts
from comity.ports import Clock, Random
from comity.storage.state import Seen, State, Tick, glimpse

COUNT = "count:"
KEY_BYTES, MEMBER_BYTES = 32, 16


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """``number`` changes whenever anything here may have; ``evidence`` are kinds, by deployment id and for all (`*`)."""

    number: int
    volumes: Volumes
    evidence: Mapping[str, frozenset[str]]

    def for_all(self) -> frozenset[str]:
        return self.evidence.get(EVERYWHERE, frozenset())

    def of(self, deployment: str) -> frozenset[str]:
        return self.evidence.get(deployment, frozenset())


def declared(
    config: Config, deployments: Iterable[DeploymentConfig], vocabulary: Vocabulary, today: date, registered: Iterable[Registered] = ()
) -> Standing:
    """What the configuration says, with what was ``registered``.  Raises OperatorError for evidence of no known kind.

    Where the configuration asks for checks, what has none does not count, and what it lists itself has none.
    """
    checked_only = config.evidence_check_required
    evidence = in_force((each for each in registered if each.entry.check is not None or not checked_only), today)
    for scope, items in ((EVERYWHERE, config.evidence), *((each.id, each.evidence) for each in deployments)):
        listed = vocabulary.valid_evidence(items, today)
        evidence[scope] = evidence.get(scope, frozenset()) | (frozenset() if checked_only else listed)
    volumes = Volumes(
        cn_ytd_pi=config.volumes.cn_ytd_pi, cn_ytd_spi=config.volumes.cn_ytd_spi,
        us_12mo=US12Months(**msgspec.structs.asdict(config.volumes.us_12mo)),
    )  # fmt: skip
    return Standing(number=0, volumes=volumes, evidence=evidence)


def looked_up(config: Config, deployments: Iterable[DeploymentConfig], vocabulary: Vocabulary, at: datetime, where: Path | str) -> Standing:
    """What a gateway on this state would decide on now.  Raises StorageFailure."""
    counts, entries = glimpse(where, spans(vocabulary, at))
    made = declared(config, deployments, vocabulary, at.date(), register(entries))
    return msgspec.structs.replace(made, volumes=with_counts(made.volumes, counts))


def spans(vocabulary: Vocabulary, at: datetime) -> dict[str, tuple[str, ...]]:
    return {name: span(counter, at) for name, counter in vocabulary.counters.items()}


class Standings:
    """`now` and `count` are its verbs.  Raises StorageFailure when the state cannot be read or written."""

    def __init__(
        self, *, config: Config, deployments: Iterable[DeploymentConfig], vocabulary: Vocabulary, edges: Edges, state: State, clock: Clock,
        random: Random,
    ) -> None:  # fmt: skip
        self._config, self._deployments, self._vocabulary, self._edges = config, tuple(deployments), vocabulary, edges
        self._state, self._clock, self._random = state, clock, random
        self._keys: dict[str, bytes] = {}
        self._seen: tuple[Seen, date, int] | None = None
        self._now: Standing | None = None
        self._declared = Volumes()

    def now(self) -> Standing:
        """The same one for as long as nothing that a rule could tell apart has changed."""
        at = self._clock.now()
        state, day, hour = self._state.now(), at.date(), at.hour  # a year begins at some full hour here, wherever its law is in force
        seen = self._seen
        if self._now is None or seen is None or state is not seen[0] or hour != seen[2] or day != seen[1]:
            self._now, self._seen = self._read(state, at), (state, day, hour)
        return self._now

    def _read(self, state: Seen, at: datetime) -> Standing:
        fresh = declared(self._config, self._deployments, self._vocabulary, at.date(), register(state.entries))
        self._declared = fresh.volumes
        volumes, before = with_counts(fresh.volumes, state.counts(spans(self._vocabulary, at))), self._now
        if before is None:
            return msgspec.structs.replace(fresh, volumes=volumes)
        same = cell(volumes, self._edges) == cell(before.volumes, self._edges)
        if same and fresh.evidence == before.evidence:
            return before
        return Standing(number=before.number + 1, volumes=before.volumes if same else volumes, evidence=fresh.evidence)

    async def count(self, nexus: Nexus, decision: Decision, standing: Standing) -> Standing | None:
        """Counts whom ``decision`` says to count.  None once that is durable; else nothing was counted, and this is what to decide on."""
        owed = [duty.id.removeprefix(COUNT) for duty in decision.obligations if duty.id.startswith(COUNT)]
        counters = [name for name in owed if name in self._vocabulary.counters]
        if not counters:
            return None
        at = self._clock.now()
        ticks = [await self._tick(name, nexus, at) for name in counters]
        here, declared_volumes = cell(standing.volumes, self._edges), self._declared

        def stands(counts: Mapping[str, int]) -> bool:
            return cell(with_counts(declared_volumes, counts), self._edges) == here

        would_be = await self._state.count(ticks, spans(self._vocabulary, at), stands)
        if would_be is None:
            return None
        return msgspec.structs.replace(standing, volumes=with_counts(declared_volumes, would_be))

    async def _tick(self, counter: str, nexus: Nexus, at: datetime) -> Tick:
        """Who says nothing of who the person is counts a person for each request: too many, never too few."""
        name = window(self._vocabulary.counters[counter], at)
        person = bytes.fromhex(nexus.pseudonym) if nexus.pseudonym is not None else self._random.token(MEMBER_BYTES)
        return Tick(counter, name, hmac.digest(await self._key(name, at), person, hashlib.sha256)[:MEMBER_BYTES])

    async def _key(self, name: str, at: datetime) -> bytes:
        if name not in self._keys:
            counters = self._vocabulary.counters.values()
            windows = frozenset(window(each, at) for each in counters)
            oldest = min(span(each, at)[0] for each in counters)
            await self._state.forget(windows=windows, since=oldest)
            self._keys = {each: key for each, key in self._keys.items() if each in windows}
            self._keys[name] = await self._state.key(name, self._random.token(KEY_BYTES))
        return self._keys[name]

    async def aclose(self) -> None:
        await self._state.aclose()
