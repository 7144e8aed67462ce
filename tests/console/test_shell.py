# SPDX-License-Identifier: Apache-2.0
"""The frame around every page: signing in and out, the menu of each role, languages, themes, the keyboard, and what fails."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.console.conftest import KEYS, ROLES, Open
from tests.console.opened import walk
from tests.console.test_static import STATIC

PAGES = json.loads((STATIC / "pages" / "index.js").read_text(encoding="utf-8").split("PAGES = ")[1].split(";")[0])
MENU = "nav[aria-label] a"
SEES = {
    "viewer": {"decisions", "now", "law", "partners", "log", "case"},
    "engineer": {"try", "whatif"},
    "officer": {"try", "whatif", "people"},
}


def test_the_sign_in_page(open_page: Open) -> None:
    walk(open_page, "/console", role="", expected=(401,))


def test_signing_in_and_out_with_a_key(open_page: Open) -> None:
    with open_page("/console", role="", expected=(401,)) as opened:
        page = opened.page
        page.fill("input[name=token]", "no key of this gateway")
        page.click("button.primary")
        page.wait_for_selector("[role=alert]")
        page.fill("input[name=token]", KEYS["engineer"])
        page.keyboard.press("Enter")
        page.wait_for_selector(MENU)
        opened.until("document.activeElement.tagName === 'H1'")
        cookie = next(each for each in page.context.cookies() if each["name"] == "comity_session")
        assert cookie["httpOnly"] and cookie["sameSite"] == "Strict" and page.evaluate("document.cookie") == ""
        page.click(".who button")
        page.wait_for_selector("input[name=token]")
        assert page.context.cookies() == []


def test_the_link_s_token_signs_in_once_and_leaves_the_address(open_page: Open, link: Callable[[str], str]) -> None:
    path = link("officer")
    with open_page(path, role="", expected=(401,)) as opened:
        opened.page.wait_for_selector(MENU)
        assert "token" not in opened.page.url
        opened.page.click(".who button")
        opened.page.wait_for_selector("input[name=token]")
    with open_page(path, role="", expected=(401,)) as opened:
        opened.page.wait_for_selector("[role=alert]")
        assert "token" not in opened.page.url


@pytest.mark.parametrize("role", ROLES)
def test_a_role_s_menu_leads_to_pages_that_it_may_see(open_page: Open, role: str) -> None:
    with open_page("/console", role=role) as opened:
        page = opened.page
        hrefs = [link.get_attribute("href") for link in page.locator(MENU).all()]
        seen = {href.rsplit("/", 1)[1] for href in hrefs}
        wanted = set().union(*SEES.values()) if role == "admin" else SEES["viewer"] | SEES.get(role, set())
        assert seen == wanted & set(PAGES)
        for href in hrefs:
            page.click(f"{MENU}[href='{href}']")
            page.wait_for_selector(f"{MENU}[href='{href}'][aria-current=page]")
            page.wait_for_selector("main h1")
            opened.settled()
            opened.check()


def test_what_a_role_may_not_see_is_said(open_page: Open) -> None:
    with open_page("/console/try", role="viewer") as opened:
        assert "Viewer" in opened.page.inner_text("main") and opened.page.locator("main form").count() == 0
        opened.axe()


def test_an_address_without_a_page_is_said(open_page: Open) -> None:
    with open_page("/console/no/such", role="viewer") as opened:
        assert opened.page.inner_text("h1") == "No such page"


@pytest.mark.parametrize(
    "path", ["/console/decisions/%E0%A4%A", "/console/%", "/console//evil.example/x", "/console/decisions/%2e%2e%2fkeys/x"]
)
def test_an_address_that_is_malformed_is_one_without_a_page(open_page: Open, path: str) -> None:
    """The gateway refuses such a one; what is followed on the page never reaches it."""
    with open_page("/console/law", role="viewer") as opened:
        opened.page.evaluate("path => { history.pushState(null, '', path); dispatchEvent(new PopStateEvent('popstate')) }", path)
        opened.until("document.querySelector('h1')?.textContent === 'No such page'")


def test_a_word_that_every_object_has_is_no_word(open_page: Open) -> None:
    with open_page("/console#refused=session.constructor", role="", expected=(401,)) as opened:
        assert "signin.issuer" not in opened.page.inner_text("main") and "session.constructor" in opened.page.inner_text("main")


@pytest.mark.parametrize(
    "kept", ["{", "null", "[]", '{"__proto__": {"note": "x"}}', '{"note": 1, "at": 1}', '{"note": "x", "at": "2026-11-27"}']
)
def test_what_a_browser_was_made_to_remember_breaks_no_page(open_page: Open, kept: str) -> None:
    with open_page("/console/law", role="viewer") as opened:
        page = opened.page
        origin = page.evaluate("fetch('/comity/v1/log').then(answer => answer.json()).then(log => log.origin)")
        page.evaluate("([name, kept]) => localStorage.setItem(name, kept)", ["comity.log." + origin, kept])
        page.evaluate("localStorage.setItem('comity.language', '__proto__'); localStorage.setItem('comity.theme', '\"><script>')")
        page.click(f"{MENU}[href='/console/log']")
        page.wait_for_selector("#log-since")
        opened.settled()
        page.evaluate("localStorage.clear()")


def test_the_language_is_changed_by_the_keyboard_and_kept(open_page: Open) -> None:
    with open_page("/console/try", role="engineer") as opened:
        page = opened.page
        page.focus("input[name=language][value=en]")
        page.keyboard.press("ArrowRight")
        opened.until("document.querySelector('h1')?.textContent === '试一试'")
        opened.until("document.activeElement.value === 'zh'")
        assert page.evaluate("localStorage.getItem('comity.language')") == "zh"
        opened.language = "zh"


def test_the_theme_is_chosen(open_page: Open) -> None:
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    with open_page("/console/try", role="engineer", theme="light") as opened:
        page = opened.page
        light = page.evaluate(ground)
        page.check("input[name=theme][value=dark]", force=True)
        assert page.evaluate(ground) != light
        page.check("input[name=theme][value=auto]", force=True)
        assert page.evaluate(ground) == light


def test_the_first_tab_skips_to_the_page(open_page: Open) -> None:
    with open_page("/console/try", role="engineer") as opened:
        opened.page.keyboard.press("Tab")
        assert opened.page.evaluate("document.activeElement.className") == "skip"
        opened.page.keyboard.press("Enter")
        assert opened.page.evaluate("document.activeElement.id") == "main"


def test_a_small_screen_s_menu_opens(open_page: Open) -> None:
    with open_page("/console/try", role="engineer", width=390) as opened:
        page = opened.page
        assert not page.locator(MENU).first.is_visible()
        page.click(".menu-button")
        assert page.locator(MENU).first.is_visible() and page.get_attribute(".menu-button", "aria-expanded") == "true"
        opened.axe()


def test_what_the_gateway_refuses_is_told_in_its_words(open_page: Open) -> None:
    body = {"error": {"message": "too much at once", "hint": "try again shortly", "code": "server.busy", "request": "01REQUEST"}}
    with open_page("/console/no/such", role="engineer", expected=(503,)) as opened:
        page = opened.page
        page.route("**/v1/models", lambda route: route.fulfill(status=503, content_type="application/json", body=json.dumps(body)))
        page.click(f"{MENU}[href='/console/try']")
        said = page.locator("main [role=alert]").inner_text()
        assert all(each in said for each in ("too much at once", "try again shortly", "server.busy", "01REQUEST"))
        opened.axe()


def test_a_session_that_is_over_leads_to_the_sign_in_page(open_page: Open) -> None:
    with open_page("/console/no/such", role="engineer", expected=(401,)) as opened:
        page = opened.page
        page.route(
            "**/v1/models", lambda route: route.fulfill(status=401, content_type="application/json", body='{"error": {"message": "over"}}')
        )
        page.click(f"{MENU}[href='/console/try']")
        page.wait_for_selector("input[name=token]")


def test_a_person_s_own_session_is_none_of_the_console(open_page: Open) -> None:
    said = {"name": "a person", "role": "subject", "csrf": "x", "until": "2026-11-28T00:00Z"}
    with open_page("/console/no/such", role="viewer") as opened:
        page = opened.page
        page.route("**/comity/v1/session", lambda route: route.fulfill(content_type="application/json", body=json.dumps(said)))
        page.reload()
        page.wait_for_selector("input[name=token]")
        assert page.locator("nav").count() == 0
