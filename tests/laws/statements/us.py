# SPDX-License-Identifier: Apache-2.0
"""What must never happen under United States federal law, and what must never be left out."""

from __future__ import annotations

from datetime import date

import msgspec

from tests.laws.statements.plain import Mutant, Seen, Statement, all_of, inside

HOME = inside("US")
RULES, TABLES = "rules.cedar", "tables.toml"
DOJ, PROGRAM, PADFA, COPPA = date(2025, 4, 8), date(2025, 10, 6), date(2024, 6, 23), date(2026, 4, 22)
HIPAA, STATES = date(2013, 9, 23), date(2026, 1, 1)

# 28 CFR 202.601: China with Hong Kong and Macau, Cuba, Iran, North Korea, Russia, Venezuela.
CONCERN = inside("CN", "HK", "MO", "CU", "IR", "KP", "RU", "VE")
# 10 USC 4872(d)(2), which the Act of 2024 refers to.
ADVERSARIES = inside("CN", "HK", "MO", "IR", "KP", "RU")
OTHER_STATES_LAW = inside("US-CA", "US-CO", "US-TX")
# 28 CFR 202.205: bulk is more than so many persons (or devices) in twelve months.
BULK = {
    "omic_genomic": 100, "omic_other": 1_000, "biometric": 1_000, "precise_geolocation": 1_000, "personal_health": 10_000,
    "personal_financial": 10_000, "covered_identifiers": 100_000,
}  # fmt: skip
# 202.212: kinds of sensitive personal data, as far as what was found in a text can tell.
COUNTED = {
    "health": "personal_health", "financial_account": "personal_financial", "location_track": "precise_geolocation",
    "biometric": "biometric", "genetic": "omic_genomic",
}  # fmt: skip
REQUIREMENTS = "cisa_security_requirements"


def touched(seen: Seen) -> bool:
    return seen.here or seen.facts.data.collected_in in seen.home or seen.facts.controller.us_person


def counts(seen: Seen) -> dict[str, int]:
    return {kind: many for kind, many in msgspec.structs.asdict(seen.facts.volumes.us_12mo).items() if many}


def bulk(seen: Seen) -> bool:
    """Combined data takes the lowest threshold of the kinds in it; no two kinds are known to be of the same people, so they add up."""
    found = counts(seen)
    return bool(found) and sum(found.values()) > min(BULK[kind] for kind in found)


def omic(seen: Seen) -> bool:
    return any(kind.startswith("omic") for kind in counts(seen))


def within_reach(seen: Seen) -> bool:
    """Of a country of concern or a covered person, by whom it is run or by where it may come to be."""
    return not seen.alone and (run_from_there(seen) or not CONCERN.isdisjoint(seen.reach))


def exposed(seen: Seen) -> bool:
    return seen.facts.controller.us_person and within_reach(seen)


def at_risk(seen: Seen) -> bool:
    """Bulk that may be had under the requirements; what may be had on no terms is stated apart."""
    return exposed(seen) and bulk(seen) and not omic(seen) and seen.facts.transaction != "brokerage"


def secured(seen: Seen) -> bool:
    return REQUIREMENTS in seen.facts.safeguards


def run_from_there(seen: Seen) -> bool:
    return seen.provider.covered_person or seen.provider.operator_region in CONCERN


def child(seen: Seen) -> bool:
    return seen.here and seen.personal and seen.younger(13)


STATEMENTS = (
    Statement(
        id="us.bulk", since=DOJ, facts=("us-doj-205", "us-doj-209", "us-doj-401"),
        says="No country of concern and no covered person comes within reach of bulk data of US persons without the security requirements.",
        about=at_risk, unless=secured,
        mutant=Mutant(says="the rule on restricted deals is gone", drops=("us.doj.restricted",)),
    ),
    Statement(
        id="us.bulk.covered-person", since=DOJ, facts=("us-doj-209", "us-doj-401"),
        says="A covered person is one wherever it works: a company in the United States owned from a country of concern is no way round.",
        about=lambda seen: at_risk(seen) and CONCERN.isdisjoint(seen.reach) and seen.provider.operator_region not in CONCERN,
        unless=secured,
        mutant=Mutant(
            says="only places count",
            edits=((RULES, 'context.provider.covered_person || Law::"now".countries', 'Law::"now".countries'),),
        ),
    ),
    Statement(
        id="us.bulk.operator", since=DOJ, facts=("us-doj-209", "us-doj-401"),
        says="Who runs it counts though every machine stands elsewhere: an operator from a country of concern is within reach.",
        about=lambda seen: at_risk(seen) and CONCERN.isdisjoint(seen.reach) and not seen.provider.covered_person, unless=secured,
        mutant=Mutant(
            says="who runs it does not count",
            edits=((RULES, ' || Law::"now".countries_of_concern.contains(context.provider.operator)', ""),),
        ),
    ),
    Statement(
        id="us.bulk.access", since=DOJ, facts=("us-doj-210", "us-doj-401"),
        says="Reading is enough: what is processed and stored elsewhere and can be read from a country of concern is within its reach.",
        about=lambda seen: at_risk(seen) and CONCERN.isdisjoint(seen.places[0] | seen.places[1]) and not run_from_there(seen),
        unless=secured,
        mutant=Mutant(
            says="who may read it does not count",
            edits=((RULES, 'Law::"now".countries_of_concern.containsAny(context.provider.everywhere)',
                    'Law::"now".countries_of_concern.containsAny(context.provider.processing) || '
                    'Law::"now".countries_of_concern.containsAny(context.provider.storage)'),),
        ),
    ),
    Statement(
        id="us.bulk.pool", since=DOJ, facts=("us-doj-210", "us-doj-401"),
        says="A pool that may be in a country of concern is there.",
        about=lambda seen: at_risk(seen) and seen.pool and not CONCERN.isdisjoint(seen.reach), unless=secured,
        mutant=Mutant(
            says="a pool is nowhere in particular",
            edits=((RULES, 'Law::"now".countries_of_concern.containsAny(context.provider.everywhere)',
                    '(!context.provider.anywhere && Law::"now".countries_of_concern.containsAny(context.provider.everywhere))'),),
        ),
    ),
    Statement(
        id="us.bulk.window", since=DOJ, facts=("us-doj-210", "us-doj-401"),
        says="A device whose data is stored or read elsewhere is not the person's alone, and shields nothing.",
        about=lambda seen: at_risk(seen) and seen.provider.kind == "on_device", unless=secured,
        mutant=Mutant(
            says="what is called a device is one",
            edits=((RULES, "context.provider.on_device", '(context.provider.kind == "on_device")'),),
        ),
    ),
    Statement(
        id="us.bulk.combined", since=DOJ, facts=("us-doj-205",),
        says="Kinds of data are not counted apart: together they take the lowest threshold of those present.",
        about=lambda seen: at_risk(seen) and all(many <= BULK[kind] for kind, many in counts(seen).items()), unless=secured,
        mutant=Mutant(
            says="each kind has its own threshold",
            edits=tuple(
                (RULES, f'us_12mo.{kind} > 0 && context.volumes.us_12mo.together > Law::"now".{table}',
                 f'us_12mo.{kind} > Law::"now".{table}')
                for kind, table in (("biometric", "bulk_biometric"), ("precise_geolocation", "bulk_geolocation"),
                                    ("personal_health", "bulk_health"), ("personal_financial", "bulk_financial"))
            ),
        ),
    ),
    Statement(
        id="us.bulk.any-form", since=DOJ, facts=("us-doj-206",),
        says="Bulk is bulk in any form: pseudonymised, anonymised or not personal to anybody else, it needs the same requirements.",
        about=lambda seen: at_risk(seen) and (seen.facts.data.state != "raw" or not seen.facts.data.personal), unless=secured,
        mutant=Mutant(
            says="what identifies nobody does not count",
            edits=((RULES, "context.controller.us_person && !context.provider.on_device",
                    "context.controller.us_person && context.data.personal && !context.provider.on_device"),),
        ),
    ),
    Statement(
        id="us.genomes", since=DOJ, facts=("us-doj-303", "us-doj-205"),
        says="Human genomes and other 'omic data in bulk come within reach of no covered person, on no terms.",
        about=lambda seen: exposed(seen) and omic(seen), unless=lambda seen: not bulk(seen),
        mutant=Mutant(
            says="the security requirements cure it",
            edits=((RULES, "context.term.concern && context.term.bulk_omic }",
                    'context.term.concern && context.term.bulk_omic && !context.safeguards.contains("cisa_security_requirements") }'),),
        ),
    ),
    Statement(
        id="us.brokers", since=DOJ, facts=("us-doj-301", "us-doj-205"),
        says="Nobody brokers bulk data of US persons to a covered person, on no terms.",
        about=lambda seen: exposed(seen) and seen.facts.transaction == "brokerage", unless=lambda seen: not bulk(seen),
        mutant=Mutant(says="a bulk of financial data is ten times as much", edits=((TABLES, '[bulk_financial]\nfact = "us-doj-205"\n'
                      "values = [{ since = 2025-04-08, value = 10000 }]", '[bulk_financial]\nfact = "us-doj-205"\n'
                      "values = [{ since = 2025-04-08, value = 100000 }]"),)),
    ),
    Statement(
        id="us.brokers.adversaries", since=PADFA, facts=("us-padfa",),
        says="Nobody brokers personal data of people in the United States to whom a foreign adversary controls, in any volume.",
        about=lambda seen: touched(seen) and seen.personal and seen.facts.transaction == "brokerage" and not seen.alone,
        unless=lambda seen: seen.provider.operator_region not in ADVERSARIES and ADVERSARIES.isdisjoint(seen.reach),
        mutant=Mutant(says="the rule on adversaries is gone", drops=("us.padfa",)),
    ),
    Statement(
        id="us.child", since=COPPA, facts=("us-coppa",),
        says="Nobody else gets the data of a child under thirteen in the United States without a parent's verifiable consent.",
        about=lambda seen: child(seen) and not seen.alone, unless=lambda seen: "vpc" in seen.facts.consent,
        mutant=Mutant(says="childhood ends at twelve", edits=((RULES, "context.subject.age < 13 };", "context.subject.age < 12 };"),)),
    ),
    Statement(
        id="us.child.training", since=COPPA, facts=("us-coppa",),
        says="A child's data is never trained on without the parent's separate consent, on the device neither.",
        about=lambda seen: child(seen) and seen.provider.trains_on_input,
        unless=lambda seen: "separate_third_party" in seen.facts.consent,
        mutant=Mutant(
            says="the consent to the service covers it",
            edits=((RULES, 'context.provider.trains_on_input && !context.consent.contains("separate_third_party")',
                    'context.provider.trains_on_input && !context.consent.containsAny(["separate_third_party", "vpc"])'),),
        ),
    ),
    Statement(
        id="us.health", since=HIPAA, facts=("us-hipaa",),
        says="Who is bound by HIPAA hands health information to no vendor without a business associate agreement.",
        about=lambda seen: touched(seen) and seen.handed and seen.facts.controller.sector == "hipaa"
        and "health" in seen.facts.data.categories,
        unless=lambda seen: seen.by("hipaa_baa"),
        mutant=Mutant(says="the rule on health is gone", drops=("us.hipaa",)),
    ),
    Statement(
        id="us.states", since=STATES, facts=("us-ca-sb243", "us-tx-traiga", "us-co-sb26189"),
        says="In a state with a law on AI of its own (California, Colorado, Texas) federal law alone allows nothing.",
        about=lambda seen: seen.here, unless=lambda seen: seen.facts.subject.location not in OTHER_STATES_LAW,
        mutant=Mutant(says="Colorado is like any other state", edits=(("pack.toml", '"US-CA", "US-CO", "US-TX"', '"US-CA", "US-TX"'),)),
    ),
    Statement(
        id="us.owes.count", since=DOJ, facts=("us-doj-205", "us-doj-206"),
        says="Everybody whose data comes within reach of a covered person is counted, in each kind, so that no threshold is passed unseen.",
        about=exposed,
        owes=lambda seen: frozenset(
            {"count:us_12mo.covered_identifiers", *(f"count:us_12mo.{kind}" for category, kind in COUNTED.items()
                                                    if category in seen.facts.data.categories)}
        ),
        mutant=Mutant(says="whereabouts are not counted", drops=("us.owe.count.geolocation",)),
    ),
    Statement(
        id="us.owes.program", since=PROGRAM, facts=("us-doj-1001",),
        says="From 6 October 2025 on, bulk data within reach of a covered person owes a programme, a yearly audit and ten years' records.",
        about=lambda seen: exposed(seen) and bulk(seen),
        owes=all_of("program:doj_compliance", "audit:annual", "record.retain_years:10"),
        mutant=Mutant(
            says="the audit begins a year late",
            edits=((RULES, '@id("us.owe.audit") @cite("us-doj-1001") @valid_from("2025-10-06")',
                    '@id("us.owe.audit") @cite("us-doj-1001") @valid_from("2026-10-06")'),),
        ),
    ),
)  # fmt: skip
