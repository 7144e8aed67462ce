# SPDX-License-Identifier: Apache-2.0
"""A person is asked, agrees and takes it back; what is decided rests on that, and on nobody's word."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2 as httpx
import msgspec
import pytest

from comity.accord.proof import verify
from comity.config import Config, ServiceConfig
from comity.config.schema import ConsentConfig
from comity.errors import TrustFailure
from tests.simulated.worlds import BEIJING, VIRGINIA, config
from tests.unit.gateway.read.test_openapi import holds, schema_of
from tests.unit.gateway.signin.conftest import HOST, Desk, Opening, key
from tests.unit.gateway.signin.test_me import LENA, OTHER, person_of

ON_RECORD = ConsentConfig(rests_on="records")
NOBODYS = {"comity-subject": f'id="{LENA}", location="CN", age=35'}


def recorded(**more: Any) -> Config:
    keys = (msgspec.structs.replace(key("app", "call"), may_assert_subject=True), key("plain", "call"), key("dpo", "officer"))
    return config(BEIJING, VIRGINIA, consent=ON_RECORD, keys=keys, service=ServiceConfig(), **more)


class Shop:
    """An app in front of the gateway."""

    def __init__(self, desk: Desk, shown: str = "app") -> None:
        transport = httpx.ASGITransport(app=desk.app)
        self.http = httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}", headers={"authorization": f"Bearer {shown}"})

    async def ask(self, model: str = "qwen-beijing", **headers: str) -> httpx.Response:
        body = {"messages": [{"role": "user", "content": "hello"}], "model": model}
        said = NOBODYS | {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.post("/v1/chat/completions", json=body, headers=said)

    async def post(self, path: str, body: Any) -> httpx.Response:
        return await self.http.post(f"/comity/v1/{path}", json=body)

    async def grants(self, ask: dict[str, Any], **more: Any) -> httpx.Response:
        return await self.post("consents", given(ask, **({"subject": LENA} | more)))


def given(ask: dict[str, Any], language: str = "zh", **more: Any) -> dict[str, Any]:
    told = {name: ask[name] for name in ("consent", "purposes", "categories", "recipient", "places", "valid_to")}
    return told | {"language": language, "text_sha256": ask["texts"][language]["sha256"]} | more


@pytest.fixture
async def desk(opened: Opening) -> Desk:
    return await opened(recorded())


@pytest.fixture
async def shop(desk: Desk) -> Any:
    made = Shop(desk)
    yield made
    await made.http.aclose()


async def agreed(shop: Shop, model: str = "qwen-beijing") -> list[dict[str, Any]]:
    """Whatever a refusal asks for, until there is none."""
    out: list[dict[str, Any]] = []
    for _ in range(3):
        answer = await shop.ask(model)
        if answer.status_code == 200:
            return out
        assert answer.status_code == 451, answer.text
        for each in answer.json()["error"]["decision"]["ask"]:
            made = await shop.grants(each)
            assert made.status_code == 201, made.text
            out.append(made.json())
    raise AssertionError("it is asked for again and again")


async def test_a_refusal_says_what_to_ask_and_once_it_is_agreed_to_the_request_goes(desk: Desk, shop: Shop) -> None:
    refused = (await shop.ask("us-virginia")).json()["error"]
    assert refused["code"] == "policy.deny"
    by_word = {each["consent"]: each for each in refused["decision"]["ask"]}
    assert by_word["separate_cross_border"]["recipient"] == "us-virginia" and by_word["separate_cross_border"]["places"] == ["US"]
    text = by_word["separate_cross_border"]["texts"]
    assert "Example Ltd" in text["zh"]["text"] and "美国" in text["zh"]["text"] and "United States" in text["en"]["text"]
    made = await agreed(shop, "us-virginia")
    assert {each["consent"] for each in made} == set(by_word) and all(each["state"] == "valid" for each in made)
    assert len(desk.sim.partners["us-virginia"].received) == 1
    row = await desk.sim.world.ledger.database.read(lambda: one_row())
    facts = msgspec.json.decode(row)
    assert facts["consent_source"] == "recorded" and facts["providers"][0]["consent"] == sorted(by_word)


def one_row() -> Any:
    from comity.storage.database import Statement

    rows = yield Statement("SELECT j.facts FROM records r JOIN judgements j ON j.digest = r.judgement ORDER BY r.idx DESC LIMIT 1")
    return rows[0][0]


async def test_what_is_told_is_what_the_description_says(desk: Desk, shop: Shop) -> None:
    asked = await shop.post("consents/ask", {"consent": "general", "purposes": ["assist"]})
    holds(asked.json(), schema_of("/comity/v1/consents/ask", "post"))
    made = await shop.grants(asked.json())
    holds(made.json(), schema_of("/comity/v1/consents", "post", status="201"))
    officer = await desk.signed_in("officer")
    for _ in range(2):
        holds((await officer.ask("GET", "consents")).json(), schema_of("/comity/v1/consents"))
        holds((await officer.ask("GET", f"consents/{made.json()['id']}/proof")).json(), schema_of("/comity/v1/consents/{id}/proof"))
        gone = await shop.post(f"consents/{made.json()['id']}/withdraw", {"subject": LENA})
    assert gone.status_code == 409
    again = await shop.grants(asked.json())
    gone = await shop.post(f"consents/{again.json()['id']}/withdraw", {"subject": LENA})
    holds(gone.json(), schema_of("/comity/v1/consents/{id}/withdraw", "post"))
    first = (await officer.ask("GET", "consents?limit=1")).json()
    assert first["data"][0]["id"] == again.json()["id"]
    assert (await officer.ask("GET", f"consents?limit=1&after={first['after']}")).json()["data"][0]["id"] == made.json()["id"]


async def test_one_place_s_consent_is_not_another_s(desk: Desk, shop: Shop) -> None:
    await agreed(shop)
    assert (await shop.ask("us-virginia")).status_code == 451
    other = await shop.ask(comity_subject=f'id="{OTHER}", location="CN", age=35')
    assert other.status_code == 451
    nobody = await shop.ask(comity_subject='location="CN", age=35')
    assert nobody.status_code == 451


async def test_what_a_caller_claims_is_refused_unless_a_record_bears_it_out(desk: Desk, shop: Shop) -> None:
    claims = f'id="{LENA}", location="CN", age=35, consent=({{}})'
    refused = await shop.ask(comity_subject=claims.format("general"))
    assert refused.status_code == 400 and refused.json()["error"]["code"] == "consent.unrecorded"
    await agreed(shop)
    assert (await shop.ask(comity_subject=claims.format("general"))).status_code == 200
    assert (await shop.ask(comity_subject=claims.format("separate_cross_border"))).status_code == 400


async def test_taken_back_it_holds_no_more_and_what_rested_on_it_alone_goes(desk: Desk, shop: Shop) -> None:
    (consent,) = await agreed(shop)
    before = (await person_page(desk))["counted"]
    gone = await shop.post(f"consents/{consent['id']}/withdraw", {"subject": LENA})
    assert gone.status_code == 200, gone.text
    told = gone.json()
    assert told["consent"]["state"] == "withdrawn" and told["erasure"]["records"] + told["erasure"]["held"] >= 1
    assert (await shop.ask()).status_code == 451
    after = (await person_page(desk))["counted"]
    assert after == before + 1 - told["erasure"]["records"], "the refusals rested on none"
    again = await shop.post(f"consents/{consent['id']}/withdraw", {"subject": LENA})
    assert again.json()["error"]["code"] == "consent.withdrawn"
    assert (await agreed(shop))[0]["id"] != consent["id"]


async def person_page(desk: Desk) -> dict[str, Any]:
    own: dict[str, Any] = (await (await person_of(desk)).ask("GET", "me")).json()
    return own


async def test_it_holds_to_its_last_day_and_not_before_it_was_given(desk: Desk, shop: Shop) -> None:
    ask = (await shop.ask()).json()["error"]["decision"]["ask"][0]
    day = (desk.sim.clock.now() + timedelta(days=2)).date()
    short = (await shop.post("consents/ask", {name: ask[name] for name in ("consent", "purposes")} | {"valid_to": f"{day}"})).json()
    assert short["valid_to"] == f"{day}" and short["texts"]["en"]["sha256"] != ask["texts"]["en"]["sha256"]
    assert (await shop.grants(short)).status_code == 201
    assert (await shop.ask()).status_code == 200
    desk.sim.clock.advance(days=-1)
    assert (await shop.ask()).status_code == 451
    desk.sim.clock.advance(days=3)
    assert (await shop.ask()).status_code == 200
    desk.sim.clock.advance(days=1)
    assert (await shop.ask()).status_code == 451


async def test_a_person_does_it_on_their_own_page_and_sees_their_own(desk: Desk, shop: Shop) -> None:
    await shop.grants((await shop.ask()).json()["error"]["decision"]["ask"][0])
    person, other = await person_of(desk), await person_of(desk, OTHER)
    (own,) = (await person.ask("GET", "consents")).json()["data"]
    assert own["state"] == "valid" and (await other.ask("GET", "consents")).json()["data"] == []
    assert await other.code("POST", f"consents/{own['id']}/withdraw", {}) == (404, "consent.unknown")
    assert await other.code("GET", f"consents/{own['id']}/proof") == (404, "consent.unknown")
    assert await person.code("POST", f"consents/{own['id']}/withdraw", {"subject": OTHER}) == (400, "consent.invalid")
    assert await person.code("POST", f"consents/{own['id']}/withdraw", {}, comity_csrf="x") == (403, "session.csrf")
    assert (await person.ask("POST", f"consents/{own['id']}/withdraw", {"channel": "page"})).status_code == 200
    officer = await desk.signed_in("officer")
    (row,) = (await officer.ask("GET", "consents")).json()["data"]
    pseudonym = desk.sim.world.locator.pseudonym(LENA)
    assert row["id"] == own["id"] and row["state"] == "withdrawn" and pseudonym not in str(row)
    told = [each["what"] for each in (await officer.ask("GET", "changes")).json()["data"]]
    assert {"consent.granted", "consent.withdrawn"} <= set(told)
    ask = (await person.ask("POST", "consents/ask", {"consent": "general", "purposes": ["assist"]})).json()
    assert (await person.ask("POST", "consents", given(ask, channel="page"))).status_code == 201


async def test_who_may_not_say_who_the_person_is_records_nothing(desk: Desk) -> None:
    plain, officer, viewer = Shop(desk, "plain"), Shop(desk, "dpo"), await desk.signed_in("viewer")
    wanted = {"consent": "general", "purposes": ["assist"]}
    told = wanted | {"subject": LENA, "valid_to": "2026-12-01", "language": "en", "text_sha256": "a" * 64}
    for each in (plain, officer):
        for path, body in (("consents/ask", wanted), ("consents", told), ("consents/x/withdraw", {"subject": LENA})):
            answer = await each.post(path, body)
            assert answer.status_code == 403, (path, answer.text)
        await each.http.aclose()
    assert await viewer.code("GET", "consents") == (403, "request.role")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text_sha256": "a" * 64}, "text_sha256"), ({"text_sha256": "A" * 64}, "text_sha256"), ({"purposes": []}, "purposes"),
        ({"purposes": ["sell"]}, "purposes"), ({"categories": ["soul"]}, "categories"), ({"consent": "blanket"}, "consent"),
        ({"valid_to": "2036-01-01"}, "valid_to"), ({"valid_to": "2026-11-22"}, "valid_to"), ({"subject": ""}, "subject"),
        ({"recipient": "moon"}, "recipient"), ({"recipient": "a b"}, "recipient"), ({"places": ["XX"]}, "places"),
        ({"by": "guardian"}, "by"), ({"guardian": "m", "relation": "parent"}, "by"), ({"channel": "By word of mouth"}, "channel"),
        ({"consent": "separate_cross_border"}, "recipient"), ({"consent": "guardian"}, "by"),
    ],
)  # fmt: skip
async def test_what_says_less_than_the_law_asks_is_refused_by_name(shop: Shop, change: dict[str, Any], field: str) -> None:
    ask = (await shop.post("consents/ask", {"consent": "general", "purposes": ["assist"]})).json()
    answer = await shop.grants(ask | {}, **change)
    assert answer.status_code == 400, answer.text
    assert (answer.json()["error"]["code"], answer.json()["error"]["param"]) == ("consent.invalid", field)


async def test_a_guardian_s_is_a_guardian_s(desk: Desk, shop: Shop) -> None:
    ask = (await shop.post("consents/ask", {"consent": "guardian", "purposes": ["assist"]})).json()
    assert ask["by"] == "guardian"
    made = await shop.grants(ask, by="guardian", guardian="mum@example.org", relation="parent")
    assert made.status_code == 201 and made.json()["relation"] == "parent" and "mum" not in made.text


async def proof_of(desk: Desk, consent: str) -> dict[str, Any]:
    officer = Shop(desk, "dpo")
    made: dict[str, Any] = (await officer.http.get(f"/comity/v1/consents/{consent}/proof")).json()
    await officer.http.aclose()
    return made


def _record(name: str, value: Any, which: str = "granted") -> Callable[[dict[str, Any], dict[str, Any]], None]:
    return lambda proof, other: proof[which]["record"].update({name: value})


EDITS: list[tuple[str, Callable[[dict[str, Any], dict[str, Any]], Any]]] = [
    ("consent-shape", lambda proof, other: proof.update(format="comity.consent.v0")),
    ("consent-shape", lambda proof, other: proof.pop("text")),
    ("consent-shape", _record("by", "nobody")),
    ("consent-key", lambda proof, other: proof.update(vkey=other["vkey"])),
    ("consent-text", lambda proof, other: proof.update(text=proof["text"] + " ")),
    ("consent-text", _record("text_sha256", "a" * 64)),
    ("consent-signature", _record("person", "0" * 32)),
    ("consent-signature", _record("valid_to", "2036-01-01")),
    ("consent-signature", _record("at", 1)),
    ("consent-signature", lambda proof, other: proof["granted"].update(signature=other["granted"]["signature"])),
    ("consent-entry", lambda proof, other: proof["granted"].update(salt=other["granted"]["salt"])),
    ("consent-entry", lambda proof, other: proof["granted"].update(entry=proof["withdrawn"]["entry"])),
    ("consent-inclusion", lambda proof, other: proof["granted"].update(index=proof["granted"]["index"] + 1)),
    ("consent-inclusion", lambda proof, other: proof["granted"].update(entry_salt=other["granted"]["entry_salt"])),
    ("consent-inclusion", lambda proof, other: proof["granted"].update(checkpoint=other["granted"]["checkpoint"])),
    ("consent-inclusion", lambda proof, other: proof["granted"]["entry"].update(number=7)),
    ("consent-signature", _record("withdraws", "another", "withdrawn")),
    ("consent-withdrawn", lambda proof, other: None),
]


async def test_a_proof_verifies_and_whatever_is_altered_in_it_fails_by_name(desk: Desk, shop: Shop, tmp_path: Path) -> None:
    (consent,) = await agreed(shop)
    good = await proof_of(desk, consent["id"])
    now, vkey = desk.sim.clock.now(), desk.sim.world.ledger.vkey
    held = verify(good, vkey=vkey, at=now)
    assert held.record.id == consent["id"] and held.withdrawal is None and held.key_pinned
    for moment in (now - timedelta(days=1), now + timedelta(days=400)):
        assert failing(good, vkey, moment) == "consent-time"
    await shop.post(f"consents/{consent['id']}/withdraw", {"subject": LENA})
    proof, other = await proof_of(desk, consent["id"]), await another(tmp_path)
    assert verify(proof, vkey=vkey).withdrawal is not None
    for step, edit in EDITS:
        edited = copy.deepcopy(proof)
        edit(edited, other)
        assert failing(edited, vkey, now) == step, (step, edited)


def failing(proof: dict[str, Any], vkey: str, at: datetime) -> str:
    with pytest.raises(TrustFailure) as failed:
        verify(proof, vkey=vkey, at=at)
    assert failed.value.code == f"trust.{failed.value.step}"
    return failed.value.step


async def another(home: Path) -> dict[str, Any]:
    """A proof of another log."""
    from tests.simulated.worlds import simulate

    (home / "other").mkdir()
    desk = Desk(await simulate(recorded(), home / "other"))
    shop = Shop(desk)
    (consent,) = await agreed(shop)
    made = await proof_of(desk, consent["id"])
    await shop.http.aclose()
    await desk.aclose()
    return made


async def test_what_a_whole_person_asks_to_have_erased_takes_their_consents_along(desk: Desk, shop: Shop) -> None:
    await agreed(shop)
    person, officer = await person_of(desk), await desk.signed_in("officer")
    asked = (await person.ask("POST", "me/erasure")).json()["id"]
    assert (await officer.ask("POST", f"erasures/{asked}")).json()["done"]
    assert (await officer.ask("GET", "consents")).json()["data"] == []
    assert (await shop.ask()).status_code == 451
