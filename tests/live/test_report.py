# SPDX-License-Identifier: Apache-2.0
"""Reports of the sealed path, a process for each role: the device's and the operator's agree, and what one leaves out the other shows."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import openai
import pytest

from comity.lab.process import Process
from comity.transparency.rows import DATABASE
from tests.live.sealed import Roles, proxy, sealed_path
from tests.reports import members
from tests.simulated.worlds import subject

TEXT = "请回复 zhang.wei@example.cn，电话 13812345678，谢谢"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reported")


@pytest.fixture(scope="module")
def path(folder: Path) -> Iterator[Roles]:
    with sealed_path(folder) as made:
        yield made


@pytest.fixture(scope="module")
def device(folder: Path, path: Roles) -> Iterator[Process]:
    """After three questions, of which one was answered as a stream and one was refused by the device's own law."""
    with proxy(folder, path) as made, openai.OpenAI(base_url=made.base + "/v1", api_key="none", max_retries=0) as client:
        here, away = client.with_options(default_headers=subject("CN")), client.with_options(default_headers=subject("BR"))
        here.chat.completions.create(model="auto", messages=[{"role": "user", "content": TEXT}])
        with here.chat.completions.create(model="auto", messages=[{"role": "user", "content": TEXT}], stream=True) as stream:
            assert [chunk for chunk in stream]
        with pytest.raises(openai.APIStatusError):
            away.chat.completions.create(model="auto", messages=[{"role": "user", "content": TEXT}])
        for _ in range(200):  # an outcome is recorded once the caller has it all
            with closing(sqlite3.connect(folder / "device" / DATABASE)) as db:
                if db.execute("SELECT count(*) FROM outcomes").fetchone()[0] == 2:
                    break
            threading.Event().wait(0.05)
        yield made


def comity(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "comity", *map(str, words)], capture_output=True, text=True, timeout=60, check=False)


def told(*words: object) -> Any:
    done = comity("--json", *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def reports(folder: Path, device: Process) -> tuple[Path, Path]:
    """Beside the gateways that run."""
    mine, theirs = folder / "mine.zip", folder / "theirs.zip"
    assert told("--home", folder / "device", "report", "--subject", "u-81", "--out", mine)["receipts"] == 3
    assert told("--home", folder / "node", "--config", folder / "node.toml", "report", "--everything", "--out", theirs)["receipts"] == 2
    return mine, theirs


def test_the_person_s_report_shows_what_the_node_received(reports: tuple[Path, Path], path: Roles, folder: Path) -> None:
    mine, _ = reports
    keys = [word for home in ("device", "node") for word in ("--vkey", comity("--home", folder / home, "log", "key").stdout.strip())]
    found = told("audit", mine, *keys, "--trust", path.trust)
    assert found["effects"] == {"left": 2, "stayed": 0, "refused": 1} and found["received"] == {"receipts": 2, "keys_pinned": True}
    assert found["nodes"] == {"named": 1, "proved": 1, "missing": []} and found["key_pinned"]
    everything = b"".join(members(mine.read_bytes()).values())
    for word in ("13812345678", "zhang.wei", "谢谢", "u-81"):
        assert word.encode() not in everything


def test_the_operator_s_report_proves_its_own_node(reports: tuple[Path, Path], path: Roles) -> None:
    found = told("audit", reports[1], "--trust", path.trust)
    assert found["about"] == "home" and found["gaps"] == [] and found["nodes"]["proved"] == 1


def test_nothing_is_left_out_until_it_is(reports: tuple[Path, Path], folder: Path, tmp_path: Path) -> None:
    mine, theirs = reports
    assert comity("audit", mine, "--against", theirs).returncode == 0
    with closing(sqlite3.connect(folder / "node" / DATABASE)) as db:
        names = [row[0] for row in db.execute("SELECT subject FROM records ORDER BY idx")]
    assert len(set(names)) == 1 and names[0]  # the node knows the person by a name of its own
    known = told("--home", folder / "device", "report", "--subject", "u-81", "--out", tmp_path / "again.zip")["known_as"]
    asked = ("--home", folder / "node", "--config", folder / "node.toml", "report", "--subject", known["cn-assist"])
    assert told(*asked, "--out", tmp_path / "named.zip")["receipts"] == 2  # which the device can tell
    assert comity("audit", mine, "--against", tmp_path / "named.zip").returncode == 0
    with closing(sqlite3.connect(folder / "node" / DATABASE)) as db, db:
        db.execute("UPDATE records SET subject = ? WHERE idx = 0", ("cc" * 16,))
    less = tmp_path / "less.zip"
    told("--home", folder / "node", "--config", folder / "node.toml", "report", "--pseudonym", names[0], "--out", less)
    done = comity("audit", mine, "--against", less)
    assert done.returncode == 5 and "trust.omission" in done.stderr


def test_the_node_erases_and_goes_on(reports: tuple[Path, Path], folder: Path, device: Process) -> None:
    """Beside the running node: what a law of the mainland keeps stays, and a dry run says so."""
    with closing(sqlite3.connect(folder / "node" / DATABASE)) as db:
        (name,) = db.execute("SELECT subject FROM records WHERE idx = 1").fetchone()
    found = told("--home", folder / "node", "--config", folder / "node.toml", "records", "erase", "--pseudonym", name)
    assert found["records"] == 0 and found["held"] >= 1
    with openai.OpenAI(base_url=device.base + "/v1", api_key="none", max_retries=0, default_headers=subject("CN")) as client:
        assert client.chat.completions.create(model="auto", messages=[{"role": "user", "content": TEXT}])
