# SPDX-License-Identifier: Apache-2.0
"""Certificates from the one that signed to a root that is pinned: who signed whom, who may sign, and when.

The rules of web servers' certificates do not fit these: no names to match, PSS signatures, chains of a maker's own.  So it is RFC 5280's
core and no more: each is signed by the next, each that signs is an authority that may, and so many may stand below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from comity.seal.attestation import der
from comity.seal.attestation.moment import spelled

if TYPE_CHECKING:
    from cryptography import x509

DEPTH_MAX = 8


def loaded(certificate: bytes) -> x509.Certificate:
    """Of DER.  Raises ValueError, and nothing else, whatever it is given."""
    from cryptography import x509

    if der.serial(certificate) == 0:
        raise ValueError("a serial number is above 0")
    try:
        return x509.load_der_x509_certificate(certificate)
    except x509.InvalidVersion as error:
        raise ValueError(str(error)) from None


def leads(chain: Sequence[x509.Certificate], root: x509.Certificate) -> bool:
    """Whether each of ``chain``, the one at its end first, is signed by the next, and the last by ``root``."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    above = [*chain[1:], root]
    if not chain or len(above) > DEPTH_MAX:
        return False
    try:
        for below, (certificate, issuer) in enumerate(zip(chain, above, strict=True)):
            certificate.verify_directly_issued_by(issuer)
            if not authority(issuer, below):
                return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def authority(certificate: x509.Certificate, below: int = 0) -> bool:
    """Whether it may sign certificates, with ``below`` more authorities under it."""
    from cryptography import x509

    try:
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False
    return basic.ca and usage.key_cert_sign and (basic.path_length is None or below <= basic.path_length)


def out_of_time(chain: Sequence[x509.Certificate], at: datetime) -> str:
    """Why one of them is not valid at ``at``; "" where all are."""
    for each in chain:
        since, until = each.not_valid_before_utc, each.not_valid_after_utc
        if not since <= at <= until:
            return f"a certificate is valid from {spelled(since)} until {spelled(until)}"
    return ""


def crl(data: bytes) -> x509.CertificateRevocationList:
    """Of DER.  Raises ValueError, and nothing else, whatever it is given."""
    from cryptography import x509

    try:
        return x509.load_der_x509_crl(data)
    except x509.InvalidVersion as error:
        raise ValueError(str(error)) from None


def lists_of(found: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    """Whether a revocation list is ``issuer``'s own."""
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        return found.issuer == issuer.subject and found.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except (UnsupportedAlgorithm, ValueError, TypeError):
        return False


def withdrawn(found: x509.CertificateRevocationList, certificates: Sequence[x509.Certificate]) -> bool:
    return any(found.get_revoked_certificate_by_serial_number(each.serial_number) is not None for each in certificates)
