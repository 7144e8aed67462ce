# SPDX-License-Identifier: Apache-2.0
"""What is owed is paid: an outcome, money, a place in a line.  Whoever pays may be told to stop, more than once, and stops afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


async def paid(owed: Coroutine[Any, Any, T]) -> T:
    """``owed`` to its end.  `asyncio.shield` alone would leave it to itself when its caller is cancelled, and whatever came after it
    undone: a slower attempt is cancelled as such, and again when the caller leaves in that moment."""
    task = asyncio.ensure_future(owed)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # that it was cancelled matters more
        raise
