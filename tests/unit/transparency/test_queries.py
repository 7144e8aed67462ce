# SPDX-License-Identifier: Apache-2.0
"""What is asked of the record goes by its keys: no look grows with what was recorded before."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from comity.storage.database import Script
from comity.storage.schema import migrations
from comity.transparency.ids import Ids, id_from
from comity.transparency.queries import LOOKED_AT_MAX, Wanted, destinations, end, following, page, whole
from comity.transparency.receipt import Receipt, encoded
from comity.transparency.rows import digest_of
from tests.fakes import FakeClock, SeededRandom


def receipt(name: str, **more: Any) -> Receipt:
    return Receipt(id=name, at="2026-11-23T12:00Z", issuer="x", key="y", effect="allow", **more)


def statements(script: Script[Any], answers: list[list[tuple[Any, ...]]]) -> list[tuple[str, Any]]:
    """What a script asks for, each statement given the next of ``answers``, or nothing."""
    asked, rows = [], None
    try:
        while True:
            sql, values = script.send(rows)  # type: ignore[arg-type]
            asked.append((sql, values))
            rows = answers.pop(0) if answers else []
    except (StopIteration, LookupError):
        return asked


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "record.db")) as db:
        for script in migrations("log", "sqlite"):
            db.executescript(script)
        yield db


ROW = (7, "01REQUEST", None, encoded(receipt("0" * 26)), None)


@pytest.mark.parametrize(
    ("name", "script", "answers"),
    [
        ("page", lambda: page(Wanted(), "", 50), []),
        ("narrow page", lambda: page(Wanted(since=datetime(2026, 1, 1, tzinfo=UTC), effect="deny"), "0" * 26, 50), []),
        ("following", lambda: following(5, 500), []),
        ("end", end, [[(None,)]]),
        ("whole", lambda: whole("7"), [[(7,)], [(*ROW, digest_of(b"{}", b"{}"), b"{}", b"{}")]]),
    ],
)
def test_each_statement_goes_by_an_index(empty: sqlite3.Connection, name: str, script: Any, answers: list[Any]) -> None:
    """A `SCAN` of a table, or a sort of what was found, would grow with the record."""
    for sql, values in statements(script(), answers):
        plan = [row[3] for row in empty.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
        assert not [step for step in plan if "TEMP B-TREE" in step], (sql, plan)
        scans = [step for step in plan if step.startswith("SCAN")]
        assert scans == [] or name == "end", (sql, plan)


@pytest.mark.parametrize("step", [timedelta(0), timedelta(milliseconds=1), timedelta(days=400)])
def test_the_least_id_of_a_moment_is_above_all_before_it_and_below_all_after(step: timedelta) -> None:
    clock = FakeClock()
    ids = Ids(clock, SeededRandom())
    before = [ids.ulid() for _ in range(50)]
    clock.advance((step + timedelta(milliseconds=1)).total_seconds())
    least = id_from(clock.now())
    after = [ids.ulid() for _ in range(50)]
    assert max(before) < least <= min(after) and len(least) == 26


def test_moments_outside_of_what_ids_can_say_are_its_ends() -> None:
    assert id_from(datetime(1900, 1, 1, tzinfo=UTC)) == "0" * 26
    assert id_from(datetime(9999, 12, 31, tzinfo=UTC)) < "Z" * 26


def test_a_look_ends_and_says_where_it_goes_on() -> None:
    """However little is found, no more than so many records are read for one page."""
    read = 0
    script = page(Wanted(source="nowhere"), "", 50)
    sql = next(script)
    try:
        while True:
            limit = sql.values[-1]
            rows = [(read + at, "r", None, encoded(receipt(f"{10**9 - read - at:026}")), None) for at in range(limit)]
            read += limit
            sql = script.send(rows)
    except StopIteration as done:
        found = done.value
    assert read == LOOKED_AT_MAX and found.entries == [] and found.after == f"{10**9 - read + 1:026}"


def test_what_stayed_went_to_the_device_and_what_was_refused_nowhere() -> None:
    assert destinations(receipt("x", deployment="device")) == ("device",)
    assert destinations(receipt("x")) == () and destinations(receipt("x", deployment="d", destination=("CN",))) == ("CN",)


async def test_scripts_are_the_same_for_every_engine(tmp_path: Path) -> None:
    """They hold no more than a statement at a time: an engine may wait between two of them."""
    script = page(Wanted(), "", 1)
    assert next(script).values == ("Z" * 26, "", 2)
    await asyncio.sleep(0)
    with pytest.raises(StopIteration) as done:
        script.send([])
    assert done.value.value == ([], "")
