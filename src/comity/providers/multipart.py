# SPDX-License-Identifier: Apache-2.0
"""A form with files, written (RFC 7578)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Field(NamedTuple):
    name: str
    value: bytes
    filename: str = ""
    content_type: str = ""


def form(fields: Iterable[Field], boundary: str) -> tuple[str, bytes]:
    """Its content type and body.  ``boundary`` is random, so that no file holds it."""
    out = bytearray()
    for field in fields:
        head = f'--{boundary}\r\ncontent-disposition: form-data; name="{field.name}"'
        if field.filename:
            head += f'; filename="{_quoted(field.filename)}"'
        if field.content_type:
            head += f"\r\ncontent-type: {_quoted(field.content_type)}"
        out += head.encode() + b"\r\n\r\n" + field.value + b"\r\n"
    out += f"--{boundary}--\r\n".encode()
    return f"multipart/form-data; boundary={boundary}", bytes(out)


def _quoted(text: str) -> str:
    """As browsers do: a quote or a line break in a name ends nothing (WHATWG HTML, multipart/form-data encoding)."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
