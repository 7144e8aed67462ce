# SPDX-License-Identifier: Apache-2.0
"""The report as one page: nothing is fetched, nothing runs; readable in light, in the dark and on paper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from comity.cli.page import STYLE
from comity.cli.resilience import INDEX, KINDS, NOBODY, answers, places
from comity.gateway.resilience import Report

HEADINGS = {
    "answers": ("Who may answer", "谁可以依法回答"), "losses": ("Without one of them (N-1)", "失去其中之一（N-1）"),
    "index": ("Concentration", "集中度"), "warnings": ("Warnings", "警示"),
}  # fmt: skip
EXTRA = """
td, td:first-child { text-align: left; vertical-align: top; } .dark { color: var(--bad); font-weight: 600; }
tr { break-inside: avoid; }
"""


def page(report: Report) -> str:
    title = f"Resilience as of {report.as_of}"
    warned = [warning for warning in report.warnings if warning.code != "nobody"]
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>\n<style>{STYLE}{EXTRA}</style>\n</head>\n<body>\n<main>",
            f'<h1>{escape(title)} · <span lang="zh">韧性报告</span></h1>',
            "<dl>", *(f"<dt>{escape(each.name)}</dt><dd>{escape(each.means)}</dd>" for each in report.persons), "</dl>",
            *_answers(report),
            *_table("losses", ("without", "goes dark", "is left to this device"), (
                (f"{KINDS[loss.kind]} <code>{escape(loss.name)}</code>", _lines(places(report, loss.dark)),
                 _lines(places(report, loss.device_only))) for loss in report.losses)),
            *_table("index", ("jurisdiction", "index", "shares"), (
                ("all" if each.jurisdiction == "*" else escape(each.jurisdiction), f"{each.index:.2f}",
                 escape(", ".join(f"{share.partner} {share.share:.0%}" for share in each.shares)))
                for each in report.concentration if each.answered)),
            f"<p><small>{escape(INDEX)}</small></p>",
            *(_table("warnings", ("what", "for whom"), ((escape(each.text), _lines(places(report, each.questions))) for each in warned))
              if warned else ()),
            "</main>\n</body>\n</html>\n",
        ]
    )  # fmt: skip


def _answers(report: Report) -> Iterator[str]:
    rows = [
        (escape(where), escape(row.operation), escape(row.who), escape(", ".join(row.by)) or f'<span class="dark">{NOBODY}</span>')
        for where, told in answers(report).items()
        for row in told
    ]
    return _table("answers", ("jurisdiction", "operation", "who asks", "in this order"), rows)


def _table(name: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    english, chinese = HEADINGS[name]
    yield f'<h2>{english} · <span lang="zh">{chinese}</span></h2>'
    yield "<table><thead><tr>" + "".join(f'<th scope="col">{head}</th>' for head in heads) + "</tr></thead><tbody>"
    for row in rows:
        yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>"
    yield "</tbody></table>"


def _lines(lines: Iterable[str]) -> str:
    return "<br>".join(map(escape, lines)) or "nothing"
