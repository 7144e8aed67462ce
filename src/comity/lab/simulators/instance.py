# SPDX-License-Identifier: Apache-2.0
"""One value that satisfies a JSON Schema: what a simulated model answers with, or calls a tool with.

Texts are filled with what the caller wrote, so that a test sees it arrive inside arguments too.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from comity.lab.simulators.answer import Trouble

DEPTH_MAX = 24
OPTIONAL_DEPTH_MAX = 4  # below it only what is required: a schema that refers to itself ends there
FORMATS = {
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "time": "00:00:00Z",
    "duration": "P1D",
    "email": "a@b.example",
    "hostname": "b.example",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://b.example/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
IMPLIED = {
    "properties": "object", "required": "object", "items": "array", "prefixItems": "array", "minimum": "number", "maximum": "number",
    "multipleOf": "number",
}  # fmt: skip
SPELT = ("a", "A", "0", "abc", "ABC", "12345", "a1", "a-b", *FORMATS.values())
Schema = Mapping[str, Any]


def instance(schema: Any, text: str) -> Any:
    """A value of ``schema``; Trouble where none was found."""
    return _Builder(schema if isinstance(schema, Mapping) else {}, text).value(schema, 0)


class _Builder:
    def __init__(self, root: Schema, text: str) -> None:
        self._root, self._text = root, text

    def value(self, schema: Any, depth: int) -> Any:
        if depth > DEPTH_MAX:
            raise _impossible("it never ends")
        if not isinstance(schema, Mapping):
            if schema is False:
                raise _impossible("it allows nothing")
            return self._text  # `true`, or nothing said: anything will do
        schema = self._plain(schema, depth)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return schema["enum"][0]
        kind = schema.get("type", self._kind(schema))
        match kind[0] if isinstance(kind, list) and kind else kind:
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, depth)
            case "integer":
                return int(_number(schema, 1))
            case "number":
                return _number(schema, 0)
            case "boolean":
                return True
            case "null":
                return None
        return self._string(schema)

    def _plain(self, schema: Schema, depth: int) -> Schema:
        """References followed, one branch of each choice taken, what must hold together merged."""
        for _ in range(DEPTH_MAX):
            if "$ref" in schema:
                schema = _merged(self._at(str(schema["$ref"])), {key: value for key, value in schema.items() if key != "$ref"})
            elif "allOf" in schema:
                rest = {key: value for key, value in schema.items() if key != "allOf"}
                for part in schema["allOf"]:
                    rest = _merged(rest, self._plain(part, depth))
                schema = rest
            elif "anyOf" in schema or "oneOf" in schema:
                name = "anyOf" if "anyOf" in schema else "oneOf"
                branches = list(schema[name])
                if depth > OPTIONAL_DEPTH_MAX:  # the plainest branch ends a schema that refers to itself
                    branches.sort(key=lambda branch: len(str(branch)))
                schema = _merged({key: value for key, value in schema.items() if key != name}, branches[0])
            else:
                return schema
        raise _impossible("its references go round")

    def _at(self, reference: str) -> Schema:
        found: Any = self._root
        for part in reference.removeprefix("#").split("/")[1:]:
            found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
        if not reference.startswith("#") or not isinstance(found, Mapping):
            raise _impossible(f"`{reference}` is not in it")
        return found

    @staticmethod
    def _kind(schema: Schema) -> str:
        """The type that the other words speak of, where none is named."""
        return next((kind for word, kind in IMPLIED.items() if word in schema), "string")

    def _object(self, schema: Schema, depth: int) -> dict[str, Any]:
        properties, required = schema.get("properties", {}), schema.get("required", ())
        names = [name for name in properties if name in required or depth < OPTIONAL_DEPTH_MAX]
        made: dict[str, Any] = {}
        for name in [*names, *(name for name in required if name not in properties)]:
            try:
                made[name] = self.value(properties.get(name, schema.get("additionalProperties", True)), depth + 1)
            except Trouble:
                if name in required:
                    raise
        return made

    def _array(self, schema: Schema, depth: int) -> list[Any]:
        first = [self.value(each, depth + 1) for each in schema.get("prefixItems", ())]
        least = int(schema.get("minItems", 1 if depth < OPTIONAL_DEPTH_MAX and not first else 0))
        size = max(len(first), min(least, int(schema.get("maxItems", least))))
        made = first + [self.value(schema.get("items", True), depth + 1) for _ in range(size - len(first))]
        if schema.get("uniqueItems") and len({str(each) for each in made}) < len(made):
            made = self._unlike(schema, size)
        return made

    def _unlike(self, schema: Schema, size: int) -> list[Any]:
        items = schema.get("items", True)
        plain = self._plain(items, 0) if isinstance(items, Mapping) else {}
        choices = plain.get("enum") or [
            f"{self._text} {number}" if plain.get("type", "string") == "string" else number for number in range(size)
        ]
        if len(choices) < size or plain.get("type") in ("object", "array", "boolean"):
            raise _impossible("items that differ were not found")
        return list(choices[:size])

    def _string(self, schema: Schema) -> str:
        least, most = int(schema.get("minLength", 0)), schema.get("maxLength")
        if schema.get("format") in FORMATS:
            return FORMATS[str(schema["format"])]
        fitted = (self._text or "a").ljust(least, ".")[: most if most is None else int(most)]
        pattern = schema.get("pattern")
        if pattern is None:
            return fitted
        for spelt in (fitted, *SPELT, *(letter * size for letter in "aA0" for size in range(1, 33))):
            if least <= len(spelt) <= (math.inf if most is None else most) and re.search(str(pattern), spelt):
                return spelt
        raise _impossible(f"no text for the pattern `{pattern}` was found")


def _number(schema: Schema, step: int) -> float | int:
    """The least number that will do, or 1 where nothing forbids it."""
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    unit = schema.get("multipleOf", step)
    found: float | int = 1
    if low is not None and (found < low or (found == low and "exclusiveMinimum" in schema)):
        found = low + (1 if step else 0.5) * ("exclusiveMinimum" in schema)
    if high is not None and (found > high or (found == high and "exclusiveMaximum" in schema)):
        found = (
            low if low is not None and "exclusiveMinimum" not in schema else high - (1 if step else 0.5) * ("exclusiveMaximum" in schema)
        )
    if low is not None and high is not None and not step and not low <= found <= high:
        found = (low + high) / 2
    if unit:
        found = math.ceil(found / unit) * unit
        if high is not None and found > high:
            found = math.floor(high / unit) * unit
    return found


def _merged(one: Any, other: Any) -> dict[str, Any]:
    """Both schemas at once: properties and what is required are joined, of any other word the second is taken."""
    made = dict(one) if isinstance(one, Mapping) else {}
    for key, value in other.items() if isinstance(other, Mapping) else ():
        if key == "properties":
            made[key] = {**made.get(key, {}), **value}
        elif key == "required":
            made[key] = [*made.get(key, ()), *value]
        else:
            made[key] = value
    return made


def _impossible(why: str) -> Trouble:
    return Trouble("parameter", f"No value for this JSON schema: {why}.")
