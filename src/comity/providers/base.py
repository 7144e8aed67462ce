# SPDX-License-Identifier: Apache-2.0
"""What routing and the gateway know of a partner: a Deployment (facts) and a Provider (how to ask it).

Between rooms everything has OpenAI's form; an adapter of another dialect translates both ways.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

import msgspec

from comity.policy import facts
from comity.wire.request import Request


class ModelProfile(msgspec.Struct, frozen=True, kw_only=True):
    """What a model can do, as data."""

    context_tokens: int = 8192
    tools: bool = True
    json_schema: bool = True
    languages: frozenset[str] = frozenset()  # BCP 47 primary tags; empty: not stated
    operations: frozenset[str] = frozenset(("chat",))
    inputs: frozenset[str] = frozenset()  # media it takes beside text: image, audio, file
    hears: bool = False  # a chat with it must hold a sound


class Deployment(msgspec.Struct, frozen=True, kw_only=True):
    """A resolved, checked deployment: configuration joined with the catalog's sourced facts."""

    id: str
    provider: str
    dialect: str  # embedded, or one of catalog/dialects.toml
    model: str  # the partner's own model name
    base_url: str = ""  # scheme://host[:port]/path, no trailing slash; "" for embedded
    egress: str = ""  # host:port, exact; the only place the adapter may connect to for this deployment
    downloads: tuple[str, ...] = ()  # further host:port from which this partner's results are fetched by GET
    key: str = "bearer"  # how its credential is shown: bearer, none, sigv4, google, or `header:NAME`
    region: str = ""  # the partner's own region id
    project: str = ""  # the operator's own project there, where paths name it
    facts: facts.Provider
    safeguards: frozenset[str] = frozenset()  # from evidence valid on the day: processor_contract, eu_tia, …
    evidence: frozenset[str] = frozenset()  # evidence ids valid on the day, without their dates
    profile: ModelProfile = ModelProfile()
    features: Mapping[str, frozenset[str]] = {}  # by operation: what its dialect can carry
    renames: tuple[tuple[str, str], ...] = ()  # members of the request that this partner calls otherwise
    sends: tuple[tuple[str, str], ...] = ()  # members that each request carries, so that the partner keeps it in the scope
    stand_in: bool = False
    plaintext_at: str = "upstream"  # device | node | upstream
    level: str = "A0"  # how the machine that opens a request to it is attested; A0: not at all
    priority: int = 0  # lower is asked first; the device always comes before

    @property
    def on_device(self) -> bool:
        return self.facts.kind == "on_device"

    @property
    def embedded(self) -> bool:
        """A model beside this process: on its person's device, or where a node is."""
        return self.on_device or self.dialect == "embedded"


class Answer(Protocol):
    """What a provider gives back once the partner has accepted the request (2xx).

    Its bytes are OpenAI's: for chat and transcription one JSON body, or SSE when the request asked to stream (`data: [DONE]`
    ends a chat's); for embeddings, rerank and images one JSON body; for speech the sound.
    """

    @property
    def content_type(self) -> str: ...

    @property
    def rate_limits(self) -> Mapping[str, str]:
        """`x-ratelimit-…`, in OpenAI's names."""

    def chunks(self) -> AsyncIterator[bytes]:
        """Bytes as they arrive.  Raises ProviderFailure when the partner stops short."""

    async def aclose(self) -> None:
        """Gives the connection back, or drops it; may be called at any time, twice too."""


class Provider(Protocol):
    """One wire dialect.  Raises ProviderFailure, and nothing else, for whatever the partner does."""

    async def send(self, deployment: Deployment, request: Request) -> Answer:
        """Returns once response headers have come; raises ProviderFailure (connect, timeout, status, protocol)."""

    async def aclose(self) -> None: ...


class Crossing(Protocol):
    """One attempt at a node: a Provider for it alone, and what of it is kept.  Where the node did not prove itself, `send` says so."""

    @property
    def node(self) -> str:
        """SHA-256 of the entry in its log that it proved, hexadecimal; "" where it proved none."""

    @property
    def plaintext_at(self) -> str:
        """As that entry says it."""

    @property
    def sealed(self) -> str:
        """SHA-256 of what was sealed to it, hexadecimal; "" until something was."""

    @property
    def received(self) -> dict[str, Any] | None:
        """The bundle of its own receipt, once its answer is whole and the receipt holds."""

    async def send(self, deployment: Deployment, request: Request) -> Answer:
        """As a Provider's; TrustFailure too."""


class SealedProvider(ABC):
    """A Provider whose places prove what they are before anything is sent, and are told of the person what their own law asks."""

    @abstractmethod
    async def crossing(self, deployment: Deployment, nexus: Any) -> Crossing:
        """For one attempt, before it is recorded, so that its record names the node."""
