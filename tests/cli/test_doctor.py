# SPDX-License-Identifier: Apache-2.0
"""`comity doctor` beyond the program: what it says of the disk, of secrets that others may read, of dates that run out, of databases."""

from __future__ import annotations

import argparse
import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from msgspec.structs import replace

from comity.cli import examined
from comity.cli.examined import Finding
from comity.config import Config, DeploymentConfig, PathsConfig, SecretRef, SharedConfig
from comity.config.schema import LabelsConfig, StorageConfig, TrustConfig
from comity.ports import SystemClock
from comity.storage.open import open_database
from tests.logs import MemoryLog
from tests.simulated.worlds import BEIJING, config


def look(at: examined.Look, home: Path, wanted: Config, *, online: bool = False) -> list[Finding]:
    return list(at(argparse.Namespace(home=str(home), config="", online=online), wanted))


def day(days: int) -> str:
    return (SystemClock().now() + timedelta(days=days)).strftime("%Y-%m-%d")


def test_the_disk_is_measured_where_the_home_is_or_will_be(tmp_path: Path) -> None:
    (found,) = look(examined.disk, tmp_path / "not" / "yet", Config())
    assert "keeps a record in" in found.what and not (tmp_path / "not").exists()


def test_a_slow_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examined, "SYNC_MS_MAX", 0.0)
    (found,) = look(examined.disk, tmp_path, Config())
    assert found.state == "warn"


@pytest.mark.parametrize(("mode", "states"), [(0o600, ["ok"]), (0o640, ["warn"]), (0o604, ["warn"])])
def test_a_secret_that_others_may_read_is_said_by_its_name_alone(tmp_path: Path, mode: int, states: list[str]) -> None:
    secret = tmp_path / "key"
    secret.write_text("s3cret")
    secret.chmod(mode)
    wanted = config(DeploymentConfig(id="x", provider="openai", api_key=SecretRef(file=str(secret))))
    found = look(examined.secrets, tmp_path / "home", wanted)
    assert [each.state for each in found] == states and "s3cret" not in str(found)


@pytest.mark.parametrize(("days", "state", "word"), [(-1, "fail", "ended"), (0, "warn", "ends"), (30, "warn", "ends"), (90, "ok", "ends")])
def test_evidence_that_runs_out_is_said(tmp_path: Path, days: int, state: str, word: str) -> None:
    wanted = config(DeploymentConfig(id="qwen", provider="alibaba", evidence=(f"iso-27001:{day(days)}", "cn_genai")), evidence=())
    (found,) = look(examined.dates, tmp_path, wanted)
    assert found.state == state and f"iso-27001 of `qwen` {word} {day(days)}" in found.what


@pytest.mark.parametrize(("days", "state"), [(-1, "fail"), (20, "warn"), (400, "ok")])
def test_a_certificate_that_runs_out_is_said(tmp_path: Path, days: int, state: str) -> None:
    key, now = generate_private_key(SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=9)).not_valid_after(now + timedelta(days=days)).sign(key, hashes.SHA256())
    )  # fmt: skip
    (tmp_path / "c.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    wanted = config(BEIJING, evidence=(), labels=LabelsConfig(certificates=str(tmp_path / "c.pem")))
    assert [each.state for each in look(examined.dates, tmp_path, wanted) if "certificate" in each.what] == [state]


def test_a_valkey_that_is_not_there_is_said_without_its_password(tmp_path: Path, closed_port: int) -> None:
    (tmp_path / "url").write_text(f"valkey://:s3cret@127.0.0.1:{closed_port}")
    (found,) = look(examined.databases, tmp_path, Config(shared=SharedConfig(valkey=SecretRef(file=str(tmp_path / "url")))))
    assert found.state == "fail" and "s3cret" not in str(found)


def test_a_database_that_is_shared_is_asked_and_its_clock_is_held_to_ours(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, secret in (("url", postgres_url), ("key", "ab" * 32)):
        (tmp_path / name).write_text(secret)
    storage = StorageConfig(url=SecretRef(file=str(tmp_path / "url")), log_key=SecretRef(file=str(tmp_path / "key")))
    asyncio.run(opened_once(postgres_url))
    answers, skew = look(examined.databases, tmp_path, Config(storage=storage))
    assert (answers.state, skew.state) == ("ok", "ok") and postgres_url not in str((answers, skew))
    monkeypatch.setattr(examined, "SKEW_SECONDS_MAX", -1.0)
    assert look(examined.databases, tmp_path, Config(storage=storage))[1].state == "warn"


async def opened_once(url: str) -> None:
    """As a gateway leaves it: with its tables."""
    database = await open_database(url, "state", seconds_max=30)
    await database.aclose()


def sealed(trust: TrustConfig) -> DeploymentConfig:
    china = frozenset({"CN"})
    return DeploymentConfig(
        id="cn-node", provider="node", base_url="https://relay.invalid/cn-assist", model="m", processing=china, storage=china, access=china,
        operator="CN", covered_person=False, trust=trust,
    )  # fmt: skip


def test_what_a_node_must_prove_is_told_and_nobody_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def connected(*_: object, **__: object) -> None:
        raise AssertionError("somebody was asked")

    monkeypatch.setattr("socket.getaddrinfo", connected)
    monkeypatch.setattr("socket.socket", connected)
    pinned = MemoryLog().trust()
    terms = TrustConfig(pool="cn-assist", log=pinned.log, witnesses=pinned.witnesses)
    (found,) = look(examined.nodes, tmp_path, config(BEIJING, sealed(terms)))
    assert found.state == "ok" and found.what.startswith("`cn-node` must prove a key of the pool `cn-assist` in ")
    assert found.what.endswith("seen by 2 of 2 witnesses, and A0")
    assert look(examined.nodes, tmp_path, config(BEIJING)) == []


@pytest.mark.parametrize("change", [{"log": "no key"}, {"witnesses": ("no key", "nor this")}, {"measurements": ("nothing",)}], ids=str)
def test_a_node_that_could_prove_nothing_is_said(tmp_path: Path, change: dict[str, Any]) -> None:
    pinned = MemoryLog().trust()
    terms = replace(TrustConfig(pool="cn-assist", log=pinned.log, witnesses=pinned.witnesses), **change)
    (found,) = look(examined.nodes, tmp_path, config(sealed(terms)))
    assert found.state == "fail" and "`cn-node`" in found.what and found.mend


def test_names_are_looked_up_only_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def resolver(host: str, *_: object, **__: object) -> list[object]:
        asked.append(host)
        if "wrong" in host:
            raise OSError("no such name")
        return [(2, 1, 6, "", ("192.0.2.1", 443))]

    monkeypatch.setattr("socket.getaddrinfo", resolver)
    wanted = config(
        BEIJING,
        DeploymentConfig(
            id="own", provider="self-hosted", base_url="https://wrong.invalid/v1", model="m", processing=frozenset({"DE"}),
            storage=frozenset({"DE"}), access=frozenset({"DE"}), operator="DE", covered_person=False,
        ),
    )  # fmt: skip
    assert look(examined.names, tmp_path, wanted) == [] and asked == []
    assert [each.state for each in look(examined.names, tmp_path, wanted, online=True)] == ["ok", "fail"]
    assert asked == ["127.0.0.1", "wrong.invalid"]


def test_nothing_shared_is_nothing_to_look_at(tmp_path: Path) -> None:
    assert look(examined.databases, tmp_path, Config(paths=PathsConfig(home=str(tmp_path)))) == []
