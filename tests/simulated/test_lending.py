# SPDX-License-Identifier: Apache-2.0
"""Whose stand-ins a request leaves with: its own, or those of its conversation, for as long as that is kept."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from threading import get_ident
from typing import Any

import pytest

from comity.config import PrivacyConfig
from comity.privacy.finder import Proposal
from comity.privacy.guard import Guard
from comity.privacy.recognizers.base import LIKELY
from tests.simulated.worlds import BEIJING, FixedClock, Sim, config, simulate, subject

PHONE, OTHER = "13812345678", "13987654321"
TOKEN = re.compile(r"PHONE_\d+_[A-Z0-9]{5}")
FIRST = {"role": "user", "content": f"我的电话是{PHONE}"}
Make = Callable[[PrivacyConfig], Any]


@pytest.fixture
async def make(home: Path) -> AsyncIterator[Make]:
    made: list[Sim] = []

    async def one(privacy: PrivacyConfig) -> Sim:
        made.append(await simulate(config(BEIJING, privacy=privacy), home, clock=FixedClock()))
        return made[-1]

    yield one
    for sim in made:
        await sim.aclose()


async def say(sim: Sim, headers: Mapping[str, str], *messages: dict[str, Any]) -> tuple[str, list[str]]:
    """What the caller reads, and the tokens that arrived at the partner."""
    served = await sim.pipeline.run(sim.call({"messages": list(messages), "stream": True}, headers))
    try:
        body = b"".join([piece async for piece in served.stream()])
    finally:
        await served.close()
    arrived = sim.partners["qwen-beijing"].received[-1]
    return body.decode(), TOKEN.findall(repr(arrived))


def later(*more: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    return (FIRST, {"role": "assistant", "content": f"好的，{PHONE}"}, *more, {"role": "user", "content": f"另一个是{OTHER}，还有{PHONE}"})


async def test_unless_it_is_configured_each_request_has_stand_ins_of_its_own(make: Make) -> None:
    sim = await make(PrivacyConfig())
    _, first = await say(sim, subject("CN"), FIRST)
    _, second = await say(sim, subject("CN"), *later())
    assert first[0] != second[0] and second[0] == second[1] == second[3] != second[2]


async def test_a_conversation_begins_for_the_partner_as_it_began(make: Make) -> None:
    sim = await make(PrivacyConfig(conversation_seconds_max=60))
    _, first = await say(sim, subject("CN"), FIRST)
    said, second = await say(sim, subject("CN"), *later())
    assert second[0] == first[0] and len(set(second)) == 2 and len({token[-5:] for token in second}) == 1
    assert OTHER in said and PHONE in said


async def test_another_person_another_caller_and_another_beginning_share_nothing(make: Make) -> None:
    sim = await make(PrivacyConfig(conversation_seconds_max=60))
    _, mine = await say(sim, subject("CN"), FIRST)
    _, theirs = await say(sim, subject("CN", name="u-82"), FIRST)
    _, begun = await say(sim, subject("CN"), {"role": "system", "content": "简短"}, FIRST)
    assert len({mine[0], theirs[0], begun[0]}) == 3


async def test_who_is_not_named_has_no_conversation(make: Make) -> None:
    sim = await make(PrivacyConfig(conversation_seconds_max=60))
    nameless = {"Comity-Subject": 'location="CN", residence="CN", age=35, consent=(general)'}
    tokens = [(await say(sim, nameless, FIRST))[1][0] for _ in range(2)]
    assert tokens[0] != tokens[1]


async def test_an_idle_conversation_is_erased(make: Make) -> None:
    sim = await make(PrivacyConfig(conversation_seconds_max=60))
    _, first = await say(sim, subject("CN"), FIRST)
    sim.clock.advance(seconds=59)
    _, still = await say(sim, subject("CN"), FIRST)
    sim.clock.advance(seconds=61)
    _, anew = await say(sim, subject("CN"), FIRST)
    assert first == still and first[0] != anew[0]


@pytest.mark.parametrize("stream", [False, True])
async def test_surrogates_leave_where_they_are_configured_and_originals_come_back(make: Make, stream: bool) -> None:
    sim = await make(PrivacyConfig(pseudonyms="surrogates"))
    text = f"电话{PHONE}，邮箱 zhang.wei@corp.example.cn，卡号 4111 1111 1111 1111。"
    said, _ = await sim.ask(text, subject("CN", consent="general separate_sensitive"), stream=stream)
    arrived = sim.partners["qwen-beijing"].bytes_received().decode()
    assert said.startswith(text)
    assert not any(original in arrived for original in (PHONE, "zhang.wei", "4111")) and "@example." in arrived
    assert not TOKEN.search(arrived)


async def test_whatever_breaks_the_vault_is_given_back(make: Make) -> None:
    sim = await make(PrivacyConfig(conversation_seconds_max=60))

    def broken() -> None:
        raise RuntimeError("a bug")

    sim.partners["qwen-beijing"].before_send = broken
    with pytest.raises(RuntimeError):
        await say(sim, subject("CN"), FIRST)
    kept = sim.world.lending._kept
    assert len(kept) == 1
    sim.clock.advance(seconds=61)
    assert kept.sweep() == 1, "a vault that is still lent would stay for good"


async def test_a_model_is_asked_beside_the_loop(make: Make) -> None:
    asked: list[int] = []

    class Model:
        name = "model"

        def find(self, text: str) -> list[Proposal]:
            asked.append(get_ident())
            return [Proposal(0, 2, "PERSON", "name", LIKELY)]

    sim = await make(PrivacyConfig())
    world = dataclasses.replace(sim.world, guard=Guard("balanced", [Model()]))
    found = await world.inspect(["张伟在家"])
    assert found.types == {"PERSON"} and asked and get_ident() not in asked
    assert (await sim.world.inspect([PHONE])).types == {"PHONE"}
