# SPDX-License-Identifier: Apache-2.0
"""The recognisers of the `rules` profile, in one table.

Owns what each kind of value looks like.  Will not read a model, decide, or keep what it saw.
Built at first use: importing compiles no pattern.
"""

from __future__ import annotations

from functools import cache

from comity.privacy.recognizers.base import Recognizer


@cache
def rules() -> tuple[Recognizer, ...]:
    """Every recogniser that needs no model."""
    from comity.privacy.recognizers import (
        account,
        address,
        address_east,
        alias,
        birth,
        card,
        document,
        email,
        national,
        network,
        person,
        phone,
        plate,
        secret,
        secret_said,
        username,
    )

    modules = (
        secret,
        secret_said,
        email,
        phone,
        card,
        account,
        national,
        document,
        plate,
        birth,
        address,
        address_east,
        username,
        alias,
        person,
        network,
    )
    return tuple(unit for module in modules for unit in module.recognizers())


@cache
def contextual() -> frozenset[str]:
    """Names of the recognisers whose findings depend on the words around."""
    return frozenset(unit.name for unit in rules() if unit.contextual)


def reference_table() -> str:
    """The table of `docs/reference/privacy.md`, in Markdown."""
    rows = ["| recogniser | type | category | jurisdiction | finds |", "|---|---|---|---|---|"]
    rows += [f"| `{u.name}` | {u.type} | {u.category or '–'} | {u.jurisdiction or 'any'} | {u.what} |" for u in rules()]
    return "\n".join(rows) + "\n"
