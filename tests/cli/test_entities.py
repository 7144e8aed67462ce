# SPDX-License-Identifier: Apache-2.0
"""`comity entities`, as a person types it."""

from __future__ import annotations

import json

from tests.cli.conftest import Cli

AT = ("--at", "2026-11-27T09:00+08:00", "--zone", "Asia/Shanghai", "--region", "cn")


def test_it_says_what_a_text_says(cli: Cli) -> None:
    done = cli("entities", "明天早上六点一刻叫我起床", *AT)
    assert (done.code, done.out) == (0, "明天早上六点一刻  datetime  2026-11-28T06:15:00+08:00\n")
    assert cli("entities", "good morning", *AT).out == "nothing that is covered\n"


def test_as_json_with_every_reading(cli: Cli) -> None:
    (row,) = json.loads(cli("--json", "entities", "at 8", "--lang", "en", *AT).out)
    assert (row["text"], row["kind"], row["certain"]) == ("at 8", "time", False)
    assert [reading["clock"] for reading in row["readings"]] == ["20:00:00", "08:00:00"]


def test_what_is_no_time_is_refused(cli: Cli) -> None:
    assert cli("entities", "today", "--at", "noon").code == 3
    assert "has no offset" in cli("entities", "today", "--at", "2026-11-27T09:00").err
    assert cli("entities", "today", "--at", "2026-11-27T09:00", "--zone", "Mars/Olympus").code == 3
