# SPDX-License-Identifier: Apache-2.0
"""What must never happen under the law of mainland China, and what must never be left out."""

from __future__ import annotations

from datetime import date

from tests.laws.statements.plain import Mutant, Seen, Statement, all_of, inside

HOME = inside("CN")
RULES, TABLES = "rules.cedar", "tables.toml"
OWE = 'permit (principal, action == Action::"owe", resource)'
PIPL, DSL, FLOWS, GENAI = date(2021, 11, 1), date(2021, 9, 1), date(2024, 3, 22), date(2023, 8, 15)
GBA_SINCE, MINORS, LABELS, COMPANIONS = date(2023, 12, 13), date(2024, 1, 1), date(2025, 9, 1), date(2026, 7, 15)

# PIPL art. 13(2) to (7), as far as facts can name them; every other processing needs consent.
WITHOUT_CONSENT = frozenset({"contract_necessity", "hr_rules", "emergency", "legal_authorisation"})
# Art. 28: biometrics, religious belief, specific identity, medical health, financial accounts, whereabouts and tracks.
SENSITIVE = frozenset({"biometric", "religion", "specific_identity", "health", "financial_account", "location_track"})
CONTRACT, CERTIFICATE, ASSESSMENT = "cac_scc", "cac_certification", "cac_security_assessment"
ACROSS = "separate_cross_border"
HONG_KONG = inside("HK")


def by_consent(seen: Seen) -> bool:
    return seen.facts.legal_basis not in WITHOUT_CONSENT


def sensitive(seen: Seen) -> bool:
    """Art. 28 counts anything of a child under fourteen."""
    return not SENSITIVE.isdisjoint(seen.facts.data.categories) or seen.younger(14)


def handed(seen: Seen) -> bool:
    return seen.handed and seen.touched


def exported(seen: Seen) -> bool:
    return seen.handed and seen.touched and seen.leaves()


def exempt(seen: Seen) -> bool:
    """Order 16, art. 5(1) to (3): a contract that crosses the border by its nature, staff, an emergency."""
    basis = seen.facts.legal_basis
    travels = basis == "contract_necessity" and seen.facts.feature == "travel_booking"
    return seen.day >= FLOWS and (travels or basis in ("hr_rules", "emergency"))


def bay(seen: Seen) -> bool:
    """Under the Greater Bay Area contract, from one of its cities to Hong Kong and nowhere else; it knows no limit of volume."""
    return seen.facts.controller.gba_city and seen.by("gba_sc") and seen.reach <= HOME | HONG_KONG


def public_ai(seen: Seen) -> bool:
    return seen.here and seen.facts.service.public and seen.provider.generative


def across(seen: Seen) -> bool:
    return ACROSS in seen.facts.consent


STATEMENTS = (
    Statement(
        id="cn.important", since=DSL, facts=("cn-dsl-21", "cn-nds-35", "cn-cbdf-7"),
        says="Important data never leaves the mainland without a security assessment, not even to the person's own device.",
        about=lambda seen: seen.facts.data.important_data and seen.touched and seen.leaves(), unless=lambda seen: seen.by(ASSESSMENT),
        mutant=Mutant(
            says="a standard contract would do, too",
            edits=((RULES, 'context.provider.abroad && !context.provider.mechanisms.contains("cac_security_assessment")',
                    'context.provider.abroad && !context.provider.mechanisms.containsAny(["cac_security_assessment", "cac_scc"])'),),
        ),
    ),
    Statement(
        id="cn.export.consent", since=PIPL, facts=("cn-pipl-39", "cn-pipl-13"),
        says="Where consent is the basis, no personal information leaves the mainland without a separate consent to that.",
        about=lambda seen: exported(seen) and by_consent(seen), unless=across,
        mutant=Mutant(says="the rule on separate consent is gone", drops=("cn.export.no-consent",)),
    ),
    Statement(
        id="cn.export.access", since=PIPL, facts=("cn-pipl-38", "cn-pipl-39"),
        says="What is processed and stored in the mainland and can be read from outside has left it: it needs the separate consent, too.",
        about=lambda seen: exported(seen) and by_consent(seen) and seen.places[0] | seen.places[1] <= HOME, unless=across,
        mutant=Mutant(
            says="only the place of processing counts",
            edits=((RULES, "context.provider.abroad", '!Law::"now".gba.containsAll(context.provider.processing)'),),
        ),
    ),
    Statement(
        id="cn.export.storage", since=PIPL, facts=("cn-pipl-38", "cn-pipl-39"),
        says="What is processed in the mainland and only kept outside has left it.",
        about=lambda seen: exported(seen) and by_consent(seen) and seen.places[0] | seen.places[2] <= HOME, unless=across,
        mutant=Mutant(
            says="where it is stored does not count",
            edits=((RULES, "context.provider.abroad",
                    '!(Law::"now".gba.containsAll(context.provider.processing) && Law::"now".gba.containsAll(context.provider.access))'),),
        ),
    ),
    Statement(
        id="cn.export.pool", since=PIPL, facts=("cn-pipl-38", "cn-pipl-39"),
        says="A pool that may be anywhere, or anywhere but some places, is outside the mainland unless every place it may be lies in it.",
        about=lambda seen: exported(seen) and by_consent(seen) and seen.pool, unless=across,
        mutant=Mutant(
            says="a pool is nowhere in particular",
            edits=((RULES, "context.provider.abroad", "(context.provider.abroad && !context.provider.anywhere)"),),
        ),
    ),
    Statement(
        id="cn.export.window", since=PIPL, facts=("cn-pipl-38", "cn-pipl-39"),
        says="A person's device that somebody outside the mainland can read, or whose data is kept there, is no longer the person's alone.",
        about=lambda seen: exported(seen) and by_consent(seen) and seen.provider.kind == "on_device", unless=across,
        mutant=Mutant(
            says="what is called a device is one",
            edits=((RULES, "context.provider.on_device", '(context.provider.kind == "on_device")'),),
        ),
    ),
    Statement(
        id="cn.export.pseudonyms", since=PIPL, facts=("cn-pipl-4", "cn-pipl-39"),
        says="Pseudonyms free nothing: pseudonymised information leaves on the same consent as any other.",
        about=lambda seen: exported(seen) and by_consent(seen) and seen.facts.data.state == "pseudonymised", unless=across,
        mutant=Mutant(
            says="pseudonymised information is not personal", edits=((RULES, "context.data.personal", '(context.data.state == "raw")'),)
        ),
    ),
    Statement(
        id="cn.export.ciio", since=PIPL, facts=("cn-pipl-40", "cn-cbdf-7", "cn-cbdf-5-1", "cn-cbdf-5-2", "cn-cbdf-5-3"),
        says="An operator of critical infrastructure exports no personal information without a security assessment, unless it is exempt.",
        about=lambda seen: exported(seen) and seen.facts.controller.ciio, unless=lambda seen: seen.by(ASSESSMENT) or exempt(seen),
        mutant=Mutant(says="the rule on critical infrastructure is gone", drops=("cn.export.ciio",)),
    ),
    Statement(
        id="cn.export.million", since=FLOWS, facts=("cn-cbdf-7",),
        says="From a million persons a year on, or ten thousand with sensitive information, nothing leaves without a security assessment, "
        "but for what is exempt or goes to Hong Kong under the Greater Bay Area contract.",
        about=lambda seen: exported(seen) and (seen.facts.volumes.cn_ytd_pi >= 1_000_000 or seen.facts.volumes.cn_ytd_spi >= 10_000),
        unless=lambda seen: seen.by(ASSESSMENT) or exempt(seen) or bay(seen),
        mutant=Mutant(says="ten times as many sensitive persons pass", edits=((TABLES, "value = 10000 }", "value = 100000 }"),)),
    ),
    Statement(
        id="cn.export.hundred-thousand", since=FLOWS, facts=("cn-pipl-38", "cn-cbdf-8"),
        says="From a hundred thousand persons a year on, nothing leaves without a standard contract, a certification or an assessment, "
        "but for what is exempt or goes to Hong Kong under the Greater Bay Area contract.",
        about=lambda seen: exported(seen) and seen.facts.volumes.cn_ytd_pi >= 100_000,
        unless=lambda seen: seen.by(CONTRACT, CERTIFICATE, ASSESSMENT) or exempt(seen) or bay(seen),
        mutant=Mutant(says="one person more passes", edits=((TABLES, "value = 100000 }", "value = 100001 }"),)),
    ),
    Statement(
        id="cn.export.sensitive", since=PIPL, facts=("cn-pipl-28", "cn-pipl-38", "cn-cbdf-5-4", "cn-cbdf-8"),
        says="One person's sensitive information is enough: it leaves only under a standard contract, a certification or an assessment, "
        "but for what is exempt or goes to Hong Kong under the Greater Bay Area contract.",
        about=lambda seen: exported(seen) and sensitive(seen),
        unless=lambda seen: seen.by(CONTRACT, CERTIFICATE, ASSESSMENT) or exempt(seen) or (seen.day >= GBA_SINCE and bay(seen)),
        mutant=Mutant(
            says="few persons need no contract, whatever is said of them", edits=((RULES, " || context.term.sensitive) &&", ") &&"),)
        ),
    ),
    Statement(
        id="cn.gba.onward", since=GBA_SINCE, facts=("gba-sc",),
        says="What leaves under the Greater Bay Area contract alone goes from one of its cities to Hong Kong, and no further.",
        about=lambda seen: exported(seen) and seen.by("gba_sc") and not seen.by(CONTRACT, CERTIFICATE, ASSESSMENT), unless=bay,
        mutant=Mutant(says="Macau counts as Hong Kong", edits=((TABLES, '["CN", "HK"]', '["CN", "HK", "MO"]'),)),
    ),
    Statement(
        id="cn.consent", since=PIPL, facts=("cn-pipl-13",),
        says="Nobody else gets personal information without the person's consent or another basis of article 13.",
        about=lambda seen: handed(seen) and by_consent(seen), unless=lambda seen: bool({"general", "explicit"} & seen.facts.consent),
        mutant=Mutant(
            says="a legitimate interest is a basis, as it is in Europe",
            edits=((TABLES, '"emergency", "legal_authorisation"]', '"emergency", "legal_authorisation", "legitimate_interest"]'),),
        ),
    ),
    Statement(
        id="cn.sensitive.consent", since=PIPL, facts=("cn-pipl-28", "cn-pipl-29", "cn-pipl-13"),
        says="Sensitive information, and anything of a child under fourteen, is handed to nobody without a separate consent; "
        "on another basis than consent that is disputed, and a person must say.",
        about=lambda seen: handed(seen) and sensitive(seen), unless=lambda seen: "separate_sensitive" in seen.facts.consent,
        mutant=Mutant(says="where a person goes is not sensitive", edits=((TABLES, ', "location_track"', ""),)),
    ),
    Statement(
        id="cn.provided", since=PIPL, facts=("cn-pipl-23", "cn-pipl-13"),
        says="Who decides for itself what the information is for gets it by a separate consent that names it.",
        about=lambda seen: handed(seen) and by_consent(seen) and seen.provider.role == "independent_controller",
        unless=lambda seen: "separate_third_party" in seen.facts.consent,
        mutant=Mutant(says="the rule on other handlers is gone", drops=("cn.provide.no-consent",)),
    ),
    Statement(
        id="cn.child", since=PIPL, facts=("cn-pipl-31",),
        says="Nobody gets the information of a child under fourteen without the consent of a parent or guardian.",
        about=lambda seen: handed(seen) and seen.younger(14), unless=lambda seen: "guardian" in seen.facts.consent,
        mutant=Mutant(says="childhood ends at thirteen", edits=((RULES, "context.subject.age < 14", "context.subject.age < 13"),)),
    ),
    Statement(
        id="cn.entrusted.training", since=PIPL, facts=("cn-pipl-21",),
        says="Who is entrusted with personal information does not train a model of its own on it.",
        about=lambda seen: handed(seen) and seen.provider.role == "processor", unless=lambda seen: not seen.provider.trains_on_input,
        mutant=Mutant(says="the rule on training is gone", drops=("cn.entrusted.training",)),
    ),
    Statement(
        id="cn.public.training", since=GENAI, facts=("cn-genai-7",),
        says="A generative service for the public does not train on what people in the mainland type, not even on their own devices: "
        "no consent to that is recorded here.",
        about=lambda seen: public_ai(seen) and seen.personal, unless=lambda seen: not seen.provider.trains_on_input,
        mutant=Mutant(
            says="on the device it may",
            edits=((RULES, "context.data.personal && context.provider.trains_on_input",
                    "context.data.personal && !context.provider.on_device && context.provider.trains_on_input"),),
        ),
    ),
    Statement(
        id="cn.public.filed", since=GENAI, facts=("cn-genai-17", "cn-genai-20"),
        says="The public in the mainland is offered no generative model that is not filed, not even on the device.",
        about=public_ai, unless=lambda seen: "cn_genai" in seen.provider.filings,
        mutant=Mutant(
            says="on the device it need not be filed",
            edits=((RULES, 'context.term.public_ai && !context.provider.filings.contains("cn_genai")',
                    'context.term.public_ai && !context.provider.on_device && !context.provider.filings.contains("cn_genai")'),),
        ),
    ),
    Statement(
        id="cn.companion", since=COMPANIONS, facts=("cn-anthro",),
        says="No minor in the mainland gets a virtual partner or virtual kin.",
        about=lambda seen: seen.here and seen.younger(18),
        unless=lambda seen: seen.facts.output.persona not in ("virtual_partner", "virtual_kin"),
        mutant=Mutant(says="kin are harmless", edits=((TABLES, '["virtual_partner", "virtual_kin"]', '["virtual_partner"]'),)),
    ),
    Statement(
        id="cn.companion.child", since=COMPANIONS, facts=("cn-anthro",),
        says="No child under fourteen in the mainland gets a companion without a guardian's consent, on the device neither.",
        about=lambda seen: seen.here and seen.younger(14) and seen.facts.feature == "companion",
        unless=lambda seen: "guardian" in seen.facts.consent,
        mutant=Mutant(says="on the device it does", drops=("cn.companion.child",)),
    ),
    Statement(
        id="cn.foreign-courts", since=DSL, facts=("cn-dsl-36", "cn-pipl-41"),
        says="Nothing kept in the mainland goes to a foreign court or agency on this gateway's word, be it personal or not.",
        about=lambda seen: seen.touched, unless=lambda seen: seen.facts.purpose != "foreign_legal_disclosure",
        mutant=Mutant(
            says="what is not personal may", edits=((RULES, 'context.purpose == "foreign_legal_disclosure" }',
                                                    'context.purpose == "foreign_legal_disclosure" && context.data.personal }'),),
        ),
    ),
    Statement(
        id="cn.owes.export", since=PIPL, facts=("cn-pipl-39", "cn-pipl-55"),
        says="Whatever leaves owes the person a notice of who receives it, and an assessment of its impact, whatever the basis.",
        about=exported, owes=all_of("notice:cross_border_recipient", "assessment:cn_pipia", "record.retain_years:3"),
        mutant=Mutant(
            says="without consent there is no notice",
            edits=((RULES, f'@text_zh("向境外提供个人信息的")\n{OWE}\nwhen {{ context.term.leaves }}',
                    f'@text_zh("向境外提供个人信息的")\n{OWE}\nwhen {{ context.term.leaves && context.term.by_consent }}'),),
        ),
    ),
    Statement(
        id="cn.owes.count", since=FLOWS, facts=("cn-cbdf-7", "cn-cbdf-8"),
        says="Everybody whose information leaves is counted, with the sensitive apart, so that no threshold is passed unseen.",
        about=lambda seen: exported(seen) and not exempt(seen),
        owes=lambda seen: frozenset({"count:cn_ytd_spi" if sensitive(seen) else "count:cn_ytd_pi"}),
        mutant=Mutant(says="the sensitive are not counted", drops=("cn.owe.count.sensitive",)),
    ),
    Statement(
        id="cn.owes.minors", since=MINORS, facts=("cn-minors-31",),
        says="Who handles the information of minors owes a yearly audit of that.",
        about=lambda seen: handed(seen) and seen.younger(18), owes=all_of("audit:minor_annual"),
        mutant=Mutant(says="for children under fourteen only", edits=((RULES, "context.subject has age && context.subject.age < 18 };",
                                                                     "context.subject has age && context.subject.age < 14 };"),)),
    ),
    Statement(
        id="cn.owes.human", since=PIPL, facts=("cn-pipl-24",),
        says="A decision of weight about a person owes an explanation, and a human's review where a machine made it alone.",
        about=lambda seen: seen.personal and seen.touched and seen.facts.decision.significant,
        owes=lambda seen: frozenset({"explain.decision", *(("human_review",) if seen.facts.decision.solely_automated else ())}),
        mutant=Mutant(says="the review is gone", drops=("cn.owe.human",)),
    ),
    Statement(
        id="cn.owes.labels", since=LABELS, facts=("cn-label-4", "cn-label-5", "cn-label-9"),
        says="What a public generative service makes carries a label in its file, and one that can be seen; who asks for none of the "
        "latter has agreed to add it, and the log of that is kept six months.",
        about=public_ai,
        owes=lambda seen: frozenset({"label.implicit_metadata"}) | (
            {"agreement:user_label_duty", "log.retain_months:6"} if seen.facts.output.unlabelled_requested else {"label.explicit"}
        ),
        mutant=Mutant(says="nobody need agree", drops=("cn.owe.label.by-user",)),
    ),
)  # fmt: skip
