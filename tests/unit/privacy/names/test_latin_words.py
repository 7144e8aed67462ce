# SPDX-License-Identifier: Apache-2.0
"""Words and word pieces: what stands alone, and that every place is one of the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.privacy.names.latin_hash import feature_hash, rows_of
from comity.privacy.names.latin_words import words
from comity.privacy.names.tokens import WordPieces

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "maria", "##s", "jo", "##se", "jose", "'", "o", "brien", "##hn", "1", "a"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Maria's here.", ["Maria", "'s", "here", "."]),
        ("She didn't.", ["She", "did", "n't", "."]),
        ("Dr. Smith met J. K. Rowling.", ["Dr.", "Smith", "met", "J.", "K.", "Rowling", "."]),
        ("J.R.R. Tolkien", ["J.R.R.", "Tolkien"]),
        ("O'Brien, d'Angelo", ["O'Brien", ",", "d'Angelo"]),
        ("Anna-Maria", ["Anna", "-", "Maria"]),
        ("联系John看看", ["联系", "John", "看看"]),
        ("a.b@c.org x_y", ["a.b@c.org", "x", "_", "y"]),
        ("Vo\nNgoc", ["Vo", "\n", "Ngoc"]),
    ],
)
def test_words(text: str, parts: list[str]) -> None:
    assert [word.text for word in words(text)] == parts


@given(st.text(alphabet="aZé'’.-_@ \n1李\u0301", max_size=40))
def test_words_lie_where_they_say_in_order_and_only_single_spaces_are_left_out(text: str) -> None:
    at = 0
    for word in words(text):
        assert text[word.start : word.end] == word.text
        assert text[at : word.start].strip(" ") == ""
        at = word.end
    assert text[at:].strip(" ") == ""


def test_the_longest_pieces_from_the_left_without_case_and_accents() -> None:
    pieces = WordPieces(PIECES).of("Marias José, JOHN x")
    assert [PIECES[number] for number in pieces.ids] == ["maria", "##s", "jose", "[UNK]", "jo", "##hn", "[UNK]"]
    assert list(zip(pieces.starts, pieces.ends, strict=True))[:3] == [(0, 5), (5, 6), (7, 11)]


def test_letters_that_were_composed_of_several_keep_their_place() -> None:
    pieces = WordPieces(PIECES).of("jose\u0301s 1")
    assert [PIECES[number] for number in pieces.ids] == ["jose", "##s", "1"]
    assert list(zip(pieces.starts, pieces.ends, strict=True)) == [(0, 4), (5, 6), (7, 8)]


@given(st.text(max_size=60))
def test_pieces_lie_inside_the_text_in_order(text: str) -> None:
    pieces = WordPieces(PIECES).of(text)
    ends = 0
    for start, end in zip(pieces.starts, pieces.ends, strict=True):
        assert ends <= end <= len(text) and 0 <= start < end
        ends = end


def test_hashes_are_those_that_the_tables_were_made_with() -> None:
    # MurmurHash64A of the words, as spaCy's documentation prints them
    assert feature_hash("coffee") == 3197928453018144401
    assert feature_hash("apple") == 8566208034543834098
    assert [feature_hash(word) for word in ("X", "agent")] == [101, 401]  # spacy.symbols


def test_rows_are_those_that_the_tables_were_made_with() -> None:
    np = pytest.importorskip("numpy")
    # MurmurHash3 x64_128 of 8 bytes, as thinc 8.3 answers for this key and seed
    maria, long = feature_hash("Maria"), feature_hash("Ωmega" * 9)
    rows = rows_of(np.array([maria, long], np.uint64), 8, 1 << 32)
    assert rows[0].tolist() == [3333035634, 1284889229, 2852069803, 4074817492]
    assert rows[1:].tolist() == rows_of(np.array([long], np.uint64), 8, 1 << 32).tolist()
    assert rows_of(np.array([maria, long], np.uint64), 9, 1000).max() < 1000
