# SPDX-License-Identifier: Apache-2.0
"""h11, written by others, as the second reader: what it refuses we refuse, and what both take means the same to both.

Requests are put together from pieces that are each nearly right, so that many are wrong in one place; then they come in any pieces.
"""

from __future__ import annotations

import asyncio
from urllib.parse import unquote

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.gateway.server.wire import BODY_BYTES_MAX, Seen, Wire

SPACE = st.sampled_from([b" "] * 12 + [b"  ", b"\t", b""])
END = st.sampled_from([b"\r\n"] * 30 + [b"\n", b"\r", b"\r\r\n", b"\r\n ", b"\n\n"])
METHOD = st.sampled_from([b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"DELETE", b"gET", b"M-SEARCH", b"G\x00T", b"GET,", b""])
TARGET = st.sampled_from(
    [
        b"/",
        b"/a",
        b"/a?b=c?d",
        b"/%41%20",
        b"//a/../b",
        b"/a#b",
        b"*",
        b"a",
        b"http://x/a",
        b"http://X",
        b"http://y/a",
        b"/\xc3\xa9",
        b"/%zz",
        b"/a b",
    ]
)
VERSION = st.sampled_from([b"HTTP/1.1"] * 8 + [b"HTTP/1.0", b"HTTP/1.2", b"HTTP/2.0", b"http/1.1", b"HTTP/1.11", b""])
NAME = st.sampled_from(
    [
        b"Host",
        b"host",
        b"Content-Length",
        b"content-length",
        b"Transfer-Encoding",
        b"Connection",
        b"Accept",
        b"X-A",
        b"X_A",
        b"X A",
        b"X\xe9",
        b"",
        b"Expect",
        b"Content-Type",
        b"Cookie",
        b"Content-Length ",
        b" Host",
        b"\tX",
    ]
)
VALUE = st.sampled_from(
    [
        b"x",
        b"y",
        b"3",
        b"0",
        b"5",
        b"03",
        b"+3",
        b"3, 3",
        b"3,5",
        b"1_0",
        b"0x3",
        b"-1",
        b"chunked",
        b"Chunked",
        b"gzip, chunked",
        b"chunked, chunked",
        b"identity",
        b"close",
        b"keep-alive",
        b"a, close",
        b"100-continue",
        b"text/plain",
        b"a\tb",
        b"caf\xe9",
        b"a\x00b",
        b"a\x0bb",
        b"",
        b'"q"',
    ]
)
COLON = st.sampled_from([b": "] * 8 + [b":", b":\t", b" : ", b":  ", b"", b"="])
HEADERS = st.lists(st.tuples(NAME, COLON, VALUE, st.sampled_from([b"", b"", b"", b" ", b"\t"]), END), max_size=5)
FRAMED = st.sampled_from([b"", b"", b"Content-Length: 3\r\n", b"Content-Length: 0\r\n", b"Transfer-Encoding: chunked\r\n"])
SIZE = st.sampled_from([b"3", b"03", b"3;a", b"3;a=b", b"3 ", b" 3", b"+3", b"0x3", b"3;", b"g", b"", b"4", b"2", b"3;a\x01"])
CHUNK = st.one_of(st.just(b"3\r\nabc\r\n"), st.builds(lambda size, a, b: size + a + b"abc" + b, SIZE, END, END))
LAST = st.sampled_from([b"0\r\n\r\n"] * 6 + [b"0\r\nX: y\r\n\r\n", b"0\r\n", b"00\r\n\r\n", b"0;a\r\n\r\n", b"0\n\n", b"0\r\nGET"])
BODY = st.one_of(
    st.sampled_from([b"", b"abc", b"ab", b"abcde"]),
    st.builds(lambda chunks, last: b"".join(chunks) + last, st.lists(CHUNK, max_size=3), LAST),
)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    first = draw(METHOD) + draw(SPACE) + draw(TARGET) + draw(SPACE) + draw(VERSION) + draw(END)
    host = draw(st.sampled_from([b"Host: x\r\n"] * 8 + [b"", b"Host: x\r\nHost: y\r\n"]))
    headers = b"".join(b"".join(parts) for parts in draw(HEADERS))
    return first + host + headers + draw(FRAMED) + b"\r\n" + draw(BODY)


@st.composite
def well_formed(draw: st.DrawFn) -> bytes:
    """Requests that both must take: a test of refusals alone would pass a server that refuses everything."""
    body = draw(st.binary(max_size=300))
    names = st.text("abcdefghijklmnopqrstuvwxyz-_!~", min_size=1, max_size=12).filter(
        lambda name: name not in ("connection", "expect", "content-length")
    )
    values = st.text("".join(map(chr, range(0x21, 0x7F))) + "\u00e9\u00ff", max_size=30)
    headers = "".join(f"X-{name}: {value}\r\n" for name, value in draw(st.dictionaries(names, values, max_size=5)).items()).encode(
        "latin-1"
    )
    head = b"POST /" + draw(st.sampled_from([b"", b"a/b", b"%C3%A9?x=%C3%A9"])) + b" HTTP/1.1\r\nHost: x:1\r\n" + headers
    if draw(st.booleans()):
        return head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=4)))
    chunks = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    return (
        head
        + b"Transfer-Encoding: chunked\r\n\r\n"
        + b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in chunks if each)
        + b"0\r\n\r\n"
    )


CUTS = st.lists(st.integers(0, 400), max_size=12).map(lambda cuts: tuple(sorted(cuts)))


def by_h11(raw: bytes) -> tuple[list[Seen], bool]:
    """The requests that h11 reads, up to one that is not whole or that it refuses; and whether it refuses one."""
    reader = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    reader.receive_data(raw)
    seen: list[Seen] = []
    try:
        while True:
            event = reader.next_event()
            if isinstance(event, h11.Request):
                path, _, query = event.target.decode().partition("?")
                headers = {name.decode(): value.decode("latin-1") for name, value in event.headers}
                now = Seen(event.method.decode(), unquote(path), query, headers, b"")
            elif isinstance(event, h11.Data):
                now.body += event.data
            elif isinstance(event, h11.EndOfMessage):
                seen.append(now)
                closes = reader.their_state is not h11.DONE
                reader.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
                reader.send(h11.EndOfMessage())
                if closes or reader.our_state is not h11.DONE or reader.their_state is not h11.DONE:
                    return seen, False
                reader.start_next_cycle()
            else:
                return seen, False
    except h11.RemoteProtocolError:
        return seen, True


async def _ours(raw: bytes, cuts: tuple[int, ...]) -> Wire:
    wire = Wire()
    await wire.send(raw, pieces=tuple(cut for cut in cuts if cut < len(raw)))
    return wire


def _agree(raw: bytes, cuts: tuple[int, ...]) -> int:
    """How many requests both have read."""
    with asyncio.Runner() as runner:
        wire = runner.run(_ours(raw, cuts))
        theirs, they_refuse = by_h11(raw)
        we_refuse = any(status >= 400 for status, _, _ in wire.answers)
    assert len(wire.seen) <= len(theirs), f"taken by us, refused by h11: {wire.seen[len(theirs) :]!r}"
    assert we_refuse or they_refuse or wire.transport.is_over or len(wire.seen) == len(theirs)
    for our, their in zip(wire.seen, theirs, strict=False):
        absolute = their.path.lower().startswith("http://")
        assert (our.method, our.query, our.body) == (their.method, their.query, their.body) and (our.path == their.path or absolute)
        assert our.headers.keys() == their.headers.keys()
        assert all(our.headers[name] == value for name, value in their.headers.items() if name != "connection")
    return len(wire.seen)


@given(raw=requests(), cuts=CUTS)
def test_what_h11_refuses_we_refuse_and_what_both_take_means_the_same(raw: bytes, cuts: tuple[int, ...]) -> None:
    _agree(raw, cuts)


@given(raw=st.lists(st.one_of(requests(), well_formed()), min_size=2, max_size=3).map(b"".join), cuts=CUTS)
def test_the_same_of_several_on_one_connection(raw: bytes, cuts: tuple[int, ...]) -> None:
    _agree(raw, cuts)


@given(raw=well_formed(), cuts=CUTS)
def test_what_is_well_formed_is_taken_in_whatever_pieces_it_comes(raw: bytes, cuts: tuple[int, ...]) -> None:
    assert len(raw) < BODY_BYTES_MAX
    assert _agree(raw, cuts) == 1 and len(by_h11(raw)[0]) == 1


@pytest.mark.parametrize("raw", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET /\r\n\r\n"])
def test_the_oracle_itself_tells_good_from_bad(raw: bytes) -> None:
    assert by_h11(raw)[1] == (b"Host" not in raw)
