# SPDX-License-Identifier: Apache-2.0
"""Frames between a gateway and a model's process."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.device.frames import FRAME_BYTES_MAX, Ask, Chunk, End, Failed, Ready, Stop, from_child, pack, size_of, to_child

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), json_values), st.integers(0, 2**53))
def test_what_is_asked_arrives(body: dict[str, object], number: int) -> None:
    for frame in (Ask(id=number, body=body), Stop(id=number)):
        packed = pack(frame)
        assert size_of(packed[:4]) == len(packed) - 4
        assert to_child.decode(packed[4:]) == frame


@given(json_values, st.integers(0, 2**53))
def test_what_is_answered_arrives(piece: object, number: int) -> None:
    raw = msgspec.Raw(msgspec.json.encode(piece))
    for frame in (Ready(), Chunk(id=number, chunk=raw), End(id=number, error="a_word"), Failed(why="absent")):
        assert from_child.decode(pack(frame)[4:]) == frame


@given(st.binary(max_size=64))
def test_what_is_no_frame_is_a_value_error_and_nothing_else(data: bytes) -> None:
    for decoder in (to_child, from_child):
        try:
            decoder.decode(data)
        except ValueError:
            continue


@pytest.mark.parametrize("size", [0, FRAME_BYTES_MAX + 1, 2**32 - 1])
def test_a_length_that_no_frame_has_is_refused_before_anything_is_read(size: int) -> None:
    with pytest.raises(ValueError, match="impossible length"):
        size_of(size.to_bytes(4, "big"))
    assert size_of(FRAME_BYTES_MAX.to_bytes(4, "big")) == FRAME_BYTES_MAX
