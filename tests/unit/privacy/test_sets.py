# SPDX-License-Identifier: Apache-2.0
"""The sets that the guard is scored with: as they were frozen, well formed, halves apart, numbers with true check digits."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.vectors.privacy import made, make

FOLDER = Path(make.__file__).parent
TYPES = frozenset(
    "PERSON EMAIL PHONE ADDRESS NATIONAL_ID PASSPORT DRIVER_LICENSE BANK_CARD BANK_ACCOUNT DOB IP PLATE USERNAME SECRET".split()  # noqa: SIM905
)


def read(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()]


def test_the_sets_are_as_they_were_frozen() -> None:
    assert json.loads((FOLDER / "freeze.json").read_text(encoding="utf-8")) == make.frozen(lambda name: (FOLDER / name).read_bytes())


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_made_sets_are_what_their_templates_make(lang: str) -> None:
    assert make.written(lang) == (FOLDER / f"own-{lang}.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", make.SETS)
def test_an_item_is_well_formed(name: str) -> None:
    items = read(name)
    assert len(items) >= 150
    assert len({item["id"] for item in items}) == len({item["text"] for item in items}) == len(items)
    for item in items:
        marks = sorted((mark["start"], mark["end"]) for kind in ("spans", "negatives", "optional") for mark in item[kind])
        assert all(0 <= start < end <= len(item["text"]) for start, end in marks), item["id"]
        assert all(before[1] <= after[0] for before, after in itertools.pairwise(marks)), item["id"]
        assert all(item["text"][start:end].strip() == item["text"][start:end] for start, end in marks), item["id"]
        assert {mark["type"] for mark in item["spans"]} <= set(item.get("eval_types", TYPES))
        assert item["source"] and item["licence"] and item["half"] in ("dev", "test")


@pytest.mark.parametrize("name", make.SETS)
def test_the_halves_share_no_document_and_no_template(name: str) -> None:
    halves = defaultdict(set)
    for item in read(name):
        halves[item.get("document") or item["template"]].add(item["half"])
    assert all(len(half) == 1 for half in halves.values())
    sizes = [sum(item["half"] == half for item in read(name)) for half in ("dev", "test")]
    assert min(sizes) * 3 > max(sizes) * 2


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_translations_of_one_text_are_in_one_half(lang: str) -> None:
    other = {item["document"]: item["half"] for item in read("real-en.jsonl")}
    for item in read(f"real-{lang}.jsonl"):
        assert other.get(item["document"], item["half"]) == item["half"]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_made_sets_hold_every_type_much_that_is_nobody_s_and_items_with_nothing(lang: str) -> None:
    items = read(f"own-{lang}.jsonl")
    assert {mark["type"] for item in items for mark in item["spans"]} == TYPES
    assert len({item["template"] for item in items}) >= 60
    assert sum(len(item["negatives"]) for item in items) >= 100
    assert sum(not item["spans"] for item in items) >= 20
    assert sum(not item["spans"] for item in read(f"real-{lang}.jsonl")) >= 30


@pytest.mark.parametrize(
    ("check", "body", "end"),
    [  # examples given by those who issue the numbers, or in common use for tests
        ("luhn", "411111111111111", "1"),
        ("verhoeff", "236", "3"),
        ("de_tax", "8609574271", "9"),
        ("it_cf", "RSSMRA85T10A562", "S"),
        ("br_cpf", "529982247", "25"),
        ("cn_id", "11010519491231002", "X"),
        ("hk_id", "A123456", "3"),
        ("tw_id", "A12345678", "9"),
        ("gb_nhs", "943476591", "9"),
        ("fr_nir", "1510246102043", "25"),
        ("es_dni", "12345678", "Z"),
        ("nl_bsn", "11122233", "3"),
        ("jp_my_number", "12345678901", "8"),
        ("sg_nric", "S1234567", "D"),
        ("usci", "91350100M000100Y4", "3"),
        ("isbn", "978030640615", "7"),
    ],
)
def test_check_digits_agree_with_known_numbers(check: str, body: str, end: str) -> None:
    assert made.CHECKS[check](body) == end


@pytest.mark.parametrize("known", ["DE89370400440532013000", "GB82WEST12345698765432", "NL91ABNA0417164300"])
def test_an_iban_is_made_as_known_ones_are(known: str) -> None:
    assert made.iban(known[:2], known[4:]) == known
