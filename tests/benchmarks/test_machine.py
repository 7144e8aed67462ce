# SPDX-License-Identifier: Apache-2.0
"""A process tree's CPU and memory are read whole: children and threads of children too."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from benchmarks.harness import machine

pytestmark = pytest.mark.skipif(not machine.PROC.exists(), reason="no /proc here")

GRANDCHILD = "sum(range(2_000_000)); memory = b'x' * 30_000_000; print('done', flush=True); input()"
CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {GRANDCHILD!r}])"


@pytest.fixture
def parent() -> Iterator[int]:
    """Idle itself; its child has worked and waits."""
    with subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdin is not None
        assert process.stdout.readline() == b"done\n"
        yield process.pid
        process.stdin.write(b"\n")


def test_what_a_child_does_is_counted(parent: int) -> None:
    whole = machine.tree(parent)
    assert whole[0] == parent and len(whole) == 2
    alone, together = ([parent], whole)
    assert 0 < machine.cpu_seconds(alone) < machine.cpu_seconds(together)
    assert machine.resident_mb(together) > machine.resident_mb(alone) + 28


def test_what_is_gone_counts_nothing() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert machine.cpu_seconds([process.pid]) == machine.resident_mb([process.pid]) == 0


def test_the_machine_says_what_it_is() -> None:
    assert "cores" in machine.describe()
    gateway, load = machine.cores()
    assert gateway <= load
    assert machine.disk_of(machine.PROC) == "proc"
