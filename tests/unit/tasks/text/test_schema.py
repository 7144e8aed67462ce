# SPDX-License-Identifier: Apache-2.0
"""The part of JSON Schema that is held says of a value what an independent validator says; what is not held is refused."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import CallerError
from comity.tasks.text.schema import by_name, open_to_null, problem, require, without_nulls

NAMES = st.sampled_from(["a", "b", "$ref", "é", "名"])
LEAVES = st.one_of(
    st.sampled_from([{"type": "string"}, {"type": "integer"}, {"type": "number"}, {"type": "boolean"}, {"type": "null"}, {}]),
    st.fixed_dictionaries({"type": st.just("string"), "minLength": st.integers(0, 3), "maxLength": st.integers(0, 5)}),
    st.fixed_dictionaries({"minimum": st.integers(-3, 3), "exclusiveMaximum": st.integers(-3, 6)}),
    st.fixed_dictionaries({"enum": st.lists(st.sampled_from([0, 1, True, False, "a", None, [1], {"a": 1}]), min_size=1, max_size=3)}),
    st.fixed_dictionaries({"const": st.sampled_from([0, 1, True, False, "a", None])}),
    st.just({"type": ["string", "null"]}),
    st.just({"$ref": "#/$defs/x"}),
)
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"type": st.just("array"), "items": inner, "maxItems": st.integers(0, 4), "uniqueItems": st.booleans()}),
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"oneOf": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"allOf": st.lists(inner, min_size=1, max_size=2)}),
        st.fixed_dictionaries(
            {
                "type": st.just("object"),
                "properties": st.dictionaries(NAMES, inner, max_size=3),
                "required": st.lists(NAMES, max_size=2),
                "additionalProperties": st.one_of(st.booleans(), inner),
            }
        ),
    ),
    max_leaves=8,
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-4, 7), st.sampled_from([0.0, 1.0, 1.5, "", "a", "abcdef", "名"])),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=6,
)


@given(SCHEMAS, VALUES)
def test_it_says_what_an_independent_validator_says(schema: dict[str, Any], value: Any) -> None:
    whole = {**schema, "$defs": {"x": {"type": "integer"}}}
    assert (problem(value, whole) == "") == jsonschema.Draft202012Validator(whole).is_valid(value)


@given(SCHEMAS)
def test_what_is_made_here_is_taken(schema: dict[str, Any]) -> None:
    require({"type": "object", "properties": {"x": schema}, "$defs": {"x": {"type": "integer"}}})


@given(VALUES)
def test_whatever_stands_for_a_schema_is_taken_or_refused_by_a_caller_s_error(value: Any) -> None:
    try:
        require(value if isinstance(value, dict) else {"type": "object", "properties": {"a": value}})
    except CallerError as error:
        assert error.field == "schema"


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"type": "object"},
        {"type": "object", "properties": {"a": {"type": "string", "pattern": "(a+)+$"}}},
        {"type": "object", "properties": {"a": {"$ref": "#/$defs/none"}}},
        {"type": "object", "properties": {"a": {"$ref": "https://example.com/schema"}}},
        {"$ref": "#"},
        {"type": "object", "properties": {"a": {"type": "strnig"}}},
        {"type": "object", "properties": {"a": {"enum": "x"}}},
        {"type": "object", "properties": {"a": {"not": {"type": "string"}}}},
        {"type": "object", "properties": {"a": {"description": "x" * 40_000}}},
        {"type": [[]], "properties": {}},
        {"type": "object", "required": [{}], "properties": {"a": {}}},
        {"type": "object", "properties": {"a": {"$ref": "#/default/b"}}, "default": {"b": {"properties": 5}}},
        {"type": "object", "properties": {"a": {"$ref": "#/default/b"}}, "default": {"b": {"type": "date"}}},
    ],
)
def test_what_would_not_be_held_is_refused_before_anything_is_asked(schema: dict[str, Any]) -> None:
    with pytest.raises(CallerError):
        require(schema)


def test_a_schema_that_leads_to_itself_is_led_by_a_name() -> None:
    parts = {"type": "array", "items": {"$ref": "#"}}
    tree = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "parts": parts, "$ref": {"$ref": "#/properties/name"}},
        "required": ["name"],
    }
    made = by_name(tree | {"$defs": {"itself": {"const": {"$ref": "#"}}}})
    assert made["$ref"] == "#/$defs/itself2" and made["$defs"]["itself"] == {"const": {"$ref": "#"}}
    assert made["$defs"]["itself2"]["properties"]["parts"]["items"] == {"$ref": "#/$defs/itself2"}
    require(made)
    for value in (
        {"name": "a"},
        {"name": "a", "parts": [{"name": "b", "parts": []}]},
        {"name": "a", "parts": [{}]},
        {"name": "a", "$ref": 1},
    ):
        assert bool(problem(value, made)) == bool(problem(value, tree)) == (not jsonschema.Draft202012Validator(made).is_valid(value))
    flat = {"type": "object", "properties": {"a": {"$ref": "#/$defs/x"}}, "$defs": {"x": {"type": "string"}}}
    assert by_name(flat) == flat


def test_a_schema_that_leads_to_itself_ends() -> None:
    schema = {"type": "object", "properties": {"next": {"$ref": "#"}}}
    require(schema)
    deep: dict[str, Any] = {}
    for _ in range(100):
        deep = {"next": deep}
    assert problem(deep, schema).endswith("nested too deep") and problem({"next": {"next": {}}}, schema) == ""


def test_forms_of_forms_are_not_looked_at_without_end() -> None:
    twice = [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}]
    schema = {"type": "object", "properties": {"x": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"anyOf": twice}}}
    require(schema)
    assert problem({"x": 1}, schema) and without_nulls({"x": None}, schema, schema) == {}


def test_a_member_that_may_be_anything() -> None:
    schema = {"type": "object", "properties": {"a": True, "b": {"type": "array", "items": True}}}
    require(schema)
    said = {"a": {"c": None}, "b": [None]}
    assert without_nulls(said, schema, schema) == said and problem(said, schema) == ""


def test_a_model_may_say_null_and_what_may_not_be_null_is_left_out() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": ["string", "null"]}, "c": {"type": "array", "items": {
            "type": "object", "properties": {"d": {"type": "integer"}}}}},
        "required": ["a"],
    }  # fmt: skip
    held = open_to_null(schema)
    said = {"a": None, "b": None, "c": [{"d": None}]}
    assert jsonschema.Draft202012Validator(held).is_valid(said)
    assert held["required"] == ["a", "b", "c"] and held["additionalProperties"] is False
    fields = without_nulls(said, schema, schema)
    assert fields == {"b": None, "c": [{}]} and problem(fields, schema) == "a: missing"
