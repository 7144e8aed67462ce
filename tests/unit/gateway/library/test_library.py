# SPDX-License-Identifier: Apache-2.0
"""The pieces under `comity.Client`: its configuration, its calls as data, its answers, and an exchange whose two ends are here."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import msgspec
import pytest

from comity.config import Config, DeploymentConfig, PathsConfig, TrustConfig
from comity.errors import CallerError, ComityError, OperatorError, PolicyDenied, ProviderFailure, TrustFailure
from comity.gateway.exchange import Disconnected
from comity.gateway.http import error_body
from comity.gateway.library.answers import Said, error_of
from comity.gateway.library.calls import Calls, Sent
from comity.gateway.library.config import client_config, sealed_only
from comity.gateway.library.exchange import Exchanged

HERE = frozenset({"CN"})
NODE = DeploymentConfig(
    id="cn-node", provider="node", base_url="https://a.example/p", processing=HERE, storage=HERE, access=HERE, operator="CN",
    trust=TrustConfig(pool="p", log="l", witnesses=("a", "b")),
)  # fmt: skip
PARTNER = msgspec.structs.replace(NODE, id="partner", provider="self-hosted", trust=None)


# -- its configuration -----------------------------------------------------------------------------------------------


@pytest.fixture
def paths(tmp_path: Path) -> PathsConfig:
    """Without a model."""
    return PathsConfig(models=str(tmp_path / "models"))


def test_an_address_is_put_in_place_of_the_file_s(paths: PathsConfig) -> None:
    made = client_config(Config(deployments=(NODE,), paths=paths), node="https://b.example/p")
    assert [each.base_url for each in made.deployments] == ["https://b.example/p"]
    assert client_config(Config(deployments=(NODE,), paths=paths)).deployments == (NODE,)


@pytest.mark.parametrize("places", [(), (NODE, msgspec.structs.replace(NODE, id="other"))], ids=["none", "two"])
def test_one_address_needs_one_node(paths: PathsConfig, places: tuple[DeploymentConfig, ...]) -> None:
    with pytest.raises(OperatorError, match="nodes"):
        client_config(Config(deployments=places, paths=paths), node="https://b.example/p")


def test_nothing_in_clear(paths: PathsConfig) -> None:
    for place in (PARTNER, msgspec.structs.replace(PARTNER, provider="embedded")):  # a model elsewhere is not this device's
        with pytest.raises(OperatorError) as raised:
            sealed_only(Config(deployments=(NODE, place), paths=paths))
        assert raised.value.code == "client.unsealed" and raised.value.field == "deployments[1].provider"
    with pytest.raises(OperatorError) as nowhere:
        sealed_only(Config(paths=paths))
    assert nowhere.value.code == "client.nowhere"


def test_the_model_on_this_machine_comes_first_where_it_is_here(monkeypatch: pytest.MonkeyPatch, paths: PathsConfig) -> None:
    monkeypatch.setattr("comity.device.fetch.is_whole", lambda model, folder: True)
    wanted = Config(deployments=(NODE,), paths=paths)
    assert [each.id for each in client_config(wanted).deployments] == ["device", "cn-node"]
    assert [each.id for each in client_config(wanted, device=False).deployments] == ["cn-node"]


# -- its calls -------------------------------------------------------------------------------------------------------


@pytest.fixture
def calls() -> Calls:
    return Calls(lambda sent: sent, lambda: "BOUNDARY")


def test_each_call_is_a_request_of_openai_s_api(calls: Calls) -> None:
    sent: Sent = calls.chat.completions.create(
        messages=[], temperature=None, stream=True, extra_headers={"A": "b"}, extra_body={"top_p": 1}
    )
    assert sent == Sent("POST", "/v1/chat/completions", b'{"messages":[],"stream":true,"top_p":1}', headers={"A": "b"}, back="stream")
    assert calls.responses.create(input="x").path == "/v1/responses"
    assert calls.embeddings.create(input="x").path == "/v1/embeddings"
    assert calls.images.generate(prompt="x").path == "/v1/images/generations"
    assert calls.audio.speech.create(input="x", voice="v").back == "bytes"
    assert calls.models.list() == Sent("GET", "/v1/models")
    with pytest.raises(CallerError):
        calls.embeddings.create(input={1, 2, object()})


def test_a_sound_goes_as_a_form(calls: Calls) -> None:
    named = io.BytesIO(b"RIFF")
    named.name = "/tmp/said.wav"
    for file, name in ((b"RIFF", "sound"), (named, "said.wav"), (("a.wav", b"RIFF", "audio/wav"), "a.wav")):
        sent: Sent = calls.audio.transcriptions.create(
            file=file, model="m", response_format="verbose_json", timestamp_granularities=["word", "segment"], prompt=None, stream=False
        )
        assert sent.content_type == "multipart/form-data; boundary=BOUNDARY" and sent.back == "object"
        assert f'filename="{name}"'.encode() in sent.body and b"RIFF" in sent.body and b"prompt" not in sent.body
        assert sent.body.count(b'name="timestamp_granularities[]"') == 2 and b'name="stream"\r\n\r\nfalse' in sent.body
    assert calls.audio.transcriptions.create(file=b"", model="m", response_format="srt").back == "text"
    with pytest.raises(CallerError, match="path"):
        calls.audio.transcriptions.create(file=Path("a.wav"), model="m")


# -- its answers -----------------------------------------------------------------------------------------------------


def test_an_answer_has_its_members_and_no_others() -> None:
    said = Said({"choices": [{"message": {"content": "x"}}], "data": [1, 2]}, {"comity-region": "CN"})
    assert said.choices[0].message.content == "x" and said["choices"][0].message.tool_calls is None
    assert list(said) == [1, 2] and said.comity == {"comity-region": "CN"} and "x" not in repr(said)
    assert said.model_dump() == {"choices": [{"message": {"content": "x"}}], "data": [1, 2]} and said == Said(said.model_dump())
    for name in ("choice", "model_", "__wrapped__"):
        with pytest.raises(AttributeError):
            getattr(said, name)


def test_the_texts_of_a_response() -> None:
    part = {"type": "output_text", "text": "a"}
    said = Said({"output": [{"type": "reasoning"}, {"type": "message", "content": [part, {"type": "refusal"}, part]}]})
    assert said.output_text == "aa"


@pytest.mark.parametrize(
    "error",
    [
        CallerError("no", code="request.invalid", hint="do", field="x"),
        PolicyDenied("no", decision={"effect": "deny"}, receipt="R", code="policy.deny"),
        ProviderFailure("no", code="provider.exhausted"),
        TrustFailure("no", step="witnesses", code="trust.witnesses"),
        OperatorError("no", code="server.busy"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_is_the_one_that_was_raised(error: ComityError) -> None:
    back = error_of(error.status, msgspec.to_builtins(error_body(error, "CALL")))
    for name in ("code", "hint", "field", "status"):
        assert getattr(back, name) == getattr(error, name)
    assert type(back) is type(error) and str(back) == str(error)
    if isinstance(error, TrustFailure):
        assert isinstance(back, TrustFailure) and back.step == "witnesses"


@pytest.mark.parametrize("body", [None, [], {}, {"error": "x"}, {"error": {}}], ids=str)
def test_what_is_no_error_of_ours_is_one_of_the_gateway(body: Any) -> None:
    assert isinstance(error_of(502, body), ComityError)


# -- its exchange ----------------------------------------------------------------------------------------------------


async def test_whoever_writes_waits_until_it_is_taken() -> None:
    written: list[int] = []

    async def answering(exchange: Any) -> None:
        await exchange.begin(200, [(b"A", b"b")])
        for number in range(5):
            await exchange.write(b"%d" % number)
            written.append(number)
        await exchange.end()

    exchange = Exchanged("POST", "/", {}, b"")
    head = await exchange.head(answering)
    assert (head.status, head.headers) == (200, {"a": "b"})
    await asyncio.sleep(0)
    assert len(written) <= 1
    assert [piece async for piece in _pieces(exchange)] == [b"0", b"1", b"2", b"3", b"4"]
    await exchange.leave()


async def _pieces(exchange: Exchanged) -> Any:
    while piece := await exchange.piece():
        yield piece


async def test_an_answer_without_an_end_is_no_answer() -> None:
    async def cut(exchange: Any) -> None:
        await exchange.begin(200, [])
        await exchange.write(b"half")

    async def silent(exchange: Any) -> None:
        return

    async def broken(exchange: Any) -> None:
        raise LookupError

    exchange = Exchanged("GET", "/", {}, b"")
    await exchange.head(cut)
    assert await exchange.piece() == b"half"
    with pytest.raises(ProviderFailure):
        await exchange.piece()
    with pytest.raises(ProviderFailure):
        await Exchanged("GET", "/", {}, b"").head(silent)
    with pytest.raises(LookupError):
        await Exchanged("GET", "/", {}, b"").head(broken)


async def test_who_leaves_is_heard_and_what_is_owed_is_waited_for() -> None:
    heard: list[str] = []

    async def answering(exchange: Any) -> None:
        exchange.on_gone(lambda: heard.append("gone"))
        await exchange.begin(200, [])
        try:
            while True:
                await exchange.write(b"x")
        except Disconnected:
            await asyncio.sleep(0)
            heard.append("paid")

    exchange = Exchanged("GET", "/", {}, b"")
    await exchange.head(answering)
    await exchange.piece()
    await exchange.leave()
    assert heard == ["gone", "paid"]
    await exchange.leave()


async def test_a_body_is_held_to_its_limit() -> None:
    exchange = Exchanged("POST", "/", {}, b"12345")
    assert await exchange.body(5) == b"12345"
    with pytest.raises(CallerError):
        await exchange.body(4)
    assert b"".join([piece async for piece in exchange.pieces(5)]) == b"12345"
