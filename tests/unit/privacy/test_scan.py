# SPDX-License-Identifier: Apache-2.0
"""From a text to its findings: overlaps, places, and work that grows with the text alone."""

from __future__ import annotations

import re

import pytest

from comity.privacy import scan as scanning
from comity.privacy.recognizers import rules
from comity.privacy.recognizers.base import CERTAIN, HINTED, LIKELY, Hit, Recognizer, whole
from comity.privacy.scan import _BELOW, _BLOCK, scan
from tests.unit.privacy.test_recognizers import FINDS


def said(text: str) -> list[tuple[str, str]]:
    return [(text[each.start : each.end], each.type) for each in scan(text)]


def test_several_kinds_in_one_text() -> None:
    assert said("lena@vogel.io, 138 1234 5678, 4111 1111 1111 1111, 11010519491231002X, password: hunter22") == [
        ("lena@vogel.io", "EMAIL"),
        ("138 1234 5678", "PHONE"),
        ("4111 1111 1111 1111", "BANK_CARD"),
        ("11010519491231002X", "NATIONAL_ID"),
        ("hunter22", "SECRET"),
    ]


def test_places_are_those_of_the_caller_s_text() -> None:
    assert said("ＴＥＬ：１３８\u200b１２３４５６７８。") == [("１３８\u200b１２３４５６７８", "PHONE")]
    assert said('{"mail":"le\\u006ea@vogel.io","n":1}') == [("le\\u006ea@vogel.io", "EMAIL")]


def test_nothing_is_found_in_nothing() -> None:
    assert scan("") == scan(" \n\t") == scan("\u200b\u200b") == ()


def unit(kind: str, name: str = "") -> Recognizer:
    return Recognizer(name=name or kind, type=kind, category=None, jurisdiction="", what="", pattern=re.compile("x"), check=whole(CERTAIN))


@pytest.mark.parametrize(
    ("claims", "left"),
    [
        ([], []),
        ([(0, 4, LIKELY, "A")], [(0, 4, "A")]),
        ([(0, 4, LIKELY, "A"), (4, 8, LIKELY, "A")], [(0, 4, "A"), (4, 8, "A")]),  # side by side
        ([(0, 4, LIKELY, "A"), (0, 8, CERTAIN, "A")], [(0, 8, "A")]),  # the surer of one type
        ([(0, 9, HINTED, "A"), (2, 6, CERTAIN, "A")], [(2, 6, "A")]),
        ([(0, 6, LIKELY, "A"), (4, 9, LIKELY, "A")], [(0, 9, "A")]),  # no claimed character is given up
        ([(0, 6, LIKELY, "A"), (2, 9, LIKELY, "B")], [(0, 9, "B")]),  # the longer names the place
        ([(0, 6, LIKELY, "A"), (0, 6, CERTAIN, "B")], [(0, 6, "B")]),  # then the surer
        ([(0, 70, LIKELY, "A"), (65, 200, CERTAIN, "A"), (300, 301, HINTED, "A")], [(65, 200, "A"), (300, 301, "A")]),
    ],
)
def test_overlaps_are_settled(claims: list[tuple[int, int, int, str]], left: list[tuple[int, int, str]]) -> None:
    given = [(Hit(start, end, sure), unit(kind)) for start, end, sure, kind in claims]
    for order in (given, given[::-1]):
        assert [(hit.start, hit.end, each.type) for hit, each in scanning._settle(order)] == left


def test_what_a_recogniser_raises_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: str, found: re.Match[str]) -> Hit | None:
        raise RuntimeError("broken")

    faulty = Recognizer(
        name="x", type="X", category=None, jurisdiction="", what="", gates=("@",), digits=0, pattern=re.compile("@"), check=broken
    )
    monkeypatch.setattr(scanning, "rules", lambda: (faulty,))
    scanning._groups.cache_clear()
    try:
        with pytest.raises(RuntimeError):
            scan("a@b")
    finally:
        scanning._groups.cache_clear()


HOSTILE = [
    "1 ",
    "1",
    "12-",
    "(0",
    "+1 ",
    "0 (",
    "a@",
    "a@b.cc ",
    "@",
    "a.",
    "a-a.",
    "[at",
    " dot ",
    "a [at] b",
    "eyJ",
    " eyJabcdefghi",
    "eyJabcdefgh.abcd ",
    "password: ",
    "key=",
    "password: 'a",
    'pwd="',
    "://",
    "://a:",
    "://a:b@",
    ":aa",
    "123456789:AA",
    "aa:",
    "::",
    "a:",
    "0:",
    "4111 1111 ",
    "4111111111111111 ",
    "110105",
    "-----BEGIN ",
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\nabc\n",
    "sk-",
    "sk-a1",
    " sk-A1b2C3d4E5f6G7h8",
    "AKIA",
    "bearer ",
    "bearer aaaaaaaaaaaa",
    "GB29",
    "GB29 ",
    "手机",
    "手机1",
    "身份证1",
    "１",
    "\u200b1",
    "1\u200b",
    '{"',
    "\\",
    "\\u0031",
    "２ ",
    "138 1234 5678 ",
    "１３８1234５678",
    "1.2.3.4 ",
    "phone 1234567 ",
    "card ",
    "my number is ",
    "\ud800",
    "İ",
    "Ａ＠",
    "1 A ",
    "12 Main Street, ",
    "12 rue de ",
    "Straße 1, ",
    "Flat 1, ",
    "路1号",
    "北京市",
    "1-1-",
    "OX1 4AB ",
    "Name: A ",
    "Thanks,\n",
    "姓名：张",
    "born 1",
    "A B (1990-01-01) ",
    "passport A1",
    "plate A1-",
    "京A",
    "@a_",
    "user a_",
    "P<<<",
    "一",
    "1O",
    "name,passport\nx,A1234567\n",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_two_hundred_kilobytes_of_a_hostile_piece_are_read_to_the_end(piece: str) -> None:
    text = (piece * (200_000 // len(piece) + 1))[:200_000]
    assert all(0 <= each.start < each.end <= len(text) for each in scan(text))


@pytest.mark.parametrize(
    "piece",
    [
        "a@b.cc ",
        "1 ",
        "4111 1111 ",
        "138 1234 5678 ",
        "eyJabcdefgh.abcd ",
        "-----BEGIN PRIVATE KEY-----",
        "key=",
        "a [at] b",
        "aa:",
        "sk-",
        "1 A ",
        "Flat 1, ",
        "路1号",
        "A B (1990-01-01) ",
        "passport A1234567 ",
        "Name: A B\n",
        "@a_ ",
        "plate AB-123-CD ",
    ],
)
def test_twice_the_text_is_about_twice_the_work(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: how many candidates the checks are asked about, and how many claims are compared with others."""

    def work(size: int) -> int:
        asked = 0

        def counting(each: Recognizer) -> Recognizer:
            def check(text: str, found: re.Match[str]) -> Hit | None:
                nonlocal asked
                asked += 1 + found.end() - found.start()
                return each.check(text, found)

            return Recognizer(**{name: getattr(each, name) for name in each.__struct_fields__} | {"check": check})

        counted = tuple(counting(each) for each in rules())
        monkeypatch.setattr(scanning, "rules", lambda: counted)
        scanning._groups.cache_clear()
        scan((piece * (size // len(piece) + 1))[:size])
        monkeypatch.undo()
        scanning._groups.cache_clear()
        return asked

    small, large = work(20_000), work(40_000)
    assert large <= 2.2 * small + 2_000


EDGES = {
    "passport": "my passport number is «K4827193».",
    "address": "She lives at «200 Windmill Lane, Leeds LS6 2HB» now.",
    "birth": "She was born on «March 14th, 1987» in Ohio.",
    "card": "paid with «4111 1111 1111 1111» today",
    "name": "my name is «Katarzyna Nowak», hello",
    "login": "Failed password for «quartz_comet» from nowhere",
    "账号": "收款账号：«6222021234567890123»，谢谢",
    "护照": "我的护照号是«E83920174»。",
}


@pytest.mark.parametrize("written", EDGES.values(), ids=EDGES.keys())
def test_in_a_long_text_nothing_is_lost_where_it_is_opened_anew(written: str) -> None:
    before, value, after = re.split("[«»]", written)
    (alone,) = [each for each in scan(before + value + after) if each.start <= len(before) < each.end]
    filler = "nothing to see, "
    for size in range(_BLOCK - len(written) - 4, _BLOCK + 4):
        lead = (filler * (_BLOCK // len(filler) + 1))[: size - 1] + " "
        text = lead + before + value + after + filler * (2 * _BLOCK // len(filler))
        assert len(text) > 2 * _BLOCK, "long enough to be read block by block"
        start = len(lead) + len(before)
        found = [each for each in scan(text) if each.start < start + len(value) and start < each.end]
        assert [(each.start, each.end, each.type) for each in found] == [(start, start + len(value), alone.type)], size


def test_a_column_is_named_by_its_head_far_above() -> None:
    rows = [f"{number},C0{number:03}X00T4\n" for number in range(220)]
    text = "id,passport number\n" + "".join(rows) + "and nothing more. " * 200
    assert len(text) > 2 * _BLOCK
    assert sum(each.type == "PASSPORT" for each in scan(text)) == len(rows)


def test_what_is_opened_by_a_word_lies_near_it() -> None:
    """Else it could begin above what is read of its block, or end below."""
    assert all(max(unit.before, unit.after) <= _BELOW for unit in rules())


def test_behind_its_last_gate_a_recogniser_that_holds_one_finds_nothing() -> None:
    for unit in rules():
        if unit.held:
            texts = [re.sub("[«»]", "", written) for written in FINDS[unit.name]]
            assert all(any(gate in found[0].lower() for gate in unit.gates) for text in texts for found in unit.pattern.finditer(text))
    assert [unit.name for unit in rules() if unit.held] == ["email"]
