# SPDX-License-Identifier: Apache-2.0
"""`comity resilience`: what the report says goes dark is what a drill, with real processes, shows to go dark."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli
from tests.tidy.tree import ROOT

SAMPLE = ROOT / "examples" / "six_places" / "comity.toml"


def key(question: dict[str, Any]) -> tuple[str, str, str, str]:
    return question["jurisdiction"], question["operation"], question["person"], question["task"]


@pytest.fixture
def told(cli: Cli) -> dict[str, Any]:
    report: dict[str, Any] = cli("--config", SAMPLE, "--json", "resilience").json()
    return report


def lost(told: dict[str, Any], kind: str, name: str) -> set[tuple[str, str, str, str]]:
    (loss,) = [each for each in told["losses"] if (each["kind"], each["name"]) == (kind, name)]
    return {key(each) for each in loss["dark"] + loss["device_only"]}


@pytest.mark.parametrize(("kind", "name", "some"), [("partner", "alibaba", True), ("region", "FR", True), ("partner", "mistral", False)])
def test_a_drill_shows_to_go_dark_exactly_what_the_report_says(typed: Cli, told: dict[str, Any], kind: str, name: str, some: bool) -> None:
    said = lost(told, kind, name)
    assert bool(said) is some
    drilled = typed("--config", SAMPLE, "--json", "resilience", "--drill", name)
    shown = drilled.json()
    assert (drilled.code, shown["holds"]) == (0, True), drilled
    for number, kind_of_failure in ((1, "hanging"), (2, "refusing")):
        dark = {
            key(row)
            for row in shown["rows"]
            if row["answers"][0]["by"] and not row["answers"][number]["by"] and row["answers"][number]["round"] == kind_of_failure
        }
        assert dark == said
    gone = set(shown["gone"])
    assert all(row["answers"][0]["by"] in row["lawful"] for row in shown["rows"] if row["lawful"])
    assert not any(answer["by"] in gone for row in shown["rows"] for answer in row["answers"][1:])
    assert {row["answers"][0]["status"] for row in shown["rows"] if not row["lawful"]} <= {400, 403, 451}


def test_a_report_that_is_wrong_is_found_out(monkeypatch: pytest.MonkeyPatch, cli: Cli) -> None:
    """The law, as the report reads it, is made to allow one place too many and one too few."""
    import msgspec

    from comity.gateway.resilience import Survey

    honest = Survey.cells

    def wrong(self: Survey, standing: Any) -> Any:
        return tuple(msgspec.structs.replace(cell, lawful=cell.lawful[1:]) for cell in honest(self, standing))

    monkeypatch.setattr(Survey, "cells", wrong)
    drilled = cli("--config", SAMPLE, "--json", "resilience", "--drill", "mistral")
    assert drilled.code == 1 and drilled.json()["holds"] is False


def test_the_report_is_told_on_a_terminal(cli: Cli) -> None:
    done = cli("--config", SAMPLE, "resilience")
    assert done.code == 0 and done.err == ""
    assert "\nCN\n  chat           adult, sensitive: qwen-beijing, hunyuan-china\n" in done.out
    assert "  partner alibaba\n    dark         CN: embeddings, adult, sensitive\n" in done.out
    assert "  partner mistral: nothing goes dark\n" in done.out


def test_another_day_is_another_report(cli: Cli) -> None:
    """Past their horizon packs escalate, and nobody may answer."""
    far = cli("--config", SAMPLE, "--json", "resilience", "--as-of", "2040-01-01").json()
    assert far["as_of"] == "2040-01-01" and not any(cell["lawful"] for cell in far["cells"])


class Page(HTMLParser):
    """Tags, where they lead, and that each is closed."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "action")]
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


def test_the_page_stands_alone(cli: Cli, tmp_path: Path) -> None:
    assert cli("--config", SAMPLE, "resilience", "--html", tmp_path / "page.html").code == 0
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    page = Page(text)
    assert "script" not in page.tags and "link" not in page.tags and page.links == [] and "url(" not in text
    assert "韧性报告" in text and "CN: embeddings, adult, sensitive" in text and "@media print" in text


@pytest.mark.parametrize(
    ("words", "exit_code", "code"),
    [
        (("--drill", "nobody"), 2, "usage"),
        (("--drill", "alibaba", "--as-of", "2026-12-01"), 2, "usage"),
        (("--html", "no/such/folder.html"), 3, "report.unwritable"),
    ],
)
def test_what_cannot_be_done_is_said(cli: Cli, words: tuple[str, ...], exit_code: int, code: str) -> None:
    cli("--config", SAMPLE, "resilience", *words).refused(exit_code, code)


def test_a_name_that_nothing_stands_on_is_answered_with_those_that_are(cli: Cli) -> None:
    said = cli("--config", SAMPLE, "resilience", "--drill", "openai").refused(2, "usage")
    assert "alibaba; hunyuan; llm.example.com; mistral" in said


def test_egress_lists_the_hosts_of_the_configuration(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    told = cli("--config", SAMPLE, "--json", "egress").json()
    assert [f"{each['host']}:{each['port']}" for each in told["destinations"]] == [
        "api.eu.mistral.ai:443", "api.hunyuan.cloud.tencent.com:443", "dashscope.aliyuncs.com:443",
        "example.us-east-1.maas.aliyuncs.com:443", "llm.example.com:443",
    ]  # fmt: skip
    assert cli("egress").out == "\n", "the model on this machine reaches nobody"


def test_a_database_is_on_the_list_and_its_password_nowhere(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VALKEY", "rediss://user:pa55word@valkey.cache.svc:6380/0")
    path = tmp_path / "comity.toml"
    path.write_text('[shared]\nvalkey = { env = "VALKEY" }\n', encoding="utf-8")
    for form in ("list", "networkpolicy", "cilium", "nftables", "envoy"):
        done = cli("--config", path, "--json", "egress", "--format", form)
        assert done.code == 0 and "pa55word" not in done.out
        assert json.loads(done.out)["destinations"] == [
            {"host": "valkey.cache.svc", "port": 6380, "why": ["shared.valkey"], "inside": True}
        ]
    monkeypatch.setenv("VALKEY", "valkey")
    cli("--config", path, "egress").refused(3, "config.invalid")


def test_a_name_without_an_address_is_said(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def none(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", none)
    cli("--config", SAMPLE, "egress", "--format", "nftables", "--resolve").refused(1, "egress.unresolved")
