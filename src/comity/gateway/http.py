# SPDX-License-Identifier: Apache-2.0
"""Small pieces of the front door over raw ASGI: reading within limits, answering, and errors in OpenAI's shape."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any

import msgspec

from comity.errors import CallerError, ComityError, PolicyDenied, ProviderFailure

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

JSON = (b"content-type", b"application/json")
SSE = (b"content-type", b"text/event-stream; charset=utf-8")
NO_STORE = (b"cache-control", b"no-store")
encode = msgspec.json.Encoder().encode
_ONCE = frozenset({"authorization", "content-type", "content-length", "host", "comity-subject", "comity-purpose", "comity-task"})


class Disconnected(Exception):
    """The caller has gone; nobody reads an answer."""


def header_map(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Lower-case names; a header that may appear once and does not is refused, the rest keep their last value."""
    out: dict[str, str] = {}
    for name, value in raw:
        key = name.decode("latin-1")
        if key in out and key in _ONCE:
            raise CallerError(f"header `{key}` appears more than once", code="request.repeated_header", field=key)
        out[key] = value.decode("latin-1")
    return out


async def read_body(receive: Receive, headers: Mapping[str, str], bytes_max: int) -> bytes:
    """The whole body, or CallerError 413 as soon as it is known to be too large."""
    declared = headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > bytes_max:
        raise too_large(bytes_max)
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        piece = message.get("body", b"")
        size += len(piece)
        if size > bytes_max:
            raise too_large(bytes_max)
        pieces.append(piece)
        if not message.get("more_body", False):
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def too_large(bytes_max: int) -> CallerError:
    return CallerError(
        f"the body is larger than {bytes_max} bytes", code="request.too_large", status=413,
        hint="send less, or raise `limits.body_bytes_max`",
    )  # fmt: skip


async def respond(send: Send, status: int, body: bytes, headers: Headers) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [*headers, (b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


def error_body(error: ComityError, call: str) -> dict[str, Any]:
    """OpenAI's error object, with Comity's own members beside; what OpenAI's SDK shows is `message`.  Other doors write it their way."""
    out: dict[str, Any] = {
        "message": f"{error} ({error.hint})" if error.hint else str(error),
        "type": _TYPES.get(error.status, "server_error" if error.status >= 500 else "invalid_request_error"),
        "param": error.field or None,
        "code": error.code,
        "hint": error.hint,
        "request": call,
    }
    if isinstance(error, PolicyDenied):
        out["decision"] = error.decision
        out["receipt"] = error.receipt
    return {"error": out}


_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error", 451: "policy_error"}


Shape = Callable[[dict[str, Any]], dict[str, Any]]


async def respond_error(send: Send, error: ComityError, call: str, shape: Shape | None = None) -> None:
    headers: Headers = [JSON]
    if isinstance(error, PolicyDenied):
        headers.append((b"comity-decision", str(error.decision.get("effect", "deny")).encode()))
        if error.receipt:
            headers.append((b"comity-receipt", error.receipt.encode()))
    if error.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    wait = error.retry_after_seconds if isinstance(error, ProviderFailure) else 5 if error.status == 503 else None
    if wait is not None:
        headers.append((b"retry-after", b"%d" % wait))
    if error.status == 413:
        headers.append((b"connection", b"close"))
    body = error_body(error, call)
    await respond(send, error.status, encode(shape(body) if shape is not None else body), headers)
