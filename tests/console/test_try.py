# SPDX-License-Identifier: Apache-2.0
"""The playground, on a real gateway: what is found and hidden, where it goes, the answer, the receipt; a refusal and its ways out."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import pytest

from tests.console.conftest import Open
from tests.console.opened import walk
from tests.live.places import EchoPartner

PATH = "/console/try"
DONE = ".journey > li:last-child.done"
WORDS = "I am Wang Fang, phone 13812345678. Say hello to my landlord."
HOSTILE = '<img src=x onerror="document.title=1"> </script><b>{{7*7}}</b> a@b.example'


def chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


PICTURE = (
    b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", b"\0\0\0\x01\0\0\0\x01\x08\0\0\0\0")
    + chunk(b"IDAT", zlib.compress(b"\0\0"))
    + chunk(b"IEND", b"")
)


def ask(page: Any, text: str | None = None, *, who: str = "", model: str = "") -> None:
    if who:
        page.check(f"input[name=who][value={who}]", force=True)
    if text is not None:
        page.fill("textarea[name=text]", text)
    if model:
        page.select_option("select[name=model]", model)
    page.click("main button.primary")
    page.wait_for_selector(DONE)


def answered(page: Any, path: str, status: int, said: Any) -> None:
    """In the gateway's place."""
    page.route(f"**/{path}", lambda route: route.fulfill(status=status, content_type="application/json", body=json.dumps(said)))


def step(page: Any, number: int) -> str:
    said: str = page.locator(f".journey > li:nth-child({number})").inner_text()
    return said


def test_as_it_answers(open_page: Open) -> None:
    walk(open_page, PATH, role="engineer", ready=".journey", prepare=lambda page: (ask(page), page.click(".journey summary")))


def test_as_it_refuses(open_page: Open) -> None:
    def refused(page: Any) -> None:
        ask(page, model="us-virginia")
        page.click(".try-form summary >> nth=0")
        page.click(".refusal summary")

    walk(open_page, PATH, role="officer", ready=".journey", prepare=refused, expected=(451,))


def test_every_step_is_told(open_page: Open, partner: EchoPartner) -> None:
    before = len(partner.bodies)
    with open_page(PATH, role="engineer") as opened:
        page = opened.page
        ask(page, WORDS)
        assert page.locator("mark").evaluate_all("all => all.map(each => [...each.childNodes].map(node => node.textContent))") == [
            ["Wang Fang", "name"], ["13812345678", "phone"],
        ]  # fmt: skip
        opened.until("document.querySelectorAll('.judged > li').length === 3")
        assert page.locator(".judged .badge").all_inner_texts() == ["Allowed", "Denied", "Denied"]
        assert "2 values were replaced" in step(page, 3)
        assert "qwen-beijing" in step(page, 4) and "mainland China" in step(page, 4)
        assert page.locator(".answer").inner_text().startswith(WORDS)
        assert "Explicit" in step(page, 6)
        receipt = page.locator(f"{DONE} a").get_attribute("href")
        assert receipt.startswith("/console/decisions/")
        status = page.evaluate("id => fetch('/comity/v1/decisions/' + id).then(answer => answer.status)", receipt.rsplit("/", 1)[1])
        assert status == 200
    sent = json.dumps(partner.bodies[before:], ensure_ascii=False)
    assert "Wang Fang" not in sent and "13812345678" not in sent and "landlord" in sent


@pytest.mark.parametrize("keys", ["Control+Enter", "Meta+Enter"])
def test_the_keyboard_asks(open_page: Open, keys: str) -> None:
    with open_page(PATH, role="engineer") as opened:
        opened.page.focus("textarea[name=text]")
        opened.page.keyboard.press(keys)
        opened.page.wait_for_selector(DONE)
        assert opened.page.evaluate("document.activeElement.tagName") == "TEXTAREA"


def test_a_refusal_has_its_way_out_one_click_away(open_page: Open) -> None:
    with open_page(PATH, role="engineer", expected=(451,)) as opened:
        page = opened.page
        ask(page, who="child")
        assert "Nothing was sent to any model." in page.inner_text(".refusal")
        assert page.locator(".journey > li.stopped").count() == 1
        page.click(".refusal button")
        assert page.evaluate("document.activeElement.id") == "journey"
        opened.until("document.querySelector('input[name=consent][value=vpc]').checked")
        page.wait_for_selector(".judged .badge.allow, .refusal")
        assert page.locator("mark").count() == 2


def test_another_lawful_place_is_one_click_away(open_page: Open) -> None:
    with open_page(PATH, role="engineer", expected=(451,)) as opened:
        page = opened.page
        ask(page, WORDS, model="us-virginia")
        page.click(".ways button")
        page.wait_for_selector(".answer")
        page.wait_for_selector(DONE)
        assert page.input_value("select[name=model]") == "qwen-beijing" and "qwen-beijing" in step(page, 4)


def test_a_picture_goes_with_it(open_page: Open, partner: EchoPartner) -> None:
    before = len(partner.bodies)
    with open_page(PATH, role="engineer", expected=(451,)) as opened:
        page = opened.page
        page.check("input[name=who][value=berlin]", force=True)
        with page.expect_file_chooser() as chooser:
            page.click("text=Add a picture")
        chooser.value.set_files({"name": "note.txt", "mimeType": "text/plain", "buffer": b"x"})
        assert "Only PNG" in page.inner_text(".drop [role=alert]")
        with page.expect_file_chooser() as chooser:
            page.click("text=Add a picture")
        chooser.value.set_files({"name": "dot.png", "mimeType": "image/png", "buffer": PICTURE})
        page.wait_for_selector(".picture")
        ask(page, "What is on it?")  # what nobody has looked at counts as showing everything
        assert len(partner.bodies) == before
        page.click(".ways button")
        page.wait_for_selector(".answer")
        page.wait_for_selector(DONE)
        assert "own-paris" in step(page, 4) and base64.b64encode(PICTURE).decode() in json.dumps(partner.bodies[before:])
        page.click(".picture button")
        assert page.locator(".picture").count() == 0


def test_it_can_be_stopped(open_page: Open) -> None:
    with open_page(PATH, role="engineer") as opened:
        page = opened.page
        page.route("**/v1/chat/completions", lambda route: None)  # never answered
        page.focus("main button.primary")
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")  # the focus went on to the button that stops
        page.wait_for_selector(".journey .stopped .notice")
        opened.until("document.activeElement === document.querySelector('main button.primary')")


def test_nothing_typed_is_nothing_asked(open_page: Open) -> None:
    with open_page(PATH, role="engineer") as opened:
        opened.page.fill("textarea[name=text]", "")
        opened.page.click("main button.primary")
        opened.page.wait_for_selector(".notice.warn")


def test_a_gateway_that_is_gone_is_said(open_page: Open) -> None:
    with open_page(PATH, role="engineer") as opened:
        opened.page.route("**/v1/chat/completions", lambda route: route.abort())
        opened.page.click("main button.primary")
        opened.page.wait_for_selector(".journey .stopped [role=alert]")
        assert opened.page.input_value("textarea[name=text]")


def test_what_is_typed_is_shown_and_never_run(open_page: Open) -> None:
    with open_page(PATH, role="engineer") as opened:
        page = opened.page
        ask(page, HOSTILE)
        assert page.locator("main img, main b").count() == 0 and page.title() != "1"
        assert "onerror" in page.inner_text(".marked") and "onerror" in page.inner_text(".answer")


def test_a_change_of_language_keeps_what_was_typed(open_page: Open) -> None:
    with open_page(PATH, role="engineer") as opened:
        opened.page.fill("textarea[name=text]", WORDS)
        opened.page.check("input[name=language][value=zh]", force=True)
        opened.until("document.querySelector('h1')?.textContent === '试一试'")
        assert opened.page.input_value("textarea[name=text]") == WORDS
        opened.language = "zh"


def test_a_program_is_shown_the_same_request(open_page: Open) -> None:
    with open_page(PATH, role="engineer") as opened:
        page = opened.page
        ask(page, "it's")
        page.click(".try-form > details > summary")
        opened.until("document.querySelector('.try-form pre').textContent.includes('curl')")
        said = page.inner_text(".try-form pre")
        assert 'Comity-Subject: location="CN"' in said and "consent=(general)" in said and "it'\\''s" in said


def test_what_the_gateway_says_is_shown_and_never_run(open_page: Open) -> None:
    hostile = '"><img src=x onerror=alert(1)><script>alert(1)</script>'
    models = {"data": [{"id": "auto"}, {"id": hostile, "comity": {"processing": [hostile]}}]}
    found = {"findings": [{"type": hostile, "category": None, "start": 0, "end": 2}]}
    why = {"fact": hostile, "rule": hostile, "pack": hostile, "text": hostile}
    cited = {"instrument": hostile, "article": hostile, "confidence": hostile, "effective": "2026-01-01"}
    judged = {"deployment": hostile, "effect": "deny", "reasons": [why], "citations": [cited]}
    refused = {
        "effect": "deny",
        "candidates": [judged],
        "remedies": [hostile],
        "ways": [{"deployment": hostile, "steps": ["route:to:" + hostile]}],
    }
    body = {"error": {"message": hostile, "decision": refused, "receipt": hostile}}
    with open_page("/console/no/such", role="engineer", expected=(451,)) as opened:
        page = opened.page
        answered(page, "v1/models", 200, models)
        answered(page, "comity/v1/scan", 200, found)
        answered(page, "v1/chat/completions", 451, body)
        page.click("nav a[href='/console/try']")
        page.wait_for_selector(".journey")
        ask(page, "hello")
        page.click(".refusal summary")
        assert hostile in page.inner_text(".refusal") and hostile in page.inner_text(".judged")
        assert page.locator("main img, main script").count() == 0
        assert page.locator(f"{DONE} a").get_attribute("href").startswith("/console/decisions/%22")
