# SPDX-License-Identifier: Apache-2.0
"""A person sees what is theirs by a link that somebody made for them, and nothing of anybody else, whatever they try."""

from __future__ import annotations

import asyncio
import io
import sqlite3
import zipfile
from pathlib import Path

import msgspec
import pytest

from comity.config import ConsoleConfig
from comity.gateway.app import ROUTES
from tests.simulated.worlds import BEIJING, FRANKFURT, config
from tests.unit.gateway.signin.conftest import HOST, Browser, Desk, Opening, key

LENA, OTHER = "lena.vogel@example.org", "u-82"


async def link_for(officer: Browser, name: str = LENA) -> str:
    answer = await officer.ask("POST", "me/links", {"subject": name})
    assert answer.status_code == 201, answer.text
    path, _, token = answer.json()["link"].partition("#token=")
    assert path == "/console/me"
    return str(token)


async def person_of(desk: Desk, name: str = LENA) -> Browser:
    made = desk.browser()
    answer = await made.sign_in(await link_for(await desk.signed_in("officer"), name), "me/session")
    assert answer.status_code == 200 and answer.json()["role"] == "subject" and answer.json()["name"] == "subject"
    return made


async def test_a_person_sees_what_is_theirs(desk: Desk) -> None:
    receipts = [await desk.ask_model(LENA), await desk.ask_model(LENA, at="DE")]
    await desk.ask_model(OTHER)
    person = await person_of(desk)
    own = (await person.ask("GET", "me")).json()
    assert own["controller"] == "Example Ltd" and own["counted"] == 2 and own["complete"] and own["erasure"] is None
    assert sum(own["effects"].values()) == 2 and set(own["places"]) <= {"CN", "DE"}
    assert [each["decision"]["id"] for each in own["data"]] == receipts[::-1]
    for each in receipts:
        bundle = await person.ask("GET", f"me/receipts/{each}")
        assert bundle.status_code == 200 and bundle.json()["receipt"]["id"] == each
    assert LENA not in str(own)
    page = (await person.ask("GET", "me?limit=1")).json()
    rest = (await person.ask("GET", f"me?limit=1&after={page['after']}")).json()
    assert [page["data"][0]["decision"]["id"], rest["data"][0]["decision"]["id"]] == receipts[::-1]


async def test_the_report_is_the_one_that_is_made_on_the_command_line(desk: Desk) -> None:
    receipt = await desk.ask_model(LENA)
    await desk.ask_model(OTHER)
    answer = await (await person_of(desk)).ask("GET", "me/report")
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as held:
        rows = [msgspec.json.decode(line) for line in held.read("receipts.jsonl").splitlines()]
    assert [each["receipt"]["id"] for each in rows] == [receipt]
    nobody = await person_of(desk, "nobody")
    assert (await nobody.ask("GET", "me")).json()["counted"] == 0
    assert (await nobody.ask("GET", "me/report")).status_code == 404


async def test_each_person_waits_for_one_report_at_a_time(desk: Desk) -> None:
    """Who waits takes a place among all requests: one person could else have them all."""
    await desk.ask_model(LENA)
    person = await person_of(desk)
    answers = await asyncio.gather(*(person.code("GET", "me/report") for _ in range(5)))
    assert sorted(answers) == [(200, "")] + [(409, "report.running")] * 4
    assert await person.code("GET", "me/report") == (200, "")


async def test_a_link_serves_once_for_a_while_and_for_nothing_else(desk: Desk) -> None:
    officer = await desk.signed_in("officer")
    token, late = await link_for(officer), await link_for(officer)
    assert await desk.browser().code("POST", "session", {"token": token}) == (401, "session.token")  # not a way to sign in
    assert (await desk.browser().sign_in(token, "me/session")).status_code == 200
    assert await desk.browser().code("POST", "me/session", {"token": token}) == (401, "session.pass_used")
    desk.sim.clock.advance(seconds=ConsoleConfig().link_seconds)
    assert await desk.browser().code("POST", "me/session", {"token": late}) == (401, "session.pass_expired")
    assert await desk.browser().code("POST", "me/session", {"token": await desk.pass_()}) == (401, "session.token")


async def test_nobody_else_s_is_reached_from_there(desk: Desk) -> None:
    other = await desk.ask_model(OTHER)
    await desk.ask_model(LENA)
    person = await person_of(desk)
    their = desk.sim.world.locator.pseudonym(OTHER)
    places = [f"me/receipts/{place}" for place in range(9)]  # decisions of others, changes, and nothing yet
    for path in (f"me/receipts/{other}", f"me/receipts/{other.lower()}", *places[:1], *places[2:], f"me/receipts/{their}"):
        assert await person.code("GET", path) == (404, "receipt.unknown"), path
    for query in (f"subject={OTHER}", f"pseudonym={their}", "after=x", f"id={other}"):
        assert (await person.ask("GET", f"me?{query}")).status_code == 400
    for name in ("comity-subject", "x-subject", "subject"):
        own = await person.ask("GET", "me", **{name: f'id="{OTHER}"'})
        assert other not in own.text and own.json()["counted"] == 1
    for body in ({"subject": OTHER}, {"id": their}):
        asked = await person.ask("POST", "me/erasure", body)
        assert asked.status_code == 200
    held = await desk.sim.world.erasures.page("", 10)
    assert [each.subject for each in held] == [desk.sim.world.locator.pseudonym(LENA)]


async def test_a_person_s_session_opens_nothing_but_their_own_page(desk: Desk) -> None:
    person = await person_of(desk)
    open_to_all = {"/healthz", "/readyz", "/metrics", "/transparency/v1/numbers", "/comity/v1/session", "/comity/v1/session/ways"}
    own = {"/comity/v1/me", "/comity/v1/me/report", "/comity/v1/me/receipts/{id}", "/comity/v1/me/erasure", "/comity/v1/me/session"}
    own |= {f"/comity/v1/consents{each}" for each in ("", "/ask", "/{id}/withdraw", "/{id}/proof")}
    for path, methods in ROUTES.items():
        if path in open_to_all | own or path.startswith("/comity/v1/session/oidc"):
            continue
        for method in methods:
            assert await person.code(method, path.replace("{id}", "x"), {}) == (403, "request.role"), (method, path)
    assert not any(partner.received for partner in desk.sim.partners.values())


async def test_only_somebody_who_answers_for_it_makes_links_and_erases(opened: Opening) -> None:
    desk = await opened(
        config(BEIJING, keys=(key("all", "call", "read"), key("boss", "admin"), key("dpo", "officer"), key("eng", "engineer")))
    )
    for role, allowed in (("viewer", 403), ("engineer", 403), ("officer", 201), ("admin", 201)):
        assert (await (await desk.signed_in(role)).ask("POST", "me/links", {"subject": "a"})).status_code == allowed
    for name, allowed in (("all", 403), ("eng", 403), ("boss", 201), ("dpo", 201), ("none", 401)):
        answer = await desk.browser().ask("POST", "me/links", {"subject": "a"}, authorization=f"Bearer {name}")
        assert answer.status_code == allowed, name
        listed = await desk.browser().ask("GET", "erasures", authorization=f"Bearer {name}")
        assert listed.status_code == (200 if allowed == 201 else allowed)


async def test_where_no_key_was_made_somebody_signs_in_for_it(desk: Desk) -> None:
    assert await desk.browser().code("POST", "me/links", {"subject": "a"}) == (401, "session.required")
    assert await desk.browser().code("GET", "changes") == (401, "session.required")
    assert (await desk.browser().ask("GET", "decisions")).status_code == 200


async def test_what_a_person_asks_to_have_erased_goes(desk: Desk, home: Path) -> None:
    await desk.ask_model(LENA)
    kept = await desk.ask_model(OTHER)
    person, officer = await person_of(desk), await desk.signed_in("officer")
    asked = (await person.ask("POST", "me/erasure")).json()
    assert (await person.ask("POST", "me/erasure")).json() == asked == (await person.ask("GET", "me")).json()["erasure"]
    assert asked["done"] is None
    (listed,) = (await officer.ask("GET", "erasures")).json()["data"]
    assert listed == asked
    done = await officer.ask("POST", f"erasures/{asked['id']}")
    assert done.status_code == 200 and done.json()["done"] and done.json()["records"] + done.json()["held"] == 1
    assert await officer.code("POST", f"erasures/{asked['id']}") == (409, "erasure.done")
    assert await officer.code("POST", "erasures/none") == (404, "erasure.unknown")
    assert await person.code("GET", "me") == (401, "session.over")
    assert (await officer.ask("GET", f"decisions/{kept}")).status_code == 200
    pseudonym = desk.sim.world.locator.pseudonym(LENA)
    with sqlite3.connect(home / "state.db") as state:
        assert pseudonym not in str([state.execute(f"SELECT * FROM {each}").fetchall() for each in ("erasures", "passes", "sessions")])


async def test_every_change_is_in_the_log_and_nobody_is_named(desk: Desk) -> None:
    await desk.ask_model(LENA)
    person, officer = await person_of(desk), await desk.signed_in("officer")
    asked = (await person.ask("POST", "me/erasure")).json()["id"]
    await officer.ask("POST", f"erasures/{asked}")
    admin = await desk.signed_in("admin")
    assert (await admin.ask("POST", "keys", {"id": "app"})).status_code == 201
    assert (await admin.ask("POST", "keys/app", {})).status_code == 200
    assert (await admin.ask("DELETE", "keys/app")).status_code == 200
    assert (await admin.ask("DELETE", "keys/not-there")).status_code == 404
    rows = (await officer.ask("GET", "changes")).json()
    assert [(each["by"], each["what"], each["of"]) for each in rows["data"]][::-1] == [
        ("console:officer", "session.begun", ""), ("console:officer", "link.made", ""), ("subject", "session.begun", ""),
        ("console:officer", "session.begun", ""), ("subject", "erasure.asked", asked), ("console:officer", "erasure.carried_out", asked),
        ("console:admin", "session.begun", ""), ("console:admin", "key.made", "app"), ("console:admin", "key.rotated", "app"),
        ("console:admin", "key.revoked", "app"),
    ]  # fmt: skip
    assert LENA not in str(rows) and desk.sim.world.locator.pseudonym(LENA) not in str(rows)
    first = (await officer.ask("GET", "changes?limit=1")).json()
    assert [first["data"][0], *(await officer.ask("GET", f"changes?after={first['after']}")).json()["data"]] == rows["data"]
    assert (await desk.browser().ask("GET", "decisions")).status_code == 401  # keys were made here


async def test_what_cannot_be_recorded_is_not_done(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from comity.errors import StorageFailure

    officer, unused = await desk.signed_in("admin"), await desk.pass_()

    async def full(*_: object, **__: object) -> None:
        raise StorageFailure("the disk is full", code="storage.full")

    monkeypatch.setattr(desk.sim.world.ledger, "changed", full)
    for method, path, body in (("POST", "me/links", {"subject": "a"}), ("POST", "keys", {"id": "app"})):
        assert await officer.code(method, path, body) == (503, "storage.full")
    assert await desk.browser().code("POST", "session", {"token": unused}) == (503, "storage.full")
    monkeypatch.undo()
    assert await desk.sim.world.accounts.keys.listed() == []


@pytest.mark.parametrize("body", [{}, {"subject": ""}, {"subject": "x" * 257}, {"subject": 1}, {"subject": "a", "role": "admin"}, []])
async def test_a_link_is_for_somebody(desk: Desk, body: object) -> None:
    assert await (await desk.signed_in("officer")).code("POST", "me/links", body) == (400, "request.malformed")


async def test_a_link_names_the_gateway_as_people_know_it(opened: Opening) -> None:
    desk = await opened(config(FRANKFURT, console=ConsoleConfig(url="http://console.example")))
    link = (await (await desk.signed_in("officer")).ask("POST", "me/links", {"subject": "a"})).json()["link"]
    assert link.startswith("http://console.example/console/me#token=") and HOST not in link
