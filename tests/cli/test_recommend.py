# SPDX-License-Identifier: Apache-2.0
"""`comity recommend`, as a person types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

pytest.importorskip("numpy", reason="needs comity[recommend]")

ITEMS = "".join(
    json.dumps({"id": name, "title": name.title(), "tags": tags.split()}) + "\n"
    for name, tags in {"alien": "space", "moon": "space slow", "solaris": "space slow", "emma": "love", "once": "love"}.items()
)
MANY = "person,item,context\n" + "".join(f"p{n},{item},{'day' if n % 2 else 'night'}\n" for n in range(12)
                                         for item in (("emma", "once") if n % 2 else ("alien", "moon")))  # fmt: skip


@pytest.fixture
def shop(cli: Cli, tmp_path: Path) -> Cli:
    (tmp_path / "items.jsonl").write_text(ITEMS)
    (tmp_path / "many.csv").write_text(MANY)
    assert cli("recommend", "learn", tmp_path / "many.csv", "--out", tmp_path / "f").out.startswith("4 items of 12 people, ")
    assert cli("recommend", "use", "--items", tmp_path / "items.jsonl", "--factors", tmp_path / "f").code == 0
    return cli


def listed(cli: Cli, *more: str) -> list[str]:
    return [one["item"] for one in cli("--json", "recommend", "list", *more).json()["items"]]


def test_before_anything_it_says_what_to_do(cli: Cli) -> None:
    assert cli("recommend").out == "nothing to suggest: comity recommend use --items FILE --factors FILE\n"


def test_without_events_it_is_what_others_like_there(shop: Cli) -> None:
    assert set(listed(shop, "--context", "day", "--count", "2")) == {"emma", "once"}
    assert "this is what others like" in shop("recommend").out


def test_an_event_brings_what_goes_with_it_and_why(shop: Cli) -> None:
    event = json.loads(shop("--json", "recommend", "add", "moon").out)["event"]
    assert set(listed(shop)[:2]) == {"alien", "solaris"}
    told = shop("recommend", "list", "--why").out
    assert f"you: Moon ({event})" in told and f"like Moon ({event}): slow, space" in told and "others like it" in told


def test_forgetting_changes_the_next_list(shop: Cli) -> None:
    event = json.loads(shop("--json", "recommend", "add", "moon").out)["event"]
    shop("recommend", "add", "emma", "--value", "-1")
    assert shop("recommend", "forget", "--event", event).out == "1 event forgotten, 1 left\n"
    assert "moon" in listed(shop) and event not in shop("recommend", "events").out
    assert shop("recommend", "reset").out == "1 event forgotten; nothing is kept of you\n"
    assert shop("recommend", "events").out == "nothing is kept of you\n" and len(listed(shop)) == 5


def test_a_file_of_events_is_kept_whole_or_not(shop: Cli, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text('{"item": "moon", "id": "1", "at": "2026-11-01T20:00:00+08:00"}\n{"item": "once", "value": 0.5}\n')
    assert shop("recommend", "import", file).out == "2 events kept, 0 known before\n"
    file.write_text('{"item": "moon", "id": "1"}\n{"item": "alien"}\n')
    assert shop("recommend", "import", file).out == "1 event kept, 1 known before\n"
    file.write_text('{"item": "emma"}\n{"item": "emma", "value": 7}\n')
    assert "line 2 is not an event" in shop("recommend", "import", file).refused(3, "request.invalid")
    assert shop("recommend", "events").out.count("\n") == 3


@pytest.mark.parametrize(
    "words",
    [
        ("add", "x", "--value", "3"),
        ("add", ""),
        ("add", "x", "--at", "noon"),
        ("add", "x", "--at", "2026-11-27T09:00:00"),
        ("list", "--count", "0"),
        ("list", "--diverse", "2"),
        ("list", "--half-life-days", "nan"),
        ("use",),
        ("use", "--factors", "no/such/file"),
        ("import", "no/such/file"),
    ],
)
def test_what_is_out_of_range_is_refused(cli: Cli, words: tuple[str, ...]) -> None:
    cli("recommend", *words).refused(3, "request.invalid")


def test_a_file_that_is_none_of_factors_is_refused(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"comity-factors 1\n{}")
    assert "not a file of item factors" in cli("recommend", "use", "--factors", tmp_path / "f").refused(3, "request.invalid")
    (tmp_path / "many.csv").write_text("who,what\na,b\n")
    assert "no columns" in cli("recommend", "learn", tmp_path / "many.csv", "--out", tmp_path / "g").refused(3, "request.invalid")
