# SPDX-License-Identifier: Apache-2.0
"""AWS Nitro Enclaves: a document of the hypervisor's, in CBOR (RFC 8949), signed as COSE_Sign1 (RFC 9052) with ES384 by a key that Amazon
certifies for one enclave and some three hours.

It brings its whole chain, so there is no collateral.  Amazon says that its list of withdrawn certificates is not to be asked
("CRL must be disabled when doing the validation"): their short life stands for it.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from comity.errors import OperatorError
from comity.seal.attestation import chain
from comity.seal.attestation.evidence import Evidence
from comity.seal.attestation.expected import Expected
from comity.seal.attestation.measurement import hold
from comity.seal.attestation.moment import spelled
from comity.seal.attestation.verdict import Trail

ES384 = {1: -35}
SIGN1_TAG = 18
PCR_BYTES, SIGNATURE_BYTES = 48, 96
BOOT = (0, 1, 2)
"""The registers of the image, its kernel and its application; a debugged enclave has zeros there."""
AHEAD = timedelta(minutes=5)
MILLISECONDS_MAX = 1 << 47  # some 4,400 years


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As Amazon names its members."""

    module_id: str
    digest: str
    timestamp: int  # milliseconds since 1970
    pcrs: dict[int, bytes]
    certificate: bytes
    cabundle: list[bytes]
    public_key: bytes | None = None
    user_data: bytes | None = None
    nonce: bytes | None = None


def verify(trail: Trail, evidence: Evidence, at: datetime, expected: Expected, root: bytes) -> bytes:
    """The document's `user_data`, once all else holds."""
    try:
        protected, payload, signature = _sign1(evidence.body)
        document = _document(payload)
        pinned, *others = map(chain.loaded, [root, *reversed(document.cabundle[1:]), document.certificate])
        certificates = [others[-1], *others[:-1]]
    except (ValueError, OverflowError) as error:
        raise trail.refusal("evidence", f"these bytes are no attestation document ({type(error).__name__})") from None
    trail.note("evidence", f"a document of {len(document.pcrs)} registers")
    held = document.cabundle[0] == root and chain.leads(certificates, pinned) and not chain.authority(certificates[0])
    trail.require(held, "chain", "to aws.nitro-enclaves", "the certificates do not lead to Amazon's root that is pinned here")
    late = chain.out_of_time([*certificates, pinned], at)
    made = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=document.timestamp)
    if not late and not at - timedelta(seconds=expected.age_seconds_max) <= made <= at + AHEAD:
        late = f"the document was made at {spelled(made)}"
    trail.require(not late, "expired", f"made at {spelled(made)}, certificates valid", late)
    message = _encoded(["Signature1", protected, b"", payload])
    trail.require(_signed(certificates[0], message, signature), "signature", "by the enclave's certificate",
                  "the key of the enclave's certificate did not sign this document")  # fmt: skip
    clear = all(any(document.pcrs.get(number, b"")) for number in BOOT)
    trail.require(clear, "debug", "the registers of the image are not zero", "the registers of the image are zero: the enclave is debugged")
    hold(trail, "nitro", {f"pcr{number}": value for number, value in document.pcrs.items()}, {}, expected.measurements)
    return document.user_data or b""


def _sign1(body: bytes) -> tuple[bytes, bytes, bytes]:
    """Protected header, payload and signature.  Raises ValueError."""
    read = _decoded(body)
    if getattr(read, "tag", None) == SIGN1_TAG:
        read = read.value
    if not isinstance(read, list | tuple) or len(read) != 4:
        raise ValueError("not COSE_Sign1")
    protected, unprotected, payload, signature = read
    if not isinstance(protected, bytes) or not isinstance(payload, bytes) or not isinstance(signature, bytes) or unprotected != {}:
        raise ValueError("not COSE_Sign1")
    if len(signature) != SIGNATURE_BYTES or _decoded(protected) != ES384:
        raise ValueError("not signed with ES384")
    return protected, payload, signature


def _document(payload: bytes) -> Document:
    try:
        read = msgspec.convert(_decoded(payload), Document, strict=True)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None
    sized = all(0 <= number < 32 and len(value) == PCR_BYTES for number, value in read.pcrs.items())
    if read.digest != "SHA384" or not sized or not 1 <= len(read.cabundle) <= chain.DEPTH_MAX or not 0 <= read.timestamp < MILLISECONDS_MAX:
        raise ValueError("a member is not as Amazon writes it")
    return read


def _signed(certificate: Any, message: bytes, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp384r1":
        return False
    half = SIGNATURE_BYTES // 2
    r, s = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
    try:
        key.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA384()))
    except (InvalidSignature, ValueError):
        return False
    return True


def _decoded(data: bytes) -> Any:
    """One value and nothing behind it.  Raises ValueError."""
    stream = io.BytesIO(data)
    cbor2 = _cbor2()
    try:
        value = cbor2.CBORDecoder(stream).decode()
    except (cbor2.CBORDecodeError, RecursionError, MemoryError, OverflowError, TypeError) as error:
        raise ValueError(type(error).__name__) from None
    if stream.read(1):
        raise ValueError("something follows")
    return value


def _encoded(value: Any) -> bytes:
    encoded: bytes = _cbor2().dumps(value)
    return encoded


def _cbor2() -> Any:
    try:
        import cbor2
    except ImportError:
        raise OperatorError("evidence of this kind needs a package that is not installed", code="extra.absent",
                            hint="pip install 'comity[attestation]'") from None  # fmt: skip
    return cbor2
