# SPDX-License-Identifier: Apache-2.0
"""The head of a request, read strictly (RFC 9112): whatever a proxy in front could have understood otherwise is refused.

Lines end in CRLF and nothing else; a length is digits, once; the only transfer coding is `chunked`, alone; a header is
`name:value` on one line.  Pure: bytes in, a Head or a CallerError out.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from comity.errors import CallerError
from comity.gateway.http import ONCE

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
FIRST_LINE = re.compile(rb"(" + TOKEN + rb") ([\x21-\x7e]+) HTTP/([0-9])\.([0-9])")
FIELD = re.compile(rb"(" + TOKEN + rb"):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")  # RFC 9110, 5.5: no control but a tab
HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._~%!$&'()*+,;=]+)(?::[0-9]{0,5})?")
NEVER_ENDS = re.compile(rb"(?<!\r)\n|\r[^\n]|\x00")  # in what has come of a head so far
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
LENGTH_DIGITS_MAX = 18
CHUNKED = -1
ALONE = ONCE | {"transfer-encoding", "expect"}
REMEMBERED, REMEMBERED_BYTES = 24, 256  # lines of a connection, and of a line: little enough for thousands who send on purpose


class Head(NamedTuple):
    method: str
    path: str
    query: str
    headers: dict[str, str]
    length: int  # of the body; CHUNKED when it says so itself
    is_1_0: bool
    closes: bool  # nothing follows on this connection
    waits: bool  # for `100 Continue` before it sends the body


class First(NamedTuple):
    """What the first line says."""

    method: str
    path: str
    query: str
    authority: str  # of an absolute target; "" of any other
    is_1_0: bool


class HeadReader:
    """Of one connection: its requests say mostly the same again, so lines are remembered with what they mean, and go with it."""

    def __init__(self, headers_max: int) -> None:
        self._headers_max = headers_max
        self._fields: dict[bytes, tuple[str, str]] = {}
        self._line, self._first = b"", First("", "", "", "", False)

    def read(self, head: bytes) -> Head:
        """``head`` without the empty line that ended it.  Raises CallerError."""
        lines = head.split(b"\r\n")
        if len(lines) > self._headers_max + 1:
            raise too_long(f"more than {self._headers_max} headers", "limits.headers_max")
        first = self._first if lines[0] == self._line else first_line(lines[0])
        self._line, self._first = (lines[0], first) if len(lines[0]) <= REMEMBERED_BYTES else (b"", first)
        headers: dict[str, str] = {}
        fields = self._fields
        for line in lines[1:]:
            name, value = fields.get(line) or self._read(line)
            if name in headers:
                if name in ALONE:
                    raise CallerError(f"header `{name}` appears more than once", code="request.repeated_header", field=name)
                if name == "connection":
                    value = f"{headers[name]},{value}"
            headers[name] = value
        host = headers.get("host")
        if host is None and not first.is_1_0:  # RFC 9112, 3.2: exactly one
            raise invalid("no `Host` header", field="host")
        if first.authority and first.authority.lower() != (host or "").lower():
            raise invalid("the target and the `Host` header name different hosts", field="host")
        connection = headers.get("connection")
        closes = first.is_1_0 or (connection is not None and "close" in [each.strip() for each in connection.lower().split(",")])
        return Head(first.method, first.path, first.query, headers, _length(first, headers), first.is_1_0, closes, _waits(first, headers))

    def _read(self, line: bytes) -> tuple[str, str]:
        meaning = field(line)
        if len(self._fields) < REMEMBERED and len(line) <= REMEMBERED_BYTES:
            self._fields[line] = meaning
        return meaning


def first_line(line: bytes) -> First:
    """RFC 9112, 3: one space, and one space.  The target is a path; a whole URL where it says the same as `Host`; `*` of OPTIONS."""
    found = FIRST_LINE.fullmatch(line)
    if found is None:
        raise invalid("the first line of the request is malformed")
    method, target, version = found[1].decode(), found[2].decode(), (found[3], found[4])
    if version not in ((b"1", b"1"), (b"1", b"0")):
        raise CallerError("only HTTP/1.1 and HTTP/1.0 are spoken here", code="http.invalid", status=505)
    if method == "CONNECT":
        raise CallerError("this is no proxy", code="http.invalid", status=501)
    authority = ""
    if target[:7].lower() == "http://":
        authority, slash, rest = target[7:].partition("/")
        target = slash + rest or "/"
        if not HOST.fullmatch(authority):
            raise invalid("the target of the request is malformed")
    whole_path, _, query = target.partition("?")
    if not (whole_path.startswith("/") or (whole_path == "*" and method == "OPTIONS")) or "#" in target:
        raise invalid("the target of the request is neither a path nor a URL of this server")
    return First(method, _decoded(whole_path), query, authority, version == (b"1", b"0"))


def _decoded(path: str) -> str:
    if "%" not in path:
        return path
    if re.search(r"%(?![0-9A-Fa-f]{2})", path):
        raise invalid("the path holds a `%` that escapes nothing")
    try:
        decoded = unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        raise invalid("the path is not UTF-8") from None
    if CONTROL.search(decoded):
        raise invalid("the path holds a control character")
    return decoded


def field(line: bytes) -> tuple[str, str]:
    """RFC 9112, 5: no space before the colon, no folded line."""
    found = FIELD.fullmatch(line)
    if found is None:
        raise invalid("a header is malformed")
    name, value = found[1].decode().lower(), found[2].rstrip(b" \t").decode("latin-1")
    if name == "host" and not HOST.fullmatch(value):
        raise invalid("the `Host` header is malformed", field="host")
    return name, value


def _length(first: First, headers: dict[str, str]) -> int:
    """RFC 9112, 6: of a body's length there is one reading."""
    said, coding = headers.get("content-length"), headers.get("transfer-encoding")
    if coding is None:
        if said is None:
            return 0
        if not said.isdecimal() or len(said) > LENGTH_DIGITS_MAX:
            raise invalid("`Content-Length` is no number", field="content-length")
        return int(said)
    if said is not None:
        raise invalid("both `Content-Length` and `Transfer-Encoding`", field="transfer-encoding")
    if first.is_1_0:
        raise invalid("HTTP/1.0 has no `Transfer-Encoding`", field="transfer-encoding")
    if coding.lower() != "chunked":
        raise CallerError("the only transfer coding is `chunked`", code="http.invalid", status=501, field="transfer-encoding")
    return CHUNKED


def _waits(first: First, headers: dict[str, str]) -> bool:
    """RFC 9110, 10.1.1."""
    expected = headers.get("expect")
    if expected is None or first.is_1_0:
        return False
    if expected.lower() != "100-continue":
        raise CallerError("what is expected is not done here", code="http.invalid", status=417, field="expect")
    return True


def invalid(what: str, *, field: str = "") -> CallerError:
    return CallerError(what, code="http.invalid", field=field, hint="send it as RFC 9112 says; nothing is repaired here")


def too_long(what: str, setting: str) -> CallerError:
    return CallerError(what, code="http.head_too_large", status=431, hint=f"send less, or raise `{setting}`")
