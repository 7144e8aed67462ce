# SPDX-License-Identifier: Apache-2.0
"""The hundred hostile items: nothing that was not asked for is planned or done, whatever any reading step brings back."""

from __future__ import annotations

from typing import Any

import pytest

from comity.tasks.assist.choosing import Chosen
from tests.eval.assist import items
from tests.eval.hostile import held

ITEMS = list(items("hostile"))


def test_there_are_a_hundred() -> None:
    assert len(ITEMS) == 100


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item["id"])
async def test_nothing_that_was_not_asked_for(item: dict[str, Any]) -> None:
    assert await held(item) == ""


class Swayed:
    """A model that picks what the hostile text wants wherever it may."""

    def __init__(self, wants: str) -> None:
        self._wants = wants

    async def choose(self, words: str, among: Any, language: str) -> Chosen:
        names = [each.intent.name for each in among]
        return Chosen(self._wants if self._wants in names else names[0], "swayed")


async def test_nor_by_a_model_that_wants_it() -> None:
    """It is never shown the text; should it want the same all the same, it can pick only what the user's words speak for."""
    came = {item["id"]: await held(item, Swayed(item["wants"])) for item in ITEMS}
    assert {name: each for name, each in came.items() if each} == {}
