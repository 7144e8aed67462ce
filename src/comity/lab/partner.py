# SPDX-License-Identifier: Apache-2.0
"""A partner of the lab: OpenAI's dialect on loopback, on the simulators' frame, and a real model behind it.

    LAB_PARTNER_KEY=… python -m comity.lab.partner --region cn-beijing --path /compatible-mode/v1 --port 0

Its key is bound to its region, as a real one is.  With Alibaba's path, errors have the form that Model Studio documents for its
compatible mode.  It prints one line of JSON with its URL once it answers.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator

from comity.config import DeploymentConfig, PathsConfig
from comity.device.provider import EmbeddedProvider
from comity.errors import CallerError, ComityError
from comity.gateway.serve import listen
from comity.jurisdictions.vocab import load_vocabulary
from comity.lab.simulators.answer import JSON, SSE, Answer, Request, Trouble, whole
from comity.lab.simulators.base import Simulator
from comity.lab.simulators.openai import errors
from comity.lab.simulators.openai.errors import Speaker
from comity.ports import SystemClock, environment
from comity.providers.base import Answer as Told
from comity.providers.base import Deployment
from comity.providers.catalog.resolve import resolve
from comity.wire.decode import decode_chat


class LocalModel:
    """The dialect of chat, with a model of this machine behind it instead of the simulators' brain."""

    def __init__(self, deployment: Deployment, model: EmbeddedProvider, *, path: str) -> None:
        self._deployment, self._model, self._path = deployment, model, path.rstrip("/")
        self._speaker: Speaker = "model-studio" if self._path.startswith("/compatible-mode") else "openai"

    def key(self, request: Request) -> str | None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        return key if scheme == "Bearer" else ""

    async def answer(self, request: Request) -> Answer:
        if (request.method, request.path) == ("GET", f"{self._path}/models"):
            return whole({"object": "list", "data": [{"id": self._deployment.id, "object": "model"}]})
        if (request.method, request.path) != ("POST", f"{self._path}/chat/completions"):
            raise Trouble("path", "Not found.", code="not_found")
        try:
            asked, _ = decode_chat(request.body)
            told = await self._model.send(self._deployment, asked)
        except ComityError as error:
            kind = "parameter" if error.status < 500 else "server"
            raise Trouble(kind, str(error), field=error.field, status=error.status, code=error.code) from error
        if asked.stream:
            return Answer(headers=SSE, pieces=_pieces(told), streamed=True)
        return Answer(headers=JSON, pieces=(b"".join([piece async for piece in _pieces(told)]),))

    def error(self, trouble: Trouble, request: Request) -> Answer:
        return errors.error(trouble, request, self._speaker)

    def error_event(self, trouble: Trouble, request: Request) -> bytes:
        return errors.error_event(trouble, request, self._speaker)


async def _pieces(told: Told) -> AsyncIterator[bytes]:
    try:
        async for piece in told.chunks():
            yield piece
    finally:
        await told.aclose()


async def serve(args: argparse.Namespace) -> None:
    key = environment("LAB_PARTNER_KEY")
    if not key:
        raise CallerError("LAB_PARTNER_KEY is not set", code="lab.no_key")
    config = DeploymentConfig(id="stand-in", provider="embedded", model=args.model, context_tokens=4096)
    deployment = resolve(config, vocabulary=load_vocabulary(), as_of=SystemClock().now().date())
    model = EmbeddedProvider(deployment, paths=PathsConfig())
    await model.start()
    listening = socket.create_server(("127.0.0.1", args.port))
    host = f"127.0.0.1:{listening.getsockname()[1]}"
    dialect = LocalModel(deployment, model, path=args.path)
    application = Simulator(dialect, region=args.region, key=key, hosts=[host], clock=SystemClock())

    try:
        await listen(application.serve, listening, lambda: print(json.dumps({"url": f"http://{host}"}), flush=True))
    finally:
        await model.aclose()


def main() -> int:
    parser = argparse.ArgumentParser(prog="comity.lab.partner", description="a stand-in partner on loopback")
    parser.add_argument("--region", required=True)
    parser.add_argument("--path", default="/v1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--model", default="")
    try:
        asyncio.run(serve(parser.parse_args()))
    except ComityError as error:
        print(f"partner: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
