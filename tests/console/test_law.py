# SPDX-License-Identifier: Apache-2.0
"""The laws as they are read: which are held on a day, what comes, two beside each other, guidelines to print, and one law whole."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.console.conftest import Open
from tests.console.opened import Opened, walk

PATH, API = "/console/law", "/comity/v1"
TAB = "[role=tab][aria-selected=true]"
HOSTILE = '"><img src=x onerror=alert(1)>\u202e' + "long" * 300
READ = re.compile("http|public repositories")  # where an article was read is told as its pack has it
SENTENCE = re.compile(r"[A-Za-z]+(?: [A-Za-z]+){4}")  # five words in a row are no name


def query(opened: Opened) -> dict[str, list[str]]:
    return parse_qs(urlsplit(opened.page.url).query)


def test_the_guidelines_as_they_are_walked(open_page: Open) -> None:
    walk(open_page, f"{PATH}?view=guidelines&law=us", role="viewer", ready=".document")


def test_one_law_as_it_is_walked(open_page: Open) -> None:
    walk(open_page, f"{PATH}/kr", role="engineer", ready=".articles", languages=("en",))


def test_the_keyboard_turns_the_tabs_and_the_address_keeps_them(open_page: Open) -> None:
    with open_page(f"{PATH}?a=sg&b=mo", role="officer", width=390) as opened:
        page = opened.page
        assert page.locator("main tbody tr").count() == len(opened.api(f"{API}/packs")["data"])
        page.focus(TAB)
        for key, view in (
            ("ArrowRight", "coming"),
            ("ArrowRight", "compare"),
            ("End", "guidelines"),
            ("ArrowRight", "held"),
            ("ArrowLeft", "guidelines"),
            ("Home", "held"),
        ):
            page.keyboard.press(key)
            opened.settled()
            assert query(opened)["view"] == [view] and page.evaluate(f"document.activeElement === document.querySelector('{TAB}')")
            if view in ("coming", "compare"):
                opened.check()
                opened.axe()
        page.keyboard.press("ArrowLeft")
        page.wait_for_selector(".document")
        page.get_by_label("As of").fill("2026-12-02")
        page.get_by_role("button", name="Show").click()
        opened.until("document.querySelector('.document')?.textContent.includes('2 December 2026')")
        assert query(opened)["view"] == ["guidelines"] and query(opened)["as_of"] == ["2026-12-02"]


def test_a_day_has_its_own_law_and_its_own_future(open_page: Open) -> None:
    with open_page(f"{PATH}?view=coming&as_of=2026-12-01", role="viewer") as opened:
        page = opened.page
        first = page.inner_text(".timeline > li")
        assert "2 Dec 2026" in first and "European Economic Area" in first
        page.locator(".timeline summary").first.click()
        assert page.locator(".timeline .articles strong").first.is_visible()
        page.get_by_label("As of").fill("2026-12-02")
        page.get_by_role("button", name="Show").click()
        opened.until("document.querySelector('.timeline') && !document.querySelector('.timeline').textContent.includes('2 Dec 2026')")
        page.locator(".timeline a").first.click()
        page.wait_for_selector(".rules")
        assert query(opened) == {"as_of": ["2027-01-01"]} and "1 Jan 2027" in page.inner_text(".lead")  # as it is once it has changed
        page.get_by_role("link", name="All laws").click()
        page.wait_for_selector("[role=tablist]")
        assert query(opened) == {"as_of": ["2027-01-01"]}


def test_two_laws_beside_each_other(open_page: Open) -> None:
    with open_page(f"{PATH}?view=compare&a=kr&b=uk", role="viewer", expected=(400,)) as opened:
        page = opened.page
        assert page.get_by_label("One law").input_value() == "kr" and "United Kingdom" in page.inner_text("main thead >> nth=0")
        page.get_by_label("Another").select_option("cn")
        page.get_by_role("button", name="Compare").click()
        opened.until("document.querySelector('main thead')?.textContent.includes('Mainland China')")
        assert query(opened) == {"view": ["compare"], "a": ["kr"], "b": ["cn"]}
        assert not re.search(r"\b(provider|data)\.\w", page.inner_text(".compared >> nth=0"))
        page.get_by_label("Another").select_option("kr")
        page.get_by_role("button", name="Compare").click()
        opened.until("document.querySelector('[role=tabpanel] [role=alert]')")
        assert "the same law" in page.inner_text("[role=tabpanel] [role=alert]")


def test_a_document_leads_to_its_own_articles(open_page: Open) -> None:
    with open_page(f"{PATH}?view=guidelines&law=eea", role="viewer") as opened:
        page = opened.page
        page.evaluate("window.kept = true; window.printed = 0; print = () => { printed += 1 }; 0")
        link = page.locator(".document a[href^='#doc-']").first
        to = link.get_attribute("href")
        link.click()
        opened.until("location.hash !== ''")
        assert page.evaluate("document.querySelector(':target')?.id") == to.removeprefix("#")
        assert page.evaluate("window.kept") is True  # the page was not shown anew
        page.get_by_role("button", name="Print").click()
        assert page.evaluate("printed") == 1
        page.get_by_label("Guidelines of").select_option("us")
        opened.until("document.querySelector('.document h2')?.textContent.includes('United States')")
        assert query(opened)["law"] == ["us"]


def test_a_law_says_what_it_rests_on(open_page: Open) -> None:
    with open_page(f"{PATH}/cn", role="viewer") as opened:
        page, law = opened.page, opened.api(f"{API}/packs/cn")
        kinds = {rule["kind"] for rule in law["rules"]}
        assert page.locator(".rules").count() == len(kinds) + 1 and "Numbers and lists" in page.inner_text("main")
        assert page.locator("#law-facts ~ .articles > li").count() == len(law["facts"])
        page.locator("a[href='#fact-cn-pipl-39']").first.click()
        opened.until("document.querySelector(':target')?.id === 'fact-cn-pipl-39'")
        assert page.locator("main a[href^='http'][rel~=noreferrer]").count() > 0


def test_in_chinese_a_law_is_told_in_chinese(open_page: Open) -> None:
    with open_page(f"{PATH}/cn", role="viewer", language="zh") as opened:
        page = opened.page
        for part in page.locator(".rules, .facts").all():
            assert (found := SENTENCE.findall(part.inner_text())) == [], found
        opened.go(f"{PATH}?view=guidelines&law=cn")
        rest = "".join(line for line in page.inner_text(".document").splitlines() if not READ.search(line))
        assert (found := SENTENCE.findall(rest)) == [], found
        opened.go(f"{PATH}?view=compare&a=cn&b=eea")
        assert (found := SENTENCE.findall(page.inner_text("[role=tabpanel]"))) == [], found


def test_what_there_is_not_and_what_fails_is_said(open_page: Open) -> None:
    with open_page(f"{PATH}/atlantis", role="viewer", expected=(400, 404, 500)) as opened:
        page = opened.page
        assert page.locator("main [role=alert]").count() == 1
        opened.answer(f"{API}/guidelines", {"error": {"message": "an unforeseen error", "code": "internal"}}, 500)
        opened.go(f"{PATH}?view=guidelines&law=atlantis")
        assert "an unforeseen error" in page.inner_text("[role=tabpanel] [role=alert]")
        opened.answer(f"{API}/timeline", {"data": [], "after": "2026-11-27"})
        opened.go(f"{PATH}?view=coming")
        assert "Nothing that is known" in page.inner_text("[role=tabpanel]")


def test_what_a_law_says_is_shown_and_never_run(open_page: Open) -> None:
    with open_page("/console/no/such", role="viewer", width=390) as opened:
        page, law = opened.page, opened.api(f"{API}/packs/cn")
        fact = dict.fromkeys(law["facts"][0], HOSTILE) | {
            "effective": "2026-01-01",
            "effective_to": None,
            "source": f"javascript:alert(1);https://x.example/{HOSTILE}",
        }
        rule: dict[str, Any] = law["rules"][0] | {"text": HOSTILE, "id": HOSTILE, "remedies": [HOSTILE], "facts": [HOSTILE]}
        pack = law["pack"] | {
            "name": HOSTILE,
            "note": HOSTILE,
            "regions": [HOSTILE],
            "reviewed_by": [HOSTILE],
            "not_covered": [HOSTILE],
            "applies": [HOSTILE],
        }
        table = law["tables"][0] | {"name": HOSTILE, "value": [HOSTILE] * 20}
        opened.answer(f"{API}/packs/cn", law | {"pack": pack, "rules": [rule], "facts": [fact], "tables": [table]})
        opened.go(f"{PATH}/cn")
        assert page.inner_text("main").count(HOSTILE) > 10 and page.locator("main img, main a[href^=javascript]").count() == 0
        opened.check()
        said = {
            "is": "section",
            "title": HOSTILE,
            "blocks": [{"is": "paragraph", "runs": [HOSTILE, {"is": "link", "to": HOSTILE, "text": HOSTILE}]}],
        }
        document = {"is": "document", "title": HOSTILE, "language": "en", "blocks": [said]}
        opened.answer(f"{API}/guidelines", {"as_of": "2026-11-27", "packs": [], "document": document})
        opened.go(f"{PATH}?view=guidelines")
        assert HOSTILE in page.inner_text(".document") and page.locator("main img").count() == 0
