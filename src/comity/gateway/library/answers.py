# SPDX-License-Identifier: Apache-2.0
"""Answers as objects, streams as iterators, and errors as this package raises them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from types import TracebackType
from typing import Any

import msgspec

from comity.errors import CallerError, ComityError, NoAnswer, OperatorError, PolicyDenied, ProviderFailure, TrustFailure
from comity.gateway.library.exchange import Exchanged
from comity.wire.sse import EventDecoder

OPTIONAL = frozenset(
    ("annotations", "audio", "content", "error", "finish_reason", "function_call", "logprobs", "name", "reasoning", "reasoning_content",
     "refusal", "role", "service_tier", "system_fingerprint", "tool_calls", "usage")
)  # fmt: skip
"""Members that OpenAI's objects always have, and its JSON leaves out where they say nothing."""


class Said:
    """One JSON object: its members as attributes, and by name."""

    def __init__(self, members: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        self._members = {name: _as_object(value) for name, value in members.items()}
        self.comity: Mapping[str, str] = headers or {}
        """Comity's headers: decision, region, receipt, label."""

    def __getattr__(self, name: str) -> Any:
        if name in self._members:
            return self._members[name]
        if name in OPTIONAL:
            return None
        raise AttributeError(f"this answer has no `{name}`")

    def __getitem__(self, name: str) -> Any:
        return self._members[name]

    def __iter__(self) -> Iterator[Any]:
        """Of a list (`models.list()`): what is in it."""
        return iter(self._members["data"])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Said) and self.model_dump() == other.model_dump()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Said({', '.join(self._members)})"  # never what was said

    @property
    def output_text(self) -> str:
        """Of a response: its texts, joined."""
        parts = (part for item in self._members.get("output") or () for part in item.content or ())
        return "".join(part.text for part in parts if part.type == "output_text")

    def model_dump(self) -> dict[str, Any]:
        return {name: _plain(value) for name, value in self._members.items()}


def _as_object(value: Any) -> Any:
    if isinstance(value, dict):
        return Said(value)
    return [_as_object(each) for each in value] if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    if isinstance(value, Said):
        return value.model_dump()
    return [_plain(each) for each in value] if isinstance(value, list) else value


class AsyncStream:
    """Events as they come; an answer that breaks off raises, and is never taken for whole.  Close it, or read it to its end."""

    def __init__(self, exchange: Exchanged, headers: Mapping[str, str]) -> None:
        self.comity = headers
        self._exchange = exchange
        self._events = self._read()

    def __aiter__(self) -> AsyncIterator[Any]:
        return self._events

    async def __anext__(self) -> Any:
        return await anext(self._events)

    async def __aenter__(self) -> AsyncStream:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        await self._events.aclose()
        await self._exchange.leave()

    async def _read(self) -> AsyncGenerator[Said, None]:
        decoder = EventDecoder()
        try:
            while piece := await self._exchange.piece():
                for event in decoder.feed(piece):
                    if event.data != b"[DONE]":
                        yield _event(event.data)
        finally:
            await self._exchange.leave()


def _event(data: bytes) -> Said:
    said = msgspec.json.decode(data)
    failed = said.get("error") if isinstance(said, dict) else None
    if isinstance(failed, dict):
        raise error_of(502, {"error": failed})
    return Said(said)


def error_of(status: int, body: Any) -> ComityError:
    """The error as it was raised on the other side of the front door."""
    told = body.get("error") if isinstance(body, dict) else None
    if not isinstance(told, dict):
        return ProviderFailure(f"the gateway answered {status}", code="gateway.failed")
    code, hint, field = (str(told.get(name) or "") for name in ("code", "hint", "param"))
    message = str(told.get("message") or "").removesuffix(f" ({hint})")
    more: dict[str, Any] = {"hint": hint, "field": field, "status": status}
    if isinstance(told.get("decision"), dict):
        return PolicyDenied(message, decision=told["decision"], receipt=str(told.get("receipt") or ""), code=code, **more)
    if code.startswith("trust."):
        return TrustFailure(message, step=code.removeprefix("trust."), code=code, **more)
    if status == 422 and code.startswith("task."):
        return NoAnswer(message, steps=tuple(told.get("steps") or ()), code=code, **more)
    if status < 500:
        return CallerError(message, code=code, **more)
    if code.startswith("provider."):
        failure = ProviderFailure(message, retryable=False, code=code, **more)
        failure.attempts = tuple(told.get("attempts") or ())
        failure.lawful, failure.ways = tuple(told.get("lawful") or ()), tuple(told.get("ways") or ())
        return failure
    return OperatorError(message, code=code, exit_code=1, **more)  # it stands, and cannot do this now; a file to mend is exit code 3
