# SPDX-License-Identifier: Apache-2.0
"""Text and vision: `text-generation/generation` and `multimodal-generation/generation`, whole or as events."""

from __future__ import annotations

from typing import Any

import msgspec

from comity.lab.simulators import brain
from comity.lab.simulators.answer import Answer, Request, Trouble, whole
from comity.lab.simulators.dashscope import errors, wire
from comity.lab.simulators.dashscope.asked import THINKS, Fetch, Input, Parameters, asked, check, messages_of
from comity.lab.simulators.dashscope.reply import Shape, calls, events


def generate(request: Request, body: wire.Body, fetch: Fetch) -> Answer:
    """An answer to messages.  ``fetch`` reads the files that were sent before."""
    kind = wire.must_be(body.model, "vision" if "/multimodal-generation/" in request.path else "text")
    given = wire.typed(body.input, Input, "input")
    wanted = wire.typed(body.parameters, Parameters, "parameters")
    streams = wire.streams(request)
    thinks = wanted.enable_thinking if wanted.enable_thinking is not None else bool(THINKS.match(body.model))
    messages = messages_of(given)
    wish = asked(body.model, messages, wanted, fetch, thinks=thinks, filtered=request.filtered)
    shape = Shape(kind, body.model, wanted, images=sum(seen.kind == "image" for seen in wish.seen))
    check(body.model, wanted, messages, streams=streams, thinks=thinks, in_messages=shape.in_messages)
    script = _budgeted(brain.say(wish), wanted.thinking_budget)
    if not streams:
        if script.finish == "content_filter":
            raise Trouble("inspection", errors.OUTPUT_INSPECTED)
        choices = [shape.choice(script, script.reasoning, script.text, calls(script), script.finish, place) for place in range(wanted.n)]
        return whole(wire.said(request, shape.output(choices), shape.usage(script, script.usage.completion * wanted.n)))
    then = b""
    if script.finish == "content_filter":
        then = wire.sse(1, _told(request), name="error", status=400)
    return wire.streamed(events(request, script, shape), then=then)


def _told(request: Request) -> dict[str, Any]:
    return {"code": "DataInspectionFailed", "message": errors.OUTPUT_INSPECTED, "request_id": wire.uuid(request.id)}


def _budgeted(script: brain.Script, budget: int | None) -> brain.Script:
    """Thinking that reaches its budget is cut, and the answer follows at once."""
    pieces = brain.tokens(script.reasoning)
    if budget is None or len(pieces) <= budget:
        return script
    spared = len(pieces) - budget
    usage = msgspec.structs.replace(script.usage, completion=script.usage.completion - spared, reasoning=budget)
    return msgspec.structs.replace(script, reasoning="".join(pieces[:budget]), usage=usage)
