# SPDX-License-Identifier: Apache-2.0
"""Two counts over the last seconds, forgotten a sixth of the time at once: constant memory, no list of moments."""

from __future__ import annotations

SLOTS = 6


class Window:
    """``first`` and ``second`` are what was added within about ``seconds`` (five to six sixths of them) before the last `turn`."""

    __slots__ = ("_at", "_firsts", "_seconds", "_width", "first", "second")

    def __init__(self, seconds: float) -> None:
        self._width = seconds / SLOTS
        self._at = 0
        self.clear()

    def clear(self) -> None:
        self.first = self.second = 0
        self._firsts, self._seconds = [0] * SLOTS, [0] * SLOTS

    def turn(self, now: float) -> None:
        """Forgets what has grown too old by ``now``."""
        at = int(now / self._width)
        if at > self._at:
            self._forget(at)

    def add(self, now: float, first: int, second: int) -> None:
        at = int(now / self._width)
        if at > self._at:
            self._forget(at)
        slot = self._at % SLOTS
        if first:
            self._firsts[slot] += first
            self.first += first
        if second:
            self._seconds[slot] += second
            self.second += second

    def _forget(self, at: int) -> None:
        for passed in range(max(self._at + 1, at - SLOTS + 1), at + 1):
            slot = passed % SLOTS
            self.first -= self._firsts[slot]
            self.second -= self._seconds[slot]
            self._firsts[slot] = self._seconds[slot] = 0
        self._at = at
