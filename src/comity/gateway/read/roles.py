# SPDX-License-Identifier: Apache-2.0
"""Who may read what: the roles of a key."""

from __future__ import annotations

from collections.abc import Mapping

from comity.config import KeyConfig, Role
from comity.errors import CallerError
from comity.gateway.callers import LOCAL, Callers
from comity.gateway.exchange import Exchange

CALL: Role = "call"
READ: Role = "read"
ENGINEER: Role = "engineer"
OFFICER: Role = "officer"
ADMIN: Role = "admin"
ANSWERED_FOR = frozenset({ENGINEER, OFFICER})
"""What somebody does in their own name: where no key was ever made, whoever does it signs in."""
CONSOLE_ROLES: Mapping[Role, str] = {ADMIN: "admin", OFFICER: "officer", ENGINEER: "engineer", READ: "viewer"}
"""The widest first."""


def roles_of(key: KeyConfig) -> frozenset[Role]:
    """Who keeps the keys, or answers for what is done, may read too."""
    said = key.roles
    if ADMIN in said:
        return said | {READ, ENGINEER, OFFICER}
    return said | {READ} if said & ANSWERED_FOR else said


def console_role(key: KeyConfig) -> str:
    """The first of these that its roles come to on the pages; "" where there is none."""
    roles = roles_of(key)
    return next((name for role, name in CONSOLE_ROLES.items() if role in roles), "")


def require(callers: Callers, exchange: Exchange, *either: Role) -> KeyConfig:
    """Raises CallerError: 401 without a key, 403 where the key has none of the roles."""
    key = callers.caller(exchange.headers)
    if key is LOCAL and ANSWERED_FOR.issuperset(either):
        raise CallerError(
            "this is done in somebody's name, and nobody is signed in", code="session.required", status=401, field="cookie",
            hint="comity console prints a link; or make a key with the role",
        )  # fmt: skip
    if not roles_of(key) & set(either):
        role = either[0]
        raise CallerError(
            f"this key may not do that: it lacks the role `{role}`", code="request.role", status=403, field="authorization",
            hint=f'another key, or roles = ["{role}"] on this one',
        )  # fmt: skip
    return key
