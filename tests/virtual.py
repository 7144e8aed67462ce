# SPDX-License-Identifier: Apache-2.0
"""An event loop whose time is its own: nobody waits, and each sleep ends in the order and at the moment it says."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Jump(selectors.SelectSelector):
    """Where nothing is ready, the time that would have been waited is over at once."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise RuntimeError("everybody waits for ever")
            self.passed += max(timeout, 0.0)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        return 1000.0 + self._jump.passed


def run(made: Coroutine[Any, Any, T]) -> T:
    """Threads have no place here: what they take is not on this clock."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(made)
