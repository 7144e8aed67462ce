# SPDX-License-Identifier: Apache-2.0
"""Signing in at an issuer: who it says it is, in the role that its word gives, and nobody by anything less than what was agreed."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx2 as httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from comity.config import ConsoleConfig, OidcConfig, SecretRef
from comity.gateway.signin.browser import COOKIE
from comity.gateway.signin.oidc import BACK, FLOW_COOKIE, START
from tests.issuer import CLIENT, SECRET, Issuer
from tests.simulated.worlds import BEIJING, FixedClock, config, simulate
from tests.unit.gateway.signin.conftest import HOST, Browser, Desk

pytest.importorskip("authlib")
ROLES = {"privacy-office": "officer", "platform": "engineer", "board": "viewer"}
LED = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with Issuer(lambda: FixedClock().now().timestamp()) as made:
        yield made


@pytest.fixture
async def desk(issuer: Issuer, home: Path, tmp_path: Path) -> AsyncIterator[Desk]:
    (tmp_path / "secret").write_text(SECRET, encoding="utf-8")
    oidc = OidcConfig(
        issuer=issuer.url, client_id=CLIENT, client_secret=SecretRef(file=str(tmp_path / "secret")), name="Example SSO",
        roles=ROLES,  # type: ignore[arg-type]
    )  # fmt: skip
    made = Desk(await simulate(config(BEIJING, console=ConsoleConfig(url=f"http://{HOST}", oidc=oidc)), home))
    yield made
    await made.aclose()


async def sent_there(person: Browser) -> str:
    answer = await person.ask("GET", START)
    assert answer.status_code == 302 and answer.headers["referrer-policy"] == "no-referrer", answer.text
    assert [each.split("; ")[1:] for each in answer.headers.get_list("set-cookie")] == [
        ["Path=/", "Max-Age=600", "HttpOnly", "SameSite=Lax"]
    ]
    return answer.headers["location"]


async def came_back(person: Browser, query: str) -> httpx.Response:
    """From another site, as a browser says it."""
    answer = await person.ask("GET", f"{BACK}?{query}", **LED)
    assert answer.status_code == 302
    return answer


async def signed_in(desk: Desk, issuer: Issuer) -> tuple[Browser, str]:
    person = desk.browser()
    answer = await came_back(person, issuer.agreed_to(await sent_there(person)))
    return person, answer.headers["location"]


async def test_a_person_signs_in_and_is_named_to_nobody(desk: Desk, issuer: Issuer) -> None:
    person, where = await signed_in(desk, issuer)
    assert where == "/console"
    said = (await person.ask("GET", "session")).json()
    assert said["role"] == "officer" and said["name"].startswith("oidc:") and "lena" not in str(said)
    person.csrf = said["csrf"]
    assert (await person.ask("POST", "me/links", {"subject": "a"})).status_code == 201
    changes = (await person.ask("GET", "changes")).json()["data"]
    assert [(each["by"], each["what"]) for each in changes] == [(said["name"], "link.made"), (said["name"], "session.begun")]
    assert (await person.ask("GET", "session/ways")).json() == {"token": True, "oidc": "Example SSO"}
    again, _ = await signed_in(desk, issuer)
    assert (await again.ask("GET", "session")).json()["name"] == said["name"]
    assert FLOW_COOKIE not in person.http.cookies
    assert desk.sim.world.locator.pseudonym(f"{issuer.url} {issuer.claims['sub']}") not in str(changes)  # as a person who is decided about


@pytest.mark.parametrize(
    ("groups", "role"),
    [(["board"], "viewer"), ("platform", "engineer"), (["board", "platform"], "engineer"), ([1, "board"], "viewer"),
     (["platform", "privacy-office"], "officer")],
)  # fmt: skip
async def test_the_claim_says_which_role(desk: Desk, issuer: Issuer, groups: Any, role: str) -> None:
    issuer.claims["groups"] = groups
    person, _ = await signed_in(desk, issuer)
    assert (await person.ask("GET", "session")).json()["role"] == role


@pytest.mark.parametrize("groups", [[], ["others"], "", None, {"privacy-office": 1}, ["admin"], "viewer", 7])
async def test_whoever_has_no_role_is_refused(desk: Desk, issuer: Issuer, groups: Any) -> None:
    issuer.claims["groups"] = groups
    person, where = await signed_in(desk, issuer)
    assert where == "/console#refused=session.no_role" and COOKIE not in person.http.cookies


def part(said: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")


def unsigned(issuer: Issuer, claims: dict[str, Any]) -> str:
    return f"{part({'alg': 'none', 'kid': 'one'})}.{part(claims)}."


def by_its_public_key(issuer: Issuer, claims: dict[str, Any]) -> str:
    """The confusion of a public key with a secret one."""
    import hmac

    shown = issuer.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = f"{part({'alg': 'HS256', 'kid': 'one'})}.{part(claims)}"
    return f"{signed}.{base64.urlsafe_b64encode(hmac.digest(shown, signed.encode(), hashlib.sha256)).decode().rstrip('=')}"


def by_another(issuer: Issuer, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, ec.generate_private_key(ec.SECP256R1()), algorithm="ES256", headers={"kid": "one"})


def with_its_own_key(issuer: Issuer, claims: dict[str, Any]) -> str:
    other = ec.generate_private_key(ec.SECP256R1())
    shown = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(other.public_key()))
    return jwt.encode(claims, other, algorithm="ES256", headers={"jwk": shown})


def altered(issuer: Issuer, claims: dict[str, Any]) -> str:
    head, _, signature = issuer.signed(claims).split(".")
    return f"{head}.{part(claims | {'groups': ['board']})}.{signature}"


@pytest.mark.parametrize("sign", [unsigned, by_its_public_key, by_another, with_its_own_key, altered, lambda *_: "x", lambda *_: ""])
async def test_a_token_that_the_issuer_did_not_sign(desk: Desk, issuer: Issuer, sign: Callable[[Issuer, dict[str, Any]], str]) -> None:
    issuer.sign = lambda claims: sign(issuer, claims)
    person, where = await signed_in(desk, issuer)
    assert where == "/console#refused=session.oidc" and COOKIE not in person.http.cookies
    assert await person.code("GET", "session") == (401, "session.none")


NOW = int(FixedClock().now().timestamp())


@pytest.mark.parametrize(
    "bent",
    [{"nonce": "other"}, {"nonce": None}, {"aud": "other"}, {"aud": ["other"]}, {"aud": None}, {"aud": [CLIENT, "other"]},
     {"azp": "other"}, {"iss": "https://evil.example"}, {"iss": None}, {"exp": NOW - 61}, {"exp": None}, {"exp": "never"},
     {"iat": NOW + 999},
     {"nbf": NOW + 999}, {"sub": None}, {"at_hash": "AAAA"}],
    ids=str,
)  # fmt: skip
async def test_a_token_for_somebody_else_or_another_time(desk: Desk, issuer: Issuer, bent: dict[str, Any]) -> None:
    def bend(claims: dict[str, Any]) -> None:
        claims.update(bent)
        for name in [name for name, value in claims.items() if value is None]:
            del claims[name]

    issuer.bend = bend
    if bent.get("sub", "") is None:
        del issuer.claims["sub"]
    person, where = await signed_in(desk, issuer)
    assert where == "/console#refused=session.oidc" and COOKIE not in person.http.cookies


async def test_what_comes_back_must_be_what_this_browser_asked_for(desk: Desk, issuer: Issuer) -> None:
    mine, theirs = desk.browser(), desk.browser()
    my_answer, their_answer = issuer.agreed_to(await sent_there(mine)), issuer.agreed_to(await sent_there(theirs))
    assert (await came_back(theirs, my_answer)).headers["location"] == "/console#refused=session.oidc"  # login CSRF
    assert (await came_back(desk.browser(), my_answer)).headers["location"] == "/console#refused=session.oidc"
    asked = len(issuer.asked)
    for query in ("", "state=x&code=y", my_answer.replace("state=", "state=0"), f"{my_answer}&state=x", f"{my_answer}&code=x",
                  my_answer.replace("iss=http", "iss=https"), "error=access_denied&" + my_answer.replace("code=", "kode=")):  # fmt: skip
        again = desk.browser()
        await sent_there(again)
        asked += 1
        assert (await came_back(again, query)).headers["location"] == "/console#refused=session.oidc", query
    assert len(issuer.asked) == asked  # nothing of it was taken to the issuer
    assert (await came_back(mine, my_answer)).headers["location"] == "/console"
    assert (await came_back(mine, my_answer)).headers["location"] == "/console#refused=session.oidc"  # once
    assert (await came_back(theirs, their_answer)).headers["location"] == "/console#refused=session.oidc"  # its question was answered


@pytest.mark.parametrize(
    "document",
    [{"issuer": "https://evil.example"}, {"token_endpoint": "https://evil.example/token"}, {"jwks_uri": "ftp://x/keys"}, {"jwks_uri": 7}],
    ids=str,
)
async def test_a_document_that_does_not_name_the_issuer_or_leaves_its_ways(desk: Desk, issuer: Issuer, document: dict[str, Any]) -> None:
    issuer.document = lambda said: said.update(document)
    assert await desk.browser().code("GET", START) == (503, "session.issuer")


async def test_where_no_issuer_is_configured(home: Path) -> None:
    desk = Desk(await simulate(config(BEIJING), home))
    try:
        assert await desk.browser().code("GET", START) == (404, "session.no_issuer")
        assert await desk.browser().code("GET", BACK) == (404, "session.no_issuer")
        assert (await desk.browser().ask("GET", "session/ways")).json() == {"token": True, "oidc": None}
    finally:
        await desk.aclose()
