# SPDX-License-Identifier: Apache-2.0
"""Where a log is published: a folder holds whole files and no others; an object store is one too, where its package is installed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from comity.errors import OperatorError, StorageFailure
from comity.transparency import published
from comity.transparency.publish import Publisher
from comity.transparency.store import Bucket, Folder, Store, is_path, store_at
from comity.transparency.tlog import TLog, signer_of

SIGNER = signer_of(b"n" * 32)


@pytest.fixture(params=["folder", "memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return store_at(str(tmp_path / "deep" / "tiles"))
    pytest.importorskip("obstore", reason="the extra `objects` is not installed")
    (tmp_path / "bucket").mkdir()
    found = store_at("memory:///" if request.param == "memory" else (tmp_path / "bucket").as_uri())
    assert isinstance(found, Bucket)
    return found


async def test_what_is_put_is_got(store: Store) -> None:
    assert await store.get("checkpoint") is None and await store.get("tile/0/x001/000.p/3") is None
    await store.put("tile/0/x001/000.p/3", b"abc")
    await store.put("tile/0/x001/000.p/3", b"abc")
    await store.put("checkpoint", b"1")
    await store.put("checkpoint", b"2")
    assert (await store.get("checkpoint"), await store.get("tile/0/x001/000.p/3")) == (b"2", b"abc")


async def test_a_log_is_published_there(store: Store, tmp_path: Path) -> None:
    log = await TLog.open(tmp_path / "log.db", SIGNER, seconds_max=10)
    for more in (3, 300):
        await log.append([b"entry"] * more)
        await Publisher(log, store).publish()
    assert [done async for done, *_ in published.whole(store.get, SIGNER.verifier)][-1] == 303
    await log.aclose()


async def test_a_folder_holds_whole_files_and_no_others(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "deep" / "tiles")
    await asyncio.gather(*[folder.put("checkpoint", b"%d" % n * 10_000) for n in range(10)])
    read = await folder.get("checkpoint")
    assert read is not None and len(set(read)) == 1 and len(read) == 10_000
    files = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()]
    assert files == ["deep/tiles/checkpoint"]


async def test_a_disk_that_says_no_is_a_storage_failure(tmp_path: Path) -> None:
    (tmp_path / "flat").write_text("a file")
    flat = Folder(tmp_path / "flat")
    with pytest.raises(StorageFailure):
        await flat.put("checkpoint", b"")
    assert await flat.get("checkpoint") is None
    (tmp_path / "checkpoint").mkdir()
    with pytest.raises(StorageFailure):
        await Folder(tmp_path).get("checkpoint")


def test_a_store_of_no_kind_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OperatorError):  # not installed, or not known
        store_at("carrier-pigeon://roof")
    monkeypatch.setitem(sys.modules, "obstore.store", None)
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(OperatorError, match="not installed") as raised:
        store_at("s3://bucket")
    assert raised.value.hint == "pip install 'comity[objects]'"


def test_only_a_log_s_own_files_are_asked_for() -> None:
    assert all(map(is_path, ["checkpoint", "tile/0/000", "tile/entries/x001/000.p/7"]))
    assert not any(map(is_path, ["", "..", "checkpoint/..", "tile/0/../../log.key", "/etc/passwd", "tile/0/000.p/256", "Checkpoint"]))
