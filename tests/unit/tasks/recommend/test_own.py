# SPDX-License-Identifier: Apache-2.0
"""A person's events: kept on this device, gone from the disk when forgotten, and with no way to anywhere else."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import comity.tasks.recommend
from comity.errors import CallerError
from comity.ports import SystemRandom
from comity.tasks.recommend import Event, Own
from tests.fakes import FakeClock, SeededRandom

FOLDER = Path(comity.tasks.recommend.__file__).parent


@pytest.fixture
def own(tmp_path: Path, clock: FakeClock, random: SeededRandom) -> Iterator[Own]:
    with Own(tmp_path / "own.db", clock=clock, random=random) as made:
        yield made


def on_the_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


def test_an_event_is_given_a_time_and_an_id(own: Own, clock: FakeClock) -> None:
    (kept,) = own.add([Event(item="a", value=-0.5, context="day")])
    assert own.events() == (kept,) and kept.at == clock.now() and len(kept.id) == 16
    (kept,) = own.add([Event(item="b", at=datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=8))))])
    assert kept.at == datetime(2025, 12, 31, 16, tzinfo=UTC)


def test_an_event_told_twice_is_kept_once(own: Own) -> None:
    own.add([Event(item="a", id="1"), Event(item="a", id="1")])
    own.add([Event(item="b", id="1")])
    assert [event.item for event in own.events()] == ["a"]


def test_of_events_one_of_which_is_wrong_none_is_kept(own: Own) -> None:
    with pytest.raises(CallerError, match="no offset"):
        own.add([Event(item="a"), Event(item="b", at=datetime(2026, 1, 1))])  # noqa: DTZ001
    assert own.count() == 0


@pytest.mark.parametrize("how", ["event", "item", "all"])
def test_what_is_forgotten_is_not_in_any_file(own: Own, tmp_path: Path, how: str) -> None:
    secret = "a-film-nobody-should-know-of"
    own.add([Event(item=f"item-{n}") for n in range(300)])
    (kept,) = own.add([Event(item=secret, context=f"with {secret}")])
    own.add([Event(item=f"item-{n}", context="x" * 100) for n in range(300)])
    assert secret.encode() in on_the_disk(tmp_path)
    assert own.forget(**{"event": {"event": kept.id}, "item": {"item": secret}, "all": {}}[how]) == (601 if how == "all" else 1)
    assert secret.encode() not in on_the_disk(tmp_path) and kept.id.encode() not in on_the_disk(tmp_path)
    assert own.count() == (0 if how == "all" else 600)


def test_after_a_reset_there_is_no_file(tmp_path: Path, own: Own) -> None:
    own.add([Event(item="a")])
    own.reset()
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_its_owner_s_alone(own: Own, tmp_path: Path) -> None:
    own.add([Event(item="a")])
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(items=st.lists(st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable()), min_size=1, max_size=8, unique=True))
def test_forgetting_one_item_leaves_the_others(tmp_path: Path, clock: FakeClock, items: list[str]) -> None:
    with Own(tmp_path / "each.db", clock=clock, random=SystemRandom()) as own:
        own.forget()
        own.add([Event(item=item) for item in items])
        assert own.forget(item=items[0]) == 1
        assert [event.item for event in own.events()] == items[1:]


# -- never a profile that leaves -------------------------------------------------------------------------------------

LEAVING = ("socket", "ssl", "http", "urllib", "asyncio", "subprocess", "multiprocessing")
OTHERS = ("providers", "client", "wire", "gateway", "routing", "seal", "learning", "transparency", "console", "lab")


def imported() -> set[str]:
    found: set[str] = set()
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(node.module or "")
    return found


def test_no_module_of_it_knows_a_way_out() -> None:
    ours = {f"comity.{room}" for room in ("errors", "ports", "tasks.recommend", "storage.sqlite")}
    for name in imported():
        assert name.split(".")[0] not in LEAVING and not name.startswith(tuple(f"comity.{room}" for room in OTHERS)), name
        assert not name.startswith("comity.") or name.startswith(tuple(ours)), name


def test_importing_it_brings_no_way_out() -> None:
    program = "import sys; import comity.tasks.recommend; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"socket", "ssl", "asyncio", "http.client"}
    assert not [name for name in loaded if name.startswith(tuple(f"comity.{room}" for room in OTHERS))]


def test_no_public_function_gives_the_profile() -> None:
    """Events come out of `Own`, for the scoring and for the person; what is handed on is `Recommendations`, which has no vector."""
    from comity.tasks.recommend.shapes import Recommendations

    assert Recommendations.__struct_fields__ == ("items", "rests_on", "events", "factors")
