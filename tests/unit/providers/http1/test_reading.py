# SPDX-License-Identifier: Apache-2.0
"""The reader of answers: against a corpus of hostile ones, against h11 as a second opinion, and at any cut."""

from __future__ import annotations

from collections.abc import Iterable

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.providers.http1.head import Broken, Unsayable, write_head
from comity.providers.http1.reading import Reading
from tests.unit.providers.http1.hostile_answers import ALONE, REFUSED, in_chunks, sized


def read(pieces: Iterable[bytes], *, end: bool = True) -> tuple[Reading, bytes]:
    """Raises Broken."""
    reading, body = Reading(), b""
    for piece in pieces:
        body += reading.feed(piece)
    if end:
        reading.end()
    return reading, body


def one_by_one(raw: bytes) -> list[bytes]:
    return [raw[at : at + 1] for at in range(len(raw))]


def cut_in_two(raw: bytes) -> list[list[bytes]]:
    return [[raw[:at], raw[at:]] for at in range(1, min(len(raw), 300))]


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_answer_is_refused_however_it_is_cut(raw: bytes) -> None:
    for pieces in ([raw], one_by_one(raw), *cut_in_two(raw)):
        with pytest.raises(Broken):
            read(pieces)


@pytest.mark.parametrize(
    "raw",
    [b"H2", b"SSH-", b"HTTP/1.1 200 OK\ncontent-length: 2\n\n{}", b"HTTP/1.1 200 OK\r\nx: " + b"a" * 40_000, in_chunks(b"0\r\nx: y\n"),
     in_chunks(b"zz"), in_chunks(b"2\n"), in_chunks(b"2\r\n{}x"), in_chunks(b"2;" + b"a" * 2000), in_chunks(b"0\r\n" + b"a" * 40_000)],
)  # fmt: skip
def test_what_can_become_no_answer_is_not_waited_for(raw: bytes) -> None:
    for pieces in ([raw], one_by_one(raw)):
        with pytest.raises(Broken):
            read(pieces, end=False)


def test_the_corpus_is_one() -> None:
    assert len(REFUSED) >= 60 and len(set(REFUSED.values())) == len(REFUSED)


@pytest.mark.parametrize(("raw", "body"), ALONE.values(), ids=ALONE.keys())
def test_after_these_nobody_else_is_asked_there(raw: bytes, body: bytes) -> None:
    for pieces in ([raw], one_by_one(raw), *cut_in_two(raw)):
        reading, got = read(pieces, end="end is the body's" in str(raw) or b"x: y" in raw)
        assert reading.done and not reading.reusable and got == body


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (sized(), b"{}"),
        (sized(b"connection: keep-alive"), b"{}"),
        (sized(body=b""), b""),
        (b"HTTP/1.1 200\r\ncontent-length: 2\r\n\r\n{}", b"{}"),
        (b"HTTP/1.1 200 \r\ncontent-length: 2\r\n\r\n{}", b"{}"),
        (b"HTTP/1.1 200 \xe5\xa5\xbd\r\nContent-Length:2\t \r\n\r\n{}", b"{}"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" + sized(), b"{}"),
        (in_chunks(b"0\r\n\r\n"), b""),
        (in_chunks(b"1\r\n{\r\n01;a=b;c\r\n}\r\n000\r\nx: y\r\n\r\n"), b"{}"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
)
def test_after_these_the_next_may_be_asked(raw: bytes, body: bytes) -> None:
    for pieces in ([raw], one_by_one(raw), *cut_in_two(raw)):
        reading, got = read(pieces, end=False)
        assert (reading.done, reading.reusable, got) == (True, True, body)


def test_each_byte_is_handed_on_with_the_read_it_came_in() -> None:
    reading = Reading()
    assert reading.feed(in_chunks(b"")) == b""
    assert reading.feed(b"5\r\nda") == b"da"
    assert reading.feed(b"ta:\r\n1\r\nx\r") == b"ta:x"
    assert reading.feed(b"\n2\r") == b""
    assert reading.feed(b"\nyz\r\n0\r\n\r\n") == b"yz"
    assert reading.done and reading.reusable


def test_several_fields_of_one_name_are_joined() -> None:
    reading, _ = read([sized(b"Via: a", b"x: 1", b"VIA:  b\t")])
    assert reading.head is not None and dict(reading.head.fields) == {"via": "a, b", "x": "1", "content-length": "2"}


# -- a second opinion ------------------------------------------------------------------------------------------------


def as_h11_reads(raw: bytes, *, end: bool) -> tuple[int, dict[str, str], bytes] | None:
    """(status, fields, body) where h11 takes it for one whole answer."""
    them = h11.Connection(h11.CLIENT, max_incomplete_event_size=1_000_000)
    them.send(h11.Request(method="POST", target="/", headers=[("host", "x"), ("content-length", "0")]))
    them.send(h11.EndOfMessage())
    status, fields, body = 0, dict[str, str](), b""
    try:
        them.receive_data(raw)
        ended = False
        while True:
            event = them.next_event()
            if isinstance(event, h11.Response):
                status = event.status_code
                for name, value in event.headers:
                    known = fields.get(name.decode())
                    said = value.decode("latin-1")
                    fields[name.decode()] = said if known is None else f"{known}, {said}"
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                return status, fields, body
            elif event is h11.NEED_DATA and end and not ended:
                them.receive_data(b"")
                ended = True
            elif event is h11.NEED_DATA or event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                return None
    except h11.RemoteProtocolError:
        return None


def as_we_read(pieces: Iterable[bytes], *, end: bool) -> tuple[int, dict[str, str], bytes] | None:
    try:
        reading, body = read(pieces, end=end)
    except Broken:
        return None
    return (reading.head.status, dict(reading.head.fields), body) if reading.head is not None and reading.done else None


NAMES = st.text("abcXYZ019-_!~", min_size=1, max_size=8).map(lambda name: f"x{name}".encode())
VALUES = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f", exclude_categories=["Cc", "Zs"]), max_size=9
)
FIELD_LINES = st.tuples(NAMES, VALUES.map(lambda text: text.encode("latin-1"))).map(lambda both: both[0] + b": " + both[1] + b"\r\n")
EXTENSIONS = st.sampled_from([b"", b";a", b";a=b", b';q="x"'])
PIECES = st.binary(min_size=1, max_size=40)


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    news = draw(st.sampled_from([b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 x\r\na: b\r\n\r\n"]))
    status = draw(st.sampled_from([200, 201, 204, 304, 307, 400, 429, 500, 599]))
    lines = b"".join(draw(st.lists(FIELD_LINES, max_size=4)))
    pieces = draw(st.lists(PIECES, max_size=5))
    start = news + b"HTTP/1.1 %d Why\r\n" % status + lines
    if status in (204, 304):
        return start + b"\r\n"
    if draw(st.booleans()):
        body = b"".join(pieces)
        return start + b"content-length: %d\r\n\r\n" % len(body) + body
    chunks = b"".join(b"%x%b\r\n%b\r\n" % (len(piece), draw(EXTENSIONS), piece) for piece in pieces)
    trailers = b"".join(draw(st.lists(FIELD_LINES, max_size=2)))
    return start + b"transfer-encoding: chunked\r\n\r\n" + chunks + b"0%b\r\n" % draw(EXTENSIONS) + trailers + b"\r\n"


@st.composite
def cuts(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> list[bytes]:
    raw = draw(whole)
    at = sorted(draw(st.lists(st.integers(0, len(raw)), max_size=6)))
    return [raw[start:stop] for start, stop in zip([0, *at], [*at, len(raw)], strict=True)]


@given(cuts(answers()))
def test_what_is_an_answer_both_read_alike_at_any_cut(pieces: list[bytes]) -> None:
    ours = as_we_read(pieces, end=False)
    assert ours is not None and ours == as_h11_reads(b"".join(pieces), end=False)


SPOILT = st.sampled_from(
    [
        *(b"\r", b"\n", b"\r\n", b"\0", b" ", b"\t", b":", b";", b",", b"0", b"f", b"-", b"\xff"),
        *(b"content-length: 2\r\n", b"transfer-encoding: chunked\r\n", b"HTTP/1.1 200 OK\r\n"),
    ]
)  # fmt: skip


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    raw = draw(answers() | st.sampled_from([*REFUSED.values()]).filter(lambda raw: len(raw) < 2000))
    for _ in range(draw(st.integers(1, 3))):
        at, gone = draw(st.integers(0, len(raw))), draw(st.integers(0, 3))
        raw = raw[:at] + draw(SPOILT | st.just(b"")) + raw[at + gone :]
    return raw


@given(cuts(spoilt()), st.booleans())
def test_whatever_we_take_for_an_answer_h11_takes_for_the_same_one(pieces: list[bytes], end: bool) -> None:
    """The other way does not hold: we refuse more."""
    raw = b"".join(pieces)
    whole, cut = as_we_read([raw], end=end), as_we_read(pieces, end=end)
    assert whole == cut
    if whole is not None:
        assert whole == as_h11_reads(raw, end=end)


BITS = st.sampled_from(
    [
        *(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0 200 OK\r\n", b"content-length: 2\r\n", b"transfer-encoding: chunked\r\n"),
        *(b"connection: close\r\n", b"\r\n", b"\r\n\r\n", b"2\r\n", b"{}", b"0\r\n", b"x: y", b"\n"),
    ]
)  # fmt: skip


@given(st.lists(BITS | st.binary(max_size=8), max_size=20))
def test_bytes_are_an_answer_or_broken_and_nothing_else(pieces: list[bytes]) -> None:
    reading = Reading()
    try:
        for piece in pieces:
            reading.feed(piece)
        reading.end()
    except Broken as fault:
        assert str(fault) in WORDS
    else:
        assert reading.done and reading.head is not None


WORDS = {
    "cut", "no answer", "no chunk", "no head of an answer", "no length", "no trailers", "too long a head", "too many header fields",
    "too many trailers", "framed in two ways, or in an unknown one",
}  # fmt: skip
"""All that a fault says: nothing of what came."""


# -- the head of a request -------------------------------------------------------------------------------------------


def test_a_request_is_said_as_it_is() -> None:
    said = write_head("POST", "/v1/a?b=c", "h:8", {"content-type": "application/json", "authorization": "Bearer k"}, 2)
    lines = said.decode().split("\r\n")
    assert lines == [
        "POST /v1/a?b=c HTTP/1.1", "host: h:8", "user-agent: comity", "content-type: application/json", "authorization: Bearer k",
        "content-length: 2", "", "",
    ]  # fmt: skip
    assert write_head("GET", "/", "h", {}, None) == b"GET / HTTP/1.1\r\nhost: h\r\nuser-agent: comity\r\n\r\n"


@pytest.mark.parametrize("target", ["", "a", "/a b", "/a\r\nx: y", "/a\n", "/é", "/a#b", "http://elsewhere/", "/\0"])
def test_a_target_that_would_say_more_is_not_said(target: str) -> None:
    with pytest.raises(Unsayable):
        write_head("POST", target, "h", {}, 0)


@pytest.mark.parametrize(
    "headers",
    [{"x": "a\r\nb: c"}, {"x": "a\r\n\r\nGET / HTTP/1.1"}, {"x": "a\n"}, {"x": "a\r"}, {"x": "\0"}, {"x": "é"}, {"x y": "a"}, {"": "a"},
     {"x: y\r\nz": "a"}, {"x:": "a\r\n"}],
)  # fmt: skip
def test_a_header_that_would_be_two_is_not_said(headers: dict[str, str]) -> None:
    with pytest.raises(Unsayable):
        write_head("POST", "/", "h", headers, 0)


@given(st.dictionaries(st.text(max_size=6), st.text(max_size=6), max_size=3), st.text(max_size=8))
def test_h11_reads_what_we_say(headers: dict[str, str], target: str) -> None:
    try:
        said = write_head("POST", "/" + target, "h", headers, 3)
    except Unsayable:
        return
    them = h11.Connection(h11.SERVER)
    them.receive_data(said + b"abc")
    request, data, end = them.next_event(), them.next_event(), them.next_event()
    assert isinstance(request, h11.Request) and isinstance(data, h11.Data) and isinstance(end, h11.EndOfMessage)
    assert request.target.decode() == "/" + target and len(request.headers) == len(headers) + 3
