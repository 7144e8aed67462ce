# SPDX-License-Identifier: Apache-2.0
"""`provider = "node"`: what the gateway asks for a sealed deployment."""

from __future__ import annotations

from collections.abc import Mapping

from comity.client.checks import Known
from comity.client.sealing import Client, Crossing
from comity.client.told import Nexus, told
from comity.errors import ComityError
from comity.providers.base import Answer, Deployment
from comity.wire.request import Request


class NodeProvider:
    """``pools``: by deployment id."""

    def __init__(self, client: Client, pools: Mapping[str, str]) -> None:
        self._client, self._pools = client, pools

    def __repr__(self) -> str:
        return f"NodeProvider({', '.join(sorted(self._pools))})"

    async def crossing(self, deployment: Deployment, nexus: Nexus) -> Crossing:
        """For one attempt, before it is recorded: so its record names the node.  Why there is no node to name is raised by `send`, once
        the attempt is recorded too."""
        about, client = told(nexus, self._pools[deployment.id]), self._client
        try:
            return Crossing(client, about, known=await client.nodes.current(deployment))
        except ComityError as failure:
            return Crossing(client, about, failure=failure)

    async def known(self, deployment: Deployment) -> Known:
        """The node as it is now, checked."""
        return await self._client.nodes.current(deployment)

    async def send(self, deployment: Deployment, request: Request) -> Answer:
        """Of a request that is nobody's: the node is told nothing of a person."""
        return await Crossing(self._client, {}, known=await self.known(deployment)).send(deployment, request)

    async def aclose(self) -> None:
        await self._client.egress.aclose()
