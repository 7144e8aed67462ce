# SPDX-License-Identifier: Apache-2.0
"""What a reload keeps, what it closes and when, and what it refuses."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx2 as httpx
import msgspec
import pytest

from comity.config import Config, ServerConfig
from comity.errors import ComityError, OperatorError
from comity.gateway.app import App
from comity.gateway.reload import FIXED, Reloader, held_to
from comity.gateway.world import World, build
from comity.ports import SystemSecrets
from tests.simulated.worlds import BEIJING, FRANKFURT, EchoPartner, Sim, config, simulate, subject


class Partner(EchoPartner):
    closed = 0

    async def aclose(self) -> None:
        type(self).closed += 1


class Place:
    """An App, and a reloader whose file is `wanted`."""

    def __init__(self, sim: Sim, home: Path) -> None:
        self.app, self.home, self.told = App(sim.world), home, list[ComityError | None]()
        self.wanted: Config | ComityError | Exception = sim.world.config
        self.reloader = Reloader(self.app, load=self._load, build=self._build, told=self.told.append)

    def _load(self) -> Config:
        if isinstance(self.wanted, Exception):
            raise self.wanted
        return self.wanted

    async def _build(self, wanted: Config, before: World) -> World:
        partners = {each.id: Partner() for each in wanted.deployments}
        return await build(
            wanted, home=self.home, clock=before.clock, random=before.random, secrets=SystemSecrets(), providers=partners, before=before
        )

    async def ask(self, model: str = "auto") -> int:
        carried = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=carried, base_url="http://127.0.0.1:8484") as http:
            body = {"messages": [{"role": "user", "content": "hello"}], "model": model}
            return (await http.post("/v1/chat/completions", content=json.dumps(body), headers=subject("CN"))).status_code


@pytest.fixture
async def place(home: Path) -> Any:
    made = Place(await simulate(config(BEIJING), home), home)
    Partner.closed = 0
    yield made
    await made.reloader.aclose()
    await made.app.world.aclose()


async def test_the_record_the_state_and_the_counts_go_on_and_the_rest_is_new(place: Place) -> None:
    before = place.app.world
    assert await place.ask() == 200 and await place.ask("eu-frankfurt") == 404
    place.wanted = config(BEIJING, FRANKFURT)
    assert await place.reloader.reload() is None and place.told == [None]
    after = place.app.world
    assert after is not before and (after.ledger, after.state, after.metrics) == (before.ledger, before.state, before.metrics)
    assert after.guard is before.guard and after.lending is before.lending, "nothing new is said of them"
    assert await place.ask() == 200 and await place.ask("eu-frankfurt") in (200, 451)
    assert place.app.metrics.requests["/v1/chat/completions", "200"] >= 2


async def test_what_answered_is_closed_after_the_last_that_it_answers(place: Place) -> None:
    assert await place.reloader.reload() is None  # from now on the partners are ours
    old = place.app.world
    with old.users:
        assert await place.reloader.reload() is None
        assert await place.ask() == 200
        await asyncio.sleep(0)
        assert Partner.closed == 0
    await place.reloader.aclose()
    assert Partner.closed == 1
    assert await place.ask() == 200


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (OperatorError("comity.toml:3: no", code="config.invalid"), "config.invalid"),
        (ValueError("a bug of ours"), "internal"),
        (config(BEIJING, server=ServerConfig(port=1)), "reload.restart_needed"),
        (config(BEIJING, evidence=("assessment:no_such_thing",)), None),
    ],
)
async def test_what_is_wrong_changes_nothing(place: Place, wanted: Any, code: str | None) -> None:
    before = place.app.world
    place.wanted = wanted
    fault = await place.reloader.reload()
    assert fault is not None and (code is None or fault.code == code)
    assert place.app.world is before and place.app.fault == fault.code and place.told == [fault]
    assert await place.ask() == 200
    place.wanted = before.config
    assert await place.reloader.reload() is None and place.app.fault == ""
    assert place.app.metrics.reloads[(fault.code,)] == 1 and place.app.metrics.reloads[("ok",)] == 1


async def test_several_that_ask_at_once_are_done_one_after_the_other(place: Place) -> None:
    for _ in range(5):
        place.reloader.ask()
    await place.reloader.aclose()
    assert place.told == [None] * 5 and Partner.closed == 4


def test_what_cannot_move_is_named_as_the_file_names_it() -> None:
    running = Config()
    for section, names in FIXED.items():
        for name in names:
            part = getattr(running, section)
            assert hasattr(part, name), f"{section}.{name} is no setting any more"
            moved = msgspec.structs.replace(running, **{section: msgspec.structs.replace(part, **{name: "elsewhere"})})
            with pytest.raises(OperatorError) as refused:
                held_to(running, moved)
            assert (refused.value.code, refused.value.field) == ("reload.restart_needed", f"{section}.{name}")
    held_to(running, Config())
