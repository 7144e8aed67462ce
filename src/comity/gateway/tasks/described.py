# SPDX-License-Identifier: Apache-2.0
"""What each task takes and gives, as types: for the description of `/comity/v1`."""

from __future__ import annotations

from typing import Any, cast, get_type_hints

import msgspec

from comity.tasks.registry import TASKS, input_of, value_of
from comity.tasks.run import Terms
from comity.tasks.shapes import Result


def asked() -> list[type[msgspec.Struct]]:
    """One shape for each task: its input, and how it is to be done."""
    return [_asked(name) for name in TASKS]


def given() -> list[Any]:
    """One shape for each kind of value."""
    out: list[Any] = []
    for name in TASKS:
        made = cast("Any", Result)[value_of(name)]
        if made not in out:
            out.append(made)
    return out


def _asked(name: str) -> type[msgspec.Struct]:
    shape = input_of(name)
    fields: list[Any] = []
    for each in (shape, Terms):
        hints = get_type_hints(each, include_extras=True)
        for field in msgspec.structs.fields(each):
            default = (msgspec.field(default=field.default),) if field.default is not msgspec.NODEFAULT else ()
            made = (msgspec.field(default_factory=field.default_factory),) if field.default_factory is not msgspec.NODEFAULT else default
            fields.append((field.name, hints[field.name], *made))
    says = (shape.__doc__ or "").strip() if shape.__doc__ and not shape.__doc__.startswith(shape.__name__ + "(") else ""
    return msgspec.defstruct(f"{shape.__name__}Asked", fields, kw_only=True, forbid_unknown_fields=True, namespace={"__doc__": says})
