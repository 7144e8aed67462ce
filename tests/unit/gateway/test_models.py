# SPDX-License-Identifier: Apache-2.0
"""`/v1/models` names each model as its answers do: the default by its id, a file of one's own without its folder."""

from __future__ import annotations

from pathlib import Path

import httpx2 as httpx
import pytest

from comity.config import Config, DeploymentConfig
from comity.device.manifest import models
from comity.gateway.app import App
from comity.gateway.world import build
from comity.ports import SystemRandom, SystemSecrets
from tests.fakes import FakeClock
from tests.simulated.worlds import FRANKFURT, EchoPartner

DEFAULT, SMALL = list(models())[:2]


@pytest.mark.parametrize(
    ("deployments", "named"),
    [
        ((), {"device": DEFAULT}),
        ((DeploymentConfig(id="device", provider="embedded", model=SMALL),), {"device": SMALL}),
        ((DeploymentConfig(id="own", provider="embedded", model="~/Secret/My-Model.Q4.gguf"),), {"own": "my-model.q4"}),
        ((DeploymentConfig(id="device", provider="embedded"), FRANKFURT), {"device": DEFAULT, "eu-frankfurt": "echo"}),
    ],
)
async def test_each_model_is_named(home: Path, deployments: tuple[DeploymentConfig, ...], named: dict[str, str]) -> None:
    partners = {name: EchoPartner() for name in named}
    config = Config(deployments=deployments)
    world = await build(config, home=home, clock=FakeClock(), random=SystemRandom(), secrets=SystemSecrets(), providers=dict(partners))
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=App(world)), base_url="http://127.0.0.1:8484") as door:
            rows = (await door.get("/v1/models")).json()["data"]
    finally:
        await world.aclose()
    assert {row["id"]: row["comity"]["model"] for row in rows if row["id"] != "auto"} == named
