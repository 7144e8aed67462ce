# SPDX-License-Identifier: Apache-2.0
"""The request's one decoder: what is unknown never gets through, and every refusal names its place."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import CallerError
from comity.wire.decode import decode_chat
from comity.wire.request import map_texts, texts

GOOD = {"messages": [{"role": "user", "content": "hi"}]}


def body(**more: object) -> bytes:
    return json.dumps({**GOOD, **more}).encode()


@pytest.mark.parametrize(
    ("raw", "code", "field"),
    [
        (b"{", "request.malformed", ""),
        (b"", "request.malformed", ""),
        (b"\xff\xfe", "request.malformed", ""),
        (b'{"messages":[{"role":"user","content":"\xff"}]}', "request.malformed", ""),
        (b"[1]", "request.invalid", ""),
        (b"{}", "request.invalid", ""),
        (b'{"messages":"x"}', "request.invalid", "messages"),
        (b'{"messages":[]}', "request.invalid", "messages"),
        (b'{"messages":[{"role":"robot","content":"x"}]}', "request.invalid", "messages[0].role"),
        (b'{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}', "request.invalid", "messages[0].content[0]"),
        (b'{"messages":[{"role":"user","content":[{"type":"video_url"}]}]}', "request.invalid", "messages[0].content[0].type"),
        (body(shiny=1), "request.unknown_field", "shiny"),
        (b'{"messages":[{"role":"user","content":"x","mood":1}]}', "request.unknown_field", "messages[0].mood"),
        (body(temperature="hot"), "request.invalid", "temperature"),
        (body(temperature=9), "request.invalid", "temperature"),
        (body(n=0), "request.invalid", "n"),
        (body(stream_options={"include_usage": True}), "request.invalid", "stream_options"),
        (b'{"tools":[{"type":"function","function":{"name":"f","parameters":{"a":' + b"[" * 100_000, "request.malformed", ""),
    ],
)
def test_each_fault_has_one_clear_error(raw: bytes, code: str, field: str) -> None:
    with pytest.raises(CallerError) as raised:
        decode_chat(raw)
    assert raised.value.code == code
    assert raised.value.field == field
    assert raised.value.status == 400


def test_an_error_never_repeats_a_value() -> None:
    with pytest.raises(CallerError) as raised:
        decode_chat(b'{"messages":[{"role":"my secret","content":"x"}]}')
    assert "my secret" not in str(raised.value) + raised.value.hint


def test_a_key_may_drop_unknown_fields_and_each_is_named() -> None:
    raw = json.dumps(
        {"messages": [{"role": "user", "content": "hi", "mood": {"deep": 1}}, {"role": "user", "content": "b", "mood": 2}], "shiny": 1}
    ).encode()
    request, dropped = decode_chat(raw, drop_unknown=True)
    assert [message.content for message in request.messages] == ["hi", "b"]
    assert set(dropped) == {"messages[0].mood", "messages[1].mood", "shiny"}


def test_dropping_does_not_forgive_other_faults() -> None:
    with pytest.raises(CallerError) as raised:
        decode_chat(body(shiny=1, temperature="hot"), drop_unknown=True)
    assert raised.value.field == "temperature"


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.binary(max_size=200) | junk.map(lambda value: json.dumps(value).encode()), st.booleans())
def test_garbage_raises_only_caller_errors(raw: bytes, drop: bool) -> None:
    with contextlib.suppress(CallerError):
        decode_chat(raw, drop_unknown=drop)


@given(st.dictionaries(st.text(max_size=8), junk, max_size=4))
def test_nothing_unlisted_survives_dropping(extra: dict[str, object]) -> None:
    listed = {"messages", "model", "stream", "n", "stop", "user", "tools", "seed"}
    raw = json.dumps({**{k: v for k, v in extra.items() if k not in listed}, **GOOD}).encode()
    try:
        request, _ = decode_chat(raw, drop_unknown=True)
    except CallerError:
        return
    assert list(texts(request)) == ["hi"]


def test_every_string_a_person_may_have_written_is_mapped() -> None:
    planted = "PLANTED"
    request, _ = decode_chat(
        json.dumps(
            {
                "messages": [
                    {"role": "system", "content": planted, "name": planted},
                    {"role": "user", "content": [{"type": "text", "text": planted}]},
                    {
                        "role": "assistant",
                        "content": None,
                        "refusal": planted,
                        "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": f'{{"a":"{planted}"}}'}}],
                    },
                    {"role": "tool", "tool_call_id": "c1", "content": planted},
                ],
                "user": planted,
                "stop": [planted],
                "tools": [
                    {
                        "type": "function",
                        "function": {
                            "name": "f",
                            "description": planted,
                            "parameters": {
                                "type": "object",
                                "properties": {"a": {"description": planted, "enum": [planted], "default": planted}},
                            },
                        },
                    }
                ],
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "s", "description": planted, "schema": {"type": "object", "title": planted}},
                },
            }
        ).encode()
    )
    import msgspec

    left = msgspec.json.encode(map_texts(request, lambda text: text.replace(planted, "hidden")))
    assert planted.encode() not in left
    assert left.count(b"hidden") == 14
