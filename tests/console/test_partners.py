# SPDX-License-Identifier: Apache-2.0
"""Partners as an officer and an engineer read them: places and their sources, evidence and its end, what goes dark, and the drill.

The lab never starts here: what a drill comes to is answered in the gateway's place.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from comity.lab.process import Process
from tests.console.conftest import Open
from tests.console.door import call
from tests.console.opened import Opened, walk

PATH = "/console/partners"
DEPLOYMENTS, RESILIENCE, DRILLS = "/comity/v1/deployments", "/comity/v1/resilience", "/comity/v1/drills"
HOSTILE = '"><img src=x onerror=alert(1)>\u202e\u200b' + "long" * 300
SOON = """const later = setTimeout; window.setTimeout = (call, ms, ...rest) => later(call, Math.min(ms, 20), ...rest)"""


def day(ahead: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=ahead)).isoformat()


def piece(kind: str, state: str, **more: Any) -> dict[str, Any]:
    return {
        "kind": kind, "from": "register", "number": 7, "scope": "*", "state": state, "valid_from": None, "valid_to": None,
        "issuer": "", "check": "unchecked", "checked": "", "counts": True,
    } | more  # fmt: skip


EVIDENCE = [
    piece("assessment:cn_pipia", "valid", valid_to=day(10), issuer="Example Ltd", check="signature", checked="signed by Example Ltd"),
    piece("processor_contract", "expired", valid_to=day(-1)),
    piece("cn_genai", "not yet", valid_from=day(5), valid_to=day(400), counts=False),
    piece("notice:cross_border_recipient", "valid", **{"from": "configuration", "number": None}),
]
SOURCE = {"of": "region", "url": "https://vendor.example/regions", "read": "2026-11-01", "says": "Stored in the region."}


def as_a_vendor(row: dict[str, Any]) -> dict[str, Any]:
    """A place as the catalog knows them: read from anywhere but one, with sources and a price."""
    price = {"currency": "USD", "input": 0.25, "output": 2.0, "source": SOURCE}
    return row | {
        "id": "vendor-eu", "partner": "Vendor", "region": "eu-west-1", "scope": "eu", "access": {"any_except": ["CN"]},
        "sources": [SOURCE, SOURCE | {"of": "model"}], "prices": [price], "evidence": EVIDENCE, "covered_person": True,
    }  # fmt: skip


def widened(opened: Opened) -> dict[str, Any]:
    rows = opened.api(DEPLOYMENTS)["data"]
    return {"data": [as_a_vendor(rows[0]), *rows]}


def test_as_it_is_walked(open_page: Open) -> None:
    with open_page("/console/no/such", role="viewer") as opened:
        said = json.dumps(widened(opened))

    def shown(page: Any) -> None:
        page.route(f"**{DEPLOYMENTS}", lambda route: route.fulfill(content_type="application/json", body=said))
        page.reload()
        page.wait_for_selector("[role=tabpanel] > *")

    walk(open_page, PATH, role="viewer", prepare=lambda page: (shown(page), page.click("main summary >> nth=0")), languages=("en",))
    walk(open_page, f"{PATH}?view=evidence", role="officer", prepare=shown, languages=("zh",))
    walk(open_page, f"{PATH}?view=without", role="engineer", ready="form button.primary", languages=("en",))


def test_places_and_evidence(open_page: Open) -> None:
    with open_page("/console/no/such", role="officer") as opened:
        page = opened.page
        opened.answer(DEPLOYMENTS, widened(opened))
        opened.go(PATH)
        vendor = page.locator("li.card", has_text="vendor-eu")
        said = vendor.inner_text()
        assert "anywhere but" in said.lower() and "eu-west-1" in said and "$0.25" in said
        vendor.locator("summary").click()
        link = vendor.get_by_role("link", name=SOURCE["url"]).first
        assert link.get_attribute("rel") == "noreferrer noopener" and "1 Nov 2026" in vendor.inner_text()
        page.get_by_role("tab", name="Evidence").click()
        assert "One piece of evidence has expired" in page.inner_text("main") and "ends within 60 days" in page.inner_text("main")
        rows = [row.inner_text() for row in page.locator("tbody tr").all()]
        assert len(rows) >= 4 and "expired" in rows[0] and "11 more days" in rows[1] and "Example Ltd" in rows[1]
        assert any("not yet in force" in row and "from " in row and "not counted" in row for row in rows)
        page.keyboard.press("ArrowRight")
        opened.settled()
        assert page.get_by_role("tab", selected=True).inner_text() == "Without one of them"


def drills(opened: Opened, answers: Iterable[dict[str, Any]], begun: tuple[int, dict[str, Any]]) -> list[str]:
    """In the gateway's place: what `begun` says, and then what it is asked after; the paths that were asked."""
    asked: list[str] = []
    left = iter(answers)
    last: dict[str, Any] = {}

    def told(route: Any) -> None:
        nonlocal last
        asked.append(route.request.method)
        status, said = begun
        if route.request.method == "GET":
            status, said = 200, (last := next(left, last))
        route.fulfill(status=status, content_type="application/json", body=json.dumps(said))

    opened.page.route(f"**{DRILLS}**", told)
    return asked


def test_a_drill_from_its_beginning_to_what_it_came_to(open_page: Open) -> None:
    with open_page("/console/no/such", role="admin", expected=(409,)) as opened:
        page = opened.page
        page.add_init_script(SOON)
        running = {"id": "d1", "state": "running", "partner": "x", "outcome": None, "failed": ""}
        cell = opened.api(RESILIENCE)["cells"][0]
        answers = [{"round": "up", "by": "own-paris", "status": 200}, {"round": "refusing", "by": "", "status": 451}]
        outcome = {
            "name": "x", "gone": ["own-paris"], "left_out": ["device"], "holds": True, "rows": [cell | {"answers": answers, "holds": True}],
        }  # fmt: skip
        over = running | {"state": "over", "outcome": outcome}
        went = (
            ((202, running), [running, over], "What went dark is what was foretold."),
            ((202, running), [over | {"outcome": outcome | {"holds": False}}], "is not what was foretold."),
            ((202, running), [running | {"state": "failed", "failed": HOSTILE}], "did not come to an end"),
            ((409, {"error": {"message": "a run of the lab is under way", "hint": "wait", "code": "lab.running"}}), [], "under way"),
        )  # fmt: skip
        for begun, said, words in went:
            page.unroute_all()
            asked = drills(opened, said, begun)
            opened.go(f"{PATH}?view=without")
            page.get_by_role("button", name="Run the drill").click()
            page.wait_for_selector(f"text={words}")
            assert said != [running, over] or "It refuses" in page.inner_text("main")
            assert asked == ["POST"] + ["GET"] * len(said)
            assert page.locator("main img").count() == 0 and page.get_by_role("button", name="Run the drill").is_enabled()
            opened.check()
        page.unroute_all()
        asked = drills(opened, [running], (202, running))
        opened.go(f"{PATH}?view=without")
        page.get_by_role("button", name="Run the drill").click()
        opened.until("document.querySelector('main .waiting')")
        page.click("nav[aria-label] a[href='/console/log']")
        opened.until("location.pathname === '/console/log'")
        opened.settled()
        before = len(asked)
        page.wait_for_timeout(100)
        assert len(asked) <= before + 1  # what was on its way


@pytest.mark.parametrize("role", ["viewer", "officer"])
def test_a_drill_is_not_for_whoever_only_reads(open_page: Open, gateway: Process, role: str) -> None:
    with open_page(f"{PATH}?view=without", role=role) as opened:
        assert "What goes dark" in opened.page.inner_text("main") and opened.page.locator("main form").count() == 0
    assert call(gateway.base, "POST", DRILLS, {"partner": "own-paris"}, role=role)[0] == 403


def test_what_the_gateway_says_is_shown_and_never_run(open_page: Open) -> None:
    with open_page("/console/no/such", role="engineer", width=390, expected=(500,)) as opened:
        page = opened.page
        rows = opened.api(DEPLOYMENTS)["data"]
        source = {"of": "region", "url": "javascript:alert(1)", "read": "2026-11-01", "says": HOSTILE}
        named = dict.fromkeys(("id", "partner", "region", "scope", "model", "egress"), HOSTILE)
        hostile = rows[0] | named | {"processing": [HOSTILE], "storage": {"any_except": [HOSTILE]}, "sources": [source]}
        hostile["evidence"] = [piece(HOSTILE, "valid", scope=HOSTILE, issuer=HOSTILE, checked=HOSTILE)]
        opened.answer(DEPLOYMENTS, {"data": [hostile]})
        report = opened.api(RESILIENCE)
        report["losses"] = [{"kind": "partner", "name": HOSTILE, "deployments": [HOSTILE], "dark": report["cells"][:2]}]
        report["warnings"] = [{"code": "evidence-ends", "text": HOSTILE, "questions": []}]
        report["cells"] = [cell | {"lawful": [HOSTILE]} for cell in report["cells"][:2]]
        opened.answer(RESILIENCE, report)
        for view in ("places", "evidence", "without"):
            opened.go(f"{PATH}?view={view}")
            for each in page.locator("main summary").all():
                each.click()
            assert HOSTILE in page.inner_text("main") and page.locator("main img").count() == 0
            assert page.locator("a[href^=javascript]").count() == 0
            opened.check()
        opened.answer(RESILIENCE, {"error": {"message": HOSTILE, "code": "internal"}}, 500)
        opened.go(f"{PATH}?view=without")
        assert HOSTILE in page.inner_text("[role=alert]")
        opened.answer(DEPLOYMENTS, {"data": []})
        opened.go(PATH)
        assert page.locator("main li.card").count() == 0 and "No " in page.inner_text("[role=tabpanel]")
        opened.answer(DEPLOYMENTS, {"error": {"message": HOSTILE, "code": "internal"}}, 500)
        opened.go(PATH)
        assert HOSTILE in page.inner_text("[role=alert]")
