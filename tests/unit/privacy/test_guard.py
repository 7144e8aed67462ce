# SPDX-License-Identifier: Apache-2.0
"""What a request carries; scanned once; a recogniser that breaks is never an empty finding."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import pytest

from comity.privacy import guard as guarding
from comity.privacy.finder import Finder, Proposal
from comity.privacy.findings import Finding
from comity.privacy.guard import AROUND_CHARACTERS, CACHED_CHARACTERS_MIN, WINDOW_CHARACTERS, Guard, Profile
from comity.privacy.pseudonym import Vault
from comity.privacy.recognizers.base import LIKELY
from tests.fakes import FakeClock, SeededRandom

LONG = "write to lena@vogel.io " + "and so on " * 20


@pytest.fixture
def scans(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that were really scanned."""
    seen: list[str] = []
    real = guarding.scan

    def counted(text: str, finders: Sequence[Finder] = ()) -> tuple[Finding, ...]:
        seen.append(text)
        return real(text, finders)

    monkeypatch.setattr(guarding, "scan", counted)
    return seen


def test_findings_are_in_the_order_of_the_texts() -> None:
    found = Guard().inspect(["nothing", "lena@vogel.io", "password: hunter22 of lena@vogel.io", ""])
    assert [[each.type for each in of_text] for of_text in found.by_text] == [[], ["EMAIL"], ["SECRET", "EMAIL"], []]
    assert found.types == {"EMAIL", "SECRET"}
    assert found.categories == {"contact"}, "a secret is not a category of personal data"
    assert not found.failed


def test_a_text_is_scanned_once(scans: list[str]) -> None:
    guard = Guard(cache_key=b"k" * 32)
    assert guard.inspect([LONG, LONG]).by_text == guard.inspect([LONG]).by_text * 2
    assert scans == [LONG]


def test_short_texts_and_a_guard_without_key_remember_nothing(scans: list[str]) -> None:
    Guard(cache_key=b"k" * 32).inspect(["x" * (CACHED_CHARACTERS_MIN - 1)] * 2)
    Guard().inspect([LONG, LONG])
    assert len(scans) == 4


def test_the_memory_is_bounded_and_forgets_the_longest_unused(scans: list[str]) -> None:
    guard = Guard(cache_key=b"k" * 32, cache_texts_max=2)
    a, b, c = (LONG + letter for letter in "abc")
    guard.inspect([a, b, a, c, a, b])
    assert scans == [a, b, c, b]


def test_the_memory_holds_no_text_and_depends_on_its_key() -> None:
    one, two = Guard(cache_key=b"k" * 32), Guard(cache_key=b"l" * 32)
    for guard in (one, two):
        guard.inspect([LONG])
    assert one._cache.keys().isdisjoint(two._cache.keys())
    held = [each for each in gc.get_referents(one._cache) if isinstance(each, str | bytes)]
    assert all(isinstance(each, bytes) and len(each) == 16 for each in held)
    assert "lena" not in repr(one) + repr(one.__dict__["_cache"])


def test_lone_surrogates_are_remembered_too(scans: list[str]) -> None:
    guard = Guard(cache_key=b"k" * 32)
    guard.inspect([LONG + "\ud800"] * 2)
    assert len(scans) == 1


@pytest.mark.parametrize("error", [RuntimeError("broken"), RecursionError(), MemoryError(), ValueError("x")])
def test_a_broken_recogniser_fails_closed_and_the_others_are_still_told(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    real = guarding.scan

    def broken(text: str, finders: Sequence[Finder] = ()) -> tuple[Finding, ...]:
        if text == "bad":
            raise error
        return real(text, finders)

    monkeypatch.setattr(guarding, "scan", broken)
    found = Guard(cache_key=b"k" * 32).inspect(["lena@vogel.io", "bad", "12"])
    assert found.failed
    assert [len(of_text) for of_text in found.by_text] == [1, 0, 0]
    assert found.types == {"EMAIL"}


def test_a_failure_is_not_remembered_as_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    guard, real = Guard(cache_key=b"k" * 32), guarding.scan

    def broken(text: str, finders: Sequence[Finder] = ()) -> tuple[Finding, ...]:
        raise RuntimeError("broken")

    monkeypatch.setattr(guarding, "scan", broken)
    assert guard.inspect([LONG]).failed
    monkeypatch.setattr(guarding, "scan", real)
    assert guard.inspect([LONG]).types == {"EMAIL"}


# -- profiles with finders -------------------------------------------------------------------------------------------


class Names(NamedTuple):
    """Finds each `Ana` with the word after it; ``asked`` keeps how long the texts were, ``before`` runs ahead of each answer."""

    asked: list[int]
    before: Callable[[], None] = lambda: None
    name: str = "names"

    def find(self, text: str) -> list[Proposal]:
        self.asked.append(len(text))
        self.before()
        return [Proposal(*found.span(), "PERSON", "name", LIKELY) for found in re.finditer(r"Ana( \w+)?", text)]


def test_a_finder_is_asked_beside_the_rules() -> None:
    found = Guard("balanced", [Names([])]).inspect(["Ana Lima, ana@lima.org"])
    assert [(each.type, each.start, each.end, each.recognizer) for each in found.by_text[0]] == [
        ("PERSON", 0, 8, "names"), ("EMAIL", 10, 22, "email"),
    ]  # fmt: skip
    assert found.categories == {"name", "contact"}


@pytest.mark.parametrize(("profile", "finders"), [("balanced", []), ("strict", []), ("rules", [Names([])]), ("loose", [])])
def test_a_profile_is_what_its_name_says(profile: Profile, finders: list[Finder]) -> None:
    """A guard whose models are missing is not made, rather than one that quietly finds less."""
    with pytest.raises(ValueError):
        Guard(profile, finders)


def test_a_long_text_is_read_in_windows_and_a_name_across_an_edge_is_found_whole_and_once() -> None:
    for at in range(WINDOW_CHARACTERS - 12, WINDOW_CHARACTERS + 12):
        names = Names([])
        text = "x" * at + " Ana Lima " + "x" * WINDOW_CHARACTERS
        found = Guard("balanced", [names]).scan(text)
        assert [(each.start, each.end) for each in found] == [(at + 1, at + 9)], at
        assert len(names.asked) > 1 and max(names.asked) <= WINDOW_CHARACTERS + 2 * AROUND_CHARACTERS


def test_every_window_of_a_text_is_asked() -> None:
    text = "一段很长的话，里面没有空格。" * 1500 + "Ana" + "\n" * 9000 + "Ana " + "word " * 3000 + "Ana"
    assert len(Guard("strict", [Names([])]).scan(text)) == 3


def test_a_finder_that_takes_too_long_fails_closed(clock: FakeClock) -> None:
    names = Names([], before=lambda: clock.advance(4))
    guard = Guard("balanced", [names], clock=clock, finders_seconds_max=10, cache_key=b"k" * 32)
    assert not guard.inspect(["Ana"]).failed
    names.asked.clear()
    text = "lena@vogel.io " + "word " * 10_000
    found = guard.inspect([text])
    assert found.failed and found.by_text == ((),)
    assert len(names.asked) == 3, "it was not asked again once the time was over"
    with pytest.raises(TimeoutError):
        guard.protect(text)


def test_the_texts_of_one_request_share_its_time(clock: FakeClock) -> None:
    names = Names([], before=lambda: clock.advance(4))
    guard = Guard("balanced", [names], clock=clock, finders_seconds_max=10)
    found = guard.inspect(["Ana"] * 5)
    assert found.failed and [len(each) for each in found.by_text] == [1, 1, 0, 0, 0]
    assert not guard.inspect(["Ana"] * 2).failed, "the next request has its own"


def test_what_took_too_long_is_not_remembered_as_nothing(clock: FakeClock) -> None:
    slow = [True]
    names = Names([], before=lambda: clock.advance(99 * slow[0]))
    guard = Guard("balanced", [names], clock=clock, cache_key=b"k" * 32)
    assert guard.inspect([LONG + "Ana"]).failed
    slow[0] = False
    assert guard.inspect([LONG + "Ana"]).types == {"EMAIL", "PERSON"}
    asked = len(names.asked)
    assert guard.inspect([LONG + "Ana"]).types == {"EMAIL", "PERSON"} and len(names.asked) == asked


def test_a_broken_finder_fails_closed() -> None:
    def broken() -> None:
        raise RuntimeError("broken")

    found = Guard("balanced", [Names([], before=broken)]).inspect(["Ana", ""])
    assert found.failed and found.types == frozenset()


# -- protect ---------------------------------------------------------------------------------------------------------


def test_protected_text_holds_nothing_found_and_comes_back(random: SeededRandom) -> None:
    guard = Guard(random=random)
    text = "write to lena@vogel.io or +49 30 1234567"
    protected = guard.protect(text)
    assert "lena" not in protected.text and "1234567" not in protected.text
    assert [each.type for each in protected.findings] == ["EMAIL", "PHONE"]
    assert isinstance(protected.vault, Vault) and protected.vault.restore(protected.text) == text
    assert "lena" not in repr(protected)
    assert guard.protect(text).text != protected.text, "another request, another nonce"


def test_a_vault_that_is_given_goes_on() -> None:
    guard, vault = Guard(), Vault(bytes(range(8)))
    first, second = (guard.protect(f"{word} lena@vogel.io", vault) for word in ("to", "from"))
    assert first.vault is vault and first.text.split()[1] == second.text.split()[1] and len(vault) == 1


def test_nothing_is_given_out_where_a_recogniser_breaks() -> None:
    def broken() -> None:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError):
        Guard("strict", [Names([], before=broken)]).protect("Ana")
