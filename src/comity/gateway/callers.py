# SPDX-License-Identifier: Apache-2.0
"""Who calls: keys (only their SHA-256 is kept), and the Host header."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from comity.config import Config, KeyConfig
from comity.errors import CallerError

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
LOCAL = KeyConfig(id="local", sha256="", may_assert_subject=True)
"""A loopback gateway without keys: whoever is on this machine owns it."""


class Callers:
    def __init__(self, config: Config) -> None:
        self._by_hash = {key.sha256.lower(): key for key in config.keys}
        server = config.server
        names = {*LOOPBACK_NAMES, *server.hosts} | ({server.host} if server.host not in ("0.0.0.0", "::") else set())  # noqa: S104
        self._hosts = {name.lower() for name in names}

    def check_host(self, headers: Mapping[str, str]) -> None:
        """A page on another site cannot reach a loopback gateway by a name of its own (DNS rebinding)."""
        host = headers.get("host", "").lower()
        bare = host if host.endswith("]") else host.rsplit(":", 1)[0] if ":" in host else host
        if host not in self._hosts and bare not in self._hosts:
            raise CallerError(
                f"host `{host[:80]}` is not served here", code="request.unknown_host", status=421, field="host",
                hint="add it to `server.hosts`",
            )  # fmt: skip

    def caller(self, headers: Mapping[str, str]) -> KeyConfig:
        """The key's configuration; CallerError 401 when keys are configured and none matches."""
        if not self._by_hash:
            return LOCAL
        token = shown_key(headers)
        if token:
            digest = hashlib.sha256(token.encode()).hexdigest()
            key = self._by_hash.get(digest)
            if key is not None and hmac.compare_digest(key.sha256.lower(), digest):
                return key
        raise CallerError(
            "no valid key in the `Authorization` header", code="request.unauthenticated", status=401,
            field="authorization", hint="send `Authorization: Bearer …`, or `x-api-key`, with a key of this gateway",
        )  # fmt: skip


def shown_key(headers: Mapping[str, str]) -> str:
    """The key a caller shows: as OpenAI's clients do, else as Anthropic's do.  "" for none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "").strip()
