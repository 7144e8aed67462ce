# SPDX-License-Identifier: Apache-2.0
"""What `/metrics` says, read by Prometheus' own parser, after requests whose outcome is known."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from comity.errors import ProviderFailure
from comity.gateway.app import App
from comity.gateway.metrics import SECONDS, Counter, Histogram, Metrics
from tests.simulated.worlds import BEIJING, FRANKFURT, VIRGINIA, Sim, config, simulate, subject

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def read(text: str) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


class Door:
    def __init__(self, sim: Sim) -> None:
        self.sim, self.app = sim, App(sim.world)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://127.0.0.1:8484")

    async def ask(self, **more: Any) -> int:
        body = json.dumps({"messages": [{"role": "user", "content": "hello, 13812345678"}], **more}).encode()
        return (await self.http.post("/v1/chat/completions", content=body, headers=subject("CN"))).status_code

    async def metrics(self) -> Samples:
        answer = await self.http.get("/metrics")
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        return read(answer.text)


@pytest.fixture
async def door(home: Path) -> AsyncIterator[Door]:
    sim = await simulate(config(BEIJING, FRANKFURT, VIRGINIA), home)
    made = Door(sim)
    yield made
    await made.http.aclose()
    await sim.aclose()


async def test_attempts_outcomes_tokens_and_steps_are_counted_by_place(door: Door) -> None:
    assert [await door.ask(), await door.ask(), await door.ask(model="us-virginia")] == [200, 200, 451]
    door.sim.partners["qwen-beijing"].failures.append(
        ProviderFailure("no", kind="refused", retryable=False, upstream_status=400, status=400)
    )
    assert await door.ask() == 502
    found = await door.metrics()
    place = ("deployment", "qwen-beijing")
    assert found["comity_attempts_total", (place,)] == 3
    assert found["comity_attempts_in_flight", (place,)] == 0
    assert found["comity_attempt_outcomes_total", (("code", "ok"), place)] == 2
    assert found["comity_attempt_outcomes_total", (("code", "provider.failed"), place)] == 1
    assert found["comity_tokens_total", (place, ("direction", "in"))] == 6
    assert found["comity_tokens_total", (place, ("direction", "out"))] == 8
    assert found["comity_attempt_first_byte_seconds_count", (place,)] == 2
    assert found["comity_attempt_seconds_count", (place,)] == 3
    assert found["comity_attempt_seconds_bucket", (place, ("le", "+Inf"))] == 3
    steps = {labels[0][1]: count for (name, labels), count in found.items() if name == "comity_steps_total"}
    assert steps == {"locate": 4, "inspect": 4, "decide": 4, "plan": 4, "record": 3, "protect": 3, "send": 2}
    assert not any("us-virginia" in str(labels) for name, labels in found if "attempt" in name), "a denied place is never asked"


async def test_a_caller_who_leaves_and_a_cut_stream_end_their_attempt(door: Door) -> None:
    door.sim.partners["qwen-beijing"].cut = True
    assert await door.ask(stream=True) == 200
    found = await door.metrics()
    assert found["comity_attempts_in_flight", (("deployment", "qwen-beijing"),)] == 0
    assert sum(value for (name, _), value in found.items() if name == "comity_attempt_outcomes_total") == 1


async def test_breakers_the_writer_and_the_process_are_told_as_they_are(door: Door) -> None:
    await door.ask()
    found = await door.metrics()
    states = {dict(labels)["deployment"]: dict(labels)["state"] for (name, labels) in found if name == "comity_breaker_state"}
    assert states == dict.fromkeys(("qwen-beijing", "eu-frankfurt", "us-virginia"), "closed")
    log = (("database", "log"),)
    assert found["comity_writer_waiting", log] == 0
    assert found["comity_writer_jobs_total", log] >= found["comity_writer_groups_total", log] >= 2
    assert found["process_resident_memory_bytes", ()] > 10_000_000 and found["process_open_fds", ()] > 3
    assert found["process_cpu_seconds_total", ()] > 0
    assert [labels for name, labels in found if name == "comity_build_info"]


def test_every_family_says_what_it_is_once() -> None:
    text = Metrics().text().decode()
    names = [line.split()[2] for line in text.splitlines() if line.startswith("# HELP")]
    assert len(names) == len(set(names)) and names == [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
    assert {family.name for family in text_string_to_metric_families(text)} == {name.removesuffix("_total") for name in names}


@pytest.mark.parametrize("odd", ['a"b', "a\\b", "a\nb", "ü，"])
def test_no_value_of_a_label_breaks_the_text(odd: str) -> None:
    counter = Counter("odd_total", "odd", "label")
    counter[(odd,)] += 1
    assert read("\n".join(counter.text()) + "\n") == {("odd_total", (("label", odd),)): 1}


def test_a_histogram_counts_up_to_each_bound() -> None:
    histogram = Histogram("spent", "spent")
    for seconds in (0.0, SECONDS[0], SECONDS[0] * 1.01, 59.0, 61.0):
        histogram.add(seconds)
    found = read("\n".join(histogram.text()) + "\n")
    assert found["spent_bucket", (("le", "0.001"),)] == 2 and found["spent_bucket", (("le", "0.0025"),)] == 3
    assert found["spent_bucket", (("le", "60.0"),)] == 4 and found["spent_bucket", (("le", "+Inf"),)] == found["spent_count", ()] == 5
