# SPDX-License-Identifier: Apache-2.0
"""Nothing personal is on any page of the console, nor in any answer that a page gets: it is sent through the door, then looked for."""

from __future__ import annotations

import json

from comity.lab.process import Process
from tests.console.conftest import Open
from tests.console.door import asks_erasure, call
from tests.console.test_shell import PAGES

SUBJECT = "personal-u-8846103"
PERSONAL = (
    SUBJECT, "Zéphyrine Quatrefages", "zephyrine.quatrefages@lune-rousse.example", "06 39 98 41 27", "+33639984127", "王翠翠花",
    "13912345678", "4539578763621486", "the orchid behind the aquarium",
)  # fmt: skip
PROMPT = " · ".join(PERSONAL[1:])
VIEWS = {
    "partners": ("?view=places", "?view=evidence", "?view=without"), "people": ("?view=link", "?view=erasures", "?view=changes"),
    "whatif": ("", "?view=replay", "?view=suppose"),
}  # fmt: skip
HEARD = """window.heard = [];
const ask = window.fetch, listen = EventSource.prototype.addEventListener;
window.fetch = async (...asked) => {
  const answer = await ask(...asked);
  if (!answer.url.includes('/console/static/')) answer.clone().text().then((text) => window.heard.push(text));
  return answer;
};
EventSource.prototype.addEventListener = function (name, call, ...more) {
  return listen.call(this, name, (event) => { if (event.data) window.heard.push(`event ${event.data}`); call(event); }, ...more);
};"""
"""Whatever an answer holds, as the page got it."""
WAYS = {"document", "script", "stylesheet", "image", "fetch", "eventsource", "other"}


def sent(base: str) -> None:
    """Allowed, refused, hidden, and said back: of one person; and once each in a way that is no request."""
    places = ('location="US", residence="US"', 'location="CN", residence="CN"', 'location="FR", residence="FR"')
    for number, place in enumerate(places * 2):
        model = ("auto", "us-virginia")[number >= len(places)]
        body = {"model": model, "user": SUBJECT, "messages": [{"role": "user", "content": PROMPT}]}
        headers = {"comity_subject": f'id="{SUBJECT}", {place}, age=35, consent=(general)'}
        assert call(base, "POST", "/v1/chat/completions", body, role="engineer", **headers)[0] in (200, 451)
        call(base, "POST", "/v1/chat/completions", body | {"unheard_of": SUBJECT}, role="engineer", **headers)


def forms(text: str) -> set[str]:
    return {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}


def test_nothing_personal_is_on_any_page_or_in_any_answer(open_page: Open, gateway: Process) -> None:
    wanted = {form for text in PERSONAL for form in forms(text)}
    sent(gateway.base)
    asks_erasure(gateway.base, SUBJECT)
    told: list[str] = []
    kinds: set[str] = set()
    with open_page("/console/no/such") as opened:
        page = opened.page
        page.add_init_script(HEARD)
        page.on("request", lambda request: kinds.add(request.resource_type))
        page.on("console", lambda message: told.append(message.text))

        def seen() -> None:
            opened.settled()
            for each in page.locator("main details:not([open]) > summary").all()[:20]:
                if each.is_visible():
                    each.click()
            told.append(page.content())
            told.append(page.evaluate("[...Object.entries(localStorage).flat(), ...window.heard.splice(0)].join('\\n')"))

        for name in PAGES:
            for view in VIEWS.get(name, ("",)):
                opened.go(f"/console/{name}{view}")
                if name == "now":
                    page.wait_for_selector(".dot.on")
                    sent(gateway.base)
                    opened.until("window.heard.some(each => each.startsWith('event '))")
                seen()
        newest = opened.api("/comity/v1/decisions?limit=6")["data"]
        assert {each["effect"] for each in newest} >= {"allow"}
        for each in newest[:3]:
            opened.go(f"/console/decisions/{each['id']}")
            seen()
    everything = "\n".join(told)
    assert kinds <= WAYS and len(everything) > 100_000 and newest[0]["id"] in everything
    assert [text for text in sorted(wanted) if text in everything] == []
