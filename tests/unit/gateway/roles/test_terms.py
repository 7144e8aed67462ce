# SPDX-License-Identifier: Apache-2.0
"""What a node promises in its entry is what its own configuration and record come to."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from comity.config import BatchConfig, Config
from comity.gateway.roles.terms import terms_of
from comity.transparency.entry import NodeEntry, encoded
from comity.transparency.note import Signer
from comity.wire.batch import HOURS_MAX
from tests.logs import node_entry
from tests.sealing import NODE
from tests.simulated.worlds import BEIJING, FixedClock, config, simulate


async def terms(made: Config, home: Path) -> tuple[NodeEntry, str]:
    sim = await simulate(msgspec.structs.replace(made, node=NODE), home, clock=FixedClock())
    try:
        return terms_of(sim.world, NODE), sim.world.ledger.vkey
    finally:
        await sim.aclose()


async def test_its_receipts_are_of_its_own_record(home: Path) -> None:
    said, vkey = await terms(config(BEIJING), home)
    assert said.receipts == vkey


async def test_how_long_it_keeps_what(home: Path) -> None:
    """Records without end, since a law names the least; content as long as a batch may wait, and its files then stay."""
    made = config(BEIJING)
    said, _ = await terms(made, home)
    assert (said.retention_months, said.content_seconds_max) == (None, HOURS_MAX * 3600 + 604_800)
    privacy = msgspec.structs.replace(made.privacy, conversation_seconds_max=1_000_000.5)
    said, _ = await terms(msgspec.structs.replace(made, batch=BatchConfig(keep_seconds=3600), privacy=privacy), home)
    assert said.content_seconds_max == 1_000_001
    said, _ = await terms(msgspec.structs.replace(made, batch=BatchConfig(keep_seconds=3600)), home)
    assert said.content_seconds_max == HOURS_MAX * 3600 + 3600


@pytest.mark.parametrize("vkey", ["", "receipts.example/log", Signer("receipts.example/log", b"r" * 32).verifier.vkey[:-1]])
def test_an_entry_without_a_log_s_key_is_none(vkey: str) -> None:
    with pytest.raises(ValueError, match="verifier key"):
        encoded(node_entry(receipts=vkey))
