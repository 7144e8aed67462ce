# SPDX-License-Identifier: Apache-2.0
"""A sealed answer, opened while it comes: what it holds is read as any partner's answer is, by the same code.

Nothing is kept beyond what has come and was not asked for yet.  That it is whole is said by its seal alone: where the bytes stop before
that, whoever stopped them, it is `truncated`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from comity.errors import CallerError, ProviderFailure, TrustFailure
from comity.providers.http import HttpAnswer
from comity.providers.http1.head import Head
from comity.seal import AnswerReader
from comity.seal.bhttp import Event
from comity.seal.http import Field, Fields, Response, Trailers

Whole = Callable[[int, Fields], None]
"""Looks at the status and the trailers of an answer that is whole; raises TrustFailure for one that may not be used."""


class Opening:
    """The body of the answer inside; `head` first."""

    def __init__(self, outer: HttpAnswer, reader: AnswerReader, whole: Whole) -> None:
        self._outer, self._reader, self._whole = outer, reader, whole
        self._sealed = outer.chunks()
        self._pieces: list[bytes] = []
        self._status = 0
        self._head: Response | None = None
        self._over = False

    async def head(self) -> Head:
        """Once it has come.  Raises TrustFailure, ProviderFailure for what is no sealed answer."""
        while self._head is None and not self._over:
            await self._more()
        if self._head is None:
            raise TrustFailure("the sealed answer says nothing", step="truncated", code="trust.truncated")
        return Head(self._status, 1, _joined(self._head.fields))

    def ready(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)

    async def piece(self, seconds: float) -> bytes:
        """``seconds`` are counted where the sealed bytes are read."""
        while not self._pieces and not self._over:
            await self._more()
        return self.ready()

    def release(self) -> None:
        self._outer.release()

    async def _more(self) -> None:
        try:
            sealed = await anext(self._sealed, b"")
        except ProviderFailure as failure:
            if failure.kind == "timeout":
                raise
            sealed = b""  # the connection broke: where the seal did not end either, it says so
        self._over = not sealed
        try:
            events = self._reader.feed(sealed) if sealed else self._reader.finish()
        except CallerError:
            raise ProviderFailure("what the node sealed is no HTTP answer", kind="protocol", retryable=False) from None
        self._take(events)

    def _take(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, bytes):
                self._pieces.append(event)
            elif isinstance(event, Trailers):
                self._whole(self._status, event.fields)
            elif isinstance(event, Response) and event.status >= 200:
                self._head, self._status = event, event.status


def _joined(fields: Iterable[Field]) -> dict[str, str]:
    """As the head of any answer is read: several of one name are joined by commas."""
    out: dict[str, str] = {}
    for name, value in fields:
        key, said = name.decode("ascii"), value.decode("latin-1")
        out[key] = f"{out[key]}, {said}" if key in out else said
    return out
