# SPDX-License-Identifier: Apache-2.0
"""From opinions of words to names: what speaks for one, where it begins and ends; and, where the weights are on this machine,
what is found in whole texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from comity.config import PathsConfig
from comity.device.manifest import models_directory
from comity.privacy.names import latin
from comity.privacy.names.latin import LatinNames, names, opinions
from comity.privacy.names.latin_bert import OVERLAP_PIECES, WINDOW_PIECES, Bert, Judged, fitted, shortened
from comity.privacy.names.latin_judge import Seen, chance, features, places_of, readable
from comity.privacy.names.latin_lexicon import Lexicon, folded, lexicon
from comity.privacy.names.latin_reader import Read
from comity.privacy.names.latin_weights import WEIGHTS
from comity.privacy.names.latin_words import Word, words
from comity.privacy.names.tokens import Pieces
from comity.privacy.names.weights import weights
from comity.privacy.scan import scan


def found(text: str, sure: Sequence[str] = (), needed: float = latin.NEEDED) -> list[str]:
    """What is a name if both readers are sure of the words ``sure`` and see nothing in the others."""
    parts = words(text)
    seen = [Seen("PERSON", 0.9, 0.99) if word.text in sure else Seen("", 0.001, 0.001) for word in parts]
    return [text[start:end] for start, end in names(text, parts, seen, needed)]


@pytest.mark.parametrize(
    ("text", "sure", "whole"),
    [
        ("I met Maria Lopez in May.", ["Maria", "Lopez"], ["Maria Lopez"]),
        ("I met Maria, Lopez and Ana", ["Maria", "Lopez", "Ana"], ["Maria", "Lopez", "Ana"]),
        ("Maria's and Anna-Maria O'Brien's", ["Maria", "Anna", "O'Brien"], ["Maria", "Anna-Maria O'Brien"]),
        ("It is by J. K. Rowling alone", ["Rowling"], ["J. K. Rowling"]),
        ("It is by J.R.R. Tolkien alone", ["Tolkien"], ["J.R.R. Tolkien"]),
        ("We met Ludwig van Beethoven there", ["Ludwig"], ["Ludwig van Beethoven"]),
        ("Ask Jan van der Berg.", ["Jan", "Berg"], ["Jan van der Berg"]),
        ("Write to Herr Krause and Dr. Ana Ruiz", ["Herr", "Krause", "Dr.", "Ana", "Ruiz"], ["Krause", "Ana Ruiz"]),
        ("Lopez\nMaria", ["Lopez", "Maria"], ["Lopez", "Maria"]),
        ("请联系Maria Lopez先生", ["Maria", "Lopez"], ["Maria Lopez"]),
    ],
)
def test_a_name_is_whole(text: str, sure: list[str], whole: list[str]) -> None:
    assert found(text, sure) == whole


def test_what_is_a_name_once_is_one_again() -> None:
    text = "Brett Kavanaugh spoke. They heard Kavanaugh out, and kavanaugh left."
    parts = words(text)
    first = [Seen("PERSON", 0.9, 0.99) if word.start < 16 else Seen("", 0.001, 0.001) for word in parts]
    assert [text[start:end] for start, end in names(text, parts, first)] == ["Brett Kavanaugh", "Kavanaugh"]


def test_an_english_word_is_not_a_name_again_where_nothing_speaks_for_it() -> None:
    text = "Robin Will spoke. Will you come?"
    parts = words(text)
    first = [Seen("PERSON", 0.9, 0.99) if word.start < 11 else Seen("", 0.0, 0.0) for word in parts]
    assert [text[start:end] for start, end in names(text, parts, first)] == ["Robin Will"]


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ("ask Wells Fargo", ["Wells", "Fargo"]),
        ("from Johnson & Johnson", ["Johnson"]),
        ("BY JOHN DEERE", ["JOHN", "DEERE"]),
        ("a Turing test", ["Turing"]),
        ("has Parkinson's disease", ["Parkinson"]),
        ("Welsh lessons", ["Welsh"]),
        ("set mariaLopez", ["mariaLopez"]),
    ],
)
def test_things_are_no_persons_however_sure_the_readers_are(text: str, sure: list[str]) -> None:
    assert found(text, sure) == []


def test_a_title_or_a_name_beside_it_makes_a_person_of_a_brand() -> None:
    assert found("Mr. John Deere", ["John", "Deere"]) == ["John Deere"]
    assert found("with Irvine Welsh", ["Irvine", "Welsh"]) == ["Irvine Welsh"]
    assert found("with Austin-Lee now", ["Austin", "Lee"]) == ["Austin-Lee"]


def test_less_is_needed_when_strict() -> None:
    text = "and Temperance too"
    parts = words(text)
    seen = [Seen("", 0.02, 0.09) if word.text == "Temperance" else Seen("", 0.0, 0.0) for word in parts]
    chances = latin.weighed(text, parts, seen)
    assert list(names(text, parts, seen, max(chances) + 0.01)) == []
    assert list(names(text, parts, seen, max(chances) - 0.01)) == [(4, 14)]


@pytest.mark.parametrize("word", ["José", "McDonald", "O'Brien", "d'Angelo", "maria", "LOPEZ"])
def test_readable(word: str) -> None:
    assert readable(word)


@pytest.mark.parametrize("word", ["camelCase", "42", "王伟", "-", "Иван", "\n"])
def test_not_readable(word: str) -> None:
    assert not readable(word)


def test_every_feature_has_a_weight_and_every_weight_a_feature() -> None:
    said = features([Word("Maria", 0, 5)], [Seen("PERSON", 0.9, 0.9)], 0, lexicon(), False, {})
    assert said.keys() == WEIGHTS.keys()


def test_the_lexicon_knows_names_and_words() -> None:
    assert lexicon().of("lakshmi") == (True, False, False)
    assert lexicon().of("grace")[2] and lexicon().of("hunter")[2]
    assert lexicon().of("table") == (False, False, False)
    assert folded("Yılmaz Ångström Øre Weiß") == "yilmaz angstrom ore weiss"
    assert all(kind.isascii() for held in Lexicon(*lexicon()) for kind in held)


def test_a_word_s_opinion_is_the_mean_of_its_pieces() -> None:
    parts = words("Marias x")
    judged = [Judged(0, 5, 0.9, 2.0), Judged(5, 6, 0.5, -1.0), Judged(7, 8, 0.1, 0.25)]
    assert opinions(parts, [Read("", 0.0)] * 2, iter(judged)) == [Seen("", 0.0, pytest.approx(0.7), 0.5), Seen("", 0.0, 0.1, 0.25)]
    assert opinions(parts, [Read("", 0.0)] * 2, iter([])) == [Seen("", 0.0, 0.0)] * 2


class Counting(Bert):
    """Answers with how far a piece is from the nearer edge of the window that it was asked in."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def _ask(self, ids: list[int]) -> object:
        np = pytest.importorskip("numpy")
        self.asked.append(len(ids))
        return np.minimum(np.arange(len(ids)), np.arange(len(ids))[::-1])


@pytest.mark.parametrize("count", [0, 1, WINDOW_PIECES, WINDOW_PIECES + 1, 2 * WINDOW_PIECES, 1000, 4321])
def test_each_piece_is_judged_once_and_away_from_a_window_s_edge(count: int) -> None:
    bert = Counting()
    pieces = Pieces(list(range(count)), list(range(count)), list(range(count)))
    own = [(at, deep) for start, end, likely in bert.windows(pieces) for at, deep in zip(range(start, end), likely, strict=True)]
    assert [at for at, _ in own] == list(range(count))
    inner = [deep for at, deep in own if OVERLAP_PIECES <= at < count - OVERLAP_PIECES]
    assert all(deep >= OVERLAP_PIECES // 2 - 1 for deep in inner)
    assert all(size <= WINDOW_PIECES for size in bert.asked)


class Unread(LatinNames):
    """A finder whose readers must not be asked."""

    def __init__(self) -> None: ...

    def _names(self, text: str) -> Iterator[tuple[int, int]]:
        raise AssertionError(text)


def test_a_text_without_latin_letters_is_not_read() -> None:
    assert Unread().find("王伟 13812345678") == []


def test_the_two_columns_are_of_the_layer_s_width() -> None:
    np = pytest.importorskip("numpy")
    assert fitted().shape == (384 + 1, 2) and np.isfinite(fitted()).all()


@pytest.fixture(scope="module")
def finder() -> LatinNames:
    pytest.importorskip("onnxruntime")
    directory = models_directory(PathsConfig())
    if not all((directory / weight.file).is_file() for weight in weights()["latin"]):
        pytest.skip("the weights of Latin names are not on this machine: comity models add names")
    return LatinNames(directory)


@pytest.mark.parametrize(
    ("text", "persons"),
    [
        ("Please ask Siobhán O'Keeffe or her brother Declan about it.", ["Siobhán O'Keeffe", "Declan"]),
        ("Sehr geehrter Herr Brunner, Ihre Rechnung ist da. Mit freundlichen Grüßen, Sabine Vogt", ["Brunner", "Sabine Vogt"]),
        ("La señora María José García vive en Sevilla.", ["María José García"]),
        ("A reunião com João Pedro dos Santos foi adiada.", ["João Pedro dos Santos"]),
        ("De heer Jan van der Berg heeft gebeld.", ["Jan van der Berg"]),
        ("请把文件发给 Emily Zhang，另外联系John看看。", ["Emily Zhang", "John"]),
        ("i talked to sarah and mike about it", ["sarah", "mike"]),
        ("Run the Jenkins pipeline, then deploy to Kubernetes on Friday.", []),
        ("The Ford Foundation gave a grant to Washington University.", []),
    ],
)
def test_names_in_real_sentences(finder: LatinNames, text: str, persons: list[str]) -> None:
    assert [text[each.start : each.end] for each in scan(text, [finder]) if each.type == "PERSON"] == persons


def test_a_name_at_any_place_of_a_long_text_is_found(finder: LatinNames) -> None:
    line = "The committee will look at the figures again next week and then decide on the budget. "
    for before in range(0, 40, 3):
        text = line * before + "Thanks to Anneliese Schreiber for the notes. " + line * 3
        assert [text[each.start : each.end] for each in finder.find(text)] == ["Anneliese Schreiber"], before


def test_what_the_runtime_raises_reaches_the_caller(finder: LatinNames, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def run(self, *_: object) -> object:
            raise RuntimeError("broken")

    monkeypatch.setattr(finder.bert, "_model", Broken())
    with pytest.raises(RuntimeError, match="broken"):
        scan("I met Maria.", [finder])


def test_the_directory_may_be_given_as_it_is(finder: LatinNames) -> None:
    assert isinstance(models_directory(PathsConfig()), Path) and finder.name == "latin-names"


def chances(text: str, *, kinds: dict[str, str], name: float) -> dict[str, float]:
    """Of the words that the reader takes for something, when the model says ``name`` of each of them."""
    parts = words(text)
    seen = [Seen(kinds[word.text], 0.4, name) if word.text in kinds else Seen("", 0.001, 0.001) for word in parts]
    return {word.text: each for word, each in zip(parts, latin.weighed(text, parts, seen), strict=True) if word.text in kinds}


def test_what_stands_in_a_list_of_things_is_less_likely_a_person() -> None:
    listed = chances("Both Brixo, Essery and Nolto are sold.", kinds={"Brixo": "ORG", "Essery": "PERSON", "Nolto": "ORG"}, name=0.5)
    alone = chances("Both saw how Essery and they are sold.", kinds={"Essery": "PERSON"}, name=0.5)
    assert listed["Essery"] < alone["Essery"]


@pytest.mark.parametrize("kind", ["volcano known as", "brand", "prison"])
def test_the_kind_of_thing_before_it_speaks_against_a_person(kind: str) -> None:
    thing = chances(f"We saw the {kind} Goyor again", kinds={"Goyor": "PERSON"}, name=0.5)
    person = chances("We saw how they met Goyor again", kinds={"Goyor": "PERSON"}, name=0.5)
    assert thing["Goyor"] < person["Goyor"]


def test_a_word_that_is_a_person_elsewhere_is_likelier_one_here() -> None:
    text = "Then Kavan came. We heard that Kavan groped."
    parts = words(text)
    at = [word.text for word in parts].index("Kavan", 3)
    places = places_of(parts)

    def likely(kind: str, person: float) -> float:
        first, here = Seen(kind, person, 0.6), Seen("", 0.04, 0.14)
        seen = [(here if word.start > 20 else first) if word.text == "Kavan" else Seen("", 0.0, 0.0) for word in parts]
        return chance(features(parts, seen, at, lexicon(), False, places), WEIGHTS)

    assert likely("PERSON", 0.9) > likely("ORG", 0.1)


def test_what_the_model_adds_moves_a_chance_both_ways() -> None:
    said = {"one": 1.0}
    less, same, more = (chance(said, {"one": 0.0}, adds) for adds in (-1.0, 0.0, 1.0))
    assert less < same == 0.5 < more
    assert chance({}, {"one": 0.0}, 9.0) == 0.0  # of what nothing speaks for


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("call 4 9 3 0 now", "call 4 9 3 0 now"),
        ("key 84c4e00d9 end", "key 84 end"),
        ("2024-05-01,Maria", "20-05-01,Maria"),
        ("Anneliese and Maximilian", "Anneliese and Maximilian"),
        ("x 123456 B7C", "x 12 B7"),
    ],
)
def test_of_a_code_only_the_beginning_is_asked(text: str, left: str) -> None:
    places = [at for at, letter in enumerate(text) if letter != " "]
    short = shortened(text, Pieces(places, places, [at + 1 for at in places]))  # each letter a piece
    assert "".join(text[at] for at in short.starts) == left.replace(" ", "")
    assert short.ids == short.starts


def test_a_surname_in_small_letters_behind_an_initial_belongs_to_the_name() -> None:
    assert found("shop with thandiwe w. kirkpatrick and eat", ["thandiwe"]) == ["thandiwe w. kirkpatrick"]
    assert found("signed by thandiwe w. please call", ["thandiwe"]) == ["thandiwe"]


@pytest.mark.parametrize("text", ["The Ritz-Carlton is full", "We live in Austin, Texas.", "a shop of Lane Bryant"])
def test_known_things(text: str) -> None:
    assert found(text, ["Ritz", "Carlton", "Austin", "Lane", "Bryant"]) == []


def test_a_city_called_like_a_person_may_be_one() -> None:
    assert found("Hi Charlotte, call me", ["Charlotte"]) == ["Charlotte"]
