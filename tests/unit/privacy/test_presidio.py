# SPDX-License-Identifier: Apache-2.0
"""Presidio from Comity and Comity from Presidio: against Presidio itself where it is installed, else against a stand-in.

The stand-in has the members of `EntityRecognizer`, `RecognizerResult` and `AnalyzerEngine` that Presidio documents and no more.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from types import ModuleType
from typing import Any, ClassVar

import pytest

from comity.privacy import presidio
from comity.privacy.finder import Proposal
from comity.privacy.guard import Guard
from comity.privacy.presidio import ENTITIES, PresidioFinder, comity_recognizer, entity_of, supported
from comity.privacy.recognizers.base import CERTAIN, HINTED, LIKELY
from comity.privacy.scan import scan

TEXT = "Lena: lena@vogel.io, card 4111 1111 1111 1111, SSN 536-90-4399, GB29 NWBK 6016 1331 9268 19"
KNOWN = {"PERSON", "EMAIL", "PHONE", "IP", "MAC", "BANK_CARD", "BANK_ACCOUNT", "NATIONAL_ID", "PASSPORT", "DRIVER_LICENSE", "PLATE"}


class EntityRecognizer:
    def __init__(self, supported_entities: list[str], name: str | None = None, supported_language: str = "en") -> None:
        self.supported_entities, self.name, self.supported_language = supported_entities, name, supported_language
        self.id = f"{name}_{id(self)}"
        self.load()

    def load(self) -> None:
        raise NotImplementedError

    def analyze(self, text: str, entities: Any, nlp_artifacts: Any) -> Any:
        raise NotImplementedError


class RecognizerResult:
    RECOGNIZER_NAME_KEY: ClassVar[str] = "recognizer_name"
    RECOGNIZER_IDENTIFIER_KEY: ClassVar[str] = "recognizer_identifier"

    def __init__(self, entity_type: str, start: int, end: int, score: float, analysis_explanation: Any = None,
                 recognition_metadata: Any = None) -> None:  # fmt: skip
        self.entity_type, self.start, self.end, self.score = entity_type, start, end, score
        self.recognition_metadata = recognition_metadata


class Analyzer:
    """Answers what it was made with."""

    def __init__(self, *found: RecognizerResult) -> None:
        self._found = list(found)

    def analyze(self, *, text: str, language: str) -> list[RecognizerResult]:
        assert language == "en"
        return self._found


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    module = ModuleType("presidio_analyzer")
    module.EntityRecognizer, module.RecognizerResult = EntityRecognizer, RecognizerResult  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "presidio_analyzer", module)
    presidio._recognizer_class.cache_clear()
    yield
    presidio._recognizer_class.cache_clear()


def placed(results: list[Any]) -> set[tuple[str, str]]:
    return {(each.entity_type, TEXT[each.start : each.end]) for each in results}


FOUND = {
    ("EMAIL_ADDRESS", "lena@vogel.io"),
    ("CREDIT_CARD", "4111 1111 1111 1111"),
    ("US_SSN", "536-90-4399"),
    ("IBAN_CODE", "GB29 NWBK 6016 1331 9268 19"),
}


def test_nothing_of_presidio_is_imported_until_it_is_asked_for() -> None:
    said = "import sys, comity.privacy.presidio; print([name for name in sys.modules if name.startswith('presidio_')])"
    assert subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.usefixtures("stand_in")
def test_a_recogniser_of_ours_answers_in_presidios_words() -> None:
    made = comity_recognizer(Guard())
    assert placed(made.analyze(TEXT, made.supported_entities, None)) >= FOUND
    assert placed(made.analyze(TEXT, ["US_SSN", "PERSON"], None)) == {("US_SSN", "536-90-4399")}
    assert placed(made.analyze(TEXT, None, None)) >= FOUND
    (result,) = made.analyze("lena@vogel.io", None, None)
    assert 0 < result.score < 1
    assert result.recognition_metadata == {"recognizer_name": "ComityRecognizer.email", "recognizer_identifier": made.id}


@pytest.mark.usefixtures("stand_in")
def test_a_broken_scan_is_an_error_there_too(monkeypatch: pytest.MonkeyPatch) -> None:
    guard = Guard()
    monkeypatch.setattr(guard, "scan", lambda text: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        comity_recognizer(guard).analyze("lena@vogel.io", None, None)


def test_whatever_is_found_is_said_to_be_supported() -> None:
    told = set(supported(Guard()))
    assert {entity_of(each) for each in scan(TEXT)} <= told and {"EMAIL_ADDRESS", "US_SSN"} <= told


def test_presidios_kinds_become_types_and_categories_and_the_rest_is_left() -> None:
    found = [
        RecognizerResult("PERSON", 0, 4, 0.85), RecognizerResult("DE_TAX_ID", 5, 9, 1.0), RecognizerResult("PHONE_NUMBER", 10, 12, 0.4),
        RecognizerResult("DATE_TIME", 0, 4, 0.9), RecognizerResult("LOCATION", 0, 4, 0.85),
        RecognizerResult("US_DRIVER_LICENSE", 0, 4, 0.01),
    ]  # fmt: skip
    assert PresidioFinder(Analyzer(*found)).find("x" * 12) == [
        Proposal(0, 4, "PERSON", "name", LIKELY),
        Proposal(5, 9, "NATIONAL_ID", "specific_identity", CERTAIN),
        Proposal(10, 12, "PHONE", "contact", HINTED),
    ]


def test_kinds_of_ones_own_can_be_added() -> None:
    finder = PresidioFinder(Analyzer(RecognizerResult("STAFF", 0, 2, 0.7)), entities={**ENTITIES, "STAFF": ("USERNAME", "contact")})
    assert finder.find("ab") == [Proposal(0, 2, "USERNAME", "contact", LIKELY)]


def test_a_guard_takes_it_as_a_finder() -> None:
    guard = Guard("balanced", [PresidioFinder(Analyzer(RecognizerResult("PERSON", 0, 4, 0.85)))])
    assert [(each.type, each.recognizer) for each in guard.scan("Lena, lena@vogel.io")] == [("PERSON", "presidio"), ("EMAIL", "email")]


def test_every_kind_is_one_of_comitys_types() -> None:
    assert {kind for kind, _ in ENTITIES.values()} == KNOWN


# -- Presidio itself -------------------------------------------------------------------------------------------------


@pytest.fixture
def engine() -> Any:
    """Presidio's own, on an empty pipeline of spaCy: no model is needed."""
    if find_spec("presidio_analyzer") is None:
        pytest.skip("presidio-analyzer is not installed")
    import spacy
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    nlp = SpacyNlpEngine(models=[{"lang_code": "en", "model_name": "blank"}])
    nlp.nlp = {"en": spacy.blank("en")}
    return AnalyzerEngine(nlp_engine=nlp, supported_languages=["en"])


def test_presidio_finds_through_comity(engine: Any) -> None:
    engine.registry.add_recognizer(comity_recognizer(Guard()))
    text = "unser Kollege, Tel. 030 1234567, sk-proj-" + "a1B2" * 6
    found = {(each.entity_type, text[each.start : each.end]) for each in engine.analyze(text=text, language="en")}
    assert ("SECRET", "sk-proj-" + "a1B2" * 6) in found and "SECRET" in engine.get_supported_entities("en")
    assert placed(engine.analyze(text=TEXT, language="en")) >= FOUND


def test_comity_finds_through_presidio(engine: Any) -> None:
    found = Guard("balanced", [PresidioFinder(engine)]).scan("wallet 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2")
    assert [(each.type, each.category, each.recognizer) for each in found] == [("BANK_ACCOUNT", "financial_account", "presidio")]
