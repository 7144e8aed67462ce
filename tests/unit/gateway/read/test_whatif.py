# SPDX-License-Identifier: Apache-2.0
"""Facts supposed: each place is told what a gateway would decide of it, and what differs from other facts."""

from __future__ import annotations

from typing import Any

import pytest

from comity.transparency.queries import end
from tests.unit.gateway.read.conftest import Reading

PERSON = {"subject": {"location": "CN", "residence": "CN", "age": 35}, "consent": ["general"], "data": {"collected_in": "CN"}}
GERMAN = {"subject": {"location": "DE", "residence": "DE", "age": 35}, "consent": ["general"], "data": {"collected_in": "DE"}}
SPARROW = {"id": "sparrow", "operator_region": "CN", "covered_person": True, "processing": ["CN"], "storage": ["CN"], "access": ["CN"]}


async def suppose(reading: Reading, **body: Any) -> Any:
    answer = await reading.http.post("/comity/v1/whatif", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_it_says_what_a_request_with_these_facts_was_told(reading: Reading) -> None:
    refused = (await reading.ask(model="us-virginia")).headers["comity-receipt"]
    recorded = await reading.get(f"decisions/{refused}")
    found = await suppose(reading, facts=PERSON | {"data": recorded["facts"]["data"]})
    by_id = {each["deployment"]: each for each in found["candidates"]}
    assert [by_id["us-virginia"]] == recorded["candidates"] and by_id["us-virginia"]["citations"][0]["quote"]
    assert found["effect"] == by_id["qwen-beijing"]["effect"] == "allow" and not found["ways"] and found["changes"] is None
    assert {name: value for name, value in found["facts"].items() if name != "providers"} == {
        name: value for name, value in recorded["facts"].items() if name != "providers"
    }
    assert await reading.sim.world.ledger.database.read(end) == 1


async def test_what_differs_from_other_facts_is_told_with_the_rules(reading: Reading) -> None:
    found = await suppose(reading, facts=GERMAN, baseline=PERSON)
    flips = {name: (each["before"], each["after"]) for each in found["changes"] for name in each["deployments"]}
    assert flips == {"qwen-beijing": ("allow", "deny"), "eu-frankfurt": ("deny", "allow")}
    assert "eu.transfer.no-ground" in {reason["rule"] for each in found["changes"] for reason in each["now"]}
    assert [each["effect"] for each in found["baseline"]] == ["allow", "deny", "deny"]
    assert (await suppose(reading, facts=PERSON, baseline=PERSON))["changes"] == []


async def test_evidence_supposed_counts_as_if_it_were_registered(reading: Reading) -> None:
    shown = {"us-virginia": ["eu_scc", "eu_tia"]}
    effects = [(await suppose(reading, facts=GERMAN, deployments=["us-virginia"], **more))["effect"] for more in ({}, {"evidence": shown})]
    assert effects == ["deny", "allow"]


async def test_a_place_that_there_is_not_another_day_and_fewer_laws(reading: Reading) -> None:
    found = await suppose(
        reading, facts=PERSON, as_of="2026-12-20", packs=["cn", "us"], deployments=["eu-frankfurt"], places=[SPARROW],
        evidence={"sparrow": ["processor_contract", "cn_genai"]},
    )  # fmt: skip
    assert [each["deployment"] for each in found["candidates"]] == ["eu-frankfurt", "sparrow"]
    assert found["as_of"] == "2026-12-20" and [name.partition("@")[0] for name in found["packs"]] == ["cn", "us"]
    frankfurt, sparrow = found["candidates"]
    assert frankfurt["effect"] == "deny" and sparrow["effect"] == "allow" and found["facts"]["as_of"] == "2026-12-20"


async def test_the_words_to_suppose_with(reading: Reading) -> None:
    told = await reading.get("vocabulary")
    consents = {each["id"]: each for each in told["words"]["consent"]}
    assert consents["separate_cross_border"]["zh"] == "向境外提供的单独同意" and {"CN", "DE", "US-CA"} <= {
        each["id"] for each in told["regions"]
    }
    facts = {"consent": list(consents), "data": {"categories": [each["id"] for each in told["words"]["categories"]]}}
    assert (await suppose(reading, facts=facts))["candidates"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"facts": {"consent": ["genral"]}}, "consent"),
        ({"facts": {"consnt": []}}, "facts"),
        ({"packs": ["atlantis"]}, "packs"),
        ({"deployments": ["nowhere"]}, "deployments"),
        ({"evidence": {"nowhere": []}}, "evidence"),
        ({"evidence": {"*": ["paper"]}}, "evidence"),
    ],
)
async def test_what_is_unknown_is_named(reading: Reading, body: dict[str, Any], param: str) -> None:
    answer = await reading.http.post("/comity/v1/whatif", json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param), answer.text
