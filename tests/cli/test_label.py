# SPDX-License-Identifier: Apache-2.0
"""`comity label show` as it is typed: what is found, what is not, and what cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from comity.gateway.labels.fields import NOTICE, Fields
from comity.gateway.labels.files import label
from tests.cli.conftest import Cli
from tests.unit.gateway.labels.samples import ALOUD, OWED, mp3, png, wav

OURS = Fields.of("示例 Ltd\x1b[2J", "01J")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "a.png").write_bytes(label(png(), "image/png", OWED, OURS))
    (tmp_path / "a.wav").write_bytes(label(wav(), "audio/wav", ALOUD, OURS))
    (tmp_path / "a.mp3").write_bytes(label(mp3(), "audio/mpeg", ALOUD, OURS))
    (tmp_path / "a.txt").write_text("你好\n\n" + NOTICE["zh"], encoding="utf-8")
    (tmp_path / "plain.png").write_bytes(png())
    (tmp_path / "broken.png").write_bytes(png()[:50])
    return tmp_path


def test_labels_are_shown_in_words(cli: Cli, files: Path) -> None:
    done = cli("label", "show", files / "a.png")
    assert done.code == 0 and "AIGC (GB 45438-2025)   (iTXt chunk, XMP)\n" in done.out
    assert "  ContentProducer   示例 Ltd\ufffd[2J\n" in done.out and "\x1b" not in done.out
    assert "source type (IPTC): trainedAlgorithmicMedia" in done.out
    for name in ("a.wav", "a.mp3"):
        assert "audible label   (before the sound)\n" in cli("label", "show", files / name).out
    assert cli("label", "show", files / "a.txt").out == "notice: in Chinese   (end of the text)\n"


def test_json_has_the_fields_as_they_are(cli: Cli, files: Path) -> None:
    value = cli("label", "show", "--json", files / "a.png").json()
    assert value["kind"] == "image/png" and value["labels"][0]["fields"] == OURS.members


def test_none_is_no_failure_and_no_proof(cli: Cli, files: Path) -> None:
    done = cli("label", "show", files / "plain.png")
    assert done.code == 1 and "no proof" in done.out
    assert cli("label", "show", "--json", files / "plain.png").json()["labels"] == []


def test_what_cannot_be_read_is_refused(cli: Cli, files: Path) -> None:
    cli("label", "show", files / "broken.png").refused(3, "label.unreadable")
    cli("label", "show", files / "nothing.png").refused(3, "request.unreadable")
    cli("label", "show", files).refused(3, "request.unreadable")
    cli("label").refused(2, "usage")
