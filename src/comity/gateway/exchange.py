# SPDX-License-Identifier: Apache-2.0
"""One request of a caller and the way to answer it, as the front door sees them, whatever carries HTTP underneath."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

Headers = Sequence[tuple[bytes, bytes]]


class Disconnected(Exception):
    """The caller has gone; nobody reads an answer."""


class Seal(NamedTuple):
    """What a request came sealed in, for its receipt."""

    digest: str  # SHA-256 of the sealed bytes, hex
    size: int  # of them
    node: str  # SHA-256 of the node log's entry for the key that opened it, hex


class Exchange(Protocol):
    """Answered once: by `respond`, or by `begin`, any number of `write` and `end`."""

    @property
    def method(self) -> str: ...

    @property
    def path(self) -> str:
        """Decoded, without the query."""

    @property
    def query(self) -> str:
        """What follows `?`, as it came; "" without one."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Lower-case names.  One that may appear once and does not was refused before this was made; of the rest the last counts."""

    @property
    def begun(self) -> bool:
        """Whether the head of an answer was given: its status can no longer be changed."""

    @property
    def seal(self) -> Seal | None:
        """None of what came in the clear."""

    async def body(self, bytes_max: int) -> bytes:
        """The whole body.  Raises CallerError (413) as soon as it is known to be larger, Disconnected."""

    def pieces(self, bytes_max: int) -> AsyncGenerator[bytes, None]:
        """The same while it comes, and no faster than it is taken: in place of `body`."""

    async def respond(self, status: int, body: bytes, headers: Headers) -> None:
        """The whole answer; its length is added."""

    async def begin(self, status: int, headers: Headers) -> None:
        """The head of an answer whose length nobody knows yet."""

    async def write(self, piece: bytes) -> None:
        """Returns once the caller takes more (back-pressure).  Raises Disconnected."""

    async def end(self) -> None:
        """The answer is whole.  Without it the connection is dropped, so that a caller can tell."""

    def on_gone(self, call: Callable[[], None] | None) -> None:
        """``call`` is called once, should the caller leave before the answer is whole; None takes it back.  Ask for the body first."""


Answering = Callable[[Exchange], Coroutine[Any, Any, None]]
"""Answers one exchange; whatever goes wrong in it is its own affair to tell."""


class cancelled_when_gone:
    """While inside, a caller who leaves cancels the work, and so the partner's request; outside it is Disconnected."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._gone = False

    def __enter__(self) -> None:
        self._work = asyncio.current_task()
        self._exchange.on_gone(self._cancel)

    def _cancel(self) -> None:
        if self._work is not None:
            self._gone = True
            self._work.cancel()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._exchange.on_gone(None)
        if self._gone and kind is asyncio.CancelledError and self._work is not None:
            self._work.uncancel()
            raise Disconnected
