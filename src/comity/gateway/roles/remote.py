# SPDX-License-Identifier: Apache-2.0
"""A log that somebody publishes on the web, read file by file.  What comes is believed only once it verifies, so whoever hands it out."""

from __future__ import annotations

import asyncio
from types import TracebackType
from urllib.parse import urlsplit

from comity.errors import CallerError, ProviderFailure
from comity.gateway.fetch import fetch
from comity.providers.http1.head import Fault
from comity.providers.http1.pool import Origin, Pool
from comity.transparency.store import is_path
from comity.transparency.tiles import ENTRY_BYTES_MAX, WIDTH

GET_SECONDS_MAX = 30.0
FILE_BYTES_MAX = WIDTH * (ENTRY_BYTES_MAX + 2)


class Remote:
    """``base``: what `checkpoint` and `tile/…` are under.  Raises CallerError for what is no URL of that kind."""

    def __init__(self, base: str) -> None:
        try:
            parts = urlsplit(base)
            Origin.of(parts.scheme, parts.hostname or "", parts.port)
        except ValueError:
            raise _no_url() from None
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
            raise _no_url()
        self._base = base.rstrip("/") + "/"
        self._pool = Pool(connections_max=4, connect_seconds_max=GET_SECONDS_MAX)

    async def get(self, path: str) -> bytes | None:
        """Raises ProviderFailure where nobody says whether there is such a file."""
        assert is_path(path)
        try:
            async with asyncio.timeout(GET_SECONDS_MAX):
                status, raw = await fetch(self._pool, self._base + path, seconds_max=GET_SECONDS_MAX, bytes_max=FILE_BYTES_MAX)
        except (Fault, TimeoutError) as error:
            raise ProviderFailure(
                f"the log cannot be read: {type(error).__name__}", kind="connect", hint="is its URL right, and its server up?"
            ) from None
        if status == 404:
            return None
        if status != 200:
            raise ProviderFailure(f"the log cannot be read: status {status}", kind="status", upstream_status=status)
        return raw

    async def __aenter__(self) -> Remote:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._pool.aclose()


def _no_url() -> CallerError:
    return CallerError("this is no URL of a log", code="log.unreadable", hint="https://node.example/tlog/nodes")
