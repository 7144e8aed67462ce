# SPDX-License-Identifier: Apache-2.0
"""Work that is asked for, asked after until it is done, and fetched from where the partner keeps what came of it.

https://help.aliyun.com/en/model-studio/manage-asynchronous-tasks
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager

from comity.errors import ProviderFailure
from comity.providers.adapters.dashscope.wire import Body, Line, broken, member, refused
from comity.providers.http import HttpAnswer

Pause = Callable[[float], Awaitable[None]]
PAUSE_SECONDS_FIRST, PAUSE_SECONDS_MAX, PAUSE_GROWTH = 0.5, 5.0, 1.5
_LATER = {"x-dashscope-async": "enable"}
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_NONE: Mapping[str, str] = {}


class Patience:
    """How long a task is waited for, all in all: the same time that any other partner has for its first byte."""

    def __init__(self, pause: Pause, seconds_max: float) -> None:
        self.pause, self._seconds_max = pause, seconds_max

    def pauses(self) -> Iterator[float]:
        """Growing, and together no longer than the whole: so many times at most is asked."""
        left, next_one = self._seconds_max, PAUSE_SECONDS_FIRST
        while next_one <= left:
            yield next_one
            left -= next_one
            next_one = min(next_one * PAUSE_GROWTH, PAUSE_SECONDS_MAX)

    @asynccontextmanager
    async def bound(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._seconds_max):
                yield
        except TimeoutError:
            raise late() from None


def late() -> ProviderFailure:
    return ProviderFailure("the partner did not finish its task in time", kind="timeout", retryable=False)  # it may still be charged


async def done(
    line: Line, path: str, given: Body, parameters: Body, *, patience: Patience, headers: Mapping[str, str] = _NONE
) -> tuple[Body, HttpAnswer]:
    """The task's answer once it has succeeded, and the one that began it.  Raises ProviderFailure for any other end, or none in time."""
    body, begun = await line.ask(path, given, parameters, headers={**headers, **_LATER})
    task = member(member(body, "output", dict), "task_id", str)
    if not _ID.fullmatch(task):
        raise broken("the partner's task has no id that could be asked after")
    for seconds in patience.pauses():
        await patience.pause(seconds)
        try:
            body = await line.get(f"/tasks/{task}")
        except ProviderFailure as failure:
            if failure.upstream_status == 429 or failure.upstream_status >= 500:  # asking too often says nothing of the task
                continue
            raise
        output = member(body, "output", dict)
        match output.get("task_status"):
            case "PENDING" | "RUNNING":
                continue
            case "SUCCEEDED":
                return body, begun
            case "FAILED":
                raise refused(output)
        raise broken("the partner's task ended without a result")
    raise late()


async def fetched(line: Line, url: str, *, accept: tuple[str, ...]) -> bytes:
    """From a host that is listed for it, without the key; never less protected than the question was."""
    return await (await line.egress.fetch(line.deployment, as_protected(line, url), accept=accept)).read()


def as_protected(line: Line, url: str) -> str:
    """Addresses of its store come with either scheme, and it serves both."""
    return (
        "https://" + url.removeprefix("http://") if line.deployment.base_url.startswith("https://") and url.startswith("http://") else url
    )
