# SPDX-License-Identifier: Apache-2.0
"""A person's own page as that person uses it: the link, what is theirs and nobody else's, the report, erasure, and signing out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from comity.lab.process import Process
from tests.console.conftest import KEYS, Chromium, Open, signed_in
from tests.console.door import ask, call, link
from tests.console.opened import Opened, walk

PATH, API = "/console/me", "/comity/v1/me"
ROWS = "[aria-labelledby=me-decisions] tbody tr"
HOSTILE = '"><img src=x onerror=alert(1)>\u202e\u200b' + "long" * 300
NOBODY_YET = (401,)  # who is signed in is asked before the link is taken


@pytest.fixture(autouse=True)
def _nobody_stays(chromium: Chromium) -> Iterator[None]:
    yield
    with chromium.lent():
        chromium.context("").clear_cookies()


def status(opened: Opened, path: str) -> int:
    found: int = opened.page.evaluate("path => fetch(path).then(answer => answer.status)", path)
    return found


def test_a_link_opens_once_and_shows_what_is_that_persons(open_page: Open, gateway: Process) -> None:
    base = gateway.base
    assert ask(base, "me-other") == 200
    others = call(base, "GET", "/comity/v1/decisions?limit=1", role="admin")[1]["data"][0]["id"]
    assert [ask(base, "me-ana") for _ in range(3)] == [200] * 3
    path = link(base, "me-ana")
    token = path.partition("=")[2]
    sent: list[tuple[str, dict[str, str]]] = []
    with open_page(PATH, role="", expected=(401, 403, 404)) as opened:
        page = opened.page
        assert "opens by a link" in page.inner_text("main") and page.locator("nav").count() == 0
        page.on("request", lambda request: sent.append((request.url.partition("#")[0], request.headers)))
        page.goto(f"{base}/console/static/icon.svg")
        opened.go(path)
        page.wait_for_selector(ROWS)
        assert token not in page.url and "#" not in page.url
        assert all(token not in url and token not in json.dumps(headers) for url, headers in sent)
        assert not page.evaluate("JSON.stringify(Object.entries(localStorage)).includes('token')")
        assert page.locator(ROWS).count() == 3

        own = opened.api(f"{API}?limit=50")["data"]
        mine = own[0]["decision"]["id"]
        assert others not in {row["decision"]["id"] for row in own}
        assert status(opened, f"{API}/receipts/{mine}") == 200
        assert [status(opened, f"{API}/receipts/{each}") for each in (others, "0", others.lower())] == [404] * 3
        elsewhere = ("decisions", "changes", "erasures", "deployments", "log", f"decisions/{mine}")
        assert {status(opened, f"/comity/v1/{each}") for each in elsewhere} == {403}

        with page.expect_download() as saved:
            page.get_by_role("button", name=f"Save {mine}").click()
        assert saved.value.suggested_filename == f"receipt-{mine}.json"
        with page.expect_download() as saved:
            page.get_by_role("button", name="Get the report").click()
        assert saved.value.path().read_bytes()[:2] == b"PK"
        opened.until("document.querySelector('.verify-result .notice')")
        assert page.locator(".verify-result .notice.good").count() == 1, page.inner_text(".verify-result")
        opened.axe()

        page.get_by_role("button", name="Sign out").click()
        page.wait_for_selector("text=You have signed out")
        assert page.context.cookies() == []
        page.goto(f"{base}/console/static/icon.svg")
        opened.go(path)
        assert "was used already" in page.inner_text("[role=alert]")
        page.goto(f"{base}/console/static/icon.svg")
        opened.go(f"{PATH}#token=none-of-ours")
        assert "no link of ours" in page.inner_text("[role=alert]") and "#" not in page.url
        opened.answer(f"{API}/session", {"error": {"message": "this link is over", "code": "session.pass_expired"}}, 401)
        page.goto(f"{base}/console/static/icon.svg")
        opened.go(f"{PATH}#token=of-last-year")
        assert "This link is over" in page.inner_text("[role=alert]")


def test_as_it_is_walked(open_page: Open, gateway: Process) -> None:
    assert ask(gateway.base, "me-walked") == 200
    with open_page(link(gateway.base, "me-walked"), role="", expected=NOBODY_YET) as opened:
        opened.page.wait_for_selector(ROWS)
    walk(open_page, PATH, role="", ready=ROWS)


def test_erasure_is_asked_for_and_then_nothing_is_left(open_page: Open, gateway: Process) -> None:
    base = gateway.base
    assert ask(base, "me-gone") == 200
    with open_page(link(base, "me-gone"), role="", width=390, language="zh", expected=NOBODY_YET) as opened:
        page = opened.page
        page.get_by_role("button", name="提出删除请求").click()
        assert page.locator("text=您于").count() == 0  # it is to be agreed to first
        page.get_by_label("我要求删除").check()
        page.get_by_role("button", name="提出删除请求").click()
        page.wait_for_selector("text=您于")
        opened.check()
        opened.axe()
        opened.go(PATH)
        assert "您于" in page.inner_text("[aria-labelledby=me-erasure]")
        name = page.inner_text("[aria-labelledby=me-erasure] code")
        done = call(base, "POST", f"/comity/v1/erasures/{name}", {}, role="officer")[1]
        assert done["done"] and done["records"] == 1 and done["held"] == 0
        opened.go(PATH)
        assert page.locator(ROWS).count() == 0 and "须通过" in page.inner_text("main")
    with open_page(link(base, "me-gone"), role="", expected=NOBODY_YET) as opened:
        opened.page.wait_for_selector("text=Nothing of yours is kept here.")
        assert opened.page.locator(ROWS).count() == 0


def test_who_is_in_the_console_is_asked_first(open_page: Open, gateway: Process, chromium: Chromium) -> None:
    path = link(gateway.base, "me-tried")
    with chromium.lent():
        officer = signed_in(gateway.base, KEYS["officer"])
        chromium.context("").add_cookies([{"name": "comity_session", "value": officer, "url": gateway.base, "httpOnly": True}])
    with open_page(path, role="") as opened:
        page = opened.page
        assert "as Privacy officer" in page.inner_text(".notice.warn") and "#" not in page.url
        opened.axe()
        page.get_by_role("radio", name="中文").check()
        opened.until("document.documentElement.lang === 'zh-Hans' && document.querySelector('.notice.warn')")
        page.get_by_role("link", name="留在控制台").click()
        page.wait_for_selector("nav[aria-label] a")
        assert opened.api("/comity/v1/session")["role"] == "officer"
        opened.language = "zh"
    with open_page(path, role="") as opened:
        opened.page.get_by_role("button", name="Sign out and open it").click()
        opened.page.wait_for_selector("text=Nothing of yours is kept here.")
        assert opened.api("/comity/v1/session")["role"] == "subject"


def test_what_the_gateway_says_is_shown_and_never_run(open_page: Open, gateway: Process) -> None:
    assert ask(gateway.base, "me-hostile") == 200
    with open_page(link(gateway.base, "me-hostile"), role="", width=390, expected=(401, 500)) as opened:
        page = opened.page
        own: dict[str, Any] = opened.api(API)
        row = own["data"][0]
        row["decision"] |= {"id": HOSTILE, "destination": [HOSTILE]}
        erasure = {"id": HOSTILE, "made": "2026-11-27T12:00:00Z", "done": None, "held": 2}
        hostile = own | {
            "controller": HOSTILE,
            "contact": HOSTILE,
            "places": {HOSTILE: 3},
            "erasure": erasure,
            "after": 7,
            "complete": False,
        }
        opened.answer(API, hostile)
        opened.go(PATH)
        assert HOSTILE in page.inner_text("main") and page.locator("main img").count() == 0
        opened.check()
        opened.answer(API, {"error": {"message": HOSTILE, "code": "internal"}}, 500)
        page.get_by_role("button", name="Show older ones").click()
        page.wait_for_selector("[aria-labelledby=me-decisions] [role=alert]")
        assert page.locator(ROWS).count() == 1
        opened.go(PATH)
        assert HOSTILE in page.inner_text("[role=alert]")
