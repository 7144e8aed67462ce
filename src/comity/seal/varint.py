# SPDX-License-Identifier: Apache-2.0
"""Whole numbers of 1, 2, 4 or 8 bytes, as QUIC writes them (RFC 9000 section 16): the two top bits of the first byte say how many."""

from __future__ import annotations

VARINT_MAX = (1 << 62) - 1


def encoded(value: int) -> bytes:
    if value < 1 << 6:
        return value.to_bytes(1, "big")
    if value < 1 << 14:
        return (value | 1 << 14).to_bytes(2, "big")
    if value < 1 << 30:
        return (value | 2 << 30).to_bytes(4, "big")
    return (value | 3 << 62).to_bytes(8, "big")


def in_four(value: int) -> bytes:
    """The same in four bytes however small it is, for a number under 2^30."""
    return (value | 2 << 30).to_bytes(4, "big")


def size_of(first: int) -> int:
    """How many bytes a number has that begins with this one.  A number may be longer than it needs to be: the RFC lets it."""
    return 1 << (first >> 6)


def decoded(data: bytes | bytearray) -> int:
    """Of exactly as many bytes as `size_of` says."""
    return int.from_bytes(data, "big") & ((1 << 8 * len(data) - 2) - 1)
