# SPDX-License-Identifier: Apache-2.0
"""Consent as a record: who was shown which text, for what, which kinds of data, to whom and where, and for how long; signed.

Records are only ever added.  One that is taken back is so by another record, which holds from the moment that anybody has seen it.
Separate consents are separate records: one word of the vocabulary each.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Literal

import msgspec

from comity.errors import CallerError
from comity.jurisdictions.vocab import Vocabulary

ANYONE = "*"
SALT_BYTES = 32
_DOMAIN = b"comity.consent.record.v1\x00"
_WORD = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
By = Literal["self", "guardian"]


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What one consent is good for; ``recipient``: a deployment's id, or anyone; ``places``: none named is wherever the law lets it go."""

    consent: str
    purposes: frozenset[str]
    categories: frozenset[str]
    recipient: str = ANYONE
    places: frozenset[str] = frozenset()

    def covers(self, purpose: str, categories: frozenset[str], recipient: str, places: frozenset[str], vocabulary: Vocabulary) -> bool:
        """``places``: every one where the data may come to be."""
        return (
            purpose in self.purposes and categories <= self.categories and self.recipient in (ANYONE, recipient)
            and (not self.places or places <= vocabulary.places(self.places))
        )  # fmt: skip


class Consent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="consent"):
    """``person`` and ``guardian`` are pseudonyms of this installation; ``valid_to`` is the last day, in UTC."""

    id: str
    person: str
    consent: str  # a word of the vocabulary
    purposes: tuple[str, ...]
    categories: tuple[str, ...]
    recipient: str
    places: tuple[str, ...]
    language: Literal["en", "zh"]
    text_sha256: str  # of the exact text that was shown
    by: By
    guardian: str
    relation: str
    channel: str
    at: int  # seconds since 1970
    valid_to: date

    @property
    def scope(self) -> Scope:
        return Scope(
            consent=self.consent, purposes=frozenset(self.purposes), categories=frozenset(self.categories), recipient=self.recipient,
            places=frozenset(self.places),
        )  # fmt: skip

    def state(self, at: datetime) -> str:
        """Of a record that nobody took back.  One from the future holds for nobody: some clock is wrong, and whose is not known."""
        if at.timestamp() < self.at:
            return "not_yet"
        return "valid" if at.astimezone(UTC).date() <= self.valid_to else "expired"


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="withdrawal"):
    id: str
    person: str
    withdraws: str  # the id of a consent
    channel: str
    at: int


Record = Consent | Withdrawal
_decoder: msgspec.json.Decoder[Consent | Withdrawal] = msgspec.json.Decoder(Consent | Withdrawal)
_encode = msgspec.json.Encoder(order="sorted").encode  # RFC 8785 for what is ASCII and whole numbers, as all of a record is


def encoded(record: Record) -> bytes:
    """Its one form, which is signed and committed to."""
    return _encode(record)


def decoded(raw: bytes) -> Record:
    """Raises msgspec.MsgspecError."""
    return _decoder.decode(raw)


def signed_form(raw: bytes) -> bytes:
    """What the log's key signs: in a domain of its own, so that no receipt or tree head is ever taken for a consent."""
    return _DOMAIN + raw


def commitment(salt: bytes, raw: bytes) -> str:
    """What the log holds of a record; without the salt nobody can find out whose it was."""
    return hashlib.sha256(_DOMAIN + salt + raw).hexdigest()


def standing(records: Iterable[Record], person: str, at: datetime) -> frozenset[Scope]:
    """What holds at ``at`` of all that was seen so far.  A withdrawal that was seen holds, whatever time it bears."""
    known = list(records)
    gone = {each.withdraws for each in known if isinstance(each, Withdrawal)}
    return frozenset(
        each.scope
        for each in known
        if isinstance(each, Consent) and each.person == person and each.id not in gone and each.state(at) == "valid"
    )


def checked(record: Consent, *, guardians: bool) -> Consent:
    """Who gave it, and how; what it is to is the offer's business (`shown.offered`).  ``guardians``: only one of them gives it.  Raises
    CallerError naming the member, the reason and the mend."""
    mend = "`by`: guardian, with `guardian` and `relation`"
    if (record.by == "guardian") != bool(record.guardian and record.relation):
        raise wrong("by", "names a guardian without who they are, or a relation without a guardian", mend)
    if guardians and record.by != "guardian":
        raise wrong("by", f"a consent `{record.consent}` is given by a guardian", mend)
    worded(record.channel, "channel")
    worded(record.relation or "self", "relation")
    if not _SHA256.fullmatch(record.text_sha256):
        raise wrong("text_sha256", "is not the SHA-256 of a text", "that of the text which was shown")
    return record


def worded(said: str, field: str) -> str:
    """Raises CallerError for what is no word: it is signed for good, and is not for prose."""
    if not _WORD.fullmatch(said):
        raise wrong(field, "is no word of small letters", "for example `parent`, `app`")
    return said


def wrong(field: str, why: str, mend: str) -> CallerError:
    return CallerError(f"consent.{field} {why}", code="consent.invalid", field=field, hint=mend)
