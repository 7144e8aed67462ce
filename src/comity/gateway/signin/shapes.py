# SPDX-License-Identifier: Apache-2.0
"""What is asked and told of sessions, persons and changes, as OpenAPI describes it."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from comity.gateway.read.shapes import DecisionRow


class SignIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`token`: of a link, or a key of this gateway."""

    token: str


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """`csrf`: what a change needs as `Comity-CSRF`; `role`: viewer, engineer, officer, admin, or subject."""

    name: str
    role: str
    csrf: str
    until: datetime


class Ways(msgspec.Struct, frozen=True, kw_only=True):
    """`oidc`: the issuer's name, where one is configured."""

    token: bool
    oidc: str | None


class LinkAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`subject`: as callers name the person in `Comity-Subject`."""

    subject: str


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """Told here, once: whoever has it sees what is the person's."""

    link: str
    until: datetime


class ErasureRow(msgspec.Struct, frozen=True, kw_only=True):
    """`done`: null while it is open.  `held`: records that a law keeps, the last until the month `held_until`."""

    id: str
    made: datetime
    done: datetime | None
    records: int
    held: int
    held_until: str | None
    under_way: int


class ErasurePage(msgspec.Struct, frozen=True, kw_only=True):
    data: tuple[ErasureRow, ...]
    after: str | None


class ChangeRow(msgspec.Struct, frozen=True, kw_only=True):
    """`by`: a key's id, or a name that tells nobody; `number`: among the changes, each of which has the next."""

    index: int
    number: int
    at: str
    by: str
    role: str
    what: str
    of: str


class ChangePage(msgspec.Struct, frozen=True, kw_only=True):
    data: tuple[ChangeRow, ...]
    after: int | None


class OwnDecision(msgspec.Struct, frozen=True, kw_only=True):
    """`kept_until`: the month after which it goes by itself; null: it is kept until its person asks."""

    decision: DecisionRow
    kept_until: str | None


class Own(msgspec.Struct, frozen=True, kw_only=True):
    """What is known here of one person, who is asking.  `places`: where it was processed, or `device`; `vkey`: the log's key."""

    controller: str
    contact: str
    places: dict[str, int]
    effects: dict[str, int]
    counted: int
    complete: bool  # whether there are no more than were counted
    data: tuple[OwnDecision, ...]
    after: int | None
    erasure: ErasureRow | None
    vkey: str


def instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
