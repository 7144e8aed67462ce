# SPDX-License-Identifier: Apache-2.0
"""A session begins once with each pass, belongs to one browser, and ends when it is over, signed out of, or its key is."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from comity.config import ConsoleConfig
from comity.gateway.signin import browser
from comity.gateway.signin.sessions import OWNER, PASS_SECONDS
from tests.simulated.worlds import BEIJING, config
from tests.unit.gateway.signin.conftest import HOST, Desk, Opening, key

ADMIN = {"name": "console:admin", "role": "admin"}


async def test_a_pass_signs_one_browser_in(desk: Desk) -> None:
    person = desk.browser()
    assert await person.code("GET", "session") == (401, "session.none")
    answer = await person.sign_in(await desk.pass_())
    assert answer.status_code == 200 and ADMIN.items() <= answer.json().items()
    assert answer.headers["set-cookie"].split("; ")[1:] == ["Path=/", "Max-Age=28800", "HttpOnly", "SameSite=Strict"]
    assert (await person.ask("GET", "session")).json() == answer.json()
    assert (await person.ask("GET", "keys")).status_code == 200
    assert await desk.browser().code("GET", "session") == (401, "session.none")


async def test_a_pass_serves_once_and_for_ten_minutes(desk: Desk) -> None:
    token, other = await desk.pass_(), await desk.pass_()
    assert (await desk.browser().sign_in(token)).status_code == 200
    assert await desk.browser().code("POST", "session", {"token": token}) == (401, "session.pass_used")
    desk.sim.clock.advance(seconds=PASS_SECONDS)
    assert await desk.browser().code("POST", "session", {"token": other}) == (401, "session.pass_expired")


async def test_a_printed_pass_is_no_newer_when_it_is_held_again(desk: Desk) -> None:
    sessions, until = desk.sim.world.sessions, int((desk.sim.clock.now() + timedelta(minutes=10)).timestamp())
    for _ in range(2):  # a worker that was started again
        await sessions.hold("shown", OWNER, until)
        await desk.browser().sign_in("shown")
    assert await desk.browser().code("POST", "session", {"token": "shown"}) == (401, "session.pass_used")
    desk.sim.clock.advance(hours=2)
    await sessions.hold("shown", OWNER, until)
    assert await desk.browser().code("POST", "session", {"token": "shown"}) == (401, "session.pass_expired")


async def test_a_session_ends_by_itself_and_by_signing_out(desk: Desk) -> None:
    first, second = await desk.signed_in("viewer"), await desk.signed_in("viewer")
    gone = await first.ask("DELETE", "session")
    assert gone.status_code == 204 and "Max-Age=0" in gone.headers["set-cookie"]
    assert await first.code("GET", "session") == (401, "session.none")
    desk.sim.clock.advance(seconds=ConsoleConfig().session_seconds)
    assert await second.code("GET", "decisions") == (401, "session.over")
    assert (await second.ask("DELETE", "session")).status_code == 204


async def test_a_cookie_that_was_there_before_is_never_gone_on_with(desk: Desk) -> None:
    """Session fixation: whoever put it there knows it."""
    planted, token = "planted", await desk.pass_()
    person = desk.browser()
    person.http.cookies.set(browser.COOKIE, planted, domain="127.0.0.1")
    answer = await person.ask("POST", "session", {"token": token}, cookie=f"{browser.COOKIE}={planted}")
    assert answer.status_code == 200 and planted not in answer.headers["set-cookie"]
    assert await desk.browser().code("GET", "session", cookie=f"{browser.COOKIE}={planted}") == (401, "session.over")


async def test_signing_in_again_ends_the_session_before(desk: Desk) -> None:
    person = await desk.signed_in("viewer")
    before = person.http.cookies[browser.COOKIE]
    assert (await person.sign_in(await desk.pass_())).status_code == 200
    assert await desk.browser().code("GET", "session", cookie=f"{browser.COOKIE}={before}") == (401, "session.over")


async def test_a_cookie_that_stands_twice_is_none(desk: Desk) -> None:
    person = await desk.signed_in("admin")
    held = person.http.cookies[browser.COOKIE]
    twice = f"{browser.COOKIE}=other; {browser.COOKIE}={held}"
    assert await desk.browser().code("GET", "session", cookie=twice) == (401, "session.none")


async def test_a_session_of_a_key_is_that_key_for_as_long_as_it_holds(opened: Opening) -> None:
    desk = await opened(config(BEIJING, keys=(key("boss", "admin"),)))
    keys = desk.sim.world.accounts.keys
    from comity.config import KeyConfig

    made = await keys.new(KeyConfig(id="lena", sha256="", roles=frozenset({"read", "officer"})))
    person = desk.browser()
    assert {"name": "lena", "role": "officer"}.items() <= (await person.sign_in(made)).json().items()
    assert (await person.ask("GET", "decisions")).status_code == 200
    assert await person.code("POST", "/v1/chat/completions", {"messages": []}) == (
        403,
        "request.role",
    )  # the key may not, so neither may this
    await keys.revoke("lena")
    assert await person.code("GET", "decisions") == (401, "key.revoked")
    assert await person.code("GET", "session") == (401, "key.revoked")


async def test_a_key_that_may_only_call_signs_nobody_in(opened: Opening) -> None:
    desk = await opened(config(BEIJING, keys=(key("app", "call"),)))
    assert await desk.browser().code("POST", "session", {"token": "app"}) == (403, "request.role")
    assert await desk.browser().code("POST", "session", {"token": "no"}) == (401, "session.token")


async def test_wrong_tokens_keep_nobody_out_and_write_nothing(desk: Desk) -> None:
    """Any page may have any browser show some, and anybody may: what guards a token is its 256 bits."""
    right, before, stranger = await desk.pass_(), desk.sim.world.state.database.figures.jobs, desk.browser()
    for where in ("session", "me/session") * 20:
        assert await stranger.code("POST", where, {"token": "no"}) == (401, "session.token")
    assert (await stranger.ask("DELETE", "session", cookie=f"{browser.COOKIE}=no")).status_code == 204
    assert desk.sim.world.state.database.figures.jobs == before
    assert (await desk.browser().sign_in(right)).status_code == 200


@pytest.mark.parametrize(
    ("origin", "secure"), [("http://127.0.0.1:8484", False), ("https://127.0.0.1:8484", True), (f"https://{HOST}", True)]
)
async def test_by_https_the_cookie_is_for_https_alone(desk: Desk, origin: str, secure: bool) -> None:
    answer = await desk.browser().ask("POST", "session", {"token": await desk.pass_()}, origin=origin)
    assert ("Secure" in answer.headers["set-cookie"].split("; ")) is secure


async def test_no_token_is_kept(desk: Desk, home: Path) -> None:
    person, unused = await desk.signed_in("admin"), await desk.pass_()
    held = person.http.cookies[browser.COOKIE]
    with sqlite3.connect(home / "state.db") as state:
        rows = str([state.execute(f"SELECT * FROM {table}").fetchall() for table in ("passes", "sessions")])
    assert "console:admin" in rows and not [each for each in (unused, held, browser.csrf_of(held)) if each in rows]


@pytest.mark.parametrize("body", [None, [], {}, {"token": 1}, {"token": "x", "role": "admin"}, "x"])
async def test_what_is_no_token_is_refused(desk: Desk, body: object) -> None:
    assert await desk.browser().code("POST", "session", body) == (400, "request.malformed")


async def test_without_a_console_nobody_signs_in(opened: Opening) -> None:
    desk = await opened(config(BEIJING, console=ConsoleConfig(enabled=False)))
    assert await desk.browser().code("POST", "session", {"token": await desk.pass_()}) == (404, "console.off")
    begun = await desk.sim.world.sessions.begin(OWNER, 600)  # before it was turned off
    assert await desk.browser().code("GET", "keys", cookie=f"{browser.COOKIE}={begun.token}") == (401, "session.over")
    assert (await desk.browser().ask("GET", "/console")).status_code == 404
