# SPDX-License-Identifier: Apache-2.0
"""`comity report`, `comity audit` and `comity records erase`, as a person types them."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from comity.errors import PolicyDenied
from comity.transparency.ledger import Ledger
from tests.cli.conftest import Cli, command, on_a_terminal
from tests.fakes import FakeClock, SeededRandom
from tests.logs import MemoryLog
from tests.reports import ME, OTHER, Log, crossed, forged, members, zipped
from tests.simulated.worlds import BEIJING, FRANKFURT, VIRGINIA, FixedClock, config, simulate, subject


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which `u-1` and `u-2` asked three times each."""
    home = tmp_path_factory.mktemp("asked") / "home"
    home.mkdir(mode=0o700)

    async def run() -> None:
        sim = await simulate(config(BEIJING, FRANKFURT, VIRGINIA), home, clock=FixedClock())
        try:
            for who in ("u-1", "u-2"):
                for where, model in (("CN", "auto"), ("CN", "us-virginia"), ("DE", "eu-frankfurt")):
                    with suppress(PolicyDenied):
                        await sim.ask("a zebra", subject(where, name=who), model=model)
        finally:
            await sim.aclose()

    asyncio.run(run())
    return home


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Reports of a person and of the operator whose node they asked, and one of the operator's that leaves something out."""
    folder = tmp_path_factory.mktemp("two")

    async def run() -> dict[str, bytes]:
        clock, public = FakeClock(), MemoryLog()
        own, operator = await Log.open(folder / "one", clock), await Log.open(folder / "two", clock)
        ids = await crossed(own, operator, public, 3)
        made = {"own": own.report(), "all": operator.report(OTHER)}
        await operator.ledger.database.write(lambda: _hidden(ids[1]))
        made["less"] = operator.report(OTHER)
        trust = public.trust()
        made["trust"] = f"[trust]\nlog = {json.dumps(trust.log)}\nwitnesses = {json.dumps(trust.witnesses)}\n".encode()
        other = MemoryLog(name="log.example/another").trust()
        made["other-trust"] = f"[trust]\nlog = {json.dumps(other.log)}\nwitnesses = {json.dumps(other.witnesses)}\n".encode()
        made["receipt"] = json.dumps(await operator.ledger.bundle(ids[1])).encode()
        made["vkey"] = own.ledger.vkey.encode()
        made["forged"] = forged(made["own"], own.signer, lambda files: files.update({"proof.json": b'{"nodes":[[0,7,""]]}'}))
        await own.ledger.aclose()
        await operator.ledger.aclose()
        return made

    out = {}
    for name, raw in asyncio.run(run()).items():
        out[name] = folder / name
        out[name].write_bytes(raw)
    return out


def _hidden(receipt: str) -> Any:
    from comity.storage.database import Statement

    yield Statement("UPDATE records SET subject = 'cc' WHERE id = ?", (receipt,))


# -- report ----------------------------------------------------------------------------------------------------------


def test_a_person_s_report_is_made_and_checked(cli: Cli, asked: Path, tmp_path: Path) -> None:
    done = cli("--home", asked, "report", "--subject", "u-1", "--out", "mine.zip")
    assert done.code == 0 and "mine.zip: 3 receipts" in done.out
    assert stat.S_IMODE((tmp_path / "mine.zip").stat().st_mode) == 0o600
    vkey = cli("--home", asked, "log", "key").out.strip()
    assert vkey in done.out
    held = cli("--home", "/nowhere", "audit", "mine.zip", "--vkey", vkey)
    assert held.code == 0 and "holds: 3 receipts of 6" in held.out and "2 sent away" in held.out and "1 refused" in held.out
    assert [line.split()[0] for line in held.err.splitlines()] == [
        "archive", "manifest", "key", "signature", "files", "checkpoint", "consistency", "receipts", "inclusion", "laws", "omission",
    ]  # fmt: skip
    assert "pin the log's" not in held.out and "pin the log's" in cli("audit", "mine.zip").out
    everything = b"".join(members((tmp_path / "mine.zip").read_bytes()).values())
    for word in (b"u-1", b"zebra"):
        assert word not in everything


def test_it_is_named_by_the_pseudonym_too_and_everything_can_be_asked_for(cli: Cli, asked: Path, tmp_path: Path) -> None:
    from comity.gateway.reporting import pseudonym_of
    from comity.gateway.whereabouts import Whereabouts

    pseudonym = pseudonym_of(Whereabouts(asked, asked / "state.db"), "u-1")
    assert cli("--home", asked, "--json", "report", "--pseudonym", pseudonym, "--out", "p.zip").json()["receipts"] == 3
    assert cli("--home", asked, "--json", "report", "--everything", "--out", "e.zip").json()["receipts"] == 6
    told = cli("--json", "audit", "e.zip").json()
    assert told["about"] == "home" and told["gaps"] == [] and told["effects"] == {"left": 4, "stayed": 0, "refused": 2}


@pytest.mark.parametrize(
    ("words", "exit_code", "code"),
    [
        (("--subject", "nobody"), 3, "report.empty"),
        (("--pseudonym", "x"), 3, "report.pseudonym"),
        (("--subject", "u-1", "--from", "2027-01-01"), 3, "report.empty"),
        (("--subject", "u-1", "--from", "yesterday"), 3, "request.query"),
        (("--subject", "u-1", "--out", "/nowhere/x.zip"), 3, "report.unwritable"),
        ((), 2, "usage"),
        (("--subject", "u-1", "--everything"), 2, "usage"),
    ],
)
def test_what_is_asked_wrongly_is_told(cli: Cli, asked: Path, tmp_path: Path, words: tuple[str, ...], exit_code: int, code: str) -> None:
    cli("--home", asked, "report", *words).refused(exit_code, code)
    assert list(tmp_path.iterdir()) == []  # nothing half made is left


def test_nothing_is_written_over(cli: Cli, asked: Path, tmp_path: Path) -> None:
    (tmp_path / "report.zip").write_bytes(b"mine")
    cli("--home", asked, "report", "--subject", "u-1").refused(3, "report.unwritable")
    assert (tmp_path / "report.zip").read_bytes() == b"mine"
    assert cli("--home", asked, "report", "--subject", "u-1", "--force").code == 0
    assert cli("audit", "report.zip").code == 0


def test_where_nobody_was_ever_named(cli: Cli, tmp_path: Path) -> None:
    cli("--home", tmp_path / "none", "report", "--subject", "u-1").refused(3, "report.nobody")
    cli("--home", tmp_path / "none", "report", "--everything").refused(1, "storage.absent")
    assert not (tmp_path / "none").exists()


# -- audit -----------------------------------------------------------------------------------------------------------


def test_what_does_not_hold_is_named_and_exits_with_5(cli: Cli, two: dict[str, Path], tmp_path: Path) -> None:
    assert "inclusion: " in cli("audit", two["forged"]).refused(5, "trust.inclusion")
    files = members(two["own"].read_bytes())
    (tmp_path / "bad.zip").write_bytes(zipped({**files, "report.html": files["report.html"] + b"!"}))
    done = cli("audit", "bad.zip")
    assert "`report.html`" in done.err and done.code == 5 and "trust.files" in done.err
    assert [line.split()[0] for line in done.err.splitlines()][:4] == ["archive", "manifest", "key", "signature"]
    assert cli("--json", "audit", "bad.zip").error()["code"] == "trust.files"
    cli("audit", two["own"], "--vkey", "x+00000000+AAAA").refused(5, "trust.key")
    (tmp_path / "none.json").write_text("{}")
    cli("audit", "none.json").refused(5, "trust.shape")
    (tmp_path / "cut.zip").write_bytes(two["own"].read_bytes()[:-30])
    cli("audit", "cut.zip").refused(5, "trust.archive")
    cli("audit", "nothing.zip").refused(3, "report.unreadable")


def test_nodes_are_held_against_the_pinned_log(cli: Cli, two: dict[str, Path]) -> None:
    found = cli("--json", "audit", two["own"], "--trust", two["trust"], "--vkey", two["vkey"].read_text()).json()
    assert found["nodes"] == {"named": 1, "proved": 1, "missing": []} and found["received"] == {"receipts": 3, "keys_pinned": True}
    assert "(--trust FILE)" in cli("audit", two["own"]).out
    assert "trust.nodes" in cli("audit", two["own"], "--trust", two["other-trust"]).err
    cli("audit", two["own"], "--trust", two["receipt"]).refused(3, "config.invalid")
    cli("audit", two["own"], "--trust", "nothing").refused(3, "report.unreadable")


def test_what_the_operator_s_report_leaves_out_is_named(cli: Cli, two: dict[str, Path]) -> None:
    held = cli("audit", two["own"], "--against", two["all"])
    assert held.code == 0 and "nothing of it is left out" in held.out
    missing = json.loads(two["receipt"].read_bytes())["receipt"]["id"]
    for bundle in (two["own"], two["receipt"]):
        done = cli("audit", bundle, "--against", two["less"])
        assert done.code == 5 and "trust.omission" in done.err and missing in done.err and done.out == ""


def test_one_receipt_is_checked_too(cli: Cli, two: dict[str, Path]) -> None:
    done = cli("audit", two["receipt"], "--against", two["all"])
    assert done.code == 0 and "holds: receipt" in done.out


def test_the_page_can_be_made_again_from_what_was_checked(cli: Cli, two: dict[str, Path], tmp_path: Path) -> None:
    assert cli("audit", two["own"], "--page", "again.html").code == 0
    assert (tmp_path / "again.html").read_bytes() == members(two["own"].read_bytes())["report.html"]
    cli("audit", two["own"], "--page", "again.html")
    assert "report.unwritable" in cli("audit", two["own"], "--page", "again.html").err


def test_on_a_terminal_there_is_a_bar_and_elsewhere_none(cli: Cli, tmp_path: Path) -> None:
    async def run() -> None:
        log = await Log.open(tmp_path / "home", FakeClock())
        await asyncio.gather(*(log.add() for _ in range(200)))
        (tmp_path / "report.zip").write_bytes(log.report())
        await log.ledger.aclose()

    asyncio.run(run())
    plain = subprocess.run(command("audit", tmp_path / "report.zip"), capture_output=True, text=True, check=True)
    assert "[#" not in plain.stderr and "\x1b" not in plain.stderr
    shown = on_a_terminal(tmp_path, "audit", "report.zip")
    assert "#" in shown and "of 200" in shown


# -- erase -----------------------------------------------------------------------------------------------------------


def test_what_is_of_one_person_is_erased(cli: Cli, asked: Path, tmp_path: Path) -> None:
    import shutil

    home = tmp_path / "home"
    shutil.copytree(asked, home)
    cli("--home", home, "report", "--subject", "u-2", "--out", "before.zip")
    dry = cli("--home", home, "--json", "records", "erase", "--subject", "u-2", "--dry-run").json()
    gone = cli("--home", home, "--json", "records", "erase", "--subject", "u-2").json()
    assert gone == {**dry, "dry_run": False} and gone["records"] + gone["held"] == 3 and gone["held"] == 1  # a law of the mainland keeps it
    assert gone["held_until"] > "2029"
    again = cli("--home", home, "records", "erase", "--subject", "u-2")
    assert "records gone: 0" in again.out and "kept: 1 that a law keeps" in again.out and "backups" in again.out
    assert cli("--home", home, "--json", "report", "--subject", "u-1", "--out", "other.zip").json()["receipts"] == 3
    assert cli("audit", "other.zip").code == 0
    assert cli("audit", "before.zip").code == 0  # what was handed out before still verifies
    whole = cli("--home", home, "--json", "report", "--everything", "--out", "all.zip").json()
    assert whole["receipts"] == 4
    assert cli("--json", "audit", "all.zip").json()["gaps"] == [[4, 5]]


def test_nothing_is_made_where_nothing_was_recorded(cli: Cli, tmp_path: Path) -> None:
    cli("--home", tmp_path / "none", "records", "erase", "--pseudonym", ME).refused(1, "storage.absent")
    assert not (tmp_path / "none").exists()


def test_it_is_erased_beside_a_gateway_that_holds_the_home(cli: Cli, tmp_path: Path) -> None:
    home = tmp_path / "home"

    async def run() -> None:
        log = await Log.open(home, FakeClock())
        for _ in range(3):
            await log.add(policy="ab" * 32)
        done = await asyncio.to_thread(
            subprocess.run, [*command("--home", home, "--json", "records", "erase", "--pseudonym", ME)], capture_output=True, text=True,
            env={**os.environ, "COMITY_HOME": str(home)}, check=True,
        )  # fmt: skip
        assert json.loads(done.stdout)["records"] == 3
        await log.add(OTHER)
        await log.ledger.aclose()

    asyncio.run(run())

    async def again() -> None:
        ledger = await Ledger.open(home, clock=FakeClock(), random=SeededRandom(), record_seconds_max=10)
        assert (await ledger.bundle("3"))["index"] == 3
        await ledger.aclose()

    asyncio.run(again())
