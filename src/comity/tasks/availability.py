# SPDX-License-Identifier: Apache-2.0
"""Whether a task can be had, and where: typed, and never silent.  Nothing is sent to find out."""

from __future__ import annotations

from typing import Any

from comity.errors import PolicyDenied
from comity.tasks.capability import Length, Matrix
from comity.tasks.shapes import Availability, NeedsModel, Ready, Refused, RegionalOnly
from comity.tasks.task import Place, Places, Task
from comity.wire.chat import ChatRequest, Message
from comity.wire.request import Operation, Request


async def availability(
    task: Task[Any, Any], places: Places, matrix: Matrix, *, language: str = "en", length: Length = "short", to: str = "",
    unmeasured: bool = False,
) -> Availability:  # fmt: skip
    """For an input of that language and length, which nothing personal is in: a real one may be refused where this one is not.

    ``unmeasured``: models that nobody measured at it count as able, unless a row says otherwise.
    """
    operation = task.operation
    here = [place for place in places.device(operation) if operation in place.operations]
    row = f"{language}>{to}" if to else language
    able: list[tuple[float, Place]] = []
    why: dict[str, str] = {}
    for place in here:
        found = matrix.look(model=place.model, sha256=place.sha256, task=task.name, language=row, length=length)
        if found.able or (unmeasured and found.row is None):
            able.append((found.row.low if found.row is not None else 0.0, place))
        elif place.deployment:
            why[place.model] = found.why
    able.sort(key=lambda one: -one[0])
    present = next((place for _, place in able if not place.absent), None)
    if present is not None:
        return Ready(deployment=present.deployment, model=present.model)
    if able:
        wanted = able[0][1]
        return NeedsModel(model=wanted.model, bytes=wanted.bytes, licence=wanted.licence)
    reason = "; ".join(f"{model}: {said}" for model, said in why.items()) or f"no deployment on this device does {operation}"
    sample = _sample(operation)
    if not places.region(operation) or sample is None:
        return Refused(reason=f"not here ({reason}), and no deployment elsewhere does {operation}")
    try:
        lawful = await places.lawful(sample)
    except PolicyDenied as denied:
        return Refused(reason=str(denied), citation=citation_of(denied))
    if not lawful:
        return Refused(reason=f"not here ({reason}), and no lawful deployment elsewhere is able")
    return RegionalOnly(reason=reason, deployments=tuple(lawful))


def _sample(operation: Operation) -> Request | None:
    """The least that can be asked; None for what nobody but a device is asked."""
    if operation == "chat":
        return ChatRequest(messages=(Message(role="user", content="-"),))
    if operation == "embeddings":
        from comity.wire.embeddings import EmbeddingsRequest

        return EmbeddingsRequest(input="-")
    if operation == "transcription":
        from comity.wire.audio import TranscriptionRequest

        return TranscriptionRequest(file=b"-")
    if operation == "speech":
        from comity.wire.audio import SpeechRequest

        return SpeechRequest(input="-", voice="default", response_format="wav")
    return None


def citation_of(denied: PolicyDenied) -> str:
    """The fact that the first reason rests on."""
    candidates: Any = denied.decision.get("candidates")
    reasons = [reason for each in candidates or () for reason in each.get("reasons") or ()]
    return str(reasons[0].get("fact") or "") if reasons else ""
