# SPDX-License-Identifier: Apache-2.0
"""Order the allowed candidates: device first, then by priority, then as configured.  Pure; it can drop, never add."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from comity.policy.decision import Decision, Effect
from comity.providers.base import Deployment
from comity.wire.chat import ChatRequest
from comity.wire.request import Request

T = TypeVar("T")


class Candidate(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Kept with its decision, so what follows from the two alone is worked out once (`cached`)."""

    deployment: Deployment
    decision: Decision

    def cached(self, make: Callable[[Candidate], T]) -> T:
        """What ``make``, a function of a module, makes of it."""
        kept = self.__dict__
        try:
            made: T = kept[make.__qualname__]
        except KeyError:
            made = kept[make.__qualname__] = make(self)
        return made


class RoutePlan(msgspec.Struct, frozen=True, kw_only=True):
    """`attempts` in the order they may be tried; `unfit` names allowed places that cannot serve this request, and why."""

    attempts: tuple[Candidate, ...]
    unfit: tuple[tuple[str, str], ...] = ()


# Characters a token holds at least: English about 4, Chinese about 1.5 (measured on the embedded tokenizer).
CHARACTERS_PER_TOKEN_MIN = 1.5


def _unfit(deployment: Deployment, request: Request, characters: int) -> str:
    """Why this place cannot serve the request whole; what it cannot carry is never left out silently."""
    profile, operation = deployment.profile, request.operation
    carried = deployment.features.get(operation)
    if operation not in profile.operations or carried is None:
        return f"it does no {operation}"
    needs, media = request.needs(), request.media()
    if "tools" in needs and not profile.tools:
        return "it takes no tools"
    if "json_schema" in needs and not profile.json_schema:
        return "it holds to no JSON schema"
    if operation == "chat" and media - profile.inputs:
        return f"its model takes no {', '.join(sorted(media - profile.inputs))}"
    if operation == "chat" and profile.hears and "audio" not in media:
        return "its model answers to a sound alone"
    if needs - carried:
        return f"its dialect ({deployment.dialect}) cannot carry {', '.join(sorted(needs - carried))}"
    wanted = (request.max_completion_tokens or request.max_tokens or 0) if isinstance(request, ChatRequest) else 0
    if characters / CHARACTERS_PER_TOKEN_MIN + wanted > profile.context_tokens:
        return f"the prompt may not fit its {profile.context_tokens} tokens"
    return ""


def plan(candidates: Sequence[Candidate], request: Request, characters: int) -> RoutePlan:
    """Only what its own decision allows is attempted, whatever the order or the capability."""
    fit: list[Candidate] = []
    unfit: list[tuple[str, str]] = []
    for candidate in candidates:
        if candidate.decision.effect is not Effect.ALLOW:
            continue
        why = _unfit(candidate.deployment, request, characters)
        if why:
            unfit.append((candidate.deployment.id, why))
        else:
            fit.append(candidate)
    fit.sort(key=lambda candidate: (not candidate.deployment.on_device, candidate.deployment.priority))  # stable: then as configured
    return RoutePlan(attempts=tuple(fit), unfit=tuple(unfit))
