# SPDX-License-Identifier: Apache-2.0
"""An in-memory world: the real pipeline, law, ledger and guard on a disk of its own, with partners that live in this file.

Attacks are edits of this world: a partner that fails, a record that cannot be written, a configuration changed.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from comity.config import (
    Config,
    ControllerConfig,
    Defaults,
    DeploymentConfig,
    KeyConfig,
    ServiceConfig,
    US12MonthsConfig,
    VolumesConfig,
)  # fmt: skip
from comity.errors import ComityError, ProviderFailure
from comity.gateway.callers import LOCAL
from comity.gateway.doors import CHAT
from comity.gateway.pipeline import Call, Pipeline
from comity.gateway.world import World, build
from comity.ports import SystemRandom, SystemSecrets
from comity.providers.base import Answer, Deployment
from comity.wire.chat import ChatRequest
from comity.wire.decode import decode_chat

CN, EEA, US = frozenset({"CN"}), frozenset({"DE"}), frozenset({"US"})
BASIC = ("processor_contract",)


def deployment(name: str, place: frozenset[str], *, evidence: tuple[str, ...] = BASIC, **more: Any) -> DeploymentConfig:
    (only,) = place
    more.setdefault("covered_person", only == "CN")
    return DeploymentConfig(
        id=name, provider="self-hosted", base_url="http://127.0.0.1:9/v1", model="echo", processing=place, storage=place,
        access=place, operator=only, evidence=evidence, **more,
    )  # fmt: skip


DEVICE = DeploymentConfig(id="device", provider="embedded", evidence=("cn_genai",))
BEIJING = deployment("qwen-beijing", CN, evidence=("processor_contract", "cn_genai"))
FRANKFURT = deployment("eu-frankfurt", EEA)
VIRGINIA = deployment("us-virginia", US)


def config(*deployments: DeploymentConfig, **more: Any) -> Config:
    more.setdefault("controller", ControllerConfig(name="Example Ltd", established=frozenset({"US"})))
    more.setdefault("service", ServiceConfig(public=True))
    more.setdefault("defaults", Defaults(legal_basis="consent", task="writing_assistant"))
    more.setdefault("evidence", ("assessment:cn_pipia", "notice:cross_border_recipient", "notice:sensitive_necessity"))
    return Config(deployments=deployments, **more)


def volumes(*, cn_ytd_pi: int = 0, covered_identifiers: int = 0) -> VolumesConfig:
    return VolumesConfig(cn_ytd_pi=cn_ytd_pi, us_12mo=US12MonthsConfig(covered_identifiers=covered_identifiers))


class FixedClock:
    def __init__(self, at: datetime = datetime(2026, 11, 23, 12, tzinfo=UTC)) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def advance(self, **by: float) -> None:
        self.at += timedelta(**by)


class EchoAnswer:
    def __init__(self, pieces: list[bytes], content_type: str, cut: bool) -> None:
        self._pieces, self.content_type, self._cut, self.closed = pieces, content_type, cut, False
        self.rate_limits: dict[str, str] = {}

    async def _chunks(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece
        if self._cut:
            raise ProviderFailure("the stream was cut", kind="protocol", retryable=False)

    def chunks(self) -> AsyncIterator[bytes]:
        return self._chunks()

    async def aclose(self) -> None:
        self.closed = True


@dataclass
class EchoPartner:
    """Says back the last message it was sent; keeps every request; fails as it is told to."""

    received: list[ChatRequest] = field(default_factory=list)
    failures: list[ComityError] = field(default_factory=list)
    answer: Callable[[str], str] = lambda said: said
    piece_bytes: int = 7
    cut: bool = False
    before_send: Callable[[], None] = lambda: None
    answers: list[EchoAnswer] = field(default_factory=list)

    async def send(self, deployment: Deployment, request: ChatRequest) -> Answer:
        self.before_send()
        self.received.append(request)
        if self.failures:
            raise self.failures.pop(0)
        content = request.messages[-1].content
        said = self.answer(content if isinstance(content, str) else "".join(getattr(part, "text", "") for part in content or ()))
        raw = _stream(said) if request.stream else _whole(said)
        if self.cut:
            raw = raw[: len(raw) // 2]
        pieces = [raw[at : at + self.piece_bytes] for at in range(0, len(raw), self.piece_bytes)]
        answer = EchoAnswer(pieces, "text/event-stream" if request.stream else "application/json", self.cut)
        self.answers.append(answer)
        return answer

    async def aclose(self) -> None:
        pass

    def bytes_received(self) -> bytes:
        return b"".join(msgspec.json.encode(request) for request in self.received)


def _whole(said: str) -> bytes:
    return json.dumps(
        {
            "id": "x", "object": "chat.completion", "created": 1, "model": "echo",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
        }
    ).encode()  # fmt: skip


def _stream(said: str) -> bytes:
    def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
        body = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "echo",
                "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}  # fmt: skip
        return b"data: " + json.dumps(body).encode() + b"\n\n"

    steps = [chunk({"content": said[at : at + 3]}) for at in range(0, len(said), 3)]
    return b"".join([chunk({"role": "assistant", "content": ""}), *steps, chunk({}, "stop"), b"data: [DONE]\n\n"])


@dataclass
class Sim:
    world: World
    partners: dict[str, EchoPartner]
    clock: FixedClock
    pipeline: Pipeline

    def call(self, body: Mapping[str, Any], headers: Mapping[str, str] | None = None, key: KeyConfig = LOCAL) -> Call:
        raw = json.dumps(body).encode()
        request, dropped = decode_chat(raw)
        lower = {name.lower(): value for name, value in (headers or {}).items()}
        return Call(id=self.world.ledger.new_id(), request=request, door=CHAT, headers=lower, key=key, size=len(raw), dropped=dropped)

    async def ask(self, text: str, headers: Mapping[str, str] | None = None, **more: Any) -> tuple[str, Any]:
        """(the caller's text, what was served); the outcome is recorded before it returns."""
        served = await self.pipeline.run(self.call({"messages": [{"role": "user", "content": text}], **more}, headers))
        try:
            if more.get("stream"):
                raw = b"".join([piece async for piece in served.stream()])
                return said_in_stream(raw), served
            return str(json.loads((await served.whole()).body)["choices"][0]["message"]["content"]), served
        finally:
            await served.close()

    async def aclose(self) -> None:
        await self.world.aclose()


def said_in_stream(raw: bytes) -> str:
    events = [line[6:] for line in raw.split(b"\n") if line.startswith(b"data: ")]
    assert events[-1] == b"[DONE]"
    return "".join(choice["delta"].get("content") or "" for event in events[:-1] for choice in json.loads(event)["choices"])


async def simulate(made: Config, home: Path, *, clock: FixedClock | None = None) -> Sim:
    clock = clock or FixedClock()
    partners = {each.id: EchoPartner() for each in made.deployments}
    world = await build(made, home=home, clock=clock, random=SystemRandom(), secrets=SystemSecrets(), providers=dict(partners))
    return Sim(world=world, partners=partners, clock=clock, pipeline=Pipeline(world))


def subject(location: str, residence: str | None = None, *, age: int = 35, consent: str = "general", name: str = "u-81") -> dict[str, str]:
    return {"Comity-Subject": f'id="{name}", location="{location}", residence="{residence or location}", age={age}, consent=({consent})'}
