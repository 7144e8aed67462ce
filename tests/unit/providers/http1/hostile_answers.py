# SPDX-License-Identifier: Apache-2.0
"""Answers that are none: each with the part of RFC 9112 (or 9110, where it says so) by which a client may or must refuse it.

`REFUSED` must end in an error however it is cut.  `ALONE` are answers, after which nobody may be asked on the same connection.
"""

from __future__ import annotations

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def head(*lines: bytes) -> bytes:
    return OK + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def sized(*lines: bytes, body: bytes = b"{}") -> bytes:
    return head(*lines, b"content-length: %d" % len(body)) + body


def in_chunks(raw: bytes) -> bytes:
    return CHUNKED + raw


REFUSED: dict[str, bytes] = {
    # 4: the status line
    "4 nothing at all": b"",
    "4 only an empty line": b"\r\n\r\n",
    "4 an empty line before the status": b"\r\n" + sized(),
    "4 a space before the status": b" " + sized(),
    "4 another protocol": b"SSH-2.0-OpenSSH_9.6\r\n",
    "4 a request": b"GET / HTTP/1.1\r\nhost: x\r\n\r\n",
    "4 HTTP/0.9": b"{}",
    "4 HTTP/2 in the clear": b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64",
    "4 TLS where none was asked for": b"\x15\x03\x01\x00\x02\x02\x46",
    "2.3 HTTP/2.0 in letters": b"HTTP/2.0 200 OK\r\ncontent-length: 2\r\n\r\n{}",
    "2.3 HTTP/1.2": b"HTTP/1.2 200 OK\r\ncontent-length: 2\r\n\r\n{}",
    "2.3 HTTP/1.10": b"HTTP/1.10 200 OK\r\ncontent-length: 2\r\n\r\n{}",
    "2.3 a version in small letters": b"http/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
    "4 a version without its minor number": b"HTTP/1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
    "4 no status": b"HTTP/1.1 OK\r\ncontent-length: 2\r\n\r\n{}",
    "4 two digits": b"HTTP/1.1 20 OK\r\ncontent-length: 2\r\n\r\n{}",
    "4 four digits": b"HTTP/1.1 2000 OK\r\ncontent-length: 2\r\n\r\n{}",
    "4 a sign": b"HTTP/1.1 +20 OK\r\ncontent-length: 2\r\n\r\n{}",
    "4 a status of nought": b"HTTP/1.1 000 OK\r\ncontent-length: 2\r\n\r\n{}",
    "4 two spaces": b"HTTP/1.1  200 OK\r\ncontent-length: 2\r\n\r\n{}",
    "4 a tab": b"HTTP/1.1\t200 OK\r\ncontent-length: 2\r\n\r\n{}",
    "4 a control character in the reason": b"HTTP/1.1 200 O\x00K\r\ncontent-length: 2\r\n\r\n{}",
    "4 a digit that is none of ASCII": b"HTTP/1.1 2\xb20 OK\r\ncontent-length: 2\r\n\r\n{}",
    # 2.2: lines
    "2.2 bare LF everywhere": b"HTTP/1.1 200 OK\ncontent-length: 2\n\n{}",
    "2.2 bare LF after the status": b"HTTP/1.1 200 OK\ncontent-length: 2\r\n\r\n{}",
    "2.2 bare LF between fields": head(b"x: y\ncontent-length: 2") + b"{}",
    "2.2 bare LF ends the head": OK + b"content-length: 2\r\n\n{}",
    "2.2 bare CR in a value": head(b"x: a\rcontent-length: 9", b"content-length: 2") + b"{}",
    "2.2 bare CR ends a line": OK + b"content-length: 2\r\r\n\r\n{}",
    "2.2 a space before the first field": OK + b" x: y\r\ncontent-length: 2\r\n\r\n{}",
    # 5: fields
    "5.1 a space before the colon": sized(b"x : y"),
    "5.1 a space in the framing field's name": head(b"content-length : 2") + b"{}",
    "5.1 no colon": sized(b"x"),
    "5.1 no name": sized(b": y"),
    "5.1 a letter that no name has": sized(b"x\xe9: y"),
    "5.1 a bracket in a name": sized(b"x(y): z"),
    "5.1 zero in a name": sized(b"x\x00: y"),
    "5.2 a folded line": sized(b"x: a", b" b"),
    "5.2 a folded line by a tab": sized(b"x: a", b"\tb"),
    "5.2 a folded length": head(b"content-length:", b" 2") + b"{}",
    "9110 5.5 zero in a value": sized(b"x: a\x00b"),
    "9110 5.5 an escape in a value": sized(b"x: \x1b[2J"),
    "9110 5.5 a bell in a value": sized(b"x: \x07"),
    "9110 5.5 delete in a value": sized(b"x: \x7f"),
    "3 a head past its limit": sized(b"x: " + b"a" * 40_000),
    "3 more fields than may be": sized(*[b"x: y"] * 500),
    # 6: whose end is it
    "6.3 two different lengths": head(b"content-length: 2", b"content-length: 3") + b"{} ",
    "6.3 twice the same length": head(b"content-length: 2", b"content-length: 2") + b"{}",
    "6.3 a list of lengths": head(b"content-length: 2, 2") + b"{}",
    "6.3 a length of less than nothing": head(b"content-length: -2") + b"{}",
    "6.3 a length with a plus": head(b"content-length: +2") + b"{}",
    "6.3 a length in hexadecimal": head(b"content-length: 0x2") + b"{}",
    "6.3 a length with an underscore": head(b"content-length: 0_2") + b"{}",
    "6.3 a length with a space within": head(b"content-length: 0 2") + b"{}",
    "6.3 a length with a point": head(b"content-length: 2.0") + b"{}",
    "6.3 an empty length": head(b"content-length:") + b"{}",
    "6.3 a length in other digits": head(b"content-length: \xb2") + b"{}",
    "6.3 a length past all numbers": head(b"content-length: 99999999999999999999") + b"{}",
    "6.3 both framings": head(b"transfer-encoding: chunked", b"content-length: 2") + b"2\r\n{}\r\n0\r\n\r\n",
    "6.3 both framings, the other way": head(b"content-length: 2", b"transfer-encoding: chunked") + b"2\r\n{}\r\n0\r\n\r\n",
    "6.1 chunked twice": head(b"transfer-encoding: chunked, chunked") + b"2\r\n{}\r\n0\r\n\r\n",
    "6.1 chunked in two fields": head(b"transfer-encoding: chunked", b"transfer-encoding: chunked") + b"2\r\n{}\r\n0\r\n\r\n",
    "6.1 another coding": head(b"transfer-encoding: gzip") + b"2\r\n{}\r\n0\r\n\r\n",
    "6.1 another coding too": head(b"transfer-encoding: gzip, chunked") + b"2\r\n{}\r\n0\r\n\r\n",
    "6.1 identity": head(b"transfer-encoding: identity") + b"{}",
    "6.1 chunked that is not quite": head(b"transfer-encoding: xchunked") + b"2\r\n{}\r\n0\r\n\r\n",
    "6.1 chunked with a parameter": head(b"transfer-encoding: chunked;q=1") + b"2\r\n{}\r\n0\r\n\r\n",
    "6.1 chunked with a vertical tab": head(b"transfer-encoding: \x0bchunked") + b"2\r\n{}\r\n0\r\n\r\n",
    "6.1 an empty coding": head(b"transfer-encoding:") + b"{}",
    "6.1 chunks in HTTP/1.0": b"HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "8 fewer bytes than declared": head(b"content-length: 9") + b"{}",
    "8 a head that is cut": OK + b"content-le",
    "8 a status that is cut": b"HTTP/1.1 20",
    # 7.1: chunks
    "7.1 no chunk": in_chunks(b""),
    "7.1 no last chunk": in_chunks(b"2\r\n{}\r\n"),
    "7.1 a last chunk without its end": in_chunks(b"2\r\n{}\r\n0\r\n"),
    "7.1 a chunk that is cut": in_chunks(b"ff\r\n{}"),
    "7.1 a size that is none": in_chunks(b"zz\r\n{}\r\n0\r\n\r\n"),
    "7.1 an empty size": in_chunks(b"\r\n{}\r\n0\r\n\r\n"),
    "7.1 a size with 0x": in_chunks(b"0x2\r\n{}\r\n0\r\n\r\n"),
    "7.1 a size with an underscore": in_chunks(b"0_2\r\n{}\r\n0\r\n\r\n"),
    "7.1 a size with a sign": in_chunks(b"+2\r\n{}\r\n0\r\n\r\n"),
    "7.1 a size of less than nothing": in_chunks(b"-2\r\n{}\r\n0\r\n\r\n"),
    "7.1 a size past all numbers": in_chunks(b"f" * 17 + b"\r\n{}"),
    "7.1 a space before the size": in_chunks(b" 2\r\n{}\r\n0\r\n\r\n"),
    "7.1 a space behind the size": in_chunks(b"2 \r\n{}\r\n0\r\n\r\n"),
    "7.1 a chunk longer than said": in_chunks(b"1\r\n{}\r\n0\r\n\r\n"),
    "7.1 a chunk shorter than said": in_chunks(b"3\r\n{}\r\n0\r\n\r\n"),
    "7.1 bare LF behind the size": in_chunks(b"2\n{}\r\n0\r\n\r\n"),
    "7.1 bare LF behind the chunk": in_chunks(b"2\r\n{}\n0\r\n\r\n"),
    "7.1 bare CR behind the size": in_chunks(b"2\r{}\r\n0\r\n\r\n"),
    "7.1 nothing behind the chunk": in_chunks(b"2\r\n{}0\r\n\r\n"),
    "7.1.1 bare LF in an extension": in_chunks(b"2;a\nb\r\n{}\r\n0\r\n\r\n"),
    "7.1.1 zero in an extension": in_chunks(b"2;a\x00\r\n{}\r\n0\r\n\r\n"),
    "7.1.1 an extension past its limit": in_chunks(b"2;" + b"a" * 5000),
    "7.1.2 a folded trailer": in_chunks(b"0\r\nx: a\r\n b\r\n\r\n"),
    "7.1.2 a trailer without a colon": in_chunks(b"0\r\nx\r\n\r\n"),
    "7.1.2 a trailer with bare LF": in_chunks(b"0\r\nx: y\n\n"),
    "7.1.2 trailers past their limit": in_chunks(b"0\r\nx: " + b"a" * 40_000 + b"\r\n\r\n"),
    "7.1.2 more trailers than may be": in_chunks(b"0\r\n" + b"x: y\r\n" * 500 + b"\r\n"),
    # 9110 15.2: what comes before an answer
    "9110 15.2.2 another protocol begins": b"HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\n\r\n" + sized(),
    "9110 15.2 news without end": b"HTTP/1.1 102 Processing\r\n\r\n" * 100,
    "9110 15.2 news and no answer": b"HTTP/1.1 100 Continue\r\n\r\n",
}

ALONE: dict[str, tuple[bytes, bytes]] = {
    "9.6 close is announced": (sized(b"connection: close"), b"{}"),
    "9.6 close among others": (sized(b"connection: x, Close"), b"{}"),
    "9.6 close in the second of two": (sized(b"connection: keep-alive", b"connection: close"), b"{}"),
    "9.3 HTTP/1.0": (b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}", b"{}"),
    "9.3 HTTP/1.0 that would stay": (b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\n{}", b"{}"),
    "6.3 more than declared": (sized() + b"x", b"{}"),
    "6.3 a second answer": (sized() + sized(body=b"[]"), b"{}"),
    "6.3 an empty line too much": (sized() + b"\r\n", b"{}"),
    "7.1 more behind the last chunk": (in_chunks(b"2\r\n{}\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n"), b"{}"),
    "6.3 a body where none may be": (b"HTTP/1.1 204 No Content\r\ncontent-length: 2\r\n\r\n{}", b""),
    "6.1 chunks where none may be": (b"HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", b""),
    "6.3 304 and what would have come": (b"HTTP/1.1 304 Not Modified\r\ncontent-length: 2\r\n\r\n", b""),
    "6.3 the connection's end is the body's": (head(b"x: y") + b"{}", b"{}"),
}
