# SPDX-License-Identifier: Apache-2.0
"""Small pieces of the front door: reading headers, and errors in OpenAI's shape."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from comity.errors import CallerError, ComityError, LimitReached, NoAnswer, PolicyDenied, ProviderFailure
from comity.gateway.exchange import Exchange

JSON = (b"content-type", b"application/json")
SSE = (b"content-type", b"text/event-stream; charset=utf-8")
NO_STORE = (b"cache-control", b"no-store")
NO_PAGE = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"), (b"x-content-type-options", b"nosniff"), NO_STORE,
)  # fmt: skip
"""Of what answers on a path where a page is looked for: a browser makes no page of it, shows it in none, and keeps it nowhere."""
encode = msgspec.json.Encoder().encode
ONCE = frozenset({"authorization", "content-type", "content-length", "host", "comity-subject", "comity-purpose", "comity-task"})


def header_map(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Lower-case names; a header that may appear once and does not is refused, the rest keep their last value."""
    out: dict[str, str] = {}
    for name, value in raw:
        key = name.decode("latin-1").lower()
        if key in out and key in ONCE:
            raise CallerError(f"header `{key}` appears more than once", code="request.repeated_header", field=key)
        out[key] = value.decode("latin-1")
    return out


def too_large(bytes_max: int) -> CallerError:
    return CallerError(
        f"the body is larger than {bytes_max} bytes", code="request.too_large", status=413,
        hint="send less, or raise `limits.body_bytes_max`",
    )  # fmt: skip


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
    if isinstance(error, LimitReached):
        out["type"] = error.kind
    if isinstance(error, PolicyDenied):
        out["decision"] = error.decision
        out["receipt"] = error.receipt
    if isinstance(error, NoAnswer):
        out["steps"] = error.steps
    if isinstance(error, ProviderFailure) and (error.attempts or error.lawful):
        out["attempts"], out["lawful"], out["ways"] = error.attempts, error.lawful, error.ways
    return {"error": out}


_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error", 451: "policy_error"}


Shape = Callable[[dict[str, Any]], dict[str, Any]]


def error_answer(
    error: ComityError, call: str, shape: Shape | None = None, *, sealed: bool = False
) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
    """Status, body and headers.  ``sealed``: what comes out of a seal is shown by no browser, and is the longer for each header."""
    headers = [JSON, *NO_PAGE] if not sealed else [JSON]
    if isinstance(error, PolicyDenied):
        headers.append((b"comity-decision", str(error.decision.get("effect", "deny")).encode()))
        if error.receipt:
            headers.append((b"comity-receipt", error.receipt.encode()))
    if error.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if isinstance(error, LimitReached):
        headers += [(name.encode(), value.encode()) for name, value in error.rate_limits.items()]
    wait = error.retry_after_seconds if isinstance(error, ProviderFailure | LimitReached) else 5 if error.status == 503 else None
    if wait is not None:
        headers.append((b"retry-after", b"%d" % wait))
    body = error_body(error, call)
    return error.status, encode(shape(body) if shape is not None else body), headers


async def respond_lasting(
    exchange: Exchange, body: bytes, etag: str, headers: list[tuple[bytes, bytes]], *, kind: tuple[bytes, bytes]
) -> int:
    """The same for as long as its ``etag``: whoever holds it is told so (RFC 9110, 13.1.2).  ``kind``: the content type."""
    headers = [*headers, (b"etag", f'"{etag}"'.encode())]
    held = {each.strip().removeprefix("W/") for each in exchange.headers.get("if-none-match", "").split(",")}
    if held & {f'"{etag}"', "*"}:
        await exchange.respond(304, b"", headers)
        return 304
    await exchange.respond(200, body, [kind, *headers])
    return 200


def etag_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]


async def respond_error(exchange: Exchange, error: ComityError, call: str, shape: Shape | None = None) -> None:
    """Nothing, once an answer has begun: that it does not end says it."""
    if not exchange.begun:
        status, body, headers = error_answer(error, call, shape, sealed=exchange.seal is not None)
        await exchange.respond(status, body, headers)
