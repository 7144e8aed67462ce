# SPDX-License-Identifier: Apache-2.0
"""What is asked, and which exchanges answer it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from comity.providers.adapters.dashscope import chat, hearing, images, speech, vectors
from comity.providers.adapters.dashscope.answers import Reading
from comity.providers.adapters.dashscope.families import chat_path
from comity.providers.adapters.dashscope.reply import ChatReader, Joined, Streamed
from comity.providers.adapters.dashscope.tasks import Patience, Pause
from comity.providers.adapters.dashscope.upload import Deliver
from comity.providers.adapters.dashscope.wire import Line, refuse, said_at
from comity.providers.base import Answer, Deployment
from comity.providers.http import Egress
from comity.wire.audio import SpeechRequest, TranscriptionRequest
from comity.wire.chat import ChatRequest
from comity.wire.embeddings import EmbeddingsRequest
from comity.wire.images import ImageRequest
from comity.wire.request import Request
from comity.wire.rerank import RerankRequest


class DashScopeProvider:
    """``keys``: API key by deployment id.  ``seconds_max``: until a first event, and for a task until its result.
    ``deliver``: a way to the partner's store, for recordings that can only be fetched from there."""

    def __init__(
        self, egress: Egress, keys: Mapping[str, str], *, pause: Pause, seconds_max: float, boundary: Callable[[], str],
        deliver: Deliver | None = None,
    ) -> None:  # fmt: skip
        self._egress, self._keys, self._seconds_max = egress, keys, seconds_max
        self._patience = Patience(pause, seconds_max)
        self._means = hearing.Means(patience=self._patience, deliver=deliver, boundary=boundary)

    def __repr__(self) -> str:
        return f"DashScopeProvider({self._egress!r})"

    async def send(self, deployment: Deployment, request: Request) -> Answer:
        """Raises ProviderFailure, and nothing else, for whatever the partner does."""
        line = Line(self._egress, deployment, self._keys.get(deployment.id, ""), self._seconds_max)
        if isinstance(request, ChatRequest):
            return await _chat(line, request)
        if isinstance(request, EmbeddingsRequest):
            return await vectors.embedded(line, request)
        if isinstance(request, RerankRequest):
            return await vectors.ranked(line, request)
        if isinstance(request, TranscriptionRequest):
            return await hearing.heard(line, request, self._means)
        if isinstance(request, SpeechRequest):
            return await speech.spoken(line, request)
        if isinstance(request, ImageRequest):
            return await images.drawn(line, request, self._patience)
        raise refuse(request.operation)

    async def aclose(self) -> None:
        await self._egress.aclose()


async def _chat(line: Line, request: ChatRequest) -> Answer:
    path = chat_path(line.deployment)
    answer = await line.open(path, *chat.asked(request, path), stream=True)
    model, count, created = line.deployment.model, request.n or 1, said_at(answer)
    reader: ChatReader
    if request.stream:
        with_usage = bool(request.stream_options and request.stream_options.include_usage)
        reader = Streamed(model, count=count, created=created, with_usage=with_usage)
    else:
        reader = Joined(model, count=count, created=created)
    return await Reading(answer, reader).begin(line.seconds_max)
