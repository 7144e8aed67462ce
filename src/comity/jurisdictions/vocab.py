# SPDX-License-Identifier: Apache-2.0
"""The words that facts, rules and evidence are written in (`vocab.toml`), and the tree of regions (`regions.toml`)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from comity.errors import OperatorError

_EVIDENCE = re.compile(r"(?P<id>.+?)(?::(?P<until>\d{4}-\d{2}-\d{2}))?")
_PARAMETER = re.compile(r":\d+$")
KINDS = ("safeguards", "mechanisms", "filings", "certifications", "assurances")


class Evidence(NamedTuple):
    safeguards: frozenset[str]
    mechanisms: frozenset[str]
    filings: frozenset[str]
    certifications: frozenset[str]


class Counter(NamedTuple):
    """Persons counted once a window: `year`, the calendar year, or `months`, any twelve of them."""

    window: str
    utc_offset_hours: int = 0


class Bound(NamedTuple):
    """Of a numbered obligation: at least so much (`min`) or at most (`max`), in ``months`` each."""

    kind: str
    months: int


class Edit(NamedTuple):
    """What a remedy changes in the facts.  ``drops``: members put back to their default; ``leaves``: categories not taken away."""

    consent: tuple[str, ...] = ()
    mechanisms: tuple[str, ...] = ()
    safeguards: tuple[str, ...] = ()
    drops: tuple[str, ...] = ()
    state: str = ""
    leaves: tuple[str, ...] | None = None


class Vocabulary:
    """Words by kind, each a frozenset; regions by `canonical` and `members`."""

    def __init__(self, words: Mapping[str, Any], regions: Mapping[str, Any]) -> None:
        self.every_category = frozenset(words["categories"])
        self.consents = frozenset(words["consents"])
        self.legal_bases = frozenset(words["legal_bases"])
        self.purposes = frozenset(words["purposes"])
        self.features = frozenset(words["features"])
        self.remedies = frozenset(words["remedies"])
        self.edits = {name: _edit(row) for name, row in words["remedies"].items() if row}
        self.kinds = frozenset(words["provider_kinds"])
        self.roles = frozenset(words["provider_roles"])
        self.states = frozenset(words["data_states"])
        self.transactions = frozenset(words["transactions"])
        self.sectors = frozenset(words["sectors"])
        self.modalities = frozenset(words["modalities"])
        self.personas = frozenset(words["personas"])
        self.counters = {name: Counter(**row) for name, row in words["counters"].items()}
        self._phases: dict[str, str] = {name: row["phase"] for name, row in words["obligations"].items()}
        self.bounds = {name: Bound(row["bound"], row["months"]) for name, row in words["obligations"].items() if "bound" in row}
        self._kinds = {name: kind for kind in KINDS for name in words[kind]}
        self._by_kind = {kind: frozenset(words[kind]) for kind in KINDS}
        self._stands_for: dict[str, str] = words["stands_for"]
        self._aliases: dict[str, str] = regions["aliases"]
        self._inside: dict[str, frozenset[str]] = {name: frozenset({name}) for name in regions["countries"]}
        for country, parts in regions["subdivisions"].items():
            self._inside[country] |= frozenset(parts)
            self._inside |= {part: frozenset({part}) for part in parts}
        self._groups = {name: frozenset(countries) for name, countries in regions["groups"].items()}
        for name, countries in self._groups.items():
            self._inside[name] = frozenset().union(*(self._inside[country] for country in countries))

    # -- regions -------------------------------------------------------------------------------------------------

    def canonical(self, region: str) -> str:
        """`GB` is `UK`.  Raises KeyError for what is no region."""
        name = self._aliases.get(region, region)
        if name not in self._inside:
            raise KeyError(region)
        return name

    def nearest_region(self, name: str) -> str:
        """The region that ``name`` was meant for (`us_ca`, `CHN`); empty if none looks like it."""
        said = name.upper().replace("_", "-")
        known = sorted(each for each in (*self._inside, *self._aliases) if each[0] == said[:1])  # `CHN` is no `HN`
        return next(iter(get_close_matches(said, known, 1, cutoff=0.75)), "")

    def members(self, region: str) -> frozenset[str]:
        """A country with its subdivisions, a group with its countries and theirs.  Raises KeyError."""
        return self._inside[self.canonical(region)]

    def places(self, regions: Iterable[str]) -> frozenset[str]:
        """Countries (or subdivisions) that regions may mean: a group is each of its countries, a country itself."""
        out: set[str] = set()
        for region in regions:
            name = self.canonical(region)
            out |= self._groups.get(name, {name})
        return frozenset(out)

    def anywhere_but(self, regions: Iterable[str]) -> frozenset[str]:
        excluded = frozenset().union(*(self.members(region) for region in regions))
        return frozenset(name for name in self._inside if "-" not in name and name not in self._groups) - excluded

    # -- words ---------------------------------------------------------------------------------------------------

    def is_obligation(self, name: str) -> bool:
        return bare(name) in self._phases

    @property
    def obligations(self) -> frozenset[str]:
        return frozenset(self._phases)

    def phase_of(self, obligation: str) -> str:
        """Raises KeyError for an unknown obligation; its parameter is passed over."""
        return self._phases[bare(obligation)]

    def valid_evidence(self, items: Iterable[str], today: date) -> frozenset[str]:
        """Ids of what is valid today, from `id` or `id:YYYY-MM-DD` (the last day).  Raises OperatorError."""
        return frozenset(name for name, until in map(self._evidence, items) if until is None or today <= until)

    def is_evidence(self, name: str) -> bool:
        return name in self._kinds or self.is_obligation(name)

    def nearest_evidence(self, name: str) -> str:
        """The kind of evidence that looks most like ``name``; empty if none does."""
        return next(iter(get_close_matches(name, (*self._kinds, *self._phases), 1)), "")

    def _evidence(self, item: str) -> tuple[str, date | None]:
        found = _EVIDENCE.fullmatch(item)
        name = found["id"] if found else item
        if not self.is_evidence(name):
            raise OperatorError(
                f"`{item}` is no kind of evidence",
                code="config.evidence",
                field="evidence",
                hint="see docs/reference/configuration.md for the kinds",
            )
        if found is None or found["until"] is None:
            return name, None
        try:
            return name, date.fromisoformat(found["until"])
        except ValueError:
            raise OperatorError(
                f"`{item}` does not end in a date", code="config.evidence", field="evidence", hint="write the last valid day as YYYY-MM-DD"
            ) from None

    def sorted_evidence(self, ids: Iterable[str]) -> Evidence:
        """By what rules ask for."""
        kept = list(ids)
        return Evidence(*(frozenset(name for name in kept if self._kinds.get(name) == kind) for kind in Evidence._fields))

    def met_by(self, ids: Iterable[str]) -> frozenset[str]:
        """Obligations that evidence shows to be met."""
        return frozenset(self._stands_for.get(name, name) for name in ids)

    @property
    def evidence_kinds(self) -> Mapping[str, frozenset[str]]:
        """`safeguards`, `mechanisms`, `filings`, `certifications`, `assurances` -> words."""
        return self._by_kind


def _edit(row: Mapping[str, Any]) -> Edit:
    members: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
    return Edit(**members)


def bare(obligation: str) -> str:
    """`log.retain_months:6` without its parameter."""
    return _PARAMETER.sub("", obligation)


@cache
def load_vocabulary() -> Vocabulary:
    """What ships with Comity; read once."""
    here = files("comity.jurisdictions")
    words, regions = (tomllib.loads(here.joinpath(name).read_text(encoding="utf-8")) for name in ("vocab.toml", "regions.toml"))
    return Vocabulary(words, regions)
