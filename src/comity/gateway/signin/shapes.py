# SPDX-License-Identifier: Apache-2.0
"""What is asked and told of sessions, persons and changes, as OpenAPI describes it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec

from comity.accord.consent import ANYONE, By
from comity.gateway.read.shapes import DecisionRow
from comity.jurisdictions.plain import Language


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


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person is to be asked for: all in words of the vocabulary, but for the deployment."""

    consent: str
    purposes: tuple[str, ...]
    categories: tuple[str, ...] = ()
    recipient: str = ANYONE
    places: tuple[str, ...] = ()
    valid_to: date | None = None  # as long as such a consent may hold


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    text: str
    sha256: str


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """`texts`: by language; the one that is shown is named by its hash when the consent is given."""

    consent: str
    purposes: tuple[str, ...]
    categories: tuple[str, ...]
    recipient: str
    places: tuple[str, ...]
    valid_to: date
    by: By
    texts: dict[str, Shown]


class Granted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As it was asked, and who said so.  `subject`, `guardian`: as callers name them; in a person's own session there is no `subject`."""

    consent: str
    purposes: tuple[str, ...]
    categories: tuple[str, ...] = ()
    recipient: str = ANYONE
    places: tuple[str, ...] = ()
    valid_to: date
    language: Language
    text_sha256: str
    subject: str = ""
    by: By = "self"
    guardian: str = ""
    relation: str = ""
    channel: str = "app"


class Withdrawn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    subject: str = ""
    channel: str = "app"


class ConsentRow(msgspec.Struct, frozen=True, kw_only=True):
    """Without whose it is.  `state`: valid, not_yet, expired or withdrawn; `number`: what pages go by."""

    number: int
    id: str
    consent: str
    purposes: tuple[str, ...]
    categories: tuple[str, ...]
    recipient: str
    places: tuple[str, ...]
    language: Language
    text_sha256: str
    by: By
    relation: str
    channel: str
    at: datetime
    valid_to: date
    state: str
    withdrawn_at: datetime | None


class ConsentPage(msgspec.Struct, frozen=True, kw_only=True):
    data: tuple[ConsentRow, ...]
    after: int | None


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """`erasure`: of what rested on this consent alone."""

    consent: ConsentRow
    erasure: ErasureRow
