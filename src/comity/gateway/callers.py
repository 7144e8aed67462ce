# SPDX-License-Identifier: Apache-2.0
"""Who calls: keys (only their SHA-256 is kept), sessions of browsers, and what another site has a browser send."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from comity.config import Config, KeyConfig, Role
from comity.errors import CallerError
from comity.gateway.allowance.keys import Register
from comity.gateway.allowance.shown import digest, mistyped
from comity.gateway.exchange import Exchange
from comity.gateway.signin import browser
from comity.gateway.signin.sessions import Session, Sessions
from comity.ports import Clock, SystemClock
from comity.storage.database import Followed

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
LOCAL = KeyConfig(id="local", sha256="", may_assert_subject=True, roles=frozenset({"call", "read", "admin"}))
"""A loopback gateway for which no key was ever made: whoever is on this machine owns it."""
ROLES: Mapping[str, frozenset[Role]] = {
    "viewer": frozenset({"read"}), "engineer": frozenset({"read", "call", "engineer"}), "officer": frozenset({"read", "call", "officer"}),
    "admin": frozenset({"read", "call", "engineer", "officer", "admin"}),
}  # fmt: skip
"""What a session may do that was begun without a key."""
ENTRANCES = frozenset({("POST", "/comity/v1/session"), ("POST", "/comity/v1/me/session")})
"""Where a session begins, so none has to be shown: another site cannot ask there either (`browser.check_site`)."""
LIVE_MAX = 1024


class Callers:
    """``register``: the keys of the state; None where there are only those of the file."""

    def __init__(
        self, config: Config, register: Followed[Register] | None = None, clock: Clock | None = None, sessions: Sessions | None = None
    ) -> None:
        self._by_hash = {key.sha256.lower(): key for key in config.keys}
        self._register, self._clock = register, clock or SystemClock()
        self._sessions = sessions if config.console.enabled else None
        self.cookie = browser.named(browser.COOKIE, config.console.url)
        self._live: dict[str, Session] = {}  # by the cookie's value, as `admit` last found them
        server = config.server
        node = {urlsplit(config.node.url).netloc} - {""} if config.node is not None else set[str]()
        names = {*LOOPBACK_NAMES, *server.hosts, *node} | ({server.host} if server.host not in ("0.0.0.0", "::") else set())  # noqa: S104
        self._hosts = {name.lower() for name in names}
        self._sites = {name.lower() for name in server.hosts} | ({urlsplit(config.console.url).netloc} - {""})

    async def admit(self, exchange: Exchange) -> None:
        """Before anything of a request is looked at; after it, `caller` and `session` know who is signed in.

        Raises CallerError for a host that is not served, and for what a page of another site has a browser send."""
        headers = exchange.headers
        self.check_host(headers)
        if shown_key(headers):
            return
        changes = exchange.method not in browser.SAFE
        if changes:
            browser.check_site(headers, self._sites)
        else:
            browser.check_look(headers)
        token = self.token(headers)
        if not token or self._sessions is None:
            return
        session = await self._sessions.find(token)
        if session is None:
            self._live.pop(token, None)
            return
        self._live[token] = session
        if len(self._live) > LIVE_MAX:
            del self._live[next(iter(self._live))]
        if changes and (exchange.method, exchange.path) not in ENTRANCES:
            browser.check_csrf(headers, token)

    def check_host(self, headers: Mapping[str, str]) -> None:
        """A page on another site cannot reach a loopback gateway by a name of its own (DNS rebinding).  An address is no name: whoever
        sends it has connected to it."""
        host = headers.get("host", "").lower()
        bare = host if host.endswith("]") else host.rsplit(":", 1)[0] if ":" in host else host
        if host not in self._hosts and bare not in self._hosts and not _is_address(bare.strip("[]")):
            raise CallerError(
                f"host `{host[:80]}` is not served here", code="request.unknown_host", status=421, field="host",
                hint="add it to `server.hosts`",
            )  # fmt: skip

    def caller(self, headers: Mapping[str, str]) -> KeyConfig:
        """The terms of the key that is shown, else of the session.  Raises CallerError (401) where keys were made and this is none that
        holds, StorageFailure where the state cannot say who holds a key."""
        shown = shown_key(headers)
        if not shown and (session := self.session(headers)) is not None:
            return self.terms(session)
        register = self._register.now() if self._register is not None else None
        if not self._by_hash and (register is None or not register.any):
            return LOCAL
        return self._held(digest(shown) if shown else "", register, shown)

    def token(self, headers: Mapping[str, str]) -> str:
        """Of the session's cookie; "" for none."""
        return browser.cookie(headers, self.cookie) if "cookie" in headers else ""

    def session(self, headers: Mapping[str, str]) -> Session | None:
        """Of the cookie, where one is shown and no key.  Raises CallerError (401) for one that is over: nobody else answers to it."""
        token = self.token(headers) if not shown_key(headers) else ""
        if not token:
            return None
        if token not in self._live:
            raise CallerError("this session is over", code="session.over", status=401, field="cookie", hint="sign in again: comity console")
        return self._live[token]

    def terms(self, session: Session) -> KeyConfig:
        """What a session may do.  Raises CallerError: 403 for a person's own page, 401 where its key holds no more."""
        if session.subject:
            raise CallerError(
                "this session is for one person's own page", code="request.role", status=403, field="cookie", hint="GET /comity/v1/me"
            )
        if session.key:
            return self._held(session.key, self._register.now() if self._register is not None else None)
        roles = ROLES.get(session.role, frozenset())
        return KeyConfig(id=session.name, sha256="", roles=roles, may_assert_subject="call" in roles)

    def key(self, shown: str) -> KeyConfig:
        """The terms of a key.  Raises CallerError (401)."""
        return self._held(digest(shown), self._register.now() if self._register is not None else None, shown)

    def _held(self, sha256: str, register: Register | None, shown: str = "") -> KeyConfig:
        key = self._by_hash.get(sha256)
        if key is None and register is not None:
            held = register.by_hash.get(sha256)
            if held is not None:
                now = self._clock.now()
                if held.key.revoked is not None:
                    raise _refused("this key was revoked", "key.revoked")
                if held.until is not None and held.until <= now.timestamp():
                    raise _refused("this key was replaced by another, and its time beside it is over", "key.expired")
                key = held.key.terms
        if key is None:
            if mistyped(shown):
                raise _refused("this key is cut or mistyped: its checksum does not hold", "key.mistyped")
            raise _refused("no valid key in the `Authorization` header", "request.unauthenticated")
        if key.expires is not None and self._clock.now().date() > key.expires:
            raise _refused(f"this key held until {key.expires}", "key.expired")
        return key


def _refused(message: str, code: str) -> CallerError:
    hint = "send `Authorization: Bearer …`, or `x-api-key`, with a key of this gateway"
    return CallerError(message, code=code, status=401, field="authorization", hint=hint)


def shown_key(headers: Mapping[str, str]) -> str:
    """The key a caller shows: as OpenAI's clients do, else as Anthropic's do.  "" for none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "").strip()


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
