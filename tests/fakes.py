# SPDX-License-Identifier: Apache-2.0
"""The ports of a test: a clock that moves only when told, and randomness that repeats.

Trust is never faked here: keys, signatures and proofs in tests are real ones, made from these ports.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta


class FakeClock:
    """Stands still at 2026-11-23 12:00 UTC until `advance`."""

    def __init__(self, at: datetime = datetime(2026, 11, 23, 12, tzinfo=UTC)) -> None:
        if at.tzinfo is None:
            raise ValueError("a clock without a time zone is no clock")
        self._at = at
        self._elapsed = 1000.0

    def now(self) -> datetime:
        return self._at

    def monotonic(self) -> float:
        return self._elapsed

    def advance(self, seconds: float = 0.0, *, days: float = 0.0) -> None:
        step = timedelta(days=days, seconds=seconds).total_seconds()
        if step < 0:
            raise ValueError("monotonic time never goes back; use `set` for a wall clock that is put right")
        self._at += timedelta(seconds=step)
        self._elapsed += step

    def set(self, at: datetime) -> None:
        """The wall clock is put right (it may go back); monotonic time does not notice."""
        self._at = at


class SeededRandom:
    """SHA-256 in counter mode over a seed: never the same token twice, the same tokens in every run."""

    def __init__(self, seed: bytes = b"comity tests") -> None:
        self._seed, self._count = seed, 0

    def token(self, size: int) -> bytes:
        out = b""
        while len(out) < size:
            out += hashlib.sha256(self._seed + self._count.to_bytes(8, "big")).digest()
            self._count += 1
        return out[:size]
