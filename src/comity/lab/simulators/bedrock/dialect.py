# SPDX-License-Identifier: Apache-2.0
"""Which request goes where, and how a refusal is told: by a header with its name and a body with its message."""

from __future__ import annotations

from urllib.parse import quote

from comity.lab.simulators import brain
from comity.lab.simulators.answer import JSON, Answer, Request, Trouble, whole
from comity.lab.simulators.bedrock import asked, errors, keys, reply
from comity.lab.simulators.bedrock.keys import SecretOf
from comity.providers.adapters.bedrock.frames import CONTENT_TYPE

OPERATIONS = ("/converse-stream", "/converse")
SCHEME = "http://internal.amazon.com/coral/com.amazon.bedrock/"  # what follows a name in the header


class Bedrock:
    """``models``: those that are there; none: any.  ``secret_of``: the secret by which a region's requests are signed."""

    def __init__(self, *, secret_of: SecretOf, path: str = "", models: tuple[str, ...] = ()) -> None:
        self._secret_of, self._path, self._models = secret_of, path.rstrip("/"), models

    def key(self, request: Request) -> str | None:
        model, operation = self._asked_of(request)
        # A name is encoded when it is sent, and so it was signed; here it arrives decoded.
        return keys.shown(request, f"{self._path}/model/{quote(model, safe='')}{operation}", self._secret_of)

    async def answer(self, request: Request) -> Answer:
        model, operation = self._asked_of(request)
        if self._models and model not in self._models:
            raise Trouble("model", "")
        wish = asked.asked(asked.read(request.json()), model, filtered=request.filtered)
        return _told(request, brain.say(wish), reply.stopped(wish), operation)

    def _asked_of(self, request: Request) -> tuple[str, str]:
        path = request.path.removeprefix(self._path)
        for operation in OPERATIONS:
            if request.method == "POST" and path.startswith("/model/") and path.endswith(operation):
                return path.removeprefix("/model/").removesuffix(operation), operation
        raise Trouble("path", "")

    def error(self, trouble: Trouble, request: Request) -> Answer:
        if trouble.kind == "inspection":  # what a guardrail stops is answered, and not refused
            script = brain.Script(text=reply.BLOCKED, finish="content_filter", usage=brain.Usage(prompt=0, completion=0))
            return _told(request, script, "guardrail_intervened", self._asked_of(request)[1])
        status, code, message = errors.refusal(_of_region(trouble, request))
        headers = _headers(request) | {"x-amzn-errortype": f"{code}:{SCHEME}"}
        if trouble.retry_after is not None:
            headers["retry-after"] = f"{trouble.retry_after:g}"
        return whole({"message": message}, status=status, headers=headers)

    def error_event(self, trouble: Trouble, request: Request) -> bytes:
        _, name, message = errors.in_stream(trouble)
        return reply.exception(name, message)


def _of_region(trouble: Trouble, request: Request) -> Trouble:
    """A key of another region: its signature held, or it was not held to be one."""
    if trouble.kind != "key" or trouble.code or trouble.status:
        return trouble
    if request.headers.get("authorization", "").startswith("Bearer "):
        return Trouble("key", errors.NO_API_KEY, code="AccessDeniedException")
    return errors.signature(errors.OUT_OF_SCOPE)


def _headers(request: Request) -> dict[str, str]:
    digits = request.id
    return {"x-amzn-requestid": "-".join((digits[:8], digits[8:12], "4" + digits[13:16], "8" + digits[17:20], digits[20:32]))}


def _told(request: Request, script: brain.Script, reason: str, operation: str) -> Answer:
    if operation == "/converse":
        return whole(reply.whole(script, reason), headers={**JSON, **_headers(request)})
    headers = {"content-type": CONTENT_TYPE, **_headers(request)}
    return Answer(headers=headers, pieces=tuple(reply.stream(script, reason)), streamed=True)
