# SPDX-License-Identifier: Apache-2.0
"""What a decision is made from.  The JSON form is that of the golden scenarios and of `comity decide --facts`.

All values are ids of the vocabulary (`jurisdictions/vocab.toml`), never free text, and never content.
Frozen and hashable: a decision is cached by its facts.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec


class AnyExcept(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pool that may be anywhere but the regions named; policy must then allow every possible member."""

    any_except: frozenset[str]


Place = frozenset[str] | AnyExcept
"""Region ids (`CN`, `CN-GD`, `EEA`, `US-CA`), or anywhere but."""


class Base(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Subject(Base, frozen=True, kw_only=True):
    location: str | None = None  # where the person is
    residence: str | None = None
    age: int | None = None  # years


class Controller(Base, frozen=True, kw_only=True):
    established: frozenset[str] = frozenset()
    us_person: bool = False  # 28 CFR 202.256
    ciio: bool = False  # critical information infrastructure operator (CN)
    gba_city: bool = False  # established in a Greater Bay Area city of the mainland
    sector: str | None = None
    ca_covered_provider: bool = False  # Cal. SB 942


class Data(Base, frozen=True, kw_only=True):
    personal: bool = True
    state: str = "raw"  # raw | pseudonymised | anonymised_verified
    categories: frozenset[str] = frozenset()
    collected_in: str | None = None
    important_data: bool = False


class US12Months(Base, frozen=True, kw_only=True):
    """Persons (or devices) counted over the preceding twelve months, by 28 CFR 202.205 category."""

    covered_identifiers: int = 0
    personal_health: int = 0
    personal_financial: int = 0
    precise_geolocation: int = 0
    biometric: int = 0
    omic_genomic: int = 0
    omic_other: int = 0


class Volumes(Base, frozen=True, kw_only=True):
    cn_ytd_pi: int = 0  # persons since 1 January, excluding sensitive
    cn_ytd_spi: int = 0  # persons since 1 January, sensitive
    us_12mo: US12Months = US12Months()


class Provider(Base, frozen=True, kw_only=True):
    """A deployment, as the law sees it: who runs it and where it processes, stores and may read."""

    id: str
    kind: str = "cloud"  # cloud | self_hosted | on_device
    role: str = "processor"  # processor | independent_controller
    operator_region: str | None = None
    covered_person: bool = False  # 28 CFR 202.211
    processing: Place = frozenset()
    storage: Place = frozenset()
    access: Place = frozenset()
    mechanisms: frozenset[str] = frozenset()
    filings: frozenset[str] = frozenset()
    certifications: frozenset[str] = frozenset()
    trains_on_input: bool = False
    generative: bool = True


class Service(Base, frozen=True, kw_only=True):
    public: bool = False  # offered to the public (a person's own use of their own machine is not)
    placed_on_market: date | None = None


class Output(Base, frozen=True, kw_only=True):
    modality: str = "text"  # text | image | audio | video
    unlabelled_requested: bool = False
    deepfake: bool = False
    persona: str | None = None


class AutomatedDecision(Base, frozen=True, kw_only=True):
    significant: bool = False
    solely_automated: bool = False


class Tenant(Base, frozen=True, kw_only=True):
    residency: frozenset[str] | None = None


class Facts(Base, frozen=True, kw_only=True):
    as_of: date
    subject: Subject = Subject()
    controller: Controller = Controller()
    data: Data = Data()
    volumes: Volumes = Volumes()
    purpose: str = "assist"
    feature: str | None = None
    transaction: str = "vendor"
    legal_basis: str | None = None
    consent: frozenset[str] = frozenset()
    consent_source: Literal["claimed", "recorded"] = "claimed"  # by whoever calls, or by a record of what the person was shown
    safeguards: frozenset[str] = frozenset()
    provider: Provider
    service: Service = Service()
    output: Output = Output()
    decision: AutomatedDecision = AutomatedDecision()
    tenant: Tenant = Tenant()
