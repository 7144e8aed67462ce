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


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_another_site_may_lead_here_and_not_look_from_where_it_is(desk: Desk, site: str) -> None:
    """It could not read the answer; it could time a search, and hold every place among those who listen."""
    for mode, dest in (("no-cors", "image"), ("cors", "empty"), ("navigate", "iframe"), ("websocket", "empty")):
        said = {"sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": dest}
        for path in ("/comity/v1/events", "/comity/v1/decisions", "/console", "/comity/v1/session/oidc"):
            assert await sent(desk.app, "GET", path, said) == (403, "request.cross_site"), (path, mode)
    led = {"sec-fetch-site": site, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=desk.app), base_url=f"http://{HOST}") as http:
        assert (await http.get("/console", headers=led)).status_code == 200


@pytest.mark.parametrize(("method", "path"), [("GET", "/console/static/none.js"), ("POST", "/console"), ("GET", "/comity/v1/me"),
                                              ("GET", "/transparency"), ("POST", "/comity/v1/session")])  # fmt: skip
async def test_no_error_is_a_page_or_shown_in_one_or_kept(desk: Desk, method: str, path: str) -> None:
    answer = await desk.browser().ask(method, path)
    assert answer.status_code >= 400 and answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


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


async def test_by_https_no_neighbour_s_cookie_is_taken(opened: Opening) -> None:
    """`evil.example.org` may put a cookie there for all of `example.org`; one that is called so, no browser takes from it."""
    desk = await opened(config(BEIJING, keys=(key("app", "call"),), console=ConsoleConfig(url="https://comity.example.org")))
    answer = await desk.browser().ask("POST", "session", {"token": await desk.pass_()}, origin="https://comity.example.org")
    name, _, value = answer.headers["set-cookie"].partition(";")[0].partition("=")
    assert name == f"__Host-{browser.COOKIE}" and answer.headers["set-cookie"].split("; ")[1] == "Path=/"
    planted = await desk.browser().code("GET", "session", cookie=f"{browser.COOKIE}={value}")
    assert planted == (401, "session.none")
    both = await desk.browser().ask("GET", "session", cookie=f"{browser.COOKIE}=planted; {name}={value}")
    assert both.status_code == 200 and both.json()["role"] == "admin"


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
