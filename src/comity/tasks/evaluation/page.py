# SPDX-License-Identifier: Apache-2.0
"""An evaluation as one page: nothing is fetched, nothing runs; readable in light, in the dark and on paper."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape

from comity.tasks.evaluation.picture import chart
from comity.tasks.evaluation.told import PUBLIC, Line

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --faint: #57606a; --line: #d0d7de; --paper: #fff; --good: #1a6b35; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --faint: #9da7b1; --line: #3d444d; --paper: #0d1117; --good: #7ee2a0; } }
body { margin: 0 auto; max-width: 60rem; padding: 2rem 1rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; } svg { max-width: 100%; height: auto; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child, td:first-child, td:last-child { text-align: left; } .faint { color: var(--faint); } .able { color: var(--good); font-weight: 600; }
@media print { body { max-width: none; padding: 0; font-size: 10pt; } }
"""  # noqa: E501 - one rule a line
HEADS = ("task", "answered", "right of those", "95 %", "dev", "held", "costs nothing", "gates caught", "false alarms", "able")


def page(found: Sequence[Line], *, made: str) -> str:
    """``made``: by what, of which sets, one line."""
    models = list(dict.fromkeys(line.row.model for line in found))
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>What models on this device can do</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>",
            '<h1>What models on this device can do · <span lang="zh">本机模型的能力</span></h1>',
            f'<p class="faint">{escape(made)}. Dev and held: right / answered / asked, of the half that prompts may be tuned on and of the '
            f"half that they may not. ¹ {escape(PUBLIC)}.</p>",
            *(piece for model in models for piece in _model(model, [line for line in found if line.row.model == model])),
            "</main>\n</body>\n</html>\n",
        ]
    )  # fmt: skip


def _model(model: str, found: Sequence[Line]) -> Iterator[str]:
    yield f"<h2>{escape(model)}</h2>"
    if found and found[0].row.sha256:
        yield f'<p class="faint"><small>sha256 {escape(found[0].row.sha256)}</small></p>'
    yield chart(model, found)
    yield '<div class="wide"><table><thead><tr>' + "".join(f'<th scope="col">{head}</th>' for head in HEADS) + "</tr></thead><tbody>"
    for line in found:
        yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in _cells(line)) + "</tr>"
    yield "</tbody></table></div>"


def _cells(line: Line) -> Iterator[str]:
    seen = line.all
    yield escape(line.name) + (" ¹" if line.public else "")
    yield f"{seen.covered}/{seen.n}, {seen.coverage:.0%}"
    yield f"{seen.right}/{seen.covered}, {seen.accuracy:.0%}" if seen.covered else "–"
    yield f"{seen.low:.0%} – {seen.high:.0%}" if seen.covered else "–"
    for half in (line.dev, line.held):
        yield f"{half.right}/{half.covered}/{half.n}"
    yield "; ".join(f"{other.right}/{other.covered} {escape(name)}" for name, other in line.beside) or "–"
    yield f"{seen.caught}/{seen.wrong_drafts}"
    yield f"{seen.stopped}/{seen.right_drafts}"
    yield '<span class="able">yes</span>' if line.row.able else escape(line.verdict)


def file_name(model: str) -> str:
    """Of its picture."""
    return re.sub(r"[^a-z0-9.]+", "-", model.lower()).strip("-.") + ".svg"
