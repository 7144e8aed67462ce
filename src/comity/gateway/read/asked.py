# SPDX-License-Identifier: Apache-2.0
"""What is asked for in the query of a path: strict, each member once, and the same shapes that OpenAPI describes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from difflib import get_close_matches
from typing import Annotated, Literal, TypeVar
from urllib.parse import parse_qsl, urlencode

import msgspec
from msgspec import Meta, field

from comity.errors import CallerError
from comity.jurisdictions.plain import Language
from comity.transparency.ids import ID_LETTERS
from comity.transparency.queries import Wanted

Q = TypeVar("Q", bound="Query")
MEMBERS_MAX = 32
MINUTES_MAX = 180
WORD = Meta(max_length=200)
Word = Annotated[str, WORD]
Cursor = Annotated[str, Meta(pattern=f"^([0-9A-Z]{{{ID_LETTERS}}})?$", description="`next` of the page before; empty: from the newest")]


class Query(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Without members."""


class Span(Query, frozen=True, kw_only=True):
    """`from` is the first moment, `to` the first that is no longer meant; a day is its first moment; without a zone it is UTC."""

    since: Annotated[str, Meta(max_length=40, description="first moment, or day")] = field(name="from", default="")
    before: Annotated[str, Meta(max_length=40, description="first moment, or day, that is no longer meant")] = field(name="to", default="")


class Decisions(Span, frozen=True, kw_only=True):
    limit: Annotated[int, Meta(ge=1, le=500)] = 50
    after: Cursor = ""
    effect: Literal["", "allow", "deny", "escalate"] = ""
    deployment: Word = ""
    source: Annotated[str, Meta(max_length=16, description="region where the person was")] = ""
    destination: Annotated[str, Meta(max_length=16, description="region where it was processed, or `device`")] = ""
    pack: Annotated[str, Meta(max_length=200, description="that was asked: `cn`, or `cn@0.3.0`")] = ""
    rule: Annotated[str, Meta(max_length=200, description="that spoke: `cn.export.no-consent`")] = ""
    fact: Annotated[str, Meta(max_length=200, description="that a reason rests on: `cn-pipl-39`")] = ""
    request: Annotated[str, Meta(max_length=200, description="all attempts of one request, by its id")] = ""
    status: Annotated[str, Meta(max_length=200, description="`ok`, an error's code, `refused`, or `open`")] = ""

    def wanted(self) -> Wanted:
        return Wanted(
            since=moment(self.since, "from"), before=moment(self.before, "to"), effect=self.effect, deployment=self.deployment,
            source=self.source, destination=self.destination, pack=self.pack, rule=self.rule, fact=self.fact, request=self.request,
            status=self.status,
        )  # fmt: skip


class Ids(Query, frozen=True, kw_only=True):
    """A page of what has ids, the newest first."""

    limit: Annotated[int, Meta(ge=1, le=500)] = 50
    after: Cursor = ""


class Places(Query, frozen=True, kw_only=True):
    """A page of what has a place in the log, the newest first."""

    limit: Annotated[int, Meta(ge=1, le=500)] = 50
    after: Annotated[int | None, Meta(description="`after` of the page before; left out: from the newest")] = None


class AsOf(Query, frozen=True, kw_only=True):
    as_of: Annotated[date | None, Meta(description="the day that is asked about; today where none is named")] = None


class Timeline(Query, frozen=True, kw_only=True):
    after: Annotated[date | None, Meta(description="the day after which it is; today where none is named")] = None
    to: Annotated[date | None, Meta(description="the last day that is told; without one, all that is known")] = None


class Compare(AsOf, frozen=True, kw_only=True):
    a: Annotated[str, Meta(max_length=200, description="a pack or a region: `cn`, `FR`")] = ""
    b: Annotated[str, Meta(max_length=200, description="another")] = ""


class Guidelines(AsOf, frozen=True, kw_only=True):
    law: Annotated[str, Meta(max_length=200, description="a pack or a region; empty: every pack that is loaded")] = ""
    language: Language = "en"


class Dossiers(AsOf, frozen=True, kw_only=True):
    language: Language = "en"
    part: Annotated[str, Meta(max_length=200, description="one part alone: `transfer-register`; empty: all of them")] = ""


class Flows(Query, frozen=True, kw_only=True):
    minutes: Annotated[int, Meta(ge=1, le=MINUTES_MAX, description="up to now, this one among them")] = 60


class Consistency(Query, frozen=True, kw_only=True):
    old: Annotated[int, Meta(ge=0, description="size of the tree that is known")] = 0
    new: Annotated[int, Meta(ge=0, description="size of the later one; 0: as the log is now")] = 0


class Entries(Query, frozen=True, kw_only=True):
    begin: Annotated[int, Meta(ge=0, description="place of the first")] = field(name="from", default=0)
    limit: Annotated[int, Meta(ge=1, le=256)] = 256


class Report(Span, frozen=True, kw_only=True):
    """Of the last 24 hours where no `from` is named."""

    by: Annotated[Literal["day", "hour"], Meta(description="how long a row's time is")] = "day"
    limit: Annotated[int, Meta(ge=1, le=1000, description="rows at most, of a report that counts what is most frequent")] = 100


def read(query: str, shape: type[Q]) -> Q:
    """Raises CallerError naming the member."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), max_num_fields=MEMBERS_MAX, errors="strict")
    except (ValueError, UnicodeDecodeError):
        raise _wrong("", "the query cannot be read", "name=value, joined by `&`") from None
    members = dict(pairs)
    if len(members) < len(pairs):
        twice = next(name for at, (name, _) in enumerate(pairs) if name in dict(pairs[:at]))
        raise _wrong(twice, "a member stands twice in the query", "say it once")
    known = shape.__struct_encode_fields__
    for name in members:
        if name not in known:
            near = get_close_matches(name, known, 1)
            raise _wrong(name, "the query has a member that this path does not know",
                         f"did you mean `{near[0]}`?" if near else f"known: {', '.join(known) or 'none'}")  # fmt: skip
    try:
        return msgspec.convert(members, shape, strict=False)
    except msgspec.ValidationError as error:
        said, _, where = str(error).partition(" - at `$.")
        why = "none of the words that it may be" if said.startswith("Invalid enum") else said[:1].lower() + said[1:].replace("'", "`")
        raise _wrong(where.rstrip("`"), why, "see docs/reference/api.md") from None


def moment(said: str, name: str) -> datetime | None:
    """Raises CallerError."""
    if not said:
        return None
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        raise _wrong(name, "is neither a day nor a moment", "for example 2026-11-26, or 2026-11-26T09:00:00Z") from None
    if at.year < 1970:
        raise _wrong(name, "is before any clock of a record", "for example 2026-11-26")
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def again(path: str, asked: Decisions, after: str) -> str:
    """The same question, going on ``after``."""
    members = {name: value for name, value in msgspec.to_builtins(asked).items() if value != ""} | {"after": after}
    return f"{path}?{urlencode(members)}"


def _wrong(name: str, why: str, mend: str) -> CallerError:
    return CallerError(f"{name[:64]}: {why}" if name else why, code="request.query", field=name[:64], hint=mend)
