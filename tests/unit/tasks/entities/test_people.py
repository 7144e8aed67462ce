# SPDX-License-Identifier: Apache-2.0
"""People and places of one's own contacts, in either script."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.tasks.entities import Contact, Contacts, Entity, Spot, entities
from comity.tasks.entities.values import Person, Place

AT = datetime(2026, 11, 27, 9, tzinfo=UTC)
MINE = Contacts(
    people=(
        Contact(id="1", names=("王小明",), relations=("brother",)),
        Contact(id="2", names=("Anna Müller", "Annie"), relations=("妻子",)),
        Contact(id="3", names=("王芳",), relations=("妈妈",)),
        Contact(id="4", names=("Anna Lopez",), relations=("younger sister",)),
        Contact(id="5", names=("Zhang Wei",), relations=("older sister",)),
        Contact(id="6", names=("May Chen",)),
    ),
    places=(
        Spot(id="h", names=("12 Elm Street",), role="home"),
        Spot(id="o", names=("创新大厦",), role="office"),
        Spot(id="s", names=("星巴克", "Starbucks")),
    ),
)


def read(text: str, contacts: Contacts = MINE) -> tuple[Entity, ...]:
    language = "zh" if any("\u4e00" <= letter <= "\u9fff" for letter in text) else "en"
    return entities(text, language=language, at=AT, contacts=contacts, kinds={"person", "place"})


@pytest.mark.parametrize(
    ("text", "span", "ids", "certain"),
    [
        ("call Anna at five", "Anna", {"2", "4"}, False),
        ("call ANNA MULLER", "ANNA MULLER", {"2"}, True),
        ("Annie's birthday", "Annie", {"2"}, True),
        ("email Wang Xiaoming", "Wang Xiaoming", {"1"}, True),
        ("email xiaoming wang", "xiaoming wang", {"1"}, True),
        ("ask Wang Xiao-Ming", "Wang Xiao-Ming", {"1"}, True),
        ("给小明打电话", "小明", {"1"}, True),
        ("王小明来了", "王小明", {"1"}, True),
        ("给小王发消息", "小王", {"1", "3"}, False),
        ("王总明天开会", "王总", {"1", "3"}, False),
        ("张伟来了", "张伟", {"5"}, False),  # others are written otherwise and said the same
        ("给妈妈打电话", "妈妈", {"3"}, True),
        ("提醒我妈妈吃药", "我妈妈", {"3"}, True),
        ("ring my mum", "my mum", {"3"}, True),
        ("tell mom", "mom", {"3"}, True),
        ("ask my sister", "my sister", {"4", "5"}, False),
        ("给我妹妹打电话", "我妹妹", {"4"}, True),
        ("问问我哥哥", "我哥哥", {"1"}, True),
        ("when I get home", "home", {"h"}, True),
        ("到家提醒我", "家", {"h"}, True),
        ("be at work by nine", "work", {"o"}, True),
        ("去公司", "公司", {"o"}, True),
        ("meet at starbucks", "starbucks", {"s"}, True),
        ("在星巴克见", "星巴克", {"s"}, True),
    ],
)
def test_who_and_where_is_meant(text: str, span: str, ids: set[str], certain: bool) -> None:
    (found,) = read(text)
    assert (text[found.start : found.end], {value.id for value in found.readings}, found.certain) == (span, ids, certain)  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["大家好", "work out", "an annual report", "the sister ship", "国家大事", "Mayor", "明天"])
def test_nobody_is_meant(text: str) -> None:
    assert read(text) == ()


def test_a_name_that_is_a_month_too_has_both_readings() -> None:
    (found,) = entities("in May", language="en", at=AT, contacts=MINE)
    assert {type(value).__name__ for value in found.readings} == {"Person", "DateRange"} and not found.certain


def test_times_beside_people_are_read_as_without_them() -> None:
    text = "call Anna tomorrow at 5pm"
    alone = entities(text, language="en", at=AT)
    assert [one for one in entities(text, language="en", at=AT, contacts=MINE) if one.kind != "person"] == list(alone)


HOSTILE = st.text(alphabet="王小明芳妈我家 anAMayüé-.'·\u0301\u200b\n0１", max_size=40)


@given(HOSTILE)
def test_spans_lie_in_the_text_apart_and_only_contacts_come_back(text: str) -> None:
    behind = 0
    for one in read(text):
        assert behind <= one.start < one.end <= len(text)
        behind = one.end
        assert all(isinstance(value, Person | Place) for value in one.readings)


@given(st.lists(st.text(alphabet="王小明安娜 annaXy-.()[]*\\", max_size=8), min_size=1, max_size=4))
def test_any_name_is_a_name_and_no_pattern(names: list[str]) -> None:
    contacts = Contacts(people=(Contact(id="x", names=tuple(names)),))
    for name in names:
        for one in read(f"call {name} now", contacts):
            assert {value.id for value in one.readings} == {"x"}  # type: ignore[union-attr]
