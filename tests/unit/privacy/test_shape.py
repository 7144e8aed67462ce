# SPDX-License-Identifier: Apache-2.0
"""The loosened form of an expression matches the shape of whatever the expression matches."""

from __future__ import annotations

import itertools
import re
import string
import sys
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.privacy.normalise import view
from comity.privacy.recognizers import rules
from comity.privacy.shape import Untranslatable, looser, shape
from tests.unit.privacy.test_recognizers import FINDS

ODD = "a1KkJSsIi09Zz_- \n\t\x1c\x85.$?é\u00b5\u0130\u0131\u017f\u212aßẞ中٣½\ud800😀"
EXPRESSIONS = [
    re.compile(said, flags)
    for flags in (0, re.IGNORECASE)
    for said in (
        r"\d+",
        r"\D\W\S",
        r"[\w.]{2,3}?x",
        r"[^a-y\s]z",
        r"[^?x]z",
        r"(?<!k)[0-9](?!j)",
        r"(a|[0-5]{5,9}|)(?:b|\1)+",
        r"(?P<sep>[ .-])[0-9](?P=sep)",
        r"(?i:k)s",
        "[k-s]\u017f?",
        "\u212a",
        "\u0130|\u0131",
        r"(?<![A-Za-z0-9])[0-9](?![A-Za-z0-9])",
        r"(?<![a-f])1(?!\d)",
        r"(?<=a)b(?=[ ]c|$)",
        r"a(?!b(?=c))",
        r"(?>a+)(?:0?+)",
        r"(a)?(?(1)b|[^b])",
        r"^.+$",
        r"(?s:.)\Z",
        "[中-龥]{2}",
        r"[\u00e0-\u00ff]\b",
    )
]


@cache
def loosened(pattern: re.Pattern[str]) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    return re.compile(looser(pattern, counted=False)), re.compile(looser(pattern, counted=True))


def allowed(pattern: re.Pattern[str], text: str) -> None:
    """No match of ``pattern`` anywhere in ``text`` is ruled out, in the whole or from where it is searched."""
    shaped = shape(text)
    loose, counted = loosened(pattern)
    for found in pattern.finditer(text):
        start, end = found.span()
        assert counted.search(shaped, max(0, start - 3))
        assert counted.match(shaped, start)
        assert loose.match(shaped, start)
        assert loose.search(shape(text[start:]))
        cut = pattern.match(text, start, end)  # where a search ends, the text ends
        if cut is not None:
            assert counted.match(shaped[:end], start)
            assert loose.match(shaped[:end], start)


def test_a_shape_has_a_byte_for_each_character() -> None:
    assert shape("Ab 09-é中😀\ud800?") == b"Aa 00-?????"


@pytest.mark.parametrize("pattern", EXPRESSIONS, ids=lambda each: f"{each.flags}{each.pattern!r}")
def test_short_texts_of_odd_characters(pattern: re.Pattern[str]) -> None:
    for text in map("".join, itertools.product(ODD, repeat=2)):
        allowed(pattern, text)


@given(st.sampled_from(EXPRESSIONS), st.text(alphabet=ODD + "bcx", max_size=14))
def test_texts_of_odd_characters(pattern: re.Pattern[str], text: str) -> None:
    allowed(pattern, text)


@pytest.mark.parametrize("flags", [0, re.IGNORECASE])
def test_every_character_that_is_taken_for_another(flags: int) -> None:
    """One expression for each letter of ASCII, and for those beyond that `re` takes for one: over all of Unicode."""
    whole = "".join(map(chr, range(sys.maxunicode + 1)))
    for letter in string.ascii_letters + "09_\u0130\u0131\u017f\u212a":
        pattern = re.compile(letter, flags)
        kinds = re.compile(looser(pattern, counted=True))
        assert all(kinds.fullmatch(shape(found[0])) for found in pattern.finditer(whole))


@pytest.mark.parametrize("name", FINDS)
def test_what_a_recogniser_finds_its_loosened_form_allows(name: str) -> None:
    (unit,) = [each for each in rules() if each.name == name]
    for written in FINDS[name]:
        text = view(re.sub("[«»]", "", written)).text
        assert unit.pattern.search(text)
        allowed(unit.pattern, text)


@given(st.data())
def test_no_recogniser_is_ruled_out_where_it_matches(data: st.DataObject) -> None:
    """Pieces of what they find, cut anywhere and put together."""
    pieces = data.draw(st.lists(st.sampled_from([written for texts in FINDS.values() for written in texts]), min_size=1, max_size=4))
    text = ""
    for piece in pieces:
        plain = re.sub("[«»]", "", piece)
        start = data.draw(st.integers(0, len(plain)))
        text += plain[start : data.draw(st.integers(start, len(plain)))] + data.draw(st.sampled_from(["", " ", "\n", "1", "-", "中"]))
    for unit in rules():
        allowed(unit.pattern, text)


def test_every_expression_has_a_loosened_form() -> None:
    """Else its recogniser would be asked each time, which is right and slow."""
    for unit in rules():
        looser(unit.pattern, counted=True)


def test_what_is_not_known_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    class Parser:
        @staticmethod
        def parse(_: str, flags: int) -> list[tuple[str, object]]:
            return [("NEW_IN_SOME_PYTHON", None)]

    monkeypatch.setattr("importlib.import_module", lambda _: Parser)
    with pytest.raises(Untranslatable):
        looser(re.compile("a"), counted=True)


def test_a_reference_back_repeats_what_was_said_and_not_what_stood_around_it() -> None:
    again = re.compile(r"([09](?![0-9]))[$.]\1[0-9]")
    assert again.search("0$00")
    allowed(again, "0$00")


def test_where_letters_mean_ascii_nothing_is_said() -> None:
    for pattern in (re.compile(r"\s", re.ASCII), re.compile(r"b(?a:\s)")):
        with pytest.raises(Untranslatable):
            looser(pattern, counted=True)


def test_what_a_shape_rules_out() -> None:
    """That it does rule something out."""
    eleven = re.compile(looser(re.compile(r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])"), counted=True))
    assert [bool(eleven.search(shape("1" * size))) for size in (10, 11, 12)] == [False, True, False]
    plate = re.compile(looser(re.compile(r"[A-Z]{2}[0-9]{2} [A-Z]{3}(?=[ ]here)"), counted=False))
    assert plate.search(shape("KX12 ABC here"))
    assert not plate.search(shape("KX12 Abc here"))
    assert not plate.search(shape("KX12 ABC"))
