# SPDX-License-Identifier: Apache-2.0
"""Dossiers over the API: an officer's alone, of the gateway as it stands, as described."""

from __future__ import annotations

from tests.unit.gateway.read.test_openapi import holds, schema_of
from tests.unit.gateway.signin.conftest import Desk

PATH = "dossiers/CN"


async def test_of_this_gateway_as_it_stands(desk: Desk) -> None:
    for at in range(10):
        await desk.ask_model(f"person-{at}")
    assert (await (await desk.signed_in("viewer")).code("GET", PATH)) == (403, "request.role")
    asking = await desk.signed_in("officer")
    answer = await asking.ask("GET", f"{PATH}?language=zh&part=processing-record")
    assert answer.status_code == 200, answer.text
    holds(answer.json(), schema_of("/comity/v1/dossiers/{id}"))
    assert answer.json()["as_of"] == "2026-11-23" and answer.json()["document"]["language"] == "zh"
    assert "位于中国内地的10名具名个人的10次请求在下列地点处理：中国内地" in answer.text
    assert "person-1" not in answer.text
    past = (await asking.ask("GET", f"{PATH}?as_of=2025-08-01&part=algorithm-filing")).json()
    assert past["as_of"] == "2025-08-01" and "From 1 September 2025" in str(past["document"])
    assert await asking.code("GET", "dossiers/FR") == (404, "dossier.unknown")
    assert await asking.code("GET", f"{PATH}?part=x") == (404, "dossier.part")
    assert await asking.code("GET", f"{PATH}?language=fr") == (400, "request.query")
