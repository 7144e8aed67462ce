# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with the place where Comity runs, with what it is given, and what is said then."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from comity.device.fetch import PARTS
from comity.device.manifest import known_models, models
from comity.device.sources import part_of
from tests.cli.conftest import CN, Cli, Story
from tests.live.places import BEIJING

FACTS: dict[str, Any] = {
    "as_of": "2026-11-23",
    "subject": {"location": "CN", "age": 35},
    "consent": ["general"],
    "provider": {"id": "virginia", "processing": ["US"], "storage": ["US"], "access": ["US"]},
}
SCENARIOS = Path(__file__).parents[1] / "vectors" / "law" / "scenarios.json"


# -- configuration -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [("check",), ("ask", "hello"), ("up",), ("log", "tail"), ("models",), ("decide", "--location", "CN")])
def test_every_command_that_reads_a_configuration_refuses_a_bad_one(cli: Cli, words: tuple[str, ...]) -> None:
    Path("bad.toml").write_text("[server]\nprot = 1\n", encoding="utf-8")
    said = cli("--config", "bad.toml", *words).refused(3, "config.invalid")
    assert said == "comity: error[config.invalid]: bad.toml:2: server.prot: unknown field\nhint: did you mean `port`?\n"
    error = cli("--config", "bad.toml", "--json", *words).error()
    assert (error["code"], error["param"], error["hint"]) == ("config.invalid", "server.prot", "did you mean `port`?")
    cli("--config", "absent.toml", *words).refused(3, "config.unreadable")


def test_a_configuration_is_found_by_flag_then_by_name_then_here(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("comity", "named", "flagged"):
        Path(f"{name}.toml").write_text("[[nothing]]", encoding="utf-8")
    assert " comity.toml:1: " in cli("check").refused(3, "config.invalid")
    monkeypatch.setenv("COMITY_CONFIG", "named.toml")
    assert " named.toml:1: " in cli("check").refused(3, "config.invalid")
    assert " flagged.toml:1: " in cli("check", "--config", "flagged.toml").refused(3, "config.invalid")
    assert " comity.toml:1: " in cli("check", "comity.toml", "--config", "flagged.toml").refused(3, "config.invalid")


def test_check_tells_a_good_configuration_and_warns_beside_it(cli: Cli) -> None:
    expired = '["processor_contract:2020-01-01"]\napi_key = { env = "NOBODY_SET_THIS" }\n'
    Path("comity.toml").write_text(BEIJING.format(base="http://127.0.0.1:9").replace('["processor_contract"]\n', expired), encoding="utf-8")
    done = cli("check")
    assert done.code == 0 and "ok  comity.toml\n" in done.out and "ok  deployment us-virginia: US over " in done.out
    assert "warning: deployment us-virginia: evidence `processor_contract:2020-01-01` has expired\n" in done.err
    assert "warning: deployment us-virginia: environment variable `NOBODY_SET_THIS` is not set\n" in done.err
    value = cli("--json", "check").json()
    assert value["deployments"] == ["qwen-beijing", "us-virginia"] and len(value["warnings"]) == 2


@pytest.mark.parametrize("flags", [("--port", "99999"), ("--port", "-1"), ("--host", "0.0.0.0"), ("--host", "::")])
def test_what_up_is_given_is_held_to_the_rules_of_the_file(cli: Cli, flags: tuple[str, ...]) -> None:
    assert f"server.{flags[0][2:]}: " in cli("up", *flags).refused(3, "config.invalid")


# -- home ----------------------------------------------------------------------------------------------------------

READERS = [("log", "tail"), ("log", "prove"), ("log", "key"), ("explain",), ("log", "verify")]


@pytest.mark.parametrize("words", READERS, ids=" ".join)
def test_a_home_that_is_not_there_yet_is_named_and_not_made(cli: Cli, words: tuple[str, ...]) -> None:
    assert "hint: has anything been asked yet? comity ask 'hello'\n" in cli("--home", "new", *words).refused(1, "storage.absent")
    assert not Path("new").exists()


@pytest.mark.parametrize("words", READERS, ids=" ".join)
def test_a_database_that_is_none_is_named(cli: Cli, home: Path, words: tuple[str, ...]) -> None:
    (home / "comity.db").write_bytes(b"no database of ours" * 999)
    (home / "log.key").write_bytes(bytes(32))
    said = cli("--home", home, *words)
    if words != ("log", "key"):  # which needs the key alone
        said.refused(1, "storage.corrupt")


def test_a_home_below_a_file_cannot_be_used(cli: Cli, story: Story) -> None:
    Path("file").touch()
    sent = len(story.partner.bodies)
    cli("--config", story.config, "--home", "file/home", "ask", "--subject", CN, "hello").refused(1, "home.unusable")
    assert len(story.partner.bodies) == sent


def _no_override() -> None:
    """Root without the right to pass over modes (capability 1, CAP_DAC_OVERRIDE), so that a read-only folder is one."""
    import ctypes

    if os.geteuid() == 0:
        ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="capabilities are of Linux")
def test_nothing_is_sent_from_a_read_only_home(typed: Cli, story: Story, tmp_path: Path) -> None:
    home = tmp_path / "sealed"
    home.mkdir(mode=0o500)
    sent = len(story.partner.bodies)
    for words in (("ask", "--subject", CN, "hello"), ("up",)):
        done = typed("--config", story.config, "--home", home, *words, before=_no_override)
        assert done.code == 1 and "error[storage." in done.err and "Permission denied" in done.err and "Traceback" not in done.err
    assert len(story.partner.bodies) == sent
    found = typed("--config", story.config, "--home", home, "doctor", before=_no_override)
    assert found.code == 1 and f"fail  home {home}: Permission denied\n" in found.out


def test_a_user_without_a_home_folder_is_told_what_to_set(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    import pwd

    def nobody(_: int) -> None:
        raise KeyError

    for name in ("HOME", "COMITY_HOME", "COMITY_MODELS", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    for words in (("log", "tail"), ("explain",), ("models",), ("ask", "hello")):
        assert "hint: set COMITY_HOME and COMITY_MODELS\n" in cli(*words).refused(3, "home.unusable")
    assert "fail  this user has no home folder\n" in cli("doctor").out


# -- models --------------------------------------------------------------------------------------------------------

DEFAULT = next(iter(models().values()))


@pytest.fixture
def no_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("COMITY_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def test_models_lists_what_can_be_had_where_nothing_is(cli: Cli, no_models: Path) -> None:
    rows = cli("--json", "models").json()["models"]
    assert [row["id"] for row in rows] == list(known_models()) and not any(row["present"] for row in rows if not row["packaged"])
    assert cli("models", "list").out == cli("models").out
    assert cli("models").out.endswith(f"in {no_models}; fetch one: comity models add --default\n")


def test_a_model_that_is_not_here_is_named_with_the_command_that_fetches_it(cli: Cli, no_models: Path) -> None:
    assert "hint: comity models add --default\n" in cli("models", "verify").refused(1, "model.absent")
    assert "model `nobody` can be fetched\nhint: one of: " in cli("models", "verify", "nobody").refused(3, "model.unknown")
    cli("models", "add", "nobody").refused(3, "model.unknown")
    started = cli("up", "--port", 0)
    assert (started.code, started.out) == (1, "")
    assert started.err.endswith("is not on this machine\nhint: comity models add --default\n") and "[model.absent]" in started.err
    assert "comity models add --default" in cli("ask", "hello").refused(1, "provider.exhausted")
    assert "it failed with `model.absent`" in cli("explain").out
    assert "→ comity models add --default" in cli("doctor").out


def test_a_file_that_is_not_the_model_does_not_verify(cli: Cli, no_models: Path) -> None:
    no_models.mkdir()
    (no_models / DEFAULT.file).write_bytes(b"GGUF, but another")
    done = cli("models", "verify")
    assert done.code == 5 and done.out == "" and "error[trust.model-hash]" in done.err, done


def test_what_has_come_of_a_model_is_said_and_taken_away(cli: Cli, no_models: Path) -> None:
    part = part_of(DEFAULT.files[0], no_models / PARTS)
    part.parent.mkdir(parents=True)
    part.write_bytes(bytes(DEFAULT.bytes // 10 + 1))
    assert f"10 %  {DEFAULT.id}" in cli("models").out
    cli("models", "remove").refused(2, "usage")
    assert f"{DEFAULT.id} is gone, {DEFAULT.bytes // 10_000_000} MB are free again" in cli("models", "remove", DEFAULT.id).out
    assert cli("models", "remove", DEFAULT.id).out == f"{DEFAULT.id} was not on this machine\n"


def test_a_model_that_does_not_fit_is_refused_with_both_figures(cli: Cli, no_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("comity.device.room.memory_available", lambda: 100 << 20)
    said = cli("models", "add", "--default").refused(1, "model.no_memory")
    assert f"needs {(DEFAULT.bytes >> 20) + 200} MB of memory, and 100 MB are free" in said
    assert not (no_models / PARTS).exists()


def test_nobody_shares_models_here(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    for word in ("status", "stop"):
        assert "hint: comity device serve\n" in cli("device", word).refused(1, "device.absent")


@pytest.mark.model
def test_the_model_that_is_here_verifies(cli: Cli) -> None:
    here = [row["id"] for row in cli("--json", "models").json()["models"] if row["present"] and row["kind"] == "text"]
    smallest = min(here, key=lambda name: models()[name].bytes)
    done = cli("--json", "models", "verify", smallest)
    assert done.code == 0 and done.json() == {"id": smallest, "sha256": models()[smallest].sha256}
    assert " %\n" in done.err and "\r" not in done.err and "\033" not in done.err


# -- facts ---------------------------------------------------------------------------------------------------------


def decided(cli: Cli, change: dict[str, Any], *words: str) -> Any:
    Path("facts.json").write_text(json.dumps(FACTS | change), encoding="utf-8")
    return cli("decide", "--facts", "facts.json", *words)


@pytest.mark.parametrize(
    ("change", "field", "hint"),
    [
        ({"subject": {"location": "XX"}}, "subject.location", "CN"),
        ({"provider": {"id": "p", "processing": ["CN", "Europe"]}}, "provider.processing", "CN"),
        ({"subject": {"age": -1}}, "subject.age", "0 or more"),
        ({"subject": {"age": "old"}}, "subject.age", ""),
        ({"subject": {"agee": 1}}, "subject", "did you mean `age`?"),
        ({"volumes": {"us_12mo": {"covered_identifiers": -3}}}, "volumes.us_12mo.covered_identifiers", "0 or more"),
        ({"consent": ["seperate_sensitive"]}, "consent", "did you mean `separate_sensitive`?"),
        ({"data": {"categories": ["helth"]}}, "data.categories", "did you mean `health`?"),
        ({"purpose": "asist"}, "purpose", "did you mean `assist`?"),
        ({"as_off": 1}, "as_off", "did you mean `as_of`?"),
        ({"as_of": "tomorrow"}, "as_of", ""),
        ({"provider": {}}, "provider", ""),
    ],
)
def test_facts_that_nobody_knows_are_refused_by_name(cli: Cli, change: dict[str, Any], field: str, hint: str) -> None:
    said = decided(cli, change)
    assert said.code == 3 and field in said.err and hint in said.err and said.out == "", said
    assert decided(cli, change, "--json").error()["param"] == field


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff", b"3", b"[" * 100_000, b'{"facts": 1}'])
def test_a_file_that_holds_no_facts(cli: Cli, raw: bytes) -> None:
    cli("decide", "--facts", "-", stdin=raw).refused(3, "facts.invalid")
    cli("decide", "--facts", "absent.json").refused(3, "facts.unreadable")


def test_the_law_on_facts_allows_with_0_and_denies_with_4(cli: Cli) -> None:
    denied = decided(cli, {})
    assert (denied.code, denied.err) == (4, "") and denied.out.startswith("DENY     virginia\n  because ")
    assert decided(cli, {}, "--json").json()["effect"] == "deny"
    assert decided(cli, {"subject": {"location": "US"}, "controller": {"established": ["US"]}}).code == 0
    assert decided(cli, {"subject": {"location": "AQ"}}).out.startswith("ESCALATE virginia\n  because no pack holds the law of AQ\n")


def test_the_golden_scenarios_hold_and_one_that_does_not_ends_with_1(cli: Cli) -> None:
    done = cli("--json", "decide", "--scenarios", SCENARIOS)
    assert done.code == 0 and {row["pass"] for row in done.json()["results"]} == {True}
    scenarios = json.loads(SCENARIOS.read_text(encoding="utf-8"))[:3]
    scenarios[1]["expected"]["decision"] = "allow"
    Path("wrong.json").write_text(json.dumps(scenarios), encoding="utf-8")
    wrong = cli("decide", "--scenarios", "wrong.json")
    assert wrong.code == 1 and [line.split()[0] for line in wrong.out.splitlines()[:3]] == ["pass", "FAIL", "pass"]


# -- the rest ------------------------------------------------------------------------------------------------------


def test_a_new_key_is_shown_once_beside_the_hash_that_the_configuration_keeps(cli: Cli) -> None:
    first, second = cli("--json", "keys", "new").json(), cli("--json", "keys", "new").json()
    assert first["key"] != second["key"] and hashlib.sha256(first["key"].encode()).hexdigest() == first["sha256"]
    assert cli("--json", "keys", "hash", stdin=first["key"].encode() + b"\n").json() == {"sha256": first["sha256"]}
    assert cli("keys", "new").out.count("ck-") == 1
    cli("keys", "hash").refused(2, "usage")


def test_doctor_finds_what_is_in_the_way(cli: Cli, home: Path, closed_port: int) -> None:
    Path("comity.toml").write_text(f"[server]\nport = {closed_port}\n", encoding="utf-8")
    (home / "comity.db").write_bytes(b"no database of ours")
    done = cli("--home", home, "doctor")
    assert done.code == 1 and f"fail  port {closed_port} on 127.0.0.1 is in use\n      → stop what listens there, " in done.out
    assert "fail  the record cannot be written or read: SQLITE_NOTADB\n      → restore the home from a backup\n" in done.out
    findings = cli("--home", home, "--json", "doctor").json()
    assert {finding["state"] for finding in findings} <= {"ok", "warn", "fail"}
    assert [each["state"] for each in findings if each["what"] == f"port {closed_port} on 127.0.0.1 is in use"] == ["fail"]
    Path("comity.toml").write_text("[server]\nprot = 1\n", encoding="utf-8")
    assert "fail  configuration: comity.toml:2: server.prot: unknown field\n      → did you mean `port`?\n" in cli("doctor").out


def test_doctor_counts_the_records(cli: Cli, story: Story) -> None:
    newest = cli(*story.flags, "--json", "log", "tail", "-n", 1).json()[0]["index"]
    assert f"ok    {newest + 1} records\n" in cli(*story.flags, "doctor").out


def test_version_names_the_packs_and_the_parts(cli: Cli) -> None:
    value = cli("--json", "version").json()
    assert value["comity"] != "not installed" and value["parts"]["cedarpy"] != "not installed"
    assert any(pack.startswith("cn@") for pack in value["packs"])
    assert cli("version").out.startswith(f"comity {value['comity']}\npacks ")


JSON: list[tuple[str, Callable[[Story], tuple[object, ...]]]] = [
    ("version", lambda story: ("version",)),
    ("check", lambda story: ("check",)),
    ("models", lambda story: ("models",)),
    ("doctor", lambda story: ("doctor",)),
    ("keys", lambda story: ("keys", "new")),
    ("log tail", lambda story: ("log", "tail")),
    ("log key", lambda story: ("log", "key")),
    ("log prove", lambda story: ("log", "prove", "0")),
    ("log verify", lambda story: ("log", "verify", "0")),
    ("explain", lambda story: ("explain", "0")),
    ("decide", lambda story: ("decide", "--location", "CN", "--processing", "CN")),
    ("evidence", lambda story: ("evidence", "list")),
    ("ask", lambda story: ("ask", "--subject", CN, "hello")),
]


@pytest.mark.parametrize("words", [words for _, words in JSON], ids=[name for name, _ in JSON])
def test_json_is_json_and_nothing_else(cli: Cli, story: Story, words: Callable[[Story], tuple[object, ...]]) -> None:
    done = cli(*story.flags, "--json", *words(story))
    assert isinstance(done.json(), dict | list) and done.err == ""


def test_a_home_is_as_it_was_after_being_looked_at(cli: Cli, story: Story, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(story.home, copy)
    before = {path.name: path.read_bytes() for path in copy.iterdir() if not path.name.endswith(("-wal", "-shm"))}
    for words in ((*each,) for each in READERS):
        assert cli("--home", copy, *words).code == 0
    assert {path.name: path.read_bytes() for path in copy.iterdir() if not path.name.endswith(("-wal", "-shm"))} == before
