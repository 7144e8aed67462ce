# SPDX-License-Identifier: Apache-2.0
"""Evidence without hardware: two statements, each signed (Ed25519) in a domain of its own.

    builder → image    "this image may be run by the node with this signing key, from then until then"   made once a release
    node    → key      "this key configuration is mine, from then until then"                            made once an epoch

So a node's keys change every few hours while its builder is asked once a release.  What it shows is who says so: no more than A1, always
with the words in `NO_HARDWARE`.  Whoever holds the node's signing key can run anything and say the same.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

import msgspec

from comity.errors import CallerError
from comity.seal.attestation.evidence import Evidence, encoded
from comity.seal.attestation.expected import Expected
from comity.seal.attestation.moment import instant
from comity.seal.attestation.moment import spelled as spelled  # how the times of a statement are written
from comity.seal.attestation.verdict import Trail

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

IMAGE_DOMAIN = b"comity.software-image.v1"
KEY_DOMAIN = b"comity.software-key.v1"
_KEY = re.compile(r"[0-9a-f]{64}")


class ImageStatement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A builder's.  Times are RFC 3339 to the second, in UTC: `2026-11-27T00:00:00Z`."""

    image: str  # sha256:…
    node: str  # the node's signing key, 64 hexadecimal digits
    since: str
    until: str


class KeyStatement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A node's."""

    key: str  # SHA-256 of the key configuration, 64 hexadecimal digits
    since: str
    until: str


class SignedImage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a builder hands to whoever runs the node: a file."""

    builder: str  # 64 hexadecimal digits
    image: ImageStatement
    signature: str  # base64


class _Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    image: SignedImage
    key: KeyStatement
    signature: str


_Read = TypeVar("_Read", SignedImage, _Body)
_encoder = msgspec.json.Encoder(order="sorted")  # of checked members, all ASCII without escapes: their RFC 8785 form


def sign_image(statement: ImageStatement, builder: Ed25519PrivateKey) -> bytes:
    """The builder's part, as the file that `comity attest sign` writes.  Raises CallerError where the statement is none."""
    try:
        _check_image(statement)
    except ValueError as error:
        raise CallerError(str(error), code="attestation.statement") from None
    public = builder.public_key().public_bytes_raw().hex()
    signature = builder.sign(_message(IMAGE_DOMAIN, statement))
    return _encoder.encode(SignedImage(builder=public, image=statement, signature=base64.b64encode(signature).decode()))


def sign_key(image: bytes, statement: KeyStatement, node: Ed25519PrivateKey) -> bytes:
    """The node's part: evidence for one key configuration.  ``image``: the builder's file; CallerError where it is for another node."""
    try:
        signed = _read(image, SignedImage)
        _check_key(statement)
    except ValueError as error:
        raise CallerError(str(error), code="attestation.statement") from None
    if signed.image.node != node.public_key().public_bytes_raw().hex():
        raise CallerError("the builder's statement is for another node's signing key", code="attestation.statement",
                          hint="`comity attest node` prints this node's; have the builder sign for it")  # fmt: skip
    signature = base64.b64encode(node.sign(_message(KEY_DOMAIN, statement))).decode()
    return encoded(Evidence(kind="software", body=_encoder.encode(_Body(image=signed, key=statement, signature=signature))))


def verify(trail: Trail, evidence: Evidence, at: datetime, expected: Expected) -> None:
    """The steps of this kind; the last leaves nothing open."""
    try:
        body = _read(evidence.body, _Body)
    except ValueError as error:
        raise trail.refusal("evidence", str(error)) from None
    signed, image = body.image, body.image.image
    trail.note("evidence", "a builder's statement about an image, and a node's about a key")
    trail.require(
        signed.builder in expected.builders, "builder", f"builder {signed.builder[:16]}…", "its builder is none of those that are trusted"
    )
    holds = _holds(signed.builder, _message(IMAGE_DOMAIN, image), signed.signature)
    holds = holds and _holds(image.node, _message(KEY_DOMAIN, body.key), body.signature)
    trail.require(holds, "signature", f"the builder's, and that of node {image.node[:16]}…", "a signature of the statements does not hold")
    _in_time(trail, "the builder's statement", image.since, image.until, at)
    _in_time(trail, "the node's statement", body.key.since, body.key.until, at)
    trail.require(image.image == expected.image and body.key.key == expected.key.hex(), "commitment", f"{image.image[:23]}…",
                  "it is for another image, or for another key of the node")  # fmt: skip


def _in_time(trail: Trail, what: str, since: str, until: str, at: datetime) -> None:
    trail.require(
        instant(since) <= at < instant(until), "expired", f"{what} holds until {until}", f"{what} holds from {since} until {until}"
    )


def _message(domain: bytes, statement: ImageStatement | KeyStatement) -> bytes:
    return domain + b"\x00" + _encoder.encode(statement)


def _holds(public: str, message: bytes, signature: str) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(base64.b64decode(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _read(data: bytes, kind: type[_Read]) -> _Read:
    """Raises ValueError.  In its canonical form and no other: what is signed is made again from what was read."""
    try:
        read = msgspec.json.decode(data, type=kind)
        signed = read.image if isinstance(read, _Body) else read
        _check_image(signed.image)
        signatures = [signed.signature]
        keys = [signed.builder]
        if isinstance(read, _Body):
            _check_key(read.key)
            signatures.append(read.signature)
        if not all(map(_KEY.fullmatch, keys)) or any(len(_decoded(each)) != 64 for each in signatures):
            raise ValueError("a key or signature is not of its form")
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError):
        raise ValueError("these are no signed statements about software") from None
    if _encoder.encode(read) != data:
        raise ValueError("the statements are not in their canonical form")
    return read


def _decoded(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None
    if base64.b64encode(raw).decode() != text:
        raise ValueError("not canonical base64")
    return raw


def _check_image(statement: ImageStatement) -> None:
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", statement.image) or not _KEY.fullmatch(statement.node):
        raise ValueError("an image is `sha256:` and 64 hexadecimal digits, a key is 64")
    _check_span(statement.since, statement.until)


def _check_key(statement: KeyStatement) -> None:
    if not _KEY.fullmatch(statement.key):
        raise ValueError("a key configuration is named by 64 hexadecimal digits")
    _check_span(statement.since, statement.until)


def _check_span(since: str, until: str) -> None:
    if not instant(since) < instant(until):
        raise ValueError("a statement ends after it begins")
