# SPDX-License-Identifier: Apache-2.0
"""Facts as the rules of one pack see them: the Cedar context of `jurisdictions/schema.py`."""

from __future__ import annotations

from datetime import date
from typing import Any

from comity.errors import CallerError
from comity.jurisdictions.pack import Dated, Pack, Table
from comity.jurisdictions.vocab import Vocabulary
from comity.policy.facts import AnyExcept, Facts, Place

ANONYMISED = "anonymised_verified"


def places_of(place: Place, vocabulary: Vocabulary) -> frozenset[str]:
    """Every country or subdivision that a place may mean.  Raises CallerError for what is no region."""
    try:
        return vocabulary.anywhere_but(place.any_except) if isinstance(place, AnyExcept) else vocabulary.places(place)
    except KeyError as error:
        raise unknown_region(str(error.args[0])) from None


def unknown_region(name: str) -> CallerError:
    return CallerError(
        f"`{name[:16]}` is not a region of ISO 3166", code="facts.region", field="facts", hint="for example CN, DE, EEA, US-CA"
    )


def home_of(pack: Pack, vocabulary: Vocabulary) -> frozenset[str]:
    """The pack's own regions with all that lies in them, and the groups that consist of them."""
    inside: set[str] = set(pack.head.regions)
    for region in pack.head.regions:
        inside |= vocabulary.members(region)
    return frozenset(inside)


def tables_on(pack: Pack, day: date, location: str, vocabulary: Vocabulary) -> dict[str, Any]:
    return {name: _value(table, day, location, vocabulary) for name, table in pack.tables.items()}


def _value(table: Table, day: date, location: str, vocabulary: Vocabulary) -> int | list[str]:
    standing = [dated for dated in table.values if dated.since <= day and (dated.until is None or day <= dated.until)]
    chosen: Dated | None = standing[-1] if standing else None
    first = table.values[0].value
    if isinstance(first, int):
        # Before its first day a number is what it will be: the rules that read it have days of their own.
        chosen = chosen or table.values[0]
        return chosen.by_location.get(location, chosen.value if isinstance(chosen.value, int) else first)
    words = chosen.value if chosen is not None and not isinstance(chosen.value, int) else ()
    if not table.regions:
        return list(words)
    return sorted({member for word in words for member in vocabulary.members(word)})


def context(facts: Facts, pack: Pack, *, home: frozenset[str], vocabulary: Vocabulary) -> dict[str, Any]:
    """JSON-ready.  Raises CallerError for what is no region."""
    provider, twelve = facts.provider, facts.volumes.us_12mo
    processing, storage, access = (places_of(place, vocabulary) for place in (provider.processing, provider.storage, provider.access))
    everywhere = processing | storage | access
    location = facts.subject.location or ""
    subject: dict[str, Any] = {"location": location, "residence": facts.subject.residence or ""}
    if facts.subject.age is not None:
        subject["age"] = facts.subject.age
    service: dict[str, Any] = {"public": facts.service.public}
    if facts.service.placed_on_market is not None:
        service["placed_on_market"] = int(facts.service.placed_on_market.strftime("%Y%m%d"))
    counts = {name: getattr(twelve, name) for name in twelve.__struct_fields__}
    return {
        "subject": subject,
        "controller": {
            "established": sorted(facts.controller.established), "us_person": facts.controller.us_person, "ciio": facts.controller.ciio,
            "gba_city": facts.controller.gba_city, "sector": facts.controller.sector or "",
            "ca_covered_provider": facts.controller.ca_covered_provider,
        },
        "data": {
            "personal": facts.data.personal and facts.data.state != ANONYMISED, "state": facts.data.state,
            "categories": sorted(facts.data.categories), "collected_in": facts.data.collected_in or "",
            "important": facts.data.important_data,
        },
        "volumes": {
            "cn_ytd_pi": facts.volumes.cn_ytd_pi, "cn_ytd_spi": facts.volumes.cn_ytd_spi,
            "us_12mo": {**counts, "most": max(counts.values())},
        },
        "purpose": facts.purpose, "feature": facts.feature or "", "transaction": facts.transaction, "legal_basis": facts.legal_basis or "",
        "consent": sorted(facts.consent), "safeguards": sorted(facts.safeguards),
        "provider": {
            "on_device": provider.kind == "on_device", "kind": provider.kind, "role": provider.role,
            "operator": provider.operator_region or "", "covered_person": provider.covered_person,
            "processing": sorted(processing), "storage": sorted(storage), "access": sorted(access),
            "places": sorted(everywhere | ({provider.operator_region} if provider.operator_region else set())),
            "abroad": not everywhere <= home,
            "mechanisms": sorted(provider.mechanisms), "filings": sorted(provider.filings),
            "certifications": sorted(provider.certifications), "trains_on_input": provider.trains_on_input,
            "generative": provider.generative,
        },
        "service": service,
        "output": {
            "modality": facts.output.modality, "unlabelled_requested": facts.output.unlabelled_requested, "deepfake": facts.output.deepfake,
            "persona": facts.output.persona or "",
        },
        "decision": {"significant": facts.decision.significant, "solely_automated": facts.decision.solely_automated},
        "home": sorted(home), "here": location in home,
        "t": tables_on(pack, facts.as_of, location, vocabulary),
    }  # fmt: skip
