# SPDX-License-Identifier: Apache-2.0
"""What a running gateway does when the ground moves: the record cannot be written, the port is taken, the caller leaves."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from comity.lab.process import ask, call
from tests.live.places import BEIJING, EchoPartner, gateway
from tests.simulated.worlds import subject

GOOD = {"messages": [{"role": "user", "content": "hello"}]}


@pytest.mark.parametrize("stream", [False, True])
def test_a_database_that_is_gone_stops_all_sending_and_its_return_starts_it_again(tmp_path: Path, stream: bool) -> None:
    with EchoPartner() as partner, gateway(tmp_path, BEIJING.format(base=partner.base)) as process:
        assert ask(process.base, GOOD, subject("CN")).status == 200
        home = tmp_path / "gateway"
        hidden = tmp_path / "hidden"
        hidden.mkdir()
        moved = [path for path in home.iterdir() if path.name.startswith("comity.db")]
        for path in moved:
            path.rename(hidden / path.name)
        sent = len(partner.bodies)
        refused = ask(process.base, {**GOOD, "stream": stream}, subject("CN"))
        assert refused.status == 503 and refused.json()["error"]["code"].startswith("storage.")
        assert len(partner.bodies) == sent, "sent without a record"
        assert call(process.base, "GET", "/readyz").status == 503
        assert call(process.base, "GET", "/healthz").status == 200
        for path in moved:
            (hidden / path.name).rename(home / path.name)
        assert ask(process.base, GOOD, subject("CN")).status == 200


def test_a_read_only_database_refuses_at_the_start(tmp_path: Path) -> None:
    """As root a mode does not hold, so the file is made immutable by being a directory's: what matters is one clear error."""
    home = tmp_path / "gateway"
    home.mkdir(mode=0o700)
    (home / "comity.db").mkdir()
    config = tmp_path / "comity.toml"
    config.write_text(BEIJING.format(base="http://127.0.0.1:9"), encoding="utf-8")
    done = up(config, home)
    assert done.returncode == 1 and "error[storage." in done.stderr and "Traceback" not in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes through a read-only mode")
def test_a_home_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    home = tmp_path / "gateway"
    home.mkdir(mode=stat.S_IRUSR | stat.S_IXUSR)
    config = tmp_path / "comity.toml"
    config.write_text(BEIJING.format(base="http://127.0.0.1:9"), encoding="utf-8")
    done = up(config, home)
    assert done.returncode == 1 and "Traceback" not in done.stderr


def test_a_port_in_use_is_named_with_another(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        config = tmp_path / "comity.toml"
        config.write_text(
            BEIJING.format(base="http://127.0.0.1:9").replace("port = 0", f"port = {taken.getsockname()[1]}"), encoding="utf-8"
        )
        done = up(config, tmp_path / "home")
    assert done.returncode == 1 and "error[server.port_in_use]" in done.stderr and "hint:" in done.stderr


def test_a_second_gateway_on_one_home_is_refused(tmp_path: Path) -> None:
    with EchoPartner() as partner, gateway(tmp_path, BEIJING.format(base=partner.base)) as process:
        done = up(tmp_path / "gateway.toml", tmp_path / "gateway")
        assert done.returncode == 1 and "error[home.in_use]" in done.stderr
        assert ask(process.base, GOOD, subject("CN")).status == 200


def test_a_caller_who_leaves_frees_the_gateway_and_is_recorded(tmp_path: Path) -> None:
    with EchoPartner() as partner, gateway(tmp_path, BEIJING.format(base=partner.base)) as process:
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", process.port)) as caller:
                caller.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 5000\r\n\r\n{")
        assert ask(process.base, GOOD, subject("CN")).status == 200
        looks = (call(process.base, "GET", "/metrics").body.decode() for _ in range(2000))
        assert any("comity_in_flight 1\n" in text for text in looks)  # the look itself, once the answered one is recorded


def up(config: Path, home: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "comity.cli.main", "--config", str(config), "--home", str(home), "up"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
