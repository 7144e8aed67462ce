# SPDX-License-Identifier: Apache-2.0
"""Minutes in Valkey (or Redis, which speaks the same): one script there does what `minute.py` does, for all gateways at once.

A Valkey that does not answer lets nothing pass: a limit that nobody can look up is not one that holds.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from importlib.resources import files
from typing import Any, Protocol

from comity.errors import OperatorError, StorageFailure
from comity.gateway.allowance.minute import Asked, Full, Room
from comity.ports import Clock

SECONDS_MAX = 1.0
PREFIX = "{comity}:minute:"
"""In braces: what one script touches lies on one node of a cluster."""


class Client(Protocol):
    def register_script(self, script: str) -> Callable[..., Awaitable[Any]]: ...

    async def aclose(self) -> None: ...


class ValkeyRates:
    def __init__(self, client: Client, clock: Clock, *, faults: tuple[type[Exception], ...]) -> None:
        """``faults``: what the client raises."""
        self._client, self._clock, self._faults = client, clock, faults
        self._run = client.register_script(files(__package__).joinpath("minute.lua").read_text(encoding="utf-8"))

    async def take(self, asked: Sequence[Asked], hold: str) -> Full | list[Room]:
        said = await self._asked("take", asked, hold, None)
        if said[0]:
            what, limit, seconds = said[1:]
            return Full(asked[said[0] - 1].account, what if isinstance(what, str) else what.decode(), limit, seconds)
        return [Room(*said[at : at + 2]) for at in range(1, len(said), 2)]

    async def give(self, asked: Sequence[Asked], hold: str, tokens: int | None) -> None:
        await self._asked("give", asked, hold, tokens)

    async def _asked(self, op: str, asked: Sequence[Asked], hold: str, tokens: int | None) -> list[Any]:
        limits = [
            part
            for each in asked
            for part in (each.limits.requests_per_minute, each.limits.tokens_per_minute, each.limits.concurrent, each.tokens)
        ]
        at = int(self._clock.now().timestamp())
        try:
            said: list[Any] = await self._run(
                keys=[PREFIX + each.account for each in asked], args=[op, at, hold, "" if tokens is None else tokens, *limits]
            )
        except self._faults as error:
            raise StorageFailure(
                f"Valkey does not count rates ({type(error).__name__})",
                code="storage.valkey",
                hint="is it running, and `shared.valkey` right?",
            ) from None
        return said

    async def aclose(self) -> None:
        await self._client.aclose()


def connect(url: str, clock: Clock) -> ValkeyRates:
    """Connects with the first request.  Raises OperatorError where the package is absent or the URL is none."""
    try:
        from valkey.asyncio import Valkey
        from valkey.exceptions import ValkeyError
    except ImportError:
        raise OperatorError(
            "rates are to be counted in Valkey, and its client is not installed", code="extra.absent", hint="pip install 'comity[valkey]'"
        ) from None
    try:
        client = Valkey.from_url(url, socket_timeout=SECONDS_MAX, socket_connect_timeout=SECONDS_MAX)
    except ValueError:
        raise OperatorError(
            "`shared.valkey` holds no URL of a Valkey",
            code="config.invalid",
            field="shared.valkey",
            hint="valkey://HOST:6379/0, valkeys:// with TLS",
        ) from None
    return ValkeyRates(client, clock, faults=(ValkeyError, OSError))
