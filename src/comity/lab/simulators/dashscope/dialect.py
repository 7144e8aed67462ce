# SPDX-License-Identifier: Apache-2.0
"""Which request goes where, and in which form a refusal is told.

A stream that is refused before it begins has the status of the refusal and one event `error`; one that breaks, the same event at its end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from comity.lab.simulators.answer import SSE, Answer, Request, Trouble, whole
from comity.lab.simulators.dashscope import asked, chat, errors, sounds, vectors, wire
from comity.lab.simulators.dashscope.shelf import SHOWN, STORE, Shelf
from comity.lab.simulators.dashscope.tasks import Tasks

PATH = "/api/v1"
RERANKS = "/compatible-api/v1/reranks"
Operation = Callable[[Request, wire.Body], Answer]


class DashScope:
    """``models``: those that are there; none: any whose name tells what it does."""

    def __init__(self, *, path: str = "", models: tuple[str, ...] = (), polls: int = 2) -> None:
        self._path, self._models = (path or PATH).rstrip("/"), models
        self._shelf = Shelf()
        self._tasks = Tasks(self._shelf, polls=polls)
        self._operations: Mapping[str, Operation] = {
            "/aigc/text-generation/generation": self._generate,
            "/aigc/multimodal-generation/generation": self._multimodal,
            "/embeddings/text-embedding/text-embedding": vectors.embed_texts,
            "/embeddings/multimodal-embedding/multimodal-embedding": self._embed_contents,
            "/rerank/text-rerank/text-rerank": vectors.rerank,
            "/audio/tts/SpeechSynthesizer": lambda request, body: sounds.voice(request, body, self._shelf),
            "/audio/asr/transcription": self._tasks.transcribe,
            "/aigc/text2image/image-synthesis": self._tasks.draw,
        }
        self._later = {"/audio/asr/transcription", "/aigc/text2image/image-synthesis"}

    def key(self, request: Request) -> str | None:
        if request.path == STORE or request.path.startswith(SHOWN):
            return None  # what a signature or a long name opens
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        return key.strip() if scheme.lower() == "bearer" else ""

    async def answer(self, request: Request) -> Answer:
        path = request.path.removeprefix(self._path)
        if request.method == "POST":
            if request.path == STORE:
                return self._shelf.take(request)
            if request.path == RERANKS:
                return vectors.rerank_compatible(request)
            if request.path.startswith(self._path + "/tasks/") and path.endswith("/cancel"):
                return self._tasks.cancel(request, path.removeprefix("/tasks/").removesuffix("/cancel"))
            if request.path.startswith(self._path + "/tasks/"):  # the documentation asks by POST, its curl line by GET
                return self._tasks.show(request, path.removeprefix("/tasks/"))
            if request.path.startswith(self._path + "/services/"):
                return self._operated(request, path.removeprefix("/services"))
        if request.method == "GET":
            if request.path.startswith(SHOWN):
                return self._shelf.serve(request)
            if request.path == self._path + "/uploads":
                return self._shelf.policy(request)
            if request.path.rstrip("/") == self._path + "/tasks":
                return self._tasks.listed(request)
            if request.path.startswith(self._path + "/tasks/"):
                return self._tasks.show(request, path.removeprefix("/tasks/"))
        raise Trouble("path", errors.URL_ERROR)

    def _operated(self, request: Request, path: str) -> Answer:
        operation = self._operations.get(path)
        if operation is None:
            raise Trouble("path", errors.URL_ERROR)
        body = wire.read(request)
        if self._models and body.model not in self._models:
            raise Trouble("model", f"The model `{body.model}` is not here.")
        if path not in self._later and request.headers.get("x-dashscope-async", "").lower() == "enable":
            raise errors.refused("AccessDenied", errors.ONLY_SYNC)
        return operation(request, body)

    def _fetch(self, request: Request, model: str) -> asked.Fetch:
        return lambda address: self._shelf.fetch(request, model, address)

    def _generate(self, request: Request, body: wire.Body) -> Answer:
        return chat.generate(request, body, self._fetch(request, body.model))

    def _multimodal(self, request: Request, body: wire.Body) -> Answer:
        """One address for five kinds of model."""
        match wire.must_be(body.model, "vision", "asr", "flash", "tts", "image"):
            case "asr":
                return sounds.recognise(request, body, self._shelf)
            case "flash":
                return sounds.recognise_flash(request, body, self._shelf)
            case "tts":
                return sounds.speak(request, body, self._shelf)
            case "image":
                return sounds.draw(request, body, self._shelf)
        return chat.generate(request, body, self._fetch(request, body.model))

    def _embed_contents(self, request: Request, body: wire.Body) -> Answer:
        return vectors.embed_contents(request, body, self._fetch(request, body.model))

    def error(self, trouble: Trouble, request: Request) -> Answer:
        status, value = _told(trouble, request)
        headers = {"retry-after": f"{trouble.retry_after:g}"} if trouble.retry_after is not None else {}
        if wire.streams(request):
            return Answer(status=status, headers={**SSE, **headers}, pieces=(wire.sse(1, value, name="error", status=status),))
        return whole(value, status=status, headers=headers)

    def error_event(self, trouble: Trouble, request: Request) -> bytes:
        status, value = _told(trouble, request)
        return wire.sse(1, value, name="error", status=status)


def _told(trouble: Trouble, request: Request) -> tuple[int, dict[str, str]]:
    status, code, message = errors.refusal(trouble)
    return status, {"code": code, "message": message, "request_id": wire.uuid(request.id)}
