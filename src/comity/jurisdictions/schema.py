# SPDX-License-Identifier: Apache-2.0
"""The Cedar schema that rules are written against: one context, the same for every pack but for its own tables.

Two actions.  `process`: may it go there; a permit names a lawful ground, a forbid says what stands against it.
`owe`: on what terms; each permit is one obligation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CONTEXT = """
entity Subject;
entity Deployment;
type Person = {{ location: String, residence: String, age?: Long }};
type Controller = {{
  established: Set<String>, us_person: Bool, ciio: Bool, gba_city: Bool, sector: String, ca_covered_provider: Bool
}};
type Data = {{
  personal: Bool,      // identifiable: pseudonymised data is, verified anonymous data is not
  state: String, categories: Set<String>, collected_in: String, important: Bool
}};
type TwelveMonths = {{
  covered_identifiers: Long, personal_health: Long, personal_financial: Long, precise_geolocation: Long,
  biometric: Long, omic_genomic: Long, omic_other: Long,
  most: Long           // the largest of them
}};
type Volumes = {{ cn_ytd_pi: Long, cn_ytd_spi: Long, us_12mo: TwelveMonths }};
type Place = {{
  on_device: Bool, kind: String, role: String, operator: String, covered_person: Bool,
  processing: Set<String>, storage: Set<String>, access: Set<String>,
  places: Set<String>, // all three together, with the operator's
  abroad: Bool,        // some place of the first three lies outside this pack's own regions
  mechanisms: Set<String>, filings: Set<String>, certifications: Set<String>, trains_on_input: Bool, generative: Bool
}};
type Service = {{ public: Bool, placed_on_market?: Long }};  // date as yyyymmdd
type Output = {{ modality: String, unlabelled_requested: Bool, deepfake: Bool, persona: String }};
type Automated = {{ significant: Bool, solely_automated: Bool }};
type Tables = {{ {tables} }};
type Facts = {{
  subject: Person, controller: Controller, data: Data, volumes: Volumes, purpose: String, feature: String, transaction: String,
  legal_basis: String, consent: Set<String>, safeguards: Set<String>, provider: Place, service: Service, output: Output,
  decision: Automated, home: Set<String>, here: Bool, t: Tables
}};
action process, owe appliesTo {{ principal: Subject, resource: Deployment, context: Facts }};
"""
"""`home`: this pack's regions; `here`: the person is in them; `t`: the pack's tables as they stand on the day."""


def schema_text(tables: Mapping[str, Any]) -> str:
    """The schema of a pack whose tables look like ``tables`` (name -> a value of it)."""
    return CONTEXT.format(
        tables=", ".join(f"{name}: {'Long' if isinstance(value, int) else 'Set<String>'}" for name, value in sorted(tables.items()))
    )
