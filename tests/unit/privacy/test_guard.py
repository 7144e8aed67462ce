# SPDX-License-Identifier: Apache-2.0
"""What a request carries; scanned once; a recogniser that breaks is never an empty finding."""

from __future__ import annotations

import gc

import pytest

from comity.privacy import guard as guarding
from comity.privacy.findings import Finding
from comity.privacy.guard import CACHED_CHARACTERS_MIN, Guard

LONG = "write to lena@vogel.io " + "and so on " * 20


@pytest.fixture
def scans(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that were really scanned."""
    seen: list[str] = []
    real = guarding.scan

    def counted(text: str) -> tuple[Finding, ...]:
        seen.append(text)
        return real(text)

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

    def broken(text: str) -> tuple[Finding, ...]:
        if text == "bad":
            raise error
        return real(text)

    monkeypatch.setattr(guarding, "scan", broken)
    found = Guard(cache_key=b"k" * 32).inspect(["lena@vogel.io", "bad", "12"])
    assert found.failed
    assert [len(of_text) for of_text in found.by_text] == [1, 0, 0]
    assert found.types == {"EMAIL"}


def test_a_failure_is_not_remembered_as_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    guard, real = Guard(cache_key=b"k" * 32), guarding.scan

    def broken(text: str) -> tuple[Finding, ...]:
        raise RuntimeError("broken")

    monkeypatch.setattr(guarding, "scan", broken)
    assert guard.inspect([LONG]).failed
    monkeypatch.setattr(guarding, "scan", real)
    assert guard.inspect([LONG]).types == {"EMAIL"}
