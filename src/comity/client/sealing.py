# SPDX-License-Identifier: Apache-2.0
"""One attempt at a node: a Provider for this request alone, and what is left of it to keep.

In clear, whoever carries it sees a sealed request's size up to a power of two, the hash of the key it is for, and when; nothing of the
person, the caller's key or the path inside.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from comity.client.checks import Known
from comity.client.nodes import Nodes
from comity.client.opening import Opening
from comity.client.received import Sent, received
from comity.config import LimitsConfig
from comity.errors import ComityError, ProviderFailure, TrustFailure
from comity.ports import Random
from comity.providers.adapters.openai import OpenAIDialect
from comity.providers.base import Answer, Deployment
from comity.providers.http import Egress, HttpAnswer, Outgoing, code_of
from comity.seal import AnswerReader, ask
from comity.seal.bind import Binding
from comity.seal.chunked import REQUEST_TYPE, RESPONSE_TYPE
from comity.seal.http import Field, Fields, Request
from comity.seal.keyconfig import KEY_HEADER
from comity.wire.request import Request as Asked

PATH = "/comity/v1/sealed"
BELOW = "/v1"
"""Where a node has OpenAI's doors."""
NOT_AS_SENT = frozenset({"bind", "open", "replay", "sequence", "size", "truncated"})
OTHER_KEY = frozenset({"epoch", "key-config"})
"""Steps that a node names where it does not open what it is sent."""


class Sealing(msgspec.Struct, frozen=True, kw_only=True):
    """What every attempt uses.  ``keys``: of the nodes, by deployment id; ``padding``: the least that a request grows to."""

    egress: Egress
    nodes: Nodes
    dialect: OpenAIDialect
    keys: Mapping[str, str]
    padding: Mapping[str, int]
    limits: LimitsConfig
    random: Random

    def __repr__(self) -> str:
        return f"Sealing({', '.join(sorted(self.padding))})"  # never a key


class Crossing:
    """``known``: the node as it was before the attempt was recorded; ``failure``: or why there is none, which `send` raises."""

    def __init__(
        self, sealing: Sealing, told: Mapping[str, str], *, known: Known | None = None, failure: ComityError | None = None
    ) -> None:
        self._sealing, self._told, self._failure = sealing, told, failure
        self.known = known
        self._sent: Sent | None = None
        self.received: dict[str, Any] | None = None  # the node's receipt, once its answer is whole and its receipt holds

    @property
    def node(self) -> str:
        return self.known.hash if self.known is not None else ""

    @property
    def sealed(self) -> str:
        """SHA-256 of what was sealed, hexadecimal, once it was."""
        return self._sent.sealed if self._sent is not None else ""

    @property
    def plaintext_at(self) -> str:
        return self.known.entry.plaintext_at if self.known is not None else "none"

    async def send(self, deployment: Deployment, request: Asked) -> Answer:
        """Raises TrustFailure for what does not verify, ProviderFailure for whatever else the node or its relay does."""
        known, sealing = self.known, self._sealing
        if known is None:
            raise self._failure or TrustFailure("the node was not checked", step="proof", code="trust.proof")
        out = sealing.dialect.outgoing(deployment, request, sealing.keys.get(deployment.id, ""))
        binding = Binding(pool=known.entry.pool, key=known.config.hash, policy=known.entry.policy, labels=known.entry.labels)
        sealed, exchange = ask(known.config, binding, self._inside(known, out), out.body, sealing.random, accepted=(known.suite,),
                               least=sealing.padding[deployment.id])  # fmt: skip
        self._sent = Sent(hashlib.sha256(sealed).hexdigest(), len(sealed))
        carried = Outgoing(path=PATH, body=sealed, accept=(RESPONSE_TYPE,), headers={
            "content-type": REQUEST_TYPE, KEY_HEADER.lower(): known.config.header, "incremental": "?1"})  # fmt: skip
        said: list[str] = []
        try:
            outer = await sealing.egress.open(deployment, carried, code_of=partial(_noted, said))
        except ProviderFailure as failure:
            raise await self._refused(deployment, known, failure, said) from None
        opening = Opening(outer, AnswerReader(exchange), self._whole)
        try:
            answer = HttpAnswer(opening, await opening.head(), sealing.limits, out, sealing.dialect.code_of)
            await answer.accept()
        except BaseException:
            opening.release()
            raise
        return answer

    async def aclose(self) -> None:
        """What it used is others' too."""

    async def _refused(self, deployment: Deployment, known: Known, failure: ProviderFailure, said: Sequence[str]) -> ComityError:
        """Outside the seal, so anybody on the way may have said it: it can end this request, and never send it elsewhere in clear."""
        step = said[-1].removeprefix("trust.") if said and said[-1].startswith("trust.") else ""
        if step in NOT_AS_SENT:
            return _not_as_sent(step, "the sealed request did not come to the node as it was sent, or came twice")
        if step not in OTHER_KEY:
            return failure
        self._sealing.nodes.forget(deployment, known)
        if (await self._sealing.nodes.current(deployment)).hash == known.hash:
            return _not_as_sent(step, "the node shows this key and whoever got the request has another: it was brought elsewhere")
        # It has other keys by now, and has proved them: another attempt, with a record of its own, may ask here again.
        return ProviderFailure("the node has other keys than the request was sealed to", kind="protocol")

    def _inside(self, known: Known, out: Outgoing) -> Request:
        host = known.entry.url.partition("://")[2].partition("/")[0]
        named = {**out.headers, **self._told, "accept": out.accept[0]}
        fields: tuple[Field, ...] = tuple((name.encode(), value.encode()) for name, value in named.items())
        return Request(method=out.method, authority=host, path=BELOW + out.path, fields=fields)

    def _whole(self, status: int, trailers: Fields) -> None:
        assert self.known is not None and self._sent is not None
        self.received = received(status, trailers, self.known, self._sent)


def _noted(said: list[str], body: Mapping[str, Any]) -> str:
    said.append(code_of(body))
    return said[-1]


def _not_as_sent(step: str, why: str) -> TrustFailure:
    return TrustFailure(
        why, step=step, code=f"trust.{step}", hint="nobody could read it; somebody between here and the node may be at work"
    )
