# SPDX-License-Identifier: Apache-2.0
"""Instants as they are written here: RFC 3339 to the second, in UTC, in one spelling."""

from __future__ import annotations

from datetime import UTC, datetime


def spelled(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant(text: str) -> datetime:
    """Raises ValueError unless it is in its one spelling."""
    read = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    if spelled(read) != text:  # strptime takes `2026-1-1`
        raise ValueError("a time is written `2026-11-27T00:00:00Z`")
    return read
