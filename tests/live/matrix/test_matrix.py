# SPDX-License-Identifier: Apache-2.0
"""Front door x dialect x feature: each cell is asked by the door's own client, through a real gateway, of a partner played from its
documentation.  What a dialect cannot carry is refused before anything is sent.  The page in the docs is written from the same table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import openai
import pytest

from comity.lab.process import Process, call
from comity.lab.simulators.serve import LAB_KEY
from comity.lab.worlds import simulator
from comity.providers.catalog.dialects import features
from tests.live.matrix.callers import Caller, Chat, Messages, Responses
from tests.live.matrix.cases import CASES, PHONE, Case
from tests.live.matrix.page import PAGE, page
from tests.live.matrix.partners import HEAD, PARTNERS, Partner
from tests.live.places import gateway
from tests.simulated.worlds import subject


@pytest.fixture(scope="module")
def simulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Process]]:
    folder: Path = tmp_path_factory.mktemp("simulators")
    with ExitStack() as stack:
        made = {
            each.name: stack.enter_context(simulator(each.name, dialect=each.simulator, region=each.region, folder=folder))
            for each in PARTNERS
        }
        for process in made.values():
            process.wait_ready()
        yield made


@pytest.fixture(scope="module")
def base(simulators: dict[str, Process], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    config = HEAD + "".join(each.deployment(simulators[each.name].base) for each in PARTNERS)
    keys = {each.variable: each.key.format(key=LAB_KEY.format(region=each.region)) for each in PARTNERS}
    with gateway(tmp_path_factory.mktemp("matrix"), config, environment=keys) as process:
        yield process.base


@pytest.fixture(scope="module")
def callers(base: str) -> Iterator[dict[tuple[str, str], Caller]]:
    """By door, and by where the person is."""
    import anthropic

    made: dict[tuple[str, str], Caller] = {}
    with ExitStack() as stack:
        for person in {each.subject for each in PARTNERS}:
            headers = subject(person)
            client = stack.enter_context(openai.OpenAI(base_url=base + "/v1", api_key="none", default_headers=headers, max_retries=0))
            other = stack.enter_context(anthropic.Anthropic(base_url=base, api_key="none", default_headers=headers, max_retries=0))
            for caller in (Chat(client), Responses(client), Messages(other)):
                made[caller.name, person] = caller
        yield made


def received(process: Process) -> list[object]:
    found: list[object] = call(process.base, "GET", "/_lab/received").json()["received"]
    return found


CELLS = [(each, partner, door) for each in CASES for partner in PARTNERS for door in each.doors]


@pytest.mark.parametrize(
    ("asked", "partner", "door"), CELLS, ids=[f"{door}-{partner.name}-{each.feature}" for each, partner, door in CELLS]
)
def test_nothing_is_lost_on_the_way_and_back(
    asked: Case, partner: Partner, door: str, callers: dict[tuple[str, str], Caller], simulators: dict[str, Process]
) -> None:
    caller, process = callers[door, partner.subject], simulators[partner.name]
    before = len(received(process))
    if asked.needs <= features(partner.dialect)["chat"] and asked.needs & {"image", "audio", "file"} <= set(partner.inputs):
        got = caller.ask(partner.name, asked.question, stream=asked.stream)
        sent = json.dumps(received(process)[-1], ensure_ascii=False)
        assert asked.came(got), got
        assert asked.arrived(sent), sent[:2000]
        assert not asked.hidden or PHONE not in sent
        assert len(received(process)) > before or before == len(received(process)) > 0
    else:
        with pytest.raises(Exception, match=r"cannot carry|takes no") as raised:
            caller.ask(partner.name, asked.question, stream=asked.stream)
        assert getattr(raised.value, "status_code", 0) == 400
        assert len(received(process)) == before, "refused, and yet it was sent"


FAULTS: dict[str, dict[str, object]] = {
    "cut": {"kind": "cut", "at": 700},
    "broken off by the partner": {"kind": "break"},
    "malformed": {"kind": "malformed"},
}
BROKEN = [(door, partner, fault) for door in ("chat", "responses", "messages") for partner in PARTNERS for fault in FAULTS]


@pytest.mark.parametrize(("door", "partner", "fault"), BROKEN, ids=[f"{door}-{partner.name}-{fault}" for door, partner, fault in BROKEN])
def test_a_broken_stream_is_an_error_to_the_doors_own_client(
    door: str, partner: Partner, fault: str, callers: dict[tuple[str, str], Caller], simulators: dict[str, Process]
) -> None:
    """Never a short answer that looks whole, whichever dialect broke and whichever client reads."""
    process = simulators[partner.name]
    assert call(process.base, "POST", "/_lab/faults", json.dumps({"faults": [FAULTS[fault]]}).encode()).status == 200
    try:
        ended = callers[door, partner.subject].broken(partner.name, "Tell me a long story of the sea, please, with ships and whales in it.")
    finally:
        left = call(process.base, "GET", "/_lab/faults").json()["faults"]
        call(process.base, "DELETE", "/_lab/faults")
    assert left == [], "the fault struck nothing"
    assert "provider." in ended, ended


def test_the_page_is_written_from_the_same_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.live.matrix.page"
