# SPDX-License-Identifier: Apache-2.0
"""Law: what is ruled out beforehand would have found nothing.  A scan finds what it finds without RE2 and without shapes."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.privacy import scan as scanning
from comity.privacy.findings import Finding
from comity.privacy.prefilter import Seen
from comity.privacy.scan import scan
from tests.unit.privacy.test_recognizers import FINDS
from tests.vectors.privacy import make

EXAMPLES = [re.sub("[«»]", "", written) for texts in FINDS.values() for written in texts]
SETS = [
    json.loads(line)["text"] for name in make.SETS for line in Path(make.__file__).with_name(name).read_text(encoding="utf-8").splitlines()
]
WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
ODD = ["", " ", "\n", ",", "1", "a", "-", "中", "\u200b", "\u0130", "\u017f", "\u212a", "\ud800", "٣", "é", "@", "0" * 30]


class Plain:
    """Says what is in a text by looking for it, and rules nothing out by shape."""

    def __init__(self, groups: Any) -> None:
        units = (*groups.gated, *groups.whole, *groups.numeric, *groups.crowded)
        self.gates = frozenset(gate for unit in units for gate in (*unit.gates, *unit.many))
        words = frozenset(word for unit in units for word in unit.words)
        self.latin = frozenset(word for word in words if max(word) < "\u0250")
        self.wide = words - self.latin
        self.groups = groups

    def seen(self, lowered: str) -> Seen:
        spelt = self.latin.intersection(re.findall("[a-z\u00df-\u024f]+", lowered))
        return Seen(
            frozenset(filter(lowered.__contains__, self.gates)),
            spelt.union(filter(lowered.__contains__, self.wide)),
            any(map(lowered.__contains__, "0123456789")),
        )

    def possible(self, _: bytes, start: int | None = None, size: int = 0) -> Any:
        if start is None:
            return self.groups.numbered
        return [place for place, unit in enumerate(self.groups.numeric) if unit.digits <= size]


def plainly(text: str) -> tuple[Finding, ...]:
    groups = scanning._groups()
    plain: Any = Plain(groups)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scanning, "_groups", lambda: groups._replace(literals=plain, shapes=plain, runs=plain))
        return scan(text)


@pytest.mark.parametrize("texts", [EXAMPLES, SETS], ids=["examples", "sets"])
def test_of_what_is_known_nothing_is_lost(texts: list[str]) -> None:
    for text in texts:
        for written in (text, text.translate(WIDE), text.swapcase()):
            assert scan(written) == plainly(written)


@st.composite
def mixed(draw: st.DrawFn) -> str:
    """Pieces of examples, cut, joined, some of them in full width, upside down in case, or with something odd inside."""
    text = ""
    for piece in draw(st.lists(st.sampled_from(EXAMPLES), min_size=1, max_size=6)):
        start = draw(st.integers(0, 6)) and draw(st.integers(0, len(piece)))
        piece = piece[start:]
        at = draw(st.integers(0, len(piece)))
        piece = piece[:at] + draw(st.sampled_from(ODD)) + piece[at + draw(st.integers(0, 1)) :]
        text += draw(st.sampled_from([piece, piece.translate(WIDE), piece.swapcase()])) + draw(st.sampled_from(ODD))
    return text


@given(mixed())
def test_of_what_is_mixed_nothing_is_lost(text: str) -> None:
    assert scan(text) == plainly(text)


@given(st.text(alphabet="0123456789-. ()+/,:@AaXxé中\n", max_size=200))
def test_of_numbers_nothing_is_lost(text: str) -> None:
    assert scan(text) == plainly(text)


@pytest.mark.parametrize("seed", range(4))
def test_of_long_texts_nothing_is_lost(seed: int) -> None:
    text = "\n".join(random.Random(seed).choices([*EXAMPLES, *SETS], k=120))
    assert len(text) > 2 * scanning._BLOCK
    assert scan(text) == plainly(text)
