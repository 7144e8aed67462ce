# SPDX-License-Identifier: Apache-2.0
"""`comity attest`: from a builder's key to a verdict, and what it prints where a step does not hold."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from comity.ports import SystemClock
from comity.seal.attestation.evidence import encoded
from comity.seal.attestation.software import KeyStatement, sign_key, spelled
from comity.seal.attestation.verdict import NO_HARDWARE
from comity.transparency.entry import NodeEntry
from comity.transparency.entry import encoded as entry_bytes
from tests.cli.conftest import Cli
from tests.logs import RECEIPTS
from tests.unit.seal.attestation.made import VECTORS
from tests.unit.seal.attestation.test_genuine import LINES, TDX

IMAGE, KEY = "sha256:" + "5f" * 32, "00" * 32


@pytest.fixture
def statement(cli: Cli, tmp_path: Path) -> Path:
    home, builder = tmp_path / "home", tmp_path / "builder.key"
    assert cli("attest", "builder", builder).code == 0
    node = cli("--home", home, "attest", "node").out.strip()
    out = tmp_path / "image.json"
    done = cli("attest", "sign", IMAGE, "--builder", builder, "--node", node, "--out", out)
    assert done.code == 0 and "holds until" in done.out
    return out


def signed(statement: Path, key: str = KEY) -> bytes:
    """As the node of that home does, with the key that its operator had signed for."""
    node = Ed25519PrivateKey.from_private_bytes((statement.parent / "home" / "node.key").read_bytes())
    now = SystemClock().now()
    return sign_key(statement.read_bytes(), KeyStatement(key=key, since=spelled(now), until=spelled(now + timedelta(hours=6))), node)


def builder_of(statement: Path) -> str:
    return str(json.loads(statement.read_bytes())["builder"])


def test_a_key_is_made_once_and_is_its_owners_alone(cli: Cli, tmp_path: Path) -> None:
    first, again = (cli("attest", "builder", tmp_path / "builder.key").out for _ in range(2))
    assert first == again and len(first.strip()) == 64
    assert (tmp_path / "builder.key").stat().st_mode & 0o077 == 0
    nodes = {cli("--home", tmp_path / "home", "attest", "node").out for _ in range(2)}
    assert len(nodes) == 1 and first not in nodes


def test_what_a_builder_signed_and_a_node_signed_with_it_comes_to_a1(cli: Cli, statement: Path, tmp_path: Path) -> None:
    file = tmp_path / "evidence.json"
    file.write_bytes(signed(statement))
    done = cli("attest", "verify", file, "--level", "A1", "--key", KEY, "--image", IMAGE, "--builder", builder_of(statement))
    assert done.code == 0
    assert done.out.splitlines()[-1] == f"A1 (software): {NO_HARDWARE}"
    assert "FAILED" not in done.out


def test_a_step_that_does_not_hold_is_shown_after_those_that_did(cli: Cli, statement: Path, tmp_path: Path) -> None:
    file = tmp_path / "evidence.json"
    file.write_bytes(signed(statement, "11" * 32))
    words = ("attest", "verify", file, "--key", KEY, "--image", IMAGE, "--builder", builder_of(statement))
    done = cli(*words)
    assert done.code == 5 and "comity: error[trust.commitment]: " in done.err
    assert [line.split()[:2] for line in done.out.splitlines()[::2]][-2:] == [["held", "expired"], ["FAILED", "commitment"]]
    done = cli("--json", *words)
    (told,) = done.json()
    assert done.code == 5 and told["held"] is False and told["steps"][-1]["name"] == "commitment"
    assert done.error()["code"] == "trust.commitment"


def test_of_a_nodes_document_key_and_image_are_taken(cli: Cli, statement: Path, tmp_path: Path) -> None:
    import base64
    import hashlib

    raw_key = bytes(range(32))
    evidence = signed(statement, hashlib.sha256(raw_key).hexdigest())
    entry = NodeEntry(
        pool="p", operator="o", region="CN", url="https://node.example.org",
        receipts=RECEIPTS.verifier.vkey, key=base64.b64encode(raw_key).decode(),
        since="2026-11-27T00:00:00Z", until="2026-11-27T06:00:00Z", level="A1", evidence=base64.b64encode(evidence).decode(), image=IMAGE,
        egress=(), plaintext_at="node", processing=("CN",), labels=(), retention_months=None, content_seconds_max=0, policy="0" * 64,
        padding_bytes_min=1024, event_bytes_min=256, beat_milliseconds=50,
    )  # fmt: skip
    file = tmp_path / "node.json"
    offered = {"entry": base64.b64encode(entry_bytes(entry)).decode(), "proof": "c2sp.org/tlog-proof@v1\n"}
    file.write_text(json.dumps({"format": "comity.node.v1", "proofs": [offered]}))
    done = cli("--json", "attest", "verify", file, "--level", "A1", "--builder", builder_of(statement))
    assert done.code == 0 and [each["level"] for each in done.json()] == ["A1"]
    assert cli("attest", "verify", file, "--level", "A1").code == 5  # no builder is trusted


def test_a_real_quote_is_verified_at_its_own_time(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "tdx.json"
    file.write_bytes(encoded(TDX))
    words = ("attest", "verify", file, "--level", "A2", "--key", f"sha256/{KEY}", "--image", IMAGE, "--measurement", LINES[0])
    assert "error[trust.commitment]" in cli(*words, "--at", "2025-06-20T10:16:03Z").err
    assert "error[trust.expired]" in cli(*words).err
    done = cli(*words, "--at", "2025-06-20T10:16:03Z", "--collateral", VECTORS / "SOURCES.md")
    assert "error[trust.collateral]" in done.err


@pytest.mark.parametrize(
    ("words", "exit_code", "code"),
    [
        (("verify", "{tmp}/absent"), 3, "attestation.unreadable"),
        (("verify", "{tmp}/empty", "--key", "xy"), 3, "attestation.expected"),
        (("verify", "{tmp}/empty", "--key", "00"), 3, "attestation.expected"),
        (("verify", "{tmp}/empty", "--key", KEY, "--at", "today"), 3, "attestation.expected"),
        (("verify", "{tmp}/empty", "--key", KEY, "--tcb", "OutOfDate"), 3, "attestation.expected"),
        (("verify", "{tmp}/empty", "--key", KEY, "--measurement", "tdx mrtd=00"), 3, "attestation.measurement"),
        (("verify", "{tmp}/empty", "--level", "A9"), 2, "usage"),
        (("sign", IMAGE, "--builder", "{tmp}/absent", "--node", KEY, "--out", "{tmp}/out"), 3, "attestation.unreadable"),
        (("sign", "latest", "--builder", "{tmp}/key", "--node", KEY, "--out", "{tmp}/out"), 3, "attestation.statement"),
        (("sign", IMAGE, "--builder", "{tmp}/key", "--node", KEY, "--out", "{tmp}/out", "--days", "0"), 3, "attestation.statement"),
        (("sign", IMAGE, "--builder", "{tmp}/key", "--node", KEY, "--out", "{tmp}"), 3, "attestation.unreadable"),
    ],
)
def test_what_is_wrong_is_refused_by_name(cli: Cli, tmp_path: Path, words: tuple[str, ...], exit_code: int, code: str) -> None:
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "key").write_bytes(b"k" * 32)
    cli("attest", *(word.replace("{tmp}", str(tmp_path)) for word in words)).refused(exit_code, code)


def test_no_evidence_is_a0_and_says_what_that_means(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    done = cli("attest", "verify", tmp_path / "empty", "--key", KEY)
    assert done.code == 0 and done.out.endswith(f"A0 (none): {NO_HARDWARE}\n")
