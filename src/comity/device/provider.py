# SPDX-License-Identifier: Apache-2.0
"""A model on this machine as a Provider: OpenAI's dialect, and no network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, NamedTuple

import msgspec

from comity.config import PathsConfig
from comity.device.fetch import checked
from comity.device.manifest import models_directory
from comity.device.runtime import Runtime
from comity.errors import CallerError, ComityError, OperatorError, ProviderFailure
from comity.providers.base import Deployment
from comity.wire.chat import ChatRequest
from comity.wire.request import Request
from comity.wire.sse import encode as event

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.decode
_OURS = ("id", "object", "created", "choices", "usage")
"""Members of a chunk that are OpenAI's; the runtime adds timings and the path of its file."""


class Readiness(NamedTuple):
    word: str  # `ready`, or the code of what is in the way


class EmbeddedProvider:
    def __init__(self, deployment: Deployment, *, paths: PathsConfig, runtime: Runtime | None = None) -> None:
        self._deployment, self._paths = deployment, paths
        self._runtime = runtime
        self._name = deployment.model
        self._state = Readiness("model.not_started")

    async def start(self) -> None:
        """Loads the model.  Raises OperatorError, TrustFailure when the file is not the model, and ProviderFailure once closed;
        `ready` then says why."""
        try:
            if self._runtime is None:
                self._name, path = await asyncio.to_thread(checked, self._deployment.model, models_directory(self._paths))
                # Another request may have come this far meanwhile; there is one runtime.
                self._runtime = self._runtime or Runtime(
                    "text", {"model": path}, context_tokens=self._deployment.profile.context_tokens, slots=2
                )
            await self._runtime.start()
        except ComityError as error:
            self._state = Readiness(error.code)
            raise
        self._state = Readiness("ready")

    def ready(self) -> Readiness:
        if self._state.word == "ready" and (self._runtime is None or not self._runtime.alive):
            return Readiness("model.restarting")
        return self._state

    async def send(self, deployment: Deployment, request: Request) -> LocalAnswer:
        """Returns once the first piece is there.  Raises CallerError (too long, unsupported), ProviderFailure, TrustFailure."""
        if not isinstance(request, ChatRequest):
            raise ProviderFailure(f"the local model does no {request.operation}", kind="unsupported", code="provider.unsupported")
        if (request.n or 1) > 1:
            raise CallerError("the local model gives one choice at a time", code="request.unsupported", field="n", hint="leave `n` out")
        body = msgspec.to_builtins(request)
        limit = body.pop("max_completion_tokens", None)
        body |= {"stream": True, "stream_options": {"include_usage": True}} | ({"max_tokens": limit} if limit is not None else {})
        try:
            if self._state.word != "ready":
                await self.start()
            assert self._runtime is not None
            answer = LocalAnswer(self._runtime.ask(body), self._name, request)
            await answer.begin()
        except OperatorError as error:  # the model must be mended here; another lawful place may answer meanwhile
            self._state = Readiness(error.code)
            raise ProviderFailure(f"{error} ({error.hint})", kind="unavailable", code=error.code) from error
        return answer

    async def aclose(self) -> None:
        if self._runtime is not None:
            await self._runtime.aclose()


class LocalAnswer:
    """The model always streams, so that a caller who leaves stops it; a whole answer is put together from the pieces."""

    def __init__(self, pieces: AsyncGenerator[bytes, None], name: str, request: ChatRequest) -> None:
        self.content_type = "text/event-stream" if request.stream else "application/json"
        self.rate_limits: dict[str, str] = {}
        self._pieces, self._name, self._stream = pieces, name, request.stream
        self._usage = bool(request.stream_options and request.stream_options.include_usage)
        self._first: bytes | None = None

    async def begin(self) -> None:
        self._first = await anext(self._pieces, None)

    def chunks(self) -> AsyncIterator[bytes]:
        return self._events() if self._stream else self._whole()

    async def _all(self) -> AsyncIterator[dict[str, Any]]:
        piece = self._first
        while piece is not None:
            decoded = _decode(piece)
            for chunk in decoded if isinstance(decoded, list) else (decoded,):
                yield {name: chunk[name] for name in _OURS if name in chunk} | {"model": self._name}
            piece = await anext(self._pieces, None)

    async def _events(self) -> AsyncIterator[bytes]:
        async for chunk in self._all():
            if "usage" in chunk and not self._usage:
                if not chunk.get("choices"):
                    continue
                del chunk["usage"]
            yield event(_encode(chunk))
        yield event(b"[DONE]")

    async def _whole(self) -> AsyncIterator[bytes]:
        yield _encode(joined([chunk async for chunk in self._all()]))

    async def aclose(self) -> None:
        await self._pieces.aclose()


def joined(chunks: list[dict[str, Any]]) -> dict[str, Any]:
    """One chat.completion from its chunks: texts and arguments are joined, all else stands as it was last said."""
    body: dict[str, Any] = {}
    message: dict[str, Any] = {"role": "assistant", "content": None}
    calls: dict[int, dict[str, Any]] = {}
    finish, logprobs = None, None
    for chunk in chunks:
        body |= {name: value for name, value in chunk.items() if name != "choices"}
        for choice in chunk.get("choices") or ():
            finish = choice.get("finish_reason") or finish
            logprobs = _more(logprobs, choice.get("logprobs"))
            for name, value in (choice.get("delta") or {}).items():
                if name == "tool_calls":
                    _add_calls(calls, value)
                elif name != "role" and isinstance(value, str):
                    message[name] = (message.get(name) or "") + value
    if calls:
        message["tool_calls"] = [calls[index] for index in sorted(calls)]
    choice = {"index": 0, "message": message, "finish_reason": finish} | ({"logprobs": logprobs} if logprobs else {})
    return body | {"object": "chat.completion", "choices": [choice]}


def _add_calls(calls: dict[int, dict[str, Any]], pieces: list[dict[str, Any]]) -> None:
    for piece in pieces:
        call = calls.setdefault(piece.get("index", 0), {"type": "function", "function": {"name": "", "arguments": ""}})
        call |= {name: value for name, value in piece.items() if name not in ("index", "function")}
        for name, value in (piece.get("function") or {}).items():
            call["function"][name] = call["function"].get(name, "") + value


def _more(kept: dict[str, Any] | None, piece: dict[str, Any] | None) -> dict[str, Any] | None:
    if not piece:
        return kept
    return {"content": [*((kept or {}).get("content") or ()), *(piece.get("content") or ())]}
