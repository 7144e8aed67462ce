# SPDX-License-Identifier: Apache-2.0
"""`/metrics` as JSON: the exposition is read back, so that the two can never say different things."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from comity.gateway.read import asked, shapes

if TYPE_CHECKING:
    from comity.gateway.app import App

_SAMPLE = re.compile(r"(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)(?: \S+)?")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)")


async def metrics(app: App, query: asked.Query, name: str) -> shapes.MetricPage:
    return shapes.MetricPage(data=families(app.metrics.text().decode()))


def families(text: str) -> tuple[shapes.MetricFamily, ...]:
    """Of Prometheus' text format 0.0.4; a sample belongs to the family that was declared before it."""
    helps: dict[str, str] = {}
    kinds: dict[str, str] = {}
    samples: dict[str, list[shapes.Sample]] = {}
    current = ""
    for line in text.splitlines():
        if line.startswith("# "):
            _, word, name, *rest = line.split(" ", 3)
            if word in ("HELP", "TYPE"):
                (helps if word == "HELP" else kinds)[name] = rest[0] if rest else ""
                current = name
                samples.setdefault(name, [])
        elif found := _SAMPLE.fullmatch(line):
            family = current if current and found["name"].startswith(current) else found["name"]
            labels = {name: _ESCAPED.sub(_letter, value) for name, value in _LABEL.findall(found["labels"] or "")}
            value = float(found["value"])
            sample = shapes.Sample(name=found["name"], labels=labels, value=value if math.isfinite(value) else None)
            samples.setdefault(family, []).append(sample)
    return tuple(
        shapes.MetricFamily(name=name, type=kinds.get(name, "untyped"), help=helps.get(name, ""), samples=tuple(each))
        for name, each in samples.items()
    )


def _letter(found: re.Match[str]) -> str:
    return "\n" if found[1] == "n" else found[1]
