# SPDX-License-Identifier: Apache-2.0
"""A backup made beside a gateway under load: the gateway goes on, and the home made of the backup is whole up to its checkpoint."""

from __future__ import annotations

import json
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from comity.cli import main
from comity.lab.process import ask, call
from comity.storage import backup as archive
from comity.transparency.reader import Reader
from comity.transparency.verify import verify
from tests.live.places import BEIJING, EchoPartner, gateway
from tests.simulated.worlds import subject

CALLERS = 4


def run(capsys: pytest.CaptureFixture[str], home: Path, *words: str) -> tuple[int, dict[str, Any]]:
    code = main.main(["--home", str(home), "--json", "backup", *words])
    said = capsys.readouterr()
    return code, json.loads(said.out or said.err)


def question(number: int) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": f"hello {number}, 13812345678"}]}


@pytest.mark.parametrize("sealed", [False, True])
def test_a_backup_under_load_is_whole_up_to_its_checkpoint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, sealed: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(archive, "LOG_N", 10)
    secret = tmp_path / "passphrase"
    secret.write_text("correct horse battery staple\n")
    option = ["--passphrase-file", str(secret)] if sealed else []
    with EchoPartner() as partner:
        config = BEIJING.format(base=partner.base)
        before: list[str] = []
        with gateway(tmp_path, config) as process:
            over, statuses = threading.Event(), list[int]()
            for number in range(5):
                before.append(ask(process.base, question(number), subject("CN")).headers["comity-receipt"])

            def caller(number: int) -> None:
                while not over.is_set():
                    statuses.append(ask(process.base, question(number), subject("CN")).status)

            threads = [threading.Thread(target=caller, args=(number,)) for number in range(CALLERS)]
            for thread in threads:
                thread.start()
            code, made = run(capsys, tmp_path / "gateway", "create", str(tmp_path / "kept"), *option)
            answered = len(statuses)
            while len(statuses) < answered + 20:  # it goes on
                threading.Event().wait(0.01)
            over.set()
            for thread in threads:
                thread.join(30)
            assert code == 0 and made["records"] >= 5 and made["sealed"] is sealed and set(statuses) == {200}
            later = ask(process.base, question(9), subject("CN")).headers["comity-receipt"]
        new = tmp_path / "new"
        code, restored = run(capsys, new, "restore", str(tmp_path / "kept"), *option)
        assert (code, restored["records"], restored["checkpoint"]) == (0, made["records"], made["checkpoint"])
        with Reader.open(new) as reader:
            assert sorted(record.place for record in reader.tail(10_000)) == list(range(made["records"]))
            for receipt in before:
                assert verify(reader.bundle(receipt)).receipt["id"] == receipt
            assert later not in {record.receipt["id"] for record in reader.tail(10_000)}
        with gateway(tmp_path, config, name="new") as again:
            assert ask(again.base, question(1), subject("CN")).status == 200
            assert call(again.base, "GET", f"/comity/v1/receipts/{before[0]}").status == 200


def test_a_home_that_holds_anything_is_never_restored_into(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "something").write_text("x")
    code, said = run(capsys, tmp_path / "home", "restore", str(tmp_path / "absent"))
    assert (code, said["error"]["code"]) == (3, "backup.home_not_empty")


def test_there_is_nothing_to_keep_in_an_empty_home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = run(capsys, tmp_path / "home", "create", str(tmp_path / "kept"))
    assert (code, said["error"]["code"]) == (1, "backup.nothing") and not (tmp_path / "kept").exists()


@pytest.mark.parametrize("change", ["UPDATE records SET receipt = receipt || x'20' WHERE idx = 0", "DELETE FROM records WHERE idx = 1"])
def test_a_log_that_was_changed_is_neither_kept_nor_restored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with EchoPartner() as partner, gateway(tmp_path, BEIJING.format(base=partner.base)) as process:
        for number in range(3):
            ask(process.base, question(number), subject("CN"))
    with sqlite3.connect(tmp_path / "gateway" / "comity.db") as db:
        db.execute(change)
    db.close()
    code, said = run(capsys, tmp_path / "gateway", "create", str(tmp_path / "kept"))
    assert (code, said["error"]["code"]) == (5, "trust.log") and not (tmp_path / "kept").exists()
