# SPDX-License-Identifier: Apache-2.0
"""The words and the regions."""

from __future__ import annotations

from datetime import date

import pytest

from comity.errors import OperatorError
from comity.jurisdictions.vocab import bare, load_vocabulary

WORDS = load_vocabulary()
TODAY = date(2026, 11, 23)


def test_the_tree_of_regions() -> None:
    assert WORDS.canonical("GB") == WORDS.canonical("UK") == "UK"
    assert WORDS.canonical("EL") == "GR"
    assert {"CN", "CN-GD"} <= WORDS.members("CN") and "HK" not in WORDS.members("CN")
    assert WORDS.members("CN-GD") == {"CN-GD"}
    assert {"DE", "NO", "IS", "LI"} <= WORDS.members("EEA") and not {"CH", "UK"} & WORDS.members("EEA")
    assert WORDS.members("EU") < WORDS.members("EEA") and len(WORDS.members("EU")) == 27 and len(WORDS.members("EEA")) == 30


@pytest.mark.parametrize("name", ["XX", "cn", "", "CN-ZZ", "USA", "CN-", "EEA-DE"])
def test_what_is_no_region(name: str) -> None:
    with pytest.raises(KeyError):
        WORDS.canonical(name)


def test_anywhere_but_is_every_country_outside() -> None:
    open_to = WORDS.anywhere_but(["CN", "EEA"])
    assert not open_to & (WORDS.members("CN") | WORDS.members("EEA"))
    assert {"HK", "US", "UK", "CH"} <= open_to
    assert len(WORDS.anywhere_but([])) == 249
    assert "US" in WORDS.anywhere_but(["US-CA"])  # a state left out does not leave out the country


def test_a_group_is_each_of_its_countries() -> None:
    assert WORDS.places(["EEA", "US-CA"]) == (WORDS.places(["EEA"]) | {"US-CA"})
    assert "DE" in WORDS.places(["EEA"]) and "EEA" not in WORDS.places(["EEA"])


@pytest.mark.parametrize(
    ("item", "valid"),
    [
        ("cn_genai", {"cn_genai"}),
        ("eu_tia:2026-11-23", {"eu_tia"}),
        ("eu_tia:2026-11-22", set()),
        ("assessment:cn_pipia", {"assessment:cn_pipia"}),
        ("assessment:cn_pipia:2027-01-31", {"assessment:cn_pipia"}),
        ("assessment:cn_pipia:2026-01-31", set()),
        ("log.retain_months:6", {"log.retain_months:6"}),
        ("mlps-3", {"mlps-3"}),
    ],
)
def test_evidence_and_its_last_day(item: str, valid: set[str]) -> None:
    assert WORDS.valid_evidence([item], TODAY) == valid


@pytest.mark.parametrize("item", ["cn_gnai", "assessment:cn_pipa", "eu_tia:2026-13-01", "eu_tia:soon", "", ":2026-01-01"])
def test_wrong_evidence_is_named(item: str) -> None:
    with pytest.raises(OperatorError) as raised:
        WORDS.valid_evidence([item], TODAY)
    assert f"`{item}`" in str(raised.value)


def test_evidence_sorted_by_what_rules_ask_for() -> None:
    kept = WORDS.sorted_evidence(["cn_genai", "cac_scc", "processor_contract", "eu_us_dpf", "assessment:cn_pipia", "mlps-3"])
    assert kept == ({"processor_contract"}, {"cac_scc"}, {"cn_genai"}, {"eu_us_dpf"})
    assert WORDS.met_by(["processor_contract", "assessment:cn_pipia"]) == {"contract:processor", "assessment:cn_pipia"}


def test_an_obligation_with_and_without_its_parameter() -> None:
    assert bare("log.retain_months:6") == "log.retain_months" and bare("contract:processor") == "contract:processor"
    assert WORDS.phase_of("log.retain_months:6") == "post" and WORDS.phase_of("label.explicit") == "output"
    with pytest.raises(KeyError):
        WORDS.phase_of("label.loud")
