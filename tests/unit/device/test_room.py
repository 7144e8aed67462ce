# SPDX-License-Identifier: Apache-2.0
"""Whether a model fits: both figures are said, and where the system does not say, nothing is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from comity.device import room
from comity.device.room import check_memory, memory_available, memory_of
from comity.errors import OperatorError

MEGABYTE = 1 << 20


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(room, "MEMORY", tmp_path / "meminfo")
    monkeypatch.setattr(room, "GROUP", tmp_path)
    (tmp_path / "meminfo").write_text("MemTotal:  4096000 kB\nMemAvailable:  1024000 kB\n", encoding="ascii")
    return tmp_path


def test_what_is_free_is_the_machine_s(machine: Path) -> None:
    assert memory_available() == 1024000 * 1024


def test_a_group_may_have_less(machine: Path) -> None:
    (machine / "memory.max").write_text("max\n", encoding="ascii")
    assert memory_available() == 1024000 * 1024
    (machine / "memory.max").write_text(f"{500 * MEGABYTE}\n", encoding="ascii")
    (machine / "memory.current").write_text(f"{300 * MEGABYTE}\n", encoding="ascii")
    assert memory_available() == 200 * MEGABYTE
    (machine / "memory.stat").write_text(f"anon 1\ninactive_file {50 * MEGABYTE}\n", encoding="ascii")
    assert memory_available() == 250 * MEGABYTE


def test_both_figures_are_said(machine: Path) -> None:
    check_memory("tiny", 1000 * MEGABYTE)
    with pytest.raises(OperatorError) as raised:
        check_memory("tiny", 1001 * MEGABYTE)
    assert str(raised.value) == "model `tiny` needs 1001 MB of memory, and 1000 MB are free"
    assert (raised.value.code, raised.value.exit_code) == ("model.no_memory", 1)


@pytest.mark.parametrize("said", ["", "MemAvailable:\n", "MemAvailable: much kB\n", None])
def test_where_the_system_does_not_say_nothing_is_refused(said: str | None, machine: Path) -> None:
    if said is None:
        (machine / "meminfo").unlink()
    else:
        (machine / "meminfo").write_text(said, encoding="ascii")
    assert memory_available() is None
    check_memory("tiny", 1 << 60)


def test_context_counts() -> None:
    assert memory_of(491_400_064, 2 * 4096 * 12_288) - memory_of(491_400_064, 0) == 100_663_296
