# SPDX-License-Identifier: Apache-2.0
"""Server-sent events: however the bytes are cut, the events are those of a plain reading of the standard."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.wire.sse import EventDecoder, EventTooLarge, encode

PIECES = [
    b"data: x",
    b"data:y",
    b"data",
    b"data:",
    b"data:  two",
    b"data: \xe4\xb8\xad",
    b"dat",
    b"a: ",
    b": comment",
    b":",
    b"event: e",
    b"id: 1",
    b"retry: 5",
    b"\n",
    b"\r",
    b"\r\n",
    b"\n\n",
    b"\xef\xbb\xbf",
    b"\xff",
    b" ",
    b"",
    b"data: [DONE]",
    b"data: {}\n\n",
    b"data: {}\n\ndata: {}\n\n",
]
STREAMS = st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join)


def by_the_standard(stream: bytes) -> list[bytes]:
    """WHATWG HTML 9.2.6, written out slowly."""
    events: list[bytes] = []
    data: list[bytes] = []
    lines = re.split(rb"\r\n|\n|\r", stream.removeprefix(b"\xef\xbb\xbf"))
    for line in lines[:-1]:
        if line == b"":
            if data:
                events.append(b"\n".join(data))
            data = []
        elif line.split(b":", 1)[0] == b"data":
            value = line.split(b":", 1)[1] if b":" in line else b""
            data.append(value[1:] if value[:1] == b" " else value)
    return events


def cut(stream: bytes, cuts: set[int]) -> list[bytes]:
    places = [0, *sorted(place for place in cuts if place <= len(stream)), len(stream)]
    return [stream[start:end] for start, end in pairwise(places)]


@given(STREAMS, st.sets(st.integers(0, 120), max_size=30))
def test_any_cutting_gives_the_events_of_the_standard(stream: bytes, cuts: set[int]) -> None:
    decoder = EventDecoder()
    assert [event.data for piece in cut(stream, cuts) for event in decoder.feed(piece)] == by_the_standard(stream)


@given(STREAMS, st.sets(st.integers(0, 120), max_size=30))
def test_a_missing_last_line_end_is_made_up_for_once(stream: bytes, cuts: set[int]) -> None:
    decoder = EventDecoder()
    events = [event for piece in cut(stream, cuts) for event in decoder.feed(piece)] + decoder.flush()
    # A carriage return at the end may be half of a line end: it has been taken for a whole one.
    assert [event.data for event in events] == by_the_standard(stream + b"\n\n")
    assert decoder.flush() == []


@given(st.lists(st.binary().map(lambda data: data.replace(b"\r", b"")), max_size=5), st.sets(st.integers(0, 200), max_size=20))
def test_what_is_encoded_is_decoded(payloads: list[bytes], cuts: set[int]) -> None:
    decoder = EventDecoder()
    stream = b"".join(map(encode, payloads))
    assert [event.data for piece in cut(stream, cuts) for event in decoder.feed(piece)] == payloads


@given(st.sampled_from([b"data: ", b": ", b"", b"data: a\ndata: "]), st.sets(st.integers(0, 80), max_size=30))
def test_what_is_too_long_is_refused_in_any_cutting(head: bytes, cuts: set[int]) -> None:
    decoder = EventDecoder(event_bytes_max=32)
    stream = b"data: ok\n\n" + head + b"x" * 64
    with pytest.raises(EventTooLarge, match="longer than 32 bytes"):
        for piece in cut(stream, cuts):
            decoder.feed(piece)


@given(st.integers(0, 40), st.sets(st.integers(0, 80), max_size=30))
def test_the_bound_does_not_depend_on_the_cutting(size: int, cuts: set[int]) -> None:
    stream = b"data: ok\n\ndata: " + b"x" * size + b"\n\n"

    def read(pieces: list[bytes]) -> list[bytes] | None:
        decoder = EventDecoder(event_bytes_max=32)
        try:
            return [event.data for piece in pieces for event in decoder.feed(piece)]
        except EventTooLarge:
            return None

    assert read(cut(stream, cuts)) == ([b"ok", b"x" * size] if size + len(b"data: ") <= 32 else None)
