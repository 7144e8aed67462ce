# SPDX-License-Identifier: Apache-2.0
"""A corpus of requests that a proxy in front and a server behind could read in two ways: each is read in one, or refused.

Behind each comes a well-formed request.  It must be answered after a request that was taken, and never be seen after one that was not.
"""

from __future__ import annotations

import json

import pytest

from tests.unit.gateway.server.corpus import CORPUS, Hostile, post
from tests.unit.gateway.server.wire import Wire

NEXT = b"GET /next HTTP/1.1\r\nHost: x\r\n\r\n"


def every(size: int, raw: bytes) -> tuple[int, ...]:
    return tuple(range(size, len(raw), size))


def test_the_corpus_is_large_and_each_says_why() -> None:
    assert len(CORPUS) >= 120 and all(each.section and each.why for each in CORPUS)
    assert len({each.raw for each in CORPUS}) == len(CORPUS)


CASES = [
    pytest.param(hostile, size, id=f"{hostile.section}: {hostile.why}, in pieces of {size}")
    for hostile in CORPUS
    for size in (1, 7, 1 << 20)
    if len(hostile.raw) < size * 5_000
]


@pytest.mark.parametrize(("hostile", "size"), CASES)
async def test_read_in_one_way_or_refused(hostile: Hostile, size: int) -> None:
    wire = Wire()
    raw = hostile.raw + NEXT
    await wire.send(raw, pieces=every(size, raw))
    if hostile.status == 0:
        assert [seen.body for seen in wire.seen] == [hostile.body, b""] and wire.seen[1].path == "/next"
        assert [status for status, _, _ in wire.answers] == [200, 200] and not wire.transport.is_over
        return
    await wire.after(100)  # what waits for more is told that it waited in vain
    assert not wire.seen
    ((status, headers, body),) = wire.answers
    assert (status, headers["connection"], headers["content-type"]) == (hostile.status, "close", "application/json")
    error = json.loads(body)["error"]
    assert error["code"] in ("http.invalid", "http.head_too_large", "request.repeated_header", "request.too_large") and error["message"]
    assert wire.transport.is_over


CHUNKED = post(b"Transfer-Encoding: chunked")
HOPELESS = [
    b"GET /a HTTP/1.1\nHost: x\n\n",
    b"GET /a HTTP/1.1\r\nX: a\x00",
    b"GET /a HTTP/1.1\rX",
    b"GET /" + b"a" * 20_000,
    CHUNKED + b"3\nabc",
    CHUNKED + b"3\rabc",
    CHUNKED + b"3;" + b"a" * 200,
]


@pytest.mark.parametrize("raw", HOPELESS, ids=lambda raw: repr(raw[-12:]))
@pytest.mark.parametrize("size", [1, 1 << 20])
async def test_what_can_never_become_whole_is_refused_at_once(raw: bytes, size: int) -> None:
    wire = Wire()
    await wire.send(raw, pieces=every(size, raw) if len(raw) < 1_000 else ())
    assert [status for status, _, _ in wire.answers] in ([400], [431]) and wire.transport.is_over
