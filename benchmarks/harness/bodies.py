# SPDX-License-Identifier: Apache-2.0
"""What is asked: bodies of one kilobyte, no two alike, so that no cache can stand in for the work; and who asks.

A personal body holds an address, a telephone number, a bank account and a card, all made up here.
"""

from __future__ import annotations

import json
import random

SIZE = 1024  # bytes, give or take a word
MARK = "@bench.example"
"""Stands in every personal body; an upstream that sees it was sent what should have been hidden."""

SYSTEM = "You are a careful assistant. Keep every fact, and write in plain words."
STORY = (
    "the committee met on a quiet morning and talked about our new library plan nobody objected although two members asked for longer "
    "reading of its budget before next step while an architect will send drawings in spring when trees are green again so that people "
    "can see them hang near windows with good light for days weeks and months of calm thought over tea"
)
WORDS = STORY.split()


def _digits(draw: random.Random, count: int) -> str:
    return "".join(draw.choice("0123456789") for _ in range(count))


def _card(draw: random.Random) -> str:
    """Sixteen digits with a good last one (Luhn)."""
    head = "4" + _digits(draw, 14)
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(head)]
    return head + str(-sum(each // 10 + each % 10 for each in doubled) % 10)


def _iban(draw: random.Random) -> str:
    """A German one; check digits modulo 97, with D and E as 13 and 14."""
    account = _digits(draw, 18)
    return f"DE{98 - int(account + '131400') % 97:02}{account}"


def _sentences(draw: random.Random, size: int) -> str:
    said = ""
    while len(said) < size:
        said += " ".join(draw.choices(WORDS, k=draw.randint(6, 14))).capitalize() + ". "
    return said[:size].rsplit(" ", 1)[0]


def _person(draw: random.Random) -> str:
    name = "".join(draw.choices("abcdefghiklmnoprstuw", k=9))
    return (
        f"Write to {name}{MARK} or call +49 30 {_digits(draw, 7)}. Pay into {_iban(draw)}, "
        f"or take it from my card {_card(draw)}. "
    )  # fmt: skip


def _body(model: str, text: str, stream: bool) -> bytes:
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}]
    body = {"model": model, "messages": messages, "temperature": 0.2, "max_tokens": 256} | ({"stream": True} if stream else {})
    return json.dumps(body, separators=(",", ":")).encode()


def bodies(seed: int, count: int, *, model: str, personal: float, stream: bool = False) -> list[bytes]:
    """The same for the same seed.  ``personal``: the share of them that is."""
    draw = random.Random(seed)
    room = SIZE - len(_body(model, "", stream))
    made = []
    for _ in range(count):
        start = _person(draw) if draw.random() < personal else ""
        made.append(_body(model, start + _sentences(draw, room - len(start)), stream))
    return made


# Where a person may be for whom every law of the sample configuration allows the place that is measured: members of the Union.
HOMES = ("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT", "NL",
         "PL", "PT", "RO", "SE", "SI", "SK")  # fmt: skip


def subjects(count: int) -> list[str]:
    """The header of each of ``count`` persons, no two of whom are alike in what a law asks; one alone is as configured."""
    if count == 1:
        return ['Comity-Subject: id="u-81"']
    pairs = [(location, residence) for location in HOMES for residence in HOMES]
    assert count <= len(pairs)
    return [
        f'Comity-Subject: id="u-{at}", location="{location}", residence="{residence}", age=35, consent=(general)'
        for at, (location, residence) in enumerate(pairs[:count])
    ]
