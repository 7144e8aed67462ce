# SPDX-License-Identifier: Apache-2.0
"""Machines under roots of our own: certificates, Intel quotes with their collateral, SEV-SNP reports, Nitro documents.

What the genuine samples cannot show is shown with these: a machine that is debugged, out of date, withdrawn, or made for our own key.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import cbor2
import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

from comity.seal.attestation import Evidence, snp
from comity.seal.attestation.pins import Roots, pinned

VECTORS = Path(__file__).parents[3] / "vectors" / "attestation"
AT = datetime(2026, 11, 27, 12, tzinfo=UTC)
SINCE, UNTIL = AT - timedelta(days=10), AT + timedelta(days=20)
PSS = padding.PSS(padding.MGF1(hashes.SHA384()), 48)


def der(tag: int, *parts: bytes) -> bytes:
    value = b"".join(parts)
    size = len(value)
    length = bytes([size]) if size < 128 else bytes([0x81, size]) if size < 256 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + value


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    out = bytearray()
    for number in (40 * first + second, *rest):
        septets = [number & 0x7F]
        while number := number >> 7:
            septets.append(number & 0x7F | 0x80)
        out += bytes(reversed(septets))
    return der(6, bytes(out))


def integer(value: int) -> bytes:
    return der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


@dataclass
class Authority:
    """A key, its certificate, and how it signs."""

    key: Any
    certificate: x509.Certificate
    digest: hashes.HashAlgorithm
    pss: bool = False

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    def crl(self, *serials: int, since: datetime = SINCE, until: datetime = UNTIL) -> bytes:
        made = x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject).last_update(since).next_update(until)
        made = made.add_extension(x509.CRLNumber(1), critical=False)
        made = made.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        for serial in serials:
            made = made.add_revoked_certificate(x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since).build())
        return made.sign(self.key, self.digest, **self._padding).public_bytes(Encoding.DER)

    def certify(
        self, name: str, key: Any, *, ca: bool = False, extensions: Mapping[str, bytes] | None = None, serial: int = 0,
        since: datetime = SINCE, until: datetime = UNTIL,
    ) -> Authority:  # fmt: skip
        return certificate(name, key, self, ca=ca, extensions=extensions, serial=serial, since=since, until=until)

    @property
    def _padding(self) -> dict[str, Any]:
        return {"rsa_padding": PSS} if self.pss else {}


def certificate(
    name: str, key: Any, issuer: Authority | None = None, *, ca: bool = True, digest: hashes.HashAlgorithm | None = None, pss: bool = False,
    extensions: Mapping[str, bytes] | None = None, serial: int = 0, since: datetime = SINCE, until: datetime = UNTIL,
) -> Authority:  # fmt: skip
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    signs = issuer or Authority(key, None, digest or hashes.SHA256(), pss)  # type: ignore[arg-type]
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signs.key.public_key()), critical=False)
        .add_extension(x509.BasicConstraints(ca, None), critical=True)
        .add_extension(x509.KeyUsage(not ca, False, False, False, False, ca, ca, False, False), critical=True)
    )
    for dotted, value in (extensions or {}).items():
        made = made.add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier(dotted), value), critical=False)
    return Authority(key, made.sign(signs.key, signs.digest, **signs._padding), signs.digest, signs.pss)


def raw_signature(key: ec.EllipticCurvePrivateKey, message: bytes, digest: hashes.HashAlgorithm, size: int) -> bytes:
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(digest)))
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def p256() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


# -- Intel ------------------------------------------------------------------------------------------------------------

SGX_OID = "1.2.840.113741.1.13.1"
FMSPC, CPU_SVN, PCE_SVN = bytes.fromhex("b0c06f000000"), bytes([3, 3, 2, 2, 4, 1, 0, 5]) + bytes(8), 11


def sgx_extension() -> dict[str, bytes]:
    def member(suffix: str, value: bytes) -> bytes:
        return der(0x30, oid(SGX_OID + suffix), value)

    tcb = [member(f".2.{number}", integer(svn)) for number, svn in enumerate(CPU_SVN, 1)]
    tcb += [member(".2.17", integer(PCE_SVN)), member(".2.18", der(4, CPU_SVN))]
    configuration = der(0x30, *(member(f".7.{number}", der(1, b"\xff")) for number in (1, 2, 3)))
    return {SGX_OID: der(0x30, member(".1", der(4, bytes(16))), member(".2", der(0x30, *tcb)), member(".3", der(4, bytes(2))),
                         member(".4", der(4, FMSPC)), member(".5", der(10, b"\x01")), member(".6", der(4, bytes(16))),
                         member(".7", configuration))}  # fmt: skip


@dataclass(frozen=True)
class Intel:
    """What a quote says, and what Intel says of the machine; `evidence` makes both."""

    kind: str = "tdx"
    report_data: bytes = bytes(64)
    attributes: bytes = bytes.fromhex("0000001000000000")
    status: str = "UpToDate"
    advisories: tuple[str, ...] = ()
    enclave_status: str = "UpToDate"  # of the quoting enclave
    module_status: str = "UpToDate"  # of the TDX module
    issued: datetime = SINCE
    replaced: datetime = UNTIL
    fmspc: bytes = FMSPC
    revoked: bool = False
    until: datetime = UNTIL  # of the machine's certificate
    other_key: bool = False  # the quote is signed by a key that its enclave does not name
    isv_svn: int = 3
    version: int = 0  # default: 4 of TDX, 3 of SGX

    def but(self, **changes: Any) -> Intel:
        return replace(self, **changes)

    def evidence(self) -> Evidence:
        root, platform, signing, quoting = _intel_keys()
        pck = platform.certify("Intel SGX PCK Certificate", p256(), extensions=sgx_extension(), until=self.until)
        attest = quoting
        named = p256() if self.other_key else attest
        point = named.public_key().public_numbers()
        public = point.x.to_bytes(32, "big") + point.y.to_bytes(32, "big")
        auth_data = bytes(range(32))
        enclave = _enclave(
            bytes.fromhex("1500000000000000e700000000000000"), QE_SIGNER, 2, 6, sha256(public + auth_data).digest() + bytes(32)
        )
        report = self._report()
        tee, body_type = (0x81, 2) if self.kind == "tdx" else (0, 1)
        version = self.version or (4 if self.kind == "tdx" else 3)
        header = struct.pack("<HHI", version, 2, tee) + bytes(4) + bytes.fromhex("939a7233f79c4ca9940a0db3957f0607") + bytes(20)
        signed = header + (struct.pack("<HI", body_type, len(report)) if version == 5 else b"") + report
        pem = "".join((pck.pem, platform.pem, root.pem)).encode()
        certified = enclave + raw_signature(pck.key, enclave, hashes.SHA256(), 32) + struct.pack("<H", len(auth_data)) + auth_data
        certified += struct.pack("<HI", 5, len(pem)) + pem
        if version > 3:
            certified = struct.pack("<HI", 6, len(certified)) + certified
        auth = raw_signature(attest, signed, hashes.SHA256(), 32) + public + certified
        body = signed + struct.pack("<I", len(auth)) + auth
        revoked = [pck.certificate.serial_number] if self.revoked else []
        chain = signing.pem + root.pem
        tcb, identity = self._tcb_info(), self._identity()
        collateral = {
            "pck_crl_issuer_chain": platform.pem + root.pem, "root_ca_crl": root.crl().hex(), "pck_crl": platform.crl(*revoked).hex(),
            "tcb_info_issuer_chain": chain, "tcb_info": tcb,
            "tcb_info_signature": raw_signature(signing.key, tcb.encode(), hashes.SHA256(), 32).hex(),
            "qe_identity_issuer_chain": chain, "qe_identity": identity,
            "qe_identity_signature": raw_signature(signing.key, identity.encode(), hashes.SHA256(), 32).hex(),
        }  # fmt: skip
        return Evidence(kind=self.kind, body=body, collateral=msgspec.json.encode(collateral))  # type: ignore[arg-type]

    def _report(self) -> bytes:
        if self.kind == "sgx":
            return _enclave(self.attributes + bytes.fromhex("e700000000000000"), MRSIGNER, 1, self.isv_svn, self.report_data, MRENCLAVE)
        registers = MRTD + bytes(3 * 48) + RTMR[0] + RTMR[1] + RTMR[2] + RTMR[3]
        return bytes.fromhex("06010300000000000000000000000000") + bytes(48 + 48 + 8) + self.attributes + bytes.fromhex(
            "e702060000000000") + registers + self.report_data  # fmt: skip

    def _tcb_info(self) -> str:
        info: dict[str, Any] = msgspec.json.decode(_sample()["tcb_info"])
        level = info["tcbLevels"][0]
        level |= {"tcbStatus": self.status, "advisoryIDs": list(self.advisories)}
        info |= {"fmspc": self.fmspc.hex().upper(), "tcbLevels": [level], **self._dates()}
        for module in info["tdxModuleIdentities"]:
            module["tcbLevels"] = [module["tcbLevels"][-1] | {"tcbStatus": self.module_status}]
        if self.kind == "sgx":
            del info["tdxModule"], info["tdxModuleIdentities"], level["tcb"]["tdxtcbcomponents"]
            info["id"] = "SGX"
        return msgspec.json.encode(info).decode()

    def _identity(self) -> str:
        found: dict[str, Any] = msgspec.json.decode(_sample()["qe_identity"])
        found |= {"id": "TD_QE" if self.kind == "tdx" else "QE", **self._dates()}
        found["tcbLevels"][0]["tcbStatus"] = self.enclave_status
        return msgspec.json.encode(found).decode()

    def _dates(self) -> dict[str, str]:
        return {"issueDate": f"{self.issued:%Y-%m-%dT%H:%M:%SZ}", "nextUpdate": f"{self.replaced:%Y-%m-%dT%H:%M:%SZ}"}


QE_SIGNER = bytes.fromhex("dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5")
MRENCLAVE, MRSIGNER = b"\xe1" * 32, b"\x51" * 32
MRTD, RTMR = b"\xd1" * 48, [bytes([0xA0 + number]) * 48 for number in range(4)]
TDX_LINE = f"tdx mrtd={MRTD.hex()} rtmr1={RTMR[1].hex()} rtmr2={RTMR[2].hex()}"
SGX_LINE = f"sgx mrsigner={MRSIGNER.hex()} isvprodid=1 isvsvn>=3"


def _enclave(attributes: bytes, signer: bytes, product: int, svn: int, report_data: bytes, measured: bytes = b"\x33" * 32) -> bytes:
    return (CPU_SVN + bytes(4 + 28) + attributes + measured + bytes(32) + signer + bytes(96)
            + struct.pack("<HH", product, svn) + bytes(60) + report_data)  # fmt: skip


@cache
def _sample() -> dict[str, str]:
    read: dict[str, str] = msgspec.json.decode((VECTORS / "tdx" / "collateral.json").read_bytes())
    return read


@cache
def _intel_keys() -> tuple[Authority, Authority, Authority, ec.EllipticCurvePrivateKey]:
    root = certificate("Intel SGX Root CA", p256())
    platform = root.certify("Intel SGX PCK Platform CA", p256(), ca=True)
    return root, platform, root.certify("Intel SGX TCB Signing", p256()), p256()


# -- AMD --------------------------------------------------------------------------------------------------------------

MEASUREMENT = b"\x4d" * 48
SNP_LINE = f"snp measurement={MEASUREMENT.hex()} bootloader>=4 tee>=0 snp>=22 microcode>=213"
KDS = "1.3.6.1.4.1.3704.1."
OLDER, TURIN = bytes([4, 0, 0, 0, 0, 0, 27, 222]), bytes([1, 4, 0, 27, 0, 0, 0, 222])


@dataclass(frozen=True)
class Amd:
    report_data: bytes = bytes(64)
    policy: int = 0x30000
    vmpl: int = 0
    product: str = "Milan"
    vlek: bool = False
    tcb: bytes = OLDER
    certified: bytes | None = None  # default: what the report says
    committed: bytes | None = None
    chip: bytes = bytes(range(64))
    certified_chip: bytes | None = None
    version: int = 5
    withdrawn: bool = False
    crl: bool = True
    other_crl: bytes | None = None
    crl_until: datetime = UNTIL
    until: datetime = UNTIL
    other_key: bool = False
    guest_svn: int = 0

    def but(self, **changes: Any) -> Amd:
        return replace(self, **changes)

    def evidence(self) -> Evidence:
        root, signs = _amd_keys(self.product, self.vlek)
        key = ec.generate_private_key(ec.SECP384R1())
        leaf = signs.certify("SEV-VLEK" if self.vlek else "SEV-VCEK", key, extensions=self._extensions(), until=self.until)
        bare = strip(leaf, signs)
        crl = root.crl(*([signs.certificate.serial_number] if self.withdrawn else []), until=self.crl_until) if self.crl else b""
        crl = crl if self.other_crl is None else self.other_crl
        report = self._report()
        signer = ec.generate_private_key(ec.SECP384R1()) if self.other_key else key
        r, s = decode_dss_signature(signer.sign(report, ec.ECDSA(hashes.SHA384())))
        body = report + r.to_bytes(72, "little") + s.to_bytes(72, "little") + bytes(368)
        return Evidence(kind="snp", body=body, collateral=snp.collateral(bare, signs.der, crl))

    def _report(self) -> bytes:
        body = bytearray(0x2A0)
        struct.pack_into("<IIQ", body, 0, self.version, self.guest_svn, self.policy)
        struct.pack_into("<II", body, 0x30, self.vmpl, 1)
        body[0x38:0x40] = self.tcb
        struct.pack_into("<I", body, 0x48, 4 if self.vlek else 0)
        body[0x50:0x90], body[0x90:0xC0] = self.report_data, MEASUREMENT
        body[0x180:0x188], body[0x1A0:0x1E0] = self.tcb, self.chip
        body[0x1E0:0x1E8], body[0x1F0:0x1F8] = self.committed or self.tcb, self.tcb
        return bytes(body)

    def _extensions(self) -> dict[str, bytes]:
        tcb = self.certified or self.tcb
        layout = {1: 1, 2: 2, 3: 3, 8: 7, 9: 0} if self.product == "Turin" else {1: 0, 2: 1, 3: 6, 8: 7}
        found = {KDS + "1": integer(0), KDS + "2": der(0x16, f"{self.product}-B0".encode())}
        found |= {f"{KDS}3.{number}": integer(tcb[at]) for number, at in layout.items()}
        if self.vlek:
            return found | {KDS + "5": der(0x16, b"example.org")}
        size = 8 if self.product == "Turin" else 64
        return found | {KDS + "4": (self.certified_chip or self.chip)[:size]}


def strip(leaf: Authority, issuer: Authority) -> bytes:
    """As AMD writes it: serial number 0, and no critical extension."""
    tbs = leaf.certificate.tbs_certificate_bytes
    parts = [*split(inner(tbs))]
    parts[1] = integer(0)
    kept = [each for each in split(inner(inner(parts[7]))) if inner(each)[:11].startswith(oid("1.3.6.1.4.1.3704")[2:11], 2)]
    parts[7] = der(0xA3, der(0x30, *kept))
    made = der(0x30, *parts)
    signature = issuer.key.sign(made, PSS, hashes.SHA384())
    return der(0x30, made, parts[2], der(3, b"\x00", signature))


def split(data: bytes) -> list[bytes]:
    found = []
    while data:
        size = head(data) + length(data)
        found.append(data[:size])
        data = data[size:]
    return found


def head(data: bytes) -> int:
    return 2 + (data[1] & 0x7F if data[1] & 0x80 else 0)


def length(data: bytes) -> int:
    return int.from_bytes(data[2 : head(data)], "big") if data[1] & 0x80 else data[1]


def inner(data: bytes) -> bytes:
    return data[head(data) : head(data) + length(data)]


@cache
def _rsa(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@cache
def _amd_keys(product: str, vlek: bool) -> tuple[Authority, Authority]:
    root = _amd_root(product)
    name = f"SEV-VLEK-{product}" if vlek else f"SEV-{product}"
    return root, root.certify(name, _rsa(name), ca=True)


@cache
def _amd_root(product: str) -> Authority:
    return certificate(f"ARK-{product}", _rsa(product), digest=hashes.SHA384(), pss=True)


# -- AWS --------------------------------------------------------------------------------------------------------------

PCRS = {number: bytes([0xC0 + number]) * 48 for number in range(5)} | {number: bytes(48) for number in range(5, 16)}
NITRO_LINE = f"nitro pcr0={PCRS[0].hex()} pcr1={PCRS[1].hex()}"


@dataclass(frozen=True)
class Aws:
    user_data: bytes | None = None
    pcrs: Mapping[int, bytes] | None = None
    made: datetime = AT
    until: datetime = AT + timedelta(hours=3)
    other_root: bool = False
    other_key: bool = False
    authority: bool = False  # the enclave's own certificate may sign others
    tagged: bool = False

    def but(self, **changes: Any) -> Aws:
        return replace(self, **changes)

    def evidence(self) -> Evidence:
        root, region, key = _aws_keys()
        leaf = region.certify("enclave", key, ca=self.authority, until=self.until)
        bundle = [certificate("aws.nitro-enclaves", p384(), digest=hashes.SHA384()) if self.other_root else root, region]
        document = {
            "module_id": "i-1-enc1", "digest": "SHA384", "timestamp": int(self.made.timestamp() * 1000),
            "pcrs": dict(self.pcrs or PCRS), "certificate": leaf.der, "cabundle": [each.der for each in bundle],
            "public_key": None, "user_data": self.user_data, "nonce": None,
        }  # fmt: skip
        protected, payload = cbor2.dumps({1: -35}), cbor2.dumps(document)
        signer = p384() if self.other_key else key
        signature = raw_signature(signer, cbor2.dumps(["Signature1", protected, b"", payload]), hashes.SHA384(), 48)
        message: Any = [protected, {}, payload, signature]
        return Evidence(kind="nitro", body=cbor2.dumps(cbor2.CBORTag(18, message) if self.tagged else message))


def p384() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP384R1())


@cache
def _aws_keys() -> tuple[Authority, Authority, ec.EllipticCurvePrivateKey]:
    root = certificate("aws.nitro-enclaves", p384(), digest=hashes.SHA384())
    return root, root.certify("region", p384(), ca=True), p384()


def roots() -> Roots:
    """Ours, in the makers' place."""
    return Roots(_intel_keys()[0].der, _aws_keys()[0].der, {product: _amd_root(product).der for product in pinned().amd})
