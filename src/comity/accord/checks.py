# SPDX-License-Identifier: Apache-2.0
"""How somebody made sure of a document: the issuer's signature on it, its number in a public register, or a named person's review.

A signature is verified when it is registered and can be verified again; a look-up and a review are the word of whoever made them, with
the day.  Nothing here asks a register or a list of withdrawn certificates: nothing is sent.
"""

from __future__ import annotations

import base64
import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from comity.errors import CallerError

if TYPE_CHECKING:
    from cryptography import x509

TEXT_CHARACTERS_MAX = 200
UNCHECKED = "unchecked"


class Signature(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="signature"):
    """Detached, over the bytes of the document.  Without certificates the approver answers for whose ``key`` it is."""

    value: str  # base64, as are the others, of DER
    key: str = ""
    certificates: tuple[str, ...] = ()  # the signer's first, the authority that was named last


class Lookup(msgspec.Struct, frozen=True, kw_only=True, tag="register"):
    register: str
    number: str
    url: str
    on: date
    by: str


class Review(msgspec.Struct, frozen=True, kw_only=True, tag="review"):
    of: str  # what was looked at
    on: date
    by: str
    role: str


Check = Signature | Lookup | Review


class Fault(NamedTuple):
    field: str
    why: str
    mend: str


class Known(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A register whose numbers have a form.  ``like``: one that was given."""

    about: str
    url: str
    number: str
    like: str


def name_of(check: Check | None) -> str:
    """`signature`, `register`, `review` or `unchecked`."""
    return UNCHECKED if check is None else str(type(check).__struct_config__.tag)


def told(check: Check | None) -> str:
    """In one line, for a person."""
    if isinstance(check, Signature):
        return f"signature of {signer(check)}"
    if isinstance(check, Lookup):
        return f"register {check.register} {check.number}, looked up {check.on} by {check.by}"
    return f"review of {check.of} {check.on} by {check.by} ({check.role})" if check is not None else UNCHECKED


@cache
def known_registers() -> Mapping[str, Known]:
    raw = tomllib.loads(files("comity.accord").joinpath("registers.toml").read_text(encoding="utf-8"))
    return msgspec.convert(raw, dict[str, Known])


def sound(check: Lookup | Review, today: date) -> None:
    """Raises CallerError naming the member, the reason and the mend."""
    fields = {"by": check.by} | ({"role": check.role, "of": check.of} if isinstance(check, Review) else {"number": check.number})
    for field, said in fields.items():
        if not 0 < len(said.strip()) <= TEXT_CHARACTERS_MAX or not said.isprintable():
            raise wrong(Fault(field, "says nothing", f"at most {TEXT_CHARACTERS_MAX} characters on one line"))
    if check.on > today:
        raise wrong(Fault("on", "lies ahead", "the day on which it was done"))
    if isinstance(check, Lookup):
        _registered(check)


def _registered(check: Lookup) -> None:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", check.register):
        raise wrong(Fault("register", f"`{check.register[:64]}` is no name of a register", "small letters, digits and hyphens"))
    form = known_registers().get(check.register)
    if form is not None and not re.fullmatch(form.number, check.number):
        raise wrong(Fault("number", f"`{check.number[:64]}` is not as {check.register} numbers", f"one that it gave: {form.like}"))
    if not re.fullmatch(r"https://[!-~]{1,300}", check.url):
        known = ", ".join(known_registers())
        raise wrong(Fault("url", "is not where the register can be read", f"--url https://…; known without one: {known}"))


# -- signatures ----------------------------------------------------------------------------------------------------------


def signature(value: bytes, key: bytes, authority: bytes, document: bytes, at: datetime) -> Signature:
    """Of what ``key`` holds in PEM: a public key, or certificates that lead to one of ``authority``.  Raises CallerError."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

    try:
        if b"BEGIN CERTIFICATE" in key:
            chain = _certificates(key, "key")
            roots = _certificates(authority, "authority")
            path = _path(chain, roots)
            made = Signature(value=_text(value), certificates=tuple(_text(each.public_bytes(Encoding.DER)) for each in path))
        elif authority:
            raise wrong(Fault("key", "is no certificate, so no authority stands for it", "a certificate, or no --authority"))
        else:
            spki = load_pem_public_key(key).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            made = Signature(value=_text(value), key=_text(spki))
    except (ValueError, TypeError, x509.InvalidVersion):
        raise wrong(Fault("key", "is neither a public key nor certificates in PEM", "of the issuer, not your own")) from None
    found = fault(made, document, at)
    if found is not None:
        raise wrong(found)
    return made


def _path(chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    from comity.seal.attestation.chain import leads

    if not roots:
        raise wrong(Fault("authority", "is missing: a certificate alone says whatever its maker likes", "--authority FILE"))
    below = [each for each in chain if each not in roots]
    for root in roots:
        if below and leads(below, root):
            return [*below, root]
    raise wrong(Fault("authority", "stands for none of these certificates", "the signer's certificate first, then those above it"))


def fault(check: Signature, document: bytes, at: datetime) -> Fault | None:
    """What is wrong with it, of this document, for whoever was to rely on it ``at`` that moment."""
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    from comity.seal.attestation.chain import leads, loaded, out_of_time

    chain = [loaded(_bytes(each)) for each in check.certificates]
    if chain:
        if not leads(chain[:-1], chain[-1]):
            return Fault("authority", "stands for none of these certificates", "the signer's certificate first, then those above it")
        late = out_of_time(chain, at)
        if late:
            return Fault("key", late, "a signature under a certificate that is valid")
        if not _may_sign(chain[0]):
            return Fault("key", "is a certificate that may not sign documents", "the issuer's certificate for signatures")
    return _held(chain[0].public_key() if chain else load_der_public_key(_bytes(check.key)), _bytes(check.value), document)


def _held(key: object, value: bytes, document: bytes) -> Fault | None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, SECP384R1, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(value, document)
        elif isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1 | SECP384R1):
            key.verify(value, document, ECDSA(hashes.SHA256() if isinstance(key.curve, SECP256R1) else hashes.SHA384()))
        else:
            return Fault("key", "is neither Ed25519 nor ECDSA on P-256 or P-384", "such a signature, or another check")
    except InvalidSignature:
        return Fault("signature", "is not this key's on this document", "the detached signature, not encoded, and the document as it was")
    return None


def _may_sign(certificate: x509.Certificate) -> bool:
    from cryptography import x509

    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return usage.digital_signature or usage.content_commitment


def signer(check: Signature) -> str:
    """The subject of the certificate, else the key by its SHA-256."""
    import hashlib

    from comity.seal.attestation.chain import loaded

    if check.certificates:
        first, last = (loaded(_bytes(each)).subject.rfc4514_string() for each in (check.certificates[0], check.certificates[-1]))
        return f"{first} (under {last})"
    return f"the key {hashlib.sha256(_bytes(check.key)).hexdigest()[:16]}"


def _certificates(pem: bytes, field: str) -> list[x509.Certificate]:
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import load_pem_x509_certificates

    from comity.seal.attestation.chain import loaded

    if not pem:
        return []
    try:
        return [loaded(each.public_bytes(Encoding.DER)) for each in load_pem_x509_certificates(pem)]
    except ValueError:
        raise wrong(Fault(field, "holds no certificate in PEM", "a file that begins with -----BEGIN CERTIFICATE-----")) from None


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def wrong(fault: Fault) -> CallerError:
    return CallerError(f"evidence.{fault.field} {fault.why}", code="evidence.invalid", field=fault.field, hint=fault.mend)
