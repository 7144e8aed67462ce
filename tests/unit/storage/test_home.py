# SPDX-License-Identifier: Apache-2.0
"""A home is one process's at a time, and its keys are made once."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from comity.errors import OperatorError
from comity.storage.home import HomeLock, prepare, secret_key
from tests.fakes import SeededRandom

HOLDER = """
import pathlib, sys
from comity.storage.home import HomeLock
lock = HomeLock(pathlib.Path(sys.argv[1]))
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


def refused(home: Path) -> bool:
    lock = HomeLock(home)
    try:
        lock.acquire()
    except OperatorError as error:
        assert (error.code, error.exit_code, error.status) == ("home.in_use", 1, 503) and "--home" in error.hint
        return True
    lock.release()
    return False


def test_a_lock_is_held_until_it_is_released(home: Path) -> None:
    lock = HomeLock(home)
    lock.acquire()
    assert refused(home) and refused(home)
    lock.release()
    lock.release()
    assert not refused(home)


def test_another_process_is_kept_out_until_this_one_is_killed(home: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        assert refused(home)
        for path in home.iterdir():  # there is no file whose removal would let a second one in
            path.unlink()
        assert refused(home)
        holder.kill()
        holder.wait(30)
        assert not refused(home)


def test_a_child_does_not_inherit_it(home: Path) -> None:
    """Else a runtime that outlives its gateway would keep the home shut."""
    lock = HomeLock(home)
    lock.acquire()
    waits = "import sys; print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", waits], stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False) as child:
        assert child.stdout is not None and child.stdout.readline()  # it runs: what it does not inherit is closed by now
        lock.release()
        assert not refused(home)
        child.kill()


def test_a_home_that_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for home in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OperatorError) as raised:
            prepare(home)
        assert raised.value.code == "home.unusable"
    for home in (tmp_path / "file", tmp_path / "absent"):
        with pytest.raises(OperatorError) as raised:
            HomeLock(home).acquire()
        assert raised.value.code == "home.unusable"


def test_a_home_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    prepare(tmp_path / "a" / "home")
    assert stat.S_IMODE((tmp_path / "a" / "home").stat().st_mode) == 0o700


def test_a_key_is_made_once(home: Path) -> None:
    path = home / "log.key"
    (home / "log.new").write_bytes(b"left by a crash in the making")
    key = secret_key(path, SeededRandom(b"one"))
    assert len(key) == 32 and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert secret_key(path, SeededRandom(b"two")) == key == path.read_bytes()
    assert [each.name for each in home.iterdir()] == ["log.key"]


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_damaged_key_is_never_replaced(home: Path, content: bytes) -> None:
    (home / "log.key").write_bytes(content)
    with pytest.raises(OperatorError) as raised:
        secret_key(home / "log.key", SeededRandom())
    assert raised.value.code == "home.unusable" and (home / "log.key").read_bytes() == content
