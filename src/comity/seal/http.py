# SPDX-License-Identifier: Apache-2.0
"""What an HTTP message says, whatever carries it, and what of that Binary HTTP refuses (RFC 9292 sections 3.4 to 3.6).

One set of checks for both ways: what the decoder would refuse, the encoder does not write.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from comity.errors import CallerError

Field = tuple[bytes, bytes]
Fields = tuple[Field, ...]
"""Names in lower case; the same name may stand several times."""

_NAME = re.compile(rb":?[!#$%&'*+\-.^_`|~0-9a-z]+")
_BARRED_VALUE = re.compile(rb"[\x00\r\n]|\A[ \t]|[ \t]\Z")  # RFC 9113 section 8.2.1
_METHOD = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*")
_VISIBLE = re.compile(r"[\x21-\x7e]*")
_CONTROL = frozenset({b":method", b":scheme", b":authority", b":path", b":status"})


class Request(msgspec.Struct, frozen=True, kw_only=True):
    method: str
    scheme: str = "https"
    authority: str = ""
    path: str = "/"
    fields: Fields = ()


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """``status`` under 200: informational, and another one follows."""

    status: int
    fields: Fields = ()


class Trailers(msgspec.Struct, frozen=True, kw_only=True):
    """The message is whole.  What follows can only be padding."""

    fields: Fields = ()


class Message(msgspec.Struct, frozen=True, kw_only=True):
    head: Request | Response
    informational: tuple[Response, ...] = ()
    content: bytes = b""
    trailers: Fields = ()


def malformed(what: str) -> CallerError:
    return CallerError(f"binary HTTP: {what}", code="seal.malformed")


def check(head: Request | Response) -> None:
    """Raises CallerError for control data or fields that no HTTP message has."""
    if isinstance(head, Response):
        if not 100 <= head.status <= 599:
            raise malformed("a status is 100 to 599")
    else:
        _check_target(head)
    check_fields(head.fields)


def _check_target(head: Request) -> None:
    """RFC 9113 section 8.3.1."""
    if not _METHOD.fullmatch(head.method):
        raise malformed("the method is no token")
    if not _VISIBLE.fullmatch(head.authority) or not _VISIBLE.fullmatch(head.path):
        raise malformed("the target has bytes that none has")
    if head.method == "CONNECT":
        if head.scheme or head.path or not head.authority:
            raise malformed("CONNECT has an authority and nothing else")
        return
    if not _SCHEME.fullmatch(head.scheme):
        raise malformed("the scheme is none")
    if head.scheme.lower() in ("http", "https") and not head.path.startswith("/") and (head.method, head.path) != ("OPTIONS", "*"):
        raise malformed("the path does not begin with `/`")


def check_fields(fields: Iterable[Field], *, trailers: bool = False) -> None:
    ordinary = trailers
    for name, value in fields:
        if not _NAME.fullmatch(name):
            raise malformed("a field's name is no token in lower case")
        if name.startswith(b":"):
            if name in _CONTROL or ordinary:
                raise malformed("a pseudo-field where none may stand")
        else:
            ordinary = True
        if _BARRED_VALUE.search(value):
            raise malformed("a field's value has a byte that none has, or a blank at its end")
