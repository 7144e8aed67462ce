# SPDX-License-Identifier: Apache-2.0
"""What is given back: an answer that is read as it comes, or one that was put together here."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from comity.errors import ProviderFailure
from comity.providers.adapters.dashscope.wire import Body, broken, encode, object_of
from comity.providers.dialect import Reader
from comity.providers.http import JSON, SSE, HttpAnswer
from comity.wire import sse
from comity.wire.sse import Event, EventDecoder, EventTooLarge


class Events(Reader, Protocol):
    """A reader that knows whether the first event has come."""

    begun: bool


class EventReader(ABC):
    """Bytes, cut anywhere, to bodies; a subclass says what each becomes.  There is no end mark: `end` must know."""

    def __init__(self, content_type: str = SSE) -> None:
        self.content_type = content_type
        self.begun = False
        self._decoder = EventDecoder()
        self._failure: ProviderFailure | None = None

    @abstractmethod
    def event(self, body: Body) -> bytes: ...

    @abstractmethod
    def end(self) -> bytes:
        """Raises ProviderFailure when the partner stopped short."""

    def feed(self, piece: bytes) -> bytes:
        self._check()
        try:
            events = self._decoder.feed(piece)
        except EventTooLarge:
            raise broken("an event of the partner's stream is too large") from None
        return self._read(events)

    def finish(self) -> bytes:
        self._check()
        last = self._read(self._decoder.flush())
        return last + self.end()

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _read(self, events: list[Event]) -> bytes:
        out = b""
        for event in events:
            try:
                out += self.event(object_of(event.data))
            except ProviderFailure as failure:
                failure.retryable = failure.retryable and not self.begun
                if not out:
                    raise
                self._failure = failure  # what came before it is passed on first
                break
            self.begun = True
        return out


async def _as_events(answer: HttpAnswer) -> AsyncIterator[bytes]:
    """What is called JSON may be an event under a wrong name, or an object alone: a refusal, most often."""
    if answer.content_type != JSON:
        async for piece in answer.chunks():
            yield piece
        return
    raw = await answer.read()
    yield sse.encode(encode(object_of(raw))) if raw.lstrip().startswith(b"{") else raw


class Reading:
    """An answer that is read as it comes."""

    def __init__(self, answer: HttpAnswer, reader: Events) -> None:
        self.content_type = reader.content_type
        self._answer, self._reader = answer, reader
        self._pieces = _as_events(answer)
        self._held = b""
        self._ended = False

    async def begin(self, seconds_max: float) -> Reading:
        """Up to the first event, since a stream may be refused in it: then another place can still be asked."""
        try:
            async with asyncio.timeout(seconds_max):
                await self._until_begun()
        except TimeoutError:
            await self.aclose()
            raise ProviderFailure("the partner did not begin its answer in time", kind="timeout") from None
        except BaseException:  # a caller who leaves meanwhile too
            await self.aclose()
            raise
        return self

    async def _until_begun(self) -> None:
        async for piece in self._pieces:
            self._held += self._reader.feed(piece)
            if self._reader.begun:
                return
        self._held += self._reader.finish()
        self._ended = True

    @property
    def rate_limits(self) -> Mapping[str, str]:
        return self._answer.rate_limits

    async def chunks(self) -> AsyncIterator[bytes]:
        if self._held:
            yield self._held
        if self._ended:
            return
        async for piece in self._pieces:
            if out := self._reader.feed(piece):
                yield out
        if out := self._reader.finish():
            yield out

    async def aclose(self) -> None:
        await self._answer.aclose()


class Made:
    """An answer that was put together here."""

    def __init__(self, body: bytes, rate_limits: Mapping[str, str], content_type: str = JSON) -> None:
        self.content_type, self.rate_limits, self._body = content_type, rate_limits, body

    async def chunks(self) -> AsyncIterator[bytes]:
        yield self._body

    async def aclose(self) -> None:
        """Its connection was given back when it was read."""
