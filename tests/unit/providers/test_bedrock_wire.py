# SPDX-License-Identifier: Apache-2.0
"""What Bedrock's adapter says and hears below its words: signatures and frames, held to Amazon's own vectors."""

from __future__ import annotations

import json
import struct
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.providers.adapters.bedrock.frames import MESSAGE_BYTES_MAX, BadFrame, FrameDecoder, Message, encode
from comity.providers.adapters.bedrock.sigv4 import Credentials, signed

VECTORS = Path(__file__).parents[2] / "vectors" / "aws"
SIGNED: dict[str, str] = json.loads((VECTORS / "sigv4.json").read_text(encoding="utf-8"))
FRAMES: dict[str, Any] = json.loads((VECTORS / "eventstream.json").read_text(encoding="utf-8"))
AT = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)


@pytest.mark.parametrize("name", SIGNED)
def test_amazons_own_requests_are_signed_as_amazon_signs_them(name: str) -> None:
    head, _, body = SIGNED[name].partition("\n\n")
    line, *rest = head.split("\n")
    method, path = line.removesuffix(" HTTP/1.1").split(" ", 1)
    headers = {name.lower(): value for name, _, value in (each.partition(":") for each in rest)}
    expected = headers.pop("authorization")
    names = expected.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    secret = "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    token = headers.pop("x-amz-security-token", "")
    credentials = Credentials.of(f"{secret}:{token}" if token else secret)
    assert credentials is not None
    given_headers = {each: headers[each] for each in names if each in headers and each != "x-amz-date"}
    made = signed(method, path, given_headers, body.encode(), credentials=credentials, region="us-east-1", service="service", at=AT)
    assert made.pop("authorization") == expected
    assert made == {"x-amz-date": headers["x-amz-date"]} | ({"x-amz-security-token": token} if token else {})


def test_a_key_of_bedrocks_own_is_no_pair() -> None:
    assert Credentials.of("bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t") is None


@pytest.mark.parametrize("name", FRAMES)
def test_amazons_own_messages_are_read_and_written(name: str) -> None:
    vector = FRAMES[name]
    raw, expected = bytes.fromhex(vector["hex"]), Message(vector["headers"], vector["payload"].encode())
    assert list(FrameDecoder().feed(raw)) == [expected]
    assert encode(*expected) == raw


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=40)
NAMES = TEXTS.filter(lambda name: 0 < len(name.encode()) < 256)
MESSAGES = st.lists(st.builds(Message, st.dictionaries(NAMES, TEXTS, max_size=4), st.binary(max_size=60)), max_size=4)


@given(MESSAGES, st.data())
def test_however_it_is_cut_the_same_messages_come(messages: list[Message], data: st.DataObject) -> None:
    raw = b"".join(encode(*message) for message in messages)
    decoder, got = FrameDecoder(), []
    while raw:
        size = data.draw(st.integers(1, len(raw)))
        got += list(decoder.feed(raw[:size]))
        raw = raw[size:]
    assert got == messages and decoder.rest == 0


@given(st.data())
def test_a_bit_that_is_flipped_is_an_error_or_a_message_that_never_ends(data: st.DataObject) -> None:
    """CRC-32 finds every single bit; a length that was made longer is found by its own check."""
    raw = bytearray(encode({":event-type": "contentBlockDelta"}, b'{"delta":{"text":"yes"}}'))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(BadFrame):
        list(FrameDecoder().feed(bytes(raw)))


def _raw(total: int, headers: bytes, payload: bytes = b"") -> bytes:
    lengths = struct.pack(">II", total or 16 + len(headers) + len(payload), len(headers))
    body = lengths + struct.pack(">I", zlib.crc32(lengths)) + headers + payload
    return body + struct.pack(">I", zlib.crc32(body))


@pytest.mark.parametrize(
    "raw",
    [
        b"event: message\ndata: {}\n\n",
        _raw(15, b""),
        _raw(MESSAGE_BYTES_MAX + 1, b""),
        _raw(0, b"\x01a\x0a"),  # a type that does not exist
        _raw(0, b"\x01a\x07\x00\x05abc"),  # a value beyond the headers
        _raw(0, b"\x05a"),  # a name beyond the headers
        _raw(0, b"\x00\x00"),  # no name
        _raw(0, b"\x01a\x00\x01a\x00"),  # the same twice
        _raw(0, b"\x01a\x07\x00\x01\xff"),  # not UTF-8
    ],
)
def test_what_is_no_event_stream_is_refused(raw: bytes) -> None:
    with pytest.raises(BadFrame):
        list(FrameDecoder().feed(raw))


def test_headers_of_every_type_are_passed_over() -> None:
    headers = b"".join(
        bytes((1, 65 + kind, kind)) + bytes(size) for kind, size in ((0, 0), (1, 0), (2, 1), (3, 2), (4, 4), (5, 8), (8, 8), (9, 16))
    )
    headers += b"\x01b\x06\x00\x02\xff\xff" + b"\x01t\x07\x00\x02ok"
    ((found, payload),) = FrameDecoder().feed(_raw(0, headers, b"x"))
    assert (found["t"], found["b"], payload) == ("ok", "", b"x")


def test_an_oversized_message_is_refused_before_it_is_held() -> None:
    decoder = FrameDecoder(message_bytes_max=64)
    with pytest.raises(BadFrame):
        list(decoder.feed(encode({}, bytes(80))[:12]))
