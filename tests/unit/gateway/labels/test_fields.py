# SPDX-License-Identifier: Apache-2.0
"""The fields of GB 45438-2025 annex E: which characters, who produced it, who passed it on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from comity.gateway.labels.fields import NOTICE, Fields, fields_of, metadata, notice, noticed, spoken

ALLOWED = {chr(code) for code in (0x21, *range(0x23, 0x5C), *range(0x5D, 0x7F))}  # annex E j


@example('a "b" c\\d 100% 北京', "\\")
@given(st.text(max_size=300), st.text(max_size=60))
def test_a_value_has_the_characters_of_the_standard_and_can_be_read_back(producer: str, receipt: str) -> None:
    fields = Fields.of(producer, receipt)
    assert set("".join(fields.members.values())) <= ALLOWED
    assert fields_of(fields.json) == fields
    if receipt.isprintable():
        assert spoken(fields.produce_id) == receipt


def test_members_are_the_standard_s_in_its_order() -> None:
    assert list(json.loads(Fields.of("a", "b").json)) == [
        "Label", "ContentProducer", "ProduceID", "ReservedCode1", "ContentPropagator", "PropagateID", "ReservedCode2",
    ]  # fmt: skip


def test_who_produced_it_stays_and_we_passed_it_on() -> None:
    first = Fields.of("Example Ltd", "01J")
    assert (first.content_propagator, first.propagate_id) == (first.content_producer, first.produce_id) == ("Example%20Ltd", "01J")
    again = Fields.of("Next", "02K").after(first)
    assert (again.content_producer, again.produce_id) == ("Example%20Ltd", "01J")
    assert (again.content_propagator, again.propagate_id) == ("Next", "02K")
    assert Fields.of("Third", "03L").after(again).content_producer == "Example%20Ltd"


def test_a_suspicion_is_no_producer_s_word() -> None:
    suspected = fields_of({"Label": "3", "ContentProducer": "", "ContentPropagator": "somebody"})
    assert Fields.of("a", "b").after(suspected) == Fields.of("a", "b")


def test_the_member_of_an_answer_is_the_same_value() -> None:
    assert metadata("01J", "Example Ltd") == Fields.of("Example Ltd", "01J").members
    assert metadata("02K", "Next", metadata("01J", "A"))["ProduceID"] == "01J"


@pytest.mark.parametrize("wrap", [lambda each: each, lambda each: {"AIGC": each}, json.dumps, lambda each: json.dumps({"AIGC": each})])
def test_a_label_is_read_bare_or_wrapped(wrap: Any) -> None:
    assert fields_of(wrap({"Label": 1, "ContentProducer": "x", "shiny": 1})) == Fields(content_producer="x", produce_id="")


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=9), lambda each: st.lists(each) | st.dictionaries(
    st.sampled_from(["AIGC", "Label", "ContentProducer", "ProduceID", "ReservedCode1"]) | st.text(max_size=3), each))  # fmt: skip


@given(JSON | st.text() | st.binary())
def test_whatever_is_found_is_a_label_or_none(found: object) -> None:
    fields = fields_of(found)
    assert fields is None or all(isinstance(value, str) for value in fields.members.values())


@pytest.mark.parametrize(
    "bad", ["[" * 100_000, '{"Label": "1", "ProduceID": "' + "x" * 5000 + '"}', "{" + " " * 70_000 + "}", '{"Label": {}}']
)
def test_what_is_made_to_be_large_is_no_label(bad: str) -> None:
    assert fields_of(bad) is None


def test_a_notice_is_said_once_in_the_language_of_the_text() -> None:
    assert notice("hello") == "\n\n" + NOTICE["en"] and notice("你好") == "\n\n" + NOTICE["zh"]
    for text, language in (("hello", "en"), ("你好", "zh")):
        said = text + notice(text)
        assert notice(said) == "" and noticed(said + " \n") == language
    assert noticed("hello") == ""


def test_nothing_a_terminal_would_obey_is_shown() -> None:
    assert spoken("a%1b%5b2J%0Ab") == "a\ufffd[2J\ufffdb"
