# SPDX-License-Identifier: Apache-2.0
"""The article changes the route, on live sockets: golden scenarios sent as real requests to a real model behind a real partner.

Where a place is denied, what reached its port is counted in packets (Linux, root); where packets cannot be captured the partner's
own count is asserted instead, and NOT RUN is printed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from comity.config import PathsConfig
from comity.device.manifest import models_directory
from comity.errors import OperatorError
from comity.lab.capture import Capture
from comity.lab.process import Process, ask, call
from comity.lab.worlds import LAB_KEY, partner
from tests.live.places import gateway

SCENARIOS = {
    row["id"]: row for row in json.loads((Path(__file__).parents[1] / "vectors" / "law" / "live.json").read_text(encoding="utf-8"))
}
REGION = "anywhere"
SMALL = "smollm2-135m-instruct"
pytestmark = pytest.mark.model


def toml(value: Any) -> str:
    """JSON's strings, numbers and arrays of strings are TOML too."""
    return json.dumps(sorted(value) if isinstance(value, list) else value)


def configuration(facts: dict[str, Any], base: str) -> str:
    """The comity.toml of an operator whose facts these are."""
    controller, provider, volumes = facts["controller"], facts["provider"], facts["volumes"]
    evidence = [*facts["safeguards"], *provider["filings"], *provider["certifications"], *provider["mechanisms"]]
    lines = [
        'evidence = ["assessment:cn_pipia", "notice:cross_border_recipient"]',
        "[controller]", 'name = "Example Ltd"',
        f"established = {toml(controller['established'])}", f"us_person = {toml(controller['us_person'])}",
        "[service]", f"public = {toml(facts['service']['public'])}", f"placed_on_market = {facts['service']['placed_on_market']}",
        "[defaults]", f"legal_basis = {toml(facts['legal_basis'])}", f"task = {toml(facts['feature'])}",
        "[volumes]", f"cn_ytd_pi = {volumes['cn_ytd_pi']}", f"cn_ytd_spi = {volumes['cn_ytd_spi']}",
        "[volumes.us_12mo]", *(f"{name} = {count}" for name, count in volumes["us_12mo"].items()),
        "[server]", "port = 0",
        "[[deployments]]", f"id = {toml(provider['id'])}", f"evidence = {toml(evidence)}",
    ]  # fmt: skip
    if provider["kind"] == "on_device":
        lines += ['provider = "embedded"', f'model = "{SMALL}"']
    else:
        lines += [
            'provider = "self-hosted"', f'base_url = "{base}/v1"', 'model = "stand-in"', 'api_key = { env = "LAB_KEY" }',
            f"operator = {toml(provider['operator_region'])}", f"covered_person = {toml(provider['covered_person'])}",
            f"role = {toml(provider['role'])}", *(f"{name} = {toml(provider[name])}" for name in ("processing", "storage", "access")),
        ]  # fmt: skip
    return "\n".join(lines) + "\n"


def person(facts: dict[str, Any]) -> dict[str, str]:
    subject = facts["subject"]
    told = [f'location="{subject["location"]}"', f'residence="{subject["residence"]}"', f"age={subject['age']}"]
    told.append(f"consent=({' '.join(facts['consent'])})")
    if facts["data"]["collected_in"]:
        told.append(f'collected="{facts["data"]["collected_in"]}"')
    return {"comity-subject": ", ".join(told)}


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    folder = tmp_path_factory.mktemp("stand-in")
    with partner("stand-in", region=REGION, path="/v1", folder=folder, models=models_directory(PathsConfig()), model=SMALL) as process:
        yield process.wait_ready()


@pytest.fixture(scope="module")
def capture() -> Iterator[Capture | None]:
    try:
        opened = Capture.open()
    except OperatorError:
        yield None
        return
    with opened:
        yield opened


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_scenario(name: str, stand_in: Process, capture: Capture | None, tmp_path: Path) -> None:
    facts, expected = SCENARIOS[name]["facts"], SCENARIOS[name]["expected"]
    segments = capture.segments(stand_in.port) if capture is not None else 0
    requests = call(stand_in.base, "GET", "/_lab/received").json()["requests"] if capture is None else 0
    body = {"messages": [{"role": "user", "content": "Write one short greeting to ana@example.com"}], "max_tokens": 12, "temperature": 0}
    with gateway(tmp_path, configuration(facts, stand_in.base), environment={"LAB_KEY": LAB_KEY.format(region=REGION)}) as process:
        reply = ask(process.base, body, person(facts))
        bundle = call(process.base, "GET", f"/comity/v1/receipts/{reply.headers['comity-receipt']}").json()
    if expected["decision"] == "allow":
        assert reply.status == 200, reply.body
        assert reply.text().strip()
        assert set(expected["obligations"]) <= set(bundle["receipt"]["obligations"])
        assert not set(expected["must_not"]) & set(bundle["receipt"]["obligations"])
        on_device = facts["provider"]["kind"] == "on_device"
        assert reply.headers["comity-region"] == ("device" if on_device else ", ".join(facts["provider"]["processing"]))
        return
    assert reply.status == 451, reply.body
    decision = reply.json()["error"]["decision"]
    reasons = {reason["fact"] for row in decision["candidates"] for reason in row["reasons"]}
    assert reasons and reasons <= set(expected["reasons"])
    assert set(expected["remedies"]) <= set(decision["remedies"])
    if capture is None:
        assert call(stand_in.base, "GET", "/_lab/received").json()["requests"] == requests
        pytest.skip("packets could not be captured here (needs root on Linux); the partner's own count was held instead")
    assert capture.segments(stand_in.port) == segments, "something reached the denied partner"
