# SPDX-License-Identifier: Apache-2.0
"""How many requests are being answered by one world: one that was replaced is closed when the last of them is done."""

from __future__ import annotations

import asyncio


class Users:
    """`with users:` around an answer; on one event loop."""

    __slots__ = ("_count", "_nobody")

    def __init__(self) -> None:
        self._count = 0
        self._nobody: asyncio.Event | None = None

    def __enter__(self) -> None:
        self._count += 1

    def __exit__(self, *_: object) -> None:
        self._count -= 1
        if not self._count and self._nobody is not None:
            self._nobody.set()

    async def gone(self) -> None:
        """Returns once there is none; whoever waits has seen to it that none comes any more."""
        if self._count:
            self._nobody = asyncio.Event()
            await self._nobody.wait()
