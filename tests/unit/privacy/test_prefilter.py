# SPDX-License-Identifier: Apache-2.0
"""What is said to be in a text is what is in it; an automaton that gives no answer rules nothing out."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.privacy.prefilter import Literals, Runs, Seen, Shapes
from comity.privacy.shape import Untranslatable, shape

GATES = ("@", "key", "ke", " dot ", "$x", "密码", "é@", "\x00", "send?")
WORDS = ("key", "name", "né", "straße", "密码", "b站", "x")
PIECES = (*GATES, *WORDS, "k", "e", "a", " ", "\n", "_", "9", "÷", "ö", "密", "站", "\ud800", "😀", "\u0250", "\u024f")
LITERALS = Literals(GATES, WORDS)


def plainly(lowered: str) -> Seen:
    spelt = re.findall("[a-z\u00df-\u024f]+", lowered)
    return Seen(
        frozenset(gate for gate in GATES if gate in lowered),
        frozenset(word for word in WORDS if (word in lowered if max(word) >= "\u0250" else word in spelt)),
        any(map(lowered.__contains__, "0123456789")),
    )


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_the_literals_of_a_text(lowered: str) -> None:
    seen = LITERALS.seen(lowered)
    assert seen._replace(gates=seen.gates - {"send?"}) == (plain := plainly(lowered))._replace(gates=plain.gates - {"send?"})
    assert seen.gates >= plain.gates  # half a pair may look like a question mark: one gate more is looked for


@pytest.mark.parametrize("letter", ["\u00de", "\u00df", "\u00f7", "\u024f", "\u0250", "a", "z", "`", "{", "_", "0", "\n", "\u212a"])
def test_a_word_ends_where_its_letters_end(letter: str) -> None:
    for lowered in (f"{letter}key", f"key{letter}", f"{letter}key{letter}"):
        assert ("key" in LITERALS.seen(lowered).words) == ("key" in plainly(lowered).words)


class Silent:
    """What an automaton says that ran out of memory."""

    def __init__(self, answer: list[int] | None) -> None:
        self.answer = answer

    def Match(self, _: bytes) -> list[int] | None:
        return self.answer


@pytest.mark.parametrize("answer", [None, [], [1, 2]])
def test_no_answer_rules_nothing_out(answer: list[int] | None) -> None:
    literals, shapes = Literals(GATES, WORDS), Shapes({3: re.compile("a"), 5: re.compile("b")})
    silent = Silent(answer)
    literals._ascii = (silent, literals._ascii[1])
    shapes._matcher = silent
    assert literals.seen("") == Seen(frozenset(GATES), frozenset(WORDS), True)
    assert shapes.possible(b"") == {3, 5}


@pytest.mark.parametrize("memory_bytes_max", [1, 1 << 10, 1 << 14, 1 << 16, 1 << 18, 1 << 20])
def test_with_little_memory_it_is_refused_or_right(memory_bytes_max: int) -> None:
    import re2

    text = shape("ab-12 " * 400)
    try:
        shapes = Shapes({0: re.compile("[a-z]{2}-[0-9]{2}"), 1: re.compile("--")}, memory_bytes_max=memory_bytes_max)
        literals = Literals(GATES, WORDS, memory_bytes_max=memory_bytes_max)
    except re2.error:
        assert memory_bytes_max < 1 << 18
        return
    assert shapes.possible(text) >= {0}
    for lowered in ("name key @ 密码 " * 400, "name key @ " * 400):
        assert literals.seen(lowered) >= plainly(lowered)


def test_what_has_no_loosened_form_is_always_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(pattern: re.Pattern[str], *, counted: bool) -> bytes:
        if pattern.pattern == "b":
            raise Untranslatable
        return pattern.pattern.encode()

    monkeypatch.setattr("comity.privacy.prefilter.looser", unknown)
    assert Shapes({3: re.compile("a"), 5: re.compile("b"), 7: re.compile("c")}).possible(b"a") == {3, 5}
    assert Runs([(re.compile("a"), 1), (re.compile("b"), 1), (re.compile("b"), 9)]).possible(b"c", 0, 3) == (1,)


def test_runs_are_asked_by_their_shape_and_their_digits() -> None:
    runs = Runs([(re.compile("(?<![A-Z])[0-9]{3}"), 3), (re.compile("[0-9]{4}"), 4), (re.compile("[A-Z][0-9]"), 1)])
    assert runs.possible(shape("A123"), 1, 3) == ()
    assert runs.possible(shape("A123"), 0, 3) == (2,)
    assert runs.possible(shape("a1234"), 1, 4) == (0, 1)
    assert runs.possible(shape("a1234"), 1, 3) == (0,)
    assert runs.possible(shape("a123" + "4" * 200), 1, 3) == (0, 2)  # too long to be remembered: by digits alone
