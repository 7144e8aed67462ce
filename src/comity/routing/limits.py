# SPDX-License-Identifier: Apache-2.0
"""Who waits for a place that is full, in the order they came.  Pure: whoever waits leaves word how to be woken."""

from __future__ import annotations

from collections.abc import Callable


class Waiter:
    """``given``: the place that was handed over; whoever is woken owns one slot there."""

    __slots__ = ("given", "places", "wake")

    def __init__(self, places: frozenset[str], wake: Callable[[], None]) -> None:
        self.places, self.wake = places, wake
        self.given = ""


class Queue:
    def __init__(self, size_max: int) -> None:
        self._size_max = size_max
        self._waiting: dict[Waiter, None] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def join(self, places: frozenset[str], wake: Callable[[], None]) -> Waiter | None:
        """None: as many wait as may."""
        if len(self._waiting) >= self._size_max:
            return None
        waiter = Waiter(places, wake)
        self._waiting[waiter] = None
        return waiter

    def leave(self, waiter: Waiter) -> None:
        """Waits no more.  A slot already `given` is still whoever's it was given to."""
        self._waiting.pop(waiter, None)

    def hand(self, place: str) -> bool:
        """A slot of ``place`` is free: whether somebody who waited has it now."""
        for waiter in self._waiting:
            if place in waiter.places:
                del self._waiting[waiter]
                waiter.given = place
                waiter.wake()
                return True
        return False
