# SPDX-License-Identifier: Apache-2.0
"""`comity node recover`: a node's log after a loss, taken back from what it published."""

from __future__ import annotations

import asyncio
from pathlib import Path

from comity.config.file import parse_config
from comity.gateway.roles.nodelog import NodeLog
from comity.ports import SystemRandom, SystemSecrets
from tests.cli.conftest import Cli

CONFIG = '[node]\npool = "cn"\nregion = "CN"\n[[deployments]]\nid = "device"\nprovider = "embedded"\n'


async def logged(home: Path, entries: list[bytes]) -> tuple[int, bytes | None]:
    config = parse_config(CONFIG, "x")
    assert config.node is not None
    log = await NodeLog.open(config, config.node, home=home, random=SystemRandom(), secrets=SystemSecrets())
    try:
        await log.append(entries)
        size = (await log.publish()).size
        assert "index 0\n" in await log.proof(0)
        assert await log.file("tile/../../nodelog.key") is None
        return size, await log.file("checkpoint")
    finally:
        await log.aclose()


def test_what_was_lost_is_taken_back(cli: Cli, home: Path, tmp_path: Path) -> None:
    (tmp_path / "comity.toml").write_text(CONFIG)
    size, checkpoint = asyncio.run(logged(home, [b"one", b"two"]))
    assert size == 2 and checkpoint is not None
    for file in home.glob("nodelog.db*"):
        file.unlink()
    done = cli("--home", home, "node", "recover")
    assert (done.code, done.out) == (0, "2 entries were taken back from what is published\n")
    assert cli("--home", home, "--json", "node", "recover").json() == {"recovered": 0}
    assert asyncio.run(logged(home, [b"three"]))[0] == 3


def test_another_story_is_not_gone_on_with(cli: Cli, home: Path, tmp_path: Path) -> None:
    (tmp_path / "comity.toml").write_text(CONFIG)
    asyncio.run(logged(home, [b"one", b"two"]))
    (home / "nodelog" / "tile" / "entries" / "000.p" / "2").write_bytes(b"\0\3one\0\3six")
    for file in home.glob("nodelog.db*"):
        file.unlink()
    cli("--home", home, "node", "recover").refused(5, "trust.log")
