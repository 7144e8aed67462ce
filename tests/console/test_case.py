# SPDX-License-Identifier: Apache-2.0
"""The founding case as its page tells it: by a short story in place of processes and models (tests/storyteller.py)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from comity.lab.process import Process, call
from tests.console.conftest import KEYS, Open
from tests.console.opened import walk

PATH = "/console/case"
RUNS = "/comity/v1/cases"


def asked(gateway: Process, method: str, path: str = RUNS, role: str = "engineer") -> Any:
    return call(gateway.base, method, path, headers={"authorization": f"Bearer {KEYS[role]}"}).json()


@pytest.fixture
def gate(folder: Path) -> Iterator[Path]:
    """The story waits in its second act until this is there."""
    gate = folder / "gate"
    gate.unlink(missing_ok=True)
    yield gate
    gate.touch()


@pytest.fixture(scope="module")
def told(gateway: Process, folder: Path) -> None:
    """A run that is over."""
    (folder / "gate").touch()
    run = asked(gateway, "POST")
    while asked(gateway, "GET", f"{RUNS}/{run['id']}")["state"] == "running":
        pass


def test_before_it_was_told(open_page: Open) -> None:
    """What it is, who takes part, and a button for those who may."""
    for role, may in (("officer", False), ("engineer", True)):
        with open_page("/console/none", role=role) as opened:
            page = opened.page
            page.route(f"**{RUNS}", lambda route: route.fulfill(json={"data": []}))
            opened.go(PATH)
            assert page.get_by_role("button", name="Tell it now").count() == int(may)
            said = page.inner_text("main [role=status] >> nth=-1") + page.inner_text(".notice")
            assert "has not been told" in said
            assert page.locator(".case-drawing svg[role=img]:visible").count() == 1
            page.get_by_text("The same in words").click()
            assert page.locator(".case-drawing details li").count() == page.locator(".case-drawing svg:visible .part").count() == 9
            opened.check()


def test_it_is_told_as_it_happens(open_page: Open, gateway: Process, gate: Path) -> None:
    with open_page(PATH, role="engineer", expected=(409,)) as opened:
        page = opened.page
        page.get_by_role("button", name="Tell it now").click()
        page.get_by_text("the model saw no number").wait_for()
        assert page.get_by_role("button", name="Tell it now").is_disabled()
        assert page.locator("main article").count() == 2
        assert page.inner_text("main p[role=status]") == "2. She asks something large"
        assert "onerror" in page.inner_text("blockquote") and page.locator("main img").count() == 0
        opened.axe()
        page.set_viewport_size({"width": 390, "height": 844})
        opened.check()
        with open_page(PATH, role="viewer") as other:  # who only reads sees it too
            other.page.get_by_text("the model saw no number").wait_for()
            gate.touch()
            other.page.get_by_role("link", name="Step through it").wait_for()
        page.get_by_role("link", name="Step through it").wait_for()
        assert "6 held, 0 did not hold, 1 not run" in page.inner_text(".notice.good")
        assert page.inner_text("main p[role=status]").startswith("Told to its end")
        assert page.get_by_role("button", name="Tell it now").is_enabled()
    assert next(each for each in asked(gateway, "GET", "/comity/v1/changes", "officer")["data"] if each["what"] == "case.begun")


@pytest.mark.usefixtures("told")
def test_one_steps_through_it(open_page: Open) -> None:
    with open_page(f"{PATH}/1", role="officer") as opened:
        page = opened.page
        current = ".case-acts a[aria-current=step]"
        assert page.inner_text("h1") == "1. She asks something small" and page.title().startswith("1. She asks")
        assert page.inner_text(current) == "She asks something small"
        assert page.get_by_role("link", name="Previous").count() == 0
        page.get_by_role("link", name="Next").click()
        opened.until("document.activeElement.textContent === '2. She asks something large'")
        claims = [each.split("\n\n") for each in page.locator(".case-claim").all_inner_texts()]
        assert claims == [["Holds", "the model saw no number"], ["NOT RUN", "nothing passed the relay in clear"]]
        page.keyboard.press("ArrowRight")
        opened.until("location.pathname.endsWith('/3') && document.querySelector('.case-claim')")
        page.keyboard.press("ArrowRight")
        opened.until("document.querySelector('h1').textContent === 'What it shows'")
        assert page.locator("main section h2").count() == 7
        page.keyboard.press("ArrowRight")  # there is no further
        page.get_by_role("link", name="act 1").click()
        opened.until("document.querySelector('h1').textContent.startsWith('1.')")
        page.go_back()
        opened.until("document.querySelector('h1').textContent === 'What it shows'")
        page.focus("input[name=language][value=en]")
        page.keyboard.press("ArrowRight")  # there the key is the language's
        opened.until("document.querySelector('h1').textContent === '证明了什么'")
        opened.language = "zh"
        page.get_by_role("link", name="上一幕").click()
        opened.until("document.querySelector('h1').textContent === '3. 中：She is in Paris'")
        assert "中：about proof" in page.inner_text("main")


@pytest.mark.usefixtures("told")
def test_an_act_that_is_not_there(open_page: Open) -> None:
    with open_page(f"{PATH}/99", role="viewer") as opened:
        assert "no such act" in opened.page.inner_text(".notice") and opened.page.locator(".case-list a").count() == 3


def test_a_claim_that_does_not_hold_and_a_run_that_breaks_off(open_page: Open) -> None:
    claim = {"kind": "claim", "claim": {"en": "nothing left", "zh": "什么都没有离开"}, "holds": False, "promise": "country"}
    run: dict[str, Any] = {"id": "x", "state": "over", "began": "2026-11-27T12:00:00Z", "ended": None, "failed": "", "held": False,
           "acts": [{"kind": "act", "act": 1, "title": {"en": "One", "zh": "一"}, "told": [claim]}]}  # fmt: skip
    with open_page("/console/none", role="viewer") as opened:
        page = opened.page
        page.route(f"**{RUNS}", lambda route: route.fulfill(json={"data": [run]}))
        page.route(f"**{RUNS}/x", lambda route: route.fulfill(json=run))
        opened.go(PATH)
        assert "A claim did not hold" in page.inner_text(".notice.bad") and "Does not hold" in page.inner_text(".case-list")
        run |= {"state": "failed", "failed": "case.broken: <b>expected</b> an answer", "held": None, "acts": []}
        opened.go(PATH)
        assert "case.broken: <b>expected</b> an answer" in page.inner_text(".notice.bad")
        opened.axe()


def test_what_the_gateway_refuses_is_told(open_page: Open) -> None:
    error = {"error": {"message": "a run of the lab is under way", "hint": "wait until it is over", "code": "lab.running"}}
    with open_page(PATH, role="admin", expected=(409, 500)) as opened:
        page = opened.page
        page.route(f"**{RUNS}", lambda route: route.fulfill(status=409 if route.request.method == "POST" else 500, body=json.dumps(error)))
        page.get_by_role("button", name="Tell it now").click()
        assert "lab.running" in page.locator("main [role=alert]").inner_text()
        assert page.get_by_role("button", name="Tell it now").is_enabled()
        page.reload()
        assert "lab.running" in page.locator("main [role=alert]").inner_text()


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("path", "role", "languages"), [("", "viewer", ("en", "zh")), ("/2", "engineer", ("zh",)), ("/claims", "admin", ("en",))]
)
def test_the_page(open_page: Open, path: str, role: str, languages: tuple[str, ...]) -> None:
    walk(open_page, PATH + path, role=role, languages=languages)
