# SPDX-License-Identifier: Apache-2.0
"""Signing in at an issuer that the operator names: OpenID Connect's code flow, with PKCE (RFC 7636), by Authlib.

What must be the same when a browser comes back follows from one random value in a cookie of that browser: `state`, `nonce` and the
verifier are hashes of it, so nothing is kept here meanwhile, and whichever process answers can go on.  The issuer is asked anew each
time for its document and keys: people sign in seldom, and a key that it withdrew must not go on counting.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import msgspec

from comity.config import OidcConfig
from comity.errors import CallerError, ComityError, OperatorError
from comity.gateway.exchange import Exchange
from comity.gateway.fetch import fetch
from comity.gateway.http import NO_STORE
from comity.gateway.signin import browser
from comity.gateway.signin.api import check_open, cookie_of, replaced
from comity.gateway.signin.changes import changed
from comity.gateway.signin.sessions import Session, fresh
from comity.providers.http1.head import Fault
from comity.providers.http1.pool import Pool

if TYPE_CHECKING:
    from comity.gateway.app import App

T = TypeVar("T")
log = logging.getLogger("comity.gateway")
START, BACK = "/comity/v1/session/oidc", "/comity/v1/session/oidc/callback"
FLOW_COOKIE = "comity_signin"
FLOW_SECONDS, SECONDS_MAX, BYTES_MAX, SKEW_SECONDS = 600, 10.0, 262_144, 60
ALGORITHMS = ("ES256", "RS256", "PS256", "Ed25519", "EdDSA")
WIDEST_FIRST = ("admin", "officer", "engineer", "viewer")


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """Of an issuer's discovery document what is needed here."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    id_token: str
    access_token: str = ""


class Issuer:
    """For one sign-in.  Raises CallerError (401) for what does not verify, OperatorError where the issuer cannot be asked."""

    def __init__(self, config: OidcConfig, base: str, pool: Pool) -> None:
        self._config, self._pool, self.back = config, pool, base + BACK

    async def leading_there(self, flow: str) -> str:
        """Where the browser is sent."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        described = await self._described()
        url: str = prepare_grant_uri(
            described.authorization_endpoint, client_id=self._config.client_id, response_type="code", redirect_uri=self.back,
            scope="openid", state=_of(flow, "state"), nonce=_of(flow, "nonce"),
            code_challenge=create_s256_code_challenge(_of(flow, "verifier")), code_challenge_method="S256",
        )  # fmt: skip
        return url

    async def who_came_back(self, flow: str, query: Mapping[str, str], secret: str, now: int) -> dict[str, Any]:
        """The claims of the ID token, every one of them verified that has to be."""
        if not hmac.compare_digest(query.get("state", "").encode(), _of(flow, "state").encode()):
            raise _refused("it answers to another browser's question")
        if query.get("iss", self._config.issuer) != self._config.issuer:  # RFC 9207
            raise _refused("it comes from another issuer")
        if not query.get("code"):
            raise _refused("the issuer gave no code")
        described = await self._described()
        tokens = await self._tokens(described, query["code"], flow, secret)
        keys = await self._asked(described.jwks_uri, dict[str, Any])
        return self._verified(tokens, keys, _of(flow, "nonce"), now)

    def role_of(self, claims: Mapping[str, Any]) -> str:
        """ "" where the claim gives none."""
        said = claims.get(self._config.claim, ())
        words = {said} if isinstance(said, str) else {each for each in said if isinstance(each, str)} if isinstance(said, list) else set()
        given = {self._config.roles[word] for word in words & self._config.roles.keys()}
        return next((role for role in WIDEST_FIRST if role in given), "")

    async def _described(self) -> Described:
        document = await self._asked(f"{self._config.issuer.rstrip('/')}/.well-known/openid-configuration", Described)
        if document.issuer != self._config.issuer:
            raise OperatorError("the issuer's document names another issuer", code="session.issuer", field="console.oidc.issuer")
        tls = self._config.issuer.startswith("https://")
        for url in (document.authorization_endpoint, document.token_endpoint, document.jwks_uri):
            if urlsplit(url).scheme != ("https" if tls else "http") or not urlsplit(url).hostname:
                raise OperatorError("the issuer's document names what is not reached by https", code="session.issuer")
        return document

    async def _tokens(self, described: Described, code: str, flow: str, secret: str) -> Tokens:
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self.back, "code_verifier": _of(flow, "verifier"),
            "client_id": self._config.client_id,
        }  # fmt: skip
        headers = {"content-type": "application/x-www-form-urlencoded"}
        if secret and "client_secret_basic" in described.token_endpoint_auth_methods_supported:
            named = f"{quote(self._config.client_id, safe='')}:{quote(secret, safe='')}"  # RFC 6749, 2.3.1
            headers["authorization"] = f"Basic {base64.b64encode(named.encode()).decode()}"
        elif secret:
            form["client_secret"] = secret
        return await self._asked(described.token_endpoint, Tokens, urlencode(form).encode(), headers)

    def _verified(self, tokens: Tokens, keys: dict[str, Any], nonce: str, now: int) -> dict[str, Any]:
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        try:
            token = jwt.decode(tokens.id_token, KeySet.import_key_set(keys), algorithms=list(ALGORITHMS))  # type: ignore[arg-type]
            claims = CodeIDToken(
                token.claims, token.header, {"iss": {"essential": True, "value": self._config.issuer},
                                             "aud": {"essential": True, "value": self._config.client_id}},
                {"nonce": nonce, "client_id": self._config.client_id, "access_token": tokens.access_token},
            )  # fmt: skip
            claims.validate(now, SKEW_SECONDS)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise _refused(f"its ID token does not verify: {type(error).__name__}") from None
        return dict(claims)

    async def _asked(self, url: str, shape: type[T], body: bytes | None = None, headers: Mapping[str, str] | None = None) -> T:
        said = {"accept": "application/json", **(headers or {})}
        try:
            async with asyncio.timeout(SECONDS_MAX):
                status, raw = await fetch(self._pool, url, seconds_max=SECONDS_MAX, bytes_max=BYTES_MAX, body=body, headers=said)
        except (Fault, TimeoutError) as error:
            raise OperatorError(
                f"the issuer cannot be asked: {type(error).__name__}", code="session.issuer", hint="is `console.oidc.issuer` right, and up?"
            ) from None
        if status != 200 and body is not None:
            raise _refused("the issuer does not take its code")
        try:
            return msgspec.json.decode(raw if status == 200 else b"", type=shape)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise OperatorError("the issuer says what is not its kind of document", code="session.issuer") from None


async def start(app: App, exchange: Exchange, call: str) -> int:
    issuer = _issuer(app, pool := Pool(connections_max=2, connect_seconds_max=SECONDS_MAX))
    flow = fresh(app.world.random)
    try:
        url = await issuer.leading_there(flow)
    finally:
        await pool.aclose()
    await _sent(app, exchange, url, _flow_cookie(app, flow, FLOW_SECONDS))
    return 302


async def callback(app: App, exchange: Exchange, call: str) -> int:
    """To the pages, whatever came of it: a person is looking."""
    issuer = _issuer(app, pool := Pool(connections_max=2, connect_seconds_max=SECONDS_MAX))
    world, done = app.world, _flow_cookie(app, "", 0)
    try:
        claims = await issuer.who_came_back(_flow(app, exchange), _query(exchange), _secret(app), int(world.clock.now().timestamp()))
        if not (role := issuer.role_of(claims)):
            raise CallerError("the issuer's word gives no role here", code="session.no_role", status=403)
        name = world.locator.pseudonym(f"console {claims['iss']} {claims['sub']}")
        begun = await world.sessions.begin(Session(f"oidc:{name}", role), world.config.console.session_seconds)
        await changed(app, app.callers.terms(begun.session), "session.begun")
        await replaced(app, exchange)
    except ComityError as error:
        log.warning("request %s: a sign-in is refused: %s: %s", call, error.code, error)
        await _sent(app, exchange, f"/console#refused={error.code}", done)
        return 302
    finally:
        await pool.aclose()
    await _sent(app, exchange, "/console", done, cookie_of(app, exchange, begun.token, world.config.console.session_seconds))
    return 302


def _issuer(app: App, pool: Pool) -> Issuer:
    check_open(app)
    config = app.world.config.console
    if config.oidc is None:
        raise CallerError("no issuer is configured", code="session.no_issuer", status=404, hint="`[console.oidc]` in its configuration")
    try:
        import authlib  # noqa: F401 - asked for before anything is sent
    except ImportError:
        raise OperatorError("sign-in by OIDC needs Authlib", code="extra.absent", hint="pip install 'comity[console]'") from None
    return Issuer(config.oidc, config.url, pool)


def _secret(app: App) -> str:
    oidc = app.world.config.console.oidc
    said = oidc.client_secret if oidc is not None else None
    return app.world.secrets.get(env=said.env, file=said.file, command=said.command) if said is not None else ""


def _flow(app: App, exchange: Exchange) -> str:
    """Raises CallerError."""
    flow = browser.cookie(exchange.headers, browser.named(FLOW_COOKIE, app.world.config.console.url))
    if not flow:
        raise _refused("this browser did not ask, or too long ago")
    return flow


def _query(exchange: Exchange) -> dict[str, str]:
    """Raises CallerError."""
    pairs = parse_qsl(exchange.query, keep_blank_values=True)
    if len(dict(pairs)) != len(pairs):  # RFC 6749, 4.1.2: not more than once
        raise _refused("a member of its answer stands twice")
    return dict(pairs)


def _of(flow: str, what: str) -> str:
    """64 hexadecimal digits, from which the flow cannot be found."""
    return hashlib.blake2b(f"{what} {flow}".encode(), digest_size=32, person=b"comity-signin").hexdigest()


def _flow_cookie(app: App, value: str, seconds: int) -> browser.Header:
    """`Lax`: the issuer sends the browser back, which is another site."""
    url = app.world.config.console.url
    return browser.set_cookie(browser.named(FLOW_COOKIE, url), value, seconds=seconds, secure=url.startswith("https://"), site="Lax")


async def _sent(app: App, exchange: Exchange, url: str, *cookies: browser.Header) -> None:
    headers: Sequence[browser.Header] = [(b"location", url.encode("ascii")), (b"referrer-policy", b"no-referrer"), NO_STORE, *cookies]
    await exchange.respond(302, b"", headers)


def _refused(why: str) -> CallerError:
    return CallerError(f"the issuer's answer is refused: {why}", code="session.oidc", status=401, hint="sign in again")
