# SPDX-License-Identifier: Apache-2.0
"""Packets on loopback: what a process says it sent and what crossed the wire are two things."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import OperatorError
from comity.lab.capture import Capture, tcp_segment


@pytest.fixture
def capture() -> Iterator[Capture]:
    try:
        opened = Capture.open()
    except OperatorError as error:
        pytest.skip(f"{error}: {error.hint}")
    with opened:
        yield opened


def test_a_knock_and_its_bytes_are_seen_and_silence_is_silence(capture: Capture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as open_door, socket.create_server(("127.0.0.1", 0)) as quiet:
        port, other = open_door.getsockname()[1], quiet.getsockname()[1]
        assert capture.segments(port) == 0
        with socket.create_connection(("127.0.0.1", port)) as caller:
            assert capture.segments(port) > 0 and capture.payload(port) == b""
            caller.sendall(b"hello")
            assert capture.payload(port) == b"hello"
            peer, _ = open_door.accept()
            with peer:
                peer.sendall(b"and back")
            assert (capture.answers(port), capture.payload(port)) == (b"and back", b"hello")
        assert capture.segments(other) == 0


def test_many_bytes_arrive_whole_and_once(capture: Capture) -> None:
    sent = bytes(range(256)) * 2000
    with socket.create_server(("127.0.0.1", 0)) as door, socket.create_connection(door.getsockname()) as caller:
        peer, _ = door.accept()
        with peer:
            received = 0
            for at in range(0, len(sent), 8192):
                caller.sendall(sent[at : at + 8192])
                while received < min(at + 8192, len(sent)):
                    received += len(peer.recv(65536))
        assert capture.payload(door.getsockname()[1]) == sent


def test_ipv6_is_seen_too(capture: Capture) -> None:
    try:
        door = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 loopback here")
    with door, socket.create_connection(door.getsockname()[:2]) as caller:
        caller.sendall(b"six")
        assert capture.payload(door.getsockname()[1]) == b"six"


def frame(payload: bytes, *, length: int | None = None) -> bytes:
    ip = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 40 + len(payload) if length is None else length, 0, 0, 64, 6, 0, b"\x7f\0\0\1", b"\x7f\0\0\1"
    )
    tcp = struct.pack("!HHIIBBHHH", 1, 9100, 0, 0, 5 << 4, 0x18, 0, 0, 0)
    return b"\0" * 12 + b"\x08\0" + ip + tcp + payload


def test_a_frame_is_read_by_its_own_lengths() -> None:
    assert tcp_segment(frame(b"abc")) == (1, 9100, b"abc")
    assert tcp_segment(frame(b"abc", length=0)) == (1, 9100, b"abc")  # segmentation offload
    assert tcp_segment(frame(b"abc", length=42) + b"padding") == (1, 9100, b"ab")
    assert tcp_segment(b"\0" * 12 + b"\x08\x06" + b"\0" * 60) is None  # ARP


@given(st.binary(max_size=120) | st.binary(max_size=80).map(lambda tail: frame(b"")[:40] + tail))
def test_any_frame_is_read_or_passed_over(raw: bytes) -> None:
    found = tcp_segment(raw)
    assert found is None or all(0 <= port < 65536 for port in found[:2])
