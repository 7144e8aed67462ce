# SPDX-License-Identifier: Apache-2.0
"""A gateway that holds as much memory as it may takes no further request, and takes them again as soon as it holds less."""

from __future__ import annotations

import json
from pathlib import Path

import httpx2 as httpx

from comity.config import LimitsConfig
from comity.gateway.app import App
from comity.gateway.shedding import LOOK_EVERY, Shedding
from tests.simulated.worlds import BEIJING, config, simulate, subject


def test_it_looks_now_and_then_and_at_each_request_while_it_sheds() -> None:
    looks: list[int] = []
    held = 50

    def resident() -> int:
        looks.append(held)
        return held

    shedding = Shedding(100, resident=resident)
    assert {shedding.overloaded() for _ in range(3 * (LOOK_EVERY + 1))} == {""} and len(looks) == 3
    held = 100
    assert "server.memory" in [shedding.overloaded() for _ in range(LOOK_EVERY + 1)]
    before = len(looks)
    assert {shedding.overloaded() for _ in range(5)} == {"server.memory"} and len(looks) == before + 5
    held = 99
    assert shedding.overloaded() == ""


def test_without_a_bound_nobody_looks() -> None:
    def resident() -> int:
        raise AssertionError("looked")

    assert Shedding(0, resident=resident).overloaded() == ""


def test_where_the_kernel_does_not_tell_nothing_is_shed() -> None:
    def resident() -> int:
        raise FileNotFoundError

    assert Shedding(1, resident=resident).overloaded() == ""


async def test_the_door_answers_503_before_a_body_is_read(home: Path) -> None:
    sim = await simulate(config(BEIJING, limits=LimitsConfig(memory_bytes_max=1)), home)
    app = App(sim.world)
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8484") as http:
            body = json.dumps({"messages": [{"role": "user", "content": "hello"}]}).encode()
            answer = await http.post("/v1/chat/completions", content=body, headers=subject("CN"))
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "server.memory")
            assert int(answer.headers["retry-after"]) > 0 and not sim.partners["qwen-beijing"].received
            assert 'comity_shed_total{reason="server.memory"} 1' in (await http.get("/metrics")).text
    finally:
        await sim.aclose()
