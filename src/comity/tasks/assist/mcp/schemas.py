# SPDX-License-Identifier: Apache-2.0
"""An intent's parameters as JSON Schema, and back; and whether given arguments are of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from comity.errors import CallerError
from comity.tasks.assist.intents import Intent, Parameter
from comity.tasks.assist.reading.spans import span_of

ARGUMENT_CHARACTERS_MAX = 4000
_FORMATS = {"datetime": "date-time", "date": "date", "time": "time", "duration": "duration"}


def schema_of(intent: Intent) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {each.name: _schema(each) for each in intent.parameters},
        "required": [each.name for each in intent.parameters if each.required],
        "additionalProperties": False,
    }


def _schema(parameter: Parameter) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "string", "maxLength": ARGUMENT_CHARACTERS_MAX}
    if parameter.kind in ("number", "integer", "boolean"):
        made = {"type": parameter.kind}
    elif parameter.kind == "choice":
        made = {"type": "string", "enum": list(parameter.choices)}
    elif parameter.kind == "money":
        made = {
            "type": "object", "properties": {"amount": {"type": "number"}, "currency": {"type": "string"}},
            "required": ["amount", "currency"], "additionalProperties": False,
        }  # fmt: skip
    elif parameter.kind in _FORMATS:
        made["format"] = _FORMATS[parameter.kind]
    if parameter.says:
        made["description"] = parameter.says
    return {"type": "array", "items": made, "maxItems": 50} if parameter.many else made


def checked(intent: Intent, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Raises CallerError where a name or a value is none that the intent takes."""
    for name in arguments:
        if intent.parameter(name) is None:
            raise _wrong(intent, name)
    for each in intent.parameters:
        if each.name not in arguments:
            if each.required:
                raise CallerError(f"`{intent.name}` needs `{each.name}`", code="assist.argument", field=each.name, hint=each.says)
            continue
        value = arguments[each.name]
        every = value if each.many and isinstance(value, list) and len(value) <= 50 else [value]
        if (each.many and not isinstance(value, list)) or not all(_is(each, one) for one in every):
            raise _wrong(intent, each.name)
    return dict(arguments)


def _is(parameter: Parameter, value: Any) -> bool:
    kind = parameter.kind
    if kind == "boolean":
        return isinstance(value, bool)
    if kind in ("number", "integer"):
        return isinstance(value, int if kind == "integer" else int | float) and not isinstance(value, bool)
    if kind == "money":
        return isinstance(value, dict) and set(value) == {"amount", "currency"} and isinstance(value["amount"], int | float)
    if not isinstance(value, str) or len(value) > ARGUMENT_CHARACTERS_MAX:
        return False
    readers = {"datetime": datetime.fromisoformat, "date": date.fromisoformat, "time": time.fromisoformat, "duration": span_of}
    if kind in readers:
        try:
            readers[kind](value)
        except ValueError:
            return False
    return kind != "choice" or value in parameter.choices


def _wrong(intent: Intent, name: str) -> CallerError:
    return CallerError(
        f"`{name[:64]}` is nothing that `{intent.name}` takes so", code="assist.argument", field=name[:64], hint="see its schema"
    )


_TYPES = {"string": "text", "number": "number", "integer": "integer", "boolean": "boolean"}
_KINDS = {"date-time": "datetime", "date": "date", "time": "time", "duration": "duration"}


def parameters_from(schema: Mapping[str, Any]) -> tuple[Parameter, ...] | None:
    """Of another server's tool; None where something required has a form that no words become."""
    required = schema.get("required", ())
    made = []
    for name, one in (schema.get("properties") or {}).items():
        many = isinstance(one, dict) and one.get("type") == "array"
        inner = one.get("items", {}) if many else one
        kind, choices = _kind(inner)
        if kind:
            made.append(Parameter(name=name, kind=kind, required=name in required, many=many, choices=choices))
        elif name in required:
            return None
    return tuple(made)


def _kind(one: Any) -> tuple[str, dict[str, tuple[str, ...]]]:
    if not isinstance(one, dict):
        return "", {}
    if isinstance(one.get("enum"), list):
        return "choice", {str(each): (str(each).replace("_", " "),) for each in one["enum"]}
    return _KINDS.get(str(one.get("format", "")), _TYPES.get(str(one.get("type", "")), "")), {}
