# SPDX-License-Identifier: Apache-2.0
"""A device with a sealed node among its places: the seven steps as they are, and `comity.Client` over them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import comity
from comity.config import Config, DeploymentConfig, RoutingConfig
from comity.errors import CallerError, OperatorError, PolicyDenied, ProviderFailure, TrustFailure
from comity.gateway.library.client import Engine
from comity.gateway.pipeline import Pipeline
from comity.gateway.world import build
from comity.ports import SystemRandom, SystemSecrets
from comity.providers.base import Provider
from comity.storage.database import Database
from comity.storage.open import open_database
from comity.transparency import rows
from comity.transparency.verify import verify
from tests.fakes import FakeClock
from tests.nodes import Node
from tests.simulated.worlds import BEIJING, DEVICE, EchoPartner, Sim, config, deployment, subject

PHONE = "13812345678"


@pytest.fixture
def node(clock: FakeClock) -> Node:
    return Node(clock)


@pytest.fixture
async def seen(tmp_path: Path) -> AsyncIterator[Database]:
    made = await open_database(tmp_path / "seen.db", "state", seconds_max=5)
    yield made
    await made.aclose()


def sealed(node: Node, **more: Any) -> DeploymentConfig:
    place = deployment("cn-node", frozenset({"CN"}), evidence=("processor_contract", "cn_genai"), **more)
    return msgspec.structs.replace(place, provider="node", base_url="https://relay.example/cn-assist", trust=node.trust(), model="")


async def simulated(node: Node, seen: Database, home: Path, *others: DeploymentConfig, **more: Any) -> Sim:
    made = config(sealed(node), *others, **more)
    partners = {each.id: EchoPartner() for each in others}
    providers: dict[str, Provider] = {**partners, "cn-node": node.client(seen)[0]}  # type: ignore[dict-item]
    world = await build(made, home=home, clock=node.clock, random=SystemRandom(), secrets=SystemSecrets(), providers=providers)
    return Sim(world=world, partners=partners, clock=node.clock, pipeline=Pipeline(world))  # type: ignore[arg-type]


# -- the seven steps -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True])
async def test_a_sealed_answer_is_recorded_with_the_node_s_receipt_beside_our_own(
    node: Node, seen: Database, home: Path, stream: bool
) -> None:
    sim = await simulated(node, seen, home)
    try:
        said, served = await sim.ask(f"电话{PHONE}", subject("CN"), stream=stream)
        assert said.startswith(f"电话{PHONE}")
        assert PHONE.encode() not in node.asked[0][1]  # the node, too, gets a stand-in
        record = await sim.world.ledger.database.read(lambda: rows.one(served.receipt.id))
        assert record.receipt["node"] and record.outcome is not None and record.outcome["status"] == "ok"
        theirs = record.outcome["received"]["receipt"]
        assert theirs["node"] == record.receipt["node"] and theirs["sealed"] == record.outcome["sealed"]
        assert record.receipt["plaintext_at"] == "upstream" and record.receipt["destination"] == ["CN"]
        verify(record.outcome["received"], vkey=node.signer.verifier.vkey)
        verify(await sim.world.ledger.bundle(served.receipt.id), vkey=sim.world.ledger.vkey)
    finally:
        await sim.aclose()


@pytest.mark.parametrize("hedge", [False, True])
async def test_where_a_node_fails_its_proof_no_other_lawful_place_is_asked(node: Node, seen: Database, home: Path, hedge: bool) -> None:
    settings = RoutingConfig(hedge=hedge, hedge_after_ms=60_000 if hedge else 0)
    sim = await simulated(node, seen, home, BEIJING, routing=settings)
    try:
        node.proves = lambda raw: node.log.prove(raw, node.clock.now(), witnesses=1)
        with pytest.raises(TrustFailure) as raised:
            await sim.ask("x", subject("CN"))
        assert raised.value.step == "witnesses" and raised.value.status == 502 and raised.value.exit_code == 5
        assert not sim.partners["qwen-beijing"].received and not node.asked and b"/comity/v1/sealed" not in node.seen
        (record,) = await sim.world.ledger.database.read(lambda: rows.tail(5))
        assert record.outcome is not None and record.outcome["status"] == "trust.witnesses"
        assert record.receipt["node"] == "" and record.receipt["plaintext_at"] == "none" and "sealed" not in record.outcome
    finally:
        await sim.aclose()


async def test_a_cut_answer_is_an_error_of_its_record_too(node: Node, seen: Database, home: Path) -> None:
    sim = await simulated(node, seen, home, BEIJING)
    try:
        node.edit_answer = lambda pieces: pieces[:-1]
        with pytest.raises(TrustFailure) as raised:
            await sim.ask("x" * 500, subject("CN"), stream=True)
        assert raised.value.step == "truncated" and not sim.partners["qwen-beijing"].received
        (record,) = await sim.world.ledger.database.read(lambda: rows.tail(5))
        assert record.outcome is not None and record.outcome["status"] == "trust.truncated"
        assert record.outcome["sealed"] and "received" not in record.outcome
    finally:
        await sim.aclose()


async def test_where_no_node_answers_the_next_lawful_place_is_asked(node: Node, seen: Database, home: Path) -> None:
    """That it is not there is no proof that fails."""
    sim = await simulated(node, seen, home, BEIJING)
    try:
        node.edit_document = lambda document: document | {"proofs": []}
        _, served = await sim.ask("x", subject("CN"))
        assert served.receipt.deployment == "qwen-beijing"
    finally:
        await sim.aclose()


# -- the client ------------------------------------------------------------------------------------------------------


def client_of(made: Config, home: Path, providers: dict[str, Provider], **more: Any) -> comity.AsyncClient:
    return comity.AsyncClient(_engine=Engine(made, home, providers), **more)


@pytest.fixture
async def client(node: Node, seen: Database, home: Path) -> AsyncIterator[comity.AsyncClient]:
    made = client_of(config(sealed(node)), home, {"cn-node": node.client(seen)[0]}, subject='location="CN", consent=(general)')
    yield made
    await made.close()


@pytest.fixture
def clock() -> FakeClock:
    """A client goes by this machine's clock, so the node does too."""
    from comity.ports import SystemClock

    return FakeClock(SystemClock().now())


async def test_it_answers_in_the_shape_of_openai_s_sdk(client: comity.AsyncClient) -> None:
    answer = await client.chat.completions.create(model="auto", messages=[{"role": "user", "content": f"tel {PHONE}"}])
    assert answer.choices[0].message.content.startswith(f"tel {PHONE}") and answer.choices[0].message.tool_calls is None
    assert answer.usage.prompt_tokens == 3 and answer["object"] == "chat.completion" and answer.model_dump()["id"] == "x"
    assert answer.comity["comity-region"] == "CN" and PHONE not in repr(answer)
    with pytest.raises(AttributeError):
        _ = answer.choises
    assert [model.id for model in await client.models.list()] == ["auto", "cn-node"]


async def test_a_stream_comes_as_it_is_said_and_its_receipts_are_there_once_it_ended(client: comity.AsyncClient) -> None:
    said = ""
    async with await client.chat.completions.create(messages=[{"role": "user", "content": "in pieces"}], stream=True) as stream:
        async for chunk in stream:
            for choice in chunk.choices:
                said += choice.delta.content or ""
    assert said.startswith("in pieces")
    receipts = await client.receipts.last()
    assert receipts["own"]["receipt"]["id"] == stream.comity["comity-receipt"]
    assert receipts["node"]["receipt"]["sealed"] == receipts["sealed"]


async def test_a_stream_that_is_left_is_recorded(client: comity.AsyncClient, node: Node) -> None:
    stream = await client.chat.completions.create(messages=[{"role": "user", "content": "long " * 200}], stream=True)
    await anext(stream)
    await stream.close()
    receipts = await client.receipts.last()
    assert receipts["sealed"] and receipts["node"] is None


async def test_errors_are_this_package_s(client: comity.AsyncClient, node: Node) -> None:
    with pytest.raises(CallerError) as caller:
        await client.chat.completions.create(messages=[{"role": "user", "content": "x"}], temprature=1)
    assert caller.value.code == "request.unknown_field" and caller.value.status == 400
    with pytest.raises(PolicyDenied) as denied:
        await client.with_options(subject='location="BR"').chat.completions.create(messages=[{"role": "user", "content": "x"}])
    assert denied.value.decision["effect"] in ("deny", "escalate") and denied.value.receipt
    node.edit_answer = lambda pieces: pieces[:3]
    with pytest.raises(TrustFailure) as cut:
        async for _ in await client.chat.completions.create(messages=[{"role": "user", "content": "y" * 900}], stream=True):
            pass
    assert cut.value.step == "truncated"
    with pytest.raises(CallerError, match="header"):
        client.with_options(subject="a\nb")


async def test_what_stays_here_has_a_receipt_that_says_so(node: Node, seen: Database, home: Path) -> None:
    class Here(EchoPartner):
        pass

    made = client_of(config(DEVICE, sealed(node)), home, {"device": Here(), "cn-node": node.client(seen)[0]})  # type: ignore[dict-item]
    async with made as client:
        await client.chat.completions.create(messages=[{"role": "user", "content": "x"}], extra_headers={"Comity-Subject": 'location="CN"'})
        receipts = await client.receipts.last()
    own = receipts["own"]["receipt"]
    assert (own["plaintext_at"], own["destination"], own["node"], own["sealed"]) == ("device", [], "", "")
    assert receipts["node"] is None and receipts["sealed"] == "" and not node.seen


async def test_many_at_once_share_one_gateway(client: comity.AsyncClient) -> None:
    answers = await asyncio.gather(*(client.chat.completions.create(messages=[{"role": "user", "content": str(n)}]) for n in range(16)))
    assert [answer.choices[0].message.content.split()[0] for answer in answers] == [str(n) for n in range(16)]


def test_without_await(home: Path) -> None:
    partner: Any = EchoPartner()
    person = 'location="CN", consent=(general)'
    with comity.Client(_engine=Engine(config(BEIJING), home, {"qwen-beijing": partner}), subject=person) as client:
        answer = client.chat.completions.create(messages=[{"role": "user", "content": "hello"}])
        assert answer.choices[0].message.content.startswith("hello")
        with client.with_options(task="writing_assistant").chat.completions.create(
            messages=[{"role": "user", "content": "bit by bit"}], stream=True
        ) as stream:
            assert "".join(choice.delta.content or "" for chunk in stream for choice in chunk.choices).startswith("bit by bit")
        left = client.chat.completions.create(messages=[{"role": "user", "content": "long " * 500}], stream=True)
        next(left)
        left.close()
        assert client.last_receipt["own"]["receipt"]["deployment"] == "qwen-beijing"
        with pytest.raises(CallerError):
            client.embeddings.create(input="x")
    with pytest.raises(OperatorError, match="closed"):
        client.models.list()


def test_a_sealed_client_takes_no_place_that_would_be_asked_in_clear(tmp_path: Path) -> None:
    with pytest.raises(OperatorError) as raised:
        comity.AsyncClient(config=config(BEIJING), home=tmp_path)
    assert raised.value.code == "client.unsealed"
    comity.AsyncClient(config=config(BEIJING), home=tmp_path, sealed=False)
    with pytest.raises(OperatorError, match="prove"):
        comity.AsyncClient(base_url="https://relay.example/cn-assist", home=tmp_path)


async def test_a_node_that_is_not_there_is_a_failure_of_a_provider(node: Node, seen: Database, home: Path) -> None:
    node.edit_document = lambda document: document | {"proofs": []}
    async with client_of(
        config(sealed(node)), home, {"cn-node": node.client(seen)[0]}, subject='location="CN", consent=(general)'
    ) as client:
        with pytest.raises(ProviderFailure) as raised:
            await client.chat.completions.create(messages=[{"role": "user", "content": "x"}])
    assert raised.value.attempts
