# SPDX-License-Identifier: Apache-2.0
"""The description is valid, says what is served, and every answer is what it says."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import msgspec
import pytest
from openapi_spec_validator import validate

from comity.gateway import api
from comity.gateway.app import ROUTES
from comity.gateway.read import openapi
from comity.policy.replay import Line
from tests.docs.openapi import PAGE, written
from tests.unit.gateway.read.conftest import API, NEEDED, Reading

BY_SESSION = {"/session", "/session/oidc", "/session/oidc/callback", "/me", "/me/report", "/changes", "/erasures", "/consents"}
"""Held to their description in tests/unit/gateway/signin, where somebody is signed in."""
TREE: dict[str, Any] = json.loads(openapi.document())


def test_it_is_valid_openapi() -> None:
    validate(TREE)


def test_the_validator_would_refuse_it_otherwise() -> None:
    broken = json.loads(openapi.document())
    del broken["paths"]["/comity/v1/log"]["get"]["responses"]
    broken["paths"]["/comity/v1/packs/{id}"]["get"]["parameters"] = []
    with pytest.raises(Exception, match=r"id|responses"):
        validate(broken)


def test_the_page_is_this_document() -> None:
    """`python -m tests.docs.openapi` writes it."""
    assert PAGE.read_text(encoding="utf-8") == written()


def test_every_path_that_is_served_is_described_and_no_other() -> None:
    served = {path: {method.lower() for method in methods} for path, methods in ROUTES.items() if path.startswith("/comity/v1/")}
    described = {path: set(methods) for path, methods in TREE["paths"].items()}
    assert described == served


def test_what_is_described_by_hand_has_the_members_of_what_is_read() -> None:
    assert openapi.ReplayLine.__struct_fields__ == Line.__struct_fields__
    assert openapi.ReplayAsked.__struct_fields__ == api.Asked.__struct_fields__


def schema_of(path: str, method: str = "get", kind: str = "application/json", status: str = "200") -> dict[str, Any]:
    response = TREE["paths"][path][method]["responses"][status]
    response = TREE["components"]["responses"]["Refused"] if "$ref" in response else response
    schema: dict[str, Any] = response["content"][kind]["schema"]
    return {**schema, "components": TREE["components"]}


def holds(value: Any, schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(closed(schema), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER).validate(value)


def closed(schema: Any) -> Any:
    """Objects with named members may have no others: what an answer holds is described."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: closed(value) for name, value in schema.items()}
    return made | {"additionalProperties": False} if made.get("type") == "object" and isinstance(made.get("properties"), dict) else made


async def test_every_answer_is_what_the_description_says(reading: Reading) -> None:
    receipts = [(await reading.ask(model=model)).headers["comity-receipt"] for model in ("auto", "us-virginia")]
    asked = [
        (path, path + NEEDED.get(path.removeprefix(API), ""))
        for path in TREE["paths"]
        if "{id}" not in path and "get" in TREE["paths"][path] and path.removeprefix(API) not in BY_SESSION
    ]
    asked += [("/comity/v1/decisions/{id}", f"/comity/v1/decisions/{receipt}") for receipt in receipts]
    asked += [("/comity/v1/receipts/{id}", f"/comity/v1/receipts/{receipts[0]}")]
    asked += [("/comity/v1/packs/{id}", f"/comity/v1/packs/{pack.head.id}") for pack in reading.sim.world.engine.packs]
    asked += [
        ("/comity/v1/reports/{id}", f"/comity/v1/reports/{name}") for name in ("flows", "obligations", "reasons", "outcomes", "subjects")
    ]
    for described, path in asked:
        if path.endswith(("/events", "/checkpoint")):
            continue
        holds(await reading.get(path), schema_of(described))
    holds((await reading.http.get("/comity/v1/decisions?x=1")).json(), schema_of("/comity/v1/decisions", status="4XX"))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("decide", {"as_of": "2026-11-23", "provider": {"id": "p"}}),
        ("decide", [{"as_of": "2026-11-23", "subject": {"location": "CN"}, "provider": {"id": "p", "processing": {"any_except": ["CN"]}}}]),
        ("replay", {"as_of": "2026-11-23", "records": [{"facts": {"as_of": "2026-11-23", "provider": {"id": "p"}}}]}),
        ("whatif", {"facts": {"subject": {"location": "CN"}}, "baseline": {}, "places": [{"id": "p"}], "evidence": {"p": ["eu_tia"]}}),
        ("scan", {"text": "write to lena@vogel.io"}),
        ("scan", {"texts": ["write to lena@vogel.io", "no"]}),
    ],
)
async def test_what_may_be_asked_and_is_answered(reading: Reading, path: str, body: Any) -> None:
    taken = TREE["paths"][f"/comity/v1/{path}"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    holds(body, {**taken, "components": TREE["components"]})
    answer = await reading.http.post(f"/comity/v1/{path}", content=msgspec.json.encode(body))
    assert answer.status_code == 200, answer.text
    holds(answer.json(), schema_of(f"/comity/v1/{path}", "post"))


async def test_keys_are_asked_for_and_told_as_described(reading: Reading) -> None:
    asked = [("post", "/comity/v1/keys", {"id": "app", "roles": ["admin"]}), ("post", "/comity/v1/keys/{id}", {"overlap_seconds": 5})]
    shown: dict[str, str] = {}
    for method, path, body in [*asked, ("get", "/comity/v1/keys", None), ("delete", "/comity/v1/keys/{id}", None)]:
        described = TREE["paths"][path][method]
        if body is not None:
            holds(body, {**described["requestBody"]["content"]["application/json"]["schema"], "components": TREE["components"]})
        raw = msgspec.json.encode(body) if body else None
        answer = await reading.http.request(method, path.replace("{id}", "app"), content=raw, headers=shown)
        (status,) = [status for status in described["responses"] if status.isdecimal()]
        assert str(answer.status_code) == status, answer.text
        holds(answer.json(), schema_of(path, method, status=status))
        shown = {"x-api-key": answer.json()["key"]} if "key" in answer.json() else shown
