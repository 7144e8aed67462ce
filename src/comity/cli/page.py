# SPDX-License-Identifier: Apache-2.0
"""A replay as one page: nothing is fetched, nothing runs; readable in light, in the dark and on paper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from comity.cli.replay import cited, counted, explained, heading, marked, title
from comity.policy.decision import Reason
from comity.policy.replay import Change, Replayed

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --faint: #57606a; --line: #d0d7de; --paper: #fff; --band: #f6f8fa; --bad: #b3261e; --good: #1a6b35; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --faint: #9da7b1; --line: #3d444d; --paper: #0d1117; --band: #161b22; --bad: #ff8a80; --good: #7ee2a0; } }
body { margin: 0 auto; max-width: 46rem; padding: 2rem 1rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .4rem .6rem; border-bottom: 1px solid var(--line); text-align: right; } th:first-child, td:first-child { text-align: left; }
section { border: 1px solid var(--line); border-radius: .5rem; padding: .25rem 1rem 1rem; margin: 1rem 0; background: var(--band); break-inside: avoid; }
section h3 { font-size: 1.05rem; margin: .75rem 0 .25rem; } .worse h3 { color: var(--bad); } .better h3 { color: var(--good); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .35rem 1rem; margin: .5rem 0 0; } dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
small, .faint { color: var(--faint); } code { font: .9em ui-monospace, monospace; }
@media print { body { max-width: none; padding: 0; font-size: 10pt; } section { background: none; } }
"""  # noqa: E501 - one rule a line
ORDER = ("deny", "escalate", "allow")
CLAIM = """Law is compared with law: the facts are those recorded, and no evidence was asked for. It is not legal advice."""


def page(replayed: Replayed) -> str:
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>Replay: {escape(title(replayed))}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>",
            f"<h1>{escape(title(replayed))}</h1>",
            f'<p class="faint">Packs: {escape(", ".join(marked(replayed)) or "no pack applies")}. {CLAIM}</p>',
            *_totals(replayed),
            f"<h2>{counted(replayed.flipped)} with a place that flips</h2>",
            *_sections(replayed.flips, replayed),
            *(["<h2>Allowed before and after, on other terms</h2>", *_sections(replayed.terms, replayed)] if replayed.terms else []),
            "</main>\n</body>\n</html>\n",
        ]
    )


def _totals(replayed: Replayed) -> Iterator[str]:
    yield "<table><caption><small>Records by what was decided; a request with several places is allowed if one of them is</small></caption>"
    yield "<thead><tr><th>records</th>" + "".join(f'<th scope="col">{effect}</th>' for effect in reversed(ORDER)) + "</tr></thead><tbody>"
    for name, row in (("before", replayed.before), ("after", replayed.after)):
        yield f'<tr><th scope="row">{name}</th>' + "".join(f"<td>{row[effect]:,}</td>" for effect in reversed(ORDER)) + "</tr>"
    yield "</tbody></table>"


def _sections(changes: Iterable[Change], replayed: Replayed) -> Iterator[str]:
    for change in changes:
        step = ORDER.index(change.after) - ORDER.index(change.before)
        articles = {each.fact: cited(each) for each in change.citations}
        yield f'<section class="{"better" if step > 0 else "worse" if step < 0 else "same"}"><h3>{escape(heading(change, replayed))}</h3>'
        yield f"{counted(change.records)} ({change.distinct:,} distinct)<dl>"
        yield _row("places", escape(", ".join(change.deployments)))
        for name, reasons in (("was", change.was), ("now", change.now)):
            yield _row(name, "<br>".join(_reasons(reasons, articles)))
        yield _row("owed", escape(", ".join(change.owed)))
        yield _row("needs evidence", escape(", ".join(change.needs_evidence)) and
                   f"{escape(', '.join(change.needs_evidence))}<br><small>without it a gateway refuses</small>")  # fmt: skip
        yield _row("no longer owed", escape(", ".join(change.owed_no_more)))
        yield _row("for example", f"<code>{escape(', '.join(change.examples))}</code>")
        yield "</dl></section>"


def _reasons(reasons: Iterable[Reason], articles: dict[str, str]) -> Iterator[str]:
    for rule, text, facts in explained(reasons):
        named = "".join(f"<br><small>{escape(fact)}: {escape(articles[fact])}</small>" for fact in facts if fact in articles)
        yield escape(text) + (f" <code>{escape(rule)}</code>" if rule else "") + named


def _row(name: str, held: str) -> str:
    return f"<dt>{name}</dt><dd>{held}</dd>" if held else ""
