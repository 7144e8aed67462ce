# SPDX-License-Identifier: Apache-2.0
"""When evidence ends, and what of it does not count: told before the day on which a decision changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from comity.accord.evidence import EVERYWHERE, Registered, dated
from comity.config import Config, DeploymentConfig

WARNED_DAYS = 60
NAMED_MAX = 3


class Held(NamedTuple):
    """``last``: the day on which it ends; None: it has none.  ``number``: of the register; 0: the configuration's."""

    kind: str
    scope: str
    last: date | None
    number: int
    checked: bool

    def named(self) -> str:
        return f"`{self.kind}`" + ("" if self.scope == EVERYWHERE else f" of {self.scope}")


class Ending(NamedTuple):
    kind: str
    scope: str
    last: date

    def days_left(self, today: date) -> int:
        """1 on its last day, 0 ever after."""
        return max(0, (self.last - today).days + 1)


def held(config: Config, deployments: Iterable[DeploymentConfig], registered: Iterable[Registered], today: date) -> Iterator[Held]:
    """What is listed or registered, holds or has held, and was not withdrawn."""
    for scope, items in ((EVERYWHERE, config.evidence), *((each.id, each.evidence) for each in deployments)):
        for item in items:
            kind, last = dated(item)
            yield Held(kind, scope, last, 0, False)
    for each in registered:
        if each.state(today) in ("valid", "expired"):
            entry = each.entry
            yield Held(entry.kind, entry.scope, entry.valid_to, each.number, entry.check is not None)


def endings(config: Config, deployments: Iterable[DeploymentConfig], registered: Iterable[Registered], today: date) -> list[Ending]:
    """Of what counts, the soonest first; of several of one kind and scope the one that lasts longest."""
    lasts: dict[tuple[str, str], date] = {}
    for each in held(config, deployments, registered, today):
        if each.checked or not config.evidence_check_required:
            key = each.kind, each.scope
            lasts[key] = max(lasts.get(key, date.min), each.last or date.max)
    return sorted((Ending(*key, last) for key, last in lasts.items() if last != date.max), key=lambda each: (each.last, each))


def soon(found: Sequence[Ending], today: date) -> str:
    """What ends within sixty days, in one line; empty where nothing does."""
    told = [
        f"`{each.kind}`{'' if each.scope == EVERYWHERE else f' of {each.scope}'} on {each.last}"
        for each in found
        if 0 < each.days_left(today) <= WARNED_DAYS
    ]
    more = f" and {len(told) - NAMED_MAX} more" if len(told) > NAMED_MAX else ""
    return f"evidence ends within {WARNED_DAYS} days: {', '.join(told[:NAMED_MAX])}{more}" if told else ""


def uncounted(config: Config, deployments: Iterable[DeploymentConfig], registered: Iterable[Registered], today: date) -> list[Held]:
    """What would hold today, had it the check that this configuration asks for."""
    if not config.evidence_check_required:
        return []
    found = held(config, deployments, registered, today)
    return [each for each in found if not each.checked and (each.last is None or today <= each.last)]


def unchecked(found: Sequence[Held]) -> str:
    """In one line; empty where there is nothing of the kind."""
    names = list(dict.fromkeys(f"{each.named()} ({f'entry {each.number}' if each.number else 'comity.toml'})" for each in found))
    more = f" and {len(names) - NAMED_MAX} more" if len(names) > NAMED_MAX else ""
    return f"not counted, since it has no check of its own: {', '.join(names[:NAMED_MAX])}{more}" if names else ""
