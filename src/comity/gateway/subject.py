# SPDX-License-Identifier: Apache-2.0
"""What a request says of its person: the `Comity-Subject` header, or the claims of a signed token inside it.

    Comity-Subject: id="u-81", location="CN", residence="US", age=35, consent=(general separate_cross_border), collected="CN"
    Comity-Subject: token="eyJ…"

The header is an RFC 9651 dictionary either way.  A member that is unknown, said twice or of the wrong type is refused:
a fact that was meant and not understood must not be decided without.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from comity.errors import CallerError

HEADER = "comity-subject"
HEADER_CHARACTERS_MAX = 8192
ID_CHARACTERS_MAX = 256


class Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """None where nothing was said.  ``id`` is the caller's own name for the person: it goes no further than its pseudonym."""

    id: str | None = None
    location: str | None = None
    residence: str | None = None
    age: int | None = None  # years
    consent: frozenset[str] | None = None
    collected: str | None = None


def members(value: str) -> dict[str, Any]:
    """The dictionary's members as plain values (an inner list as a list).  Raises CallerError."""
    import http_sf

    if len(value) > HEADER_CHARACTERS_MAX:
        raise refused(f"`Comity-Subject` is longer than {HEADER_CHARACTERS_MAX} characters")
    twice: list[str] = []
    try:
        parsed: Any = http_sf.parse(value.encode("latin-1"), tltype="dictionary", on_duplicate_key=lambda key, _: twice.append(key))
    except http_sf.StructuredFieldError as error:
        place = f" at character {error.position + 1}" if error.position is not None else ""
        raise refused(f"`Comity-Subject` is not an RFC 9651 dictionary{place}") from None
    except (ValueError, TypeError):
        raise refused("`Comity-Subject` is not an RFC 9651 dictionary") from None
    if twice:
        raise refused(f"`{twice[0]}` is said twice", twice[0])
    return {name: _plain(item) for name, (item, _) in parsed.items()}


def _plain(item: object) -> object:
    if isinstance(item, list):
        return [_plain(each) for each, _ in item]
    # A Token is a word without quotes; here both spellings of a string mean the same.
    return str(item) if type(item).__name__ == "Token" else item


def said(values: Mapping[str, Any]) -> Said:
    """Members or claims as facts.  Raises CallerError naming the member."""
    try:
        out = msgspec.convert(values, Said, strict=True)
    except msgspec.ValidationError as error:
        raise _fault(str(error)) from None
    if out.id is not None and not 0 < len(out.id) <= ID_CHARACTERS_MAX:
        raise refused(f"`id` is empty or longer than {ID_CHARACTERS_MAX} characters", "id")
    if out.age is not None and not 0 <= out.age <= 150:
        raise refused("`age` is not between 0 and 150 years", "age")
    return out


def _fault(text: str) -> CallerError:
    if "unknown field" in text:
        name = text.split("`")[1][:64]
        return refused(f"`Comity-Subject` has an unknown member `{name}`", name, code="request.unknown_field")
    place = text.rsplit("`$.", 1)[-1].rstrip("`").split("[")[0] if "`$." in text else ""
    return refused(f"`{place or 'Comity-Subject'}` has the wrong type", place)


def refused(message: str, member: str = "", *, code: str = "request.subject") -> CallerError:
    return CallerError(
        message, code=code, field=f"comity-subject.{member}" if member else HEADER,
        hint='for example: Comity-Subject: id="u-81", location="CN", residence="CN", age=35, consent=(general)',
    )  # fmt: skip
