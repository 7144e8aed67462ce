# SPDX-License-Identifier: Apache-2.0
"""What was decided, on a real gateway: found by each filter, paged through, read one by one, and proven in the browser."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.console.conftest import Open
from tests.console.opened import Opened, walk

PATH, API = "/console/decisions", "/comity/v1/decisions"
ROWS = "main tbody th a"
HOSTILE = '"><img src=x onerror=alert(1)>\u202e\u200b' + "long" * 300
pytestmark = pytest.mark.usefixtures("traffic")


def ids(opened: Opened) -> list[str]:
    found: list[str] = opened.page.locator(ROWS).evaluate_all("all => all.map(each => each.pathname.split('/').pop())")
    return found


def listed(opened: Opened, query: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = opened.api(f"{API}?limit=50&{query}")["data"]
    return rows


def search(opened: Opened, label: str, value: str) -> None:
    page = opened.page
    page.goto(page.url.split("?")[0])
    opened.settled()
    page.click(".filters summary")
    box = page.get_by_label(label, exact=True)
    box.select_option(value) if label == "Effect" else box.fill(value)
    page.get_by_role("button", name="Search").click()
    opened.until("location.search !== ''")
    opened.settled()


def test_the_list_as_it_is_walked(open_page: Open) -> None:
    walk(open_page, PATH, role="viewer", ready=ROWS)


def test_a_refusal_as_it_is_walked(open_page: Open) -> None:
    with open_page("/console/no/such") as opened:
        path = f"{PATH}/{listed(opened, 'effect=deny&source=CN')[0]['id']}"
    walk(
        open_page,
        path,
        role="engineer",
        ready=".candidates",
        languages=("zh",),
        prepare=lambda page: page.click(".candidates summary >> nth=-1"),
    )
    with open_page(path, role="officer") as opened:
        said = opened.page.inner_text("main")
        assert "What would have been lawful" in said and "What would change this" in said and "Not sent" in said
        assert "separate consent" in said and opened.page.title().startswith("Decision ")


def test_each_filter_finds_what_it_names(open_page: Open) -> None:
    with open_page(PATH, role="viewer") as opened:
        one = next(row for row in listed(opened, "effect=deny&source=CN") if row["rules"])
        sent = listed(opened, "effect=allow&source=US")[0]
        wanted = {
            "Effect": ("effect", "escalate"), "From region": ("source", "KR"), "To region": ("destination", "FR"),
            "Deployment": ("deployment", sent["deployment"]), "Law": ("pack", "cn"), "Rule": ("rule", one["rules"][0]),
            "Article’s fact": ("fact", one["reasons"][0]), "Outcome": ("status", "refused"), "Request": ("request", sent["request"]),
        }  # fmt: skip
        for label, (name, value) in wanted.items():
            search(opened, label, value)
            assert parse_qs(urlsplit(opened.page.url).query) == {name: [value]}
            assert ids(opened) == [row["id"] for row in listed(opened, f"{name}={value}")] != []
        search(opened, "Before day", "2020-01-01")
        assert ids(opened) == [] and "No decision matches" in opened.page.inner_text("main")
        opened.page.get_by_role("link", name="Clear the search").first.click()
        opened.until("location.search === ''")
        opened.settled()
        assert len(ids(opened)) == 50


def test_pages_go_older_and_back(open_page: Open, traffic: int) -> None:
    with open_page(PATH, role="viewer") as opened:
        page, seen = opened.page, [ids(opened)]

        def turned(name: str) -> list[str]:
            before = ids(opened)[0]
            page.go_back() if name == "back" else page.get_by_role("button", name=name).click()
            opened.until(f"document.querySelector('{ROWS}') && !document.querySelector('{ROWS}').href.endsWith('{before}')")
            return ids(opened)

        assert page.get_by_role("button", name="Newer").is_disabled()
        seen += [turned("Older"), turned("Older")]
        assert len({each for some in seen for each in some}) == sum(map(len, seen)) >= traffic
        assert turned("back") == seen[1] and turned("Newer") == seen[0]
        assert turned("Older") == seen[1]
        page.reload()
        page.wait_for_selector(ROWS)
        assert ids(opened) == seen[1] and turned("Newer") == seen[0]


def test_a_proof_is_checked_here_and_one_changed_letter_is_found(open_page: Open) -> None:
    with open_page(PATH, role="viewer", expected=(503,)) as opened:
        page = opened.page
        page.click(ROWS)
        check = page.get_by_role("button", name="Check the proof")
        check.click()
        page.wait_for_selector(".verify-result .notice.good")
        id = page.url.rsplit("/", 1)[1]
        path = opened.api(f"{API}/{id}")["links"]["bundle"]
        bundle = opened.api(path)
        with page.expect_download() as saved:
            page.get_by_role("button", name="Save the receipt").click()
        assert json.loads(saved.value.path().read_bytes()) == bundle
        bundle["receipt"]["size_bucket"] += 1
        opened.answer(path, bundle)
        check.click()
        page.wait_for_selector(".verify-result .notice.bad")
        assert page.locator(".verify-steps [data-state=failed]").count() == 1
        opened.answer(path, {"error": {"message": "too busy", "code": "server.busy"}}, 503)
        check.click()
        opened.until("document.querySelector('.verify-result').textContent.includes('too busy')")


def test_what_there_is_not_and_what_fails_is_said(open_page: Open) -> None:
    with open_page(f"{PATH}/01NOSUCHDECISION", role="viewer", expected=(400, 404, 500)) as opened:
        page = opened.page
        assert page.locator("main [role=alert]").count() == 1 and page.inner_text("h1") == "One decision"
        opened.axe()
        opened.answer(API, {"error": {"message": "an unforeseen error", "code": "internal", "request": "01REQUEST"}}, 500)
        page.click(f"nav a[href='{PATH}']")
        opened.until("document.querySelector('main [role=alert]')?.textContent.includes('01REQUEST')")
        page.route(lambda url: urlsplit(url).path == API, lambda route: route.abort())
        opened.go(PATH)
        opened.until("document.querySelector('main [role=alert]')?.textContent.includes('answer')")
        opened.told.clear()  # the page's own word on it
        opened.answer(API, {"data": [], "next": None, "after": None})
        opened.go(PATH)
        assert page.get_by_role("link", name="Try a request yourself").is_visible()
        opened.answer(API, {"data": [], "next": "x", "after": "x"})  # looked at many, and found none yet
        opened.go(f"{PATH}?rule=none")
        assert page.get_by_role("button", name="Older").is_enabled()


def test_what_the_gateway_says_is_shown_and_never_run(open_page: Open) -> None:
    with open_page(PATH, role="viewer", width=390) as opened:
        page = opened.page
        row = listed(opened, "effect=deny&source=CN")[0]
        found = opened.api(f"{API}/{row['id']}")
        row |= {name: HOSTILE for name in ("id", "request", "source", "deployment", "status")}
        row |= {"destination": [HOSTILE], "rules": [HOSTILE] * 5, "reasons": [HOSTILE], "packs": [HOSTILE], "effect": "allow"}
        opened.answer(API, {"data": [row], "next": None, "after": None})
        opened.go(f"{PATH}?source={'x' * 190}")
        assert HOSTILE in page.inner_text("main table") and page.locator("main img").count() == 0
        opened.check()
        judged = found["candidates"][0] | {"deployment": HOSTILE, "remedies": [HOSTILE], "digest": HOSTILE}
        judged["reasons"] = [{"fact": HOSTILE, "rule": HOSTILE, "pack": "", "text": HOSTILE}]
        judged["citations"] = [
            dict.fromkeys(judged["citations"][0], HOSTILE) | {"effective": "2026-01-01", "source": "javascript:alert(1); https://x.example"}
        ]
        judged["obligations"] = [{"id": HOSTILE, "phase": "before", "facts": [], "met_by": "nobody", "how": HOSTILE}]
        whole = found | {"decision": row | {"effect": "deny"}, "candidates": [judged], "attempts": [row]}
        whole |= {
            "facts": {HOSTILE: [HOSTILE], "providers": []},
            "remedies": [HOSTILE],
            "ways": [{"deployment": HOSTILE, "steps": [HOSTILE]}],
        }
        opened.answer(f"{API}/x", whole)
        opened.go(f"{PATH}/x")
        for each in page.locator(".candidates summary").all():
            each.click()
        assert HOSTILE in page.inner_text(".candidates") and page.locator("main img").count() == 0
        assert page.locator("main a[href^=javascript]").count() == 0
