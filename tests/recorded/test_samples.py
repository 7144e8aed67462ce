# SPDX-License-Identifier: Apache-2.0
"""Documented wire samples, from a socket through the real adapter, law, vault and ledger to what a caller reads."""

from __future__ import annotations

import json
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from comity.config import DeploymentConfig, RoutingConfig, SecretRef, ServiceConfig
from comity.errors import ComityError, ProviderFailure
from comity.gateway.attempt import Served
from comity.gateway.pipeline import Pipeline
from comity.gateway.world import build
from comity.ports import SystemRandom, SystemSecrets
from tests.simulated.worlds import FixedClock, Sim, config, subject
from tests.unit.providers.hostile import Conversation, Partner, chunked, reply

HERE = Path(__file__).parent
NOTICE = "\n\n（本内容由人工智能生成）"
PHONE = "13812345678"  # hidden from the partner
PLAIN = "hello"  # nothing to hide


class Expected(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    content: str = ""
    reasoning: str = ""
    refusal: str = ""
    finish: str = ""
    tool_calls: tuple[dict[str, str], ...] = ()
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    breaks_off: bool = False
    code: str = ""  # of an error body
    tried_again: bool = False  # at another lawful place


class Sample(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    source: str
    read: date
    made: str
    status: int
    content_type: str
    body: str
    expected: Expected

    @property
    def streams(self) -> bool:
        return self.content_type.startswith("text/event-stream")


SAMPLES = {
    f"{path.parent.name}/{path.stem}": msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Sample, strict=True)
    for path in sorted(HERE.glob("*/*.toml"))
}
ANSWERS = [name for name, sample in SAMPLES.items() if sample.status == 200]
ERRORS = [name for name, sample in SAMPLES.items() if sample.status != 200]

PLACES: dict[str, dict[str, Any]] = {
    "alibaba": {"region": "cn-beijing", "model": "qwen-plus", "evidence": ("processor_contract", "cn_genai")},
    "openai": {"region": "us", "model": "gpt-5-mini", "evidence": ("processor_contract",)},
}
PEOPLE = {"alibaba": "CN", "openai": "US"}
PATHS = {"alibaba": "/compatible-mode/v1/chat/completions", "openai": "/v1/chat/completions"}


@dataclass
class Answered:
    """What one caller got, and what was sent for it."""

    raw: bytes
    served: Served
    sent: bytes
    error: ComityError | None = None


def filled(sample: Sample, last: str) -> bytes:
    """The sample's body, said by a model that repeats ``last``."""
    edges = [0, len(last) // 3, 2 * len(last) // 3, len(last)]
    body = sample.body
    for number in (1, 2, 3):
        body = body.replace(f"@{number}@", last[edges[number - 1] : edges[number]])
    return body.encode()


@asynccontextmanager
async def asked_of(name: str, home: Path, *, piece_bytes: int = 0, public: bool = True) -> AsyncIterator[tuple[Sim, Partner]]:
    """The partner says the sample to whoever asks; ``piece_bytes`` cuts it into HTTP chunks of that size."""
    sample = SAMPLES[name]
    partner_id = name.split("/")[0]

    async def script(with_: Conversation) -> None:
        body = filled(sample, with_.request.json()["messages"][-1]["content"])
        if piece_bytes:
            cut = [body[at : at + piece_bytes] for at in range(0, len(body), piece_bytes)]
            await with_.say(chunked(*cut, kind=sample.content_type))
        else:
            await with_.say(reply(body, status=f"{sample.status} X", kind=sample.content_type))

    async with Partner(script) as partner:
        places = [
            DeploymentConfig(id=each, provider=partner_id, stand_in=partner.base, api_key=SecretRef(env="A_KEY"), **PLACES[partner_id])
            for each in ("first", "second")
        ]
        world = await build(
            config(*places, service=ServiceConfig(public=public), routing=RoutingConfig(rounds_max=1)), home=home, clock=FixedClock(),
            random=SystemRandom(), secrets=SystemSecrets(),
        )  # fmt: skip
        try:
            yield Sim(world=world, partners={}, clock=FixedClock(), pipeline=Pipeline(world)), partner
        finally:
            await world.aclose()


async def answered(name: str, home: Path, text: str, **more: Any) -> Answered:
    stream = SAMPLES[name].streams
    async with asked_of(name, home, **more) as (sim, partner):
        call = sim.call({"messages": [{"role": "user", "content": text}], "stream": stream}, subject(PEOPLE[name.split("/")[0]]))
        served = await sim.pipeline.run(call)
        raw, error = b"", None
        try:
            if stream:
                async for piece in served.stream():
                    raw += piece
            else:
                raw = (await served.whole()).body
        except ComityError as caught:
            error = caught
        finally:
            await served.close()
        (request,) = partner.requests
        assert request.line.split()[1] == PATHS[name.split("/")[0]]
        return Answered(raw, served, request.body, error)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "sk-recorded")


# -- what a caller puts together from it -----------------------------------------------------------------------------


class Put(msgspec.Struct):
    content: str = ""
    reasoning: str = ""
    refusal: str = ""
    finish: str = ""
    tool_calls: dict[int, dict[str, str]] = {}
    usage: dict[str, Any] = {}

    def add(self, message: dict[str, Any]) -> None:
        self.content += message.get("content") or ""
        self.reasoning += message.get("reasoning_content") or ""
        self.refusal += message.get("refusal") or ""
        for place, call in enumerate(message.get("tool_calls") or ()):
            held = self.tool_calls.setdefault(call.get("index", place), {"id": "", "name": "", "arguments": ""})
            held["id"] = call.get("id") or held["id"]
            held["name"] = call["function"].get("name") or held["name"]
            held["arguments"] += call["function"].get("arguments") or ""


def put_together(raw: bytes, *, stream: bool) -> Put:
    put = Put()
    bodies = [json.loads(line[6:]) for line in raw.split(b"\n") if line.startswith(b"data: {")] if stream else [json.loads(raw)]
    for body in bodies:
        put.usage = body.get("usage") or put.usage
        for choice in body.get("choices", ()):
            put.finish = choice.get("finish_reason") or put.finish
            put.add(choice["delta" if stream else "message"])
    return put


def as_expected(name: str, put: Put, text: str, *, notice: str = "") -> None:
    expected = SAMPLES[name].expected
    content = expected.content.replace("{said}", text)
    assert put.content == content + (notice if content else "")
    assert put.reasoning == expected.reasoning.replace("{said}", text)
    assert put.refusal == expected.refusal.replace("{said}", text)
    assert put.finish == expected.finish
    calls = [{key: value.replace("{said}", text) for key, value in call.items()} for call in expected.tool_calls]
    assert [put.tool_calls[index] for index in sorted(put.tool_calls)] == calls
    for call in calls:
        json.loads(call["arguments"])


@pytest.mark.parametrize("piece_bytes", [0, 1, 13])
@pytest.mark.parametrize("name", ANSWERS)
async def test_what_was_hidden_comes_back_in_every_text(name: str, piece_bytes: int, home: Path) -> None:
    got = await answered(name, home, PHONE, piece_bytes=piece_bytes)
    assert PHONE.encode() not in got.sent
    notice = NOTICE if name.startswith("alibaba/") else ""
    as_expected(name, put_together(got.raw, stream=SAMPLES[name].streams), PHONE, notice=notice)


def before_error(raw: bytes) -> bytes:
    """A partner's error event, which may say the prompt again, is told in our words after what came before it."""
    events = raw.splitlines(keepends=True)
    at = next((at for at, line in enumerate(events) if line.startswith(b'data: {"error"')), len(events))
    return b"".join(events[:at])


@pytest.mark.parametrize("piece_bytes", [0, 13])
@pytest.mark.parametrize("name", ANSWERS)
async def test_where_nothing_is_owed_the_bytes_are_the_partners(name: str, piece_bytes: int, home: Path) -> None:
    got = await answered(name, home, PLAIN, piece_bytes=piece_bytes, public=False)
    assert got.raw == before_error(filled(SAMPLES[name], PLAIN))
    as_expected(name, put_together(got.raw, stream=SAMPLES[name].streams), PLAIN)


@pytest.mark.parametrize("text", [PHONE, PLAIN])
@pytest.mark.parametrize("name", ANSWERS)
async def test_tokens_are_counted_and_the_end_is_told_from_a_break(name: str, text: str, home: Path) -> None:
    got = await answered(name, home, text, public=text is PHONE)
    expected = SAMPLES[name].expected
    assert (got.served.usage.prompt_tokens, got.served.usage.completion_tokens) == (expected.prompt_tokens, expected.completion_tokens)
    assert got.served.usage.complete is not expected.breaks_off
    broken = "provider.content_refused" if b"data_inspection_failed" in filled(SAMPLES[name], text) else "provider.failed"
    assert got.served.status == (broken if expected.breaks_off else "ok")
    if expected.breaks_off:
        assert isinstance(got.error, ProviderFailure) and not got.error.retryable
    else:
        assert got.error is None


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", ERRORS)
async def test_an_error_keeps_its_code_and_nothing_else(name: str, stream: bool, home: Path) -> None:
    sample = SAMPLES[name]
    async with asked_of(name, home) as (sim, partner):
        body = {"messages": [{"role": "user", "content": PHONE}], "stream": stream}
        with pytest.raises(ProviderFailure) as caught:
            await sim.pipeline.run(sim.call(body, subject(PEOPLE[name.split("/")[0]])))
        error = caught.value
        places = ("first", "second") if sample.expected.tried_again else ("first",)
        assert len(partner.requests) == len(places)
        if sample.expected.code == "data_inspection_failed":  # the partner's own refusal is passed on as such
            assert (error.kind, error.code, error.status) == ("content", "provider.content_refused", 400)
            assert "data_inspection_failed" in str(error)
            return
        said = "; ".join(f"`{place}`: the partner answered {sample.status} ({sample.expected.code})" for place in places)
        assert str(error) == f"every lawful place failed: {said}"
        assert (error.kind, error.upstream_status, error.code) == ("status", sample.status, "provider.exhausted")


# -- the samples themselves ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_says_where_it_comes_from(name: str) -> None:
    sample = SAMPLES[name]
    assert sample.source.startswith("https://") and sample.made.startswith("composed: ")
    assert date(2026, 1, 1) <= sample.read
    assert all(f"@{number}@" in sample.body for number in (1, 2, 3))
    for line in sample.body.split("\n") if sample.streams else [sample.body]:
        if line not in ("", "data: [DONE]"):
            json.loads(line.removeprefix("data: "))


def test_both_partners_are_played_in_full() -> None:
    for partner in PLACES:
        own = [sample for name, sample in SAMPLES.items() if name.startswith(f"{partner}/")]
        assert any(sample.streams for sample in own) and any(not sample.streams and sample.status == 200 for sample in own)
        assert any(sample.expected.tool_calls and sample.streams for sample in own)
        assert any(sample.status >= 400 and sample.expected.tried_again for sample in own)
        assert any(sample.status >= 400 and not sample.expected.tried_again for sample in own)
