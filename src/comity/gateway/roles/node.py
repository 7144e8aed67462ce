# SPDX-License-Identifier: Apache-2.0
"""A node over time: keys before they are due, each in the public log before it is offered, its log witnessed anew.

A key is drawn, its entry put into the log, the log's head shown to witnesses; only then do clients hear of the key.  Whatever fails on
the way leaves the key unknown to everybody, and the node says that it is not ready.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from comity.config import Config, NodeConfig
from comity.errors import ComityError, OperatorError, StorageFailure
from comity.gateway.roles.evidence import evidence_of
from comity.gateway.roles.nodelog import NodeLog
from comity.gateway.roles.terms import Offer, Offers, terms_of
from comity.gateway.world import World
from comity.ports import Clock, Random, Secrets
from comity.seal.epochs import Epoch, Keys
from comity.transparency.publish import Published
from comity.transparency.store import Store, is_path, store_at

log = logging.getLogger("comity.gateway")
LOOK_SECONDS_MAX = 60.0
RETRY_SECONDS = 1.0  # doubled each time that too few witnesses answer


class Entries(Protocol):
    """The log of a node's entries, and where it is published: `nodelog.NodeLog`."""

    async def append(self, entries: Sequence[bytes]) -> Sequence[int]:
        """Their places, once they are there for good."""

    async def publish(self) -> Published:
        """Raises StorageFailure; TrustFailure where the log is not the one that was shown."""

    async def proof(self, index: int) -> str:
        """A C2SP tlog-proof against the newest checkpoint that enough witnesses have signed.  Raises LookupError before there is one."""

    async def file(self, path: str) -> bytes | None: ...

    async def aclose(self) -> None: ...


class Node:
    """``evidence`` of a key, in base64: what attests the machine that made it.  ``crossing``: where the record's log is published."""

    def __init__(
        self, config: NodeConfig, entries: Entries, *, evidence: Callable[[Epoch], str], clock: Clock, random: Random,
        crossing: Store | None = None,
    ) -> None:  # fmt: skip
        self.config, self._crossing = config, crossing
        self._log, self._evidence, self._clock, self._random = entries, evidence, clock, random
        self._published = -1e9
        self._one = asyncio.Lock()  # a reload and time both make keys
        self._tending: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, config: Config, *, home: Path, clock: Clock, random: Random, secrets: Secrets) -> Node | None:
        """None of a configuration that is no node's."""
        if config.node is None:
            return None
        evidence = evidence_of(config.node, home=home, clock=clock, random=random)
        entries = await NodeLog.open(config, config.node, home=home, random=random, secrets=secrets)
        crossing = store_at(config.publish.store) if config.publish.store else None
        return cls(config.node, entries, evidence=evidence, clock=clock, random=random, crossing=crossing)

    async def offered(self, world: World, before: World | None = None) -> World:
        """``world`` with its keys, as it is answered by."""
        return replace(world, offers=await self.offers(world, before.offers if before is not None else None))

    async def published(self, which: str, path: str) -> bytes | None:
        """A file of a log: of `nodes`, where the keys stand, or of `crossing`, where the receipts do; None for what is not there."""
        if which == "nodes":
            return await self._log.file(path)
        if which == "crossing" and self._crossing is not None and is_path(path):
            return await self._crossing.get(path)
        return None

    def start(self, standing: Callable[[], Offers | None]) -> None:
        """``standing``: what is offered now.  `aclose` ends it."""
        self._tending = asyncio.get_running_loop().create_task(self.run(standing))

    async def aclose(self) -> None:
        if self._tending is not None:
            self._tending.cancel()
            await asyncio.wait({self._tending})
        await self._log.aclose()

    async def offers(self, world: World, before: Offers | None = None) -> Offers:
        """What ``world`` is asked under: the same keys for as long as its terms are the same, else new ones, in the log already.

        In place of others they are taken up only once they are witnessed: raises OperatorError where too few sign, and the old stand."""
        terms = terms_of(world, world.config.node or self.config)
        if before is not None and before.terms == terms:
            return before
        made = Offers(terms, Keys(self._clock, self._random))
        await self._logged(made)
        if before is not None and not await self.tend(made, now=True):
            raise OperatorError(
                "the new terms are in the node's log, and too few witnesses have signed it", code="node.unwitnessed", exit_code=1,
                hint="the old terms go on; try again when the witnesses answer",
            )  # fmt: skip
        return made

    async def tend(self, offers: Offers, *, now: bool = False) -> bool:
        """Makes and publishes what is due.  False where too few witnesses signed."""
        async with self._one:
            fresh = await self._logged(offers)
            if not (now or fresh or not offers.ready or self._clock.monotonic() >= self._published + self.config.publish_seconds):
                return True
            published = await self._log.publish()
            if published.missing:
                log.warning("the node's log is not signed by %s", ", ".join(published.missing))
            if not published.shown:
                return False
            for each in offers.standing:
                offers.show(each.epoch.config.hash, await self._log.proof(each.place))
            self._published = self._clock.monotonic()
            return True

    async def renew(self, offers: Offers) -> bool:
        """Where a key has heard half of what it may, all give way to new ones, in the log and witnessed, on the same terms.  What was
        sealed to the old is refused from then on, so nothing that they heard need be remembered.  False where too few witnesses signed."""
        if not offers.worn:
            return True
        made = Offers(offers.terms, Keys(self._clock, self._random))
        await self._logged(made)
        if not await self.tend(made, now=True):
            return False
        offers.become(made)
        return True

    async def run(self, standing: Callable[[], Offers | None]) -> None:
        """Until it is cancelled."""
        look = min(self.config.publish_seconds, LOOK_SECONDS_MAX)
        retry = RETRY_SECONDS
        while True:
            offers, well = standing(), False
            try:
                well = offers is None or (await self.tend(offers) and await self.renew(offers))
            except StorageFailure as error:
                log.warning("the node's keys cannot be published: %s", error.code)
            except LookupError:  # another gateway published meanwhile
                pass
            except ComityError as error:  # nothing that is tried again mends it
                log.error("the node offers no keys any more: %s: %s", error.code, error)
                if offers is not None:
                    offers.withdraw()
                return
            retry = RETRY_SECONDS if well else min(2 * retry, look)
            await asyncio.sleep(look if well else min(retry, look))

    async def _logged(self, offers: Offers) -> bool:
        """Whether there was a key to put into the log."""
        owed = offers.owed()
        entries = [offers.entry(each, self._evidence(each)) for each in owed]
        if owed:
            for epoch, entry, place in zip(owed, entries, await self._log.append(entries), strict=True):
                offers.take(Offer(epoch, entry, place))
        return bool(owed)
