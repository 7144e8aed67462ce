# SPDX-License-Identifier: Apache-2.0
"""What crosses which border now: live, held, lost and found again, forgotten in time, and readable without the drawings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.console.conftest import Asks, Open
from tests.console.opened import Opened, walk

PATH, FLOWS = "/console/now", "/comity/v1/flows"
FIGURES = "[...document.querySelectorAll('.figure-big')].map(each => Number(each.textContent.replaceAll(',', '')))"
HOSTILE = '"><img src=x onerror=alert(1)>\u202e' + "long" * 100
NOW = datetime.now(UTC).replace(second=0, microsecond=0)
pytestmark = pytest.mark.usefixtures("traffic")

# An EventSource that the test speaks through; the page's own is the browser's.
SPOKEN = """
window.sources = [];
window.EventSource = class extends EventTarget {
  static CLOSED = 2;
  constructor(path) { super(); this.path = path; this.readyState = 1; sources.push(this); setTimeout(() => this.onopen?.()); }
  close() { this.readyState = 2; }
};
window.say = (row, name = "decision") => sources.at(-1).dispatchEvent(Object.assign(new MessageEvent(name, { data: JSON.stringify(row) })));
const set = window.setTimeout; window.setTimeout = (call, after, ...rest) => set(call, Math.min(after ?? 0, 50), ...rest);
"""
# How many rows the page keeps, told at each that it puts there.
SIZES = """
window.sizes = []; const put = Map.prototype.set;
Map.prototype.set = function (...said) {
  const made = put.apply(this, said);
  if (String(said[0]).startsWith('["')) sizes.push(this.size);
  return made;
};
"""


def at(minutes_ago: int = 0) -> str:
    return (NOW - timedelta(minutes=minutes_ago)).isoformat().replace("+00:00", "Z")


def page_of(*rows: dict[str, Any], complete: bool = True) -> dict[str, Any]:
    return {"from": at(180), "to": at(-1), "complete": complete, "records": sum(row["records"] for row in rows), "rows": rows}


def row(records: int = 1, *, minutes_ago: int = 0, source: str = "CN", destination: str = "CN", effect: str = "allow") -> dict[str, Any]:
    return {"at": at(minutes_ago), "source": source, "destination": [destination], "effect": effect, "records": records}


def spoken(opened: Opened, answer: dict[str, Any]) -> None:
    opened.page.add_init_script(SPOKEN)
    opened.page.clock.set_fixed_time(NOW)
    opened.answer(FLOWS, answer)
    opened.go(PATH)


def test_as_it_is_walked(open_page: Open) -> None:
    walk(open_page, PATH, role="viewer", ready=".figures", prepare=lambda page: page.click(".chart summary >> nth=0"))


def test_what_is_asked_is_seen_at_once(open_page: Open, asks: Asks) -> None:
    with open_page(PATH, role="engineer") as opened:
        page = opened.page
        opened.until("document.querySelector('.dot.on')")
        before = page.evaluate(FIGURES)
        assert sum(before) > 0
        page.locator(".chart summary").first.click()
        page.locator(".chart summary").first.focus()
        asks(15)
        opened.until(f"{FIGURES}.reduce((one, other) => one + other) >= {sum(before) + 15}")
        opened.until("document.querySelector('.chart details').open")  # what the reader had opened stays so
        assert page.evaluate("document.activeElement === document.querySelector('.chart summary')")
        shown = page.locator(".chart details").first.locator("tbody td:last-child").all_inner_texts()
        assert sum(map(int, shown)) == sum(page.evaluate(FIGURES))
        page.locator(".chart summary").last.click()
        cells = page.locator(".chart details").last.locator("tbody td").all_inner_texts()
        assert sum(map(int, cells)) == sum(page.evaluate(FIGURES)) and page.locator(".chart details").last.locator("tbody tr").count() == 60
        assert page.locator("[aria-labelledby=now-places] tbody tr").count() == len(opened.api("/comity/v1/deployments")["data"])


def test_a_pause_holds_the_picture_and_time_is_chosen(open_page: Open) -> None:
    with open_page("/console/no/such", role="viewer") as opened:
        page = opened.page
        spoken(opened, page_of(row(7), row(5, minutes_ago=100, effect="deny"), complete=False))
        assert page.evaluate(FIGURES) == [7, 0, 0, 0] and "the oldest are left out" in page.inner_text("main")
        page.get_by_label("Time shown").select_option("180")
        assert page.evaluate(FIGURES) == [7, 0, 5, 0]
        page.get_by_role("button", name="Pause").click()
        page.evaluate("row => say(row)", row() | {"at": at()[:16] + "Z"})
        page.wait_for_timeout(200)
        assert page.evaluate(FIGURES) == [7, 0, 5, 0]
        page.get_by_role("button", name="Go on").click()
        assert page.evaluate(FIGURES) == [8, 0, 5, 0]
        page.get_by_label("Time shown").select_option("60")


def test_a_lost_connection_is_said_and_what_was_missed_is_asked_for(open_page: Open) -> None:
    with open_page("/console/no/such", role="viewer", expected=(500,)) as opened:
        page = opened.page
        spoken(opened, page_of(row(1)))
        opened.answer(FLOWS, page_of(row(40)))
        page.evaluate("say({ code: 'events.behind' }, 'dropped')")
        opened.until(f"{FIGURES}[0] === 40")
        page.evaluate("sources.at(-1).onerror()")
        assert "being made again" in page.inner_text(".live") and page.locator(".dot.on").count() == 0
        opened.answer(FLOWS, page_of(row(41)))
        page.evaluate("sources.at(-1).onopen()")
        opened.until(f"{FIGURES}[0] === 41 && document.querySelector('.dot.on')")
        opened.answer(FLOWS, page_of(row(42)))
        page.evaluate("sources.at(-1).close(); sources.at(-1).onerror()")  # the browser has given up: another is made
        opened.until(f"sources.length === 2 && {FIGURES}[0] === 42")
        opened.answer(FLOWS, {"error": {"message": "an unforeseen error", "code": "internal"}}, 500)
        page.evaluate("say({}, 'dropped')")
        opened.until("document.querySelector('main [role=alert]')")
        assert page.evaluate(FIGURES)[0] == 42
        opened.answer(FLOWS, page_of(row(43)))
        page.evaluate("say({}, 'dropped')")
        opened.until(f"{FIGURES}[0] === 43 && !document.querySelector('main [role=alert]')")
        page.click("nav a[href='/console/log']")
        opened.until("sources.at(-1).readyState === 2")  # nobody listens any more
        page.wait_for_selector("[aria-labelledby=log-since] .notice")


def test_many_events_take_no_more_room(open_page: Open) -> None:
    with open_page("/console/no/such", role="viewer") as opened:
        page = opened.page
        page.add_init_script(SIZES)
        spoken(opened, page_of(row(1)))
        page.evaluate("row => { for (let at = 0; at < 5000; at += 1) say(row) }", row() | {"at": at()[:16] + "Z"})
        page.evaluate(
            "row => { for (let at = 0; at < 600; at += 1) say({ ...row, at: new Date(Date.parse(row.at) - at * 60000).toISOString() }) }",
            row(),
        )
        opened.until(f"{FIGURES}[0] === 5061")  # of the last hour
        page.evaluate("row => say(row)", row(source="FR"))
        opened.until(f"{FIGURES}[0] === 5062")
        assert page.evaluate("sizes.at(-1)") == 181  # the minutes of the longest span, and one that is new
        assert page.locator("main svg.icon").count() < 50


def test_what_the_gateway_says_is_shown_and_never_run(open_page: Open) -> None:
    with open_page("/console/no/such", role="viewer", width=390, expected=(500,)) as opened:
        page = opened.page
        deployment = opened.api("/comity/v1/deployments")["data"][0]
        opened.answer(FLOWS, page_of(row(3, source=HOSTILE, destination=HOSTILE), row(2, source="", effect="escalate")))
        health = {"state": "open", "last_failure": HOSTILE, "parked_seconds": 5, "inflight": 1, "answers": 1, "failures": 1}
        opened.answer("/comity/v1/deployments", {"data": [deployment | {"id": HOSTILE, "processing": [HOSTILE], "health": health}]})
        opened.go(PATH)
        for each in page.locator(".chart summary").all():
            each.click()
        assert page.inner_text("main").count(HOSTILE) > 3 and page.locator("main img").count() == 0
        opened.check()
        opened.answer(FLOWS, page_of())
        opened.answer("/comity/v1/deployments", {"error": {"message": HOSTILE, "code": "internal"}}, 500)
        opened.go(PATH)
        assert "Nothing was asked" in page.inner_text("main") and HOSTILE in page.inner_text("[aria-labelledby=now-places] [role=alert]")
        opened.answer(FLOWS, {"error": {"message": "an unforeseen error", "code": "internal"}}, 500)
        opened.go(PATH)
        assert "an unforeseen error" in page.inner_text("main [role=alert]")
