# SPDX-License-Identifier: Apache-2.0
"""One exchange with Bedrock: the request signed, or shown with a Bedrock API key; the answer read as it comes.

Errors have their word in `__type`, or in the header `x-amzn-errortype`: https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from comity.errors import ProviderFailure
from comity.providers.adapters.bedrock import chat, sigv4
from comity.providers.adapters.bedrock.frames import CONTENT_TYPE
from comity.providers.adapters.bedrock.reply import Head, Streamed, Whole
from comity.providers.base import Answer, Deployment
from comity.providers.dialect import Reader, Translated
from comity.providers.http import JSON, Egress, HttpAnswer, Outgoing, shown
from comity.wire.chat import ChatRequest
from comity.wire.request import Request

SERVICE = "bedrock"
_PORTS = {"https": 443, "http": 80}


def code_of(body: Mapping[str, Any]) -> str:
    """`ThrottlingException`, also out of `com.amazon.coral.service#ThrottlingException` and `ThrottlingException:http://…`."""
    word = next((said for name in ("__type", "code") if isinstance(said := body.get(name), str) and said), "")
    return word.rpartition("#")[2].partition(":")[0]


class BedrockProvider:
    """``keys``: by deployment id, `ACCESSKEYID:SECRET[:SESSIONTOKEN]` or a Bedrock API key.  ``now``: a signature holds for minutes.
    ``seconds_max``: for the first message of a stream."""

    def __init__(self, egress: Egress, keys: Mapping[str, str], *, now: Callable[[], datetime], seconds_max: float) -> None:
        self._egress, self._keys, self._now, self._seconds_max = egress, keys, now, seconds_max

    def __repr__(self) -> str:
        return f"BedrockProvider({self._egress!r})"

    async def send(self, deployment: Deployment, request: Request) -> Answer:
        """Raises ProviderFailure, and nothing else, for whatever the partner does."""
        if not isinstance(request, ChatRequest):
            raise chat.refuse(request.operation)
        out = outgoing(deployment, request, self._keys.get(deployment.id, ""), self._now())
        answer = await self._egress.open(deployment, out, code_of=code_of)
        told = Translated(answer, _reader(deployment, request, answer))
        return await _Begun(told).begin(self._seconds_max) if request.stream else told

    async def aclose(self) -> None:
        await self._egress.aclose()


class _Begun:
    """A stream whose first message has come, since it may be refused in it: then another place can still be asked."""

    def __init__(self, answer: Translated) -> None:
        self.content_type, self.rate_limits = answer.content_type, answer.rate_limits
        self._answer, self._pieces, self._first = answer, answer.chunks(), b""

    async def begin(self, seconds_max: float) -> _Begun:
        try:
            async with asyncio.timeout(seconds_max):
                self._first = await anext(self._pieces)
        except TimeoutError:
            await self.aclose()
            raise ProviderFailure("the partner did not begin its answer in time", kind="timeout") from None
        except ProviderFailure as failure:
            await self.aclose()
            failure.retryable = failure.kind == "status" and "validation" not in str(failure)
            raise
        except BaseException:  # a caller who leaves meanwhile too
            await self.aclose()
            raise
        return self

    async def chunks(self) -> AsyncIterator[bytes]:
        yield self._first
        async for piece in self._pieces:
            yield piece

    async def aclose(self) -> None:
        await self._answer.aclose()


def outgoing(deployment: Deployment, request: ChatRequest, key: str, at: datetime) -> Outgoing:
    """Raises ProviderFailure for what Converse cannot say."""
    # A model's name may be an ARN: its colons and slashes are part of the name, not of the path.
    path = f"/model/{quote(deployment.model, safe='')}/{'converse-stream' if request.stream else 'converse'}"
    body = msgspec.json.encode(chat.asked(request, deployment.model))
    headers = {"content-type": JSON}
    credentials = sigv4.Credentials.of(key) if deployment.key == "sigv4" else None
    if credentials is None:
        headers |= shown(deployment, key)
    else:
        base = urlsplit(deployment.base_url)
        headers |= sigv4.signed(
            "POST", base.path + path, {**headers, "host": _host(deployment)}, body, credentials=credentials, region=deployment.region,
            service=SERVICE, at=at,
        )  # fmt: skip
    return Outgoing(path=path, body=body, headers=headers, accept=(CONTENT_TYPE if request.stream else JSON,))


def _host(deployment: Deployment) -> str:
    """As the client writes it: without the port that its scheme has anyway."""
    host, _, port = deployment.egress.rpartition(":")
    return host if port == str(_PORTS.get(urlsplit(deployment.base_url).scheme)) else deployment.egress


def _reader(deployment: Deployment, request: ChatRequest, answer: HttpAnswer) -> Reader:
    head = Head(id=answer.header("x-amzn-requestid"), created=_said_at(answer), model=deployment.model)
    if not request.stream:
        return Whole(head)
    return Streamed(head, with_usage=bool(request.stream_options and request.stream_options.include_usage))


def _said_at(answer: HttpAnswer) -> int:
    """Seconds since 1970 by the partner's own clock; 0 where it does not say."""
    try:
        return int(parsedate_to_datetime(answer.header("date")).timestamp())
    except (ValueError, TypeError, OverflowError):
        return 0
