# SPDX-License-Identifier: Apache-2.0
"""A configuration taken up while a line is on its way: the world that answers it is not closed before it has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from comity.gateway.batch.batches import Batches
from comity.gateway.users import Users
from tests.unit.gateway.batch.conftest import Desk, line


async def test_whoever_answers_a_line_has_a_user_meanwhile(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    after, users = replace(desk.sim.world, users=Users()), list[int]()
    read = Batches.line

    async def reloaded(self: Batches, *arguments: Any) -> Any:
        """The line is read, and in that moment another world begins to answer."""
        desk.app.take_up(after)
        return await read(self, *arguments)

    monkeypatch.setattr(Batches, "line", reloaded)
    desk.sim.partners["qwen-beijing"].before_send = lambda: users.append(after.users._count)
    name = await desk.submit(line("a"))
    await desk.work()
    assert (await desk.batch(name))["request_counts"]["completed"] == 1
    assert users == [1] and after.users._count == 0
