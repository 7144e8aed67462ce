# SPDX-License-Identifier: Apache-2.0
"""`comity evidence`, as a person types it: with each kind of check, what is refused and why, and what the log says of it."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from comity.cli import examined
from comity.config.file import load_config
from comity.storage.home import HomeLock
from comity.storage.open import look_into
from comity.transparency.changes import page
from comity.transparency.rows import DATABASE
from tests.cli.conftest import Cli

CONFIG = """
[controller]
established = ["US"]
[[deployments]]
id = "virginia"
provider = "self-hosted"
base_url = "https://llm.example.com/v1"
model = "a-model"
processing = ["US"]
storage = ["US"]
access = ["US"]
operator = "US"
evidence = ["processor_contract"]
"""
APPROVER = ("--approver", "A. Officer, DPO")
KEY = Ed25519PrivateKey.generate()
ASKED = {"messages": [{"role": "user", "content": "Say hello"}], "model": "virginia"}


@pytest.fixture
def papers(cli: Cli, tmp_path: Path) -> Path:
    """A document, its signature, the key of that, and a configuration, in the folder where everything is typed."""
    (tmp_path / "comity.toml").write_text(CONFIG)
    (tmp_path / "scc.pdf").write_bytes(b"a contract")
    (tmp_path / "scc.sig").write_bytes(KEY.sign(b"a contract"))
    (tmp_path / "issuer.pem").write_bytes(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (tmp_path / "export.json").write_text(json.dumps(ASKED))
    return tmp_path


def added(cli: Cli, kind: str, *check: str, more: tuple[str, ...] = ()) -> str:
    done = cli("evidence", "add", kind, "--document", "scc.pdf", *APPROVER, *more, *(("--check", *check) if check else ()))
    assert done.code == 0, done.err
    return done.out


def test_each_kind_of_check_is_registered_shown_and_verified_again(cli: Cli, papers: Path) -> None:
    signed = added(
        cli, "cac_scc", "signature=scc.sig", "key=issuer.pem", more=("--scope", "virginia", "--type", "contract", "--issuer", "Ex")
    )
    assert signed.startswith("1  cac_scc for virginia, signature of the key ")
    looked = added(cli, "cn_genai", "register=cac-genai", "number=Beijing-WenXinYiYan-20230821", "on=2026-01-05")
    assert looked == "2  cn_genai for *, register cac-genai Beijing-WenXinYiYan-20230821, looked up 2026-01-05 by A. Officer, DPO\n"
    assert "review of the text 2" in added(cli, "processor_contract", "review=the text", "by=B. Auditor", "role=auditor")
    assert added(cli, "iso-27001") == "4  iso-27001 for *, unchecked\n"
    rows = cli("--json", "evidence", "list").json()
    assert [(each["check"] or {}).get("type") for each in rows] == ["signature", "register", "review", None]
    assert (rows[0]["document"], rows[0]["issuer"], rows[1]["check"]["url"]) == ("contract", "Ex", "https://www.cac.gov.cn/")
    shown = cli("evidence", "list").out
    assert "signature  A. Officer, DPO; issued by Ex\n" in shown and "unchecked  A. Officer, DPO\n" in shown
    verified = cli("evidence", "verify", 1, "--document", "scc.pdf")
    assert verified.code == 0 and "the signature holds: signature of the key" in verified.out
    assert "no signature to verify" in cli("evidence", "verify", 4, "--document", "scc.pdf").out
    (papers / "scc.pdf").write_bytes(b"another contract")
    assert "not the document of entry 1" in cli("evidence", "verify", 1, "--document", "scc.pdf").refused(5, "trust.document")
    cli("evidence", "withdraw", 1, *APPROVER)
    cli("evidence", "verify", 1, "--document", "scc.pdf").refused(3, "evidence.unknown")


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ("signature=scc.pdf key=issuer.pem", "evidence.signature is not this key's on this document"),
        ("signature=scc.sig", "evidence.key is neither a public key nor certificates in PEM"),
        ("signature=scc.sig key=issuer.pem by=me", "evidence.check `by` does not go with signature"),
        ("register=cac-genai number=12", "evidence.number `12` is not as cac-genai numbers"),
        ("register=another number=12", "evidence.url is not where the register can be read"),
        ("register=cac-genai number=Beijing-A-20230821 on=monday", "evidence.on `monday` is no day"),
        ("review=text", "evidence.role says nothing"),
        ("stamp", "evidence.check says neither `signature`, `register` nor `review`"),
    ],
)
def test_a_check_that_does_not_hold_registers_nothing(cli: Cli, papers: Path, check: str, said: str) -> None:
    done = cli("evidence", "add", "cac_scc", "--document", "scc.pdf", *APPROVER, "--check", *check.split())
    assert said in done.refused(3, "evidence.invalid") and "hint: " in done.err
    assert "nothing is registered" in cli("evidence", "list").out


def test_what_ends_soon_is_told_wherever_one_looks(cli: Cli, papers: Path) -> None:
    today = datetime.now(UTC).date()
    soon, later = (str(today + timedelta(days=days)) for days in (30, 90))
    added(cli, "cac_scc", more=("--scope", "virginia", "--valid-to", soon))
    added(cli, "eu_scc", more=("--valid-to", later))
    added(cli, "eu_tia", more=("--valid-to", str(today - timedelta(days=1))))
    assert cli("evidence", "list", "--ending", 60).out.count("\n") == 1 and len(cli("evidence", "list").out.splitlines()) == 3
    assert cli("evidence", "list", "--ending", 5).out == "nothing registered ends by then\n"
    assert f"warning: evidence ends within 60 days: `cac_scc` of virginia on {soon}\n" in cli("check").err
    told = [each.what for each in examined.dates(argparse.Namespace(home="", config=""), load_config(papers / "comity.toml"))]
    assert [each.partition(" ends ")[0].partition(" ended ")[0] for each in told] == [
        "evidence eu_tia of controller", "evidence cac_scc of `virginia`", "evidence eu_scc of controller",
    ]  # fmt: skip


def test_what_has_no_check_counts_no_more_once_checks_are_asked_for(cli: Cli, papers: Path) -> None:
    asked = ("explain", "export.json", "--subject", 'location="CN", consent=(general separate_cross_border)')
    for kind in ("notice:cross_border_recipient", "assessment:cn_pipia"):
        added(cli, kind)
    assert cli(*asked).code == 0
    (papers / "comity.toml").write_text("evidence_check_required = true\n" + CONFIG)
    denied = cli(*asked)
    assert (
        denied.code == 4 and "not counted, since it has no check of its own: `processor_contract` of virginia (comity.toml)" in denied.out
    )
    assert "`assessment:cn_pipia` (entry 2)" in cli("check").err
    for kind in ("notice:cross_border_recipient", "assessment:cn_pipia", "processor_contract"):
        added(cli, kind, "review=all of it", "role=DPO")
    assert cli(*asked).code == 0


def test_the_log_says_that_an_entry_was_added_or_that_it_could_not(cli: Cli, papers: Path) -> None:
    added(cli, "cac_scc")
    home = papers / "nobody"
    lock = HomeLock(home)
    lock.acquire()
    try:
        done = cli("evidence", "withdraw", 1, *APPROVER)
    finally:
        lock.release()
    assert done.out == "1  withdrawn\n" and "keeps the log to itself" in done.err
    into = look_into(home / DATABASE, "log", seconds_max=5.0)
    try:
        (only,) = into.look(lambda: page(None, 10))
    finally:
        into.close()
    assert (only.change.what, only.change.by, len(only.change.of)) == ("evidence.added", "cli", 64)
