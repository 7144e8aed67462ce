# SPDX-License-Identifier: Apache-2.0
"""`the hall and kitchen lights`, `五点和七点`: one request of several things is one request of each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from comity.tasks.assist.intents import Intent
from comity.tasks.assist.reading import names
from comity.tasks.assist.reading.choices import choices
from comity.tasks.assist.reading.said import Said
from comity.tasks.entities.values import DateTime, Time

Spot = tuple[int, int]
_AND = re.compile(r"\s*(?:,\s*and|,|&|\band(?: also)?\b|[和跟与、]|以及|还有)\s*(?:the|my|our|at|on|in)?\s*", re.IGNORECASE)


def each_of(said: Said, intent: Intent) -> Sequence[Sequence[Spot]]:
    """What to leave out of the words for each of the requests that they are; nothing where they are one."""
    for spots in _kinds(said, intent):
        together = _joined(said.text, spots)
        if len(together) > 1:
            whole = (together[0][0], together[-1][1])
            return [_but(whole, one) for one in together]
    return ()


def _but(whole: Spot, one: Spot) -> Sequence[Spot]:
    return [span for span in ((whole[0], one[0]), (one[1], whole[1])) if span[0] < span[1]]


def _kinds(said: Said, intent: Intent) -> Iterator[Sequence[Spot]]:
    """Of each kind that an action takes one of, where the words speak of it."""
    single = [each for each in intent.parameters if each.required and not each.many]
    for each in single:
        alike = [one for one in intent.parameters if one.kind == "choice" and one.choices == each.choices]
        if each.kind == "choice" and len(alike) == 1:
            yield [(start, end) for start, end, _ in choices(said, each)]
        elif each.kind in ("event", "reminder") and not any(other.kind == "datetime" for other in single):  # two cannot be at one time
            yield _named(said, each.kind)
    if not any(each.kind in ("event", "reminder", "note") for each in intent.parameters):
        yield [(each.start, each.end) for each in said.entities if isinstance(each.value, Time | DateTime)]


def _named(said: Said, kind: str) -> Sequence[Spot]:
    found: dict[Spot, str] = {}
    for thing in said.world.things(kind):
        for name in thing.names:
            found |= {span: thing.id for span in names.occurrences(said.text, name)}
    spots = sorted(found, key=lambda spot: spot[0] - spot[1])
    kept: list[Spot] = []
    for spot in spots:
        if all(spot[1] <= a or spot[0] >= b for a, b in kept):
            kept.append(spot)
    return sorted(kept) if len({found[spot] for spot in kept}) == len(kept) else ()


def _joined(text: str, spots: Sequence[Spot]) -> Sequence[Spot]:
    """The first run of them with nothing but `and` between."""
    run: list[Spot] = []
    for spot in spots:
        if run and not _AND.fullmatch(text[run[-1][1] : spot[0]]):
            if len(run) > 1:
                break
            run = []
        run.append(spot)
    return run if len(run) > 1 and all(a != b for a, b in zip(_words(text, run), _words(text, run[1:]), strict=False)) else ()


def _words(text: str, spots: Sequence[Spot]) -> Sequence[str]:
    return [text[slice(*spot)].lower() for spot in spots]
