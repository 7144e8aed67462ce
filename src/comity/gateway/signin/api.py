# SPDX-License-Identifier: Apache-2.0
"""`/comity/v1/session`: signing in, who is signed in, and signing out.

A session begins with a pass that was printed for somebody, with a key of this gateway, or at the issuer that is configured.  It never
goes on with a cookie that was there before.  Wrong tokens are not counted: none of 256 bits is guessed, and a limit would let anybody
keep everybody out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from comity.errors import CallerError
from comity.gateway.allowance.shown import digest
from comity.gateway.exchange import Exchange
from comity.gateway.http import JSON, NO_STORE, encode
from comity.gateway.read.roles import console_role
from comity.gateway.signin import browser
from comity.gateway.signin.changes import changed
from comity.gateway.signin.sessions import PERSON, Begun, Session
from comity.gateway.signin.shapes import SignedIn, SignIn, Ways, instant

if TYPE_CHECKING:
    from comity.gateway.app import App

T = TypeVar("T")
BODY_BYTES_MAX = 4096


async def sign_in(app: App, exchange: Exchange, call: str) -> int:
    check_open(app)
    token = (await body_of(exchange, SignIn)).token
    begun = await app.world.sessions.enter(token, app.world.config.console.session_seconds) or await _by_key(app, token)
    await changed(app, app.callers.terms(begun.session), "session.begun")
    return await entered(app, exchange, begun)


async def who(app: App, exchange: Exchange, call: str) -> int:
    session = app.callers.session(exchange.headers)
    if session is None:
        raise CallerError("nobody is signed in", code="session.none", status=401, field="cookie", hint="comity console prints a link")
    said = told(app, session, app.callers.token(exchange.headers))
    await exchange.respond(200, encode(said), [JSON, NO_STORE])
    return 200


async def sign_out(app: App, exchange: Exchange, call: str) -> int:
    await app.world.sessions.end(app.callers.token(exchange.headers))
    await exchange.respond(204, b"", [NO_STORE, cookie_of(app, exchange, "", 0)])
    return 204


async def ways(app: App, exchange: Exchange, call: str) -> int:
    config = app.world.config.console
    name = None if config.oidc is None else config.oidc.name or config.oidc.issuer.split("/")[2]
    await exchange.respond(200, encode(Ways(token=True, oidc=name)), [JSON, NO_STORE])
    return 200


def check_open(app: App) -> None:
    """Raises CallerError (404) where there is no console."""
    if not app.world.config.console.enabled:
        raise CallerError("this gateway has no console", code="console.off", status=404, hint="`console.enabled` in its configuration")


async def _by_key(app: App, token: str) -> Begun:
    try:
        key = app.callers.key(token)
    except CallerError as error:
        said = str(error) if error.code != "request.unauthenticated" else "this is neither the token of a link nor a key of this gateway"
        raise CallerError(said, code="session.token", status=401, field="token", hint="comity console prints a new link") from None
    if not (role := console_role(key)):
        raise CallerError(
            "this key may not look at anything here", code="request.role", status=403, field="token", hint='roles = ["read"] on this key'
        )
    seconds = app.world.config.console.session_seconds
    return await app.world.sessions.begin(Session(key.id, role, key=digest(token)), seconds)


async def entered(app: App, exchange: Exchange, begun: Begun) -> int:
    """The answer that begins a session."""
    await replaced(app, exchange)
    seconds = app.world.config.console.session_seconds
    cookie = cookie_of(app, exchange, begun.token, seconds)
    await exchange.respond(200, encode(told(app, begun.session, begun.token)), [JSON, NO_STORE, cookie])
    return 200


async def replaced(app: App, exchange: Exchange) -> None:
    """What this browser had before ends."""
    if before := app.callers.token(exchange.headers):
        await app.world.sessions.end(before)


def told(app: App, session: Session, token: str) -> SignedIn:
    role = PERSON if session.subject else console_role(app.callers.terms(session))
    until = instant(session.until)
    return SignedIn(name=session.name, role=role, csrf=browser.csrf_of(token), until=until)


async def body_of(exchange: Exchange, shape: type[T]) -> T:
    """Raises CallerError.  A form of another site has another content type, and is no JSON."""
    if exchange.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise CallerError("the body is not JSON by its content type", code="request.malformed", field="content-type",
                          hint="application/json")  # fmt: skip
    try:
        return msgspec.json.decode(await exchange.body(BODY_BYTES_MAX), type=shape, strict=True)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        members = ", ".join(f"`{name}`" for name in shape.__struct_fields__)  # type: ignore[attr-defined]
        why = f"the body is not an object with {members} alone"
        raise CallerError(why, code="request.malformed", hint="see docs/reference/api.md") from None


def cookie_of(app: App, exchange: Exchange, value: str, seconds: int) -> browser.Header:
    secure = browser.over_https(exchange.headers, app.world.config.console.url)
    return browser.set_cookie(app.callers.cookie, value, seconds=seconds, secure=secure)


ROUTES: Mapping[str, Mapping[str, Any]] = {
    "/comity/v1/session": {"GET": who, "POST": sign_in, "DELETE": sign_out},
    "/comity/v1/session/ways": {"GET": ways},
}
