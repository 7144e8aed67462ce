# SPDX-License-Identifier: Apache-2.0
"""The laws of what a simulated model says, and of the files it makes, held against readers that are not ours."""

from __future__ import annotations

import io
import math
import re
import struct
import wave
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.lab.simulators import media
from comity.lab.simulators.answer import Trouble
from comity.lab.simulators.brain import Asked, Said, cut, embed, hear, packed, rank, say, see, speak, tokens
from comity.lab.simulators.instance import instance

TEXTS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=80)


@given(TEXTS, st.integers(1, 5))
def test_pieces_are_the_text(text: str, size: int) -> None:
    assert "".join(tokens(text)) == "".join(cut(text, size)) == text
    assert all(piece for piece in cut(text, size)) and all(len(piece.strip()) <= 6 for piece in tokens(text))


@given(TEXTS, st.integers(1, 20), st.lists(st.text("abc .", min_size=1, max_size=3), max_size=2))
def test_no_more_is_said_than_was_allowed(text: str, most: int, stop: list[str]) -> None:
    script = say(Asked(model="m", messages=(Said(role="user", text=text),), max_tokens=most, stop=tuple(stop)))
    assert text.startswith(script.text) and not any(each in script.text for each in stop)
    assert script.usage.completion == len(tokens(script.text)) <= most
    if script.finish == "stop" and not any(each in text for each in stop):
        assert script.text == text


@given(TEXTS, st.sampled_from([1, 8, 1024]))
def test_a_vector_has_length_one_and_its_own_size(text: str, size: int) -> None:
    vector = embed(text, size)
    assert len(vector) == size and math.isclose(sum(value * value for value in vector), 1, rel_tol=1e-9)
    assert vector == embed(text, size) and len(packed(vector)) == 4 * size


def test_rank_is_by_shared_words_and_keeps_the_order_of_equals() -> None:
    assert [place for place, _ in rank("北京天气", ["上海", "北京的天气很好", "天空", "上海"])] == [1, 2, 0, 3]
    assert rank("", ["a"]) == [(0, 0.0)]


# -- values of a schema -----------------------------------------------------------------------------------------------

LEAVES = st.one_of(
    st.builds(lambda low, more: {"type": "string", "minLength": low, "maxLength": low + more}, st.integers(0, 9), st.integers(0, 9)),
    st.builds(lambda low, more: {"type": "integer", "minimum": low, "maximum": low + more}, st.integers(-9, 9), st.integers(0, 9)),
    st.builds(lambda low, more: {"type": "number", "exclusiveMinimum": low, "maximum": low + more}, st.integers(-9, 9), st.integers(1, 9)),
    st.builds(lambda unit, times: {"type": "integer", "multipleOf": unit, "minimum": unit * times}, st.integers(1, 9), st.integers(0, 9)),
    st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"enum": ["x", 1, None]}, {"const": {"a": []}}, {"type": ["null", "string"]}]),
)
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda items, least: {"type": "array", "items": items, "minItems": least, "maxItems": least + 1},
                  inner, st.integers(0, 3)),
        st.builds(lambda held, must: {"type": "object", "properties": held, "required": [name for name in held if name in must],
                                      "additionalProperties": False},
                  st.dictionaries(st.sampled_from("abcd"), inner, max_size=4), st.sets(st.sampled_from("abcd"))),
        st.builds(lambda one, other: {"anyOf": [one, other]}, inner, inner),
    ),
    max_leaves=8,
)  # fmt: skip


def holds(value: Any, schema: Any, root: Any) -> bool:
    """A plain reader of JSON Schema, for what the schemas here say; written from the specification, apart from what makes values."""
    if "$ref" in schema:
        found = root
        for part in schema["$ref"].split("/")[1:]:
            found = found[part]
        return holds(value, found, root)
    if not all(holds(value, each, root) for each in schema.get("allOf", [])):
        return False
    if "anyOf" in schema and not any(holds(value, each, root) for each in schema["anyOf"]):
        return False
    if ("const" in schema and value != schema["const"]) or ("enum" in schema and value not in schema["enum"]):
        return False
    kinds: dict[str, Any] = {
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
        "null": type(None),
        "array": list,
        "object": dict,
    }
    named = schema.get("type", [])
    if named and not any(
        isinstance(value, kinds[kind]) and not (isinstance(value, bool) and kind in ("integer", "number"))
        for kind in (named if isinstance(named, list) else [named])
    ):
        return False
    if isinstance(value, str):
        fits = schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", math.inf)
        return fits and bool(re.search(schema.get("pattern", ""), value))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return (
            schema.get("minimum", -math.inf) <= value <= schema.get("maximum", math.inf)
            and schema.get("exclusiveMinimum", -math.inf) < value < schema.get("exclusiveMaximum", math.inf)
            and value % schema.get("multipleOf", value or 1) == 0
        )
    if isinstance(value, list):
        fits = schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", math.inf)
        unlike = not schema.get("uniqueItems") or all(value.count(one) == 1 for one in value)
        return fits and unlike and all(holds(one, schema.get("items", {}), root) for one in value)
    if isinstance(value, dict):
        known = schema.get("properties", {})
        return (
            set(schema.get("required", ())) <= set(value)
            and (schema.get("additionalProperties") is not False or set(value) <= set(known))
            and all(holds(one, known.get(name, {}), root) for name, one in value.items())
        )
    return True


@given(SCHEMAS, TEXTS)
def test_a_value_of_any_schema_satisfies_it(schema: Any, text: str) -> None:
    assert holds(instance(schema, text), schema, schema)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^[A-Z]{3}$"},
        {"type": "string", "pattern": "^\\d{8}$", "minLength": 8},
        {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
        {"type": "integer", "exclusiveMinimum": 3, "multipleOf": 4},
        {"type": "array", "items": {"type": "integer"}, "minItems": 3, "uniqueItems": True},
        {"allOf": [{"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}, {"required": ["b"]}]},
        {"$ref": "#/$defs/node", "$defs": {"node": {
            "type": "object", "properties": {"next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}}, "required": ["next"]}}},
    ],
)  # fmt: skip
def test_a_value_of_what_hypothesis_does_not_make(schema: Any) -> None:
    assert holds(instance(schema, "Li Wei"), schema, schema)


@pytest.mark.parametrize(
    "schema",
    [
        False,
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}},
        {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]},
        {"type": "string", "pattern": "^zebra[0-9]{40}$"},
        {"$ref": "https://elsewhere.invalid/schema.json"},
    ],
)
def test_where_no_value_was_found_it_says_so(schema: Any) -> None:
    with pytest.raises(Trouble, match="No value for this JSON schema"):
        instance(schema, "x")


# -- files ------------------------------------------------------------------------------------------------------------


@given(TEXTS.filter(lambda text: "\0" not in text and text), st.floats(0.05, 3))
def test_a_wav_opens_elsewhere_and_is_heard_here(text: str, seconds: float) -> None:
    data = media.wav(text, seconds)
    with wave.open(io.BytesIO(data)) as opened:
        assert (opened.getnchannels(), opened.getsampwidth(), opened.getframerate()) == (1, 2, media.WAV_RATE)
        assert abs(opened.getnframes() / media.WAV_RATE - seconds) < 1e-3
    heard = hear(data)
    assert (heard.text, heard.rate, heard.size) == (text, media.WAV_RATE, len(data)) and abs(heard.seconds - seconds) < 1e-3


def test_an_mp3_is_frames_from_end_to_end() -> None:
    data = speak("Hello, 世界", "mp3")
    heard = hear(data)
    assert (heard.text, heard.rate) == ("Hello, 世界", 44_100) and heard.seconds > 0.1
    at = 10 + sum(byte << shift for byte, shift in zip(data[6:10], (21, 14, 7, 0), strict=True))
    while at < len(data):
        assert data[at : at + 4] == media.MP3_FRAME[:4]
        at += 144 * 32_000 // 44_100
    assert at == len(data)


@given(st.integers(1, 90), st.integers(1, 90), TEXTS)
def test_a_png_holds_its_pixels(width: int, height: int, text: str) -> None:
    data = media.png(text, width, height)
    assert media.picture(data) == ("png", width, height) and see(data).width == width
    at, pixels, names = 8, b"", []
    while at < len(data):
        (length,), name = struct.unpack_from(">I", data, at), data[at + 4 : at + 8]
        held = data[at + 8 : at + 8 + length]
        assert zlib.crc32(name + held) == int.from_bytes(data[at + 8 + length : at + 12 + length], "big")
        names.append(name)
        pixels += held if name == b"IDAT" else b""
        at += 12 + length
    assert names[0] == b"IHDR" and names[-1] == b"IEND" and len(zlib.decompress(pixels)) == (width + 1) * height


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"GIF89a" + struct.pack("<HH", 7, 5), ("gif", 7, 5)),
        (b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08" + struct.pack(">HH", 5, 7) + bytes(12), ("jpeg", 7, 5)),
        (b"RIFF\0\0\0\0WEBPVP8X" + bytes(8) + (6).to_bytes(3, "little") + (4).to_bytes(3, "little"), ("webp", 7, 5)),
        (b"RIFF\0\0\0\0WEBPVP8L" + bytes(4) + b"\x2f" + (6 | 4 << 14).to_bytes(4, "little") + bytes(9), ("webp", 7, 5)),
        (b"RIFF\0\0\0\0WEBPVP8 " + bytes(10) + struct.pack("<HH", 7, 5), ("webp", 7, 5)),
        (b"%PDF-1.7", ("", 0, 0)),
    ],
)
def test_pixels_are_read_off_each_kind(data: bytes, told: tuple[str, int, int]) -> None:
    assert media.picture(data) == told


@given(
    st.sampled_from([b"RIFF\xff\xff\xff\xffWAVE", b"ID3\4\0\0", b"\xff\xfb", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP"]),
    st.binary(max_size=80),
)
def test_a_broken_file_breaks_nothing(head: bytes, rest: bytes) -> None:
    media.sound(head + rest)
    media.picture(head + rest)
