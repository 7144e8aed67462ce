# SPDX-License-Identifier: Apache-2.0
"""Sends what was traced and counted to one collector, in the background: no request waits for it, and what it does not take is lost.

A queue with a bound, one task, one connection's worth of work: a collector that is slow or gone costs this process that bound and
nothing else.  It is reached at exactly the address that is configured: no redirect, no proxy of the environment.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from urllib.parse import urlsplit

from comity import __version__
from comity.config import TelemetryConfig
from comity.gateway.metrics import Metrics
from comity.gateway.telemetry import otlp
from comity.gateway.telemetry.spans import Span, Trace, Tracer
from comity.ports import Clock, Random, Secrets
from comity.providers.http1.head import write_head
from comity.providers.http1.pool import Origin, Pool

log = logging.getLogger("comity.telemetry")
BATCH_SPANS_MAX = 512
GATHER_SECONDS, SEND_SECONDS_MAX, LAST_SECONDS_MAX = 2.0, 10.0, 3.0
Post = Callable[[str, bytes], Awaitable[bool]]
"""Sends a body to a path under the endpoint; whether it was taken."""


class Telemetry:
    def __init__(self, config: TelemetryConfig, metrics: Metrics, *, clock: Clock, random: Random, post: Post) -> None:
        self._config, self._metrics, self._clock, self._post = config, metrics, clock, post
        self._tracer = Tracer(
            share=config.sampled_share, trusts_callers=config.trusts_callers, clock=clock, random=random, take=self._take
        )  # fmt: skip
        self._resource: dict[str, str | int | float] = {"service.name": config.service, "service.version": __version__}
        self._spans: deque[Span] = deque()
        self._begun_ns, self._told = _ns(clock), clock.monotonic()
        self._failing = False
        self._task: asyncio.Task[None] | None = None

    def begin(self, traceparent: str) -> Trace | None:
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run(), name="comity-telemetry")
        return self._tracer.begin(traceparent)

    def _take(self, spans: list[Span]) -> None:
        room = self._config.spans_max - len(self._spans)
        self._spans.extend(spans[:room] if room > 0 else ())
        if len(spans) > room:
            self._metrics.telemetry["span", "dropped"] += len(spans) - max(room, 0)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(GATHER_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Sends what waits, and the metrics if it is time.  Raises nothing."""
        while self._spans:
            batch = [self._spans.popleft() for _ in range(min(BATCH_SPANS_MAX, len(self._spans)))]
            sent = await self._sent(otlp.TRACES, otlp.traces(batch, self._resource))
            self._metrics.telemetry["span", "sent" if sent else "dropped"] += len(batch)
            if not sent:  # the rest waits for the next turn, within its bound
                return
        every, now = self._config.metrics_seconds, self._clock.monotonic()
        if every and now - self._told >= every:
            self._told = now
            await self._tell()

    async def _tell(self) -> None:
        said = otlp.metrics(self._metrics.families(), self._resource, begin_ns=self._begun_ns, now_ns=_ns(self._clock))
        self._metrics.telemetry["metrics", "sent" if await self._sent(otlp.METRICS, said) else "dropped"] += 1

    async def _sent(self, path: str, body: bytes) -> bool:
        try:
            async with asyncio.timeout(SEND_SECONDS_MAX):
                sent = await self._post(path, body)
        except Exception as error:  # noqa: BLE001 - whatever it is, requests go on; its message may hold an address
            sent, why = False, type(error).__name__
        else:
            why = "refused"
        if sent == self._failing:  # said once for each time it changes, not for each batch
            self._failing = not sent
            log.warning("the collector %s", "takes what it is sent again" if sent else f"does not take what it is sent: {why}")
        return sent

    async def aclose(self) -> None:
        """What waits is sent if the collector takes it at once."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_SECONDS_MAX):
                    await self.flush()
                    if self._config.metrics_seconds:
                        await self._tell()
        self._metrics.telemetry["span", "dropped"] += len(self._spans)
        self._spans.clear()
        if isinstance(self._post, Collector):
            await self._post.aclose()


class Collector:
    """`Post` over HTTP."""

    def __init__(self, endpoint: str, token: str) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
        self._pool = Pool(connections_max=2, connect_seconds_max=SEND_SECONDS_MAX)  # one that was closed may still be counted

    async def __call__(self, path: str, body: bytes) -> bool:
        parts = urlsplit(self._endpoint + path)
        origin = Origin.of(parts.scheme, parts.hostname or "", parts.port)
        written = write_head("POST", parts.path, origin.authority, self._headers, len(body))
        connection = self._pool.kept(origin) or await self._pool.connect(origin)
        try:
            head = await connection.ask(written, body, SEND_SECONDS_MAX)
            while await connection.piece(SEND_SECONDS_MAX):  # read to its end, so that the connection is kept
                pass
        finally:
            connection.release()
        return 200 <= head.status < 300

    async def aclose(self) -> None:
        await self._pool.aclose()


def telemetry_of(config: TelemetryConfig, metrics: Metrics, *, clock: Clock, random: Random, secrets: Secrets) -> Telemetry | None:
    """None where no collector is configured.  Raises OperatorError when its token cannot be read."""
    if not config.endpoint:
        return None
    token = secrets.get(env=config.token.env, file=config.token.file, command=config.token.command) if config.token is not None else ""
    return Telemetry(config, metrics, clock=clock, random=random, post=Collector(config.endpoint, token))


def _ns(clock: Clock) -> int:
    return int(clock.now().timestamp() * 1e9)
