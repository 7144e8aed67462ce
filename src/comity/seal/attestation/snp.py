# SPDX-License-Identifier: Apache-2.0
"""AMD SEV-SNP: a report of the SEV-SNP ABI (AMD 56860, table "ATTESTATION_REPORT"), signed by a key that AMD certifies for one chip and one
firmware (VCEK), or for one cloud and one firmware (VLEK).

Collateral is JSON, each member base64 of DER: `leaf` (VCEK or VLEK), `issuer` (the ASK or ASVK that signed it) and `crl`, from AMD's key
service.  AMD publishes no list of firmware that is out of date, so the least that will do is part of what the client pins.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from comity.seal.attestation import chain, der
from comity.seal.attestation.evidence import Evidence
from comity.seal.attestation.expected import Expected
from comity.seal.attestation.measurement import hold
from comity.seal.attestation.moment import spelled
from comity.seal.attestation.verdict import Trail

if TYPE_CHECKING:
    from cryptography import x509

REPORT_BYTES, SIGNED_BYTES, NUMBER_BYTES = 0x4A0, 0x2A0, 72
VERSIONS = range(2, 6)
MIGRATABLE, DEBUG, RESERVED_ONE = 1 << 18, 1 << 19, 1 << 17
NAMES = {0: "SEV-VCEK", 1: "SEV-VLEK"}
"""By the report's SIGNING_KEY: the common name of the certificate."""
_KDS = "1.3.6.1.4.1.3704.1."
HARDWARE_ID = _KDS + "4"
PARTS = {"bootloader": _KDS + "3.1", "tee": _KDS + "3.2", "snp": _KDS + "3.3", "microcode": _KDS + "3.8", "fmc": _KDS + "3.9"}
"""Parts of a firmware's version, and the extension that certifies each (AMD 57230)."""
OLDER = {"bootloader": 0, "tee": 1, "snp": 6, "microcode": 7}
LAYOUTS = {"Turin": {"fmc": 0, "bootloader": 1, "tee": 2, "snp": 3, "microcode": 7}}
"""Where each part stands among the eight bytes of a TCB_VERSION; `OLDER` for all products before Turin."""


class Collateral(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    leaf: bytes
    issuer: bytes
    crl: bytes = b""


class Report(NamedTuple):
    """What is used of one.  TCBs are as they stand: eight bytes."""

    version: int
    guest_svn: int
    policy: int
    vmpl: int
    signing_key: int
    report_data: bytes
    measurement: bytes
    host_data: bytes
    id_key: bytes
    author_key: bytes
    tcbs: tuple[bytes, bytes, bytes]  # reported, committed, at launch
    chip: bytes
    signed: bytes
    signature: tuple[int, int]


def parse(body: bytes) -> Report:
    """Raises ValueError."""
    if len(body) != REPORT_BYTES:
        raise ValueError(f"a report has {REPORT_BYTES} bytes")
    version, guest_svn, policy = struct.unpack_from("<IIQ", body, 0)
    vmpl, algorithm = struct.unpack_from("<II", body, 0x30)
    (flags,) = struct.unpack_from("<I", body, 0x48)
    signing_key = flags >> 2 & 7
    if version not in VERSIONS or algorithm != 1 or flags >> 5 or signing_key not in NAMES or not policy & RESERVED_ONE:
        raise ValueError("the report is of a version, or signed in a way, that is not known")
    r, s = (int.from_bytes(body[at : at + NUMBER_BYTES], "little") for at in (SIGNED_BYTES, SIGNED_BYTES + NUMBER_BYTES))
    if any(body[SIGNED_BYTES + 2 * NUMBER_BYTES :]):
        raise ValueError("something follows the report's signature")
    return Report(version, guest_svn, policy, vmpl, signing_key, body[0x50:0x90], body[0x90:0xC0], body[0xC0:0xE0], body[0xE0:0x110],
                  body[0x110:0x140], (body[0x180:0x188], body[0x1E0:0x1E8], body[0x1F0:0x1F8]), body[0x1A0:0x1E0],
                  body[:SIGNED_BYTES], (r, s))  # fmt: skip


def verify(trail: Trail, evidence: Evidence, at: datetime, expected: Expected, roots: Mapping[str, bytes]) -> bytes:
    """The 64 bytes that the report carries, once all else holds."""
    try:
        report = parse(evidence.body)
    except ValueError as error:
        raise trail.refusal("evidence", str(error)) from None
    trail.note("evidence", f"an SEV-SNP report, version {report.version}")
    product, leaf = _chained(trail, report, evidence.collateral, at, expected, roots)
    trail.require(_signed(report, leaf.key), "signature", f"by {NAMES[report.signing_key]}", "the chip's key did not sign this report")
    if report.policy & DEBUG:
        raise trail.refusal("debug", "the guest's policy lets its host debug it")
    trail.require(not report.policy & MIGRATABLE, "debug", "the guest's policy bars both", "the guest's policy lets it be moved elsewhere")
    layout = LAYOUTS.get(product, OLDER)
    certified = {name: leaf.extensions.get(PARTS[name]) for name in layout}
    held = all(value is not None and _number(value) == report.tcbs[0][layout[name]] for name, value in certified.items())
    trail.require(held, "tcb", "the certificate is for the firmware that the report names", "the certificate is for another firmware")
    least = {name: min(tcb[byte] for tcb in report.tcbs) for name, byte in layout.items()}
    registers = {"measurement": report.measurement, "hostdata": report.host_data, "idkey": report.id_key, "authorkey": report.author_key}
    hold(trail, "snp", registers, least | {"guestsvn": report.guest_svn, "vmpl": report.vmpl}, expected.measurements)
    return report.report_data


def _chained(
    trail: Trail, report: Report, brought: bytes, at: datetime, expected: Expected, roots: Mapping[str, bytes]
) -> tuple[str, der.Leaf]:
    """The product, and the certificate of the key that signed."""
    if not brought:
        raise trail.refusal("collateral", "no certificates were brought with the report")
    try:
        read = msgspec.json.decode(brought, type=Collateral)
        if collateral(read.leaf, read.issuer, read.crl) != brought:
            raise ValueError("not in its one spelling")
        leaf, issuer = der.leaf(read.leaf), chain.loaded(read.issuer)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise trail.refusal("collateral", "what was brought with the report is no certificates") from None
    trail.note("collateral", "the certificates of a chip and of its issuer")
    pinned = ((name, chain.loaded(each)) for name, each in roots.items())
    found = next(((name, root) for name, root in pinned if chain.leads([issuer], root)), None)
    held = found is not None and chain.authority(issuer) and leaf.issuer == issuer.subject.public_bytes() and _certified(leaf, issuer)
    if found is None or not held or not leaf.subject.endswith(NAMES[report.signing_key].encode()):  # the common name stands last
        raise trail.refusal("chain", "the certificates do not lead to a root of AMD's that is pinned here")
    product, root = found
    chip = leaf.extensions.get(HARDWARE_ID, b"")
    if report.signing_key == 0 and (not chip or not report.chip.startswith(chip) or any(report.chip[len(chip) :])):
        raise trail.refusal("chain", "the certificate is for another chip, or the chip is not named")
    trail.note("chain", f"to ARK-{product}")
    late = chain.out_of_time([issuer, root], at)
    if not leaf.since <= at <= leaf.until:
        late = f"the certificate of the chip is valid from {spelled(leaf.since)} until {spelled(leaf.until)}"
    trail.require(not late, "expired", f"the certificate of the chip is valid until {spelled(leaf.until)}", late)
    _not_withdrawn(trail, read.crl, issuer, root, at, required=expected.crl_required)
    return product, leaf


def _not_withdrawn(trail: Trail, crl: bytes, issuer: x509.Certificate, root: x509.Certificate, at: datetime, *, required: bool) -> None:
    if not crl:
        trail.require(
            not required,
            "revocation",
            "the list of what AMD withdrew was not brought, and is not asked for",
            "the list of what AMD withdrew was not brought",
        )
        return
    try:
        listed = chain.crl(crl)
        since, until = listed.last_update_utc, listed.next_update_utc
    except ValueError:
        raise trail.refusal("revocation", "the list of what AMD withdrew cannot be read") from None
    if not chain.lists_of(listed, root):
        raise trail.refusal("revocation", "the list of what was withdrawn is not AMD's")
    if until is None or not since <= at <= until:
        raise trail.refusal("expired", "the list of what AMD withdrew is not of this time")
    held = not chain.withdrawn(listed, [issuer])
    trail.require(
        held, "revocation", f"a list of AMD's, valid until {spelled(until)}", "the certificate that signed the chip's was withdrawn"
    )


def _certified(leaf: der.Leaf, issuer: x509.Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    key, digest = issuer.public_key(), hashes.SHA384()
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        key.verify(leaf.signature, leaf.signed, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    except InvalidSignature:
        return False
    return True


def _signed(report: Report, key: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        public = load_der_public_key(key)
        if not isinstance(public, ec.EllipticCurvePublicKey) or public.curve.name != "secp384r1":
            return False
        public.verify(encode_dss_signature(*report.signature), report.signed, ec.ECDSA(hashes.SHA384()))
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _number(value: bytes) -> int:
    try:
        return der.integer(value)
    except ValueError:
        return -1


def collateral(leaf: bytes, issuer: bytes, crl: bytes = b"") -> bytes:
    """Of certificates in DER, as whoever runs a node puts it beside a report."""
    return msgspec.json.encode(Collateral(leaf=leaf, issuer=issuer, crl=crl), order="sorted")
