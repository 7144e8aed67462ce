# SPDX-License-Identifier: Apache-2.0
"""What a gateway writes to standard error: lines for people, or one JSON object a line; ids and codes, never content.

Our own messages are made of codes.  What a library says, and what an exception says, may hold anything it was given, so of those the
name, the kind and the place are written, and no word of theirs.
"""

from __future__ import annotations

import logging
import traceback
from datetime import UTC, datetime
from typing import Any

import msgspec

from comity.config import LogsConfig

OWN = "comity"
_encode = msgspec.json.Encoder().encode


def written(config: LogsConfig) -> None:
    """From now on, in place of what was before."""
    handler = logging.StreamHandler()
    handler.setFormatter(Lines(json=config.format == "json"))
    root, access = logging.getLogger(), logging.getLogger("comity.access")
    root.handlers[:] = [handler]
    root.setLevel(config.level.upper())
    access.setLevel(logging.INFO if config.access else logging.CRITICAL)


class Lines(logging.Formatter):
    def __init__(self, *, json: bool) -> None:
        super().__init__()
        self._json = json

    def format(self, record: logging.LogRecord) -> str:
        told = fields(record)
        if self._json:
            head = {"at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"), "level": record.levelname.lower()}
            return _encode({**head, "logger": record.name, **told}).decode()
        return "comity: " + " ".join(str(value) if key == "message" else f"{key}={value}" for key, value in told.items())


def fields(record: logging.LogRecord) -> dict[str, Any]:
    own = record.name == OWN or record.name.startswith(OWN + ".")
    said = record.getMessage() if own else f"`{record.name[:64]}` has something to say, which may hold content and is not repeated"
    told: dict[str, Any] = {"message": said} if said else {}
    told |= getattr(record, "told", {})
    if record.exc_info and record.exc_info[1] is not None:
        told |= {"error": type(record.exc_info[1]).__name__, "where": place_of(record.exc_info[1])}
    return told


def place_of(error: BaseException) -> str:
    """Where it was raised, without its message and without values: both may hold content."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames[-4:]))
