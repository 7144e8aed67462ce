# SPDX-License-Identifier: Apache-2.0
"""The one way to check a receipt: offline, from its bundle and the log's key alone.

    1. shape       the bundle is one of ours, and so is the receipt in it
    2. key         the verifier key is one, and the pinned one where a key was pinned
    3. signature   the receipt was signed by that key (Ed25519 over its RFC 8785 form)
    4. checkpoint  the tree head was signed by that key, for that log
    5. inclusion   the salted receipt is a leaf of that tree (RFC 9162 section 2.1.3.2)

A step that does not hold raises TrustFailure naming it; there is no mode that passes over one.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from comity.errors import TrustFailure
from comity.transparency.canonical import canonical
from comity.transparency.merkle import inclusion_holds
from comity.transparency.note import Verifier, opened, parse_checkpoint, parse_vkey
from comity.transparency.receipt import MEMBERS, SALT_BYTES, Receipt, leaf_of

FORMAT = "comity.receipt.v1"
PROOF_HASHES_MAX = 64


class Bundle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A receipt with all that is needed to check it.  Byte strings are base64."""

    format: str
    receipt: dict[str, Any]
    salt: str
    signature: str
    index: int
    inclusion: tuple[str, ...]
    checkpoint: str
    vkey: str


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    receipt: dict[str, Any]
    index: int
    size: int  # of the tree that the proof is for
    origin: str
    vkey: str
    key_pinned: bool  # false: the bundle's own key was used, so this shows consistency, not whose log it is


def verify(bundle: Mapping[str, Any], *, vkey: str | None = None) -> Verified:
    """Raises TrustFailure whose ``step`` is one of those above, and nothing else, whatever ``bundle`` is."""
    read = _shape(bundle)  # 1
    key = _key(read, vkey)  # 2
    try:
        form = canonical(read.receipt)
    except ValueError:
        raise _failed("shape", "the receipt has no canonical form") from None
    if not key.holds(form, _bytes(read.signature, "signature")):  # 3
        raise _failed("signature", "the receipt is not what the log signed")
    try:  # 4
        head = parse_checkpoint(opened(read.checkpoint, key))
    except ValueError as error:
        raise _failed("checkpoint", str(error)) from None
    if not head.origin == key.name == read.receipt.get("issuer"):
        raise _failed("checkpoint", "the tree head is of another log")
    salt, proof = _bytes(read.salt, "shape"), [_bytes(each, "inclusion") for each in read.inclusion]
    if len(salt) != SALT_BYTES:
        raise _failed("shape", f"the salt is not {SALT_BYTES} bytes")
    if not inclusion_holds(read.index, head.size, leaf_of(salt, form), proof, head.root):  # 5
        raise _failed("inclusion", "the receipt is not in the log that the tree head stands for")
    return Verified(receipt=read.receipt, index=read.index, size=head.size, origin=head.origin, vkey=key.vkey, key_pinned=vkey is not None)


def _shape(bundle: object) -> Bundle:
    try:
        read = msgspec.convert(bundle, Bundle, strict=True)
        receipt = msgspec.convert(read.receipt, Receipt, strict=True)
    except (msgspec.ValidationError, ValueError, RecursionError) as error:
        said = str(error).split(" - at ")[-1] if " - at " in str(error) else "its members"
        raise _failed("shape", f"the bundle is not a receipt's: {said}") from None
    if read.format != FORMAT or receipt.version not in MEMBERS:
        raise _failed("shape", f"the bundle is not of format `{FORMAT}`")
    if read.receipt.keys() != MEMBERS[receipt.version]:  # what a reader would fill in is not what was signed
        raise _failed("shape", "the receipt lacks a member, or has one of another version")
    if not all(text.isprintable() for text in texts(read.receipt)):  # whoever shows them need not guard their terminal
        raise _failed("shape", "the receipt holds what cannot be printed")
    if len(read.inclusion) > PROOF_HASHES_MAX or not 0 <= read.index < 2**63:
        raise _failed("shape", "no log has such a place")
    return read


def texts(receipt: Mapping[str, Any]) -> Iterator[str]:
    for value in receipt.values():
        yield from (value,) if isinstance(value, str) else value if isinstance(value, list | tuple) else ()


def _key(bundle: Bundle, pinned: str | None) -> Verifier:
    try:
        key = parse_vkey(pinned if pinned is not None else bundle.vkey)
    except ValueError as error:
        raise _failed("key", str(error)) from None
    if pinned is not None and bundle.vkey != key.vkey:
        raise _failed("key", "the bundle is of another log than the pinned key's")
    if bundle.receipt.get("key") != key.id.hex():
        raise _failed("key", "the receipt names another key")
    return key


def _bytes(text: str, step: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _failed(step, "it is not base64") from None
    if base64.b64encode(raw).decode() != text:  # one spelling: a changed bit is never passed over
        raise _failed(step, "it is not canonical base64")
    return raw


def _failed(step: str, why: str) -> TrustFailure:
    return TrustFailure(
        f"{step}: {why}", step=step, code=f"trust.{step}", hint="do not rely on this receipt; ask its issuer for the log's own copy"
    )
