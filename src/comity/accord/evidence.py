# SPDX-License-Identifier: Apache-2.0
"""The evidence register: who says, on what document, that something owed is done; where it holds, and until when.

Entries are only ever added.  One that proves wrong is withdrawn by another, so what held on a day can always be told.  One that was made
before entries had an issuer and a check has none, and is told as unchecked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Literal, get_args

import msgspec

from comity.accord.checks import TEXT_CHARACTERS_MAX, Check, Fault, Lookup, Review, name_of, sound, wrong
from comity.errors import CallerError
from comity.jurisdictions.vocab import Vocabulary

EVERYWHERE = "*"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SCOPE = re.compile(r"\*|[a-z0-9][a-z0-9-]{0,62}")
SEE = "see docs/howto/register-evidence.md"
DocumentKind = Literal["", "certificate", "filing", "contract", "assessment", "notice", "other"]


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``valid_to`` is the last day.  ``document_sha256`` is of the document itself, which stays with whoever approved it."""

    kind: str = ""  # a word of the vocabulary: an obligation, or a safeguard, mechanism, filing, certification, assurance
    document: DocumentKind = ""
    document_sha256: str = ""
    issuer: str = ""  # of the document
    scope: str = EVERYWHERE  # a deployment's id, or `*`
    valid_from: date | None = None
    valid_to: date | None = None
    approver: str = ""
    check: Check | None = None
    at: datetime
    withdraws: int = 0  # the number of another entry


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    entry: Entry
    withdrawn: bool

    def state(self, today: date) -> str:
        entry = self.entry
        if self.withdrawn:
            return "withdrawn"
        if entry.valid_from is not None and today < entry.valid_from:
            return "not yet"
        return "expired" if entry.valid_to is not None and today > entry.valid_to else "valid"

    @property
    def check(self) -> str:
        return name_of(self.entry.check)


_decode = msgspec.json.Decoder(Entry).decode
encode = msgspec.json.Encoder(order="deterministic").encode


def checked(entry: Entry, vocabulary: Vocabulary) -> Entry:
    """Raises CallerError naming the member, the reason and the mend."""
    if not vocabulary.is_evidence(entry.kind):
        near = vocabulary.nearest_evidence(entry.kind)
        raise _wrong("kind", f"`{entry.kind[:64]}` is no kind of evidence", f"did you mean `{near}`?" if near else SEE)
    if not _SHA256.fullmatch(entry.document_sha256):
        raise _wrong("document_sha256", "is not the SHA-256 of a document", "name the document: --document FILE")
    if not _SCOPE.fullmatch(entry.scope):
        raise _wrong("scope", f"`{entry.scope[:64]}` is no deployment's id", "a deployment of comity.toml, or *")
    if not 0 < len(entry.approver.strip()) <= TEXT_CHARACTERS_MAX or not entry.approver.isprintable():
        raise _wrong("approver", "names nobody", 'who answers for it: --approver "A. Officer, DPO"')
    if len(entry.issuer) > TEXT_CHARACTERS_MAX or (entry.issuer and not entry.issuer.isprintable()):
        raise _wrong("issuer", "is no name", 'who issued the document: --issuer "Example Certification Ltd"')
    if entry.document not in get_args(DocumentKind):
        raise _wrong("document", f"`{entry.document[:64]}` is no kind of document", f"of: {', '.join(get_args(DocumentKind)[1:])}")
    if entry.valid_from is not None and entry.valid_to is not None and entry.valid_to < entry.valid_from:
        raise _wrong("valid_to", "lies before `valid_from`", "give the last day on which it holds")
    if isinstance(entry.check, Lookup | Review):
        sound(entry.check, entry.at.date())
    return entry


def register(entries: Iterable[bytes]) -> list[Registered]:
    """As stored, in order; a withdrawal is no entry of its own."""
    read = [_decode(entry) for entry in entries]
    gone = {entry.withdraws for entry in read if entry.withdraws}
    return [Registered(number=at, entry=each, withdrawn=at in gone) for at, each in enumerate(read, 1) if not each.withdraws]


def dated(item: str) -> tuple[str, date | None]:
    """`kind` or `kind:YYYY-MM-DD`, as a configuration that was checked has it; kinds hold colons of their own."""
    kind, _, last = item.rpartition(":")
    try:
        return kind, date.fromisoformat(last)
    except ValueError:
        return item, None


def in_force(registered: Iterable[Registered], today: date) -> dict[str, frozenset[str]]:
    """Kinds by scope, of what is valid today."""
    out: dict[str, frozenset[str]] = {}
    for each in registered:
        if each.state(today) == "valid":
            out[each.entry.scope] = out.get(each.entry.scope, frozenset()) | {each.entry.kind}
    return out


def _wrong(field: str, why: str, mend: str) -> CallerError:
    return wrong(Fault(field, why, mend))
