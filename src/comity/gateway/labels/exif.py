# SPDX-License-Identifier: Apache-2.0
"""Exif: where a comment stands, in which some put the AIGC fields (TC260-PG-20259A, appendix B); what is written goes into XMP."""

from __future__ import annotations

from typing import Literal, NamedTuple

from comity.gateway.labels.marks import PARTS_MAX

HEAD = b"Exif\0\0"
_EXIF_FOLDER, _COMMENT, _UNDEFINED = 0x8769, 0x9286, 7
_CODE_BYTES = 8  # names the encoding: ASCII, UNICODE, JIS, or nothing


class Place(NamedTuple):
    start: int
    end: int


def label_place(segment: bytes) -> Place | None:
    """Where in an Exif segment a comment holds a label; None where none does, or where it cannot be told."""
    tiff = segment[len(HEAD) :]
    if not segment.startswith(HEAD) or tiff[:2] not in (b"II", b"MM"):
        return None
    order: Literal["little", "big"] = "little" if tiff[:2] == b"II" else "big"

    def number(at: int, size: int) -> int:
        return int.from_bytes(tiff[at : at + size], order)

    folders = [number(4, 4)]
    for folder in folders:  # the first, and the one that it points to
        for entry in range(folder + 2, folder + 2 + 12 * min(number(folder, 2), PARTS_MAX), 12):
            tag, kind, size, value = number(entry, 2), number(entry + 2, 2), number(entry + 4, 4), number(entry + 8, 4)
            if tag == _EXIF_FOLDER and len(folders) == 1:
                folders.append(value)
            elif tag == _COMMENT and kind == _UNDEFINED and _CODE_BYTES < size <= len(tiff) - value:
                start = value + _CODE_BYTES
                if tiff[start : value + size].lstrip().startswith((b'{"AIGC"', b'{"Label"')):
                    return Place(len(HEAD) + start, len(HEAD) + value + size)
    return None
