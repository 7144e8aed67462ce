# SPDX-License-Identifier: Apache-2.0
"""The numbers for anybody: none where nobody allowed them; else they are all that there is, and nobody is asked who they are."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from comity.lab.process import Process
from tests.console.conftest import Open
from tests.console.door import call
from tests.console.opened import Opened, walk

PATH, API = "/transparency", "/transparency/v1/numbers"
HOSTILE = '"><img src=x onerror=alert(1)>\u202e\u200b' + "long" * 300
ROWS = [
    {"source": "CN", "destination": ["CN"], "effect": "allow", "records": 120},
    {"source": "CN", "destination": ["device"], "effect": "allow", "records": 40},
    {"source": "CN", "destination": [], "effect": "deny", "records": 20},
    {"source": "US", "destination": ["US", "FR"], "effect": "allow", "records": 30},
]
NUMBERS: dict[str, Any] = {
    "days": [
        {"day": "2026-11-26", "rows": ROWS, "withheld": True}, {"day": "2026-11-25", "rows": ROWS[:1], "withheld": False},
        {"day": "2026-11-24", "rows": [], "withheld": True},
    ],
    "cohort_min": 20, "each_max": 10, "rounded_to": 10, "origin": "log.example/ours", "vkey": "log.example/ours+00000000+AAAA",
    "checkpoint": "log.example/ours\n4096\n" + "A" * 43 + "=\n\n" + "— log.example/ours AAAA\n" * 3,
}  # fmt: skip


def allowed(page: Any, said: Any, status: int = 200) -> None:
    """As where `console.transparency` is set: the one page, and the numbers."""
    page.route(
        lambda url: urlsplit(url).path == PATH,
        lambda route: route.fulfill(response=route.fetch(url=route.request.url.replace(PATH, "/console"))),
    )
    page.route(
        lambda url: urlsplit(url).path == API,
        lambda route: route.fulfill(status=status, content_type="application/json", body=json.dumps(said)),
    )


def shown(opened: Opened, said: Any, status: int = 200) -> str:
    opened.page.unroute_all()
    allowed(opened.page, said, status)
    opened.go(PATH)
    text: str = opened.page.inner_text("main")
    return text


def test_there_is_none_where_nobody_allowed_it(gateway: Process) -> None:
    assert [call(gateway.base, "GET", path)[0] for path in (PATH, API)] == [404, 404]
    elsewhere = ("decisions", "deployments", "log", "flows", "me", "changes", "events", "resilience")
    assert {call(gateway.base, "GET", f"/comity/v1/{each}")[0] for each in elsewhere} == {401}


def test_as_it_is_walked(open_page: Open) -> None:
    def prepare(page: Any) -> None:
        allowed(page, NUMBERS)
        page.goto(page.url.replace("/console", PATH))
        page.wait_for_selector("#log")
        page.click("main summary >> nth=-1")

    walk(open_page, "/console", role="", prepare=prepare, expected=(401,))


def test_the_numbers_are_all_that_there_is(open_page: Open) -> None:
    with open_page("/console", role="", expected=(401, 500)) as opened:
        page = opened.page
        asked: list[str] = []
        page.on("request", lambda request: asked.append(urlsplit(request.url).path))
        said = shown(opened, NUMBERS)
        assert {path for path in asked if "/v1/" in path} == {API}  # nor is it asked who is there
        assert page.locator("nav").count() == 0 and page.locator("main a").count() == 0
        for words in ("at least 20 persons", "at most 10 records", "too few persons", "at least 120", "log.example/ours"):
            assert words in said, words
        assert "250" not in said  # no totals
        page.get_by_label("Day", exact=True).select_option("2026-11-25")
        assert "too few persons" not in page.inner_text("[aria-labelledby=numbers]")
        assert page.locator("[aria-labelledby=numbers] > .stack > .table-box tbody tr").count() == 1
        page.locator("[aria-labelledby=log] summary").click()
        assert "4096" in page.inner_text("[aria-labelledby=log] pre")
        nothing = shown(opened, NUMBERS | {"days": NUMBERS["days"][2:], "checkpoint": ""})
        assert "nothing to tell yet" in nothing and "too few persons" in nothing and "not published yet" in nothing
        assert "nothing to tell yet" in shown(opened, NUMBERS | {"days": []})
        opened.axe()
        hostile = ROWS[0] | {"source": HOSTILE, "destination": [HOSTILE], "records": 10**12}
        hostile_day = {"day": "2026-11-26", "rows": [hostile], "withheld": False}
        page.set_viewport_size({"width": 390, "height": 844})
        named = dict.fromkeys(("origin", "vkey", "checkpoint"), HOSTILE)
        assert HOSTILE in shown(opened, NUMBERS | {"days": [hostile_day]} | named) and page.locator("main img").count() == 0
        opened.check()
        assert HOSTILE in shown(opened, {"error": {"message": HOSTILE, "code": "internal"}}, 500)


@pytest.mark.parametrize("role", ["officer"])
def test_it_is_no_way_into_the_console(open_page: Open, role: str) -> None:
    with open_page("/console", role=role) as opened:
        assert "at least 120" in shown(opened, NUMBERS) and opened.page.locator("nav").count() == 0
