# SPDX-License-Identifier: Apache-2.0
"""A consent with all that shows it: record, the text that was shown, signature, its entry in the log; and what took it back.

    1. consent-shape       the proof is one of ours, and so is each record in it
    2. consent-key         the verifier key is one, and the pinned one where a key was pinned
    3. consent-text        the text is the one that the record names by its hash
    4. consent-signature   each record was signed by that key, in the domain of consents
    5. consent-entry       each entry of the log commits to its record, and says what was done
    6. consent-inclusion   each entry is a leaf under a tree head that the key signed (RFC 9162 section 2.1.3.2)
    7. consent-withdrawal  what took it back is of this consent and this person
    8. consent-withdrawn   nothing took it back by the moment that is asked about
    9. consent-time        that moment is not before it was given, nor after its last day

A step that does not hold raises TrustFailure naming it.  8 and 9 are asked only of a moment.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from comity.accord.consent import SALT_BYTES, Consent, Record, Withdrawal, commitment, decoded, signed_form
from comity.accord.consents import Kept
from comity.accord.shown import sha256_of
from comity.errors import TrustFailure
from comity.storage.database import Script
from comity.transparency import changes
from comity.transparency.canonical import canonical
from comity.transparency.changes import Change
from comity.transparency.integrity import proved
from comity.transparency.merkle import inclusion_holds
from comity.transparency.note import Verifier, parse_vkey, signed_checkpoint
from comity.transparency.note import decoded as from_base64
from comity.transparency.receipt import leaf_of

FORMAT = "comity.consent.v1"
GRANTED, WITHDRAWN = "consent.granted", "consent.withdrawn"
PROOF_HASHES_MAX = 64


class Logged(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One record, and its entry in the log.  Byte strings are base64."""

    record: dict[str, Any]
    signature: str
    salt: str
    entry: dict[str, Any]
    entry_salt: str
    index: int
    inclusion: tuple[str, ...]
    checkpoint: str


class Proof(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: str
    granted: Logged
    withdrawn: Logged | None
    text: str
    vkey: str


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    record: Consent
    withdrawal: Withdrawal | None
    origin: str
    key_pinned: bool  # false: the proof's own key was used, so this shows consistency, not whose log it is


def proof_of(kept: Kept, gone: Kept | None, text: str, key: Verifier) -> Script[Proof]:
    """From the log's database, of a consent and what took it back.  Raises TrustFailure for what the log does not stand for."""
    granted = yield from _logged_at(kept, key)
    withdrawn = (yield from _logged_at(gone, key)) if gone is not None else None
    return Proof(format=FORMAT, granted=granted, withdrawn=withdrawn, text=text, vkey=key.vkey)


def verify(proof: Mapping[str, Any], *, vkey: str | None = None, at: datetime | None = None) -> Verified:
    """Raises TrustFailure whose ``step`` is one of those above, and nothing else, whatever ``proof`` is."""
    read = _shape(proof)  # 1
    record, withdrawal = _record(read.granted), _record(read.withdrawn) if read.withdrawn is not None else None
    if not isinstance(record, Consent) or not isinstance(withdrawal, Withdrawal | None):
        raise _failed("consent-shape", "a record is not of its kind")
    key = _key(read, vkey)  # 2
    if not _same(read.text, record.text_sha256):  # 3
        raise _failed("consent-text", "this is not the text that was shown")
    _logged(read.granted, GRANTED, key)  # 4, 5, 6
    if read.withdrawn is not None and withdrawal is not None:
        _logged(read.withdrawn, WITHDRAWN, key)
        if (withdrawal.withdraws, withdrawal.person) != (record.id, record.person):  # 7
            raise _failed("consent-withdrawal", "it takes back another consent")
    if at is not None:
        if withdrawal is not None and at.timestamp() >= withdrawal.at:  # 8
            raise _failed("consent-withdrawn", f"it was withdrawn at {datetime.fromtimestamp(withdrawal.at, UTC):%Y-%m-%dT%H:%MZ}")
        if record.state(at) != "valid":  # 9
            raise _failed("consent-time", "it was not given yet" if record.state(at) == "not_yet" else f"it held until {record.valid_to}")
    return Verified(record=record, withdrawal=withdrawal, origin=key.name, key_pinned=vkey is not None)


def _logged_at(kept: Kept, key: Verifier) -> Script[Logged]:
    found = yield from proved(kept.place, key, changes.secret_of)
    return Logged(
        record=msgspec.json.decode(kept.record), signature=_text(kept.signature), salt=_text(kept.salt),
        entry=msgspec.json.decode(found.receipt), entry_salt=_text(found.salt), index=kept.place,
        inclusion=tuple(map(_text, found.path)), checkpoint=found.checkpoint,
    )  # fmt: skip


def _shape(proof: object) -> Proof:
    try:
        read = msgspec.convert(proof, Proof, strict=True)
    except (msgspec.ValidationError, ValueError, RecursionError):
        raise _failed("consent-shape", "this is not a consent's proof") from None
    if read.format != FORMAT:
        raise _failed("consent-shape", f"this is not of format `{FORMAT}`")
    return read


def _record(logged: Logged) -> Record:
    try:
        record = decoded(canonical(logged.record))
        change = msgspec.convert(logged.entry, Change, strict=True)
    except (msgspec.MsgspecError, ValueError):
        raise _failed("consent-shape", "a record or its entry is not of its form") from None
    if len(logged.inclusion) > PROOF_HASHES_MAX or not 0 <= logged.index < 2**63 or logged.entry != msgspec.to_builtins(change):
        raise _failed("consent-shape", "no log has such an entry")
    return record


def _key(proof: Proof, pinned: str | None) -> Verifier:
    try:
        key = parse_vkey(pinned if pinned is not None else proof.vkey)
    except ValueError as error:
        raise _failed("consent-key", str(error)) from None
    if proof.vkey != key.vkey:
        raise _failed("consent-key", "the proof is of another log than the pinned key's")
    return key


def _same(text: str, sha256: str) -> bool:
    try:
        return sha256_of(text) == sha256
    except UnicodeEncodeError:
        return False


def _logged(logged: Logged, what: str, key: Verifier) -> None:
    raw = canonical(logged.record)
    if not key.holds(signed_form(raw), _bytes(logged.signature, "consent-signature")):
        raise _failed("consent-signature", "the record is not what the log's key signed")
    salt = _bytes(logged.salt, "consent-entry")
    if len(salt) != SALT_BYTES or logged.entry["of"] != commitment(salt, raw) or logged.entry["what"] != what:
        raise _failed("consent-entry", "the log's entry is of another record")
    try:
        head = signed_checkpoint(logged.checkpoint, key)
    except ValueError as error:
        raise _failed("consent-inclusion", str(error)) from None
    path = [_bytes(each, "consent-inclusion") for each in logged.inclusion]
    leaf = leaf_of(_bytes(logged.entry_salt, "consent-inclusion"), canonical(logged.entry))
    if not inclusion_holds(logged.index, head.size, leaf, path, head.root):
        raise _failed("consent-inclusion", "the entry is not in the log that the tree head stands for")


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _bytes(text: str, step: str) -> bytes:
    try:
        return from_base64(text)
    except ValueError:
        raise _failed(step, "it is not base64 in its one spelling") from None


def _failed(step: str, why: str) -> TrustFailure:
    return TrustFailure(f"{step}: {why}", step=step, code=f"trust.{step}", hint="do not rely on this consent; ask its issuer for the proof")
