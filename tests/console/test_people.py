# SPDX-License-Identifier: Apache-2.0
"""What a privacy officer does for persons: a link, an erasure that is carried out, and the list of who changed what."""

from __future__ import annotations

import json
from typing import Any

import pytest

from comity.lab.process import Process
from tests.console.conftest import Open
from tests.console.door import ask, asks_erasure, call, link
from tests.console.opened import walk

PATH = "/console/people"
ERASURES, CHANGES = "/comity/v1/erasures", "/comity/v1/changes"
PERSON = "people-jeanne-d-arc"
HOSTILE = '"><img src=x onerror=alert(1)>\u202e\u200b' + "long" * 300
MADE = "[role=tabpanel] .notice.good code"


def fill(page: Any) -> None:
    page.get_by_role("textbox").fill(PERSON)
    page.locator("form button.primary").click()
    page.wait_for_selector(MADE)


def test_a_link_is_told_once(open_page: Open, gateway: Process) -> None:
    walk(open_page, PATH, role="officer", prepare=fill)
    with open_page(PATH, role="officer") as opened:
        page = opened.page
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.locator("form button.primary").click()
        assert page.locator(MADE).count() == 0  # for somebody it has to be
        fill(page)
        said = page.inner_text(MADE)
        assert said.startswith(f"{gateway.base}/console/me#token=") and page.get_by_role("textbox").input_value() == ""
        page.get_by_role("button", name="Copy").click()
        page.wait_for_selector("text=Copied")
        assert page.evaluate("navigator.clipboard.readText()") == said
        token = said.partition("=")[2]
        opened.go(f"{PATH}?view=changes")
        page.wait_for_selector("tbody time")
        kept = (
            page.content() + page.evaluate("JSON.stringify(Object.entries(localStorage))") + json.dumps(opened.api(f"{CHANGES}?limit=50"))
        )
        assert token not in kept and PERSON not in kept
        status, begun, _ = call(gateway.base, "POST", "/comity/v1/me/session", {"token": token})
        assert status == 200 and begun["role"] == "subject"


def test_erasure_is_carried_out_when_said_twice(open_page: Open, gateway: Process) -> None:
    base = gateway.base
    assert [ask(base, "people-forget-me") for _ in range(2)] == [200, 200]
    name, other = asks_erasure(base, "people-forget-me"), asks_erasure(base, "people-another")
    walk(open_page, f"{PATH}?view=erasures", role="officer", ready=f"text={name}", languages=("zh",))
    with open_page(f"{PATH}?view=erasures", role="admin", expected=(409,)) as opened:
        page = opened.page
        posted: list[str] = []
        page.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
        button = page.get_by_role("button", name=name)
        button.click()
        assert button.inner_text().startswith("Erase for good?") and posted == []
        button.click()
        page.wait_for_selector("text=2 records were erased.")
        opened.until(
            f"[...document.querySelectorAll('tbody tr')].some(row => row.textContent.includes('{name}') && row.querySelector('td time'))"
        )
        assert len(posted) == 1 and page.get_by_role("button", name=name).count() == 0
        assert page.locator("text=2 records were erased.").count() == 1
        assert call(base, "POST", f"{ERASURES}/{other}", {}, role="admin")[0] == 200  # somebody else is quicker
        button = page.get_by_role("button", name=other)
        button.click()
        button.click()
        page.wait_for_selector("[role=alert]")
        opened.until(f"![...document.querySelectorAll('button')].some(each => each.textContent.includes('{other}'))")
        assert "carried out" in page.inner_text("[role=alert]")
        opened.axe()


def test_changes_are_read_to_their_beginning(open_page: Open, gateway: Process) -> None:
    for _ in range(51):
        link(gateway.base, "people-often")
    with open_page(f"{PATH}?view=changes", role="officer", width=390) as opened:
        page = opened.page
        page.wait_for_selector("tbody tr >> nth=49")
        while (more := page.get_by_role("button", name="Show older ones")).count():
            before = page.locator("tbody tr").count()
            more.click()
            opened.until(f"document.querySelectorAll('tbody tr').length > {before} || !document.querySelector('main .stack .quiet')")
        numbers = page.locator("tbody tr td:nth-of-type(4)").all_inner_texts()
        assert [int(each.replace(",", "")) for each in numbers] == list(range(len(numbers) - 1, -1, -1))
        assert "Person’s link made" in page.inner_text("tbody") and "Privacy officer" in page.inner_text("tbody")
        opened.axe()


@pytest.mark.parametrize("role", ["viewer", "engineer"])
def test_it_is_none_of_whoever_is_no_officer(open_page: Open, gateway: Process, role: str) -> None:
    with open_page(PATH, role=role) as opened:
        assert opened.page.locator("main form").count() == 0 and opened.page.locator(".notice.warn").count() == 1
    asked = [
        ("POST", "/comity/v1/me/links", {"subject": PERSON}),
        ("GET", ERASURES, None),
        ("POST", f"{ERASURES}/none", {}),
        ("GET", CHANGES, None),
    ]
    assert {call(gateway.base, method, path, body, role=role)[0] for method, path, body in asked} == {403}


def test_what_the_gateway_says_is_shown_and_never_run(open_page: Open) -> None:
    with open_page("/console/no/such", role="officer", width=390, expected=(500,)) as opened:
        page = opened.page
        erasure = {"id": HOSTILE, "made": "2026-11-27T12:00:00Z", "done": None, "records": 10**9, "held": 3, "held_until": HOSTILE}
        opened.answer(ERASURES, {"data": [erasure], "after": None})
        change = {"index": 1, "number": 1, "at": "2026-11-27T12:00Z", "by": HOSTILE, "role": HOSTILE, "what": HOSTILE, "of": HOSTILE}
        opened.answer(CHANGES, {"data": [change, change | {"what": "__proto__", "role": "subject"}], "after": None})
        for view in ("erasures", "changes"):
            opened.go(f"{PATH}?view={view}")
            page.wait_for_selector("tbody time")
            assert HOSTILE in page.inner_text("tbody") and page.locator("main img").count() == 0
            opened.check()
        opened.answer(ERASURES, {"data": [], "after": None})
        opened.go(f"{PATH}?view=erasures")
        assert "Nobody has asked for erasure." in page.inner_text("main")
        opened.answer(ERASURES, {"error": {"message": HOSTILE, "code": "internal"}}, 500)
        opened.go(f"{PATH}?view=erasures")
        assert HOSTILE in page.inner_text("[role=alert]") and page.locator("main table").count() == 0
        opened.answer("/comity/v1/me/links", {"error": {"message": HOSTILE, "code": "internal"}}, 500)
        opened.go(PATH)
        page.get_by_role("textbox").fill(HOSTILE[:256])
        page.locator("form button.primary").click()
        page.wait_for_selector("[role=alert]")
