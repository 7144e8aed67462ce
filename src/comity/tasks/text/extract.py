# SPDX-License-Identifier: Apache-2.0
"""Extract: the members of a JSON schema, filled in from a text.  Each string stands in the text, or is marked as one that does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from comity.errors import CallerError
from comity.tasks.shapes import Draft, Evidence, Gate, Shape
from comity.tasks.task import Ask, Unreadable
from comity.tasks.text.asking import Input, asking, filled, language_of, room
from comity.tasks.text.checks import checked
from comity.tasks.text.schema import by_name, open_to_null, problem, require, resolved, without_nulls
from comity.tasks.text.standing import NOWHERE, standing
from comity.wire.request import Operation

TOKENS_MAX = 1500


class Extract(Input, frozen=True, kw_only=True):
    """``schema``: JSON Schema of an object."""

    schema: dict[str, Any]

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.schema)


class Extracted(Shape, frozen=True, kw_only=True):
    """``fields`` holds to the schema.  ``marked``: paths of strings that do not stand in the text as they are: put another way, or made
    up; who goes on with them looks first."""

    fields: Any
    marked: tuple[str, ...] = ()


class ExtractTask:
    name = "extract"
    operation: Operation = "chat"

    def language(self, asked: Extract) -> str:
        return language_of(asked)

    def size(self, asked: Extract) -> int:
        return len(asked.text)

    async def draft(self, asked: Extract, ask: Ask) -> Draft[Extracted]:
        held = open_to_null(by_name(asked.schema))
        tokens = min(TOKENS_MAX, room(asked.text, language_of(asked), 1.0, 256))
        told = msgspec.json.encode(asked.schema).decode()
        request = asking(asked.text, language_of(asked), self.name, "fields", held=held, tokens=tokens, schema=told)
        said, reply = await filled(ask, request, dict[str, Any])
        fields = without_nulls(said, asked.schema, asked.schema)
        wrong = problem(fields, asked.schema)
        if wrong.endswith(": missing"):
            return Draft(value=Extracted(fields=fields), abstained=True, why="not_in_text", sure=reply.sure)
        if wrong:
            raise Unreadable(f"schema: {wrong}")
        evidence: list[Evidence] = []
        marked: list[str] = []
        for path, text, fixed in _strings(fields, asked.schema, asked.schema, ""):
            found = standing(asked.text, text)
            if found.start != NOWHERE:
                evidence.append(found)
            elif not fixed:
                marked.append(path)
        return Draft(value=Extracted(fields=fields, marked=tuple(marked)), evidence=tuple(evidence), sure=reply.sure)

    def gates(self, asked: Extract, draft: Draft[Extracted]) -> tuple[Gate, ...]:
        if draft.abstained:
            return ()
        invented = len(draft.value.marked) > len(draft.evidence)
        gates = (Gate(name="schema", passed=True), Gate(name="evidence", passed=not invented, why="invented" if invented else ""))
        said = "\n".join(map(str, _numbers(draft.value.fields)))  # a string stands in the text, or is marked
        rest = checked("extraction", source=asked.text, answer=said, language=language_of(asked), sure=draft.sure, evidence=draft.evidence)
        return (*gates, *rest)


def schema_of(shape: Any) -> dict[str, Any]:
    """JSON Schema of a msgspec Struct, a pydantic model, or itself.  Raises CallerError."""
    if isinstance(shape, dict):
        return shape
    made = getattr(shape, "model_json_schema", None)  # pydantic's, which need not be installed
    if callable(made):
        found: dict[str, Any] = made()
        return found
    try:
        return msgspec.json.schema(shape)
    except TypeError:
        raise CallerError(
            "no JSON schema can be made of this",
            code="request.invalid",
            field="schema",
            hint="a schema, a Struct or a pydantic model",
        ) from None


def into(fields: Any, shape: Any) -> Any:
    """``fields`` as what `schema_of` was made of.  Raises CallerError where its own rules refuse them."""
    if isinstance(shape, dict):
        return fields
    try:
        return shape.model_validate(fields) if callable(getattr(shape, "model_validate", None)) else msgspec.convert(fields, shape)
    except ValueError:  # pydantic's error is one, msgspec's too
        raise CallerError(
            "what was extracted is refused by the class it was asked for", code="request.invalid", field="schema",
            hint="its rules say more than its JSON schema",
        ) from None  # fmt: skip


def _strings(value: Any, schema: Any, root: Any, path: str) -> Iterator[tuple[str, str, bool]]:
    """Each string with its path, and whether the schema itself says what it may be."""
    schema = resolved(schema, root) if isinstance(schema, dict) else {}
    if isinstance(value, str) and value.strip():
        yield path or "$", value, _fixed(schema, root)
    elif isinstance(value, dict):
        members = schema.get("properties", {})
        for name, each in value.items():
            yield from _strings(each, members.get(name, {}), root, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield from _strings(each, schema.get("items", {}), root, f"{path}[{at}]")


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _numbers(each)


def _fixed(schema: Any, root: Any) -> bool:
    if "enum" in schema or "const" in schema:
        return True
    inner = [resolved(each, root) for name in ("anyOf", "oneOf", "allOf") for each in schema.get(name, ()) if isinstance(each, dict)]
    return any("enum" in each or "const" in each for each in inner)
