# SPDX-License-Identifier: Apache-2.0
"""Every string that leaves: what `texts` gives is what `map_texts` changes, in the same order, each once."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from comity.wire.chat import ChatRequest, map_texts, texts

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


def request(value: dict[str, Any]) -> ChatRequest:
    return msgspec.convert(value, ChatRequest)


def test_every_string_a_person_may_have_written_is_given_once() -> None:
    given_out = list(texts(request(FULL)))
    assert sorted(given_out) == sorted([*strings(FULL), "{}", ""])
    assert len(given_out) == len(strings(FULL)) + 2


def strings(value: Any) -> list[str]:
    """The strings that the table above marks with `t:`, wherever they stand; twice where they stand twice."""
    if isinstance(value, str):
        return [value] if value.startswith("t:") or '"t":' in value else []
    return [
        found
        for item in (value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())
        for found in strings(item)
    ]


def test_identifiers_are_left_as_they_are() -> None:
    changed = msgspec.to_builtins(map_texts(request(FULL), lambda _: "CHANGED"))
    kept = {"find", "send", "call_1", "call_2", "who", "when", "object", "string", "date", "answer", "function", "json_schema"}
    left = set(words(changed)) - {"CHANGED"}
    assert kept <= left and not any("t:" in word for word in left)


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
