# SPDX-License-Identifier: Apache-2.0
"""Which request goes where, and how a refusal is told.

https://platform.claude.com/docs/en/api/errors, …/api/rate-limits#response-headers
"""

from __future__ import annotations

from datetime import UTC, datetime

from comity.lab.simulators import brain
from comity.lab.simulators.answer import SSE, Answer, Request, Trouble, event, whole
from comity.lab.simulators.anthropic import asked, reply

PATH = "/v1"
FILTERED = "Output blocked by content filtering policy"
TOLD = {
    "key": (401, "authentication_error"),
    "forbidden": (403, "permission_error"),
    "path": (404, "not_found_error"),
    "host": (404, "not_found_error"),
    "body": (400, "invalid_request_error"),
    "too_large": (413, "request_too_large"),
    "parameter": (400, "invalid_request_error"),
    "model": (404, "not_found_error"),
    "rate": (429, "rate_limit_error"),
    "quota": (402, "billing_error"),
    "inspection": (400, "invalid_request_error"),
    "server": (500, "api_error"),
    "overloaded": (529, "overloaded_error"),
    "timeout": (504, "timeout_error"),
}


class Anthropic:
    """``models``: those that are there; none: any."""

    def __init__(self, *, path: str = "", models: tuple[str, ...] = ()) -> None:
        self._path, self._models = (path or PATH).rstrip("/"), models

    def key(self, request: Request) -> str | None:
        """By either header: its own SDK shows a key as a token since 2026."""
        return request.headers.get("x-api-key") or request.headers.get("authorization", "").removeprefix("Bearer ")

    async def answer(self, request: Request) -> Answer:
        if (request.method, request.path) != ("POST", f"{self._path}/messages"):
            raise Trouble("path", "Not Found")
        if not request.headers.get("anthropic-version"):
            raise asked.invalid("anthropic-version: header is required")
        wish = asked.read(request.json())
        if self._models and wish.model not in self._models:
            raise Trouble("model", f"model: {wish.model}")
        wanted = asked.asked(wish, filtered=request.filtered)
        message = reply.whole(request, wanted, brain.say(wanted))
        if not wish.stream:
            return whole(message, headers=_headers(request))
        return Answer(headers=SSE | _headers(request), pieces=tuple(reply.stream(message)), streamed=True)

    def error(self, trouble: Trouble, request: Request) -> Answer:
        status, kind = TOLD[trouble.kind]
        headers = {"request-id": _id(request)}
        if trouble.retry_after is not None:
            headers["retry-after"] = f"{trouble.retry_after:g}"
        return whole(_error(trouble, kind, request), status=trouble.status or status, headers=headers)

    def error_event(self, trouble: Trouble, request: Request) -> bytes:
        return event(_error(trouble, TOLD[trouble.kind][1], request), name="error")


def _error(trouble: Trouble, kind: str, request: Request) -> asked.Block:
    said = "invalid x-api-key" if trouble.kind == "key" else FILTERED if trouble.kind == "inspection" else str(trouble)
    return {"type": "error", "error": {"type": trouble.code or kind, "message": said}, "request_id": _id(request)}


def _id(request: Request) -> str:
    return f"req_{request.id[:24]}"


def _headers(request: Request) -> dict[str, str]:
    reset = datetime.fromtimestamp(int(request.at) + 60, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    limits = {"requests": (1000, 999), "tokens": (100_000, 99_000)}
    return {"request-id": _id(request)} | {
        f"anthropic-ratelimit-{unit}-{what}": str(value)
        for unit, (limit, left) in limits.items()
        for what, value in (("limit", limit), ("remaining", left), ("reset", reset))
    }
