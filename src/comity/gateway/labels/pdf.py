# SPDX-License-Identifier: Apache-2.0
"""PDF: the AIGC fields in the document information dictionary (TC260-PG-20258A), XMP in the catalogue's metadata.

An update is appended, so every byte before it stays.  What a PDF holds may stand in compressed streams, which only a whole parser
reads: pypdf (the extra `files`), which is pure Python and is asked for nothing else.
"""

from __future__ import annotations

import io
import logging
from importlib import import_module
from typing import Any

from comity.errors import ComityError, OperatorError
from comity.gateway.labels.marks import XMP_BYTES_MAX, Marks, Unfit, Unreadable

_KEY = "/AIGC"


def find(data: bytes) -> Marks:
    try:
        reader = _reader(data)
        said = (reader.metadata or {}).get(_KEY)
        packet = _packet(reader)
    except ComityError:
        raise
    except Exception as error:  # of what a parser of hostile files may raise there is no list
        raise Unreadable("the PDF cannot be read") from error
    return Marks(said if isinstance(said, str) else "", packet, b"c2pa" if b"/C2PA_Manifest" in data else b"")


def put(data: bytes, aigc: str, xmp: bytes) -> bytes:
    pypdf = _pypdf()
    try:
        if _reader(data).is_encrypted:
            raise Unfit("an encrypted PDF cannot be given a label", hint="ask for one that is not encrypted")
        writer = pypdf.PdfWriter(io.BytesIO(data), incremental=True)
        if aigc:
            writer.add_metadata({_KEY: aigc})
        if xmp:
            writer.xmp_metadata = xmp
        out = io.BytesIO()
        writer.write(out)
    except ComityError:
        raise
    except Exception as error:  # as above
        raise Unreadable("the PDF cannot be read") from error
    return out.getvalue()


def _reader(data: bytes) -> Any:
    if not data.startswith(b"%PDF-"):
        raise Unreadable("not a PDF")
    if b"%%EOF" not in data[-1024:]:
        raise Unreadable("the PDF is cut off")
    return _pypdf().PdfReader(io.BytesIO(data))


def _packet(reader: Any) -> bytes:
    stream: Any = reader.root_object.get("/Metadata")
    stream = stream.get_object() if stream is not None else None
    packet: bytes = stream.get_data() if hasattr(stream, "get_data") else b""
    if len(packet) > XMP_BYTES_MAX:
        raise Unreadable("the XMP packet is too large")
    return packet


def _pypdf() -> Any:
    log = logging.getLogger("pypdf")
    if not log.handlers:  # what it says of a file that it mends is for nobody's terminal
        log.addHandler(logging.NullHandler())
    try:
        return import_module("pypdf")
    except ImportError as error:
        raise OperatorError("labels in PDF need pypdf", code="label.no_extra", hint="pip install 'comity[files]'") from error
