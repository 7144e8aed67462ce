# SPDX-License-Identifier: Apache-2.0
"""What the program takes from the machine it runs on: time, randomness, secrets.

State is passed in.  No other module reads a clock, a random source or the environment (ruff's banned-api holds it).
"""

from __future__ import annotations

import os
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from comity.errors import OperatorError


class Clock(Protocol):
    def now(self) -> datetime:
        """The instant, time-zone aware, UTC."""

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean anything."""


class Random(Protocol):
    def token(self, size: int) -> bytes:
        """``size`` bytes from a cryptographic source."""


class Secrets(Protocol):
    def get(self, *, env: str = "", file: str = "") -> str:
        """The secret in environment variable ``env`` or in ``file``; raises OperatorError when absent or empty."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class SystemRandom:
    def token(self, size: int) -> bytes:
        return secrets.token_bytes(size)


class SystemSecrets:
    def get(self, *, env: str = "", file: str = "") -> str:
        if env:
            value = os.environ.get(env, "").strip()
            if not value:
                raise OperatorError(
                    f"environment variable `{env}` is not set", code="secret.absent", hint=f"export {env}=… before starting"
                )
            return value
        try:
            value = Path(file).expanduser().read_text(encoding="utf-8").strip()
        except OSError as error:
            raise OperatorError(f"cannot read secret file `{file}`: {error.strerror}", code="secret.absent") from error
        if not value:
            raise OperatorError(f"secret file `{file}` is empty", code="secret.absent")
        return value


def environment(name: str, default: str = "") -> str:
    """One environment variable; the only place that reads them, so that `comity doctor` can list what is read."""
    return os.environ.get(name, default)
