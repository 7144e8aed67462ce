# SPDX-License-Identifier: Apache-2.0
"""The one place from which bytes leave this process for a partner.

It connects to a deployment's exact egress host (and fetches results from the hosts its partner is known to keep them on) and nowhere
else, follows no redirect, uses no proxy of the environment, and passes on nothing of an error's body: a partner may repeat the
prompt there.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec

from comity.config import LimitsConfig
from comity.errors import ProviderFailure
from comity.providers.base import Deployment

JSON, SSE = "application/json", "text/event-stream"
ERROR_BYTES_MAX = 16_384
RETRY_SECONDS_MAX = 3600
RATE_LIMITS = tuple(f"x-ratelimit-{what}-{unit}" for unit in ("requests", "tokens") for what in ("limit", "remaining", "reset"))
# 401, 403 and 404 are this operator's account there: another lawful place may still answer.  400, 413 and 422 are the request's.
_FINAL = frozenset({400, 405, 406, 409, 411, 413, 414, 415, 422, 451})
_UNSAFE = frozenset(
    ("content_filter", "content_policy_violation", "data_inspection_failed", "datainspectionfailed", "moderation_blocked",
     "responsibleaipolicyviolation", "sensitive")
)  # fmt: skip
"""Codes by which partners say that their own content-safety check refused, in lower case."""


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP request of a dialect.  ``path`` follows the deployment's base; ``accept`` lists the content types it can read."""

    path: str
    body: bytes = b""
    headers: Mapping[str, str] = {}
    accept: tuple[str, ...] = (JSON,)
    method: str = "POST"


_ACCOUNT = {
    401: "for its operator: many partners bind a key to a region; is it one of this region's?",
    403: "for its operator: may this key use this model there?",
    404: "for its operator: is there such a model in this region?",
}
CodeOf = Callable[[Mapping[str, Any]], str]
WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")


def code_of(body: Mapping[str, Any]) -> str:
    """The partner's own word for an error, where OpenAI's, Anthropic's and DashScope's forms have it."""
    error = body.get("error", body)
    found = [error.get(name) for name in ("code", "type")] if isinstance(error, dict) else []
    return next((word for word in found if isinstance(word, str) and WORD.fullmatch(word)), "")


def shown(deployment: Deployment, key: str) -> dict[str, str]:
    """The header that shows a credential, for the schemes that need no more than one."""
    if not key or deployment.key == "none":
        return {}
    if deployment.key.startswith("header:"):
        return {deployment.key.removeprefix("header:"): key}
    return {"authorization": f"Bearer {key}"}


class Egress:
    """One client for all partners; ``deployments`` is the whole list of where it may connect to."""

    def __init__(self, deployments: Mapping[str, Deployment], limits: LimitsConfig) -> None:
        self._allowed = {name: (_base(each), each.egress, frozenset(each.downloads)) for name, each in deployments.items()}
        self._limits = limits
        self._client: Any = None

    def __repr__(self) -> str:
        return f"Egress({', '.join(sorted(self._allowed))})"

    async def open(self, deployment: Deployment, out: Outgoing, *, code_of: CodeOf = code_of) -> HttpAnswer:
        """Sends; returns once the head of a 2xx of an accepted content type has come.  Raises ProviderFailure, and nothing else."""
        base, egress, _ = self._allowed.get(deployment.id, ("", "", frozenset()))
        if not base or egress != deployment.egress or not out.path.startswith("/"):
            raise _not_listed()
        return await self._begun(base + out.path, out, code_of)

    async def fetch(self, deployment: Deployment, url: str, *, accept: tuple[str, ...]) -> HttpAnswer:
        """A result that the partner keeps elsewhere, by GET and without credentials.  The host must be one of `downloads`."""
        return await self._begun(self._stored(deployment, url), Outgoing(path="/", method="GET", accept=accept), code_of)

    async def deliver(self, deployment: Deployment, url: str, out: Outgoing) -> HttpAnswer:
        """A file put where the partner itself will fetch it: at one of `downloads` too, and without credentials."""
        return await self._begun(self._stored(deployment, url), out, code_of)

    def _stored(self, deployment: Deployment, url: str) -> str:
        """The address, where it is one of the partner's listed stores.  Raises ProviderFailure."""
        base, _, downloads = self._allowed.get(deployment.id, ("", "", frozenset()))
        try:
            parts = urlsplit(url)
            at = f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
        except ValueError:
            raise _not_listed() from None
        if parts.scheme != urlsplit(base).scheme or at not in downloads or "@" in parts.netloc or not url.isascii():
            raise _not_listed()
        return f"{parts.scheme}://{at}{parts.path or '/'}" + (f"?{parts.query}" if parts.query else "")

    async def _begun(self, url: str, out: Outgoing, code_of: CodeOf) -> HttpAnswer:
        client = self._opened()
        headers = {**out.headers, "accept": out.accept[0]}
        call = (client.get(url) if out.method == "GET" else client.post(url)).headers(headers)
        if out.body:
            call = call.body_bytes(out.body)
        answer = HttpAnswer(call.streamed_read_buffer_limit(0), self._limits, out, code_of)
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
            client, self._client = self._client, None
            await client.close()


class HttpAnswer:
    """A response being read.  `begin` raises unless it is a 2xx of a kind that was asked for."""

    def __init__(self, call: Any, limits: LimitsConfig, out: Outgoing, code_of: CodeOf) -> None:
        self.content_type = out.accept[0]
        self._call, self._limits, self._out, self._code_of = call, limits, out, code_of
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

    def header(self, name: str) -> str:
        return str(self._response.get_header(name) or "")

    @property
    def rate_limits(self) -> Mapping[str, str]:
        return {name: said for name in RATE_LIMITS if (said := self.header(name)) and said.isascii()}

    async def _accept(self) -> None:
        status = self._response.status
        if not 200 <= status < 300:
            raise _refused(status, await self._error_code(), self.header("retry-after"))
        kind = self.header("content-type").partition(";")[0].strip().lower()
        if kind not in self._out.accept:
            raise ProviderFailure(f"the partner answered with another content type than {self.content_type}", kind="protocol")
        self.content_type = kind
        if (self.header("content-encoding") or "identity").strip().lower() != "identity":
            raise ProviderFailure("the partner's answer is compressed, which it was not asked to be", kind="protocol")

    def chunks(self) -> AsyncIterator[bytes]:
        return self._chunks()

    async def read(self) -> bytes:
        """The whole body; then the connection is given back."""
        try:
            return b"".join([piece async for piece in self._chunks()])
        finally:
            await self.aclose()

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
        """The partner's own code for the error, where it is one plain word and none of ours; its message may repeat the prompt.

        Amazon says it in a header, which stands here as the member that its bodies else have.
        """
        raw = b""
        try:
            async with asyncio.timeout(self._limits.first_byte_seconds_max):
                async for piece in self._chunks():
                    raw += piece
                    if len(raw) > ERROR_BYTES_MAX:
                        return ""
            body = msgspec.json.decode(_first_event(raw))
        except (ProviderFailure, TimeoutError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return ""
        word = self._code_of({"__type": self.header("x-amzn-errortype"), **body}) if isinstance(body, dict) else ""
        return word if WORD.fullmatch(word) and word.encode() not in self._out.body else ""

    async def aclose(self) -> None:
        """Drops the connection unless the answer was read to its end."""
        if self._open:
            self._open = False
            await self._call.__aexit__(None, None, None)


def _first_event(raw: bytes) -> bytes:
    """A stream that is refused may be one event of it, with lines of its own before the data."""
    for line in raw.splitlines():
        if line.startswith(b"data:"):
            return line.removeprefix(b"data:")
    return raw


def said_in_stream(body: Mapping[str, Any], code_of: CodeOf = code_of) -> ProviderFailure:
    """An error that a partner says where its answer would go on; of its body only the word for it is told."""
    code = code_of(body)
    if code.lower() in _UNSAFE:
        return _unsafe(code, 200)
    return ProviderFailure(
        "the partner broke off its answer" + (f" ({code})" if code else ""), kind="status", retryable=False, upstream_status=200
    )


def _base(deployment: Deployment) -> str:
    base = urlsplit(deployment.base_url)
    # The port is spelled out, so that what is compared before sending is exactly what is connected to.
    return f"{base.scheme}://{deployment.egress}{base.path}"


def _not_listed() -> ProviderFailure:
    return ProviderFailure("this place is not on the egress list", kind="refused", retryable=False, code="provider.egress")


def _refused(status: int, code: str, retry_after: str) -> ProviderFailure:
    said = f"the partner answered {status}" + (f" ({code})" if code else "")
    if code.lower() in _UNSAFE and status < 500:
        return _unsafe(code, status)
    seconds = min(int(retry_after), RETRY_SECONDS_MAX) if retry_after.isascii() and retry_after.isdigit() else None
    return ProviderFailure(
        said, kind="protocol" if 300 <= status < 400 else "status", retryable=status not in _FINAL, upstream_status=status,
        retry_after_seconds=seconds, hint=_ACCOUNT.get(status, ""),
    )  # fmt: skip


def _unsafe(code: str, status: int) -> ProviderFailure:
    return ProviderFailure(
        f"the partner's own content check refused this request ({code})", kind="content", retryable=False, upstream_status=status,
        code="provider.content_refused", status=400, hint="change what is asked, or ask a model whose rules allow it",
    )  # fmt: skip


def _failure(error: BaseException, *, begun: bool = False) -> ProviderFailure:
    from pyreqwest.exceptions import ConnectError, ConnectTimeoutError

    if isinstance(error, ConnectTimeoutError | ConnectError):
        return ProviderFailure("the partner could not be connected to", kind="connect")
    if isinstance(error, TimeoutError):
        return ProviderFailure("the partner did not answer in time", kind="timeout", retryable=not begun)
    return ProviderFailure(
        "the partner's answer broke off" if begun else "the partner did not answer HTTP", kind="protocol", retryable=not begun
    )
