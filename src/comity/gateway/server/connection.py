# SPDX-License-Identifier: Apache-2.0
"""One connection: its requests are answered one after the other, in the order in which they came.

What came is kept in one buffer of bounded size; reading pauses while it is full.  Two instants bound how long a caller may take:
`read_by` to send what is waited for, `write_by` to read what was answered; the server looks at them once a second.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, cast

from comity.errors import CallerError, ComityError
from comity.gateway.http import error_answer
from comity.gateway.server.head import NEVER_ENDS, HeadReader, invalid, too_long
from comity.gateway.server.turn import CLOSE, Turn, status_line

if TYPE_CHECKING:
    from comity.gateway.server.server import Server

NEVER = math.inf
READ_AHEAD_BYTES = 65_536  # of what nobody has asked for yet
LINGER_SECONDS = 2.0  # for a caller still sending to read the answer, before the connection is closed under it


class Connection(asyncio.Protocol):
    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop) -> None:
        self.server, self.loop = server, loop
        self.buffer = bytearray()
        self.lost = False
        self.closes = self.lingers = False  # after the answer that is due; and the caller may still be sending then
        self.stalled: asyncio.Future[None] | None = None  # while the caller does not read
        self.read_by = self.write_by = NEVER
        self._transport: asyncio.Transport
        self._heads = HeadReader(server.limits.headers_max)
        self._turn: Turn | None = None
        self._closing = self._paused = False
        self._searched = 0  # of the buffer, for the end of a head

    # -- what the loop says -------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.read_by = self.server.now() + self.server.limits.head_seconds_max
        busy = self.server.joined(self)
        if busy is not None:
            self._refuse(busy)

    def data_received(self, data: bytes) -> None:
        if self._closing:
            return
        self.buffer += data
        turn = self._turn
        if turn is None:
            self._read_head()
        elif turn.wants_more:
            turn.came(self.buffer)
        elif len(self.buffer) > READ_AHEAD_BYTES and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def eof_received(self) -> None:
        """Who sends no more is taken to have left: nobody can tell the two apart before writing.  What was answered is still sent."""
        self.write_by = self.server.now() + self.server.limits.unread_seconds_max
        self._gone()

    def connection_lost(self, error: Exception | None) -> None:
        self._gone()
        self.write_by = NEVER
        self.server.left(self)
        self.resume_writing()

    def _gone(self) -> None:
        self.lost = self._closing = True
        self.read_by = NEVER
        self.buffer.clear()
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.gone()

    def pause_writing(self) -> None:
        self.stalled = self.loop.create_future()
        self.write_by = self.server.now() + self.server.limits.unread_seconds_max

    def resume_writing(self) -> None:
        stalled, self.stalled = self.stalled, None
        if not self._closing:
            self.write_by = NEVER
        if stalled is not None and not stalled.done():
            stalled.set_result(None)

    # -- requests -----------------------------------------------------------------------------------------------

    def _read_head(self) -> None:
        buffer, limits = self.buffer, self.server.limits
        end = buffer.find(b"\r\n\r\n", self._searched)
        try:
            if end > limits.head_bytes_max or (end < 0 and len(buffer) > limits.head_bytes_max):
                raise too_long(f"a head of more than {limits.head_bytes_max} bytes", "limits.head_bytes_max")
            if end < 0:
                if NEVER_ENDS.search(buffer, max(0, self._searched - 1)):
                    raise invalid("a line of the head does not end in CRLF")
                if not self._searched:
                    self.read_by = self.server.now() + limits.head_seconds_max
                self._searched = max(1, len(buffer) - 3)
                return
            head = self._heads.read(bytes(buffer[:end]))
        except CallerError as error:
            self._refuse(error)
            return
        self._searched = 0
        del buffer[: end + 4]
        self.read_by = NEVER
        self._turn = turn = Turn(self, head)
        self.server.start(turn)

    def await_body(self, waiting: bool, by: float | None = None) -> None:
        """``by``: when the body must have come; None: as long from now as it may take."""
        self.read_by = (self.server.now() + self.server.limits.body_seconds_max if by is None else by) if waiting else NEVER
        if waiting:
            self._read_on()

    def next(self) -> None:
        """The answer is whole: the next request, or the end."""
        self._turn = None
        if self.lost:
            return
        if self.closes or self.server.draining:
            self.close()
            return
        self._read_on()
        if self.buffer:
            self._read_head()
        else:
            self.read_by = self.server.now() + self.server.limits.keep_alive_seconds_max

    def unfinished(self, turn: Turn, *, reset: bool) -> None:
        """``reset``: where the end of an answer is the end of the connection, nothing else tells that it is not whole."""
        if self._turn is turn:
            self._turn, self.lingers = None, True
            if reset:
                self.drop()
            else:
                self.close()

    def _read_on(self) -> None:
        if self._paused:
            self._paused = False
            self._transport.resume_reading()

    # -- its end ------------------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    def _refuse(self, error: ComityError) -> None:
        """What never became a request still gets an answer, and nothing after it."""
        status, body, headers = error_answer(error, "")
        block = b"".join([b"%b: %b\r\n" % pair for pair in headers])
        length = b"content-length: %d\r\n" % len(body)
        self.write(b"".join((status_line(status), self.server.date, block, length, CLOSE, b"\r\n", body)))
        self.server.refused(error)
        self.lingers = True
        self.close()

    def close(self) -> None:
        """Once what was written is sent.  A caller still sending would get a reset instead, so it is told first and given a moment."""
        if self._closing:
            return
        self._closing = True
        now = self.server.now()
        self.write_by = now + self.server.limits.unread_seconds_max
        if self.lingers or self.buffer:
            self.read_by = now + LINGER_SECONDS
            self._read_on()
            self._transport.write_eof()
        else:
            self._transport.close()
        self.buffer.clear()

    def drop(self) -> None:
        self._gone()
        self._transport.abort()

    @property
    def idle(self) -> bool:
        return self._turn is None and not self.buffer

    def overdue(self, now: float) -> None:
        """Called once an instant has passed by which the caller should have read or sent something."""
        if now >= self.write_by:
            self.drop()
        elif self._closing:
            if not self._transport.get_write_buffer_size():
                self.drop()
        elif self._turn is not None:
            self.read_by = NEVER
            self._turn.too_slow()
        elif self.buffer:
            self._refuse(CallerError("the head of the request did not come in time", code="http.timeout", status=408))
        else:
            self.close()
