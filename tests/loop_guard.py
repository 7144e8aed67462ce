# SPDX-License-Identifier: Apache-2.0
"""Fails a test whose event loop was put to sleep: `time.sleep`, or waiting for a child process, on the loop's own thread.

Deterministic on purpose: it looks at what is called, not at how long it took, so a busy machine changes nothing.
A test that does it knowingly is marked `holds_loop`.
"""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Callable
from typing import Any


class LoopHeld(AssertionError):
    """Something blocked the event loop; every other request of that process would have waited."""


class LoopGuard:
    def __init__(self) -> None:
        self.allowed = False
        self._originals: list[tuple[Any, str, Callable[..., Any]]] = []

    def install(self) -> None:
        if self._originals:
            return
        for owner, name in ((time, "sleep"), (subprocess.Popen, "wait"), (subprocess.Popen, "communicate")):
            original = getattr(owner, name)
            self._originals.append((owner, name, original))
            setattr(owner, name, self._guarded(original, f"{getattr(owner, '__name__', owner)}.{name}"))

    def remove(self) -> None:
        for owner, name, original in self._originals:
            setattr(owner, name, original)
        self._originals = []

    def _guarded(self, original: Callable[..., Any], name: str) -> Callable[..., Any]:
        def guarded(*arguments: Any, **more: Any) -> Any:
            if not self.allowed and _on_loop():
                raise LoopHeld(f"`{name}` was called on the event loop; use asyncio's own, or a thread")
            return original(*arguments, **more)

        return guarded


def _on_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
