# SPDX-License-Identifier: Apache-2.0
"""One exchange: a body out, an object or events back, and what a refusal means for another place.

A refusal comes with a status, or as the first event of a stream that was answered with 200, or as its last; its word is in `code`.
https://help.aliyun.com/en/model-studio/error-code-start, https://www.alibabacloud.com/help/en/model-studio/stream
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from comity.errors import ProviderFailure
from comity.providers import deltas
from comity.providers.base import Deployment
from comity.providers.deltas import broken as broken
from comity.providers.deltas import member as member
from comity.providers.dialect import unsupported
from comity.providers.http import JSON, SSE, Egress, HttpAnswer, Outgoing, code_of, said_in_stream, shown

Body = dict[str, Any]
encode = msgspec.json.Encoder().encode
_NONE: Mapping[str, str] = {}
_OF_THE_REQUEST = frozenset({"InvalidParameter", "BadRequest", "InvalidURL", "InvalidFile", "UnsupportedOperation"})
"""Parts of the codes that another place would answer with too."""
_OF_THE_ACCOUNT = frozenset({"Arrearage"})
"""Said with 400, and yet about this operator's account there: another lawful place may still answer."""


class Line:
    """One deployment, and how it is asked.  ``seconds_max``: for what must come before an answer begins."""

    def __init__(self, egress: Egress, deployment: Deployment, key: str, seconds_max: float) -> None:
        self.egress, self.deployment, self.seconds_max, self._key = egress, deployment, seconds_max, key

    async def open(
        self, path: str, given: Body, parameters: Body, *, stream: bool = False, headers: Mapping[str, str] = _NONE
    ) -> HttpAnswer:
        body = encode({"model": self.deployment.model, "input": given, "parameters": parameters})
        more = {"content-type": JSON, **headers, **({"x-dashscope-sse": "enable"} if stream else {})}
        # Events have been seen under the other content type too: what they are is read, not believed.
        return await self._sent(path, body, more, (SSE, JSON) if stream else (JSON,))

    async def ask(self, path: str, given: Body, parameters: Body, *, headers: Mapping[str, str] = _NONE) -> tuple[Body, HttpAnswer]:
        answer = await self.open(path, given, parameters, headers=headers)
        return object_of(await answer.read()), answer

    async def get(self, path: str) -> Body:
        return object_of(await (await self._sent(path, b"", {}, (JSON,), method="GET")).read())

    async def _sent(
        self, path: str, body: bytes, headers: Mapping[str, str], accept: tuple[str, ...], *, method: str = "POST"
    ) -> HttpAnswer:
        word = ""

        def told(error: Mapping[str, Any]) -> str:
            nonlocal word
            word = code_of(error)
            return word

        out = Outgoing(path=path, body=body, headers={**headers, **shown(self.deployment, self._key)}, accept=accept, method=method)
        try:
            return await self.egress.open(self.deployment, out, code_of=told)
        except ProviderFailure as failure:
            failure.retryable = failure.retryable or word in _OF_THE_ACCOUNT
            raise


def refuse(what: str) -> ProviderFailure:
    return unsupported("dashscope", what)


def refused(body: Mapping[str, Any]) -> ProviderFailure:
    """By the word for it, where no status says what it means."""
    failure = said_in_stream(body)
    parts = code_of(body).split(".")
    failure.retryable = failure.kind != "content" and not _OF_THE_REQUEST.intersection(parts)
    return failure


def object_of(raw: bytes) -> Body:
    """Raises ProviderFailure where it is none, or is a refusal."""
    body = deltas.object_of(raw)
    if body.get("code") or isinstance(body.get("error"), dict):
        raise refused(body)
    return body


def said_at(answer: HttpAnswer) -> int:
    """Seconds since 1970 by the partner's own clock; 0 where it does not say."""
    try:
        return int(parsedate_to_datetime(answer.header("date")).timestamp())
    except (ValueError, TypeError, OverflowError):
        return 0
