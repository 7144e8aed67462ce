# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks ask is what they say it is; otherwise a figure for "with personal data" would be one without."""

from __future__ import annotations

import json

import pytest
from benchmarks.harness.bodies import MARK, SIZE, bodies, subjects

from comity.gateway.subject import HEADER, members, said
from comity.privacy.scan import scan
from comity.wire.decode import decode_chat

COUNT = 400


@pytest.mark.parametrize("personal", [False, True])
@pytest.mark.parametrize("stream", [False, True])
def test_every_body_is_a_kilobyte_is_accepted_and_has_no_twin(personal: bool, stream: bool) -> None:
    made = bodies(7, COUNT, model="bench", personal=personal, stream=stream)
    assert len(set(made)) == COUNT
    assert all(SIZE - 20 < len(body) <= SIZE for body in made)
    assert all(b"\n" not in body for body in made)  # one a line
    assert {decode_chat(body, drop_unknown=False)[0].stream for body in made} == {stream}


def test_nothing_personal_is_in_the_plain_and_four_kinds_in_the_others() -> None:
    def kinds(body: bytes) -> list[str]:
        return sorted(finding.type for message in json.loads(body)["messages"] for finding in scan(message["content"]))

    assert {tuple(kinds(body)) for body in bodies(7, COUNT, model="bench", personal=False)} == {()}
    assert {tuple(kinds(body)) for body in bodies(7, COUNT, model="bench", personal=True)} == {
        ("BANK_ACCOUNT", "BANK_CARD", "EMAIL", "PHONE")
    }


def test_the_mark_is_in_each_personal_body_and_in_no_other() -> None:
    assert all(MARK.encode() in body for body in bodies(7, COUNT, model="bench", personal=True))
    assert not any(MARK.encode() in body for body in bodies(7, COUNT, model="bench", personal=False))


def test_a_seed_says_which_bodies() -> None:
    def made(seed: int) -> list[bytes]:
        return bodies(seed, 50, model="bench", personal=True)

    assert made(1) == made(1)
    assert not set(made(1)) & set(made(2))


def test_of_mixed_bodies_three_in_ten_are_personal() -> None:
    made = bodies(7, COUNT, model="bench", personal=0.3)
    assert 0.2 < sum(MARK.encode() in body for body in made) / COUNT < 0.4
    assert len(set(made)) == COUNT


def test_no_two_persons_are_alike_in_law() -> None:
    headers = [line.split(": ", 1) for line in subjects(500)]
    assert {name.lower() for name, _ in headers} == {HEADER}
    told = [said(members(value)) for _, value in headers]
    assert len({(each.location, each.residence, each.age, each.consent) for each in told}) == len({each.id for each in told}) == 500
    assert len(subjects(1)) == 1
