# SPDX-License-Identifier: Apache-2.0
"""The sample assistant by hand, in a real browser: said, shown, confirmed, done, undone, in both languages."""

from __future__ import annotations

import importlib.util
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.browser import Page, browser
from tests.fakes import FakeClock
from tests.tidy.tree import ROOT
from tests.unit.tasks.assist.test_doing import AT

LOOKS_MAX = 400


@pytest.fixture
def app() -> Any:
    spec = importlib.util.spec_from_file_location("sample_assistant", ROOT / "examples" / "assistant" / "app.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def base(app: Any, tmp_path: Path) -> Iterator[str]:
    serving = app.server(app.Assistant(tmp_path / "own", "Asia/Shanghai", clock=FakeClock(AT)), 0)
    thread = Thread(target=serving.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{serving.server_port}"
    serving.shutdown()
    thread.join()
    serving.server_close()


def post(base: str, path: str, body: dict[str, str], **headers: str) -> Any:
    sent = urllib.request.Request(base + path, json.dumps(body).encode(), {"Content-Type": "application/json", **headers})
    with urllib.request.urlopen(sent, timeout=20) as answer:
        return json.load(answer)


def test_an_intent_of_the_app_itself(base: str) -> None:
    made = post(base, "/say", {"text": "coffee break in 20 minutes"})
    assert made["lines"] == ["1. Set a break aside: at Fri 2026-11-27 09:20"] and len(made["done"]) == 1
    assert post(base, "/undo", {"id": made["done"][0]})["lines"] == ["undone: break.take"]


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Content-Type": "text/plain"}])
def test_another_page_can_ask_nothing(base: str, headers: dict[str, str]) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        post(base, "/say", {"text": "remind me to pay double rent"}, **headers)
    assert refused.value.code in (400, 403)
    refused.value.close()


@pytest.fixture
def page(base: str, tmp_path: Path) -> Iterator[Page]:
    if not browser():
        pytest.skip("no headless browser on this machine: install chromium")
    (tmp_path / "blank.html").write_text("<!doctype html>")
    with Page(tmp_path / "blank.html") as opened:
        opened.ask("Page.navigate", url=base + "/")
        until(opened, "document.readyState == 'complete' && document.getElementById('say') != null")
        yield opened


def until(page: Page, script: str) -> None:
    for _ in range(LOOKS_MAX):
        if page.run(script):
            return
        page.ask("Runtime.evaluate", expression="new Promise(done => setTimeout(done, 25))", awaitPromise=True)
    raise AssertionError(f"never: {script}; plan: {page.run('document.getElementById(`plan`).textContent')}")


def say(page: Page, text: str) -> None:
    page.run(f"document.getElementById('text').value = {json.dumps(text)}; document.querySelector('#say button').click()")


def has(page: Page, id_: str, text: str) -> None:
    until(page, f"document.getElementById({json.dumps(id_)}).textContent.includes({json.dumps(text)})")


def test_a_plan_is_shown_confirmed_done_and_undone(page: Page) -> None:
    say(page, "save a new contact: Priya Nair, priya@example.org")
    has(page, "done", "contacts.add")
    say(page, "lunch with Priya on Tuesday at noon")
    has(page, "plan", "Tue 2026-12-01 12:00")
    has(page, "why", "“lunch with Priya on Tuesday at noon”")
    assert page.run("document.getElementById('ask').hidden") is False
    assert not page.run("document.getElementById('done').textContent.includes('calendar.create')")
    say(page, "make it 1 pm")
    has(page, "plan", "13:00")
    page.run("document.getElementById('yes').click()")
    has(page, "done", "calendar.create")
    has(page, "done", "nothing · 无")
    page.run("document.querySelector('#done button').click()")
    has(page, "plan", "undone: calendar.create")
    assert page.told == []


def test_in_chinese_and_what_is_unclear_is_asked(page: Page) -> None:
    say(page, "明天早上六点一刻叫我起床")
    has(page, "plan", "周六 2026-11-28 06:15")
    has(page, "done", "alarm.set")
    say(page, "定个闹钟")
    has(page, "plan", "还缺一样")
    say(page, "明早七点")
    has(page, "plan", "2026-11-28 07:00")


def test_nothing_is_loaded_from_elsewhere(page: Page, base: str) -> None:
    assert [url for url in page.fetched if not url.startswith((base, "file:", "about:"))] == []
