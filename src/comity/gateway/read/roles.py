# SPDX-License-Identifier: Apache-2.0
"""Who may read what: the roles of a key."""

from __future__ import annotations

from comity.config import KeyConfig
from comity.errors import CallerError
from comity.gateway.callers import Callers
from comity.gateway.exchange import Exchange

CALL, READ, ADMIN = "call", "read", "admin"


def roles_of(key: KeyConfig) -> frozenset[str]:
    """`admin` may read too."""
    said: frozenset[str] = key.roles
    return said | {READ} if ADMIN in said else said


def require(callers: Callers, exchange: Exchange, role: str) -> KeyConfig:
    """Raises CallerError: 401 without a key, 403 where the key does not have ``role``."""
    key = callers.caller(exchange.headers)
    if role not in roles_of(key):
        raise CallerError(
            f"this key may not do that: it lacks the role `{role}`", code="request.role", status=403, field="authorization",
            hint=f'another key, or roles = ["{role}"] on this one',
        )  # fmt: skip
    return key
