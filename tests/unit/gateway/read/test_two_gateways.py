# SPDX-License-Identifier: Apache-2.0
"""Two gateways on one PostgreSQL database: each reads what both recorded, and tells it as it happens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from comity.cli.main import main
from comity.config import Config, SecretRef
from comity.config.schema import StorageConfig
from comity.gateway.read import hub
from tests.simulated.worlds import BEIJING, FRANKFURT, VIRGINIA, config
from tests.unit.gateway.read.conftest import Reading, reading_of
from tests.unit.gateway.read.test_decisions import ids
from tests.unit.gateway.read.test_events import Listening, heard, settled


@pytest.fixture
def shared(postgres_url: str, tmp_path: Path) -> Config:
    (tmp_path / "url").write_text(postgres_url)
    (tmp_path / "key").write_text("6b" * 32)
    storage = StorageConfig(url=SecretRef(file=str(tmp_path / "url")), log_key=SecretRef(file=str(tmp_path / "key")))
    return config(BEIJING, FRANKFURT, VIRGINIA, storage=storage)


@pytest.fixture
async def two(shared: Config, tmp_path: Path) -> AsyncIterator[list[Reading]]:
    made = [await reading_of(shared, tmp_path / name) for name in ("one", "other")]
    yield made
    for each in made:
        await each.aclose()


async def asked(two: list[Reading], count: int) -> list[str]:
    receipts = []
    for at in range(count):
        for each in two:
            each.sim.clock.advance(seconds=1)
        answer = await two[at % 2].ask(model="us-virginia" if at % 3 == 2 else "auto")
        receipts.append(answer.headers["comity-receipt"])
    return receipts


async def test_each_reads_what_both_recorded(two: list[Reading]) -> None:
    receipts = await asked(two, 7)
    for each in two:
        assert await ids(each, limit=2) == receipts[::-1]
        assert await ids(each, limit=2, effect="deny") == [receipts[5], receipts[2]]
        assert await ids(each, **{"from": "2026-11-23T12:00:03Z", "to": "2026-11-23T12:00:05Z"}) == [receipts[3], receipts[2]]
        found = await each.get(f"decisions/{receipts[1]}")
        assert found["attempts"] == [found["decision"]] and found["candidates"][0]["obligations"]
        assert found == await each.get("decisions/1")
        flows = await each.get("reports/flows")
        assert flows["records"] == 7 and sum(row["records"] for row in flows["rows"]) == 7
        assert (await each.get("log"))["size"] == 7
        assert await each.refused("decisions/none") == (404, "receipt.unknown", None)
    assert await two[0].get("log") == await two[1].get("log")


async def test_each_tells_what_the_other_recorded(two: list[Reading], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "POLL_SECONDS", 0.01)
    async with heard(two[0], Listening()) as one, heard(two[1], Listening()) as other:
        for each in two:
            await settled(each)
        receipts = await asked(two, 6)
        for listener in (one, other):
            await listener.until(lambda listener=listener: len(listener.told()) >= 6)  # type: ignore[misc]
            assert [event["data"]["id"] for event in listener.told()] == receipts
            assert [event["id"] for event in listener.told()] == [str(place) for place in range(6)]


async def test_the_command_line_reads_it_too(two: list[Reading], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    receipts = await asked(two, 4)
    file = tmp_path / "comity.toml"
    file.write_text(f'[storage]\nurl = {{ file = "{tmp_path / "url"}" }}\nlog_key = {{ file = "{tmp_path / "key"}" }}\n')

    async def ran(*words: str) -> str:
        assert await asyncio.to_thread(main, ["--config", str(file), "--home", str(tmp_path / "third"), *words]) == 0
        return capsys.readouterr().out

    rows = [json.loads(line) for line in (await ran("records", "export")).splitlines()]
    assert [row["id"] for row in rows] == receipts
    assert len((await ran("records", "export", "--after", "1")).splitlines()) == 2
    assert receipts[2] in await ran("records", "list", "--where", "effect=deny")
    assert json.loads(await ran("--json", "records", "show", "last"))["decision"]["id"] == receipts[3]
