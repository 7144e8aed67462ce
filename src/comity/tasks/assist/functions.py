# SPDX-License-Identifier: Apache-2.0
"""Which of a few foreign functions a request is for, by the words of its name, description and arguments; or none of them.

For functions given by whoever asks, as JSON Schema.  A stranger's own descriptions are never read so: see `mcp/using.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from comity.tasks.assist.filling import Function
from comity.tasks.assist.retrieve import grams

ENOUGH = 1.55
"""Below it the request is for none.  Set on the dev half of the development part of ACEBench (25 + 25 irrelevant, 50 + 50 not)."""


def best(functions: Sequence[Function], words: str, language: str) -> Function | None:
    scored = [(likeness(each, words, language), each) for each in functions]
    top, function = max(scored, key=lambda pair: pair[0], default=(0.0, None))
    return function if top >= ENOUGH else None


def likeness(function: Function, words: str, language: str) -> float:
    """What name and description share with the request counts twice, what the arguments share once; long requests share more by chance."""
    shortest = 2 if language == "zh" else 3
    said = frozenset(each for each in grams(words) if len(each) >= shortest)
    head = grams(" ".join((*_apart(function.name), function.says)))
    whole = head | grams(" ".join(_told(function.schema)))
    return float((2 * len(said & head) + len(said & whole)) / (len(said) ** 0.5 + 1))


def _apart(name: str) -> list[str]:
    return re.findall(r"[A-Z]?[a-z]+|[A-Z]+|\d+|[\u4e00-\u9fff]+", name)


def _told(schema: Any) -> Iterator[str]:
    if not isinstance(schema, dict):
        return
    for name, one in (schema.get("properties") or {}).items():
        yield from _apart(name)
        if isinstance(one, dict):
            yield str(one.get("description", ""))
            yield from map(str, one.get("enum", ()))
        yield from _told(one)
    yield from _told(schema.get("items"))
