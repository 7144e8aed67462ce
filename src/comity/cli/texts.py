# SPDX-License-Identifier: Apache-2.0
"""Files of text that commands read and write: how far they are, what is wrong with them, and none half-written."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from comity.cli import place
from comity.errors import CallerError, ComityError

if TYPE_CHECKING:
    from comity.privacy.files import Piece
    from comity.privacy.guard import Guard

Told = Callable[[int], None]
"""Takes how many bytes were read so far."""
PROFILES = ("rules", "balanced", "strict")
BAR, BAR_BYTES_MIN = 30, 1 << 20
TOLD_EVERY_BYTES = 1 << 17


def profile_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--profile", choices=PROFILES, metavar="PROFILE", default="rules", help=f"{', '.join(PROFILES)} (rules)")


def guard_of(args: argparse.Namespace) -> Guard:
    """A file is as long as it is, so the finders have all the time they need."""
    from comity.privacy.guard import Guard

    if args.profile == "rules":
        return Guard()
    from comity.privacy.names.load import finders

    return Guard(args.profile, finders(args.profile, place.models(place.configuration(args))), finders_seconds_max=float("inf"))


def scanned(name: str, guard: Guard) -> Iterator[Piece]:
    """The pieces of a file, or of standard input for `-`; on a terminal, how far it is."""
    from comity.privacy.files import pieces

    with opened(name) as (file, size), progress(name, size) as told:
        found = pieces(file, guard)
        while True:
            with failing_closed():
                piece = next(found, None)
            if piece is None:
                return
            told(piece.read)
            yield piece


@contextmanager
def failing_closed() -> Iterator[None]:
    """Whatever a recogniser raises becomes one error, without its message, which may hold text."""
    try:
        yield
    except (ComityError, OSError):
        raise
    except Exception:  # noqa: BLE001 — fails closed, whatever it was
        why = "a recogniser broke, so nothing is known of this text"
        raise ComityError(why, code="privacy.scan_failed", hint="with another --profile it may work; else this is a bug") from None


@contextmanager
def opened(name: str) -> Iterator[tuple[BinaryIO, int]]:
    """A file, or standard input for `-`, and its size, 0 where that cannot be known.  What cannot be read later is told the same way."""
    try:
        if name == "-":
            yield sys.stdin.buffer, 0
        else:
            with Path(name).open("rb") as file:
                yield file, os.fstat(file.fileno()).st_size
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise CallerError(
            f"cannot read `{name}`: {error.strerror}", code="request.unreadable", hint="name a file, or - for stdin"
        ) from None


@contextmanager
def written(name: str, *, force: bool) -> Iterator[BinaryIO]:
    """A file that is there whole or not at all, readable by its owner alone; standard output where no name is given."""
    if not name:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    refuse_to_overwrite(name, force=force)
    target = Path(name)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        file = os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    except OSError as error:
        raise _unwritable(name, error) from None
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        raise _unwritable(name, error) from None
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


def refuse_to_overwrite(name: str, *, force: bool) -> None:
    if name and not force and Path(name).exists():
        raise CallerError(f"`{name}` is there already", code="report.unwritable", hint="name another file, or --force to replace it")


def _unwritable(name: str, error: OSError) -> CallerError:
    return CallerError(f"cannot write `{name}`: {error.strerror}", code="report.unwritable", hint="name a file in a folder of yours")


@contextmanager
def progress(name: str, size: int) -> Iterator[Told]:
    """A bar on standard error, written over; nothing where that is no terminal, or where the file is small."""
    if not sys.stderr.isatty() or 0 < size < BAR_BYTES_MIN:
        yield lambda read: None
        return
    shown = -TOLD_EVERY_BYTES

    def told(read: int) -> None:
        nonlocal shown
        if read - shown < TOLD_EVERY_BYTES:
            return
        shown = read
        bar = f"{read / 1e6:.1f} MB"
        if size:
            done = min(read, size) / size
            bar = f"[{'#' * int(BAR * done):.<{BAR}}] {done:4.0%}  {read / 1e6:.1f} of {size / 1e6:.1f} MB"
        sys.stderr.write(f"\r\x1b[K{name}  {bar}")
        sys.stderr.flush()

    try:
        yield told
    finally:
        clear_line()


def clear_line() -> None:
    """What is printed next does not stand behind a bar."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
