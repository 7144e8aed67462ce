# SPDX-License-Identifier: Apache-2.0
"""A recogniser that reads a whole text: a model of names, a plug-in.  Rules are not finders: see `recognizers`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Proposal(NamedTuple):
    """A place in the text that `find` was given.  ``sure``: CERTAIN, LIKELY or HINTED of `recognizers.base`."""

    start: int
    end: int
    type: str
    category: str | None
    sure: int


class Finder(Protocol):
    """Proposes places of a normalised text (`normalise.view`).  It keeps no text, and what it raises reaches the caller of `scan`."""

    @property
    def name(self) -> str: ...  # `Finding.recognizer`

    def find(self, text: str) -> Sequence[Proposal]: ...
