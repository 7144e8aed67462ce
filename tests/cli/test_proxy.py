# SPDX-License-Identifier: Apache-2.0
"""`comity proxy` before it listens: what it takes for a trust file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.live.sealed import TRUST
from tests.logs import MemoryLog


def trust(folder: Path, text: str = TRUST) -> str:
    pinned = MemoryLog().trust()
    path = folder / "trust.toml"
    path.write_text(text.format(log=pinned.log, witnesses=", ".join(f'"{each}"' for each in pinned.witnesses)), encoding="utf-8")
    return str(path)


def test_something_must_say_what_the_node_proves(cli: Cli) -> None:
    done = cli("--json", "proxy")
    assert done.code == 2 and done.error()["hint"] == "--trust FILE"
    assert cli("--json", "proxy", "--trust", "nothing.toml").error()["code"] == "config.unreadable"


def test_nothing_is_asked_in_clear(cli: Cli, tmp_path: Path) -> None:
    partner = TRUST.partition("[deployments.trust]")[0].replace('"node"', '"self-hosted"\nbase_url = "http://127.0.0.1:9/v1"')
    done = cli("--json", "proxy", "--no-device", "--trust", trust(tmp_path, partner))
    assert done.code == 3 and done.error()["code"] == "client.unsealed"


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ('"cn-assist"\nlog', '""\nlog', "trust.pool"),
        ("[deployments.trust]", "[deployments.trust]\nquorum = 1_000", "trust.quorum"),
        ('log = "', 'log = "x', "cn-node"),
    ],
)
def test_terms_that_nothing_meets(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, was: str, now: str, said: str) -> None:
    assert was in TRUST
    monkeypatch.setenv("NODE_KEY", "k")
    path = trust(tmp_path, TRUST.replace(was, now))
    done = cli("--json", "proxy", "--no-device", "--node", "https://relay.example/p", "--trust", path)
    assert done.code == 3 and said in done.err
    assert cli("--json", "check", path).code == 3  # the same is found without starting


def test_one_address_is_for_one_node(cli: Cli, tmp_path: Path) -> None:
    place = TRUST.partition("[[deployments]]")[2]
    two = TRUST + "[[deployments]]" + place.replace('"cn-node"', '"other"')
    done = cli("--json", "proxy", "--no-device", "--node", "https://relay.example/p", "--trust", trust(tmp_path, two))
    assert done.code == 3 and "2 deployments" in done.err
