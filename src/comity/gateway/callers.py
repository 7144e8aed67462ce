# SPDX-License-Identifier: Apache-2.0
"""Who calls: keys (only their SHA-256 is kept), and the Host header."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from comity.config import Config, KeyConfig
from comity.errors import CallerError
from comity.gateway.allowance.keys import Register
from comity.gateway.allowance.shown import digest, mistyped
from comity.ports import Clock, SystemClock
from comity.storage.database import Followed

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
LOCAL = KeyConfig(id="local", sha256="", may_assert_subject=True, roles=frozenset({"call", "read", "admin"}))
"""A loopback gateway for which no key was ever made: whoever is on this machine owns it."""


class Callers:
    """``register``: the keys of the state; None where there are only those of the file."""

    def __init__(self, config: Config, register: Followed[Register] | None = None, clock: Clock | None = None) -> None:
        self._by_hash = {key.sha256.lower(): key for key in config.keys}
        self._register, self._clock = register, clock or SystemClock()
        server = config.server
        node = {urlsplit(config.node.url).netloc} - {""} if config.node is not None else set[str]()
        names = {*LOOPBACK_NAMES, *server.hosts, *node} | ({server.host} if server.host not in ("0.0.0.0", "::") else set())  # noqa: S104
        self._hosts = {name.lower() for name in names}

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
        """The terms of the key that is shown.  Raises CallerError (401) where keys were made and this is none that holds,
        StorageFailure where the state cannot say who holds a key."""
        register = self._register.now() if self._register is not None else None
        if not self._by_hash and (register is None or not register.any):
            return LOCAL
        return self._held(shown_key(headers), register)

    def _held(self, shown: str, register: Register | None) -> KeyConfig:
        sha256 = digest(shown) if shown else ""
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
