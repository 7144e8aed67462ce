# SPDX-License-Identifier: Apache-2.0
"""The text of an image, by the reader of `privacy/pictures`: pages straightened, in reading order, each line with its place."""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from comity.device.engines.base import Engine, Piece
from comity.errors import CallerError
from comity.privacy.pictures.page import Page, read
from comity.privacy.pictures.reader import Line, Reader

BYTES_MAX = 33_554_432
BEATS = 16
"""After so many lines it is said that the reading goes on, and seen whether anybody still waits."""


class _Gone(Exception):
    """Nobody waits any more."""


def load(files: Mapping[str, str], options: Mapping[str, Any]) -> Engine:
    """``files``: `places`, the network that finds lines, and `letters`, the one that reads them."""
    import PIL  # noqa: F401  # said at once where it is missing, not at the first image

    return Reading(Reader(Path(files["places"]).read_bytes(), Path(files["letters"]).read_bytes()))


class Reading:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._lock = threading.Lock()  # what reading an image takes is memory: one at a time

    def answer(self, body: Mapping[str, Any], piece: Piece) -> None:
        """``body``: `image`, base64.  The pieces before the answer are empty."""
        image = body.get("image")
        if not isinstance(image, str) or len(image) > BYTES_MAX * 4 // 3 + 4:
            raise ValueError("no image")
        try:
            data = base64.b64decode(image, validate=True)
        except binascii.Error:
            raise ValueError("not in base64") from None
        beats = 0

        def beat() -> None:
            nonlocal beats
            beats += 1
            if beats % BEATS == 0 and piece({}):
                raise _Gone

        try:
            with self._lock:
                page = read(self._reader, data, beat)
        except CallerError:
            raise ValueError("not an image") from None
        except _Gone:
            return
        piece(answered(page))


def answered(page: Page) -> dict[str, Any]:
    """JSON: as `wire/ocr.py` says it."""
    rows = [[_line(line) for line in row] for row in page.rows]
    return {"object": "ocr", "rows": rows, "text": page.text, "turned": round(page.turned, 1), "size": list(page.size)}


def _line(line: Line) -> dict[str, Any]:
    corners = [[round(x, 1), round(y, 1)] for x, y in line.place.part(0, 1)]
    return {"text": line.text.strip(), "sure": round(line.sure, 4), "place": corners}
