# SPDX-License-Identifier: Apache-2.0
"""A dialect that asks once and reads the answer as it comes: what most partners speak.  Pure; `DialectProvider` does the asking.

An adapter whose partner needs more than one exchange (a task that is polled) is a Provider of its own, on the same `Egress`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from comity.errors import ProviderFailure
from comity.providers.base import Answer, Deployment
from comity.providers.http import CodeOf, Egress, HttpAnswer, Outgoing
from comity.wire.request import Request


class Reader(Protocol):
    """Turns the partner's bytes, cut anywhere, into OpenAI's.  Raises ProviderFailure for what its dialect does not say."""

    content_type: str

    def feed(self, piece: bytes) -> bytes: ...

    def finish(self) -> bytes:
        """The partner has ended; raises ProviderFailure when it stopped short."""


class Dialect(Protocol):
    @property
    def code_of(self) -> CodeOf:
        """Where an error's body has the partner's own word for it."""

    def outgoing(self, deployment: Deployment, request: Request, key: str) -> Outgoing:
        """Raises ProviderFailure (`unsupported`) for what this dialect cannot say: nothing is left out silently."""

    def reader(self, deployment: Deployment, request: Request) -> Reader | None:
        """None where the partner's bytes are OpenAI's already."""


class DialectProvider:
    """``keys``: API key by deployment id; only what goes into the header, never shown."""

    def __init__(self, dialect: Dialect, egress: Egress, keys: Mapping[str, str]) -> None:
        self._dialect, self._egress, self._keys = dialect, egress, keys

    def __repr__(self) -> str:
        return f"DialectProvider({type(self._dialect).__name__}, {self._egress!r})"

    async def send(self, deployment: Deployment, request: Request) -> Answer:
        """Raises ProviderFailure, and nothing else, for whatever the partner does."""
        out = self._dialect.outgoing(deployment, request, self._keys.get(deployment.id, ""))
        answer = await self._egress.open(deployment, out, code_of=self._dialect.code_of)
        reader = self._dialect.reader(deployment, request)
        return answer if reader is None else Translated(answer, reader)

    async def aclose(self) -> None:
        await self._egress.aclose()


class Translated:
    def __init__(self, answer: HttpAnswer, reader: Reader) -> None:
        self.content_type = reader.content_type
        self._answer, self._reader = answer, reader

    @property
    def rate_limits(self) -> Mapping[str, str]:
        return self._answer.rate_limits

    async def chunks(self) -> AsyncIterator[bytes]:
        async for piece in self._answer.chunks():
            out = self._reader.feed(piece)
            if out:
                yield out
        out = self._reader.finish()
        if out:
            yield out

    async def aclose(self) -> None:
        await self._answer.aclose()


def unsupported(dialect: str, what: str) -> ProviderFailure:
    """For an adapter's second look; the plan has left such a place out before (`routing/plan.py`)."""
    return ProviderFailure(f"the {dialect} dialect cannot carry `{what}`", kind="unsupported", code="provider.unsupported")
