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
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec

from comity.config import LimitsConfig
from comity.errors import ProviderFailure
from comity.providers.base import Deployment
from comity.providers.http1.head import Broken, Crowded, Fault, Head, TimedOut, Unreachable, Unsayable, write_head
from comity.providers.http1.pool import Origin, Pool

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
        self._allowed = {name: _Place(each) for name, each in deployments.items()}
        self._limits = limits
        # Two for each request that is under way: a hedged one asks twice.
        self._pool = Pool(connections_max=2 * limits.concurrent_requests_max, connect_seconds_max=limits.connect_seconds_max)

    def __repr__(self) -> str:
        return f"Egress({', '.join(sorted(self._allowed))})"

    async def open(self, deployment: Deployment, out: Outgoing, *, code_of: CodeOf = code_of) -> HttpAnswer:
        """Sends; returns once the head of a 2xx of an accepted content type has come.  Raises ProviderFailure, and nothing else."""
        place = self._allowed.get(deployment.id)
        if place is None or place.egress != deployment.egress or not out.path.startswith("/"):
            raise _not_listed()
        return await self._begun(place.origin, place.path + out.path, out, code_of)

    async def fetch(self, deployment: Deployment, url: str, *, accept: tuple[str, ...]) -> HttpAnswer:
        """A result that the partner keeps elsewhere, by GET and without credentials.  The host must be one of `downloads`."""
        return await self._begun(*self._stored(deployment, url), Outgoing(path="/", method="GET", accept=accept), code_of)

    async def deliver(self, deployment: Deployment, url: str, out: Outgoing) -> HttpAnswer:
        """A file put where the partner itself will fetch it: at one of `downloads` too, and without credentials."""
        return await self._begun(*self._stored(deployment, url), out, code_of)

    def _stored(self, deployment: Deployment, url: str) -> tuple[Origin, str]:
        """The address, where it is one of the partner's listed stores.  Raises ProviderFailure."""
        place = self._allowed.get(deployment.id)
        try:
            parts = urlsplit(url)
            origin = Origin.of(parts.scheme, parts.hostname or "", parts.port)
        except ValueError:
            raise _not_listed() from None
        at = f"{parts.hostname}:{origin.port}"
        if place is None or origin.tls != place.origin.tls or at not in place.downloads or "@" in parts.netloc or not url.isascii():
            raise _not_listed()
        return origin, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    async def _begun(self, origin: Origin, target: str, out: Outgoing, code_of: CodeOf) -> HttpAnswer:
        limits, connection = self._limits, None
        try:
            size = None if out.method == "GET" and not out.body else len(out.body)
            written = write_head(out.method, target, origin.authority, {**out.headers, "accept": out.accept[0]}, size)
            connection = self._pool.kept(origin) or await self._pool.connect(origin)
            head = await connection.ask(written, out.body, limits.first_byte_seconds_max)
        except BaseException as error:  # a caller who leaves meanwhile too
            if connection is not None:
                connection.drop()
            if isinstance(error, Fault):
                raise _failure(error) from None
            raise
        answer = HttpAnswer(connection, head, limits, out, code_of)
        try:
            await answer.accept()
        except BaseException:
            await answer.aclose()
            raise
        return answer

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Place:
    """What a deployment may be asked at, taken apart once."""

    __slots__ = ("downloads", "egress", "origin", "path")

    def __init__(self, deployment: Deployment) -> None:
        base = urlsplit(deployment.base_url)
        host, _, port = deployment.egress.rpartition(":")
        # The port is spelled out, so that what is compared before sending is exactly what is connected to.
        self.origin = Origin.of(base.scheme, host.strip("[]"), int(port))
        self.egress, self.path, self.downloads = deployment.egress, base.path, frozenset(deployment.downloads)


class Body(Protocol):
    """Where the body of an answer comes from: a connection, or what opens a sealed answer."""

    def ready(self) -> bytes:
        """What is here and was not handed on, or nothing."""

    async def piece(self, seconds: float) -> bytes:
        """The next bytes; none when the body is whole.  Raises Fault."""

    def release(self) -> None:
        """Nobody asks for the rest any more."""


class HttpAnswer:
    """A response being read: a 2xx of a kind that was asked for."""

    def __init__(self, connection: Body, head: Head, limits: LimitsConfig, out: Outgoing, code_of: CodeOf) -> None:
        self.content_type = out.accept[0]
        self._connection: Body | None = connection
        self._head, self._limits, self._out, self._code_of = head, limits, out, code_of
        self._whole = False

    def header(self, name: str) -> str:
        return self._head.fields.get(name, "")

    @property
    def rate_limits(self) -> Mapping[str, str]:
        return {name: said for name in RATE_LIMITS if (said := self.header(name)) and said.isascii()}

    async def accept(self) -> None:
        """Raises ProviderFailure where the head refuses, or promises what was not asked for."""
        status = self._head.status
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
        left = self._limits.answer_bytes_max
        while not self._whole:
            connection = self._connection
            if connection is None:
                raise _failure(Broken("closed here"), begun=True)
            try:
                piece = connection.ready() or await connection.piece(self._limits.idle_seconds_max)
            except Fault as fault:
                raise _failure(fault, begun=True) from None
            if not piece:
                self._whole = True
                await self.aclose()
                return
            left -= len(piece)
            if left < 0:
                raise ProviderFailure("the partner's answer is too large", kind="protocol", retryable=False)
            yield piece

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
        self.release()

    def release(self) -> None:
        """Drops the connection unless the answer was read to its end."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.release()


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


def _failure(fault: Fault, *, begun: bool = False) -> ProviderFailure:
    if isinstance(fault, Unreachable):
        return ProviderFailure("the partner could not be connected to", kind="connect")
    if isinstance(fault, Crowded):
        return ProviderFailure("as many requests wait for the partner as may", kind="unavailable")
    if isinstance(fault, Unsayable):
        return ProviderFailure("HTTP cannot carry this request's path or headers", kind="protocol", retryable=False)
    if isinstance(fault, TimedOut):
        return ProviderFailure("the partner did not answer in time", kind="timeout", retryable=not begun)
    return ProviderFailure(
        "the partner's answer broke off" if begun else "the partner did not answer HTTP", kind="protocol", retryable=not begun
    )
