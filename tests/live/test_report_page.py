# SPDX-License-Identifier: Apache-2.0
"""A report's page in a real browser: one language at a time, by a click and by the keyboard, and nothing fetched, run or refused."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from comity.transparency.report.shapes import PAGE
from tests.browser import Page, browser
from tests.fakes import FakeClock
from tests.reports import Log, members

pytestmark = pytest.mark.skipif(not browser(), reason="no Chromium is on this machine")
LUMINANCE = """(colour => { const linear = n => n <= .04045 ? n / 12.92 : ((n + .055) / 1.055) ** 2.4;
  const [r, g, b] = colour.match(/[\\d.]+/g).map(n => linear(n / 255));
  return .2126 * r + .7152 * g + .0722 * b })"""
FAINT = f"""(() => {{ const light = {LUMINANCE}, bad = [];
  for (const each of document.querySelectorAll('main *, form *')) {{
    if (![...each.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || !each.getClientRects().length) continue;
    let ground = each; while (getComputedStyle(ground).backgroundColor === 'rgba(0, 0, 0, 0)') ground = ground.parentElement;
    const [a, b] = [light(getComputedStyle(each).color), light(getComputedStyle(ground).backgroundColor)].sort((x, y) => y - x);
    if ((a + .05) / (b + .05) < 4.5) bad.push(each.textContent.slice(0, 40));
  }} return bad }})()"""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")

    async def made() -> bytes:
        log = await Log.open(folder / "home", FakeClock())
        await log.add()
        await log.add(destination=(), deployment="device", plaintext_at="device", rules=(), reasons=(), obligations=())
        await log.add(
            effect="deny", destination=(), deployment="", plaintext_at="none", rules=("cn.export.no-consent",), reasons=("cn-pipl-39",)
        )
        raw = log.report()
        await log.ledger.aclose()
        return members(raw)[PAGE]

    (folder / "report.html").write_bytes(asyncio.run(made()))
    return folder / "report.html"


def cjk(text: str) -> int:
    return sum("\u4e00" <= letter <= "\u9fff" for letter in text)


def test_it_shows_one_language_at_a_time(path: Path) -> None:
    with Page(path) as page:
        english = page.run("document.querySelector('main').innerText")
        assert "Answered on the device: nothing left" in english and cjk(english) == 0
        page.run("document.getElementById('zh').click()")
        chinese = page.run("document.querySelector('main').innerText")
        assert "没有任何数据离开" in chinese and "nothing left" not in chinese and cjk(chinese) > 200
        page.run("document.getElementById('en').click()")
        assert page.run("document.querySelector('main').innerText") == english


def test_the_keyboard_changes_it_too(path: Path) -> None:
    with Page(path) as page:
        page.run("document.getElementById('en').focus()")
        for kind in ("rawKeyDown", "keyUp"):
            page.ask("Input.dispatchKeyEvent", type=kind, key="ArrowRight", code="ArrowRight", windowsVirtualKeyCode=39)
        assert cjk(page.run("document.querySelector('main').innerText")) > 200


def test_it_fetches_nothing_and_nothing_of_it_is_refused(path: Path) -> None:
    with Page(path) as page:
        assert page.fetched == [path.as_uri()] and page.told == []
        assert page.run("document.styleSheets.length") == 1 and page.run("document.styleSheets[0].cssRules.length") > 10
        assert page.run("getComputedStyle(document.querySelector('.stayed')).borderLeftWidth") != "1px"  # the policy lets its style hold
        page.run("document.body.insertAdjacentHTML('beforeend', '<img src=\"https://example.invalid/x.png\">')")
        for _ in range(1000):
            page.run("0")
            if page.told and len(page.fetched) == 1:
                break
        assert any("Content Security Policy" in each for each in page.told) and page.fetched == [path.as_uri()]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_word_can_be_told_from_its_ground(path: Path, dark: bool) -> None:
    with Page(path, dark=dark) as page:
        assert page.run("matchMedia('(prefers-color-scheme: dark)').matches") is dark
        assert page.run(FAINT) == []


def test_nothing_sticks_out_on_a_small_screen(path: Path) -> None:
    with Page(path, width=320) as page:
        for language in ("en", "zh"):
            page.run(f"document.getElementById('{language}').click()")
            assert page.run("document.documentElement.scrollWidth") <= 320


def test_what_a_screen_reader_is_told(path: Path) -> None:
    with Page(path) as page:
        page.ask("Accessibility.enable")
        nodes = page.ask("Accessibility.getFullAXTree")["nodes"]
        said = [(node["role"]["value"], node.get("name", {}).get("value", "").strip()) for node in nodes if not node.get("ignored")]
        assert ("radio", "English") in said and ("radio", "中文") in said and ("heading", "Privacy report") in said
        assert [name for role, name in said if role == "table"] == [
            "Requests by place; one request may have been tried at several", "Requests by day (UTC), the newest first",
        ]  # fmt: skip
        assert {"rowheader", "columnheader", "main", "article"} <= {role for role, _ in said}
