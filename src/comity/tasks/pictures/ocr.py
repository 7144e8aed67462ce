# SPDX-License-Identifier: Apache-2.0
"""Reads the text of a picture: lines in the order in which a person reads them, each with its place and how sure it is."""

from __future__ import annotations

from typing import Any

import msgspec

from comity.errors import CallerError
from comity.tasks.language import language_of
from comity.tasks.shapes import Draft, Gate
from comity.tasks.task import Ask, Unreadable
from comity.wire.ocr import OcrRequest
from comity.wire.request import Operation

SURE_MIN = 0.80
"""Of the whole text, letter by letter: below it a person would correct more than they keep."""
LINE_SURE_MIN = 0.6
"""A line below it is given, and said to be doubtful."""
BYTES_MAX = 33_554_432


class Ocr(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """``image``: the bytes of a PNG, JPEG or WebP.  ``language``: BCP 47, checked against what was read; "" where it may be any."""

    image: bytes
    content_type: str = "application/octet-stream"
    language: str = ""

    def __post_init__(self) -> None:
        of_picture(self.image)


class TextLine(msgspec.Struct, frozen=True, kw_only=True):
    """``place``: four corners, pixels of an image of the page's size, clockwise from where the text begins."""

    text: str
    sure: float
    place: tuple[tuple[float, float], ...] = ()


class ReadPage(msgspec.Struct, frozen=True, kw_only=True):
    """``turned``: by how many degrees clockwise the page lay.  ``doubtful``: how many lines are below `LINE_SURE_MIN`."""

    text: str
    rows: tuple[tuple[TextLine, ...], ...] = ()
    turned: float = 0.0
    size: tuple[int, int] = (0, 0)
    doubtful: int = 0


class OcrTask:
    name = "ocr"
    operation: Operation = "ocr"

    def language(self, asked: Ocr) -> str:
        return asked.language or "und"

    def size(self, asked: Ocr) -> int:
        return 0  # nobody knows before it is read

    async def draft(self, asked: Ocr, ask: Ask) -> Draft[ReadPage]:
        reply = await ask(OcrRequest(image=asked.image, content_type=asked.content_type))
        page = page_of(reply.body)
        lines = [line for row in page.rows for line in row]
        letters = sum(len(line.text) for line in lines)
        if not letters:
            return Draft(value=page, abstained=True, why="no_text")
        return Draft(value=page, sure=sum(line.sure * len(line.text) for line in lines) / letters)

    def gates(self, asked: Ocr, draft: Draft[ReadPage]) -> tuple[Gate, ...]:
        if draft.abstained:
            return ()
        sure = draft.sure is not None and draft.sure >= SURE_MIN
        gates = [Gate(name="sure", passed=sure, why="" if sure else "read_unsurely")]
        if asked.language:
            found = language_of(draft.value.text).tag.partition("-")[0]
            right = found in (asked.language.partition("-")[0], "und")
            gates.append(Gate(name="language", passed=right, why="" if right else "other_language", said="" if right else found))
        return tuple(gates)


def page_of(body: Any) -> ReadPage:
    """Raises Unreadable."""
    try:
        page = msgspec.convert({name: body[name] for name in ReadPage.__struct_fields__ if name in body}, ReadPage, strict=False)
    except (msgspec.ValidationError, TypeError, KeyError):
        raise Unreadable("not in its form") from None
    doubtful = sum(line.sure < LINE_SURE_MIN for row in page.rows for line in row)
    return msgspec.structs.replace(page, doubtful=doubtful)


def of_picture(image: bytes) -> str:
    """Its content type.  Raises CallerError where it is no picture that anybody here reads."""
    if not image or len(image) > BYTES_MAX:
        raise CallerError(
            "the picture is empty or too large", code="request.invalid", field="image", hint=f"send at most {BYTES_MAX} bytes"
        )
    if image.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if image.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if image.startswith(b"RIFF") and image[8:12] == b"WEBP":
        return "image/webp"
    raise CallerError("the picture is not a PNG, JPEG or WebP", code="request.invalid", field="image", hint="convert it to PNG")
