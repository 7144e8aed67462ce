# SPDX-License-Identifier: Apache-2.0
"""The log as an officer checks it: a first look, a log that has grown, one that was cut or rewritten, files dropped, and witnesses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.console.conftest import Asks, Open
from tests.console.opened import Opened, walk

PATH, API = "/console/log", "/comity/v1/log"
SINCE = "[aria-labelledby=log-since]"
HOSTILE = '"><img src=x onerror=alert(1)>\u202e' + "long" * 300
WITNESSES = [
    {"name": "witness.example/one", "vkey": "witness.example/one+00000000+AAAA", "signed": "2026-11-27T12:00:05Z"},
    {"name": "witness.example/two", "vkey": "witness.example/two+00000000+BBBB", "signed": None},
]
pytestmark = pytest.mark.usefixtures("traffic")


def looked(opened: Opened) -> str:
    opened.go(PATH)
    said: str = opened.page.inner_text(f"{SINCE} .notice")
    return said


def forget(opened: Opened) -> None:
    opened.page.evaluate(
        "Object.keys(localStorage).filter(each => each.startsWith('comity.log.')).forEach(each => localStorage.removeItem(each))"
    )


def published(head: dict[str, Any], **more: Any) -> dict[str, Any]:
    shown = {
        "store": "objects",
        "seconds": 5.0,
        "fill": 256,
        "quorum": 1,
        "size": head["size"],
        "checkpoint": head["checkpoint"],
        "witnesses": WITNESSES,
    }
    return head | {"published": shown | more}


def test_as_it_is_published(open_page: Open) -> None:
    with open_page("/console/no/such", role="viewer") as opened:
        head = published(opened.api(API))

    def shown(page: Any) -> None:
        page.route(f"**{API}", lambda route: route.fulfill(content_type="application/json", body=json.dumps(head)))
        page.reload()
        page.wait_for_selector("text=witness.example/two")
        page.click("[aria-labelledby=log-leaves] summary")
        page.click("[aria-labelledby=log-head] summary")
        page.wait_for_selector("[aria-labelledby=log-leaves] tbody")

    walk(open_page, PATH, role="viewer", ready=SINCE, prepare=shown)


def test_growth_is_proven_and_anything_else_is_an_alarm(open_page: Open, asks: Asks) -> None:
    with open_page("/console/no/such", role="officer") as opened:
        page = opened.page
        forget(opened)
        assert "first time" in looked(opened)
        assert "the same" in looked(opened)
        old = opened.api(API)
        asks(3)
        assert "only grown: " in looked(opened)
        new = opened.api(API)

        opened.answer(API, old)  # put back to what it was
        assert "shorter" in looked(opened)
        with page.expect_download() as saved:
            page.get_by_role("button", name="Save the evidence").click()
        evidence = json.loads(saved.value.path().read_bytes())
        assert evidence["seen"]["note"] == new["checkpoint"] and evidence["now"] == old
        assert "shorter" in looked(opened)  # it is not forgotten by being looked at again
        page.get_by_role("button", name="Begin anew").click()
        assert "first time" in page.inner_text(SINCE)
        assert "the same" in looked(opened)

        page.unroute_all()
        proof = opened.api(f"{API}/consistency?old={old['size']}&new={new['size']}")
        opened.answer(f"{API}/consistency", proof | {"proof": ["A" * 43 + "="] * len(proof["proof"])})
        assert "is not the beginning" in looked(opened)
        opened.answer(f"{API}/consistency", proof | {"proof": [HOSTILE]})
        assert "is not the beginning" in looked(opened)
        text, _, signature = new["checkpoint"].partition("\n\n")
        rewritten = text.split("\n")
        rewritten[2] = "A" * 43 + "="
        opened.answer(API, new | {"checkpoint": "\n".join(rewritten) + "\n\n" + signature})
        assert "is not signed by the key" in looked(opened)
        assert page.locator(f"{SINCE} [role=alert]").count() == 1
        opened.axe()
        page.unroute_all()
        assert "only grown: " in looked(opened)
        page.evaluate(
            "Object.keys(localStorage).filter(each => each.startsWith('comity.log.')).forEach(each => localStorage.setItem(each, '{'))"
        )
        assert "first time" in looked(opened)


def test_what_is_dropped_is_checked_here(open_page: Open) -> None:
    with open_page(PATH, role="engineer") as opened:
        page = opened.page
        one = opened.api("/comity/v1/decisions?limit=1")["data"][0]["id"]
        bundle = opened.api(opened.api(f"/comity/v1/decisions/{one}")["links"]["bundle"])
        broken = bundle | {"receipt": bundle["receipt"] | {"effect": "allow" if bundle["receipt"]["effect"] == "deny" else "deny"}}
        posted: list[str] = []
        page.on("request", lambda request: posted.append(request.url))

        def dropped(name: str, raw: bytes) -> str:
            page.get_by_label("Choose a receipt").set_input_files({"name": name, "mimeType": "text/plain", "buffer": raw})
            opened.until("document.querySelector('.verify-result .notice')")
            return str(page.get_attribute(".verify-result .notice", "class"))

        assert "good" in dropped("receipt.json", json.dumps(bundle).encode())
        assert "bad" in dropped("broken.json", json.dumps(broken).encode())
        assert page.locator(".verify-steps [data-state=failed]").count() == 1
        assert "good" in dropped("checkpoint.txt", opened.api(API)["checkpoint"].encode())
        assert "bad" in dropped("nothing.bin", HOSTILE.encode())
        assert [url for url in posted if API not in url and "/decisions" not in url] == []


def test_what_the_gateway_says_is_shown_and_never_run(open_page: Open) -> None:
    with open_page("/console/no/such", role="viewer", width=390, expected=(500,)) as opened:
        page = opened.page
        witness = {"name": HOSTILE, "vkey": HOSTILE, "signed": None}
        head = published(opened.api(API), checkpoint=HOSTILE, witnesses=[witness])
        opened.answer(API, head | {"origin": HOSTILE, "vkey": HOSTILE, "checkpoint": HOSTILE})
        opened.answer(f"{API}/entries", {"error": {"message": HOSTILE, "code": "internal"}}, 500)
        opened.go(PATH)
        for each in page.locator("main summary").all():
            each.click()
        opened.until("document.querySelector('[aria-labelledby=log-leaves] [role=alert]')")
        assert HOSTILE in page.inner_text("main") and page.locator("main img").count() == 0
        opened.check()
        empty = head | {"size": 0, "checkpoint": "", "origin": "log.example/none"}
        opened.answer(API, published(empty, store="nowhere"))
        opened.go(PATH)
        assert page.inner_text(SINCE).endswith("Nothing has been recorded yet.")
        assert "published nowhere" in page.inner_text("main")
