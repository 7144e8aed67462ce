# SPDX-License-Identifier: Apache-2.0
"""What would be decided: facts supposed in a form and judged at every change, and recorded traffic under another day's law."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.console.conftest import Open
from tests.console.opened import Opened, walk

PATH, WHATIF, REPLAY = "/console/whatif", "/comity/v1/whatif", "/comity/v1/replay"
RESULT = ".suppose > section"
TODAY = datetime.now(UTC).date().isoformat()
HOSTILE = '"><img src=x onerror=alert(1)>\u202e' + "long" * 300


def judged(opened: Opened) -> dict[str, str]:
    """The effect of each place, as it is shown."""
    opened.settled()
    rows = opened.page.locator(".candidates > li > p:first-child").evaluate_all(
        "all => all.map(each => [each.querySelector('strong').textContent, each.querySelector('.badge').textContent])"
    )
    return dict(rows)


def change(opened: Opened, do: Any) -> dict[str, str]:
    with opened.page.expect_response(lambda answer: urlsplit(answer.url).path == WHATIF):
        do()
    return judged(opened)


def from_china(opened: Opened) -> dict[str, str]:
    page = opened.page
    opened.go(PATH)
    page.get_by_role("button", name="Back to what is configured").click()
    opened.settled()
    change(opened, lambda: page.get_by_label("Where the person is").select_option("CN"))
    return change(opened, lambda: page.get_by_label("consent", exact=True).check())


def test_as_it_is_walked(open_page: Open) -> None:
    walk(open_page, PATH, role="engineer", ready=f"{RESULT} .candidates")


def test_a_replay_as_it_is_walked(open_page: Open, traffic: int) -> None:
    def judged_again(page: Any) -> None:
        page.fill("input[name=as_of]", "2028-01-01")
        page.click("main form button.primary")
        page.wait_for_selector(".flips")

    walk(open_page, f"{PATH}?view=replay", role="officer", ready="input[name=as_of]", prepare=judged_again, languages=("zh",))


def test_a_viewer_is_told_that_it_is_none_of_theirs(open_page: Open) -> None:
    with open_page(PATH, role="viewer") as opened:
        assert opened.page.locator("main form").count() == 0 and "Viewer" in opened.page.inner_text("main")


def test_each_change_is_judged_at_once_and_held_against_what_was(open_page: Open) -> None:
    with open_page(PATH, role="officer") as opened:
        page = opened.page
        assert from_china(opened) == {"qwen-beijing": "Allowed", "us-virginia": "Denied", "own-paris": "Denied"}
        assert "separate consent" in page.inner_text(RESULT) and page.inner_text(f"{RESULT} [role=status]")
        page.get_by_role("button", name="Hold this fast").click()
        opened.until("document.querySelector('.suppose .notice')?.textContent.includes('judged as in')")
        assert page.evaluate("document.activeElement.textContent") == "Hold this fast instead"  # the focus stays where it was

        early = change(opened, lambda: (page.get_by_label("Under the law of").fill("2021-10-31"), page.keyboard.press("Tab")))
        assert set(early.values()) == {"Denied"} and "One place is judged differently" in page.inner_text(RESULT)
        assert page.locator(".candidates .chip").all_inner_texts() == ["was: Allowed"]
        change(opened, lambda: (page.get_by_label("Under the law of").fill(TODAY), page.keyboard.press("Tab")))
        assert page.locator(".candidates .chip").count() == 0

        page.click("text=A place that there is not yet")
        there = change(opened, lambda: page.get_by_label("Processed, stored and read in").select_option("CN"))
        assert set(there) == {"qwen-beijing", "us-virginia", "own-paris", "The supposed place"} and there["The supposed place"] != "Allowed"
        filed = change(opened, lambda: page.locator("details[open] .check input >> nth=0").check())
        assert filed.keys() == there.keys()
        page.get_by_role("button", name="Compare no more").click()
        opened.until("!document.querySelector('.suppose .notice')")

        page.click("text=Evidence that might be registered")
        evidence = page.locator("details", has_text="Evidence that might be registered").locator(".check input")
        change(opened, evidence.first.check)
        page.click("text=The same by a program")
        said = json.loads(page.inner_text(f"{RESULT} pre").split("\n", 1)[1])
        assert said["evidence"]["*"] and said["places"][0]["processing"] == ["CN"] and said["facts"]["consent"] == ["general"]
        told = page.evaluate("async body => (await import('/console/static/lib/api.js')).post('/comity/v1/whatif', body)", said)
        shown = {"Allowed": "allow", "Denied": "deny", "Needs a person": "escalate"}
        assert [each["effect"] for each in told["candidates"]] == [shown[each] for each in judged(opened).values()]


def test_an_answer_that_comes_late_says_nothing(open_page: Open) -> None:
    with open_page(PATH, role="officer") as opened:
        page = opened.page
        from_china(opened)
        late: list[Any] = []
        page.route(f"**{WHATIF}", lambda route: late.append(route) if not late else route.continue_())
        page.get_by_label("Age", exact=True).fill("9")
        page.keyboard.press("Tab")
        opened.until("document.querySelector('.suppose [aria-busy=true]')")
        newer = change(opened, lambda: (page.get_by_label("Age", exact=True).fill("35"), page.keyboard.press("Tab")))
        assert newer["qwen-beijing"] == "Allowed"
        late[0].fulfill(
            status=200, content_type="application/json", body=json.dumps({"candidates": [], "effect": "deny", "ways": [], "packs": []})
        )
        page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
        assert judged(opened) == newer
        page.get_by_label("Age", exact=True).fill("151")
        page.keyboard.press("Tab")
        assert page.evaluate("document.querySelector('input[type=number]').validity.rangeOverflow") and judged(opened) == newer


def test_recorded_traffic_is_judged_again(open_page: Open, traffic: int) -> None:
    with open_page(f"{PATH}?view=replay", role="officer", expected=(400, 500)) as opened:
        page = opened.page

        def run() -> str:
            page.get_by_role("button", name="Judge again").click()
            opened.settled()
            return str(page.inner_text("main [role=tabpanel] > div > [aria-live]"))

        assert "none would be judged differently" in run()
        page.fill("input[name=as_of]", "2028-01-01")
        said = run()
        assert "would be judged differently" in said and "What would change" in said and "As it would be" in said
        example = page.locator(".flips a").first
        assert example.get_attribute("href").startswith("/console/decisions/")
        page.click("text=Laws that are asked")
        page.fill("input[name=as_of]", TODAY)
        page.get_by_label("Mainland China").uncheck()
        with page.expect_request(lambda request: urlsplit(request.url).path == REPLAY) as asked:
            said = run()
        assert "cn" not in asked.value.post_data_json["packs"] and "No law is held" not in said and "no pack holds the law of CN" in said
        page.fill("input[name=from]", "2020-01-01")
        page.fill("input[name=to]", "2020-01-02")
        assert "Nothing was recorded in that time" in run()
        page.fill("input[name=from]", "2020-01-03")
        assert page.locator("[role=tabpanel] [role=alert]").count() == 0
        run()
        opened.answer(REPLAY, {"error": {"message": "too much at once", "code": "server.busy", "request": "01REQUEST"}}, 500)
        assert "01REQUEST" in run()
        page.get_by_role("tab", name="Suppose facts").click()
        assert parse_qs(urlsplit(page.url).query) == {"view": ["suppose"]}
        page.unroute_all()
        page.get_by_role("tab", name="Recorded traffic").click()
        page.fill("input[name=as_of]", "2028-01-01")
        run()
        example.click()
        page.wait_for_selector("h1:text('One decision')")


def test_what_the_gateway_says_is_shown_and_never_run(open_page: Open) -> None:
    with open_page(PATH, role="engineer", width=390, expected=(500,)) as opened:
        page = opened.page
        configured = page.evaluate("async () => (await import('/console/static/lib/api.js')).post('/comity/v1/whatif', {})")
        one = configured["candidates"][0] | {"deployment": HOSTILE, "remedies": [HOSTILE], "effect": "deny"}
        one["reasons"] = [{"fact": HOSTILE, "rule": HOSTILE, "pack": "", "text": HOSTILE}]
        one["obligations"] = [{"id": HOSTILE, "phase": "before", "facts": [], "met_by": "nobody", "how": HOSTILE}]
        one["citations"] = [
            {
                "instrument": HOSTILE,
                "article": HOSTILE,
                "summary": HOSTILE,
                "quote": HOSTILE,
                "source": "javascript:1",
                "confidence": HOSTILE,
            }
        ]
        opened.answer(WHATIF, configured | {"candidates": [one], "ways": [{"steps": [HOSTILE], "deployment": HOSTILE}], "packs": [HOSTILE]})
        opened.go(PATH)
        for each in page.locator(f"{RESULT} summary").all():
            each.click()
        assert HOSTILE in page.inner_text(RESULT) and page.locator("main img, main a[href^=javascript]").count() == 0
        opened.check()
        row = {"rule": HOSTILE, "pack": HOSTILE, "text": HOSTILE, "before": "allow", "after": "deny", "records": 1}
        flip = {
            "before": "allow",
            "after": "deny",
            "was": [],
            "now": one["reasons"],
            "owed": [HOSTILE],
            "owed_no_more": [],
            "needs_evidence": [HOSTILE],
        }
        flip |= {"deployments": [HOSTILE], "records": 1, "examples": [HOSTILE]}
        counts = {"allow": 1, "deny": 0, "escalate": 0}
        opened.answer(
            REPLAY,
            {
                "records": 1,
                "flipped": 1,
                "flips": [flip],
                "terms": [],
                "rules": [row],
                "sketches": [HOSTILE],
                "before": counts,
                "after": counts,
            },
        )
        opened.answer("/comity/v1/packs/" + HOSTILE, {"error": {"message": "none"}}, 500)
        page.get_by_role("tab", name="Recorded traffic").click()
        page.get_by_role("button", name="Judge again").click()
        page.wait_for_selector(".flips")
        assert HOSTILE in page.inner_text(".flips") and page.locator("main img").count() == 0
        opened.check()
        opened.answer(WHATIF, {"error": {"message": "an unforeseen error", "code": "internal"}}, 500)
        opened.go(PATH)
        assert "an unforeseen error" in page.inner_text(RESULT)
