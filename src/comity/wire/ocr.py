# SPDX-License-Identifier: Apache-2.0
"""Reading the text of one image, request side.  No partner's dialect carries it: it is asked of a model on the device."""

from __future__ import annotations

from typing import ClassVar

from comity.wire.request import Change, MediumKind, Operation, Wire


class OcrRequest(Wire, frozen=True, kw_only=True):
    """``image``: the bytes of a PNG, JPEG or WebP.

    The answer is JSON: `rows` in reading order, each a list of `{"text", "sure", "place"}` (``sure`` up to 1; ``place`` four corners in
    pixels of an image of `size`, beginning where the text begins, clockwise as it is read), `text`, the same as one string, and `turned`,
    by how many degrees clockwise the page lies.  `size`, width and height, is that of the image upright as its EXIF says, shrunk where it
    has more than four million pixels.
    """

    operation: ClassVar[Operation] = "ocr"
    stream: ClassVar[bool] = False

    image: bytes
    content_type: str = "application/octet-stream"
    model: str = "auto"

    def mapped(self, change: Change) -> OcrRequest:
        return self

    def media(self) -> frozenset[MediumKind]:
        return frozenset(("image",))

    def needs(self) -> frozenset[str]:
        return frozenset()
