# SPDX-License-Identifier: Apache-2.0
"""Facts as the rules of one pack see them: the Cedar context of `jurisdictions/schema.py`."""

from __future__ import annotations

from collections.abc import Set
from typing import Any, NamedTuple

from comity.jurisdictions.vocab import Vocabulary
from comity.policy.facts import AnyExcept, Facts, Place

ANONYMISED = "anonymised_verified"


class Places(NamedTuple):
    """Every country or subdivision where data may come to be."""

    processing: frozenset[str]
    storage: frozenset[str]
    access: frozenset[str]
    anywhere: bool

    @property
    def everywhere(self) -> frozenset[str]:
        return self.processing | self.storage | self.access


def places(facts: Facts, vocabulary: Vocabulary) -> Places:
    """Who does not say where a machine of theirs processes may process anywhere; storage and access may be nowhere."""
    provider = facts.provider
    processing = provider.processing
    if not processing and provider.kind != "on_device":
        processing = AnyExcept(any_except=frozenset())
    said: tuple[Place, ...] = (processing, provider.storage, provider.access)
    where = [vocabulary.anywhere_but(place.any_except) if isinstance(place, AnyExcept) else vocabulary.places(place) for place in said]
    return Places(where[0], where[1], where[2], any(isinstance(place, AnyExcept) for place in said))


def stays(facts: Facts) -> bool:
    """It runs on the person's own device, and nobody elsewhere stores or reads it; a device with a window is a place like others, and
    what is kept in a pool of places is not kept on a device."""
    provider = facts.provider
    kept = provider.storage == frozenset() or (provider.storage == provider.processing and not isinstance(provider.storage, AnyExcept))
    return provider.kind == "on_device" and provider.access == frozenset() and kept


def home_of(regions: Set[str], vocabulary: Vocabulary) -> frozenset[str]:
    """A pack's own regions with all that lies in them."""
    return frozenset(regions).union(*(vocabulary.members(region) for region in regions))


def context(facts: Facts, home: frozenset[str], vocabulary: Vocabulary) -> dict[str, Any]:
    """All that `jurisdictions/schema.py` names but the terms; JSON-ready."""
    provider, where, own = facts.provider, places(facts, vocabulary), stays(facts)
    subject: dict[str, Any] = {"location": facts.subject.location or "", "residence": facts.subject.residence or ""}
    if facts.subject.age is not None:
        subject["age"] = facts.subject.age
    service: dict[str, Any] = {"public": facts.service.public}
    if facts.service.placed_on_market is not None:
        service["placed_on_market"] = int(facts.service.placed_on_market.strftime("%Y%m%d"))
    counts = {name: getattr(facts.volumes.us_12mo, name) for name in facts.volumes.us_12mo.__struct_fields__}
    return {
        "here": facts.subject.location in home,
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
            "us_12mo": {**counts, "together": sum(counts.values())},
        },
        "purpose": facts.purpose, "feature": facts.feature or "", "transaction": facts.transaction, "legal_basis": facts.legal_basis or "",
        "consent": sorted(facts.consent), "consent_source": facts.consent_source, "safeguards": sorted(facts.safeguards),
        "provider": {
            "id": provider.id, "on_device": own, "kind": provider.kind, "role": provider.role,
            "operator": provider.operator_region or "", "covered_person": provider.covered_person,
            "processing": sorted(where.processing), "storage": sorted(where.storage), "access": sorted(where.access),
            "anywhere": where.anywhere, "everywhere": sorted(where.everywhere), "abroad": not where.everywhere <= home,
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
    }  # fmt: skip
