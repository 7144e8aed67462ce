# SPDX-License-Identifier: Apache-2.0
"""A partner of the lab: OpenAI's dialect on loopback, a real model behind it, and a count of what reached it.

    LAB_PARTNER_KEY=… python -m comity.lab.partner --region cn-beijing --path /compatible-mode/v1 --port 0

Its key is bound to its region, as a real one is.  With Alibaba's path, errors have the form that Model Studio documents for its
compatible mode.  It prints one line of JSON with its URL once it answers.
"""

from __future__ import annotations

import argparse
import asyncio
import hmac
import json
import socket
import sys
from collections import deque
from typing import Any

from comity.config import DeploymentConfig, PathsConfig
from comity.device.provider import EmbeddedProvider
from comity.errors import CallerError, ComityError
from comity.gateway.http import JSON, SSE, Receive, Scope, Send, encode, header_map, read_body, respond
from comity.gateway.serve import listen
from comity.jurisdictions.vocab import load_vocabulary
from comity.ports import SystemClock, environment
from comity.providers.base import Deployment
from comity.providers.catalog.resolve import resolve
from comity.wire.decode import decode_chat

BODIES_KEPT = 20
BODY_BYTES_MAX = 4_194_304


class Partner:
    def __init__(self, deployment: Deployment, model: EmbeddedProvider, *, path: str, key: str, region: str) -> None:
        self._deployment, self._model = deployment, model
        self._path, self._key, self._region = path.rstrip("/"), key, region
        self._requests = 0
        self._bodies: deque[Any] = deque(maxlen=BODIES_KEPT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/_lab/received":
            await respond(send, 200, encode({"requests": self._requests, "bodies": list(self._bodies)}), [JSON])
            return
        self._requests += 1
        try:
            headers = header_map(scope["headers"])
            if not hmac.compare_digest(headers.get("authorization", "").encode(), f"Bearer {self._key}".encode()):
                raise CallerError(f"Incorrect API key provided for {self._region}.", code="invalid_api_key", status=401)
            if (scope["method"], scope["path"]) == ("GET", f"{self._path}/models"):
                await respond(send, 200, encode({"object": "list", "data": [{"id": self._deployment.id, "object": "model"}]}), [JSON])
            elif (scope["method"], scope["path"]) == ("POST", f"{self._path}/chat/completions"):
                await self._chat(await read_body(receive, headers, BODY_BYTES_MAX), send)
            else:
                raise CallerError("Not found.", code="not_found", status=404)
        except ComityError as error:
            body = {"message": str(error), "type": "invalid_request_error", "param": None, "code": error.code}
            await respond(send, error.status, encode({"error": body}), [JSON])

    async def _chat(self, raw: bytes, send: Send) -> None:
        request, _ = decode_chat(raw)
        self._bodies.append(json.loads(raw))
        answer = await self._model.send(self._deployment, request)
        try:
            if not request.stream:
                await respond(send, 200, b"".join([piece async for piece in answer.chunks()]), [JSON])
                return
            await send({"type": "http.response.start", "status": 200, "headers": [SSE]})
            async for piece in answer.chunks():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            await answer.aclose()


async def serve(args: argparse.Namespace) -> None:
    key = environment("LAB_PARTNER_KEY")
    if not key:
        raise CallerError("LAB_PARTNER_KEY is not set", code="lab.no_key")
    config = DeploymentConfig(id="stand-in", provider="embedded", model=args.model, context_tokens=4096)
    deployment = resolve(config, vocabulary=load_vocabulary(), as_of=SystemClock().now().date())
    model = EmbeddedProvider(deployment, paths=PathsConfig())
    await model.start()
    listening = socket.create_server(("127.0.0.1", args.port))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    application = Partner(deployment, model, path=args.path, key=key, region=args.region)

    try:
        await listen(application, listening, lambda: print(json.dumps({"url": url}), flush=True))
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
