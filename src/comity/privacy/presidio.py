# SPDX-License-Identifier: Apache-2.0
"""Microsoft Presidio and Comity, each usable from the other.  Presidio is not installed with Comity and is imported only when asked.

Guard("balanced", [PresidioFinder(AnalyzerEngine(), "en")])                       Presidio's recognisers within Comity
analyzer.registry.add_recognizer(comity_recognizer(Guard(), language="en"))       Comity's within Presidio
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from comity.privacy.finder import Proposal
from comity.privacy.findings import Finding
from comity.privacy.guard import Guard
from comity.privacy.recognizers import rules
from comity.privacy.recognizers.base import CERTAIN, HINTED, LIKELY

_IDENTITY = """
AU_MEDICARE AU_TFN CA_SIN DE_HEALTH_INSURANCE DE_ID_CARD DE_SOCIAL_SECURITY DE_TAX_ID ES_NIE ES_NIF FI_PERSONAL_IDENTITY_CODE IN_AADHAAR
IN_PAN IN_VOTER IT_FISCAL_CODE IT_IDENTITY_CARD KR_FRN KR_RRN NG_NIN PH_TIN PH_UMID PL_PESEL SE_PERSONNUMMER SG_NRIC_FIN TH_TNIN
TR_NATIONAL_ID UK_NHS UK_NINO US_ITIN US_MBI US_SSN ZA_ID_NUMBER ZA_INCOME_TAX_NUMBER
"""
_PASSPORT = "DE_PASSPORT ES_PASSPORT IN_PASSPORT IT_PASSPORT KR_PASSPORT PH_PASSPORT UK_PASSPORT US_PASSPORT ZA_PASSPORT"
_LICENCE = "DE_FUEHRERSCHEIN IT_DRIVER_LICENSE KR_DRIVER_LICENSE UK_DRIVING_LICENCE US_DRIVER_LICENSE ZA_DRIVER_LICENSE"
_PLATE = "DE_KFZ IN_VEHICLE_REGISTRATION NG_VEHICLE_REGISTRATION TR_LICENSE_PLATE UK_VEHICLE_REGISTRATION ZA_LICENSE_PLATE"

# Where Presidio's kinds are ours, as (type, category).  The rest is left out: a city, a date, a nationality, a web address or the
# number of a company is not by itself what one of our types stands for.
ENTITIES: Mapping[str, tuple[str, str | None]] = {
    "PERSON": ("PERSON", "name"),
    "EMAIL_ADDRESS": ("EMAIL", "contact"),
    "PHONE_NUMBER": ("PHONE", "contact"),
    "IP_ADDRESS": ("IP", "contact"),
    "MAC_ADDRESS": ("MAC", "contact"),
    "CREDIT_CARD": ("BANK_CARD", "financial_account"),
    "IBAN_CODE": ("BANK_ACCOUNT", "financial_account"),
    "US_BANK_NUMBER": ("BANK_ACCOUNT", "financial_account"),
    "CRYPTO": ("BANK_ACCOUNT", "financial_account"),
    **dict.fromkeys(_IDENTITY.split(), ("NATIONAL_ID", "specific_identity")),
    **dict.fromkeys(_PASSPORT.split(), ("PASSPORT", "specific_identity")),
    **dict.fromkeys(_LICENCE.split(), ("DRIVER_LICENSE", "specific_identity")),
    **dict.fromkeys(_PLATE.split(), ("PLATE", "specific_identity")),
}
# What one of our recognisers is called there; a recogniser that is not named goes by its type.
_OURS = {
    "us_ssn": "US_SSN", "us_itin": "US_ITIN", "nhs": "UK_NHS", "gb_nino": "UK_NINO", "es_dni": "ES_NIF", "in_aadhaar": "IN_AADHAAR",
    "in_pan": "IN_PAN", "kr_rrn": "KR_RRN", "sg_nric": "SG_NRIC_FIN", "de_idnr": "DE_TAX_ID", "it_cf": "IT_FISCAL_CODE",
    "pl_pesel": "PL_PESEL", "au_tfn": "AU_TFN", "au_medicare": "AU_MEDICARE", "fi_hetu": "FI_PERSONAL_IDENTITY_CODE",
    "iban": "IBAN_CODE",
}  # fmt: skip
_TYPES = {
    "PERSON": "PERSON", "EMAIL": "EMAIL_ADDRESS", "PHONE": "PHONE_NUMBER", "IP": "IP_ADDRESS", "MAC": "MAC_ADDRESS",
    "BANK_CARD": "CREDIT_CARD",
}  # fmt: skip
SCORE = 0.9  # of a finding: more than Presidio's patterns without context, less than its checksums


class PresidioFinder(NamedTuple):
    """Recognisers of an `AnalyzerEngine` (``analyzer``), whose kinds ``entities`` translates."""

    analyzer: Any
    language: str = "en"
    entities: Mapping[str, tuple[str, str | None]] = ENTITIES
    score_min: float = 0.35
    name: str = "presidio"

    def find(self, text: str) -> Sequence[Proposal]:
        found = []
        for each in self.analyzer.analyze(text=text, language=self.language):
            kind = self.entities.get(each.entity_type)
            if kind is not None and each.score >= self.score_min:
                found.append(Proposal(each.start, each.end, *kind, _sure(each.score)))
        return found


def _sure(score: float) -> int:
    return CERTAIN if score >= 1.0 else LIKELY if score >= 0.6 else HINTED


def comity_recognizer(guard: Guard, *, language: str = "en", name: str = "ComityRecognizer") -> Any:
    """What ``guard`` finds, as an `EntityRecognizer` for a registry of Presidio's.  One for each language that it shall serve."""
    made: Any = _recognizer_class()(guard, language=language, name=name)
    return made


def entity_of(finding: Finding) -> str:
    """What Presidio calls it."""
    return _OURS.get(finding.recognizer) or _TYPES.get(finding.type, finding.type)


def supported(guard: Guard) -> list[str]:
    """Every entity that `entity_of` may name."""
    named = {_OURS.get(unit.name) or _TYPES.get(unit.type, unit.type) for unit in rules()}
    return sorted(named if guard.profile == "rules" else {*named, *_TYPES.values(), "ADDRESS", "USERNAME"})


@cache
def _recognizer_class() -> Any:
    from presidio_analyzer import EntityRecognizer, RecognizerResult  # type: ignore[import-not-found, unused-ignore]

    class ComityRecognizer(EntityRecognizer):  # type: ignore[misc, unused-ignore]
        def __init__(self, guard: Guard, *, language: str, name: str) -> None:
            self._guard = guard
            super().__init__(supported_entities=supported(guard), supported_language=language, name=name)

        def load(self) -> None:
            """Nothing: a guard comes with its models."""

        def analyze(self, text: str, entities: Sequence[str] | None, nlp_artifacts: Any = None) -> list[Any]:
            wanted = frozenset(entities or self.supported_entities)
            return [
                RecognizerResult(
                    entity_type=entity_of(each), start=each.start, end=each.end, score=SCORE,
                    recognition_metadata={
                        RecognizerResult.RECOGNIZER_NAME_KEY: f"{self.name}.{each.recognizer}",
                        RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
                    },
                )
                for each in self._guard.scan(text) if entity_of(each) in wanted
            ]  # fmt: skip

    return ComityRecognizer
