# SPDX-License-Identifier: Apache-2.0
"""Thresholds that are crossed while the gateway runs, and evidence that comes, expires and is withdrawn: the next decision knows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest

from comity.accord.checks import Review
from comity.accord.evidence import Entry, encode
from comity.config import ControllerConfig, SecretRef, ServiceConfig
from comity.config.schema import StorageConfig
from comity.errors import PolicyDenied
from comity.storage.open import open_database
from comity.storage.state import DATABASE, State
from comity.transparency.log_key import Place, Shared
from tests.simulated.worlds import BEIJING, VIRGINIA, FixedClock, Sim, config, simulate, subject, volumes

BOTH = "general separate_cross_border"
PRIVATE = ServiceConfig(public=False)


def person(number: int, consent: str = BOTH) -> dict[str, str]:
    return subject("CN", consent=consent, name=f"u-{number}")


async def reasons(sim: Sim, number: int) -> set[str]:
    """Empty when it was answered."""
    try:
        await sim.ask("x", person(number))
    except PolicyDenied as denied:
        return {reason["fact"] for row in denied.decision["candidates"] for reason in row["reasons"]}
    return set()


@pytest.fixture
async def near(tmp_path: Path) -> AsyncIterator[Sim]:
    """Three persons below 100,000, above which an export needs a mechanism."""
    sim = await simulate(config(VIRGINIA, service=PRIVATE, volumes=volumes(cn_ytd_pi=99_997)), tmp_path)
    yield sim
    await sim.aclose()


async def test_the_person_who_crosses_a_threshold_is_not_sent(near: Sim) -> None:
    assert [await reasons(near, number) for number in (1, 2)] == [set(), set()]
    assert await reasons(near, 3) == {"cn-pipl-38", "cn-cbdf-8"}
    assert len(near.partners["us-virginia"].received) == 2
    assert await reasons(near, 1) == set(), "who is counted already crosses nothing"
    assert near.world.standings.now().volumes.cn_ytd_pi < 100_000, "who was refused is not counted"


async def test_of_many_at_once_just_as_many_pass_as_the_law_lets(near: Sim) -> None:
    answers = await asyncio.gather(*(reasons(near, number) for number in range(20)))
    assert sum(not answer for answer in answers) == 2 == len(near.partners["us-virginia"].received)


async def test_who_says_nothing_of_who_they_are_counts_each_time(near: Sim) -> None:
    nobody = {"Comity-Subject": f'location="CN", age=35, consent=({BOTH})'}
    for _ in range(2):
        await near.ask("x", nobody)
    with pytest.raises(PolicyDenied):
        await near.ask("x", nobody)


async def test_a_restart_forgets_nobody_and_a_new_year_everybody(tmp_path: Path) -> None:
    made = config(VIRGINIA, service=PRIVATE, volumes=volumes(cn_ytd_pi=99_998))
    clock = FixedClock(datetime(2026, 12, 31, 12, tzinfo=UTC))
    sim = await simulate(made, tmp_path, clock=clock)
    assert await reasons(sim, 1) == set()
    await sim.aclose()
    sim = await simulate(made, tmp_path, clock=clock)
    try:
        assert await reasons(sim, 1) == set() and await reasons(sim, 2) != set()
        clock.advance(hours=5)  # new year in Shanghai, not yet here
        assert await reasons(sim, 2) == set() and await reasons(sim, 3) != set()
    finally:
        await sim.aclose()
    held = b"".join(path.read_bytes() for path in tmp_path.glob(f"{DATABASE}*"))
    assert b"year+8:2026" not in held and b"u-1" not in held


async def test_two_gateways_on_one_state_count_together(tmp_path: Path, place: Place) -> None:
    made = config(VIRGINIA, service=PRIVATE, volumes=volumes(cn_ytd_pi=99_997))
    if isinstance(place, Shared):
        for name, secret in (("url", place.url), ("key", place.key.hex())):
            (tmp_path / name).write_text(secret)
        shared = StorageConfig(url=SecretRef(file=str(tmp_path / "url")), log_key=SecretRef(file=str(tmp_path / "key")))
        made = msgspec.structs.replace(made, storage=shared)
    else:
        made = msgspec.structs.replace(made, paths=msgspec.structs.replace(made.paths, state=str(tmp_path / "shared.db")))
    homes = [tmp_path / "one", tmp_path / "two"]
    for home in homes:
        home.mkdir()
    sims = [await simulate(made, home) for home in homes]
    try:
        assert await reasons(sims[0], 1) == await reasons(sims[1], 1) == await reasons(sims[1], 2) == set()
        answers = await asyncio.gather(*(reasons(sims[number % 2], number) for number in range(3, 23)))
        assert all(answers) and sum(len(sim.partners["us-virginia"].received) for sim in sims) == 3
    finally:
        for sim in sims:
            await sim.aclose()


async def test_kinds_of_data_are_counted_apart_and_their_sum_decides(tmp_path: Path) -> None:
    controller = ControllerConfig(name="Example", established=frozenset({"US"}), us_person=True)
    sim = await simulate(config(BEIJING, controller=controller, volumes=volumes(covered_identifiers=99_999)), tmp_path)
    try:
        assert await reasons(sim, 1) == set()
        assert await reasons(sim, 2) == {"us-doj-401"}
    finally:
        await sim.aclose()


async def test_without_evidence_the_allow_is_void_and_with_it_it_stands(tmp_path: Path) -> None:
    sim = await simulate(config(VIRGINIA, service=PRIVATE, evidence=("notice:cross_border_recipient",)), tmp_path)
    office = await State.open(await open_database(tmp_path / DATABASE, "state", seconds_max=5.0))
    try:
        with pytest.raises(PolicyDenied) as denied:
            await sim.ask("x", person(1))
        assert denied.value.decision["remedies"] == ["assessment:cn_pipia"]
        assert sim.world.standings.now().volumes.cn_ytd_pi == 0, "who was refused is not counted"
        entry = Entry(
            kind="assessment:cn_pipia", document_sha256="a" * 64, scope="us-virginia", approver="DPO", at=sim.clock.now(),
            valid_to=date(2026, 11, 24),
        )  # fmt: skip
        number = await office.add(encode(entry))
        assert await reasons(sim, 1) == set()
        sim.clock.advance(days=2)
        assert await reasons(sim, 1) != set(), "it has expired"
        sim.clock.advance(days=-2)
        assert await reasons(sim, 1) == set()
        await office.add(encode(Entry(withdraws=number, approver="DPO", at=sim.clock.now())))
        assert await reasons(sim, 1) != set(), "it was withdrawn"
    finally:
        await office.aclose()
        await sim.aclose()


async def test_a_decision_that_is_kept_does_not_outlive_the_last_day_of_its_evidence(tmp_path: Path) -> None:
    clock = FixedClock(datetime(2026, 11, 23, 9, tzinfo=UTC))
    sim = await simulate(config(VIRGINIA, service=PRIVATE, evidence_check_required=True), tmp_path, clock=clock)
    office = await State.open(await open_database(tmp_path / DATABASE, "state", seconds_max=5.0))
    owed = ("notice:cross_border_recipient", "assessment:cn_pipia", "processor_contract")
    review = Review(of="all of it", on=date(2026, 11, 20), by="B. Auditor", role="auditor")
    last, sent = date(2026, 11, 23), sim.partners["us-virginia"].received

    def entry(kind: str, check: Review | None = review) -> bytes:
        return encode(Entry(kind=kind, document_sha256="a" * 64, approver="DPO", at=sim.clock.now(), valid_to=last, check=check))

    try:
        for kind in owed:
            await office.add(entry(kind, None))
        assert await reasons(sim, 1) != set(), "what has no check does not count"
        for kind in owed:
            await office.add(entry(kind))
        assert await reasons(sim, 1) == set()
        sim.clock.at = datetime(2026, 11, 23, 23, 59, 59, 999_999, tzinfo=UTC)
        assert await reasons(sim, 1) == await reasons(sim, 1) == set() and len(sent) == 3
        sim.clock.at = datetime(2026, 11, 24, tzinfo=UTC)
        assert await reasons(sim, 1) != set() and len(sent) == 3
        sim.clock.at = datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC)
        assert await reasons(sim, 1) == set(), "the day alone made the difference"
    finally:
        await office.aclose()
        await sim.aclose()


async def test_evidence_of_one_deployment_says_nothing_of_another(tmp_path: Path) -> None:
    second = msgspec.structs.replace(VIRGINIA, id="us-ohio")
    sim = await simulate(config(VIRGINIA, second, service=PRIVATE, volumes=volumes(cn_ytd_pi=150_000)), tmp_path)
    office = await State.open(await open_database(tmp_path / DATABASE, "state", seconds_max=5.0))
    try:
        assert await reasons(sim, 1) != set()
        entry = Entry(kind="cac_scc", document_sha256="a" * 64, scope="us-ohio", approver="DPO", at=sim.clock.now())
        await office.add(encode(entry))
        assert await reasons(sim, 1) == set()
        assert len(sim.partners["us-ohio"].received) == 1 and not sim.partners["us-virginia"].received
    finally:
        await office.aclose()
        await sim.aclose()


async def test_a_state_that_is_gone_sends_nothing(tmp_path: Path) -> None:
    from comity.errors import StorageFailure

    sim = await simulate(config(VIRGINIA, service=PRIVATE), tmp_path)
    try:
        (tmp_path / DATABASE).unlink()
        with pytest.raises(StorageFailure):
            await sim.ask("x", person(1))
        assert not sim.partners["us-virginia"].received
    finally:
        await sim.aclose()
