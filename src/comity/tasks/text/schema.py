# SPDX-License-Identifier: Apache-2.0
"""The part of JSON Schema (2020-12) that an extraction is held to: what a grammar can hold a model to, and what is checked afterwards.

What would only be half held is refused before anything is asked; titles, descriptions, defaults and formats are for the model to read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from comity.errors import CallerError

BYTES_MAX = 32_768
DEPTH_MAX = 32
STEPS_MAX = 20_000
"""Of one check: forms of forms of forms, or a `$ref` that leads to itself in two of them, are as many as 2 to the depth."""
NULL_STEPS_MAX = 200
_SAID = frozenset(
    """$schema $id $comment title description default examples format deprecated readOnly writeOnly $defs definitions""".split()  # noqa: SIM905
)
_HELD = frozenset(
    """
    $ref type enum const properties required additionalProperties items minItems maxItems uniqueItems minLength maxLength minimum maximum
    exclusiveMinimum exclusiveMaximum multipleOf anyOf oneOf allOf discriminator
    """.split()  # noqa: SIM905
)
_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value == int(value),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}
Schema = Mapping[str, Any]


def require(schema: Schema) -> None:
    """Raises CallerError for a schema that is none, is too large, or asks for what is not held here."""
    try:
        size = len(msgspec.json.encode(schema))
    except (TypeError, ValueError, RecursionError, OverflowError):
        raise _wrong("the schema is no JSON", "a JSON schema as an object") from None
    if size > BYTES_MAX:
        raise _wrong(f"the schema is larger than {BYTES_MAX} bytes", "ask for less at once")
    _held(schema, schema, 0, set())
    top = resolved(schema, schema)
    if top.get("type") != "object" or not isinstance(top.get("properties"), dict):
        raise _wrong("the schema is not one of an object with `properties`", '{"type": "object", "properties": {…}}')


def problem(value: Any, schema: Schema | bool, root: Schema | None = None, *, steps: int = STEPS_MAX) -> str:
    """The path of the first member that does not hold, and why; "" where all holds.  What takes more ``steps`` does not hold."""
    return next(_Check((schema if isinstance(schema, dict) else {}) if root is None else root, steps).problems(value, schema, "", 0), "")


def resolved(schema: Schema, root: Schema) -> Schema:
    """What a `$ref` of the same document leads to."""
    for _ in range(DEPTH_MAX):
        if "$ref" not in schema:
            return schema
        found: Any = root
        for step in str(schema["$ref"]).removeprefix("#").split("/")[1:]:
            found = found.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
        if not str(schema["$ref"]).startswith("#") or not isinstance(found, dict):
            raise _wrong("a `$ref` of the schema leads nowhere in it", "put it under `$defs`")
        schema = {**found, **{name: value for name, value in schema.items() if name != "$ref"}}
    raise _wrong("a `$ref` of the schema leads to itself", "say what it holds")


def by_name(schema: Schema) -> dict[str, Any]:
    """As it is, but where a `$ref` leads to the schema itself (`#`) that has a name: what holds a model to a schema follows names alone."""
    named = schema.get("$defs", {})
    name = next(name for name in ("itself", *map("itself{}".format, range(2, len(named) + 3))) if name not in named)
    moved = _led(schema, f"#/$defs/{name}")
    if moved == schema:
        return dict(schema)
    shelves = {each: moved.pop(each) for each in _SHELVES if each in moved}
    return {"$ref": f"#/$defs/{name}", **shelves, "$defs": {**shelves.get("$defs", {}), name: moved}}


_SHELVES = ("$defs", "definitions")
_MEMBERS = frozenset(("properties", *_SHELVES))
_VALUES = frozenset(("enum", "const", "default", "examples"))


def _led(schema: Any, home: str) -> Any:
    """With every `$ref` that leads into the schema's own body led to ``home``."""
    if isinstance(schema, list):
        return [_led(each, home) for each in schema]
    if not isinstance(schema, dict):
        return schema
    out: dict[str, Any] = {}
    for name, each in schema.items():
        if name in _MEMBERS and isinstance(each, dict):
            out[name] = {member: _led(one, home) for member, one in each.items()}
        elif name == "$ref" and isinstance(each, str) and each.startswith("#") and not each.startswith(("#/$defs/", "#/definitions/")):
            out[name] = home + each[1:]
        else:
            out[name] = each if name in _VALUES else _led(each, home)
    return out


def open_to_null(schema: Schema) -> dict[str, Any]:
    """What a model is held to: each member is there, and may be null where the text does not say it."""
    out: dict[str, Any] = {}
    for name, value in schema.items():
        if name == "properties" and isinstance(value, dict):
            out[name] = {member: _or_null(open_to_null(each)) for member, each in value.items() if isinstance(each, dict)}
        elif isinstance(value, dict) and name in ("$defs", "definitions"):
            out[name] = {member: open_to_null(each) for member, each in value.items() if isinstance(each, dict)}
        elif isinstance(value, dict) and name in ("items", "additionalProperties"):
            out[name] = open_to_null(value)
        elif isinstance(value, list) and name in ("anyOf", "oneOf", "allOf"):
            out[name] = [open_to_null(each) if isinstance(each, dict) else each for each in value]
        else:
            out[name] = value
    if isinstance(out.get("properties"), dict):
        out["required"] = list(out["properties"])
        out.setdefault("additionalProperties", False)
    return out


def without_nulls(value: Any, schema: Schema | bool, root: Schema) -> Any:
    """Members that are null and may not be are left out."""
    schema = resolved(schema, root) if not isinstance(schema, bool) else {}
    if isinstance(value, dict):
        members = schema.get("properties", {})
        kept = {}
        for name, each in value.items():
            inner = members.get(name, {})
            if each is None and problem(None, inner, root, steps=NULL_STEPS_MAX):
                continue
            kept[name] = without_nulls(each, inner, root)
        return kept
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        return [without_nulls(each, schema["items"], root) for each in value]
    return value


def _or_null(schema: Schema) -> dict[str, Any]:
    kind = schema.get("type")
    nullable = kind == "null" or (isinstance(kind, list) and "null" in kind) or {"type": "null"} in schema.get("anyOf", ())
    if nullable:
        return dict(schema)
    said = {name: schema[name] for name in ("description", "title") if name in schema}
    return {**said, "anyOf": [{name: value for name, value in schema.items() if name not in said}, {"type": "null"}]}


def _held(schema: Any, root: Schema, depth: int, led: set[str]) -> None:
    """``led``: where each `$ref` that was followed leads."""
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict) or depth > DEPTH_MAX:
        raise _wrong("the schema is not well made, or nested too deep", "a JSON schema as an object")
    odd = next((name for name in schema if name not in _HELD and name not in _SAID), "")
    if odd:
        raise _wrong(f"the schema uses `{str(odd)[:32]}`, which nothing here is held to", "leave it out, and check it yourself")
    _well_made(schema)
    if "$ref" in schema and schema["$ref"] not in led:  # it may lead to where nothing else is looked at: into a default
        led.add(schema["$ref"])
        _held(resolved(schema, root), root, depth + 1, led)
    for name in ("properties", "$defs", "definitions"):
        for each in schema.get(name, {}).values():
            _held(each, root, depth + 1, led)
    for name in ("items", "additionalProperties"):
        if name in schema:
            _held(schema[name], root, depth + 1, led)
    for name in ("anyOf", "oneOf", "allOf"):
        for each in schema.get(name, ()):
            _held(each, root, depth + 1, led)


_FORMS: Mapping[str, tuple[type, ...]] = {
    "properties": (dict,), "$defs": (dict,), "definitions": (dict,), "required": (list,), "enum": (list,), "anyOf": (list,),
    "oneOf": (list,), "allOf": (list,), "minItems": (int,), "maxItems": (int,), "minLength": (int,), "maxLength": (int,),
    "minimum": (int, float), "maximum": (int, float), "exclusiveMinimum": (int, float), "exclusiveMaximum": (int, float),
    "multipleOf": (int, float), "$ref": (str,), "type": (str, list), "uniqueItems": (bool,),
}  # fmt: skip


def _well_made(schema: Schema) -> None:
    for name, forms in _FORMS.items():
        if name in schema and (not isinstance(schema[name], forms) or (isinstance(schema[name], bool) and bool not in forms)):
            raise _wrong(f"`{name}` of the schema has not its form", "see JSON Schema 2020-12")
    kinds = schema.get("type", [])
    for kind in [kinds] if isinstance(kinds, str) else kinds:
        if not isinstance(kind, str) or kind not in _TYPES:
            raise _wrong("the schema names a type that there is not", ", ".join(_TYPES))
    if not all(isinstance(name, str) for name in schema.get("required", ())):
        raise _wrong("`required` of the schema has not its form", "a list of names")


class _Check:
    """One value against one schema, in at most ``steps`` looks."""

    def __init__(self, root: Schema, steps: int) -> None:
        self._root, self._left = root, steps

    def problems(self, value: Any, schema: Any, path: str, depth: int) -> Iterator[str]:
        self._left -= 1
        if self._left < 0:
            yield _at(path, "too much to look at")
            return
        if isinstance(schema, bool):
            if not schema:
                yield _at(path, "not allowed")
            return
        if depth > DEPTH_MAX:
            yield _at(path, "nested too deep")
            return
        schema = resolved(schema, self._root)
        kinds = schema.get("type")
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if kinds is not None and not any(_TYPES[kind](value) for kind in kinds):
            yield _at(path, "another type")
            return
        if "enum" in schema and not any(_same(value, each) for each in schema["enum"]):
            yield _at(path, "none of the values")
        if "const" in schema and not _same(value, schema["const"]):
            yield _at(path, "another value")
        if isinstance(value, str):
            yield from _sized(len(value), schema, "Length", path)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield from _numbers(value, schema, path)
        elif isinstance(value, list):
            yield from self._items(value, schema, path, depth)
        elif isinstance(value, dict):
            yield from self._members(value, schema, path, depth)
        yield from self._forms(value, schema, path, depth)

    def _forms(self, value: Any, schema: Schema, path: str, depth: int) -> Iterator[str]:
        for each in schema.get("allOf", ()):
            yield from self.problems(value, each, path, depth + 1)
        fits = [sum(1 for each in schema[name] if not any(self.problems(value, each, path, depth + 1))) for name in ("anyOf", "oneOf")
                if name in schema]  # fmt: skip
        if 0 in fits or ("oneOf" in schema and fits[-1] != 1):
            yield _at(path, "none of the forms, or several")

    def _items(self, value: list[Any], schema: Schema, path: str, depth: int) -> Iterator[str]:
        yield from _sized(len(value), schema, "Items", path)
        if schema.get("uniqueItems") and any(_same(a, b) for at, a in enumerate(value) for b in value[:at]):
            yield _at(path, "twice the same")
        for at, each in enumerate(value if "items" in schema else ()):
            yield from self.problems(each, schema["items"], f"{path}[{at}]", depth + 1)

    def _members(self, value: Mapping[str, Any], schema: Schema, path: str, depth: int) -> Iterator[str]:
        members = schema.get("properties", {})
        for name in schema.get("required", ()):
            if name not in value:
                yield _at(f"{path}.{name}", "missing")
        for name, each in value.items():
            yield from self.problems(each, members.get(name, schema.get("additionalProperties", True)), f"{path}.{name}", depth + 1)


def _sized(size: int, schema: Schema, what: str, path: str) -> Iterator[str]:
    if size < schema.get(f"min{what}", 0):
        yield _at(path, "too short")
    if size > schema.get(f"max{what}", size):
        yield _at(path, "too long")


def _numbers(value: float, schema: Schema, path: str) -> Iterator[str]:
    low, high = schema.get("minimum", value), schema.get("maximum", value)
    if not low <= value <= high or value <= schema.get("exclusiveMinimum", value - 1) or value >= schema.get("exclusiveMaximum", value + 1):
        yield _at(path, "out of range")
    step = schema.get("multipleOf")
    if step and value % step:
        yield _at(path, "no multiple")


def _same(left: Any, right: Any) -> bool:
    """As JSON compares: true is not 1."""
    if isinstance(left, bool) != isinstance(right, bool):
        return False
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[name], right[name]) for name in left)
    return bool(left == right)


def _at(path: str, why: str) -> str:
    return f"{path.lstrip('.')[:120]}: {why}" if path else why


def _wrong(what: str, mend: str) -> CallerError:
    return CallerError(what, code="request.invalid", field="schema", hint=mend)
