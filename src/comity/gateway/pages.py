# SPDX-License-Identifier: Apache-2.0
"""What a room above has the gateway show beside its API, by path: it is handed in, since no import points up."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from comity.config import ConsoleConfig


class Page(NamedTuple):
    body: bytes
    etag: str
    kind: tuple[bytes, bytes]  # its content type
    headers: tuple[tuple[bytes, bytes], ...]


Pages = Callable[[str, ConsoleConfig], Page | None]
"""A look at memory; None for a path that is none of theirs."""


def none(path: str, config: ConsoleConfig) -> Page | None:
    """Without pages."""
    return None


class Programs(NamedTuple):
    """Of the lab; empty: there is none here."""

    drill: tuple[str, ...] = ()  # takes a partner away, by `--drill=NAME`
    case: tuple[str, ...] = ()  # tells the founding case, a line as each thing is told


NO_PROGRAMS = Programs()


class Mounted(NamedTuple):
    pages: Pages = none
    token: str = ""  # a pass that was shown already; "": none
    until: int = 0  # as long as it holds, in seconds since 1970
    programs: Programs = NO_PROGRAMS
