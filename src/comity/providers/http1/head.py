# SPDX-License-Identifier: Apache-2.0
"""The head of an answer taken apart, and the head of a request put together.  Pure.

Stricter than RFC 9112 asks of a client wherever it leaves a choice: no bare LF (2.2), no folded line (5.2), no space before a colon
(5.1), no control character in a value, one framing header at most.  Two readers of the same bytes must not see two messages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

HEAD_BYTES_MAX = 32_768
FIELDS_MAX = 128
_VALUE = r"[\t\x20-\x7e\x80-\xff]*+"
_LINE = rf"[!#$%&'*+\-.^_`|~0-9A-Za-z]++:{_VALUE}\r\n"
_HEAD = re.compile(rf"HTTP/1\.([01]) ([1-9][0-9]{{2}})(?: {_VALUE})?\r\n((?:{_LINE})*+)\r\n")
_FIELD = re.compile(r"([^:]++):([^\r]*+)\r\n")
FIELDS = re.compile(rf"((?:{_LINE})*+)\r\n".encode("latin-1"))
_LINES = re.compile(rf"(?:{_LINE})*+")
_TARGET = re.compile(r"/[!\"$-~]*+")  # what a URL's path and query may hold; no fragment


class Fault(Exception):
    """Why there is no answer.  Says nothing that the other side said."""


class Unreachable(Fault):
    """No connection: no address, nobody there, no certificate that anyone vouches for."""


class Crowded(Fault):
    """As many connections to this place as may be."""


class TimedOut(Fault):
    """Silence for longer than it may be."""


class Broken(Fault):
    """What came is no HTTP answer, or stops short of one."""


class Unsayable(Fault):
    """A request that HTTP cannot carry as it is; nothing was sent."""


class Head(NamedTuple):
    status: int
    minor: int  # of HTTP/1
    fields: Mapping[str, str]  # lower-case names; several of one name are joined by commas (RFC 9110, 5.3)


def read_head(raw: bytes) -> Head:
    """``raw`` ends with the empty line.  Raises Broken."""
    found = _HEAD.fullmatch(raw.decode("latin-1"))
    if found is None:
        raise Broken("no head of an answer")
    minor, status, lines = found.groups()
    pairs = [(name.lower(), value.strip(" \t")) for name, value in _FIELD.findall(lines)]
    if len(pairs) > FIELDS_MAX:
        raise Broken("too many header fields")
    fields = dict(pairs)
    if len(fields) < len(pairs):
        fields = {name: ", ".join(value for each, value in pairs if each == name) for name in fields}
    return Head(int(status), int(minor), fields)


def write_head(method: str, target: str, host: str, headers: Mapping[str, str], size: int | None) -> bytes:
    """``size``: of the body; None for a request that has none and needs to say so to nobody.  Raises Unsayable."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    # One line each: what a value brings along must not become a header of its own.
    if not _TARGET.fullmatch(target) or not _LINES.fullmatch(lines) or lines.count("\r\n") != len(headers) or not lines.isascii():
        raise Unsayable("not sayable in HTTP")
    length = "" if size is None else f"content-length: {size}\r\n"
    return f"{method} {target} HTTP/1.1\r\nhost: {host}\r\nuser-agent: comity\r\n{lines}{length}\r\n".encode("ascii")
