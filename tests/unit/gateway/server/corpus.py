# SPDX-License-Identifier: Apache-2.0
"""Hostile requests, each with what becomes of it and why.  Written for this server from RFC 9112 and RFC 9110.

``status``: refused with it, nothing after it is looked at, and no handler saw a body.  0: taken, and then ``body`` is what it means.
``opened``: the head is in order, so a handler was asked; what is wrong is in the body, and it is told so.
"""

from __future__ import annotations

from typing import NamedTuple

HOST = b"Host: x\r\n"


class Hostile(NamedTuple):
    raw: bytes
    status: int
    section: str
    why: str
    body: bytes = b""


def get(*headers: bytes, first: bytes = b"GET /a HTTP/1.1", host: bytes = HOST) -> bytes:
    return first + b"\r\n" + host + b"".join(header + b"\r\n" for header in headers) + b"\r\n"


def post(*headers: bytes, body: bytes = b"") -> bytes:
    return get(*headers, first=b"POST /a HTTP/1.1") + body


def chunked(body: bytes, *headers: bytes) -> bytes:
    return post(b"Transfer-Encoding: chunked", *headers, body=body)


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"

LENGTHS = [
    Hostile(post(b"Content-Length: 4", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"), 400, "9112 6.1", "CL.TE: two lengths"),
    Hostile(post(b"Transfer-Encoding: chunked", b"Content-Length: 4", body=b"0\r\n\r\n"), 400, "9112 6.1", "TE.CL: two lengths"),
    Hostile(post(b"Content-Length: 3", b"Content-Length: 5", body=b"abcde"), 400, "9112 6.3", "two lengths that differ"),
    Hostile(post(b"Content-Length: 3", b"Content-Length: 3", body=b"abc"), 400, "9112 6.3", "two equal lengths: may be refused"),
    Hostile(post(b"Content-Length: 3, 3", body=b"abc"), 400, "9110 8.6", "a list of equal lengths: may be refused"),
    Hostile(post(b"Content-Length: 3, 5", body=b"abcde"), 400, "9110 8.6", "a list of lengths"),
    Hostile(post(b"Content-Length: +3", body=b"abc"), 400, "9110 8.6", "a sign is no digit"),
    Hostile(post(b"Content-Length: -3", body=b"abc"), 400, "9110 8.6", "a negative length"),
    Hostile(post(b"Content-Length: 3 ", body=b"abc"), 0, "9112 5", "white space around a value is no part of it", b"abc"),
    Hostile(post(b"Content-Length: 0 3", body=b"abc"), 400, "9110 8.6", "a space inside"),
    Hostile(post(b"Content-Length: 1_0", body=b"0123456789"), 400, "9110 8.6", "an underscore, which Python's int() takes"),
    Hostile(post(b"Content-Length: 0x3", body=b"abc"), 400, "9110 8.6", "hexadecimal"),
    Hostile(post(b"Content-Length: 3.0", body=b"abc"), 400, "9110 8.6", "a decimal point"),
    Hostile(post(b"Content-Length: 3e0", body=b"abc"), 400, "9110 8.6", "an exponent"),
    Hostile(post(b"Content-Length:", body=b"abc"), 400, "9110 8.6", "no digits at all"),
    Hostile(post(b"Content-Length: abc", body=b"abc"), 400, "9110 8.6", "letters"),
    Hostile(post(b"Content-Length: \xb2", body=b"ab"), 400, "9110 8.6", "superscript two, which is a digit to Unicode"),
    Hostile(post(b'Content-Length: "3"', body=b"abc"), 400, "9110 8.6", "quotes"),
    Hostile(post(b"Content-Length: 99999999999999999999999", body=b"abc"), 400, "9110 8.6", "more than a machine's integer"),
    Hostile(post(b"Content-Length: 18446744073709551619", body=b"abc"), 400, "9110 8.6", "3, once it has overflowed 64 bits"),
    Hostile(post(b"Content-Length: 0003", body=b"abc"), 0, "9110 8.6", "leading zeros are digits", b"abc"),
    Hostile(post(b"Content-Length : 3", body=b"abc"), 400, "9112 5.1", "white space before the colon"),
    Hostile(post(b"Content-Length\t: 3", body=b"abc"), 400, "9112 5.1", "a tab before the colon"),
    Hostile(post(b"Content-Length\x0b: 3", body=b"abc"), 400, "9112 5.1", "a vertical tab before the colon"),
    Hostile(post(b"Content-Length:\x0b3", body=b"abc"), 400, "9110 5.5", "a vertical tab as white space"),
    Hostile(post(b"Content_Length: 30", b"Content-Length: 3", body=b"abc"), 0, "9110 5.1", "another name, not the length", b"abc"),
    Hostile(post(b" Content-Length: 3", body=b"abc"), 400, "9112 5.2", "white space before the name: a folded line"),
    Hostile(post(b"X: y\r\n Content-Length: 3", body=b"abc"), 400, "9112 5.2", "a folded line that hides a length"),
    Hostile(get(b"Content-Length: 3") + b"abc", 0, "9110 9.3.1", "a body with GET has a length like any other", b"abc"),
]

CODINGS = [
    Hostile(chunked(b"3\r\nabc\r\n0\r\n\r\n"), 0, "9112 7.1", "chunked, as it should be", b"abc"),
    Hostile(post(b"Transfer-Encoding: CHUNKED", body=b"3\r\nabc\r\n0\r\n\r\n"), 0, "9112 7", "codings have no case", b"abc"),
    Hostile(post(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"), 501, "9112 6.1", "a coding that is not known"),
    Hostile(post(b"Transfer-Encoding: chunked, gzip", body=b"0\r\n\r\n"), 501, "9112 6.3", "chunked is not the last"),
    Hostile(post(b"Transfer-Encoding: chunked, chunked", body=b"0\r\n\r\n"), 501, "9112 6.1", "chunked twice"),
    Hostile(post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"), 400, "9112 6.1", "chunked on two lines"),
    Hostile(
        post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity", body=b"0\r\n\r\n"), 400, "9112 6.1", "a second coding hides"
    ),
    Hostile(post(b"Transfer-Encoding: identity", body=b"abc"), 501, "9112 7", "identity is no coding since RFC 7230"),
    Hostile(post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"), 501, "9112 6.1", "nearly chunked"),
    Hostile(post(b"Transfer-Encoding: chunked;q=1", body=b"0\r\n\r\n"), 501, "9112 7", "a parameter"),
    Hostile(post(b'Transfer-Encoding: "chunked"', body=b"0\r\n\r\n"), 501, "9112 7", "quotes"),
    Hostile(post(b"Transfer-Encoding: ,chunked", body=b"0\r\n\r\n"), 501, "9112 6.1", "an empty member in a list"),
    Hostile(post(b"Transfer-Encoding:", body=b"0\r\n\r\n"), 501, "9112 6.1", "an empty coding"),
    Hostile(post(b"Transfer-Encoding:\x0bchunked", body=b"0\r\n\r\n"), 400, "9110 5.5", "a vertical tab as white space"),
    Hostile(post(b"Transfer-Encoding: chunked\x00", body=b"0\r\n\r\n"), 400, "9110 5.5", "NUL"),
    Hostile(post(b"Transfer-Encoding: chun\r\n ked", body=b"0\r\n\r\n"), 400, "9112 5.2", "a folded coding"),
    Hostile(post(b"Transfer-Encoding : chunked", body=b"0\r\n\r\n"), 400, "9112 5.1", "white space before the colon"),
    Hostile(post(b"X: y\nTransfer-Encoding: chunked", body=b"0\r\n\r\n"), 400, "9112 2.2", "a bare LF hides a coding"),
    Hostile(post(b"X: y\rTransfer-Encoding: chunked", body=b"0\r\n\r\n"), 400, "9112 2.2", "a bare CR hides a coding"),
    Hostile(b"POST /a HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "9112 6.1", "HTTP/1.0 has no codings"),
]

CHUNKS = [
    Hostile(chunked(b"3;name=value\r\nabc\r\n0\r\n\r\n"), 0, "9112 7.1.1", "an extension is passed over", b"abc"),
    Hostile(chunked(b"00000003\r\nabc\r\n0\r\n\r\n"), 0, "9112 7.1", "leading zeros are digits", b"abc"),
    Hostile(chunked(b"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n"), 0, "9112 7.1", "either case", b"0123456789" * 2),
    Hostile(chunked(b"3\nabc\n0\n\n"), 400, "9112 7.1", "bare LF ends no line"),
    Hostile(chunked(b"3\r\nabc\n0\r\n\r\n"), 400, "9112 7.1", "bare LF behind a chunk"),
    Hostile(chunked(b"3\r\nabcd\r\n0\r\n\r\n"), 400, "9112 7.1", "a chunk longer than it says"),
    Hostile(chunked(b"5\r\nabc\r\n0\r\n\r\n"), 400, "9112 7.1", "a chunk shorter than it says"),
    Hostile(chunked(b"+3\r\nabc\r\n0\r\n\r\n"), 400, "9112 7.1", "a sign, which Python's int() takes"),
    Hostile(chunked(b"-3\r\nabc\r\n0\r\n\r\n"), 400, "9112 7.1", "a negative size"),
    Hostile(chunked(b"0x3\r\nabc\r\n0\r\n\r\n"), 400, "9112 7.1", "a prefix, which strtol() takes"),
    Hostile(chunked(b"1_0\r\n0123456789abcdef\r\n0\r\n\r\n"), 400, "9112 7.1", "an underscore, which Python's int() takes"),
    Hostile(chunked(b" 3\r\nabc\r\n0\r\n\r\n"), 400, "9112 7.1", "white space before a size"),
    Hostile(chunked(b"3 \r\nabc\r\n0\r\n\r\n"), 400, "9112 7.1", "white space behind a size"),
    Hostile(chunked(b"3 ;a\r\nabc\r\n0\r\n\r\n"), 400, "9112 7.1.1", "white space before an extension"),
    Hostile(chunked(b"\r\nabc\r\n0\r\n\r\n"), 400, "9112 7.1", "no size"),
    Hostile(chunked(b";a\r\nabc\r\n0\r\n\r\n"), 400, "9112 7.1", "an extension and no size"),
    Hostile(chunked(b"g\r\nabc\r\n0\r\n\r\n"), 400, "9112 7.1", "no hexadecimal digit"),
    Hostile(chunked(b"100000003\r\nabc\r\n0\r\n\r\n"), 400, "9112 7.1", "3, once it has overflowed 32 bits"),
    Hostile(chunked(b"ffffffffffffffffff\r\nabc\r\n0\r\n\r\n"), 400, "9112 7.1", "more than a machine's integer"),
    Hostile(chunked(b"fffffff\r\nabc\r\n0\r\n\r\n" + b"x" * 100_001), 413, "9110 15.5.14", "more than is taken, said in one chunk"),
    Hostile(chunked(b"3;" + b"a" * 200 + b"\r\nabc\r\n0\r\n\r\n"), 400, "9112 7.1.1", "an extension without end"),
    Hostile(chunked(b"3;a\nb\r\nabc\r\n0\r\n\r\n"), 400, "9112 7.1.1", "a bare LF in an extension"),
    Hostile(chunked(b"3;a\rb\r\nabc\r\n0\r\n\r\n"), 400, "9112 7.1.1", "a bare CR in an extension"),
    Hostile(chunked(b"3;a\x00\r\nabc\r\n0\r\n\r\n"), 400, "9112 7.1.1", "NUL in an extension"),
    Hostile(chunked(b"3\r\nabc\r\n0\r\nX: y\r\n\r\n"), 400, "9112 7.1.2", "a trailer: could be read as a header by whoever merges it"),
    Hostile(chunked(b"3\r\nabc\r\n0\r\nContent-Length: 3\r\n\r\n"), 400, "9110 6.5.1", "a trailer that frames"),
    Hostile(chunked(b"3\r\nabc\r\n0\r\n" + SMUGGLED), 400, "9112 7.1", "the last chunk has no end of its own"),
    Hostile(chunked(b"3\r\nabc\r\n0\r\n\n"), 400, "9112 7.1", "a bare LF at the end"),
    Hostile(chunked(b"3\r\nabc\r\n00\r\n\r\n"), 0, "9112 7.1", "several zeros are the last chunk", b"abc"),
    Hostile(chunked(b"1\r\na\r\n" * 65_537 + b"0\r\n\r\n"), 400, "9112 7.1", "a body in more pieces than anybody needs"),
]

HEADS = [
    Hostile(b"GET /a HTTP/1.1\nHost: x\n\n", 400, "9112 2.2", "lines end in CRLF"),
    Hostile(b"GET /a HTTP/1.1\r\nHost: x\n\r\n", 400, "9112 2.2", "one bare LF"),
    Hostile(b"GET /a HTTP/1.1\r\nHost: x\r\r\n\r\n", 400, "9112 2.2", "CR CR LF"),
    Hostile(b"GET /a HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n", 400, "9112 2.2", "a bare CR"),
    Hostile(get(b"X: a\x00b"), 400, "9110 5.5", "NUL in a value"),
    Hostile(get(b"X: a\x01b"), 400, "9110 5.5", "a control in a value"),
    Hostile(get(b"X: a\x7fb"), 400, "9110 5.5", "DEL in a value"),
    Hostile(get(b"X\x00: a"), 400, "9110 5.1", "NUL in a name"),
    Hostile(get(b"X Y: a"), 400, "9110 5.1", "a space in a name"),
    Hostile(get(b"X\xe9: a"), 400, "9110 5.1", "a name beyond ASCII"),
    Hostile(get(b"X(y): a"), 400, "9110 5.1", "a delimiter in a name"),
    Hostile(get(b": a"), 400, "9110 5.1", "no name"),
    Hostile(get(b"no colon here"), 400, "9112 5", "no colon"),
    Hostile(get(b"X: a\r\n\tb"), 400, "9112 5.2", "a folded value"),
    Hostile(b"GET /a HTTP/1.1\r\n Host: x\r\nHost: x\r\n\r\n", 400, "9112 2.2", "white space between the first line and the headers"),
    Hostile(b"\r\n" + get(), 400, "9112 2.2", "an empty line first: may be ignored, is refused"),
    Hostile(b"\n" + get(), 400, "9112 2.2", "a bare LF first"),
    Hostile(b" " + get(), 400, "9112 3", "white space first"),
    Hostile(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, "9112 3", "TLS to a port without it"),
    Hostile(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "9113 3.4", "HTTP/2 without having asked"),
    Hostile(get(b"X: " + b"a" * 20_000), 431, "6585 5", "a head too long"),
    Hostile(get(*[b"X%d: a" % number for number in range(200)]), 431, "6585 5", "too many headers"),
    Hostile(b"GET /" + b"a" * 20_000, 431, "9112 3", "a first line that does not end"),
    Hostile(get(b"Expect: 200-ok"), 417, "9110 10.1.1", "an expectation nobody knows"),
    Hostile(get(b"Expect: 100-continue", b"Expect: 100-continue"), 400, "9110 5.3", "an expectation twice"),
    Hostile(get(b"Upgrade: h2c", b"Connection: Upgrade, HTTP2-Settings", b"HTTP2-Settings: AAMAAABkAAQAAP__"), 0, "9110 7.8",
            "h2c smuggling: never switched, answered as HTTP/1.1"),
    Hostile(get(b"Upgrade: websocket", b"Connection: Upgrade"), 0, "9110 7.8", "never switched, answered as HTTP/1.1"),
    Hostile(get(b"Authorization: Bearer a", b"Authorization: Bearer b"), 400, "9110 5.3", "two keys: which one counts?"),
    Hostile(get(b"Comity-Subject: id=\"a\"", b"Comity-Subject: id=\"b\""), 400, "9110 5.3", "two persons: whose law?"),
    Hostile(get(b"Content-Type: a/b", b"Content-Type: c/d"), 400, "9110 5.3", "two types"),
]  # fmt: skip

FIRST_LINES = [
    Hostile(get(first=b"GET  /a HTTP/1.1"), 400, "9112 3", "two spaces"),
    Hostile(get(first=b"GET\t/a HTTP/1.1"), 400, "9112 3", "a tab for a space"),
    Hostile(get(first=b"GET /a  HTTP/1.1"), 400, "9112 3", "two spaces before the version"),
    Hostile(get(first=b"GET /a HTTP/1.1 "), 400, "9112 3", "a space at the end"),
    Hostile(get(first=b"GET /a b HTTP/1.1"), 400, "9112 3.2", "a space in the target"),
    Hostile(get(first=b"GET /a"), 400, "9112 3", "no version: HTTP/0.9"),
    Hostile(get(first=b"GET /a HTTP/0.9"), 505, "9112 2.3", "an old version"),
    Hostile(get(first=b"GET /a HTTP/1.2"), 505, "9112 2.3", "a version nobody wrote: may be answered, is refused"),
    Hostile(get(first=b"GET /a HTTP/2.0"), 505, "9112 2.3", "another protocol"),
    Hostile(get(first=b"GET /a HTTP/1.10"), 400, "9112 2.3", "two digits"),
    Hostile(get(first=b"GET /a http/1.1"), 400, "9112 2.3", "the version has a case"),
    Hostile(get(first=b"GET /a HTTP/1,1"), 400, "9112 2.3", "a comma"),
    Hostile(get(first=b"G\x00T /a HTTP/1.1"), 400, "9110 9.1", "NUL in the method"),
    Hostile(get(first=b"G(T /a HTTP/1.1"), 400, "9110 9.1", "no token"),
    Hostile(get(first=b"GET /\xe9 HTTP/1.1"), 400, "9112 3.2", "a byte beyond ASCII"),
    Hostile(get(first=b"GET /a#b HTTP/1.1"), 400, "9112 3.2", "a fragment is never sent"),
    Hostile(get(first=b"GET a HTTP/1.1"), 400, "9112 3.2", "no path"),
    Hostile(get(first=b"GET * HTTP/1.1"), 400, "9112 3.2.4", "`*` is for OPTIONS"),
    Hostile(get(first=b"CONNECT x:443 HTTP/1.1"), 501, "9110 9.3.6", "no proxy"),
    Hostile(get(first=b"GET x:80 HTTP/1.1"), 400, "9112 3.2.3", "an authority is for CONNECT"),
    Hostile(get(first=b"GET http://x/a HTTP/1.1"), 0, "9112 3.2.2", "a whole URL that says the same host"),
    Hostile(get(first=b"GET http://x HTTP/1.1"), 0, "3986 6.2.3", "a whole URL without a path means `/`"),
    Hostile(get(first=b"GET http://y/a HTTP/1.1"), 400, "9112 3.2.2", "a whole URL that says another host"),
    Hostile(get(first=b"GET http://u@x/a HTTP/1.1"), 400, "9110 4.2.4", "a user in a URL"),
    Hostile(get(first=b"GET https://x/a HTTP/1.1"), 400, "9112 3.2.2", "a scheme that is not spoken on this port"),
    Hostile(get(first=b"GET file:///etc/passwd HTTP/1.1"), 400, "9112 3.2.2", "a scheme that is none of HTTP"),
    Hostile(get(first=b"GET http:///a HTTP/1.1"), 400, "9110 4.2.1", "a URL without a host"),
    Hostile(get(first=b"GET /%zz HTTP/1.1"), 400, "3986 2.1", "an escape that is none"),
    Hostile(get(first=b"GET /%00 HTTP/1.1"), 400, "3986 2.1", "NUL, escaped"),
    Hostile(get(first=b"GET /a%0d%0aX:%20y HTTP/1.1"), 400, "3986 2.1", "a line break, escaped"),
    Hostile(get(first=b"GET /%ff HTTP/1.1"), 400, "3986 2.5", "bytes that are no UTF-8"),
]

HOSTS = [
    Hostile(get(host=b""), 400, "9112 3.2", "no host"),
    Hostile(get(host=b"Host: x\r\nHost: x\r\n"), 400, "9112 3.2", "two equal hosts"),
    Hostile(get(host=b"Host: x\r\nHost: y\r\n"), 400, "9112 3.2", "two hosts"),
    Hostile(get(host=b"Host: x\r\nhOsT: y\r\n"), 400, "9112 3.2", "two hosts; names have no case"),
    Hostile(get(host=b"Host:\r\n"), 400, "9112 3.2", "an empty host belongs to targets without one"),
    Hostile(get(host=b"Host: x, y\r\n"), 400, "9110 7.2", "a list"),
    Hostile(get(host=b"Host: x y\r\n"), 400, "9110 7.2", "a space"),
    Hostile(get(host=b"Host: x/a\r\n"), 400, "9110 7.2", "a path"),
    Hostile(get(host=b"Host: u@x\r\n"), 400, "9110 7.2", "a user"),
    Hostile(get(host=b"Host: x:80:81\r\n"), 400, "9110 7.2", "two ports"),
    Hostile(get(host=b"Host: x:a\r\n"), 400, "9110 7.2", "a port of letters"),
    Hostile(get(host=b"Host: x\xe9\r\n"), 400, "9110 7.2", "beyond ASCII"),
    Hostile(get(host=b"Host : x\r\n"), 400, "9112 5.1", "white space before the colon"),
]

CORPUS = [*LENGTHS, *CODINGS, *CHUNKS, *HEADS, *FIRST_LINES, *HOSTS]
