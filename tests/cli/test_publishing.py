# SPDX-License-Identifier: Apache-2.0
"""A gateway that publishes its record's log while it answers: what anybody can then check, and what the tiles say of nobody."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from comity.config import PublishConfig
from comity.gateway.publishing import Publishing
from comity.lab.process import ask
from comity.ports import SystemRandom
from comity.transparency.ledger import Ledger
from comity.transparency.note import parse_checkpoint, parse_note
from comity.transparency.receipt import Receipt
from tests.cli.conftest import Cli
from tests.cli.test_witness import keys_of, witness
from tests.fakes import FakeClock
from tests.live.places import BEIJING, EchoPartner, gateway
from tests.simulated.worlds import subject

LOOKS_MAX = 1200
PUBLISH = """
[publish]
store = "{store}"
seconds = 1.0
fill = 16
quorum = 1
witnesses = [{{ url = "{url}", key = "{key}" }}]
"""
MARK = "hello 13812345678"


def size_of(checkpoint: Path) -> int:
    if not checkpoint.exists():
        return 0
    return parse_checkpoint(parse_note(checkpoint.read_text(encoding="utf-8"))[0]).size


def published(checkpoint: Path, size: int) -> int:
    """Once it shows so many."""
    for _ in range(LOOKS_MAX):
        if size_of(checkpoint) >= size:
            return size_of(checkpoint)
        threading.Event().wait(0.05)
    raise AssertionError("it was never published")


def test_a_gateway_publishes_its_log_and_anybody_can_check_it(cli: Cli, tmp_path: Path) -> None:
    store, config = tmp_path / "tiles", tmp_path / "key.toml"
    config.write_text("")
    with EchoPartner() as partner:
        text = BEIJING.format(base=partner.base)
        with gateway(tmp_path, text) as process:  # the log is there, and with it its key
            ask(process.base, {"messages": [{"role": "user", "content": MARK}]}, subject("CN"))
        vkey = cli("--config", config, "--home", tmp_path / "gateway", "--json", "log", "key").json()["vkey"]
        with witness(tmp_path, 0, vkey=vkey) as seen:
            key = keys_of(cli, tmp_path, 0)[0]
            with gateway(tmp_path, text + PUBLISH.format(store=store, url=seen.base, key=key)) as process:
                assert published(store / "checkpoint", 1) == 16
                for _ in range(20):
                    reply = ask(process.base, {"messages": [{"role": "user", "content": MARK}]}, subject("CN"))
                    assert reply.status == 200
                size = published(store / "checkpoint", 36)
    assert size % 16 == 0
    checked = cli("--json", "log", "verify", store, "--vkey", vkey, "--witness", key).json()
    assert (checked["size"], list(checked["witnessed"])) == (size_of(store / "checkpoint"), ["witness.example/0"])
    for file in store.rglob("*"):
        if file.is_file():
            assert MARK.encode() not in file.read_bytes() and b"qwen" not in file.read_bytes()


async def logged(caplog: pytest.LogCaptureFixture, words: str) -> None:
    for _ in range(LOOKS_MAX):
        if words in caplog.text:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"`{words}` was never said")


async def test_a_store_that_fails_is_tried_again_and_a_log_that_was_changed_is_published_no_more(
    home: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = await Ledger.open(home, clock=FakeClock(), random=SystemRandom(), record_seconds_max=10)
    made = Receipt(id=ledger.new_id(), at="2026-11-23T12:00Z", issuer=ledger.origin, key=ledger.key_id, effect="deny")
    await ledger.record(made, request_id="r", subject=None, facts=b"{}", decision=b"{}")
    store = tmp_path / "tiles"
    store.write_text("a file stands where the folder should be")
    publishing = Publishing(PublishConfig(store=str(store), seconds=0.01), ledger)
    publishing.start()
    await logged(caplog, "it is tried again")
    store.unlink()
    await asyncio.to_thread(published, store / "checkpoint", 256)
    (store / "tile/1/000.p/1").write_bytes(bytes(32))
    await logged(caplog, "published no more: trust.log")
    await publishing.aclose()
    await ledger.aclose()


async def test_a_gateway_that_publishes_nothing_does_nothing() -> None:
    publishing = Publishing(PublishConfig(), None)  # type: ignore[arg-type]
    publishing.start()
    await publishing.aclose()
