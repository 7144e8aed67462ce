# SPDX-License-Identifier: Apache-2.0
"""Whether this process holds so much memory that a further request must be refused at the door, before its body is read."""

from __future__ import annotations

from collections.abc import Callable

from comity.gateway.process import resident_bytes

LOOK_EVERY = 32
"""Requests for each look at the kernel's figure: a look takes as long as two requests' heads."""


class Shedding:
    """``bytes_max``: 0 for no bound.  Nothing is shed where the kernel does not say how much is held."""

    def __init__(self, bytes_max: int, *, resident: Callable[[], int] = resident_bytes) -> None:
        self._bytes_max, self._resident = bytes_max, resident
        self._asked = 0
        self._reason = ""

    def overloaded(self) -> str:
        """Why no further request is taken now, as a code; "" when one is.  Called for each request: most calls count to 32.

        While the answer is yes every call looks again, so that service resumes with the first request that fits.
        """
        if not self._bytes_max:
            return ""
        self._asked -= 1
        if self._asked >= 0 and not self._reason:
            return ""
        self._asked = LOOK_EVERY
        try:
            held = self._resident()
        except (OSError, ValueError, IndexError):
            held = 0
        self._reason = "server.memory" if held >= self._bytes_max else ""
        return self._reason
