# SPDX-License-Identifier: Apache-2.0
"""What follows from a candidate is worked out once, and two candidates share nothing."""

from __future__ import annotations

from typing import Any

from comity.routing.plan import Candidate

MADE: list[Candidate] = []


def first(candidate: Candidate) -> int:
    MADE.append(candidate)
    return len(MADE)


def second(candidate: Candidate) -> str:
    return candidate.deployment.id + "!"


class Place:
    def __init__(self, name: str) -> None:
        self.id = name


def candidate(name: str) -> Candidate:
    deployment: Any = Place(name)
    decision: Any = None
    return Candidate(deployment=deployment, decision=decision)


def test_each_is_asked_once_by_each() -> None:
    one, other = candidate("a"), candidate("b")
    assert [one.cached(first), one.cached(first), other.cached(first), one.cached(first)] == [1, 1, 2, 1]
    assert [one.cached(second), other.cached(second), one.cached(first)] == ["a!", "b!", 1]
    assert [one, other] == MADE
