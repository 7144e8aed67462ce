# SPDX-License-Identifier: Apache-2.0
"""The one adapter that leaves this machine, against partners that mean harm: where it goes, what it says, what it lets back."""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from comity.config import DeploymentConfig, LimitsConfig
from comity.errors import ProviderFailure
from comity.jurisdictions.vocab import load_vocabulary
from comity.providers.adapters.openai import OpenAIDialect
from comity.providers.base import Deployment
from comity.providers.catalog.resolve import resolve
from comity.providers.dialect import DialectProvider
from comity.providers.http import Egress, HttpAnswer
from comity.wire.chat import ChatRequest
from comity.wire.decode import decode_chat
from tests.unit.providers.hostile import (
    DONE,
    PATIENCE_SECONDS,
    Conversation,
    Partner,
    Script,
    chunked,
    reply,
    saying,
    saying_then_silent,
)  # fmt: skip

KEY = "sk-never-shown-0123456789"
PROMPT = "my number is 13812345678"
HERE = frozenset({"US"})
PATIENT = LimitsConfig(first_byte_seconds_max=PATIENCE_SECONDS, idle_seconds_max=PATIENCE_SECONDS)
HASTY = LimitsConfig(first_byte_seconds_max=0.05, idle_seconds_max=0.05)
QUICK_TO_GIVE_UP = LimitsConfig(first_byte_seconds_max=PATIENCE_SECONDS, idle_seconds_max=0.05)


def OpenAIProvider(places: dict[str, Deployment], keys: dict[str, str], limits: LimitsConfig) -> DialectProvider:
    return DialectProvider(OpenAIDialect(lambda: "boundary"), Egress(places, limits), keys)


def asked(**more: Any) -> ChatRequest:
    return decode_chat(json.dumps({"messages": [{"role": "user", "content": PROMPT}], **more}).encode())[0]


WHOLE, STREAM = asked(), asked(stream=True)


def deployment(base: str, name: str = "here") -> Deployment:
    config = DeploymentConfig(
        id=name, provider="self-hosted", model="qwen-plus", base_url=f"{base}/v1", operator="US", processing=HERE, storage=HERE, access=HERE
    )
    return resolve(config, vocabulary=load_vocabulary(), as_of=date(2026, 11, 23))


@asynccontextmanager
async def provider_of(*partners: Partner, key: str = KEY, limits: LimitsConfig = PATIENT) -> AsyncIterator[DialectProvider]:
    """The deployments are `here`, `there`, … in the order of the partners."""
    names = ("here", "there", "elsewhere")
    places = {name: deployment(partner.base, name) for name, partner in zip(names, partners, strict=False)}
    made = OpenAIProvider(places, dict.fromkeys(places, key) if key else {}, limits)
    try:
        yield made
    finally:
        await made.aclose()


async def read(answer: HttpAnswer) -> bytes:
    try:
        return b"".join([piece async for piece in answer.chunks()])
    finally:
        await answer.aclose()


async def exchange(script: Script, request: ChatRequest = WHOLE, *, limits: LimitsConfig = PATIENT) -> bytes:
    async with Partner(script) as partner, provider_of(partner, limits=limits) as provider:
        return await read(await provider.send(deployment(partner.base), request))


async def failure_of(script: Script, request: ChatRequest = WHOLE, *, limits: LimitsConfig = PATIENT) -> ProviderFailure:
    with pytest.raises(ProviderFailure) as caught:
        await asyncio.wait_for(exchange(script, request, limits=limits), PATIENCE_SECONDS)
    error = caught.value
    shown = f"{error} {error.hint} {error.field} {error!r}"
    assert PROMPT not in shown and KEY not in shown
    assert error.__suppress_context__ or error.__context__ is None  # a traceback that is printed shows no other library's message
    return error


# -- where it goes ---------------------------------------------------------------------------------------------------


async def test_it_connects_to_exactly_the_egress_of_its_deployment() -> None:
    async with Partner(saying(reply(b"{}"))) as partner, Partner(saying(reply(b"{}"))) as other, provider_of(partner, other) as provider:
        here = deployment(partner.base)
        assert here.egress == f"127.0.0.1:{partner.port}"
        await read(await provider.send(here, WHOLE))
        assert (partner.connections, other.connections) == (1, 0)
        (request,) = partner.requests
        assert request.line == "POST /v1/chat/completions HTTP/1.1"
        assert request.header("host") == [here.egress]


async def test_what_is_not_on_the_egress_list_is_refused_before_any_connection() -> None:
    async with Partner(saying(reply(b"{}"))) as partner, Partner(saying(reply(b"{}"))) as other, provider_of(partner) as provider:
        here = deployment(partner.base)
        moved = msgspec.structs.replace(here, egress=f"127.0.0.1:{other.port}")
        unknown = deployment(partner.base, "unknown")
        for place in (moved, unknown, msgspec.structs.replace(here, egress=""), msgspec.structs.replace(here, id="")):
            with pytest.raises(ProviderFailure) as caught:
                await provider.send(place, WHOLE)
            assert (caught.value.kind, caught.value.code, caught.value.retryable) == ("refused", "provider.egress", False)
        assert partner.connections == other.connections == 0


@pytest.mark.parametrize("status", [300, 301, 302, 303, 305, 307, 308])
async def test_no_redirect_is_followed(status: int) -> None:
    async with Partner(saying(reply(b"{}"))) as other:
        location = f"location: {other.base}/v1/chat/completions\r\n".encode()
        error = await failure_of(saying(reply(b"", status=f"{status} Elsewhere", headers=location)))
        assert other.connections == 0
    assert (error.kind, error.upstream_status) == ("protocol", status)
    assert str(other.port) not in str(error)


async def test_a_refresh_or_another_address_offered_is_not_taken() -> None:
    async with Partner(saying(reply(b"{}"))) as other:
        offered = f'refresh: 0; url={other.base}\r\nalt-svc: h2="127.0.0.1:{other.port}"\r\ncontent-location: {other.base}\r\n'.encode()
        async with Partner(saying(reply(b"{}", headers=offered))) as partner, provider_of(partner) as provider:
            for _ in range(3):
                await read(await provider.send(deployment(partner.base), WHOLE))
            assert len(partner.requests) == 3
        assert other.connections == 0


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"])
async def test_no_proxy_of_the_environment_is_used(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for each in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(each, raising=False)
    async with Partner(saying(reply(b"{}"))) as proxy:
        monkeypatch.setenv(name, proxy.base)
        assert await exchange(saying(reply(b"{}"))) == b"{}"
        assert proxy.connections == 0


async def test_a_certificate_that_nobody_vouches_for_gets_no_key_and_no_prompt(tmp_path: Path) -> None:
    async with Partner(saying(reply(b"{}")), tls=self_signed(tmp_path)) as partner, provider_of(partner) as provider:
        with pytest.raises(ProviderFailure) as caught:
            await provider.send(deployment(partner.base), WHOLE)
        assert caught.value.kind == "connect" and caught.value.retryable
        assert partner.requests == []


async def test_a_partner_without_tls_gets_no_plain_text_instead() -> None:
    heard = b""

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal heard
        heard += await reader.read(65536)
        writer.write(reply(b"{}"))
        writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        place = deployment(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        provider = OpenAIProvider({"here": place}, {"here": KEY}, PATIENT)
        with pytest.raises(ProviderFailure):
            await provider.send(place, WHOLE)
        await provider.aclose()
    assert heard and KEY.encode() not in heard and PROMPT.encode() not in heard


def self_signed(folder: Path) -> ssl.SSLContext:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    began = datetime(2020, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    builder = builder.not_valid_before(began).not_valid_after(began + timedelta(days=36500))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
    pem, secret = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    return context


# -- what it says ----------------------------------------------------------------------------------------------------

EVERYTHING: dict[str, Any] = {
    "model": "auto",
    "messages": [
        {"role": "system", "content": [{"type": "text", "text": "Be brief."}]},
        {"role": "user", "content": PROMPT, "name": "ana"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}],
        },
        {"role": "tool", "content": "⟦x⟧ \\u0000 \U0001f600", "tool_call_id": "call_1"},
    ],
    "stream": True,
    "stream_options": {"include_usage": True},
    "max_tokens": 7,
    "temperature": 0.0,
    "top_p": 0.5,
    "n": 2,
    "stop": ["a", "b"],
    "presence_penalty": -1.5,
    "frequency_penalty": 1.5,
    "seed": 0,
    "logprobs": True,
    "top_logprobs": 3,
    "tools": [{"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}, "strict": True}}],
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "parallel_tool_calls": False,
    "response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "object"}, "strict": True}},
    "user": "u-81",
}


async def test_the_model_is_renamed_and_every_other_field_is_passed_on() -> None:
    request = decode_chat(json.dumps(EVERYTHING).encode())[0]
    async with Partner(saying(reply(DONE, kind="text/event-stream"))) as partner, provider_of(partner) as provider:
        await read(await provider.send(deployment(partner.base), request))
        sent = partner.requests[0].json()
    said = EVERYTHING | {"model": "qwen-plus"}
    assert {name: value for name, value in sent.items() if name != "messages"} == {
        name: value for name, value in said.items() if name != "messages"
    }
    for got, meant in zip(sent["messages"], said["messages"], strict=True):
        assert {"content": None} | got == {"content": None} | meant  # null and left out are the same
    assert request.model == "auto"  # the caller's own is not touched: another attempt may need it


@pytest.mark.parametrize(("request_", "accept"), [(WHOLE, "application/json"), (STREAM, "text/event-stream")])
async def test_the_headers_are_these_and_no_others(request_: ChatRequest, accept: str) -> None:
    async with Partner(saying(reply(DONE, kind=accept))) as partner, provider_of(partner) as provider:
        await read(await provider.send(deployment(partner.base), request_))
        (request,) = partner.requests
    assert dict(request.headers) == {
        "host": f"127.0.0.1:{partner.port}",
        "authorization": f"Bearer {KEY}",
        "content-type": "application/json",
        "accept": accept,
        "user-agent": "comity",
        "content-length": str(len(request.body)),
    }
    assert len(request.headers) == 6


async def test_the_key_stands_in_one_header_only_and_each_deployment_has_its_own() -> None:
    async with Partner(saying(reply(b"{}"))) as first, Partner(saying(reply(b"{}"))) as second:
        places = {"here": deployment(first.base), "there": deployment(second.base, "there"), "open": deployment(first.base, "open")}
        provider = OpenAIProvider(places, {"here": KEY, "there": "sk-other"}, PATIENT)
        assert KEY not in repr(provider) + str(provider) + f"{provider}"
        for place in places.values():
            answer = await provider.send(place, WHOLE)
            assert KEY not in repr(answer)
            await read(answer)
        await provider.aclose()
        (one, keyless), (two,) = first.requests, second.requests
    assert one.header("authorization") == [f"Bearer {KEY}"] and two.header("authorization") == ["Bearer sk-other"]
    assert keyless.header("authorization") == []
    assert KEY.encode() not in one.body and KEY not in one.line
    assert KEY not in str(two.headers)


async def test_cookies_are_not_kept() -> None:
    baked = saying(reply(b"{}", headers=b"set-cookie: who=ana; path=/\r\n"))
    async with Partner(baked) as partner, provider_of(partner) as provider:
        for _ in range(2):
            await read(await provider.send(deployment(partner.base), WHOLE))
        assert all(not request.header("cookie") for request in partner.requests) and len(partner.requests) == 2


# -- what a refusal says ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        *[(status, "status", False) for status in (400, 405, 406, 409, 411, 413, 414, 415, 422, 451)],
        *[(status, "status", True) for status in (401, 402, 403, 404, 408, 421, 425, 429, 499)],
        *[(status, "status", True) for status in (500, 501, 502, 503, 504, 507, 520, 529, 599, 999)],
        *[(status, "protocol", True) for status in (300, 301, 304, 307, 399)],
    ],
)
@pytest.mark.parametrize("request_", [WHOLE, STREAM], ids=["whole", "stream"])
async def test_a_status_has_its_kind(status: int, kind: str, retryable: bool, request_: ChatRequest) -> None:
    error = await failure_of(saying(reply(b"{}" if status != 304 else b"", status=f"{status} X")), request_)
    assert (error.kind, error.retryable, error.upstream_status) == (kind, retryable, status)
    assert str(error) == f"the partner answered {status}"


CODES = [
    ({"error": {"code": "invalid_api_key", "type": "x", "message": PROMPT, "param": PROMPT}}, "invalid_api_key"),
    ({"error": {"code": None, "type": "rate_limit_error", "message": PROMPT}}, "rate_limit_error"),
    ({"error": {"code": PROMPT, "type": "server_error"}}, "server_error"),
    ({"code": "InvalidApiKey", "message": PROMPT, "request_id": PROMPT}, "InvalidApiKey"),
    ({"error": {"code": 429, "type": ["x"], "message": PROMPT}}, ""),
    ({"error": {"code": PROMPT, "type": PROMPT, "message": PROMPT}}, ""),
    ({"error": PROMPT}, ""),
    ({"error": [PROMPT], "code": PROMPT}, ""),
    ({"error": {"code": "a" * 65, "type": "13812345678"}}, ""),
    ({"error": {"code": "naïve", "type": "two\nlines"}}, ""),
    ([PROMPT], ""),
    (PROMPT, ""),
]


@pytest.mark.parametrize(("body", "code"), CODES)
@pytest.mark.parametrize("status", [400, 401, 500])
async def test_of_an_error_body_only_its_code_is_told(body: Any, code: str, status: int) -> None:
    error = await failure_of(saying(reply(json.dumps(body).encode(), status=f"{status} {PROMPT}")))
    assert str(error) == f"the partner answered {status}" + (f" ({code})" if code else "")
    assert error.upstream_status == status


@pytest.mark.parametrize(
    "raw",
    [
        reply(PROMPT.encode(), status="400 x", kind="text/plain"),
        reply(f"<h1>{PROMPT}</h1>".encode(), status="502 x", kind="text/html"),
        reply(b"\xff\xfe" + PROMPT.encode(), status="400 x"),
        reply(b"[" * 20_000, status="400 x"),
        reply(b'{"error":{"code":"late"' + b" " * 20_000 + b"}}", status="400 x"),
        reply(json.dumps({"error": {"code": "cut"}}).encode(), status="500 x", size=4096),
        b"HTTP/1.1 400 x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 500 x\r\n\r\n" + PROMPT.encode(),
    ],
    ids=["text", "html", "not UTF-8", "deep", "long", "cut", "garbage", "without length"],
)
async def test_an_error_body_that_cannot_be_read_leaves_the_status(raw: bytes) -> None:
    error = await failure_of(saying(raw, close=True))
    assert error.kind == "status" and str(error) == f"the partner answered {error.upstream_status}"


async def test_an_error_body_that_never_comes_leaves_the_status() -> None:
    error = await failure_of(saying_then_silent(reply(b'{"error":', status="429 x", size=999)), limits=QUICK_TO_GIVE_UP)
    assert (error.kind, error.upstream_status, str(error)) == ("status", 429, "the partner answered 429")


# -- what is no answer -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["text/html", "text/event-stream", "application/jsonp", "application/problem+json", "", "application"])
async def test_another_content_type_than_was_asked_for_is_refused(kind: str) -> None:
    error = await failure_of(saying(reply(PROMPT.encode(), kind=kind)))
    assert error.kind == "protocol" and "application/json" in str(error)


async def test_a_whole_answer_to_a_request_to_stream_is_refused() -> None:
    error = await failure_of(saying(reply(b"{}")), STREAM)
    assert error.kind == "protocol" and "text/event-stream" in str(error)


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", " application/json ;x"])
async def test_parameters_and_case_of_a_content_type_do_not_matter(kind: str) -> None:
    assert await exchange(saying(reply(b"{}", kind=kind))) == b"{}"


async def test_no_content_type_is_none() -> None:
    assert (await failure_of(saying(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"))).kind == "protocol"
    assert (await failure_of(saying(b"HTTP/1.1 204 No Content\r\n\r\n"))).kind == "protocol"


BEFORE = {
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n",
    "the prompt": PROMPT.encode(),
    "zeros": b"\0" * 200,
    "another version": b"HTTP/9.9 200 OK\r\n\r\n",
    "no status": b"HTTP/1.1 OK\r\n\r\n",
    "half a status": b"HTTP/1.1 20",
    "half a head": b"HTTP/1.1 200 OK\r\ncontent-type: appl",
    "nothing": b"",
    "two lengths": reply(b"{}", headers=b"content-length: 5\r\n"),
    "a length that is none": b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: -2\r\n\r\n{}",
    "a header without end": b"HTTP/1.1 200 OK\r\nx-filler: " + b"a" * 1_000_000 + b"\r\n\r\n",
    "very many headers": reply(b"{}", headers=b"x: y\r\n" * 5000),
    "a space in a name": reply(b"{}", headers=b"bad name: x\r\n"),
}


@pytest.mark.parametrize("raw", BEFORE.values(), ids=BEFORE.keys())
async def test_what_is_no_http_is_a_failure_that_may_be_tried_elsewhere(raw: bytes) -> None:
    error = await failure_of(saying(raw, close=True))
    assert error.kind in ("protocol", "connect") and error.retryable and error.upstream_status == 0


async def test_a_port_where_nobody_listens() -> None:
    async with Partner(saying()) as partner:
        place = deployment(partner.base)
    provider = OpenAIProvider({"here": place}, {"here": KEY}, PATIENT)
    with pytest.raises(ProviderFailure) as caught:
        await provider.send(place, WHOLE)
    assert (caught.value.kind, caught.value.retryable) == ("connect", True)
    await provider.aclose()


AFTER = {
    "fewer bytes than declared": reply(b'{"choices":', size=4096),
    "no end of chunks": chunked(b'{"choices":', kind="application/json", end=b""),
    "a chunk size that is none": chunked(b"{}", kind="application/json", end=b"zz\r\n"),
    "a chunk longer than said": chunked(b"{}", kind="application/json", end=b"1\r\n[[[[\r\n0\r\n\r\n"),
    "a chunk size past all numbers": chunked(b"{}", kind="application/json", end=b"f" * 40 + b"\r\n"),
    "a chunk that is cut": chunked(b"{}", kind="application/json", end=b"ff\r\n{"),
}


@pytest.mark.parametrize("raw", AFTER.values(), ids=AFTER.keys())
async def test_an_answer_that_breaks_off_is_never_a_short_answer(raw: bytes) -> None:
    error = await failure_of(saying(raw, close=True))
    assert (error.kind, error.retryable) == ("protocol", False)  # it was accepted there: asking again may be charged twice


async def test_what_came_before_the_break_is_handed_over() -> None:
    got: list[bytes] = []
    async with Partner(saying(chunked(b"data: 1\n\n", end=b""), close=True)) as partner, provider_of(partner) as provider:
        answer = await provider.send(deployment(partner.base), STREAM)
        with pytest.raises(ProviderFailure):
            async for piece in answer.chunks():
                got.append(piece)
        await answer.aclose()
    assert b"".join(got) == b"data: 1\n\n"


@pytest.mark.parametrize(
    "raw",
    [chunked(*[b"x" * 100] * 50, end=b""), reply(b"x" * 5000, kind="text/event-stream", size=9_000_000)],
    ids=["chunked", "declared"],
)
async def test_an_answer_is_read_no_further_than_its_limit(raw: bytes) -> None:
    got = 0
    limits = msgspec.structs.replace(PATIENT, answer_bytes_max=1000)
    async with Partner(saying_then_silent(raw)) as partner, provider_of(partner, limits=limits) as provider:
        answer = await provider.send(deployment(partner.base), STREAM)
        with pytest.raises(ProviderFailure) as caught:
            async for piece in answer.chunks():
                got += len(piece)
        await answer.aclose()
        await partner.wait(partner.gone)  # and the connection is dropped, not drained
    assert got <= 1000 and (caught.value.kind, caught.value.retryable) == ("protocol", False)


async def test_an_answer_of_exactly_its_limit_is_read() -> None:
    limits = msgspec.structs.replace(PATIENT, answer_bytes_max=1000)
    assert len(await exchange(saying(reply(b"x" * 1000)), limits=limits)) == 1000
    assert (await failure_of(saying(reply(b"x" * 1001)), limits=limits)).kind == "protocol"


async def test_a_compressed_answer_is_refused() -> None:
    """Nobody asked for one: a small body must not become a large one here."""
    bomb = gzip.compress(b" " * 5_000_000)
    error = await failure_of(saying(reply(bomb, headers=b"content-encoding: gzip\r\n")))
    assert error.kind == "protocol" and "compressed" in str(error)


async def test_news_before_the_answer_are_passed_over() -> None:
    news = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"
    assert await exchange(saying(news + reply(b"{}"))) == b"{}"


async def test_an_answer_that_ends_with_the_connection_is_read() -> None:
    assert await exchange(saying(b"HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n{}", close=True)) == b"{}"


# -- time ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pieces", [(), (b"HTTP/1.1 200 OK\r\nconte",), (b"HTTP/1.1 100 Continue\r\n\r\n",)], ids=["none", "half", "100"])
async def test_silence_before_the_first_byte_may_be_tried_elsewhere(pieces: tuple[bytes, ...]) -> None:
    error = await failure_of(saying_then_silent(*pieces), limits=HASTY)
    assert (error.kind, error.retryable) == ("timeout", True)


async def drip_a_head(with_: Conversation) -> None:
    await with_.say(b"HTTP/1.1 200 OK\r\nx: ")
    while not with_.reader.at_eof():
        await with_.say(b"a")
        await next_moment(with_)


async def next_moment(with_: Conversation) -> None:
    """Until the caller leaves, or a moment later: what a drip falls at."""
    with suppress(TimeoutError):
        await asyncio.wait_for(with_.reader.read(1), 0.005)


async def test_a_head_that_drips_does_not_hold_a_request() -> None:
    error = await failure_of(drip_a_head, limits=HASTY)
    assert (error.kind, error.retryable) == ("timeout", True)


async def test_silence_between_two_pieces_is_not_tried_again() -> None:
    error = await failure_of(saying_then_silent(chunked(b"data: 1\n\n", end=b"")), STREAM, limits=QUICK_TO_GIVE_UP)
    assert (error.kind, error.retryable) == ("timeout", False)


# -- leaving ---------------------------------------------------------------------------------------------------------


async def test_who_leaves_while_reading_closes_the_connection() -> None:
    async with Partner(saying_then_silent(chunked(b"data: 1\n\n", end=b""))) as partner, provider_of(partner) as provider:
        answer = await provider.send(deployment(partner.base), STREAM)
        begun = asyncio.Event()

        async def reading() -> None:
            async for _ in answer.chunks():
                begun.set()

        task = asyncio.ensure_future(reading())
        await partner.wait(begun)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await answer.aclose()
        await partner.wait(partner.gone)


async def test_an_answer_closed_unread_drops_its_connection_and_may_be_closed_twice() -> None:
    async with Partner(saying_then_silent(reply(b"{", size=1_000_000))) as partner, provider_of(partner) as provider:
        answer = await provider.send(deployment(partner.base), WHOLE)
        await answer.aclose()
        await partner.wait(partner.gone)
        await answer.aclose()


async def test_a_provider_may_be_closed_twice_and_before_it_was_used() -> None:
    async with Partner(saying(reply(b"{}"))) as partner:
        provider = OpenAIProvider({"here": deployment(partner.base)}, {}, PATIENT)
        await provider.aclose()
        await read(await provider.send(deployment(partner.base), WHOLE))
        await provider.aclose()
        await provider.aclose()
        await partner.wait(partner.gone)


# -- many ------------------------------------------------------------------------------------------------------------


async def test_each_of_many_at_once_gets_its_own_answer() -> None:
    async def echo(with_: Conversation) -> None:
        await asyncio.sleep(0)
        await with_.say(reply(with_.request.body))

    async with Partner(echo) as partner, provider_of(partner) as provider:
        place = deployment(partner.base)

        async def one(number: int) -> None:
            got = await read(await provider.send(place, asked(user=f"u-{number}")))
            assert json.loads(got)["user"] == f"u-{number}"

        await asyncio.gather(*(one(number) for number in range(40)))
        assert len(partner.requests) == 40


async def test_a_connection_is_used_again_after_an_answer_read_to_its_end() -> None:
    async with Partner(saying(reply(b"{}"))) as partner, provider_of(partner) as provider:
        for _ in range(5):
            await read(await provider.send(deployment(partner.base), WHOLE))
        assert (partner.connections, len(partner.requests)) == (1, 5)


async def test_a_second_answer_to_one_request_is_nobodys() -> None:
    """What a partner says unasked must not become the answer to the next person's request."""

    async def script(with_: Conversation) -> None:
        number = with_.request.json()["user"]
        await with_.say(reply(json.dumps(number).encode()) + reply(b'"stale"'))

    async with Partner(script) as partner, provider_of(partner) as provider:
        for number in range(10):
            try:
                got = await read(await provider.send(deployment(partner.base), asked(user=str(number))))
            except ProviderFailure:
                continue
            assert json.loads(got) == str(number)


# -- for all partners ------------------------------------------------------------------------------------------------

BITS = st.sampled_from(
    [
        *(b"HTTP/1.1 ", b"HTTP/1.0 ", b"200", b"400", b"302", b"101", b" OK", b"\r\n", b"\n", b"\r\n\r\n"),
        *(b"content-type: ", b"application/json", b"text/event-stream", b"content-length: ", b"0", b"2", b"99999999999999999999"),
        *(b"transfer-encoding: chunked", b"connection: close", b"content-encoding: gzip"),
        *(b"{}", b"data: ", b"[DONE]", b"ff\r\n", b"\0", b":", b"\xff", PROMPT.encode()),
    ]
)
RAW = st.lists(BITS | st.binary(max_size=6), max_size=14).map(b"".join)


@given(RAW, st.booleans())
@example(reply(b"{}"), False)
@example(reply(b"", status="302 x", headers=b"location: http://127.0.0.1:9/\r\n"), True)
def test_whatever_a_partner_says_it_is_an_answer_or_a_provider_failure(raw: bytes, stream: bool) -> None:
    async def run() -> None:
        try:
            await exchange(saying(raw, close=True), STREAM if stream else WHOLE)
        except ProviderFailure as error:
            assert PROMPT not in str(error)

    asyncio.run(run())


async def drip_an_error(with_: Conversation) -> None:
    await with_.say(reply(b"", status="429 x", size=1_000_000))
    while not with_.reader.at_eof():
        await with_.say(b" ")
        await next_moment(with_)


async def test_an_error_body_that_drips_does_not_hold_a_request() -> None:
    limits = msgspec.structs.replace(HASTY, first_byte_seconds_max=0.3, idle_seconds_max=5.0)
    async with asyncio.timeout(5):
        error = await failure_of(drip_an_error, limits=limits)
    assert (error.kind, error.upstream_status) == ("status", 429)


async def test_a_partner_that_times_out_is_let_go() -> None:
    async with Partner(saying_then_silent()) as partner, provider_of(partner, limits=HASTY) as provider:
        with pytest.raises(ProviderFailure):
            await provider.send(deployment(partner.base), WHOLE)
        await partner.wait(partner.gone)


async def test_members_that_the_partner_calls_otherwise_are_renamed() -> None:
    async with Partner(saying(reply(b"{}"))) as partner:
        renames = (("max_completion_tokens", "max_tokens"), ("seed", "random_seed"))
        place = msgspec.structs.replace(deployment(partner.base), renames=renames)
        provider = OpenAIProvider({"here": place}, {"here": KEY}, PATIENT)
        await read(await provider.send(place, asked(max_completion_tokens=5, seed=7)))
        await provider.aclose()
        sent = partner.requests[0].json()
    assert sent["max_tokens"] == 5 and sent["random_seed"] == 7
    assert "seed" not in sent and "max_completion_tokens" not in sent


async def test_the_code_of_an_error_in_sse_form_is_told() -> None:
    """Model Studio answers a refused request to stream with 400 and a body of `data: {"error": …}` (quoted in public code)."""
    body = b'data: {"error":{"code":"data_inspection_failed","param":null,"message":"x","type":"data_inspection_failed"}}\n\n'
    error = await failure_of(saying(reply(body, status="400 x", kind="text/event-stream")), STREAM)
    assert str(error) == "the partner's own content check refused this request (data_inspection_failed)"
    assert (error.kind, error.code, error.status, error.retryable) == ("content", "provider.content_refused", 400, False)


async def test_a_code_that_repeats_a_word_of_the_prompt_is_not_told() -> None:
    body = json.dumps({"error": {"code": "Zanzibar"}}).encode()
    error = await failure_of(saying(reply(body, status="400 x")), asked(messages=[{"role": "user", "content": "Zanzibar"}]))
    assert str(error) == "the partner answered 400"
