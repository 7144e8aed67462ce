# SPDX-License-Identifier: Apache-2.0
"""What another site has a browser send: refused wherever it would change something, and programs notice nothing of it."""

from __future__ import annotations

import httpx2 as httpx
import pytest

from comity.config import ConsoleConfig, ServerConfig
from comity.gateway.app import ROUTES, App
from comity.gateway.signin import browser
from tests.simulated.worlds import BEIJING, config
from tests.unit.gateway.signin.conftest import HOST, OWN, Desk, Opening, key

FOREIGN = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:3000"},
    {"origin": "http://127.0.0.1"},
    {"origin": f"http://{HOST}.evil.example"},
    {"origin": f"http://{HOST}@evil.example"},
    {"origin": f"file://{HOST}"},
    {"origin": ""},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"origin": f"http://{HOST}", "sec-fetch-site": "cross-site"},
]
UNSAFE = sorted((method, path.replace("{id}", "x")) for path, methods in ROUTES.items() for method in methods if method not in browser.SAFE)


async def sent(app: App, method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=f"http://{HOST}") as http:
        answer = await http.request(method, path, content=b"{}", headers={"content-type": "text/plain"} | headers)
    return answer.status_code, answer.json()["error"]["code"] if answer.status_code >= 400 else ""


@pytest.mark.parametrize("headers", FOREIGN)
async def test_a_page_of_another_site_changes_nothing_on_this_machine(desk: Desk, headers: dict[str, str]) -> None:
    """No key was made here: a form of any page could else ask the model, or make a key."""
    for method, path in UNSAFE:
        assert await sent(desk.app, method, path, headers) == (403, "request.cross_site"), (method, path)
    assert not any(partner.received for partner in desk.sim.partners.values())


async def test_nor_in_a_session(desk: Desk) -> None:
    person = await desk.signed_in("admin")
    stolen = {"cookie": f"{browser.COOKIE}={person.http.cookies[browser.COOKIE]}"}
    for method, path in UNSAFE:
        assert await sent(desk.app, method, path, stolen | FOREIGN[0]) == (403, "request.cross_site")
        if path not in ("/comity/v1/session", "/comity/v1/me/session") or method == "DELETE":
            for csrf in ({}, {"comity-csrf": ""}, {"comity-csrf": "0" * 64}, {"comity-csrf": "ü"}):
                code = await sent(desk.app, method, path, {name: value.encode("latin-1") for name, value in (stolen | OWN | csrf).items()})  # type: ignore[misc]
                assert code == (403, "session.csrf"), (method, path)


async def test_a_program_says_none_of_this_and_is_answered(desk: Desk) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=desk.app), base_url=f"http://{HOST}") as http:
        asked = {"messages": [{"role": "user", "content": "hello"}]}
        said = {"comity-subject": 'location="CN", consent=(general)'}
        assert (await http.post("/v1/chat/completions", json=asked, headers=said)).status_code == 200


@pytest.mark.parametrize("headers", FOREIGN)
async def test_who_shows_a_key_is_no_page_of_another_site(opened: Opening, headers: dict[str, str]) -> None:
    """A page cannot set such a header without asking first, which is granted to nobody: an application that is no page can."""
    desk = await opened(config(BEIJING, keys=(key("app", "call"),)))
    status, code = await sent(desk.app, "POST", "/comity/v1/scan", headers | {"authorization": "Bearer app"})
    assert (status, code) == (400, "request.invalid") or code != "request.cross_site"
    assert await sent(desk.app, "POST", "/comity/v1/scan", headers | {"authorization": "Basic app"}) == (403, "request.cross_site")


async def test_nobody_is_granted_to_ask_first(desk: Desk) -> None:
    asks = {"origin": "https://evil.example", "access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=desk.app), base_url=f"http://{HOST}") as http:
        for path in ("/v1/chat/completions", "/comity/v1/session", "/comity/v1/keys"):
            answer = await http.options(path, headers=asks)
            assert answer.status_code == 405 and not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("origin", ["https://gateway.example", "https://console.example:8443"])
async def test_behind_a_proxy_its_own_names_are_its_own(opened: Opening, origin: str) -> None:
    made = config(BEIJING, server=ServerConfig(hosts=("gateway.example",)), console=ConsoleConfig(url="https://console.example:8443"))
    desk = await opened(made)
    answer = await desk.browser().ask("POST", "session", {"token": await desk.pass_()}, origin=origin)
    assert answer.status_code == 200 and "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    ("sent_", "found"),
    [("comity_session=a", "a"), ("x=1; comity_session=a;y=2", "a"), ("comity_session=", ""), ("xcomity_session=a", ""), ("", ""),
     ("comity_session=a; comity_session=a", ""), ("comity_session=a=b", "a=b"), ("comity_session", "")],
)  # fmt: skip
def test_cookies(sent_: str, found: str) -> None:
    assert browser.cookie({"cookie": sent_}) == found


async def test_what_was_injected_into_a_header_stays_out_of_the_answer(desk: Desk) -> None:
    evil = 'x"><script>alert(1)</script>'
    for name in ("cookie", "comity-csrf", "origin"):
        value = f"{browser.COOKIE}={evil}" if name == "cookie" else evil
        answer = await desk.browser().ask("POST", "session", {"token": evil}, **{name: value})
        assert "script" not in answer.text and answer.headers["content-type"] == "application/json"
