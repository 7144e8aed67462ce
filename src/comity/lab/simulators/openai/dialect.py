# SPDX-License-Identifier: Apache-2.0
"""The dialect as the frame sees it: which path is answered by what, whose key, and how a trouble is told."""

from __future__ import annotations

from collections.abc import Callable

from comity.lab.simulators.answer import Answer, Request, Trouble, whole
from comity.lab.simulators.openai import errors
from comity.lab.simulators.openai.chat import chat
from comity.lab.simulators.openai.errors import Speaker
from comity.lab.simulators.openai.files import images, speech, transcriptions
from comity.lab.simulators.openai.responses import responses
from comity.lab.simulators.openai.vectors import embeddings, rerank

PATHS: dict[Speaker, str] = {"openai": "/v1", "model-studio": "/compatible-mode/v1", "vllm": "/v1"}
MODEL_STUDIO_RERANK, COHERE_RERANK = "/compatible-api/v1/reranks", "/v2/rerank"
MODEL_STUDIO_RESPONSES = "/api/v2/apps/protocols/compatible-mode/v1/responses"
"""https://help.aliyun.com/zh/model-studio/compatibility-with-openai-responses-api"""


class OpenAI:
    """``path``: what goes before each operation; ``models``: those that are here, else any name is answered to."""

    def __init__(self, speaker: Speaker = "openai", *, path: str = "", models: tuple[str, ...] = ()) -> None:
        self._speaker, self._models = speaker, models
        self._path = (path or PATHS[speaker]).rstrip("/")
        at: dict[str, Callable[[Request], Answer]] = {
            "/chat/completions": lambda request: chat(request, speaker),
            "/responses": lambda request: responses(request, speaker),
            "/embeddings": lambda request: embeddings(request, speaker),
            "/audio/transcriptions": transcriptions,
            "/audio/speech": speech,
            "/images/generations": images,
        }
        self._posted = {self._path + name: answer for name, answer in at.items()}
        if speaker == "model-studio":
            self._posted |= {MODEL_STUDIO_RERANK: rerank, MODEL_STUDIO_RESPONSES: at["/responses"]}
        if speaker == "vllm":
            self._posted |= dict.fromkeys((self._path + "/rerank", "/rerank", COHERE_RERANK), rerank)

    def key(self, request: Request) -> str | None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        return key if scheme.lower() == "bearer" else request.headers.get("api-key", "")  # as Azure is shown one

    async def answer(self, request: Request) -> Answer:
        if request.method == "GET" and request.path.startswith(self._path + "/models"):
            return self._listed(request)
        answer = self._posted.get(request.path) if request.method == "POST" else None
        if answer is None:
            raise Trouble("path", f"Invalid URL ({request.method} {request.path})")
        if self._models and request.headers.get("content-type", "").startswith("application/json"):
            model = request.json().get("model")
            if isinstance(model, str) and model not in self._models:
                raise Trouble("model", "")
        return answer(request)

    def _listed(self, request: Request) -> Answer:
        """https://developers.openai.com/api/reference/resources/models"""
        names = self._models or ("simulated",)
        rows = {name: {"id": name, "object": "model", "created": int(request.at), "owned_by": "comity-lab"} for name in names}
        asked = request.path.removeprefix(self._path + "/models").lstrip("/")
        if not asked:
            return whole({"object": "list", "data": list(rows.values())})
        if asked not in rows:
            raise Trouble("model", "")
        return whole(rows[asked])

    def error(self, trouble: Trouble, request: Request) -> Answer:
        return errors.error(trouble, request, self._speaker)

    def error_event(self, trouble: Trouble, request: Request) -> bytes:
        return errors.error_event(trouble, request, self._speaker)
