# SPDX-License-Identifier: Apache-2.0
"""The plain reading of a text, and the way back to the caller's characters."""

from __future__ import annotations

import json
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.privacy.normalise import INNER_QUOTE, fold, is_json, lower, unescape, view

ODD = [
    "１",
    "Ａ",
    "＠",
    "．",
    "　",
    "—",
    "٣",
    "५",
    "𝟗",
    "𝐀",
    "\u200b",
    "\ufeff",
    "\u00ad",
    "\U000e0041",
    "a",
    "1",
    "中",
    "，",
    "😀",
    "\\",
    '"',
    "İ",
    "ß",
    "\ud83d",
    "\n",
]
WRITTEN = st.one_of(st.text(), st.lists(st.sampled_from(ODD), max_size=20).map("".join))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("１３８", "138"),
        ("ＬＥＮＡ＠ｖｏｇｅｌ．ｉｏ", "LENA@vogel.io"),
        ("٠١٢٣٤٥٦٧٨٩", "0123456789"),
        ("𝟏𝟐 𝐀𝐛", "12 Ab"),
        ("1—2‑3", "1-2-3"),
        ("1\u00a02\u30003", "1 2 3"),
        ("le\u200bna", "lena"),
        ("你好，世界！", "你好，世界！"),
        ("a：b", "a：b"),
        ("😀", "😀"),
        ("电话①③⑧⓪⓪❶⑶8", "电话13800138"),
        ("1️⃣3️⃣8️⃣", "138"),
        ("幺三八零零幺三八零零零", "13800138000"),
        ("一三八 零零一三 八零零零", "138 0013 8000"),
        ("138零零13八000", "13800138000"),
        ("call 4I5-555-OI32 now", "call 415-555-0132 now"),
        ("1З8 00ОО 1234 56", "138 0000 1234 56"),  # Cyrillic
        ("11010519491231OO2X", "11010519491231002X"),
        ("二〇二四年五月一日", "二〇二四年五月一日"),
        ("I 4155550132 I am", "I 4155550132 I am"),
        ("10 OO items, Oil 100l", "10 OO items, Oil 100l"),
        ("0O0l0O-key-A1b2C3d4E5O0", "0O0l0O-key-A1b2C3d4E5O0"),
        ("三心二意一五一十", "三心二意一五一十"),
    ],
)
def test_what_is_read(written: str, read: str) -> None:
    assert view(written).text == read


def test_every_decimal_digit_of_unicode_14_is_read_as_its_value() -> None:
    newer = {"\U00011f50", "\U0001e4f0"}  # blocks of Unicode 15, where the interpreter knows them
    digits = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Nd"]
    for digit in digits:
        zero = chr(ord(digit) - unicodedata.decimal(digit))
        assert zero in newer or fold(digit) == str(unicodedata.decimal(digit)), hex(ord(digit))


@given(WRITTEN)
def test_folding_and_lowering_keep_every_place(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert len(lower(text)) == len(text)
    assert fold(fold(text)) == fold(text)
    assert all(a == b for a, b in zip(fold(text), text, strict=True) if b.isascii())


@given(WRITTEN)
def test_spans_of_the_reading_cover_the_text_in_order_and_without_a_gap(text: str) -> None:
    reading = view(text)
    places = [reading.span(at, at + 1) for at in range(len(reading.text))]
    for (_, end), (start, _) in pairwise(places):
        assert end == start
    assert all(start < end for start, end in places)
    assert not places or places[-1][1] == len(text)


@given(st.dictionaries(WRITTEN, WRITTEN, min_size=1, max_size=3), st.booleans())
def test_escapes_are_read_as_what_they_stand_for(value: dict[str, str], ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    if not is_json(text):  # a lone surrogate is not text that another program can read
        return
    reading, starts = unescape(text)
    for key, said in value.items():
        for each in (key, said):
            assert each.replace('"', INNER_QUOTE) in reading
    assert list(starts) == sorted(set(starts))
    assert len(starts) == len(reading) + 1 and starts[-1] == len(text)


def test_a_span_in_json_covers_whole_escapes() -> None:
    text = '{"to":"\\u006cen\\ud83d\\ude00a"}'
    reading = view(text)
    at = reading.text.index("len")
    start, end = reading.span(at, at + len("len😀a"))
    assert text[start:end] == "\\u006cen\\ud83d\\ude00a"


@pytest.mark.parametrize(
    ("text", "one"),
    [
        ("{}", True),
        (" \n[1]", True),
        ('{"a":"\\u0041"}', True),
        ("{", False),
        ('"a"', False),
        ("1", False),
        ("", False),
        ("{} {}", False),
        ('{"a":\ud800}', False),
        ("[" * 100_000, False),
    ],
)
def test_whether_a_text_is_one_json_object_or_array(text: str, one: bool) -> None:
    assert is_json(text) is one


def test_backslashes_outside_json_are_only_backslashes() -> None:
    assert view("C:\\u0041\\n").text == "C:\\u0041\\n"
    assert view("C:\\u0041").starts is None
