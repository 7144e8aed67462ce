# SPDX-License-Identifier: Apache-2.0
"""What was asked for in the last minute, by the second, and what is running: pure, whoever keeps it.

A limit holds in every sixty seconds, wherever they begin: the whole seconds that such a window touches are counted, sixty-one at
most.  A bucket that refills would let nearly twice its limit pass in some of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from comity.config import RatesConfig

WINDOW_SECONDS = 60
LAPSE_SECONDS = 900
"""A request that nobody ended for so long counts no longer as running: its gateway was killed."""


class Minute(msgspec.Struct, kw_only=True):
    """Of one account.  By second; `running` by hold, with the second in which it began."""

    requests: dict[int, int] = {}
    tokens: dict[int, int] = {}
    running: dict[str, int] = {}


class Asked(NamedTuple):
    """Of one account, for one request."""

    account: str
    limits: RatesConfig
    tokens: int

    @property
    def booked(self) -> int:
        """What is longer than a whole minute's tokens waits for an empty minute, and then passes."""
        return min(self.tokens, self.limits.tokens_per_minute)


class Full(NamedTuple):
    """``what``: the limit's name; ``seconds``: after which there is room, if nobody else takes it."""

    account: str
    what: str
    limit: int
    seconds: int


class Room(NamedTuple):
    """What was used once this request was let in."""

    requests: int
    tokens: int


def take(minutes: Mapping[str, Minute], asked: Iterable[Asked], at: int, hold: str) -> Full | list[Room]:
    """Books ``asked`` with every account, or with none."""
    asked = list(asked)
    for each in asked:
        full = _full(minutes[each.account], each, at)
        if full is not None:
            return full
    return [_booked(minutes[each.account], each, at, hold) for each in asked]


def give(minutes: Mapping[str, Minute], asked: Iterable[Asked], at: int, hold: str, tokens: int | None) -> None:
    """The request has ended and took ``tokens``, or as many as were booked (None)."""
    for each in asked:
        minute = minutes[each.account]
        began = minute.running.pop(hold, None)
        more = 0 if tokens is None or began is None or not each.limits.tokens_per_minute else tokens - each.booked
        if more > 0:  # it came after it was let in: it counts from now on
            second = _second(minute, at)
            minute.tokens[second] = minute.tokens.get(second, 0) + more
        elif more and began in minute.tokens:
            minute.tokens[began] = max(minute.tokens[began] + more, 0)


def _full(minute: Minute, asked: Asked, at: int) -> Full | None:
    second, limits = _second(minute, at), asked.limits
    _forget(minute, second)
    for what, limit, by_second, more in (
        ("requests_per_minute", limits.requests_per_minute, minute.requests, 1),
        ("tokens_per_minute", limits.tokens_per_minute, minute.tokens, asked.booked),
    ):
        over = sum(by_second.values()) + more - limit if limit else 0
        if over <= 0:
            continue
        for counted in sorted(by_second):
            over -= by_second[counted]
            if over <= 0:
                return Full(asked.account, what, limit, counted + WINDOW_SECONDS + 1 - at)
    if limits.concurrent and len(minute.running) >= limits.concurrent:
        return Full(asked.account, "concurrent", limits.concurrent, 1)
    return None


def _booked(minute: Minute, asked: Asked, at: int, hold: str) -> Room:
    second, limits = _second(minute, at), asked.limits
    if limits.requests_per_minute:
        minute.requests[second] = minute.requests.get(second, 0) + 1
    if limits.tokens_per_minute:
        minute.tokens[second] = minute.tokens.get(second, 0) + asked.booked
    if limits.concurrent or limits.tokens_per_minute:
        minute.running[hold] = second
    return Room(sum(minute.requests.values()), sum(minute.tokens.values()))


def _second(minute: Minute, at: int) -> int:
    """Now, or a little later where a gateway whose clock is ahead has counted already; never more than a minute."""
    return max((each for each in (*minute.requests, *minute.tokens) if at < each <= at + WINDOW_SECONDS), default=at)


def _forget(minute: Minute, second: int) -> None:
    for by_second in (minute.requests, minute.tokens):
        for counted in [each for each in by_second if not second - WINDOW_SECONDS <= each <= second]:
            del by_second[counted]
    for hold in [each for each, began in minute.running.items() if not second - LAPSE_SECONDS < began <= second]:
        del minute.running[hold]
