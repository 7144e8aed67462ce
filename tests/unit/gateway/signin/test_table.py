# SPDX-License-Identifier: Apache-2.0
"""Every path of the gateway against everybody who may ask it: a new one without a row here fails."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from comity.gateway.app import ROUTES
from tests.simulated.worlds import BEIJING, config
from tests.unit.gateway.read.test_openapi import holds, schema_of
from tests.unit.gateway.signin.conftest import Browser, Desk, Opening, key

WHO = ("nobody", "viewer", "engineer", "officer", "admin", "subject")
ANYBODY, CALLS = frozenset(WHO), frozenset({"engineer", "officer", "admin"})
READS = CALLS | {"viewer"}
ANSWERS, KEEPS_KEYS, OWN = frozenset({"officer", "admin"}), frozenset({"admin"}), frozenset({"subject"})
C = "/comity/v1"
TABLE: dict[str, frozenset[str]] = {
    **dict.fromkeys(("GET /healthz", "GET /readyz", "GET /metrics", "GET /transparency/v1/numbers"), ANYBODY),
    **dict.fromkeys((f"POST {C}/session", f"DELETE {C}/session", f"GET {C}/session/ways", f"POST {C}/me/session"), ANYBODY),
    **dict.fromkeys((f"GET {C}/session/oidc", f"GET {C}/session/oidc/callback"), ANYBODY),
    f"GET {C}/session": ANYBODY - {"nobody"},
    **dict.fromkeys(
        ("POST /v1/chat/completions", "POST /v1/responses", "POST /v1/messages", "POST /v1/embeddings", "POST /v1/rerank",
         "POST /v1/audio/transcriptions", "POST /v1/audio/speech", "POST /v1/images/generations", "GET /v1/files", "POST /v1/files",
         "GET /v1/files/{id}", "DELETE /v1/files/{id}", "GET /v1/files/{id}/content", "GET /v1/batches", "POST /v1/batches",
         "GET /v1/batches/{id}", "POST /v1/batches/{id}/cancel", f"GET {C}/tasks", f"POST {C}/tasks/{{id}}"), CALLS
    ),
    **dict.fromkeys(
        ("GET /v1/models", f"POST {C}/decide", f"POST {C}/replay", f"POST {C}/scan", f"GET {C}/receipts/{{id}}", f"GET {C}/openapi.json"),
        READS,
    ),
    **dict.fromkeys((f"GET {C}/keys", f"POST {C}/keys", f"POST {C}/keys/{{id}}", f"DELETE {C}/keys/{{id}}"), KEEPS_KEYS),
    **dict.fromkeys((f"GET {C}/changes", f"GET {C}/erasures", f"POST {C}/erasures/{{id}}", f"POST {C}/me/links"), ANSWERS),
    f"GET {C}/dossiers/{{id}}": ANSWERS,
    **dict.fromkeys((f"GET {C}/consents", f"GET {C}/consents/{{id}}/proof"), ANSWERS | OWN),
    **dict.fromkeys((f"POST {C}/consents", f"POST {C}/consents/ask", f"POST {C}/consents/{{id}}/withdraw"), CALLS | OWN),
    **dict.fromkeys((f"GET {C}/me", f"GET {C}/me/report", f"GET {C}/me/receipts/{{id}}", f"POST {C}/me/erasure"), OWN),
    **dict.fromkeys(
        (f"GET {C}/{path}" for path in (
            "decisions", "decisions/{id}", "deployments", "packs", "packs/{id}", "packs/compare", "timeline", "guidelines", "vocabulary",
            "log", "log/checkpoint", "log/entries", "log/consistency", "flows", "resilience", "drills/{id}", "cases", "cases/{id}",
            "reports", "reports/{id}", "metrics", "events",
        )), READS
    ),
    f"POST {C}/whatif": READS,
    **dict.fromkeys((f"POST {C}/drills", f"POST {C}/cases"), frozenset({"engineer", "admin"})),
}  # fmt: skip
ROWS = sorted(f"{method} {path}" for path, methods in ROUTES.items() for method in methods)


async def sitting(desk: Desk, who: str) -> Browser:
    if who == "nobody":
        return desk.browser()
    if who != "subject":
        return await desk.signed_in(who)
    made, officer = desk.browser(), await desk.signed_in("officer")
    link = (await officer.ask("POST", "me/links", {"subject": "a"})).json()["link"]
    assert (await made.sign_in(link.partition("=")[2], "me/session")).status_code == 200
    return made


def test_every_path_has_its_row() -> None:
    """A new path is added where it belongs, on purpose."""
    assert set(ROWS) - TABLE.keys() == set(), "who may ask these?"
    assert TABLE.keys() - set(ROWS) == set(), "these are gone"


@pytest.mark.parametrize("who", WHO)
async def test_who_may_ask_what(opened: Opening, who: str) -> None:
    """With keys, so that nobody is whoever is on this machine.  Whoever may is answered, or told what is wrong with what was asked."""
    desk = await opened(config(BEIJING, keys=(key("app", "call"),)))
    held = await desk.pass_()
    person = await sitting(desk, who)
    for row in (each for each in ROWS if each in TABLE and not each.endswith((f" {C}/events", f"DELETE {C}/session"))):
        method, path = row.split(" ")
        body: Any = {"token": held} if row == f"POST {C}/session" else {}
        answer = await (desk.browser() if path.endswith("/session") and method == "POST" else person).ask(
            method, path.replace("{id}", "x"), body
        )
        refused = answer.status_code in (401, 403)
        if row == f"POST {C}/me/session":
            assert answer.status_code == 400
            continue
        assert refused is (who not in TABLE[row]), (row, answer.status_code, answer.text[:300])
        if refused:
            assert answer.status_code == (401 if who == "nobody" else 403), row


async def test_what_is_told_is_what_is_described(desk: Desk) -> None:
    await desk.ask_model("a")
    officer, person = await desk.signed_in("officer"), await sitting(desk, "subject")
    asked = await person.ask("POST", "me/erasure")
    holds(asked.json(), schema_of(f"{C}/me/erasure", "post"))
    for who, path in ((person, "me"), (person, "session"), (officer, "changes"), (officer, "erasures"), (officer, "session/ways")):
        answer = await who.ask("GET", path)
        assert answer.status_code == 200
        holds(answer.json(), schema_of(f"{C}/{path}"))
    link = await officer.ask("POST", "me/links", {"subject": "b"})
    holds(link.json(), schema_of(f"{C}/me/links", "post", status="201"))
    done = await officer.ask("POST", f"erasures/{asked.json()['id']}")
    holds(msgspec.json.decode(done.content), schema_of(f"{C}/erasures/{{id}}", "post"))
