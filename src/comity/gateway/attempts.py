# SPDX-License-Identifier: Apache-2.0
"""Drives one request's way among its lawful places: asks, waits, asks again, asks two at once; gives back the first that has something.

``attempt`` makes one attempt and returns once there is something for the caller; ``drop`` closes what nobody waits for any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from comity.errors import ComityError, ProviderFailure
from comity.gateway.owed import paid
from comity.routing.run import Full, Pause, Trip, Visit

T = TypeVar("T")
Drop = Callable[[T], Coroutine[Any, Any, None]]


class Moved(ComityError):
    """What the decision rested on is not as it was: nothing was sent, and the law is asked again, on ``standing``."""

    status = 503
    default_code = "decision.moved"

    def __init__(self, standing: Any) -> None:
        super().__init__("the law is to be asked again")
        self.standing = standing


async def first(trip: Trip, attempt: Callable[[Visit], Coroutine[Any, Any, T]], drop: Drop[T]) -> T:
    """Raises ProviderFailure (every attempt in it), Moved, and whatever else an attempt raises."""
    while True:
        step = trip.step()
        if isinstance(step, Full):
            step = await _room(trip, step)
        if step is None:
            raise trip.exhausted()
        if isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
            continue
        late = trip.hedge_after(step)
        try:
            if late is None:
                return await _made(trip, step, attempt)
            return await _raced(trip, step, attempt, drop, late)
        except ProviderFailure:
            continue  # it is in the trip's list


async def _made(trip: Trip, visit: Visit, attempt: Callable[[Visit], Coroutine[Any, Any, T]]) -> T:
    try:
        value = await attempt(visit)
    except ProviderFailure as failure:
        trip.failed(visit, failure)
        raise
    except Moved as moved:
        trip.unmade(visit, moved)
        raise
    except BaseException as error:
        visit.over(error)
        raise
    visit.answered()
    return value


async def _raced(trip: Trip, visit: Visit, attempt: Callable[[Visit], Coroutine[Any, Any, T]], drop: Drop[T], late: float) -> T:
    """Whoever is first has won; the other is told so, ended, and its outcome is recorded before this returns."""
    running = {asyncio.create_task(_made(trip, visit, attempt)): visit}
    won: asyncio.Task[T] | None = None
    wait: float | None = late
    try:
        while True:
            done, _ = await asyncio.wait(running, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
            wait = None
            if not done:
                second = trip.hedge()
                if second is not None:
                    running[asyncio.create_task(_made(trip, second, attempt))] = second
                continue
            won = next((task for task in done if task.exception() is None), None)
            if won is not None:
                return won.result()
            last = len(done) == len(running)
            for task in done:
                error = task.exception()
                if last or not isinstance(error, ProviderFailure | Moved):
                    task.result()  # raises it
                del running[task]
    finally:
        try:
            await _settled(running, won, drop)
        except BaseException:  # the caller left just now
            if won is not None:
                await paid(drop(won.result()))
            raise


async def _settled(running: dict[asyncio.Task[T], Visit], won: asyncio.Task[T] | None, drop: Drop[T]) -> None:
    losers = [task for task in running if task is not won]
    for task in losers:
        running[task].outrun = won is not None
        task.cancel()
    await paid(_ended(losers, drop))  # each is told once to stop, and then left to pay what it owes


async def _ended(tasks: list[asyncio.Task[T]], drop: Drop[T]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)
    for task in tasks:
        if not task.cancelled() and task.exception() is None:
            await drop(task.result())


async def _room(trip: Trip, full: Full) -> Visit | Pause | None:
    """Waits in line for a place that is full.  None: no longer than this, and not in a longer line."""
    woken, loop = asyncio.Event(), asyncio.get_running_loop()
    began = loop.time()
    waiter = trip.queue.join(full.places, woken.set)
    if waiter is None:
        return None
    try:
        async with asyncio.timeout(full.seconds):
            await woken.wait()
    except TimeoutError:
        pass
    except BaseException:
        trip.queue.leave(waiter)
        if waiter.given:
            trip.handed_back(waiter.given)
        raise
    trip.queue.leave(waiter)
    return (trip.handed(waiter.given, loop.time() - began) or Pause(0.0)) if waiter.given else None
