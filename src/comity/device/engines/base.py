# SPDX-License-Identifier: Apache-2.0
"""What the child process asks of the code that runs a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

Piece = Callable[[Mapping[str, Any]], bool]
"""Takes one piece of an answer, JSON-ready (bytes as base64 text); True: nobody wants more of this answer."""


class Engine(Protocol):
    """A module has `def load(files: Mapping[str, str], options: Mapping[str, Any]) -> Engine`.

    ``files``: by the manifest's names, paths of files whose hashes were checked.  ``options``: `context_tokens`, `slots`, `threads`.
    Load raises ImportError where its package is not installed, anything else where the file is broken.
    """

    def answer(self, body: Mapping[str, Any], piece: Piece) -> None:
        """Whole in one piece, or in several; called from ``slots`` threads at once.

        Raises ValueError where the request is not one that it takes (`Broken`: the file in it is none), `TooLong`, and anything else
        where it fails: the message is never passed on, since it may hold what was asked.
        """


class Broken(ValueError):
    """The picture or sound that came is cut off, damaged, or none."""


class TooLong(Exception):
    """What was asked is longer than the model takes."""
