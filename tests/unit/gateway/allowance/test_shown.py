# SPDX-License-Identifier: Apache-2.0
"""A key as its holder sees it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from comity.gateway.allowance.shown import SIGNS, check, fresh, mistyped
from tests.fakes import SeededRandom


def test_a_key_is_long_random_and_checks() -> None:
    random = SeededRandom()
    made = {fresh(random) for _ in range(100)}
    assert len(made) == 100 and all(len(key) == 41 and key.startswith("ck-") and not mistyped(key) for key in made)


@given(st.binary(min_size=1, max_size=8), st.integers(3, 40), st.sampled_from(SIGNS))
def test_one_wrong_sign_is_told(seed: bytes, at: int, sign: str) -> None:
    key = fresh(SeededRandom(seed))
    wrong = key[:at] + sign + key[at + 1 :]
    assert mistyped(wrong) is (wrong != key)


@given(st.integers(3, 40))
def test_a_key_that_was_cut_is_told(size: int) -> None:
    assert mistyped(fresh(SeededRandom())[:size])


def test_the_checksum_stays_what_it_is() -> None:
    """Keys that are out there must check tomorrow too."""
    assert check("0" * 32) == "4e5l22"


def test_other_keys_are_only_unknown() -> None:
    assert not any(mistyped(key) for key in ("", "s3cret", "sk-abc", "ck-" + "0a" * 24))
