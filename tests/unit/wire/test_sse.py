# SPDX-License-Identifier: Apache-2.0
"""Server-sent events: the standard's own examples, and what partners really send."""

from __future__ import annotations

import pytest

from comity.wire.sse import EVENT_BYTES_MAX, EventDecoder, EventTooLarge, encode


def read(stream: bytes, size: int | None = None) -> list[bytes]:
    decoder = EventDecoder()
    pieces = [stream] if size is None else [stream[at : at + size] for at in range(0, len(stream), size)]
    return [event.data for piece in pieces for event in decoder.feed(piece)]


@pytest.mark.parametrize("size", [None, 1, 2, 3, 7])
@pytest.mark.parametrize(
    ("stream", "events"),
    [
        # WHATWG HTML, 9.2.6
        (b"data: YHOO\ndata: +2\ndata: 10\n\n", [b"YHOO\n+2\n10"]),
        (
            b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
            [b"first event", b"second event", b" third event"],
        ),
        (b"data\n\ndata\ndata\n\ndata:", [b"", b"\n"]),
        (b"data:test\n\ndata: test\n\n", [b"test", b"test"]),
        # line ends, mixed; a byte order mark at the start only
        (b"data: a\r\n\r\ndata: b\r\rdata: c\n\n", [b"a", b"b", b"c"]),
        (b"data: a\r\n\ndata: b\n\r\n", [b"a", b"b"]),
        (b"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n", [b"a"]),
        (b"\n\n\r\n\rdata: a\n\n\n\n", [b"a"]),
        # what is not data
        (b"event: message\ndata: a\nretry: 10\n\nevent: ping\n\n", [b"a"]),
        (b": keep-alive\n\n: keep-alive\n\ndata: a\n\n", [b"a"]),
        (b"Data: no\n\n data: no\n\ndata : no\n\ndatas: no\n\n", []),
        # UTF-8, cut inside a letter; bytes that are not UTF-8 are the JSON reader's to refuse
        ("data: 中文😀\n\n".encode(), ["中文😀".encode()]),
        (b"data: \xff\xfe\n\n", [b"\xff\xfe"]),
        # unfinished
        (b"data: a\n\ndata: b", [b"a"]),
        (b"data: a\n\ndata: b\n", [b"a"]),
        (b"", []),
    ],
)
def test_events_are_those_of_the_standard(stream: bytes, events: list[bytes], size: int | None) -> None:
    assert read(stream, size) == events


@pytest.mark.parametrize(
    ("pieces", "events"),
    [
        ([b"data: 0\n\n", b"data: see ", b"data: here\n\n"], [b"0", b"see data: here"]),
        ([b"data: 0\n\n", b"data: a\n", b"data: b\n\n"], [b"0", b"a\nb"]),
        ([b"data: 0\n\n", b"data: a\r", b"\ndata: b\r", b"\n\r", b"\n"], [b"0", b"a\nb"]),  # one line end, cut in two
        ([b"data: 0\n\n", b"data: a\r", b"data: b\r", b"\r", b"data: c\n\n"], [b"0", b"a\nb", b"c"]),
        ([b"data: 0\r\r", b"\ndata: 1\n\n"], [b"0", b"1"]),
    ],
)
def test_what_the_cut_leaves_behind_counts(pieces: list[bytes], events: list[bytes]) -> None:
    decoder = EventDecoder()
    assert [event.data for piece in pieces for event in decoder.feed(piece)] == events


def test_several_whole_events_in_one_piece_and_a_started_one() -> None:
    decoder = EventDecoder()
    decoder.feed(b"data: 0\n\n")
    assert [event.data for event in decoder.feed(b'data: {"a":1}\n\ndata: 2\n\n: x\n\ndata: 3\nda')] == [b'{"a":1}', b"2"]
    assert [event.data for event in decoder.feed(b"ta: 4\n\ndata: 5\n\n")] == [b"3\n4", b"5"]


def test_an_event_is_given_out_with_the_byte_that_completes_it() -> None:
    decoder = EventDecoder()
    assert decoder.feed(b"data: a\r\n") == []
    assert [event.data for event in decoder.feed(b"\r")] == [b"a"], "the line feed that may follow is not waited for"
    assert decoder.feed(b"\n") == []
    assert [event.data for event in decoder.feed(b"data: b\n\n")] == [b"b"]


@pytest.mark.parametrize("end", [b"", b"\n", b"\r", b"\r\n"])
def test_the_last_event_of_a_sender_who_leaves_out_the_empty_line(end: bytes) -> None:
    decoder = EventDecoder()
    assert decoder.feed(b"data: a\n\ndata: [DONE]" + end) != []
    assert [event.data for event in decoder.flush()] == [b"[DONE]"]
    assert decoder.flush() == []


@pytest.mark.parametrize(
    "piece", [b"data: " + b"x" * 100, b"data: " + b"x" * 100 + b"\n\n", b": " + b"x" * 100, b"data: xxxxxxxxxxxxxxxxxxx\n" * 5]
)
def test_an_event_or_line_without_end_is_refused(piece: bytes) -> None:
    for warm in (b"", b"data: ok\n\n"):
        decoder = EventDecoder(event_bytes_max=64)
        decoder.feed(warm)
        with pytest.raises(EventTooLarge, match="longer than 64 bytes") as raised:
            decoder.feed(piece)
        assert isinstance(raised.value, ValueError)
        assert not decoder._line and not decoder._data, "what was too long is let go"


def test_the_bound_is_for_one_event_not_for_the_stream() -> None:
    decoder = EventDecoder(event_bytes_max=64)
    for _ in range(100):
        assert [event.data for event in decoder.feed(b": note\n\ndata: " + b"x" * 50 + b"\n\n")] == [b"x" * 50]


def test_a_large_event_in_small_pieces_is_read_in_one_go() -> None:
    data = b"x" * (EVENT_BYTES_MAX - 16)
    decoder, events = EventDecoder(), []
    stream = encode(data)
    for at in range(0, len(stream), 1000):
        events += decoder.feed(stream[at : at + 1000])
    assert [event.data for event in events] == [data]


@pytest.mark.parametrize(
    ("data", "written"),
    [
        (b"{}", b"data: {}\n\n"),
        (b"", b"data: \n\n"),
        (b"a\nb", b"data: a\ndata: b\n\n"),
        (b"a\r\nb\rc", b"data: a\ndata: b\ndata: c\n\n"),
        (b"\n", b"data: \ndata: \n\n"),
    ],
)
def test_one_event_written(data: bytes, written: bytes) -> None:
    assert encode(data) == written
