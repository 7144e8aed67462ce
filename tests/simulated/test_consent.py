# SPDX-License-Identifier: Apache-2.0
"""Consent that is recorded or taken back while gateways run: the next decision knows on each of them, and what was decided is not sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from comity.accord.consent import Consent, Withdrawal, encoded, signed_form
from comity.accord.consents import kept
from comity.config import PacksConfig, SecretRef, ServiceConfig
from comity.config.schema import ConsentConfig, StorageConfig
from comity.errors import CallerError, OperatorError, PolicyDenied, ProviderFailure, StorageFailure
from comity.transparency.log_key import Place, Shared
from tests.simulated.worlds import BEIJING, CN, Sim, config, deployment, simulate

WHO = "u-81"
PERSON = {"Comity-Subject": f'id="{WHO}", location="CN", residence="CN", age=35'}
SECOND = deployment("qwen-second", CN, evidence=("processor_contract", "cn_genai"))


def made(**more: Any) -> Any:
    return config(BEIJING, SECOND, service=ServiceConfig(), consent=ConsentConfig(rests_on="records"), **more)


@pytest.fixture
async def sim(tmp_path: Path) -> AsyncIterator[Sim]:
    one = await simulate(made(), tmp_path)
    yield one
    await one.aclose()


def row(sim: Sim, record: Consent | Withdrawal) -> Any:
    return kept(record, b"s" * 32, sim.world.ledger.signed(signed_form(encoded(record))), 0)


async def grant(sim: Sim) -> Consent:
    now = sim.clock.now()
    record = Consent(
        id=sim.world.ledger.new_id(), person=sim.world.locator.pseudonym(WHO), consent="general", purposes=("assist",), categories=(),
        recipient="*", places=(), language="zh", text_sha256="a" * 64, by="self", guardian="", relation="", channel="app",
        at=int(now.timestamp()), valid_to=now.date(),
    )  # fmt: skip
    await sim.world.consenting.consents.grant(row(sim, record), "text", "zh")
    return record


async def withdraw(sim: Sim, record: Consent) -> None:
    at = int(sim.clock.now().timestamp())
    gone = Withdrawal(id=sim.world.ledger.new_id(), person=record.person, withdraws=record.id, channel="app", at=at)
    await sim.world.consenting.consents.withdraw(row(sim, gone), nothing)


def nothing() -> Any:
    yield from ()


async def passes(sim: Sim) -> bool:
    try:
        await sim.ask("x", PERSON)
    except PolicyDenied:
        return False
    return True


async def sooner_or_later(sim: Sim, passing: bool) -> None:
    """With SQLite at once, with PostgreSQL when the server has told."""
    async with asyncio.timeout(10):
        while await passes(sim) is not passing:  # noqa: ASYNC110 - another process tells
            await asyncio.sleep(0.02)


async def test_two_gateways_on_one_state_know_it_together(tmp_path: Path, place: Place) -> None:
    """On a server they have one log.  With a file for a state each has its own, and leans on no consent that another's key signed; what
    is taken back is so everywhere."""
    one, homes = made(), [tmp_path / "one", tmp_path / "two"]
    for home in homes:
        home.mkdir()
    if isinstance(place, Shared):
        for name, secret in (("url", place.url), ("key", place.key.hex())):
            (tmp_path / name).write_text(secret)
        both = StorageConfig(url=SecretRef(file=str(tmp_path / "url")), log_key=SecretRef(file=str(tmp_path / "key")))
        one = msgspec.structs.replace(one, storage=both)
    else:
        one = msgspec.structs.replace(one, paths=msgspec.structs.replace(one.paths, state=str(tmp_path / "shared.db")))
    here, there = [await simulate(one, home) for home in homes]
    try:
        assert not await passes(here) and not await passes(there)
        record = await grant(here)
        await sooner_or_later(here, True)
        await sooner_or_later(there, isinstance(place, Shared))
        await withdraw(there, record)
        await sooner_or_later(here, False)
        await sooner_or_later(there, False)
    finally:
        await here.aclose()
        await there.aclose()


async def test_what_is_taken_back_between_two_attempts_is_not_sent_again(sim: Sim) -> None:
    record = await grant(sim)
    first, second = sim.partners["qwen-beijing"], sim.partners["qwen-second"]
    first.failures = second.failures = [ProviderFailure("down", kind="status", retryable=True)]
    loop = asyncio.get_running_loop()
    taken: list[asyncio.Task[None]] = []
    for each in (first, second):
        each.before_send = lambda: taken.append(loop.create_task(withdraw(sim, record))) if not taken else None
    real = sim.world.ledger.finish

    async def finished(*args: Any) -> None:
        await asyncio.gather(*taken)
        await real(*args)

    sim.world.ledger.finish = finished  # type: ignore[method-assign]
    with pytest.raises((PolicyDenied, ProviderFailure)):
        await sim.ask("x", PERSON)
    assert len(first.received) + len(second.received) == 1


async def test_while_nobody_can_say_what_holds_nothing_is_sent(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    await grant(sim)
    assert await passes(sim)
    sent = sum(len(each.received) for each in sim.partners.values())

    def unreadable() -> Any:
        raise StorageFailure("the database cannot be read", code="storage.unavailable")

    monkeypatch.setattr(sim.world.consenting.consents._followed, "now", unreadable)
    with pytest.raises(StorageFailure):
        await sim.ask("x", PERSON)
    assert sum(len(each.received) for each in sim.partners.values()) == sent


PACK = 'id = "acme"\nname = "Acme"\nversion = "1.0.0"\ndepth = "tenant"\n'
RULES = """@id("acme.claimed") @owner("privacy@acme.example") @text("consent is on record, or is none")
forbid (principal, action == Action::"process", resource) when { context.consent_source == "claimed" };
"""


async def test_a_claim_is_told_from_a_record_and_a_tenant_may_refuse_it(tmp_path: Path) -> None:
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "pack.toml").write_text(PACK)
    (tmp_path / "acme" / "rules.cedar").write_text(RULES)
    on_record = made(packs=PacksConfig(extra=(str(tmp_path / "acme"),)))
    sim = await simulate(on_record, tmp_path)
    try:
        await grant(sim)
        assert await passes(sim)
    finally:
        await sim.aclose()
    sim = await simulate(msgspec.structs.replace(on_record, consent=ConsentConfig()), tmp_path)
    try:
        with pytest.raises(PolicyDenied) as denied:
            await sim.ask("x", {"Comity-Subject": PERSON["Comity-Subject"] + ", consent=(general)"})
        assert "acme.claimed" in {reason["rule"] for row in denied.value.decision["candidates"] for reason in row["reasons"]}
    finally:
        await sim.aclose()


async def test_a_default_claims_nothing_where_records_count(tmp_path: Path) -> None:
    one = made()
    subject = msgspec.structs.replace(one.defaults.subject, consent=frozenset({"general"}))
    with pytest.raises(OperatorError) as refused:
        await simulate(msgspec.structs.replace(one, defaults=msgspec.structs.replace(one.defaults, subject=subject)), tmp_path)
    assert refused.value.field == "defaults.subject.consent"


async def test_a_claim_that_no_record_bears_out_is_refused(sim: Sim) -> None:
    with pytest.raises(CallerError) as refused:
        await sim.ask("x", {"Comity-Subject": PERSON["Comity-Subject"] + ", consent=(general)"})
    assert refused.value.code == "consent.unrecorded" and "POST /comity/v1/consents" in refused.value.hint
