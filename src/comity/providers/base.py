# SPDX-License-Identifier: Apache-2.0
"""What routing and the gateway know of a partner: a Deployment (facts) and a Provider (how to ask it).

The canonical dialect between rooms is OpenAI's chat completions; an adapter of another dialect translates both ways.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

import msgspec

from comity.policy import facts
from comity.wire.chat import ChatRequest


class ModelProfile(msgspec.Struct, frozen=True, kw_only=True):
    """What a model can do, as data."""

    context_tokens: int = 8192
    tools: bool = True
    json_schema: bool = True
    languages: frozenset[str] = frozenset()  # BCP 47 primary tags; empty: not stated


class Deployment(msgspec.Struct, frozen=True, kw_only=True):
    """A resolved, checked deployment: configuration joined with the catalog's sourced facts."""

    id: str
    provider: str
    dialect: str  # embedded | openai
    model: str  # the partner's own model name
    base_url: str = ""  # scheme://host[:port]/path, no trailing slash; "" for embedded
    egress: str = ""  # host:port, exact; the only place the adapter may connect to for this deployment
    facts: facts.Provider
    safeguards: frozenset[str] = frozenset()  # from evidence valid on the day: processor_contract, eu_tia, …
    evidence: frozenset[str] = frozenset()  # evidence ids valid on the day, without their dates
    profile: ModelProfile = ModelProfile()
    renames: tuple[tuple[str, str], ...] = ()  # members of the request that this partner calls otherwise
    stand_in: bool = False
    plaintext_at: str = "upstream"  # device | node | upstream

    @property
    def on_device(self) -> bool:
        return self.facts.kind == "on_device"


class Answer(Protocol):
    """What a provider gives back once the partner has accepted the request (2xx)."""

    content_type: str  # application/json, or text/event-stream when the request asked to stream

    def chunks(self) -> AsyncIterator[bytes]:
        """Bytes as they arrive: pieces of one JSON body, or of SSE in OpenAI's chat form, `data: [DONE]` included.
        Raises ProviderFailure when the partner stops short."""

    async def aclose(self) -> None:
        """Gives the connection back, or drops it; may be called at any time, twice too."""


class Provider(Protocol):
    """One wire dialect.  Raises ProviderFailure, and nothing else, for whatever the partner does."""

    async def send(self, deployment: Deployment, request: ChatRequest) -> Answer:
        """Returns once response headers have come; raises ProviderFailure (connect, timeout, status, protocol)."""

    async def aclose(self) -> None: ...
