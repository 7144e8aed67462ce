# SPDX-License-Identifier: Apache-2.0
"""What the size and the timing of sealed bytes would say, made coarse.

Bodies grow to a power of two by zeros after the message, which RFC 9292 lets anybody put there.  Events of a stream are gathered and let
go on a fixed beat; each time they grow to a power of two by a comment of server-sent events, which every reader passes over.  Pure: who
sends asks when.

Coarse is not hidden: how long a stream is, and roughly how much it says, can still be seen.
"""

from __future__ import annotations

from comity.errors import CallerError
from comity.ports import Clock

BODY_BYTES_MIN = 1024
BEAT_SECONDS = 0.05


def bucket(size: int, least: int) -> int:
    """The smallest power of two that holds ``size``, and no less than ``least`` asks for."""
    return 1 << (max(size, least, 1) - 1).bit_length()


def room(size: int, *, least: int) -> int:
    """By how much ``size`` bytes grow.  ``least`` 0: not at all, padding is off."""
    return bucket(size, least) - size if least else 0


def zeros(size: int, *, least: int = BODY_BYTES_MIN) -> bytes:
    """What follows a message of ``size`` bytes."""
    return bytes(room(size, least=least))


def padded(message: bytes, *, least: int = BODY_BYTES_MIN) -> bytes:
    return message + zeros(len(message), least=least)


def comment(size: int) -> bytes:
    """``size`` bytes between two events that mean nothing to a reader of server-sent events."""
    return b":" + b" " * (size - 2) + b"\n" if size > 1 else b"\n" * size


class Beat:
    """Gathers whole events and lets them go on a beat.

    ``seconds`` 0: each at once.  ``start``: an instant of the clock that it is counted from, else when it was
    made; streams of one start beat together, so a beat says less of each, and costs them one waking.
    Ask `due` when there will be something to take, then `take` it.
    """

    def __init__(self, clock: Clock, *, seconds: float = BEAT_SECONDS, start: float | None = None) -> None:
        if not 0 <= seconds <= 1:
            raise CallerError("a beat is at most a second", code="seal.malformed")
        self._clock, self._seconds = clock, seconds
        self._start = clock.monotonic() if start is None else start
        self._waiting: list[bytes] = []
        self._at = 0.0

    def add(self, event: bytes) -> None:
        """One whole event with the empty line that ends it."""
        if not self._waiting:
            self._at = self._next()
        self._waiting.append(event)

    def due(self) -> float | None:
        """Seconds until there is something to take, 0 if there is; None while nothing waits."""
        return max(0.0, self._at - self._clock.monotonic()) if self._waiting else None

    def take(self, *, now: bool = False) -> bytes:
        """What is due; nothing where nothing is.  ``now``: what waits, because the stream ends."""
        if not self._waiting or not (now or self.due() == 0):
            return b""
        out = b"".join(self._waiting)
        self._waiting.clear()
        return out

    def _next(self) -> float:
        now = self._clock.monotonic()
        if not self._seconds:
            return now
        beats = int((now - self._start) / self._seconds) + 1
        return self._start + beats * self._seconds
