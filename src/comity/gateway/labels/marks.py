# SPDX-License-Identifier: Apache-2.0
"""What every carrier is asked for, and the errors of all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from comity.errors import CallerError, ComityError

XMP_BYTES_MAX = 1 << 20
PARTS_MAX = 100_000
"""Chunks, segments or frames of one file: what has more is made to be slow."""


class Unreadable(ComityError):
    """The file is not whole, or not what it says it is: it can be neither labelled nor read."""

    status = 502
    exit_code = 3
    default_code = "label.unreadable"


class Unfit(CallerError):
    """A label is owed that this format, or this file, cannot bear."""

    default_code = "label.unfit"


class Marks(NamedTuple):
    """What a file carries: the AIGC fields where the format has a place of its own for them, its XMP packet, its C2PA manifest."""

    aigc: str = ""
    xmp: bytes = b""
    c2pa: bytes = b""


class Carrier(NamedTuple):
    """One file format, over whole files; its functions raise errors of Comity's and no others.

    native:  its own place for the AIGC fields; "" where XMP is the place
    put:     the file with `aigc` and `xmp` in the place of those before; what is empty stays as it was, and so does all else
    other:   where else the fields are read from
    audible: of sounds: the file with the audible label before it; the file itself where it begins with it
    """

    media: str  # picture | sound | document
    native: str
    xmp: str
    find: Callable[[bytes], Marks]
    put: Callable[[bytes, str, bytes], bytes]
    audible: Callable[[bytes], bytes] | None = None
    other: str = ""


def part(data: bytes, start: int, size: int, what: str) -> bytes:
    """``size`` bytes, all of them."""
    if size < 0 or start + size > len(data):
        raise Unreadable(f"the {what} is cut off")
    return data[start : start + size]
