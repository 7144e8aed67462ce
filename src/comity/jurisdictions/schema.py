# SPDX-License-Identifier: Apache-2.0
"""The Cedar schema that rules are written against: one context for every pack, with the pack's own tables and terms beside it.

Three actions.  `define`: each permit says when a term holds.  `process`: may it go there; a permit names a lawful ground, a forbid
what stands against it.  `owe`: on what terms; each permit is one obligation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from comity.jurisdictions.pack import Rule, Table

SCHEMA = """
entity Subject;
entity Deployment;
entity Law = {{ {tables} }};
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
  together: Long       // their sum: no person is counted less than once
}};
type Volumes = {{ cn_ytd_pi: Long, cn_ytd_spi: Long, us_12mo: TwelveMonths }};
type Place = {{
  on_device: Bool,     // on the person's own device, and nobody elsewhere stores or reads it
  kind: String, role: String, operator: String, covered_person: Bool,
  processing: Set<String>, storage: Set<String>, access: Set<String>,
  anywhere: Bool,      // one of the three is a pool: anywhere, or anywhere but
  everywhere: Set<String>, // all three together
  abroad: Bool,        // some of it lies outside this pack's own regions
  mechanisms: Set<String>, filings: Set<String>, certifications: Set<String>, trains_on_input: Bool, generative: Bool
}};
type Service = {{ public: Bool, placed_on_market?: Long }};  // date as yyyymmdd
type Output = {{ modality: String, unlabelled_requested: Bool, deepfake: Bool, persona: String }};
type Automated = {{ significant: Bool, solely_automated: Bool }};
type Terms = {{ {terms} }};
type Facts = {{
  here: Bool,          // the person is in this pack's own regions
  subject: Person, controller: Controller, data: Data, volumes: Volumes, purpose: String, feature: String, transaction: String,
  legal_basis: String, consent: Set<String>, safeguards: Set<String>, provider: Place, service: Service, output: Output,
  decision: Automated, term: Terms
}};
action define, process, owe appliesTo {{ principal: Subject, resource: Deployment, context: Facts }};
"""
"""`Law::"now"` holds the pack's tables as they stand on the day; `context.term` what its `define` rules say of these facts."""


def schema_of(tables: Mapping[str, Table], rules: Iterable[Rule]) -> str:
    kinds = {name: "Long" if isinstance(table.values[0].value, int) else "Set<String>" for name, table in tables.items() if table.values}
    return SCHEMA.format(
        tables=", ".join(f"{name}: {kind}" for name, kind in sorted(kinds.items())),
        terms=", ".join(f"{term}: Bool" for term in sorted({rule.term for rule in rules if rule.term})),
    )
