# SPDX-License-Identifier: Apache-2.0
"""What must never happen under the GDPR and the AI Act, and what must never be left out."""

from __future__ import annotations

from datetime import date

from tests.laws.statements.plain import Mutant, Seen, Statement, all_of, inside

HOME = inside("EEA", "EU")
RULES, TABLES = "rules.cedar", "tables.toml"
GDPR, FRAMEWORK, TIKTOK, AI_ACT = date(2018, 5, 25), date(2023, 7, 10), date(2025, 4, 30), date(2026, 8, 2)
BRAZIL, MARK_ALL = date(2026, 1, 27), date(2026, 12, 2)

# Adequacy decisions under art. 45, besides those with a day or a condition of their own.  Of Japan and Korea the day was not read: a
# decision of 2021 or before, so from 2022 on.
ADEQUATE = inside("AD", "AR", "CA", "FO", "GG", "IL", "IM", "JE", "NZ", "CH", "UY", "UK")
SINCE_2022, SINCE_2026, STATES, CHINA = inside("JP", "KR"), inside("BR"), inside("US"), inside("CN")
# Art. 9(1).
SPECIAL = frozenset(
    {"ethnic_origin", "political_opinion", "religion", "philosophical_belief", "trade_union", "genetic", "biometric", "health", "sex_life"}
)
# Art. 6(1)(b), (c), (d) and (f), as far as facts can name them; every other processing needs consent.
GROUNDS = frozenset({"contract_necessity", "legal_authorisation", "emergency", "legitimate_interest"})


def handed(seen: Seen) -> bool:
    return seen.handed and seen.touched


def transferred(seen: Seen) -> bool:
    return seen.handed and seen.touched and seen.leaves()


def by_consent(seen: Seen) -> bool:
    return seen.facts.legal_basis not in GROUNDS


def adequate(seen: Seen) -> frozenset[str]:
    """Where data may go as it may within the EEA, on that day."""
    later = (SINCE_2022 if seen.day >= date(2022, 1, 1) else frozenset()) | (SINCE_2026 if seen.day >= BRAZIL else frozenset())
    return HOME | ADEQUATE | later


def free(seen: Seen) -> bool:
    """Each place is adequate, or in the United States with a recipient certified under the Framework."""
    certified = seen.day >= FRAMEWORK and "eu_us_dpf" in seen.provider.certifications
    return seen.reach <= adequate(seen) or (certified and seen.reach <= adequate(seen) | STATES)


def clauses(seen: Seen) -> bool:
    """Standard clauses with an assessment of the recipient's law (C-311/18), of which somebody must know whose law it is."""
    return seen.by("eu_scc") and "eu_tia" in seen.facts.safeguards and not seen.pool


def grounded(seen: Seen) -> bool:
    return free(seen) or clauses(seen)


def generated(seen: Seen) -> bool:
    return seen.here and seen.facts.service.public and seen.provider.generative


def marked(seen: Seen) -> bool:
    """Art. 50(2); art. 111(4) gives what stood on the market before 2 August 2026 until 2 December."""
    placed = seen.facts.service.placed_on_market
    old = placed is not None and placed < AI_ACT and seen.day < MARK_ALL
    return generated(seen) and seen.facts.feature != "standard_editing" and not old


def below_consent_age(seen: Seen) -> bool:
    """Art. 8(1): sixteen, where no law of the member state says less; France says fifteen."""
    return seen.younger(15 if seen.facts.subject.location == "FR" else 16)


STATEMENTS = (
    Statement(
        id="eea.transfer", since=GDPR, facts=("eu-gdpr-44", "eu-adequacy", "eu-dpf"),
        says="Personal data leaves the EEA only for adequate places, for certified recipients in the United States, or under standard "
        "clauses with an assessment of the law there.",
        about=transferred, unless=grounded,
        mutant=Mutant(says="India is adequate", edits=((TABLES, '"UY", "UK"', '"UY", "IN", "UK"'),)),
    ),
    Statement(
        id="eea.transfer.assessment", since=GDPR, facts=("eu-gdpr-44",),
        says="Standard clauses alone carry nothing: without the assessment of the law there they fail.",
        about=lambda seen: transferred(seen) and not free(seen) and seen.by("eu_scc"),
        unless=lambda seen: "eu_tia" in seen.facts.safeguards and not seen.pool,
        mutant=Mutant(says="clauses alone do", edits=((RULES, ' && context.safeguards.contains("eu_tia")', ""),)),
    ),
    Statement(
        id="eea.transfer.pool", since=GDPR, facts=("eu-gdpr-44", "eu-adequacy"),
        says="Clauses do not carry data into a pool that may be anywhere, or anywhere but some places: nobody assessed every law.",
        about=lambda seen: transferred(seen) and seen.pool, unless=free,
        mutant=Mutant(says="a pool can be assessed", edits=((RULES, " && !context.provider.anywhere", ""),)),
    ),
    Statement(
        id="eea.transfer.access", since=GDPR, facts=("eu-gdpr-44", "eu-tiktok"),
        says="Data that is processed and stored in the EEA and can be read from outside has been transferred.",
        about=lambda seen: transferred(seen) and seen.places[0] | seen.places[1] <= HOME, unless=grounded,
        mutant=Mutant(
            says="only the place of processing counts",
            edits=((RULES, "context.provider.abroad", '!Law::"now".free.containsAll(context.provider.processing)'),),
        ),
    ),
    Statement(
        id="eea.transfer.storage", since=GDPR, facts=("eu-gdpr-44",),
        says="Data that is processed in the EEA and only kept outside has been transferred.",
        about=lambda seen: transferred(seen) and seen.places[0] | seen.places[2] <= HOME, unless=grounded,
        mutant=Mutant(
            says="where it is stored does not count",
            edits=((RULES, "context.provider.abroad",
                    '(!Law::"now".free.containsAll(context.provider.processing) || !Law::"now".free.containsAll(context.provider.access))'
                    ),),
        ),
    ),
    Statement(
        id="eea.transfer.window", since=GDPR, facts=("eu-gdpr-44",),
        says="A person's device that somebody outside the EEA can read, or whose data is kept there, is a transfer like any other.",
        about=lambda seen: transferred(seen) and seen.provider.kind == "on_device", unless=grounded,
        mutant=Mutant(
            says="what is called a device is one",
            edits=((RULES, "context.provider.on_device", '(context.provider.kind == "on_device")'),),
        ),
    ),
    Statement(
        id="eea.transfer.pseudonyms", since=GDPR, facts=("eu-gdpr-4", "eu-gdpr-44"),
        says="Pseudonyms free nothing: pseudonymised data is transferred on the same grounds as any other.",
        about=lambda seen: transferred(seen) and seen.facts.data.state == "pseudonymised", unless=grounded,
        mutant=Mutant(
            says="pseudonymised data is not personal", edits=((RULES, "context.data.personal", '(context.data.state == "raw")'),)
        ),
    ),
    Statement(
        id="eea.transfer.states", since=GDPR, facts=("eu-dpf", "eu-gdpr-44"),
        says="Data reaches the United States on certification only where the recipient is certified, and not before 10 July 2023.",
        about=lambda seen: transferred(seen) and not seen.reach.isdisjoint(STATES) and not clauses(seen),
        unless=lambda seen: seen.day >= FRAMEWORK and "eu_us_dpf" in seen.provider.certifications,
        mutant=Mutant(
            says="any certificate will do",
            edits=((RULES, 'context.provider.certifications.contains("eu_us_dpf")',
                    'context.provider.certifications.containsAny(["eu_us_dpf", "swiss_us_dpf", "uk_extension"])'),),
        ),
    ),
    Statement(
        id="eea.transfer.brazil", since=GDPR, facts=("eu-adequacy-br", "eu-adequacy"),
        says="Brazil is adequate from 27 January 2026 on, and no day earlier.",
        about=lambda seen: transferred(seen) and not seen.reach.isdisjoint(SINCE_2026) and not clauses(seen),
        unless=lambda seen: seen.day >= BRAZIL,
        mutant=Mutant(says="the decision came a day early", edits=((TABLES, "since = 2026-01-27", "since = 2026-01-26"),)),
    ),
    Statement(
        id="eea.transfer.china", since=TIKTOK, facts=("eu-tiktok", "eu-gdpr-44"),
        says="Nothing reaches mainland China, or can be read from there, without clauses and an assessment of its law.",
        about=lambda seen: transferred(seen) and not seen.reach.isdisjoint(CHINA), unless=clauses,
        mutant=Mutant(
            says="a certificate carries data anywhere",
            drops=("eu.transfer.not-equivalent",),
            edits=((RULES, ' && Law::"now".free_or_certified.containsAll(context.provider.everywhere)', ""),),
        ),
    ),
    Statement(
        id="eea.lawful", since=GDPR, facts=("eu-gdpr-6",),
        says="Nobody else gets personal data without consent or another ground of article 6.",
        about=lambda seen: handed(seen) and by_consent(seen), unless=lambda seen: bool({"general", "explicit"} & seen.facts.consent),
        mutant=Mutant(says="the rule on grounds is gone", drops=("eu.no-consent",)),
    ),
    Statement(
        id="eea.special", since=GDPR, facts=("eu-gdpr-9",),
        says="Health, beliefs, origin and the other special categories are handed to nobody without explicit consent, whatever the ground.",
        about=lambda seen: handed(seen) and not SPECIAL.isdisjoint(seen.facts.data.categories),
        unless=lambda seen: "explicit" in seen.facts.consent,
        mutant=Mutant(says="membership of a trade union is not special", edits=((TABLES, ' "trade_union",', ""),)),
    ),
    Statement(
        id="eea.child", since=GDPR, facts=("eu-gdpr-8",),
        says="A child below the age of digital consent of the place where it is (sixteen, in France fifteen) does not consent alone.",
        about=lambda seen: handed(seen) and by_consent(seen) and below_consent_age(seen),
        unless=lambda seen: "guardian" in seen.facts.consent,
        mutant=Mutant(says="fifteen is enough in Germany, too", edits=((TABLES, 'value = ["FR"]', 'value = ["FR", "DE"]'),)),
    ),
    Statement(
        id="eea.contract", since=GDPR, facts=("eu-gdpr-28",),
        says="No processor gets personal data without a contract.",
        about=lambda seen: handed(seen) and seen.provider.role == "processor",
        unless=lambda seen: "processor_contract" in seen.facts.safeguards,
        mutant=Mutant(says="the rule on contracts is gone", drops=("eu.no-contract",)),
    ),
    Statement(
        id="eea.training", since=GDPR, facts=("eu-gdpr-5", "eu-gdpr-28"),
        says="No processor trains on what it is sent, on the device neither.",
        about=lambda seen: seen.personal and seen.touched and seen.provider.role == "processor",
        unless=lambda seen: not seen.provider.trains_on_input,
        mutant=Mutant(
            says="on the device it may",
            edits=((RULES, 'context.data.personal && context.provider.role == "processor" && context.provider.trains_on_input',
                    'context.term.handled && context.provider.role == "processor" && context.provider.trains_on_input'),),
        ),
    ),
    Statement(
        id="eea.automated", since=GDPR, facts=("eu-gdpr-22",),
        says="No machine alone decides what weighs on a person, without a contract, a law or explicit consent.",
        about=lambda seen: seen.personal and seen.touched and seen.facts.decision.significant and seen.facts.decision.solely_automated,
        unless=lambda seen: seen.facts.legal_basis in ("contract_necessity", "legal_authorisation") or "explicit" in seen.facts.consent,
        mutant=Mutant(
            says="a legitimate interest is enough",
            edits=((RULES, 'context.legal_basis == "contract_necessity" || context.legal_basis == "legal_authorisation"',
                    'context.legal_basis == "contract_necessity" || context.legal_basis == "legitimate_interest"'),),
        ),
    ),
    Statement(
        id="eea.automated.special", since=GDPR, facts=("eu-gdpr-22", "eu-gdpr-9"),
        says="No machine alone decides by health, beliefs or origin without explicit consent, on the device neither.",
        about=lambda seen: seen.personal and seen.touched and seen.facts.decision.significant and seen.facts.decision.solely_automated
        and not SPECIAL.isdisjoint(seen.facts.data.categories),
        unless=lambda seen: "explicit" in seen.facts.consent,
        mutant=Mutant(says="on the device it may", drops=("eu.automated.special",)),
    ),
    Statement(
        id="eea.owes.transfer", since=GDPR, facts=("eu-gdpr-30", "eu-gdpr-44"),
        says="Every transfer is recorded with its basis, and an assessment that it rests on is kept under review.",
        about=transferred,
        owes=lambda seen: frozenset({"record:processing", "record:transfer_basis", *(() if free(seen) else ("review:tia",))}),
        mutant=Mutant(says="no review", drops=("eu.owe.transfer.review",)),
    ),
    Statement(
        id="eea.owes.decision", since=GDPR, facts=("eu-gdpr-22", "eu-gdpr-35"),
        says="A decision of weight about a person owes a human's review, an explanation and an impact assessment.",
        about=lambda seen: seen.personal and seen.touched and seen.facts.decision.significant,
        owes=all_of("human_review", "explain.decision", "assessment:dpia"),
        mutant=Mutant(says="only where a machine decides alone",
                      edits=((RULES, "when { context.data.personal && context.decision.significant };",
                              "when { context.data.personal && context.decision.significant && context.decision.solely_automated };"),)),
    ),
    Statement(
        id="eea.owes.disclosure", since=AI_ACT, facts=("eu-aia-50-1",),
        says="From 2 August 2026 on, people are told that they speak with a machine.",
        about=generated, owes=all_of("disclose.ai_interaction"),
        mutant=Mutant(says="the rule on disclosure is gone", drops=("eu.owe.disclose",)),
    ),
    Statement(
        id="eea.owes.mark", since=AI_ACT, facts=("eu-aia-50-2",),
        says="From 2 August 2026 on, what is generated for the public is marked, but for standard editing; what was on the market before "
        "follows on 2 December.",
        about=marked, owes=all_of("mark.machine_readable"),
        mutant=Mutant(says="what is old stays unmarked", drops=("eu.owe.mark.after-grace",)),
    ),
    Statement(
        id="eea.owes.deepfake", since=AI_ACT, facts=("eu-aia-50-4",),
        says="From 2 August 2026 on, a deep fake is never passed off as real.",
        about=lambda seen: seen.here and seen.facts.output.deepfake, owes=all_of("disclose.deepfake"),
        mutant=Mutant(says="it begins a year late", edits=((RULES, '@id("eu.owe.deepfake") @cite("eu-aia-50-4") @valid_from("2026-08-02")',
                                                           '@id("eu.owe.deepfake") @cite("eu-aia-50-4") @valid_from("2027-08-02")'),)),
    ),
)  # fmt: skip
