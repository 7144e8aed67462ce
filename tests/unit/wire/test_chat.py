# SPDX-License-Identifier: Apache-2.0
"""Every string that leaves: what `texts` gives is what `map_texts` changes, in the same order, each once."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import CallerError
from comity.wire import chat as wire
from comity.wire.chat import ChatRequest
from comity.wire.request import map_texts, texts

FULL: dict[str, Any] = {
    "model": "auto",
    "messages": [
        {"role": "system", "content": "t:system", "name": "t:operator"},
        {"role": "user", "content": [{"type": "text", "text": "t:first part"}, {"type": "text", "text": "t:second part"}]},
        {
            "role": "assistant",
            "content": None,
            "refusal": "t:refusal",
            "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "find", "arguments": '{"t":"arguments 1"}'}},
                {"id": "call_2", "type": "function", "function": {"name": "send", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "t:result"},
        {"role": "user", "content": ""},
    ],
    "stop": ["t:stop 1", "t:stop 2"],
    "user": "t:user",
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "find",
                "description": "t:tool",
                "parameters": {
                    "type": "object",
                    "required": ["who"],
                    "title": "t:title",
                    "properties": {
                        "who": {
                            "type": "string",
                            "description": "t:who",
                            "enum": ["t:ana", "t:ben"],
                            "default": "t:ana",
                            "examples": ["t:x", {"deep": "t:y"}],
                        },
                        "when": {"type": "string", "format": "date", "const": "t:today", "pattern": "t:pattern"},
                    },
                },
            },
        }
    ],
    "response_format": {
        "type": "json_schema",
        "json_schema": {
            "name": "answer",
            "description": "t:form",
            "schema": {"type": "object", "description": "t:schema", "properties": {"a": {"const": "t:const"}}},
        },
    },
}


STRUCTS = [each for each in vars(wire).values() if isinstance(each, type) and issubclass(each, msgspec.Struct)]


def request(value: dict[str, Any]) -> ChatRequest:
    return msgspec.convert(value, ChatRequest)


FIXED = {"assistant", "auto", "function", "json_schema", "object", "string", "date", "system", "text", "tool", "user"}
"""Words of the protocol and of JSON Schema: not the caller's own."""


def test_every_string_that_a_caller_writes_freely_is_given() -> None:
    given_out = list(texts(request(FULL)))
    assert sorted(given_out) == sorted(word for word in free(FULL) if word not in FIXED)


def free(value: Any, *, schema: bool = False) -> list[str]:
    """Values, wherever they stand, and in a schema the names of its members, but for the words of JSON Schema itself."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        keys = [key for key in value if schema and key not in wire._SCHEMA_WORDS]
        return keys + [found for key, item in value.items() for found in free(item, schema=schema or key in ("parameters", "schema"))]
    return [found for item in (value if isinstance(value, list) else ()) for found in free(item, schema=schema)]


def test_only_the_words_of_the_protocol_stay_as_they_are() -> None:
    count = iter(range(1000))
    changed = msgspec.to_builtins(map_texts(request(FULL), lambda _: f"CHANGED {next(count)}"))
    left = {word for word in words(changed) if not word.startswith("CHANGED")}
    members = set(words({name: None for struct in STRUCTS for name in struct.__struct_fields__}))
    assert left - members - FIXED <= {
        "description",
        "required",
        "title",
        "properties",
        "enum",
        "default",
        "examples",
        "format",
        "const",
        "pattern",
    }


def test_a_call_keeps_its_result_and_a_schema_its_required_members() -> None:
    changed = msgspec.to_builtins(map_texts(request(FULL), str.upper))
    tool = changed["tools"][0]["function"]
    assert changed["messages"][2]["tool_calls"][0]["id"] == changed["messages"][3]["tool_call_id"] == "CALL_1"
    assert tool["name"] == changed["messages"][2]["tool_calls"][0]["function"]["name"] == "FIND"
    assert set(tool["parameters"]["required"]) <= set(tool["parameters"]["properties"]) == {"WHO", "WHEN"}


def test_members_that_would_fall_together_are_refused() -> None:
    with pytest.raises(CallerError, match="same name"):
        map_texts(request(FULL), lambda _: "EMAIL_1")


def words(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [*value, *(found for item in value.values() for found in words(item))]
    return [found for item in (value if isinstance(value, list | tuple) else ()) for found in words(item)]


STRING = st.text(max_size=4)
SCHEMA = st.recursive(
    st.one_of(STRING, st.integers(), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["type", "properties", "description", "enum", "default", "items", "x", "const"]), inner, max_size=4
        ),
    ),
    max_leaves=12,
)
OBJECT = st.dictionaries(st.sampled_from(["type", "properties", "description", "enum"]), SCHEMA, max_size=4)
MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "user", "assistant", "tool"])},
    optional={
        "content": st.one_of(st.none(), STRING, st.lists(st.builds(lambda text: {"type": "text", "text": text}, STRING), max_size=3)),
        "name": STRING,
        "refusal": STRING,
        "tool_calls": st.lists(
            st.builds(lambda text: {"id": "c", "type": "function", "function": {"name": "f", "arguments": text}}, STRING), max_size=2
        ),
    },
)
REQUEST = st.fixed_dictionaries(
    {"messages": st.lists(MESSAGE, min_size=1, max_size=4)},
    optional={
        "stop": st.one_of(STRING, st.lists(STRING, max_size=3)),
        "user": STRING,
        "tools": st.lists(
            st.builds(
                lambda said, schema: {"type": "function", "function": {"name": "f", "description": said, "parameters": schema}},
                STRING,
                OBJECT,
            ),
            max_size=2,
        ),
        "response_format": st.builds(
            lambda said, schema: {"type": "json_schema", "json_schema": {"name": "n", "description": said, "schema": schema}},
            STRING,
            OBJECT,
        ),
    },
)


@given(REQUEST)
def test_texts_and_map_texts_agree_in_order_and_count(value: dict[str, Any]) -> None:
    chat = request(value)
    seen: list[str] = []

    def number(text: str) -> str:
        seen.append(text)
        return f"{len(seen) - 1}"

    numbered = map_texts(chat, number)
    assert list(texts(chat)) == seen
    assert list(texts(numbered)) == [str(n) for n in range(len(seen))], "each change lands where its text stood"


@given(REQUEST)
def test_changing_nothing_changes_nothing(value: dict[str, Any]) -> None:
    chat = request(value)
    assert map_texts(chat, str) == chat
    assert msgspec.json.encode(map_texts(chat, str)) == msgspec.json.encode(chat)
