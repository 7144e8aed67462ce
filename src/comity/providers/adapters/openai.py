# SPDX-License-Identifier: Apache-2.0
"""OpenAI's chat completions over HTTP: also the dialect of Alibaba's compatible mode, Mistral, vLLM, Ollama and Comity itself.

One client for all deployments of the dialect.  It connects to a deployment's exact egress host and nowhere else, follows no
redirect, uses no proxy of the environment, and passes on nothing of an error's body: a partner may repeat the prompt there.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec

from comity.config import LimitsConfig
from comity.errors import ProviderFailure
from comity.providers.base import Deployment
from comity.wire.chat import ChatRequest

_encode = msgspec.json.Encoder().encode
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
ERROR_BYTES_MAX = 16_384
# 401, 403 and 404 are this operator's account there: another lawful place may still answer.  400, 413 and 422 are the request's.
_FINAL = frozenset({400, 405, 406, 409, 411, 413, 414, 415, 422, 451})


class OpenAIProvider:
    """``keys``: API key by deployment id; only what goes into the header, never shown."""

    def __init__(self, deployments: Mapping[str, Deployment], keys: Mapping[str, str], limits: LimitsConfig) -> None:
        self._urls = {name: _url(deployment) for name, deployment in deployments.items()}
        self._headers = {name: _headers(keys.get(name, "")) for name in deployments}
        self._limits = limits
        self._client: Any = None

    def __repr__(self) -> str:
        return f"OpenAIProvider({', '.join(sorted(self._urls))})"

    async def send(self, deployment: Deployment, request: ChatRequest) -> HttpAnswer:
        """Raises ProviderFailure, and nothing else, for whatever the partner does."""
        url = self._urls.get(deployment.id)
        if url is None or urlsplit(url).netloc != deployment.egress:
            raise ProviderFailure("this place is not on the egress list", kind="refused", retryable=False, code="provider.egress")
        accept = "text/event-stream" if request.stream else "application/json"
        body = _body(deployment, request)
        call = (
            self._opened().post(url).headers({**self._headers[deployment.id], "accept": accept}).body_bytes(body)
            .streamed_read_buffer_limit(0)
        )  # fmt: skip
        answer = HttpAnswer(call, self._limits, accept, sent=body)
        await answer.begin()
        return answer

    def _opened(self) -> Any:
        if self._client is None:
            from pyreqwest.client import ClientBuilder

            limits = self._limits
            # A request that is given up before its answer begins is not dropped by the client, so the client's own limit ends it;
            # it is the longer one, so that ours is the one that speaks.
            silence = timedelta(seconds=2 * max(limits.first_byte_seconds_max, limits.idle_seconds_max))
            self._client = (
                ClientBuilder().follow_redirects(False).no_proxy().referer(False).gzip(False).brotli(False).zstd(False).deflate(False)
                .tcp_nodelay(True).connect_timeout(timedelta(seconds=limits.connect_seconds_max)).read_timeout(silence)
                .user_agent("comity").build()
            )  # fmt: skip
        return self._client

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None


class HttpAnswer:
    """A response being read.  `begin` raises unless it is a 2xx of the kind that was asked for."""

    def __init__(self, call: Any, limits: LimitsConfig, content_type: str, *, sent: bytes) -> None:
        self.content_type = content_type
        self._call, self._limits, self._sent = call, limits, sent
        self._response: Any = None
        self._open = False

    async def begin(self) -> None:
        from pyreqwest.exceptions import PyreqwestError

        try:
            async with asyncio.timeout(self._limits.first_byte_seconds_max):
                self._call = self._call.build_streamed()
                self._response = await self._call.__aenter__()
        except (PyreqwestError, TimeoutError) as error:
            raise _failure(error) from None
        self._open = True
        try:
            await self._accept()
        except BaseException:  # a caller who leaves meanwhile too
            await self.aclose()
            raise

    async def _accept(self) -> None:
        status = self._response.status
        if not 200 <= status < 300:
            raise _refused(status, await self._error_code())
        kind = (self._response.get_header("content-type") or "").partition(";")[0].strip().lower()
        if kind != self.content_type:
            raise ProviderFailure(f"the partner answered with another content type than {self.content_type}", kind="protocol")
        if (self._response.get_header("content-encoding") or "identity").strip().lower() != "identity":
            raise ProviderFailure("the partner's answer is compressed, which it was not asked to be", kind="protocol")

    def chunks(self) -> AsyncIterator[bytes]:
        return self._chunks()

    async def _chunks(self) -> AsyncIterator[bytes]:
        from pyreqwest.exceptions import PyreqwestError

        reader, left = self._response.body_reader, self._limits.answer_bytes_max
        while True:
            try:
                async with asyncio.timeout(self._limits.idle_seconds_max):
                    piece = await reader.read_chunk()
            except (PyreqwestError, TimeoutError) as error:
                raise _failure(error, begun=True) from None
            if piece is None:
                return
            left -= len(piece)
            if left < 0:
                raise ProviderFailure("the partner's answer is too large", kind="protocol", retryable=False)
            yield bytes(piece)

    async def _error_code(self) -> str:
        """The partner's own code for the error, where it is one plain word and none of ours; its message may repeat the prompt."""
        raw = b""
        try:
            async with asyncio.timeout(self._limits.first_byte_seconds_max):
                async for piece in self._chunks():
                    raw += piece
                    if len(raw) > ERROR_BYTES_MAX:
                        return ""
            body = msgspec.json.decode(raw.strip().removeprefix(b"data:"))  # a stream that is refused may be one event of it
        except (ProviderFailure, TimeoutError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return ""
        error = body.get("error", body) if isinstance(body, dict) else None
        found = [error.get(name) for name in ("code", "type")] if isinstance(error, dict) else []
        return next((word for word in found if isinstance(word, str) and _CODE.fullmatch(word) and word.encode() not in self._sent), "")

    async def aclose(self) -> None:
        """Drops the connection unless the answer was read to its end."""
        if self._open:
            self._open = False
            await self._call.__aexit__(None, None, None)


def _body(deployment: Deployment, request: ChatRequest) -> bytes:
    """By the partner's own model name, and the names it has for members."""
    named = msgspec.structs.replace(request, model=deployment.model)
    if not deployment.renames:
        return _encode(named)
    body = msgspec.to_builtins(named)
    for ours, theirs in deployment.renames:
        if ours in body:
            said = body.pop(ours)
            body.setdefault(theirs, said)
    return _encode(body)


def _url(deployment: Deployment) -> str:
    base = urlsplit(deployment.base_url)
    # The port is spelled out, so that what is compared before sending is exactly what is connected to.
    return f"{base.scheme}://{deployment.egress}{base.path}/chat/completions"


def _headers(key: str) -> dict[str, str]:
    headers = {"content-type": "application/json"}
    return headers | {"authorization": f"Bearer {key}"} if key else headers


def _refused(status: int, code: str) -> ProviderFailure:
    said = f"the partner answered {status}" + (f" ({code})" if code else "")
    kind = "protocol" if 300 <= status < 400 else "status"
    return ProviderFailure(said, kind=kind, retryable=status not in _FINAL, upstream_status=status)


def _failure(error: BaseException, *, begun: bool = False) -> ProviderFailure:
    from pyreqwest.exceptions import ConnectError, ConnectTimeoutError

    if isinstance(error, ConnectTimeoutError | ConnectError):
        return ProviderFailure("the partner could not be connected to", kind="connect")
    if isinstance(error, TimeoutError):
        return ProviderFailure("the partner did not answer in time", kind="timeout", retryable=not begun)
    return ProviderFailure(
        "the partner's answer broke off" if begun else "the partner did not answer HTTP", kind="protocol", retryable=not begun
    )
