# SPDX-License-Identifier: Apache-2.0
"""The seven steps on the real law, ledger and guard; what reached a partner is asked of the partner itself."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from comity.config import ControllerConfig, ServiceConfig
from comity.errors import CallerError, PolicyDenied, ProviderFailure, StorageFailure, TrustFailure
from comity.transparency.verify import verify
from tests.simulated.worlds import (
    BEIJING,
    DEVICE,
    FRANKFURT,
    VIRGINIA,
    Sim,
    config,
    deployment,
    simulate,
    subject,
    volumes,
)  # fmt: skip

PHONE, EMAIL, ID_CARD, CARD, SECRET = (
    "13812345678", "zhang.wei@example.cn", "11010519491231002X", "4111111111111111", "sk-abcdefghijklmnopqrstuvwxyz123456",
)  # fmt: skip
SEPARATE = "general separate_sensitive separate_cross_border"


@pytest.fixture
async def sim(home: Path) -> AsyncIterator[Sim]:
    made = await simulate(config(BEIJING, FRANKFURT, VIRGINIA), home)
    yield made
    await made.aclose()


async def test_where_the_law_allows_it_is_answered_recorded_and_receipted(sim: Sim) -> None:
    said, served = await sim.ask("你好", subject("CN"))
    assert said.startswith("你好")
    assert served.receipt.deployment == "qwen-beijing" and served.receipt.destination == ("CN",)
    bundle = await sim.world.ledger.bundle(served.receipt.id)
    assert verify(bundle, vkey=sim.world.ledger.vkey)


async def test_a_denied_place_gets_nothing_and_the_refusal_has_a_receipt(sim: Sim) -> None:
    with pytest.raises(PolicyDenied) as raised:
        await sim.ask("你好", subject("CN"), model="us-virginia")
    denied = raised.value
    assert denied.status == 451 and denied.exit_code == 4
    rows = denied.decision["candidates"]
    assert isinstance(rows, list) and rows[0]["effect"] == "deny" and rows[0]["reasons"] and denied.decision["remedies"]
    assert not any(partner.received for partner in sim.partners.values())
    verify(await sim.world.ledger.bundle(denied.receipt), vkey=sim.world.ledger.vkey)


async def test_the_place_of_the_person_changes_the_route(sim: Sim) -> None:
    _, in_shanghai = await sim.ask("x", subject("CN"))
    _, in_berlin = await sim.ask("x", subject("DE", "CN"))
    assert in_shanghai.receipt.deployment == "qwen-beijing"
    assert in_berlin.receipt.deployment == "eu-frankfurt"


@pytest.mark.parametrize("stream", [False, True])
async def test_what_is_personal_never_arrives_and_comes_back(sim: Sim, stream: bool) -> None:
    text = f"电话{PHONE}，邮箱 {EMAIL}，身份证{ID_CARD}，卡号 {CARD}，密钥 {SECRET}。"
    said, _ = await sim.ask(text, subject("CN", consent=SEPARATE), stream=stream)
    arrived = sim.partners["qwen-beijing"].bytes_received().decode()
    assert sim.partners["qwen-beijing"].received
    for original in (PHONE, EMAIL, ID_CARD, CARD, SECRET):
        assert original not in arrived
    assert said.startswith(text)


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_from_the_mainland_is_labelled(sim: Sim, stream: bool) -> None:
    said, served = await sim.ask("请写一句话", subject("CN"), stream=stream)
    assert said.endswith("（本内容由人工智能生成）")
    assert (b"comity-label", b"explicit, implicit") in served.headers


async def test_a_json_answer_stays_valid_and_is_labelled_beside(sim: Sim) -> None:
    served = await sim.pipeline.run(
        sim.call({"messages": [{"role": "user", "content": '{"a":1}'}], "response_format": {"type": "json_object"}}, subject("CN"))
    )
    body = json.loads((await served.whole()).body)
    await served.close()
    assert json.loads(body["choices"][0]["message"]["content"]) == {"a": 1}
    assert body["AIGC"]["Label"] == "1" and body["AIGC"]["ProduceID"] == served.receipt.id


async def test_nothing_is_sent_when_the_record_cannot_be_written(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise StorageFailure("the record cannot be written")

    monkeypatch.setattr(sim.world.ledger, "record", broken)
    with pytest.raises(StorageFailure) as raised:
        await sim.ask("x", subject("CN"))
    assert raised.value.status == 503
    assert not any(partner.received for partner in sim.partners.values())


async def test_the_decision_is_durable_before_the_partner_is_asked(sim: Sim, home: Path) -> None:
    import sqlite3

    seen: list[int] = []

    def look() -> None:  # another connection sees only what is committed
        with sqlite3.connect(f"file:{home / 'comity.db'}?mode=ro", uri=True) as db:
            seen.append(db.execute("select count(*) from records").fetchone()[0])
        db.close()

    sim.partners["qwen-beijing"].before_send = look
    await sim.ask("x", subject("CN"))
    assert seen == [1]


async def test_a_failing_partner_falls_over_to_another_lawful_place_only(home: Path) -> None:
    second = deployment("second-beijing", frozenset({"CN"}), evidence=("processor_contract", "cn_genai"))
    sim = await simulate(config(BEIJING, VIRGINIA, second, FRANKFURT), home)
    try:
        sim.partners["qwen-beijing"].failures.append(ProviderFailure("gone", kind="connect"))
        _, served = await sim.ask("x", subject("CN"))
        assert served.receipt.deployment == "second-beijing"
        for name in ("qwen-beijing", "second-beijing"):
            sim.partners[name].failures += [ProviderFailure("gone", kind="connect"), ProviderFailure("gone", kind="connect")]
        with pytest.raises(ProviderFailure) as raised:
            await sim.ask("x", subject("CN"))
        assert "qwen-beijing" in str(raised.value) and "second-beijing" in str(raised.value)
        assert not sim.partners["us-virginia"].received and not sim.partners["eu-frankfurt"].received
    finally:
        await sim.aclose()


async def test_a_trust_failure_asks_nobody_else(home: Path) -> None:
    second = deployment("second-beijing", frozenset({"CN"}), evidence=("processor_contract", "cn_genai"))
    sim = await simulate(config(BEIJING, second), home)
    try:
        sim.partners["qwen-beijing"].failures.append(TrustFailure("its key is not the pinned one", step="key"))
        with pytest.raises(TrustFailure):
            await sim.ask("x", subject("CN"))
        assert not sim.partners["second-beijing"].received
    finally:
        await sim.aclose()


async def test_a_cut_stream_is_an_error_never_a_short_answer(sim: Sim) -> None:
    sim.partners["qwen-beijing"].cut = True
    with pytest.raises(ProviderFailure):
        await sim.ask("x" * 100, subject("CN"), stream=True)
    assert all(answer.closed for answer in sim.partners["qwen-beijing"].answers)


async def test_records_hold_no_content_and_no_raw_subject(sim: Sim, home: Path) -> None:
    text = f"a rare sentence about zebras, {EMAIL}, {PHONE}"
    await sim.ask(text, subject("CN", name="person-4711"))
    with pytest.raises(PolicyDenied):
        await sim.ask(text, subject("CN", name="person-4711"), model="us-virginia")
    await sim.world.ledger.checkpoint()
    kept = b"".join(each.read_bytes() for each in home.rglob("*") if each.is_file())
    for needle in ("zebras", EMAIL, PHONE, "person-4711"):
        assert needle.encode() not in kept


async def test_scenarios_cn_12_and_x_03_by_declared_volumes(home: Path, tmp_path: Path) -> None:
    internal = config(
        VIRGINIA, service=ServiceConfig(public=False), volumes=volumes(cn_ytd_pi=150_000),
    )  # fmt: skip
    sim = await simulate(internal, home)
    try:
        with pytest.raises(PolicyDenied) as raised:
            await sim.ask("x", subject("CN", consent="general separate_cross_border"))
        assert {reason["fact"] for reason in raised.value.decision["candidates"][0]["reasons"]} <= {"cn-pipl-38", "cn-cbdf-8"}
    finally:
        await sim.aclose()
    bulk = config(
        BEIJING, volumes=volumes(covered_identifiers=150_000),
        controller=ControllerConfig(name="Example", established=frozenset({"US"}), us_person=True),
    )  # fmt: skip
    second = tmp_path / "second"
    second.mkdir()
    sim = await simulate(bulk, second)
    try:
        with pytest.raises(PolicyDenied) as raised:
            await sim.ask("x", subject("CN", "US"))
        assert {reason["fact"] for reason in raised.value.decision["candidates"][0]["reasons"]} == {"us-doj-401"}
        assert not sim.partners["qwen-beijing"].received
    finally:
        await sim.aclose()


async def test_the_device_obeys_the_law_too(home: Path, tmp_path: Path) -> None:
    """cn-02: offered to the public without a filing it is denied; on one's own machine it is not a public service."""
    import msgspec

    unfiled = msgspec.structs.replace(DEVICE, evidence=())
    sim = await simulate(config(unfiled), home)
    try:
        with pytest.raises(PolicyDenied):
            await sim.ask("x", subject("CN"))
    finally:
        await sim.aclose()
    second = tmp_path / "second"
    second.mkdir()
    sim = await simulate(config(unfiled, service=ServiceConfig(public=False), evidence=()), second)
    try:
        _, served = await sim.ask("x", subject("CN"))
        assert served.receipt.destination == ()
    finally:
        await sim.aclose()


async def test_without_a_place_only_the_own_device_answers(home: Path) -> None:
    sim = await simulate(config(DEVICE, FRANKFURT, service=ServiceConfig(public=False), evidence=()), home)
    try:
        _, served = await sim.ask("x")
        assert served.receipt.deployment == "device"
        with pytest.raises(PolicyDenied):
            await sim.ask("x", model="eu-frankfurt")
        assert not sim.partners["eu-frankfurt"].received
    finally:
        await sim.aclose()


async def test_an_unknown_model_is_named(sim: Sim) -> None:
    with pytest.raises(CallerError) as raised:
        await sim.ask("x", subject("CN"), model="gpt-nonexistent")
    assert raised.value.status == 404 and raised.value.field == "model"
