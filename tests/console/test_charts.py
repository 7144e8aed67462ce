# SPDX-License-Identifier: Apache-2.0
"""Charts drawn in the browser: places that fit, a table that says the same, readable without colour."""

from __future__ import annotations

from typing import Any

from tests.console.conftest import Open
from tests.console.opened import walk

DRAW = """async () => {
  const { sankey, bars, line } = await import('/console/static/lib/charts.js');
  const flows = sankey({ label: 'Flows',
    nodes: [{ id: 'CN', label: 'China' }, { id: 'DE', label: 'Germany' },
      { id: 'x', label: 'qwen-beijing' }, { id: 'y', label: 'own-paris' }],
    links: [{ source: 'CN', target: 'x', value: 12, kind: 'allow' }, { source: 'CN', target: 'y', value: 5, kind: 'deny' },
      { source: 'DE', target: 'y', value: 7, kind: 'escalate' }, { source: 'DE', target: 'x', value: 0, kind: 'deny' }] });
  const most = bars({ label: 'Bars', rows: [{ label: 'one', value: 10, kind: 'allow' }, { label: 'two', value: 5 }] });
  const lines = line({ label: 'Lines', series: [{ name: 'p50', points: [['2026-11-27T10:00Z', 3], ['2026-11-27T10:01Z', 9]] },
    { name: 'p95', points: [['2026-11-27T10:00Z', 8], ['2026-11-27T10:01Z', 17]] }] });
  const none = [sankey({ label: 'None', nodes: [], links: [] }), line({ label: 'None yet', series: [] })];
  document.querySelector('main').append(...[flows, most, lines, ...none].map(each => { const box = document.createElement('div');
    box.className = 'card'; box.append(each); return box }));
  document.querySelectorAll('main details').forEach(each => { each.open = true });
}"""


def drawn(page: Any) -> None:
    page.evaluate(DRAW)
    page.wait_for_selector("svg[role=img] path.line")


def test_charts_fit_and_are_told_to_everybody(open_page: Open) -> None:
    walk(open_page, "/console/no/such", role="viewer", prepare=drawn, languages=["en"])


def test_a_chart_says_in_a_table_what_it_shows(open_page: Open) -> None:
    with open_page("/console/no/such", role="viewer") as opened:
        page = opened.page
        drawn(page)
        assert page.locator("path.flow").count() == 3 and page.locator("rect.flow-node").count() == 4
        rows = page.locator("figure >> nth=0 >> tbody tr").all_inner_texts()
        assert [row.split("\t") for row in rows] == [
            ["China", "qwen-beijing", "Allowed", "12"],
            ["China", "own-paris", "Denied", "5"],
            ["Germany", "own-paris", "Needs a person", "7"],
        ]
        widths = page.locator("path.flow").evaluate_all("all => all.map(each => Number(each.getAttribute('stroke-width')))")
        assert widths[0] > widths[2] > widths[1] > 0
        assert page.locator(".bar-cell").evaluate_all("all => all.map(each => each.style.getPropertyValue('--share'))") == ["1", "0.5"]
        page.set_viewport_size({"width": 390, "height": 844})
        opened.until("document.querySelector('svg[role=img]').getAttribute('viewBox').split(' ')[2] < 390")
