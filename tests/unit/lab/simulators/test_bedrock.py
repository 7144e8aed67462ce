# SPDX-License-Identifier: Apache-2.0
"""Bedrock's simulator where its own SDK does not go: API keys, requests signed wrongly, bodies that are none."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from comity.lab.simulators import media
from comity.lab.simulators.answer import Trouble
from comity.lab.simulators.bedrock import Bedrock
from comity.lab.simulators.bedrock.errors import in_stream
from comity.lab.simulators.bedrock.keys import ACCESS_KEY
from comity.providers.adapters.bedrock.frames import CONTENT_TYPE, FrameDecoder
from comity.providers.adapters.bedrock.sigv4 import Credentials, signed
from tests.fakes import FakeClock
from tests.unit.lab.simulators.stand import HOST, KEY, REGION, http, simulator

HELLO = {"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}
PATH = "/model/amazon.nova-lite-v1%3A0/converse"
PAPER = {"document": {"format": "pdf", "name": "a", "source": {"bytes": "eA=="}}}
PNG = base64.b64encode(media.png("a picture", 4, 3)).decode()


def image(form: str, data: str) -> dict[str, Any]:
    return {"image": {"format": form, "source": {"bytes": data}}}


def said(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(blocks)}]}


async def ask(
    body: Any = HELLO, *, path: str = PATH, headers: dict[str, str] | None = None, key: str = KEY, **more: Any
) -> tuple[int, str, Any]:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    dialect = Bedrock(secret_of=lambda region: KEY if region == REGION else f"of {region}", **more)
    async with http(simulator(dialect)) as client:
        opened = {"authorization": f"Bearer {key}"} if headers is None else headers
        got = await client.post(path, content=raw, headers=opened)
    return got.status_code, got.headers.get("x-amzn-errortype", "").partition(":")[0], got


def sign(
    *, region: str = REGION, service: str = "bedrock", access: str = ACCESS_KEY, seconds: float = 0, secret: str = KEY
) -> dict[str, str]:
    raw, at = msgspec.json.encode(HELLO), FakeClock().now() + timedelta(seconds=seconds)
    return signed("POST", PATH, {"host": HOST}, raw, credentials=Credentials(access, secret), region=region, service=service, at=at)


async def test_an_api_key_of_its_region_opens() -> None:
    status, _, got = await ask()
    assert status == 200 and got.json()["output"]["message"]["content"] == [{"text": "Hello"}]
    status, code, got = await ask(key="lab-key-of-elsewhere")
    assert (status, code, list(got.json())) == (403, "AccessDeniedException", ["message"])


async def test_a_signature_opens_and_one_of_another_region_does_not() -> None:
    assert (await ask(headers=sign()))[0] == 200
    status, code, got = await ask(headers=sign(region="us-east-1", secret="of us-east-1"))
    assert (status, code) == (403, "InvalidSignatureException") and "valid region" in got.json()["message"]


@pytest.mark.parametrize(
    ("headers", "status", "code", "message"),
    [
        ({}, 403, "MissingAuthenticationTokenException", "Missing"),
        ({"authorization": "AWS4-HMAC-SHA256 Credential=a"}, 400, "IncompleteSignatureException", "requires"),
        (sign(service="s3"), 403, "InvalidSignatureException", "correct service"),
        (sign(access="AKIASOMEBODY"), 403, "UnrecognizedClientException", "invalid"),
        (sign(secret="another"), 403, "InvalidSignatureException", "does not match"),
        (sign(seconds=-301), 403, "InvalidSignatureException", "expired"),
        (sign(seconds=301), 403, "InvalidSignatureException", "not yet"),
        (sign() | {"x-amz-date": "20261124T120000Z"}, 403, "InvalidSignatureException", "does not match YYYYMMDD"),
        (sign() | {"x-amz-date": "yesterday"}, 400, "IncompleteSignatureException", "ISO-8601"),
        (sign() | {"x-amz-security-token": "not signed"}, 403, "InvalidSignatureException", "SignedHeader"),
    ],
)
async def test_a_signature_that_does_not_hold(headers: dict[str, str], status: int, code: str, message: str) -> None:
    found_status, found, got = await ask(headers=headers)
    assert (found_status, found) == (status, code) and message in got.json()["message"]


async def test_another_body_than_was_signed_is_refused() -> None:
    changed = msgspec.json.encode(HELLO | {"inferenceConfig": {"maxTokens": 1}})
    assert (await ask(changed, headers=sign()))[:2] == (403, "InvalidSignatureException")


@pytest.mark.parametrize(
    ("body", "path", "status", "code"),
    [
        (b"{", PATH, 400, "SerializationException"),
        ({"messages": []}, PATH, 400, "ValidationException"),
        ({"messages": "no"}, PATH, 400, "ValidationException"),
        (HELLO, "/model/another.model/converse", 404, "ResourceNotFoundException"),
        (HELLO, "/model/amazon.nova-lite-v1%3A0/invoke", 404, "UnknownOperationException"),
        (HELLO | {"inferenceConfig": {"temperature": 1.5}}, PATH, 400, "ValidationException"),
        (HELLO | {"inferenceConfig": {"maxTokens": 0}}, PATH, 400, "ValidationException"),
        (HELLO | {"inferenceConfig": {"stopSequences": [""]}}, PATH, 400, "ValidationException"),
        (HELLO | {"toolConfig": {"tools": [{"toolSpec": {"name": "a b", "inputSchema": {"json": {}}}}]}}, PATH, 400, "ValidationException"),
        (HELLO | {"outputConfig": {"textFormat": {"type": "json_schema", "structure": {}}}}, PATH, 400, "ValidationException"),
        (said(image("png", "?")), PATH, 400, "SerializationException"),
        (said(image("jpeg", PNG)), PATH, 400, "ValidationException"),  # it is none
        (said({"text": "a", **image("png", PNG)}), PATH, 400, "ValidationException"),  # two in one block
        (said(PAPER), PATH, 400, "ValidationException"),  # without a text
        (said({"text": "two"}, PAPER, PAPER), PATH, 400, "ValidationException"),  # of one name
    ],
)
async def test_what_is_refused(body: Any, path: str, status: int, code: str) -> None:
    assert (await ask(body, path=path, models=("amazon.nova-lite-v1:0",)))[:2] == (status, code)


async def test_a_stream_is_frames_that_say_what_they_are() -> None:
    _, _, got = await ask(path=f"{PATH}-stream")
    messages = list(FrameDecoder().feed(got.content))
    assert got.headers["content-type"] == CONTENT_TYPE
    assert {message.headers[":message-type"] for message in messages} == {"event"}
    assert [message.headers[":event-type"] for message in messages][-2:] == ["messageStop", "metadata"]
    assert len({len(msgspec.json.decode(message.payload)["p"]) for message in messages}) > 1


@pytest.mark.parametrize(
    ("trouble", "name"),
    [
        ("overloaded", "serviceUnavailableException"),
        ("rate", "throttlingException"),
        ("parameter", "validationException"),
        ("timeout", "modelStreamErrorException"),
    ],
)
def test_the_exceptions_of_a_stream(trouble: str, name: str) -> None:
    assert in_stream(Trouble(trouble, "")).code == name
