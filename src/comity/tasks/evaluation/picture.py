# SPDX-License-Identifier: Apache-2.0
"""What was measured as a picture: SVG that stands alone or within a page, in light and in the dark, without anything fetched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from comity.tasks.evaluation.told import Line

STYLE = """
.ev { --ink: #1b1f24; --faint: #57606a; --line: #d0d7de; --bar: #dbe7f5; --yes: #1a6b35; --no: #b3261e; --other: #8250df; }
@media (prefers-color-scheme: dark) { .ev { --ink: #e6edf3; --faint: #9da7b1; --line: #3d444d; --bar: #23344a; --yes: #7ee2a0; --no: #ff8a80; --other: #d2a8ff; } }
.ev text { font: 13px system-ui, sans-serif; fill: var(--ink); } .ev .faint { fill: var(--faint); font-size: 11px; }
.ev .grid { stroke: var(--line); stroke-width: 1; } .ev .bar { fill: var(--bar); } .ev .bound { stroke: var(--ink); stroke-width: 2; stroke-dasharray: 3 2; }
.ev .yes { stroke: var(--yes); fill: var(--yes); } .ev .no { stroke: var(--no); fill: var(--no); } .ev .span { stroke-width: 3; }
.ev .other { fill: none; stroke: var(--other); stroke-width: 2; }
"""  # noqa: E501 - one rule a line
LEFT, WIDE, RIGHT, HIGH, TOP = 190, 440, 90, 26, 46


def chart(title: str, found: Sequence[Line]) -> str:
    """One line a row: how much was answered (bar), how much of that was right (dot, 95 % interval), what is asked of it (dashed), what
    costs nothing (ring)."""
    high = TOP + HIGH * len(found) + 44
    total = LEFT + WIDE + RIGHT
    said = f"{title}: " + "; ".join(f"{line.name} {line.all.right} of {line.all.covered} right" for line in found)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="ev" viewBox="0 0 {total} {high}" width="{total}" height="{high}" role="img" '
            f'aria-label="{escape(said, {chr(34): "&quot;"})}">',
            f"<style>{STYLE}</style>", f'<text x="4" y="18" font-weight="600">{escape(title)}</text>', *_grid(len(found)),
            *(piece for at, line in enumerate(found) for piece in _row(at, line)), *_legend(high), "</svg>",
        ]
    )  # fmt: skip


def _x(share: float) -> float:
    return round(LEFT + WIDE * share, 1)


def _grid(count: int) -> Iterator[str]:
    for tenth in range(0, 11, 2):
        x = _x(tenth / 10)
        yield f'<line class="grid" x1="{x}" y1="{TOP - 6}" x2="{x}" y2="{TOP + HIGH * count}"/>'
        yield f'<text class="faint" x="{x}" y="{TOP - 11}" text-anchor="middle">{tenth * 10} %</text>'


def _row(at: int, line: Line) -> Iterator[str]:
    top, seen = TOP + HIGH * at, line.all
    middle = top + HIGH / 2
    kind = "yes" if line.row.able else "no"
    mark = " ¹" if line.public else ""
    yield f'<text x="{LEFT - 8}" y="{middle + 4}" text-anchor="end">{escape(line.name)}{mark}</text>'
    yield f'<rect class="bar" x="{LEFT}" y="{top + 5}" width="{max(0.0, _x(seen.coverage) - LEFT)}" height="{HIGH - 10}"/>'
    bound = _x(line.threshold.low)
    yield f'<line class="bound" x1="{bound}" y1="{top + 3}" x2="{bound}" y2="{top + HIGH - 3}"/>'
    for _, other in line.beside:
        yield f'<circle class="other" cx="{_x(other.accuracy)}" cy="{middle}" r="4"/>'
    if seen.covered:
        yield f'<line class="span {kind}" x1="{_x(seen.low)}" y1="{middle}" x2="{_x(seen.high)}" y2="{middle}"/>'
        yield f'<circle class="{kind}" cx="{_x(seen.accuracy)}" cy="{middle}" r="5"/>'
    yield f'<text class="faint" x="{LEFT + WIDE + 8}" y="{middle + 4}">{seen.right}/{seen.covered}/{seen.n}</text>'


def _legend(high: int) -> Iterator[str]:
    y = high - 22
    words = "bar: answered, gates passed · dot and line: right of those, 95 % · dashed: asked for · ring: what costs nothing"
    yield f'<text class="faint" x="4" y="{y}">{words}</text>'
    yield f'<text class="faint" x="4" y="{y + 15}">right / answered / asked · ¹ public, perhaps in the training data</text>'
