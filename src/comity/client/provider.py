# SPDX-License-Identifier: Apache-2.0
"""`provider = "node"`: what the gateway asks for a sealed deployment."""

from __future__ import annotations

from collections.abc import Mapping

from comity.client.checks import Known, wanted
from comity.client.nodes import Nodes
from comity.client.remembered import Remembered
from comity.client.sealing import Crossing, Sealing
from comity.client.told import Nexus, told
from comity.config import LimitsConfig, TrustConfig
from comity.errors import ComityError
from comity.jurisdictions.vocab import load_vocabulary
from comity.ports import Clock, Random
from comity.providers.adapters.openai import OpenAIDialect
from comity.providers.base import Answer, Deployment, SealedProvider
from comity.providers.http import Egress
from comity.storage.database import Database
from comity.wire.request import Request


def node_provider(
    deployments: Mapping[str, Deployment], terms: Mapping[str, TrustConfig], *, egress: Egress, keys: Mapping[str, str], seen: Database,
    limits: LimitsConfig, random: Random, clock: Clock,
) -> NodeProvider:  # fmt: skip
    """One for all of them.  Raises OperatorError for terms that nothing could meet."""
    vocabulary = load_vocabulary()
    asked = {name: wanted(terms[name], each, vocabulary) for name, each in deployments.items()}
    sealing = Sealing(
        egress=egress, nodes=Nodes(egress, asked, Remembered(seen), clock), dialect=OpenAIDialect(lambda: random.token(16).hex()),
        keys=keys, padding={name: each.terms.padding_bytes_min for name, each in asked.items()}, limits=limits, random=random,
    )  # fmt: skip
    return NodeProvider(sealing, {name: each.terms.pool for name, each in asked.items()})


class NodeProvider(SealedProvider):
    """``pools``: by deployment id."""

    def __init__(self, sealing: Sealing, pools: Mapping[str, str]) -> None:
        self._sealing, self._pools = sealing, pools

    def __repr__(self) -> str:
        return f"NodeProvider({', '.join(sorted(self._pools))})"

    async def crossing(self, deployment: Deployment, nexus: Nexus) -> Crossing:
        """Why there is no node to name is raised by `send`: the attempt is recorded first."""
        about, sealing = told(nexus, self._pools[deployment.id]), self._sealing
        try:
            return Crossing(sealing, about, known=await sealing.nodes.current(deployment))
        except ComityError as failure:
            return Crossing(sealing, about, failure=failure)

    async def known(self, deployment: Deployment) -> Known:
        """The node as it is now, checked."""
        return await self._sealing.nodes.current(deployment)

    async def send(self, deployment: Deployment, request: Request) -> Answer:
        """Of a request that is nobody's: the node is told nothing of a person."""
        return await Crossing(self._sealing, {}, known=await self.known(deployment)).send(deployment, request)

    async def aclose(self) -> None:
        await self._sealing.egress.aclose()
