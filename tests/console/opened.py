# SPDX-License-Identifier: Apache-2.0
"""A page of the console as it is open in the browser, what it complained about, and what must hold of every page.

def test_it(open_page: Open) -> None:
    walk(open_page, "/console/law", role="viewer")
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import product
from typing import Any
from urllib.parse import urlsplit

READY = "main h1"
WIDE, NARROW, HUGE = 1280, 390, 2560
LANGUAGES = {"en": "en", "zh": "zh-Hans"}
LOOKS_MAX, LOOK_MILLISECONDS = 750, 20
THEMES = ("light", "dark")
OF_LANGUAGE = {"en": "light", "zh": "dark"}
BESIDE = {"viewer": ("viewer", "engineer", "officer", "admin"), "engineer": ("engineer", "admin"), "officer": ("officer", "admin")}
"""Who sees a page as that role does."""
STICKS_OUT = """() => { const wide = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= wide) return [];
  return [...document.querySelectorAll('body *')]
    .filter(each => each.getBoundingClientRect().right > wide + 1 && !each.closest('.table-box'))
    .map(each => each.tagName + '.' + each.className).slice(0, 5).concat('wide') }"""


class Opened:
    """``expected``: statuses of answers that the test means to get."""

    def __init__(self, page: Any, base: str, language: str = "en", expected: tuple[int, ...] = ()) -> None:
        self.page, self._base, self.language, self._expected = page, base, language, expected
        self.told: list[str] = []
        page.on("console", lambda message: self._said(message.type, message.text))
        page.on("pageerror", lambda error: self.told.append(f"{error.name}: {error.message}"))
        page.on("request", lambda request: self._asked(request.url))
        page.on("response", lambda answer: self._answered(answer.status, answer.url))

    def _said(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not text.startswith("Failed to load resource"):  # which `_answered` tells better
            self.told.append(text)

    def _asked(self, url: str) -> None:
        if not url.startswith((self._base + "/", "blob:" + self._base, "data:")):
            self.told.append(f"asked another host: {url}")

    def _answered(self, status: int, url: str) -> None:
        if status >= 400 and status not in self._expected:
            self.told.append(f"{status}: {url}")

    def go(self, path: str) -> None:
        self.page.goto(self._base + path)
        self.page.wait_for_selector(READY)
        self.settled()

    def answer(self, path: str, said: Any, status: int = 200) -> None:
        """In the gateway's place, from here on."""
        body = said if isinstance(said, str) else json.dumps(said)
        self.page.route(
            lambda url: urlsplit(url).path == path, lambda route: route.fulfill(status=status, content_type="application/json", body=body)
        )

    def api(self, path: str) -> Any:
        """What the gateway itself says, to the session of this page."""
        return self.page.evaluate("path => fetch(path).then(answer => answer.json())", path)

    def settled(self) -> None:
        """Once nothing says any more that it is waited for, and the network is quiet but for what stays open."""
        self.until("!document.querySelector('main .waiting, main [aria-busy=true]')")

    def until(self, script: str) -> None:
        """Waits until ``script`` is true.  Playwright's own way of waiting for a script is one that the page's policy forbids."""
        for _ in range(LOOKS_MAX):
            if self.page.evaluate(script):
                return
            self.page.wait_for_timeout(LOOK_MILLISECONDS)
        raise AssertionError(f"never came to be: {script}")

    def check(self) -> None:
        """What holds of every page at any time."""
        assert self.told == [], self.told
        page = self.page
        assert page.evaluate("document.documentElement.lang") == LANGUAGES[self.language]
        assert page.locator("main").count() == 1 and page.locator("h1").count() == 1
        title = page.title()
        assert title.endswith(" · Comity") and len(title) > len(" · Comity")
        assert (out := page.evaluate(STICKS_OUT)) == [], out

    def axe(self) -> None:
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page, options={"resultTypes": ["violations"]}).response["violations"]
        told = [(each["id"], [node["html"][:120] for node in each["nodes"]][:3]) for each in found]
        assert told == [], told


def walk(
    open_page: Any, path: str, *, role: str = "admin", ready: str = READY, prepare: Callable[[Any], None] | None = None,
    expected: tuple[int, ...] = (), languages: Iterable[str] = LANGUAGES,
) -> None:  # fmt: skip
    """A page in both languages and both themes, wide, narrow, and once huge.  ``ready``: a selector that its content has; ``prepare``
    does with the page what is to be looked at.  `--full`: in each language with each theme, and as every role that sees as much."""
    whole = open_page.whole
    for each, language, theme in product(BESIDE.get(role, (role,)) if whole else (role,), languages, THEMES):
        if not whole and OF_LANGUAGE[language] != theme:
            continue
        with open_page(path, role=each, language=language, theme=theme, width=WIDE, expected=expected) as opened:
            opened.page.wait_for_selector(ready)
            if prepare is not None:
                prepare(opened.page)
            opened.settled()
            opened.check()
            opened.axe()
            for width in (NARROW, HUGE) if theme == "light" else (NARROW,):
                opened.page.set_viewport_size({"width": width, "height": 844})
                opened.check()
