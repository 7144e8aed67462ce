# SPDX-License-Identifier: Apache-2.0
"""One request as a trace: itself, each step, and each attempt as a call of a model.

Names are those of OpenTelemetry's semantic conventions: https://opentelemetry.io/docs/specs/semconv/gen-ai/ (GenAI, in development),
and W3C Trace Context (https://www.w3.org/TR/trace-context/) for a trace that a caller began.
Nothing of a request but its shape is put into a span: no text, no subject, no key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import NamedTuple

import msgspec

from comity.ports import Clock, Random
from comity.providers.base import Deployment

Value = str | int | float
TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
SAMPLED = 1
OPERATIONS = {"images": "generate_content", "speech": "generate_content"}
"""By ours; the rest are called alike, or are none of the conventions' own and keep our word, as those allow."""
PROVIDERS = {
    "openai": "openai", "anthropic": "anthropic", "cohere": "cohere", "mistral": "mistral_ai", "deepseek": "deepseek", "groq": "groq",
    "xai": "x_ai", "perplexity": "perplexity", "bedrock": "aws.bedrock", "aws": "aws.bedrock", "azure": "azure.ai.openai",
    "vertex": "gcp.vertex_ai", "google": "gcp.vertex_ai", "gemini": "gcp.gemini", "watsonx": "ibm.watsonx.ai",
}  # fmt: skip
"""The conventions' name by the catalog's; a partner that they do not list keeps the catalog's."""


class Kind(IntEnum):
    INTERNAL = 1
    SERVER = 2
    CLIENT = 3


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """``begin_ns`` and ``end_ns``: since 1970."""

    name: str
    kind: Kind
    trace: str
    id: str
    parent: str
    begin_ns: int
    end_ns: int
    attributes: Mapping[str, Value]
    error: str = ""


class AttemptSpan(NamedTuple):
    id: str
    name: str
    attributes: dict[str, Value]


class Trace:
    """One request that is traced; what is told of it is handed over whole when it ends."""

    def __init__(self, *, trace: str, parent: str, clock: Clock, random: Random, take: Callable[[list[Span]], None]) -> None:
        self.id, self._parent, self._random, self._take = trace, parent, random, take
        self._root = random.token(8).hex()
        self._now = clock.monotonic
        self._begun = self._now()
        self._offset_ns = int(clock.now().timestamp() * 1e9) - int(self._begun * 1e9)
        self._spans: list[Span] = []

    def step(self, name: str, begin: float, end: float) -> None:
        self._add(name, Kind.INTERNAL, self._random.token(8).hex(), self._root, begin, end, {})

    def attempt(self, deployment: Deployment, operation: str, number: int) -> AttemptSpan:
        name = OPERATIONS.get(operation, operation)
        host, _, port = deployment.egress.rpartition(":")
        attributes: dict[str, Value] = {
            "gen_ai.operation.name": name,
            "gen_ai.provider.name": PROVIDERS.get(deployment.provider, deployment.provider),
            "gen_ai.request.model": deployment.model or deployment.id,
            "comity.deployment": deployment.id,
            "comity.attempt": number,
        }
        if host:
            attributes |= {"server.address": host, "server.port": int(port)}
        return AttemptSpan(self._random.token(8).hex(), f"{name} {deployment.model or deployment.id}", attributes)

    def attempted(
        self, span: AttemptSpan, begin: float, end: float, code: str, upstream: int, tokens_in: int | None, tokens_out: int | None
    ) -> None:
        said: dict[str, Value] = {}
        if upstream:
            said["http.response.status_code"] = upstream
        if tokens_in is not None:
            said["gen_ai.usage.input_tokens"] = tokens_in
        if tokens_out is not None:
            said["gen_ai.usage.output_tokens"] = tokens_out
        error = "" if code == "ok" else code
        self._add(span.name, Kind.CLIENT, span.id, self._root, begin, end, span.attributes | said, error)

    def end(self, method: str, route: str, status: int, code: str) -> None:
        """``route``: as routes are written here, never the path that was asked."""
        attributes: dict[str, Value] = {"http.request.method": method, "http.route": route, "http.response.status_code": status}
        error = code if status >= 400 else ""
        self._add(f"{method} {route}", Kind.SERVER, self._root, self._parent, self._begun, self._now(), attributes, error)
        self._take(self._spans)

    def _add(
        self, name: str, kind: Kind, own: str, parent: str, begin: float, end: float, attributes: Mapping[str, Value], error: str = ""
    ) -> None:
        if error:
            attributes = {**attributes, "error.type": error}
        self._spans.append(
            Span(
                name=name, kind=kind, trace=self.id, id=own, parent=parent, attributes=attributes, error=error,
                begin_ns=int(begin * 1e9) + self._offset_ns, end_ns=int(end * 1e9) + self._offset_ns,
            )
        )  # fmt: skip


class Tracer:
    """Decides which requests are traced.  ``share``: of those that no trusted caller has decided for, 0 to 1."""

    def __init__(self, *, share: float, trusts_callers: bool, clock: Clock, random: Random, take: Callable[[list[Span]], None]) -> None:
        self._bound = int(share * (1 << 56))
        self._trusts, self._clock, self._random, self._take = trusts_callers, clock, random, take

    def begin(self, traceparent: str) -> Trace | None:
        """``traceparent``: the caller's header, or ""."""
        found = TRACEPARENT.fullmatch(traceparent) if self._trusts and traceparent else None
        if found is not None and found[1].strip("0") and found[2].strip("0"):
            trace, parent, sampled = found[1], found[2], bool(int(found[3], 16) & SAMPLED)
        else:
            trace, parent = self._random.token(16).hex(), ""
            sampled = int(trace[18:], 16) < self._bound
        if not sampled:
            return None
        return Trace(trace=trace, parent=parent, clock=self._clock, random=self._random, take=self._take)
