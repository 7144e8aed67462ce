# SPDX-License-Identifier: Apache-2.0
"""What a statement is, and the plain words it is made of: written from the law's text, sharing no line with the engine or the rules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache

import msgspec

from comity.jurisdictions.vocab import load_vocabulary
from comity.policy.decision import Decision, Effect
from comity.policy.facts import AnyExcept, Facts, Place

WORDS = load_vocabulary()
NOTHING: frozenset[str] = frozenset()


class Mutant(msgspec.Struct, frozen=True, kw_only=True):
    """A pack made wrong: ``drops`` rules by id, and ``edits`` (file, what stands there, what then does) wherever it stands."""

    says: str
    drops: tuple[str, ...] = ()
    edits: tuple[tuple[str, str, str], ...] = ()


class Seen:
    """Facts as a lawyer would sum them up."""

    __slots__ = ("alone", "day", "facts", "handed", "home", "personal", "places", "pool", "provider", "reach")

    def __init__(self, facts: Facts, home: frozenset[str]) -> None:
        provider = facts.provider
        self.facts, self.day, self.provider, self.home = facts, facts.as_of, provider, home
        unsaid = not provider.processing and provider.kind != "on_device"
        self.places = (_where(AnyExcept(any_except=NOTHING) if unsaid else provider.processing), _where(provider.storage),
                       _where(provider.access))  # fmt: skip
        self.reach = self.places[0] | self.places[1] | self.places[2]
        """Everywhere that the data may come to be."""
        self.pool = unsaid or any(isinstance(each, AnyExcept) for each in (provider.processing, provider.storage, provider.access))
        """Nobody can list where it may come to be."""
        self.alone = provider.kind == "on_device" and provider.access == NOTHING and provider.storage in (NOTHING, provider.processing)
        """On the person's own device, stored and read nowhere else."""
        self.personal = facts.data.personal and facts.data.state != "anonymised_verified"
        self.handed = self.personal and not self.alone
        """Personal data comes to somebody else."""

    @property
    def touched(self) -> bool:
        """The person is there, the data was collected there, or who decides about it sits there."""
        facts = self.facts
        return facts.subject.location in self.home or facts.data.collected_in in self.home or bool(self.home & facts.controller.established)

    @property
    def here(self) -> bool:
        return self.facts.subject.location in self.home

    def younger(self, years: int) -> bool:
        age = self.facts.subject.age
        return age is not None and age < years

    def leaves(self) -> bool:
        return not self.reach <= self.home

    def by(self, *mechanisms: str) -> bool:
        return not self.provider.mechanisms.isdisjoint(mechanisms)


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """From ``since`` on, of whatever it is ``about``, nothing is allowed ``unless`` …; or: every allow ``owes`` …"""

    id: str
    says: str
    facts: tuple[str, ...]
    since: date
    about: Callable[[Seen], bool]
    unless: Callable[[Seen], bool] = lambda seen: True
    owes: Callable[[Seen], frozenset[str]] | None = None
    mutant: Mutant

    def covers(self, seen: Seen) -> bool:
        return seen.day >= self.since and self.about(seen)

    def at_stake(self, seen: Seen, decision: Decision) -> bool:
        """Of what it covers: here the wrong answer would break it."""
        return decision.effect is Effect.ALLOW if self.owes is not None else not self.unless(seen)

    def broken(self, seen: Seen, decision: Decision) -> bool:
        """Of what it covers."""
        if decision.effect is not Effect.ALLOW:
            return False
        owed = self.owes(seen) if self.owes is not None else NOTHING
        return not self.unless(seen) or not owed <= {least for duty in decision.obligations for least in _down_to(duty.id)}


def inside(*regions: str) -> frozenset[str]:
    """Regions with all that lies in them."""
    return frozenset().union(*(WORDS.members(region) for region in regions)) | frozenset(regions)


def all_of(*words: str) -> Callable[[Seen], frozenset[str]]:
    found = frozenset(words)
    return lambda seen: found


@cache
def _down_to(obligation: str) -> frozenset[str]:
    """Who keeps a record for ten years keeps it for three."""
    word, _, number = obligation.rpartition(":")
    if not number.isdigit():
        return frozenset({obligation})
    return frozenset(f"{word}:{less}" for less in range(1, int(number) + 1))


@cache
def _where(place: Place) -> frozenset[str]:
    return WORDS.anywhere_but(place.any_except) if isinstance(place, AnyExcept) else WORDS.places(place)
