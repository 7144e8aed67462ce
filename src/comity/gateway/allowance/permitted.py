# SPDX-License-Identifier: Apache-2.0
"""What a key may be used for: purposes, tasks, models.  Pure; an allowance narrows what the law allows and never widens it."""

from __future__ import annotations

from collections.abc import Iterable

from comity.config import KeyConfig
from comity.errors import CallerError


def check(key: KeyConfig, *, purpose: str, task: str | None) -> None:
    """Raises CallerError (403) for a purpose or a task that ``key`` may not be used for.  A key held to tasks says one."""
    if key.purposes and purpose not in key.purposes:
        raise _refused(key, f"purpose `{purpose}`", key.purposes, code="key.purpose", field="comity-purpose")
    if key.tasks and task not in key.tasks:
        said = f"task `{task}`" if task is not None else "request without a task"
        raise _refused(key, said, key.tasks, code="key.task", field="comity-task")


def check_model(key: KeyConfig, model: str) -> None:
    """Raises CallerError (403) for a deployment that ``key`` may not ask."""
    if key.models and model not in key.models:
        raise _refused(key, f"model `{model[:64]}`", key.models, code="key.model", field="model")


def beyond(key: KeyConfig, model: str, allowed: Iterable[str]) -> CallerError:
    """For a deployment that a narrower request leaves out."""
    return _refused(key, f"model `{model[:64]}`", allowed, code="key.model", field="model")


def _refused(key: KeyConfig, what: str, allowed: Iterable[str], *, code: str, field: str) -> CallerError:
    hint = f"this key may: {', '.join(allowed)}"
    return CallerError(f"key `{key.id}` may not be used for this {what}", code=code, status=403, field=field, hint=hint)
