# SPDX-License-Identifier: Apache-2.0
"""An archive gives back what went into it, or nothing: whatever is cut, changed or moved in it is found."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import CallerError
from comity.storage import backup
from tests.fakes import SeededRandom

PASSPHRASE = b"correct horse battery"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "LOG_N", 4)


def packed(folder: Path, files: dict[str, bytes], passphrase: bytes = b"") -> Path:
    paths = {}
    for name, content in files.items():
        paths[name] = folder / name
        paths[name].write_bytes(content)
    out = folder / "backup"
    backup.pack(paths, out, made="2026-11-26", about={}, passphrase=passphrase, random=SeededRandom())
    return out


def taken(archive: Path, into: Path, passphrase: bytes = b"", names: tuple[str, ...] = ("a", "b")) -> dict[str, bytes]:
    into.mkdir()
    manifest = backup.unpack(archive, into, names, passphrase)
    return {name: (into / name).read_bytes() for name in manifest.sha256}


@pytest.mark.parametrize("passphrase", [b"", PASSPHRASE])
@pytest.mark.parametrize("size", [0, 1, backup.PIECE_BYTES - 1, backup.PIECE_BYTES, 3 * backup.PIECE_BYTES + 7])
def test_what_goes_in_comes_out(tmp_path: Path, size: int, passphrase: bytes) -> None:
    files = {"a": b"x" * size, "b": b"other"}
    archive = packed(tmp_path, files, passphrase)
    assert archive.stat().st_mode & 0o777 == 0o600
    assert taken(archive, tmp_path / "out", passphrase) == files
    assert (b"other" in archive.read_bytes()) is not bool(passphrase)
    assert (tmp_path / "out" / "a").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("passphrase", [b"", PASSPHRASE])
@given(data=st.data())
def test_a_changed_or_cut_archive_gives_nothing(tmp_path_factory: pytest.TempPathFactory, passphrase: bytes, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("archive")
    archive = packed(folder, {"a": b"some content" * 300, "b": b"other"}, passphrase)
    whole = archive.read_bytes()
    if data.draw(st.booleans()):
        spoiled = whole[: data.draw(st.integers(0, 3000))]  # a tar ends in nothing, which may be cut off
    else:
        at = data.draw(st.integers(0, len(whole) - 1))
        spoiled = whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :]
    archive.write_bytes(spoiled)
    try:
        found = taken(archive, folder / "out", passphrase)
    except CallerError:
        return
    assert not passphrase and found == {"a": b"some content" * 300, "b": b"other"}, "only what holds no content may change unseen"


@pytest.mark.parametrize("how", ["swapped", "dropped", "doubled"])
def test_pieces_that_are_moved_or_left_out_are_found(tmp_path: Path, how: str) -> None:
    archive = packed(tmp_path, {"a": b"x" * (5 * backup.PIECE_BYTES), "b": b""}, PASSPHRASE)
    head, size = len(backup.MAGIC) + 1 + backup.SALT_BYTES + backup.PREFIX_BYTES, backup.PIECE_BYTES + backup.TAG_BYTES
    raw = archive.read_bytes()
    pieces = [raw[at : at + size] for at in range(head, len(raw), size)]
    made = {"swapped": [pieces[1], pieces[0], *pieces[2:]], "dropped": pieces[:-1], "doubled": [pieces[0], *pieces]}[how]
    archive.write_bytes(raw[:head] + b"".join(made))
    with pytest.raises(CallerError, match="passphrase is another, or the backup was changed"):
        taken(archive, tmp_path / "out", PASSPHRASE)


def test_a_passphrase_is_asked_for_and_a_wrong_one_opens_nothing(tmp_path: Path) -> None:
    archive = packed(tmp_path, {"a": b"x", "b": b"y"}, PASSPHRASE)
    with pytest.raises(CallerError) as sealed:
        taken(archive, tmp_path / "one")
    assert sealed.value.code == "backup.sealed"
    with pytest.raises(CallerError) as wrong:
        taken(archive, tmp_path / "two", PASSPHRASE + b"?")
    assert wrong.value.code == "backup.broken"


@pytest.mark.parametrize("name", ["../a", "/etc/a", "c", "a/../b"])
def test_nothing_is_taken_out_under_another_name(tmp_path: Path, name: str) -> None:
    out = tmp_path / "backup"
    with tarfile.open(out, "w") as tar:
        said = b'{"made":"now","sha256":{"%s":"00"}}' % name.encode()
        for entry, content in ((backup.MANIFEST, said), (name, b"planted")):
            made = tarfile.TarInfo(entry)
            made.size = len(content)
            tar.addfile(made, io.BytesIO(content))
    with pytest.raises(CallerError, match="no whole backup"):
        taken(out, tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_a_link_is_no_file(tmp_path: Path) -> None:
    out = tmp_path / "backup"
    with tarfile.open(out, "w") as tar:
        made = tarfile.TarInfo(backup.MANIFEST)
        made.type, made.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(made)
    with pytest.raises(CallerError, match="more than files"):
        taken(out, tmp_path / "out")


def test_a_backup_that_is_there_is_never_replaced(tmp_path: Path) -> None:
    archive = packed(tmp_path, {"a": b"x"})
    before = archive.read_bytes()
    with pytest.raises(CallerError, match="there already"):
        packed(tmp_path, {"a": b"y"})
    assert archive.read_bytes() == before
