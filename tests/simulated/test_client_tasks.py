# SPDX-License-Identifier: Apache-2.0
"""`client.tasks`, with and without `await`: the same front door in process; results, values, availability and errors as objects."""

from __future__ import annotations

import inspect
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from comity.errors import CallerError, NoAnswer, PolicyDenied
from comity.gateway.library.client import AsyncClient, Client, Engine
from comity.gateway.library.tasks import Tasks
from comity.tasks.registry import TASKS
from comity.tasks.shapes import Refused, RegionalOnly, Result
from tests.simulated.worlds import BEIJING, VIRGINIA, EchoPartner, config

TEXT = "The council met on Tuesday and voted 7 to 2 to close the old bridge until March for repairs that cost 1.4 million euros. " * 2
GOOD = "The council closed the old bridge until March."
CN = 'location="CN", residence="CN", age=35, consent=(general)'


class Vote(msgspec.Struct):
    what: str
    until: str
    price: float | None = None


def engine(home: Path, *deployments: Any, said: str = GOOD) -> Engine:
    partners = {each.id: EchoPartner(answer=lambda _: said) for each in deployments}
    return Engine(config(*deployments), home, partners)  # type: ignore[arg-type]


@pytest.fixture
async def client(home: Path) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(subject=CN, _engine=engine(home, BEIJING)) as made:
        yield made


async def test_a_result(client: AsyncClient) -> None:
    done = await client.tasks.summarise(text=TEXT, language="en")
    assert isinstance(done, Result) and done.value == GOOD and done.served_by is not None and done.receipt
    receipt = await client.receipts.last()
    assert receipt["own"]["receipt"]["id"] == done.receipt


async def test_values_are_of_their_own_types(home: Path) -> None:
    said = json.dumps({"what": "close the old bridge", "until": "March", "price": None})
    async with AsyncClient(subject=CN, _engine=engine(home, BEIJING, said=said)) as client:
        found = await client.tasks.extract(text=TEXT, language="en", schema=Vote)
        assert found.value.fields == Vote(what="close the old bridge", until="March") and found.value.marked == ()
        as_json = await client.tasks.extract(text=TEXT, language="en", schema=msgspec.json.schema(Vote))
        assert as_json.value.fields == {"what": "close the old bridge", "until": "March", "price": None}


async def test_a_pydantic_model_is_a_schema_too(home: Path) -> None:
    pydantic = pytest.importorskip("pydantic")
    shape = pydantic.create_model("Vote", what=(str, ...), until=(str, ...))
    async with AsyncClient(subject=CN, _engine=engine(home, BEIJING, said='{"what": "old bridge", "until": "March"}')) as client:
        found = await client.tasks.extract(text=TEXT, language="en", schema=shape)
        assert isinstance(found.value.fields, shape) and found.value.fields.until == "March"


async def test_what_abstains_and_what_must_not(home: Path) -> None:
    async with AsyncClient(subject=CN, _engine=engine(home, BEIJING, said="市议会决定关闭旧桥。")) as client:
        done = await client.tasks.summarise(text=TEXT, language="en")
        assert done.abstained and done.value is None and done.why == "gate_failed"
        with pytest.raises(NoAnswer) as raised:
            await client.tasks.summarise(text=TEXT, language="en", must=True)
        assert raised.value.code == "task.gate_failed" and raised.value.steps


async def test_errors_are_those_of_this_package(client: AsyncClient) -> None:
    for wrong in (client.tasks.run("sumarise", text="x"), client.tasks.translate(text=TEXT, language="en", to="en")):
        with pytest.raises(CallerError):
            await wrong
    with pytest.raises(CallerError) as raised:
        await client.tasks.summarise(text=TEXT, colour="red")
    assert raised.value.field == "colour"


async def test_what_the_law_denies(home: Path) -> None:
    async with AsyncClient(subject=CN, _engine=engine(home, VIRGINIA)) as client:
        with pytest.raises(PolicyDenied) as raised:
            await client.tasks.summarise(text=TEXT, language="en")
        assert raised.value.status == 451 and raised.value.decision["candidates"]
        had = await client.tasks.availability("summarise", language="en")
        assert isinstance(had, Refused) and had.citation


def test_the_same_without_await(home: Path) -> None:
    with Client(subject=CN, _engine=engine(home, BEIJING)) as client:
        assert client.tasks.summarise(text=TEXT, language="en").value == GOOD
        had = client.tasks.availability("summarise", language="en")
        assert isinstance(had, RegionalOnly) and had.deployments == ("qwen-beijing",)
        other = client.with_options(subject='location="US"')
        assert isinstance(other.tasks.availability("translate", to="zh"), RegionalOnly | Refused)


def test_every_text_task_is_a_method_with_the_members_of_its_input() -> None:
    from comity.tasks.registry import input_of

    for name, entry in TASKS.items():
        parameters = inspect.signature(getattr(Tasks, name)).parameters
        members, known = set(parameters) - {"self", "how"}, input_of(name)
        if entry.module.startswith("comity.tasks.text."):
            assert members == set(known.__struct_fields__), name
        needed = {field.name for field in msgspec.structs.fields(known) if field.required}
        assert needed <= members <= set(known.__struct_fields__), name
        assert needed == {each for each in members if parameters[each].default is inspect.Parameter.empty}, name


async def test_an_empty_member_is_sent_as_it_is(client: AsyncClient) -> None:
    with pytest.raises(CallerError, match="the text is empty"):
        await client.tasks.summarise(text="")
    with pytest.raises(CallerError, match="empty or too large"):
        await client.tasks.transcribe(file=b"")
