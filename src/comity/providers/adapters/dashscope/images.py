# SPDX-License-Identifier: Apache-2.0
"""Images: at once or as a task, always left at an address, from which they are fetched here so that they can be labelled.

https://help.aliyun.com/en/model-studio/qwen-image-api, …/text-to-image-v2-api-reference
"""

from __future__ import annotations

import base64
from typing import Any

from comity.providers.adapters.dashscope import tasks
from comity.providers.adapters.dashscope.answers import Made
from comity.providers.adapters.dashscope.families import MULTIMODAL, drawn_later
from comity.providers.adapters.dashscope.wire import Body, Line, broken, encode, member, refuse, refused, said_at
from comity.wire.images import ImageRequest

_IMAGE = ("image/png", "image/jpeg", "image/webp", "application/octet-stream", "binary/octet-stream")


async def drawn(line: Line, request: ImageRequest, patience: tasks.Patience) -> Made:
    for name in ("quality", "background", "style", "user"):
        if getattr(request, name) is not None:
            raise refuse(name)
    if request.output_format not in (None, "png"):
        raise refuse(f"output_format of {request.output_format}")
    parameters: Body = {} if request.n is None else {"n": request.n}
    if request.size is not None and request.size != "auto":
        parameters["size"] = request.size.replace("x", "*")
    async with patience.bound():
        if drawn_later(line.deployment.model):
            path = "/services/aigc/text2image/image-synthesis"
            body, begun = await tasks.done(line, path, {"prompt": request.prompt}, parameters, patience=patience)
            found = _of_a_task(body["output"])
        else:
            messages = [{"role": "user", "content": [{"text": request.prompt}]}]
            body, begun = await line.ask(MULTIMODAL, {"messages": messages}, parameters)
            found = _at_once(body)
        if not found:
            raise broken("the partner's answer has no image")
        data = [{"b64_json": await _fetched(line, url), **more} for url, more in found]
    return Made(encode({"created": said_at(begun), "data": data}), begun.rate_limits)


def _at_once(body: Body) -> list[tuple[str, Body]]:
    choices = member(member(body, "output", dict), "choices", list)
    parts = [part for choice in choices for part in member(member(choice, "message", dict), "content", list)]
    return [(member(part, "image", str), {}) for part in parts]


def _of_a_task(output: Body) -> list[tuple[str, Body]]:
    """A task that succeeded may hold an image that did not."""
    found: list[tuple[str, Body]] = []
    for result in member(output, "results", list):
        if not isinstance(result, dict) or "url" not in result:
            raise refused(result if isinstance(result, dict) else {})
        prompt: Any = result.get("actual_prompt")
        found.append((member(result, "url", str), {"revised_prompt": prompt} if isinstance(prompt, str) else {}))
    return found


async def _fetched(line: Line, url: str) -> str:
    return base64.b64encode(await tasks.fetched(line, url, accept=_IMAGE)).decode()
