# SPDX-License-Identifier: Apache-2.0
"""What the program takes from the machine it runs on: time, randomness, secrets.

State is passed in.  No other module reads a clock, a random source or the environment (ruff's banned-api holds it).
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from comity.errors import OperatorError

COMMAND_SECONDS_MAX = 10.0


class Clock(Protocol):
    def now(self) -> datetime:
        """The instant, time-zone aware, UTC."""

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean anything."""


class Random(Protocol):
    def token(self, size: int) -> bytes:
        """``size`` bytes from a cryptographic source."""


class Secrets(Protocol):
    def get(self, *, env: str = "", file: str = "", command: Sequence[str] = ()) -> str:
        """The secret in environment variable ``env``, in ``file``, or that ``command`` prints.  Raises OperatorError when absent or empty.

        Asked again it looks again, so that a secret that was changed in its place is found by a reload.
        """


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class SystemRandom:
    def token(self, size: int) -> bytes:
        return secrets.token_bytes(size)


class SystemSecrets:
    def get(self, *, env: str = "", file: str = "", command: Sequence[str] = ()) -> str:
        if command:
            return _printed(command)
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


def _printed(command: Sequence[str]) -> str:
    """Errors name the program alone: its arguments may hold what is nobody's business, its output the secret."""
    import subprocess

    program = Path(command[0]).name
    try:
        done = subprocess.run(list(command), stdin=subprocess.DEVNULL, capture_output=True, timeout=COMMAND_SECONDS_MAX, check=False)
        said = done.stdout.decode("utf-8").strip()
    except subprocess.TimeoutExpired:
        reason = f"did not end within {COMMAND_SECONDS_MAX:g} seconds"
    except OSError as error:
        reason = f"cannot be started: {error.strerror}"
    except UnicodeDecodeError:
        reason = "printed what is not UTF-8"
    else:
        if done.returncode == 0 and said:
            return said
        reason = "printed nothing" if done.returncode == 0 else f"ended with status {done.returncode}"
    raise OperatorError(
        f"secret command `{program}` {reason}", code="secret.absent", hint="run it by hand, as the user that this gateway runs as"
    ) from None


def environment(name: str, default: str = "") -> str:
    """One environment variable; the only place that reads them, so that `comity doctor` can list what is read."""
    return os.environ.get(name, default)
