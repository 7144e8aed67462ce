# SPDX-License-Identifier: Apache-2.0
"""A form with files, read (RFC 7578), whole and within the body's own limit."""

from __future__ import annotations

from typing import NamedTuple

from comity.errors import CallerError

FIELDS_MAX = 64


class FormField(NamedTuple):
    name: str
    value: bytes
    filename: str
    content_type: str

    def text(self) -> str:
        """Raises CallerError where it is not UTF-8."""
        try:
            return self.value.decode()
        except UnicodeDecodeError:
            raise CallerError(f"`{self.name[:64]}` is not UTF-8", code="request.malformed", field=self.name[:64]) from None


def parsed(body: bytes, content_type: str) -> list[FormField]:
    """Raises CallerError where it is no form, is cut short, or repeats itself beyond measure."""
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import MultipartParser, parse_options_header

    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise CallerError("the body is not multipart/form-data", code="request.malformed", field="content-type", status=415)
    reader = _Reader()
    try:
        parser = MultipartParser(boundary, reader.callbacks())  # type: ignore[arg-type]
        parser.write(body)
        parser.finalize()
    except FormParserError:
        raise CallerError("the form is not well made", code="request.malformed", hint="multipart/form-data, RFC 7578") from None
    if not reader.ended:
        raise CallerError("the form is cut short", code="request.malformed")
    return reader.fields


class _Reader:
    def __init__(self) -> None:
        self.fields: list[FormField] = []
        self.ended = False
        self._headers: dict[bytes, bytes] = {}
        self._name, self._said, self._value = bytearray(), bytearray(), bytearray()

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._begin,
            "on_part_data": self._data,
            "on_part_end": self._part,
            "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._said.extend(data[start:end]),
            "on_header_end": self._header,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        if len(self.fields) >= FIELDS_MAX:
            raise CallerError(f"the form has more than {FIELDS_MAX} fields", code="request.malformed")
        self._headers, self._value = {}, bytearray()

    def _header(self) -> None:
        self._headers[bytes(self._name).lower()] = bytes(self._said)
        self._name.clear()
        self._said.clear()

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _part(self) -> None:
        from python_multipart.multipart import parse_options_header

        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        kind = self._headers.get(b"content-type", b"").decode("latin-1")
        self.fields.append(FormField(name, bytes(self._value), options.get(b"filename", b"").decode("utf-8", "replace"), kind))

    def _end(self) -> None:
        self.ended = True
