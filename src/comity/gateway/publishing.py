# SPDX-License-Identifier: Apache-2.0
"""The record's log, published beside the running gateway every so often.  Whatever fails in it holds up no request."""

from __future__ import annotations

import asyncio
import logging

from comity.config import PublishConfig
from comity.errors import ComityError, StorageFailure
from comity.gateway.roles.witnessing import Witnesses
from comity.transparency.crossing import Crossing
from comity.transparency.ledger import Ledger
from comity.transparency.publish import Publisher
from comity.transparency.store import store_at

log = logging.getLogger("comity.gateway")


class Publishing:
    """Of a gateway that publishes nothing, it does nothing.  Raises OperatorError where its store or its witnesses are none."""

    def __init__(self, config: PublishConfig, ledger: Ledger) -> None:
        self._seconds = config.seconds
        self._task: asyncio.Task[None] | None = None
        self._witnesses = Witnesses(config.witnesses, "publish.witnesses")
        self._publisher = (
            Publisher(Crossing(ledger, config.fill), store_at(config.store), self._witnesses.cosigners, config.quorum)
            if config.store
            else None
        )

    def start(self) -> None:
        if self._publisher is not None:
            self._task = asyncio.get_running_loop().create_task(self._run(self._publisher), name="comity-publishing")

    async def _run(self, publisher: Publisher) -> None:
        while True:
            try:
                done = await publisher.publish()
                if done.missing:
                    log.warning("the record's log is not signed by %s", ", ".join(done.missing))
            except StorageFailure as error:
                log.warning("the record's log could not be published (%s); it is tried again", error.code)
            except ComityError as error:  # nothing that is tried again mends it
                log.error("the record's log is published no more: %s: %s", error.code, error)
                return
            await asyncio.sleep(self._seconds)

    async def aclose(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._witnesses.aclose()
