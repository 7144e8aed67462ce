# SPDX-License-Identifier: Apache-2.0
"""Asking for a message.  How much may still be asked is told in Anthropic's own headers, with the time when it is whole again.

https://platform.claude.com/docs/en/api/versioning, …/api/rate-limits#response-headers
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from comity.providers.adapters.anthropic.chat import asked
from comity.providers.adapters.anthropic.reply import Telling, code_of
from comity.providers.base import Answer, Deployment
from comity.providers.deltas import Streamed, Whole, encode
from comity.providers.dialect import DialectProvider, Reader, Translated, unsupported
from comity.providers.http import JSON, SSE, Egress, HttpAnswer, Outgoing, shown
from comity.wire.chat import ChatRequest
from comity.wire.request import Request

VERSION = "2023-06-01"
Now = Callable[[], datetime]


class AnthropicDialect:
    code_of = staticmethod(code_of)

    def __init__(self, now: Now) -> None:
        self._now = now

    def outgoing(self, deployment: Deployment, request: Request, key: str) -> Outgoing:
        if not isinstance(request, ChatRequest):
            raise unsupported("anthropic", request.operation)
        headers = {"content-type": JSON, "anthropic-version": VERSION} | shown(deployment, key)
        accept = (SSE,) if request.stream else (JSON,)
        return Outgoing(
            path="/messages", body=encode(asked(request, deployment.model) | dict(deployment.sends)), headers=headers, accept=accept
        )

    def reader(self, deployment: Deployment, request: Request) -> Reader:
        assert isinstance(request, ChatRequest)
        telling, created = Telling(deployment.model), int(self._now().timestamp())
        if not request.stream:
            return Whole(telling, created)
        return Streamed(telling, created, with_usage=bool(request.stream_options and request.stream_options.include_usage))


class AnthropicProvider(DialectProvider):
    def __init__(self, egress: Egress, keys: Mapping[str, str], *, now: Now) -> None:
        super().__init__(AnthropicDialect(now), egress, keys)
        self._now = now

    async def send(self, deployment: Deployment, request: Request) -> Answer:
        """Raises ProviderFailure, and nothing else, for whatever the partner does."""
        out = self._dialect.outgoing(deployment, request, self._keys.get(deployment.id, ""))
        answer = await self._egress.open(deployment, out, code_of=code_of)
        reader = self._dialect.reader(deployment, request)
        assert reader is not None
        return _Limited(answer, reader, rate_limits(answer, self._now()))


class _Limited(Translated):
    def __init__(self, answer: HttpAnswer, reader: Reader, limits: Mapping[str, str]) -> None:
        super().__init__(answer, reader)
        self._limits = limits

    @property
    def rate_limits(self) -> Mapping[str, str]:
        return self._limits


def rate_limits(answer: HttpAnswer, now: datetime) -> dict[str, str]:
    """In OpenAI's names, and its reset: seconds from now."""
    found: dict[str, str] = {}
    for unit in ("requests", "tokens"):
        for what in ("limit", "remaining", "reset"):
            said = answer.header(f"anthropic-ratelimit-{unit}-{what}")
            said = _seconds(said, now) if what == "reset" else said if said.isascii() and said.isdigit() else ""
            if said:
                found[f"x-ratelimit-{what}-{unit}"] = said
    return found


def _seconds(at: str, now: datetime) -> str:
    try:
        then = datetime.fromisoformat(at)
    except ValueError:
        return ""
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return f"{max(0, math.ceil((then - now).total_seconds()))}s"
