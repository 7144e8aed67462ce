# SPDX-License-Identifier: Apache-2.0
"""Facts without end, the same for the same seed: near to what is allowed, with some members wild, and some facts wild altogether.

Near, because a statement is about something only where the law could have said yes: one consent less, one place more, a day too early.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import combinations
from typing import Any, NamedTuple

from comity.policy.facts import (
    AnyExcept,
    AutomatedDecision,
    Controller,
    Data,
    Facts,
    Output,
    Place,
    Provider,
    Service,
    Subject,
    Tenant,
    US12Months,
    Volumes,
)
from tests.laws.statements.plain import NOTHING, WORDS

SEED = "26 November 2026"
RATES = (0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.12, 0.2, 0.6)
"""How much is wild; one of these for each facts."""
TODAY = date(2026, 11, 23)
KINDS = US12Months.__struct_fields__
EDGES = (1, 99, 100, 101, 999, 1_000, 1_001, 9_999, 10_000, 10_001, 99_999, 100_000, 100_001)

Values = Sequence[Any]


class Deck(NamedTuple):
    """Of each member what it is near home, and what it is wild; more often what stands there more often."""

    sound: dict[str, Values]
    wild: dict[str, Values]


def some(*words: str) -> frozenset[str]:
    return frozenset(words)


def all_but(*regions: str) -> AnyExcept:
    return AnyExcept(any_except=frozenset(regions))


def less(words: frozenset[str], most: int) -> list[frozenset[str]]:
    """All of them, and all but one or a few."""
    return [words - frozenset(out) for many in range(most + 1) for out in combinations(sorted(words), many)]


def around(*days: date) -> list[date]:
    return [day + timedelta(days=by) for day in days for by in (-1, 0)]


def short_of(words: frozenset[str]) -> list[frozenset[str]]:
    """All of them as often as all but one."""
    return [words] * len(words) + [words - {each} for each in sorted(words)]


CONSENTS, SAFEGUARDS = WORDS.consents, WORDS.evidence_kinds["safeguards"]
MECHANISMS, CERTIFICATIONS = WORDS.evidence_kinds["mechanisms"], WORDS.evidence_kinds["certifications"]
NONE_COUNTED = US12Months()
WILD: dict[str, Values] = {
    "location": ["CN", "CN-GD", "DE", "FR", "EEA", "US", "US-NY", "US-CA", "US-CO", "US-TX", "HK", "KE", None],
    "residence": ["US", "CN"],
    "age": [5, 12, 13, 14, 15, 16, 17, 18],
    "established": [some("CN"), some("US"), some("IE"), some("DE", "US"), some("HK")],
    "us_person": [True, False], "ciio": [True], "gba_city": [True], "sector": ["hipaa", "telecom"],
    "personal": [False], "state": ["pseudonymised", "pseudonymised", "anonymised_verified"],
    "categories": [some(each) for each in sorted(WORDS.every_category)] + [some("health", "genetic"), some("biometric", "location_track")],
    "collected_in": ["CN", "DE", "FR", "US", "US-CA", "KE"], "important": [True],
    "cn_ytd_pi": [99_999, 100_000, 100_000, 100_001, 500_000, 999_999, 1_000_000, 1_000_001],
    "cn_ytd_spi": [1, 9_999, 10_000, 10_000, 10_001, 50_000],
    "us_12mo": [US12Months(**{kind: many}) for kind in KINDS for many in EDGES]
    + [US12Months(**{one: many, other: many}) for one, other in combinations(KINDS, 2) for many in (1, 60, 900, 9_000, 60_000)],
    "purpose": ["foreign_legal_disclosure"], "feature": sorted(WORDS.features), "transaction": ["brokerage", "employment", "investment"],
    "legal_basis": sorted(WORDS.legal_bases), "consent": [*less(CONSENTS, 2), NOTHING, some("general")],
    "safeguards": [*less(SAFEGUARDS, 2), NOTHING],
    "kind": ["on_device", "on_device", "self_hosted"], "role": ["independent_controller"],
    "operator": ["CN", "HK", "RU", "US", "DE", None], "covered": [True],
    "mechanisms": [NOTHING, MECHANISMS, *(some(each) for each in sorted(MECHANISMS)), some("gba_sc", "cac_scc"), some("eu_scc", "cac_scc")],
    "filings": [NOTHING], "certifications": [NOTHING, *(some(each) for each in sorted(CERTIFICATIONS))],
    "trains": [True], "generative": [False], "public": [True, False], "placed": [None, date(2026, 8, 1), date(2026, 8, 2)],
    "unlabelled": [True], "deepfake": [True], "persona": ["virtual_partner", "virtual_kin", "assistant"],
    "significant": [True], "solely": [True], "residency": [some("EEA"), some("CN"), some("US")],
}  # fmt: skip
SOUND: dict[str, Values] = {
    "residence": [None], "age": [None, 35], "us_person": [False], "ciio": [False], "gba_city": [False], "sector": [None],
    "personal": [True], "state": ["raw"], "collected_in": [None], "important": [False],
    "categories": [some("contact"), some("contact"), some("health"), some("location_track"), some("trade_union")],
    "cn_ytd_pi": [0], "cn_ytd_spi": [0], "us_12mo": [NONE_COUNTED], "purpose": ["assist"], "feature": [None], "transaction": ["vendor"],
    "legal_basis": ["consent", "consent", "legitimate_interest"],
    "consent": [*short_of(CONSENTS), CONSENTS - {"general", "explicit"}], "safeguards": short_of(SAFEGUARDS),
    "kind": ["cloud"], "role": ["processor"],
    "covered": [False], "mechanisms": [MECHANISMS], "filings": [some("cn_genai")], "certifications": [CERTIFICATIONS], "trains": [False],
    "generative": [True], "public": [False], "placed": [None], "unlabelled": [False], "deepfake": [False], "persona": [None],
    "significant": [False, False, False, True], "solely": [False, True], "residency": [None],
}  # fmt: skip


def _deck(sound: dict[str, Values], wild: dict[str, Values], home: Values, near: Values, far: Values) -> Deck:
    within, beyond = [*home, *near], [*far, NOTHING]
    parts = ("processing", "storage", "access")
    return Deck(
        sound=SOUND | dict.fromkeys(parts, within) | sound,
        wild=WILD | dict.fromkeys(parts, beyond) | wild,
    )


_CN, _DE, _US, _HK = some("CN"), some("DE"), some("US"), some("HK")
DECKS = {
    "cn": _deck(
        {
            "as_of": [TODAY], "location": ["CN", "CN", "CN-GD"], "established": [NOTHING, some("CN")], "operator": ["CN"],
            "mechanisms": [MECHANISMS, some("cac_security_assessment"), some("cac_scc"), some("gba_sc"), NOTHING],
            "cn_ytd_pi": [0, 0, 100_000, 1_000_000], "gba_city": [False, True], "public": [False, True],
            "age": [None, 35, 13], "feature": [None, None, "companion"],
            "kind": ["cloud", "cloud", "on_device"], "persona": [None, "virtual_kin"],
        },
        {
            "as_of": around(date(2021, 9, 1), date(2021, 11, 1), date(2023, 8, 15), date(2023, 12, 13), date(2024, 1, 1), date(2024, 3, 22),
                            date(2025, 1, 1), date(2025, 9, 1), date(2026, 1, 1), date(2026, 7, 15), date(2028, 1, 1)),
        },
        [_CN, _CN], [_HK, _US],
        [_US, _HK, some("MO"), some("CN", "SG"), some("CN-GD"), some("EEA"), all_but("CN"), all_but()],
    ),
    "eea": _deck(
        {
            "as_of": [TODAY], "location": ["DE", "FR", "IE"], "established": [NOTHING, some("IE")], "operator": ["DE"],
            "placed": [None, date(2026, 8, 1)], "public": [False, True], "age": [None, 35, 15], "kind": ["cloud", "cloud", "on_device"],
            "legal_basis": ["consent", "legitimate_interest", "contract_necessity"], "significant": [False, True],
            "consent": [*short_of(CONSENTS), *[CONSENTS - {"explicit"}] * 3, CONSENTS - {"general", "explicit"}],
        },
        {
            "as_of": around(date(2018, 5, 25), date(2022, 1, 1), date(2023, 7, 10), date(2025, 4, 30), date(2026, 1, 27), date(2026, 8, 2),
                            date(2026, 12, 2), date(2028, 1, 1)),
        },
        [_DE, _DE], [_US, some("IE", "FR")],
        [_US, some("IN"), some("BR"), some("BR"), _CN, some("UK"), some("JP"), some("US-CA"), some("DE", "IN"), some("EEA"), all_but("DE"),
         all_but(), AnyExcept(any_except=WORDS.anywhere_but(("EEA", "UK")))],
    ),
    "us": _deck(
        {
            "as_of": [TODAY], "location": ["US", "US-NY"], "established": [NOTHING], "operator": ["US"], "us_person": [True],
            "age": [None, 35, 12],
            "safeguards": [SAFEGUARDS, SAFEGUARDS - {"cisa_security_requirements"}], "trains": [False, False, True],
            "sector": [None, None, "hipaa"],
            "us_12mo": [NONE_COUNTED, US12Months(covered_identifiers=100_001), US12Months(personal_health=9_000, biometric=900)],
        },
        {
            "as_of": around(date(2013, 9, 23), date(2024, 6, 23), date(2025, 4, 8), date(2025, 10, 6), date(2026, 4, 22), date(2026, 10, 6),
                            date(2028, 1, 1)),
        },
        [_US, _US, _US], [_CN],
        [_CN, _HK, some("RU"), some("DE"), some("US", "CN-SH"), some("US-NY"), all_but("CN"), all_but("US"), all_but(),
         all_but("CN", "HK", "MO", "CU", "IR", "KP", "RU", "VE")],
    ),
}  # fmt: skip


def stream(pack: str, part: int = 0) -> Iterator[Facts]:
    """Without end; another for each ``part``."""
    return map(built, said(pack, part))


def said(pack: str, part: int = 0) -> Iterator[dict[str, Any]]:
    """Members are chosen each by itself, so that any two of them meet."""
    chance = random.Random(f"{SEED}, {pack}, {part}").random
    deck = DECKS[pack]
    columns = [(name, deck.sound[name], len(deck.sound[name]), deck.wild[name], len(deck.wild[name])) for name in deck.wild]
    while True:
        rate = RATES[int(chance() * len(RATES))]
        yield {
            name: wild[int(chance() * wilder)] if chance() < rate else sound[int(chance() * sounder)]
            for name, sound, sounder, wild, wilder in columns
        }


def built(member: dict[str, Any]) -> Facts:
    where: dict[str, Place] = {part: member[part] for part in ("processing", "storage", "access")}
    if member["kind"] == "on_device" and where["access"] == where["processing"]:  # who has it reads it: no window
        where["access"] = NOTHING
    return Facts(
        as_of=member["as_of"],
        subject=Subject(location=member["location"], residence=member["residence"], age=member["age"]),
        controller=Controller(
            established=member["established"], us_person=member["us_person"], ciio=member["ciio"], gba_city=member["gba_city"],
            sector=member["sector"],
        ),
        data=Data(
            personal=member["personal"], state=member["state"], categories=member["categories"], collected_in=member["collected_in"],
            important_data=member["important"],
        ),
        volumes=Volumes(cn_ytd_pi=member["cn_ytd_pi"], cn_ytd_spi=member["cn_ytd_spi"], us_12mo=member["us_12mo"]),
        purpose=member["purpose"], feature=member["feature"], transaction=member["transaction"], legal_basis=member["legal_basis"],
        consent=member["consent"], safeguards=member["safeguards"],
        provider=Provider(
            id="p", kind=member["kind"], role=member["role"], operator_region=member["operator"], covered_person=member["covered"],
            mechanisms=member["mechanisms"], filings=member["filings"], certifications=member["certifications"],
            trains_on_input=member["trains"], generative=member["generative"], **where,
        ),
        service=Service(public=member["public"], placed_on_market=member["placed"]),
        output=Output(unlabelled_requested=member["unlabelled"], deepfake=member["deepfake"], persona=member["persona"]),
        decision=AutomatedDecision(significant=member["significant"], solely_automated=member["solely"]),
        tenant=Tenant(residency=member["residency"]),
    )  # fmt: skip
