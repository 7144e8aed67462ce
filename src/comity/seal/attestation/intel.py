# SPDX-License-Identifier: Apache-2.0
"""Intel TDX and SGX: a DCAP quote, verified with `dcap-qvl` against collateral of Intel's and the root that is pinned here.

The library checks certificates, revocation lists, signatures and the quoting enclave, and finds the status of the firmware.  What a client
wants beside that (time with a reason of its own, no debugger, which status will do, which software) is asked here, step by step.
Collateral is JSON with the nine members that Intel's service gives, PEM or hexadecimal, as the library writes them.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from comity.errors import OperatorError
from comity.seal.attestation import chain, quote
from comity.seal.attestation.evidence import Evidence
from comity.seal.attestation.expected import Expected
from comity.seal.attestation.measurement import hold
from comity.seal.attestation.verdict import Trail

if TYPE_CHECKING:
    from cryptography import x509

UNDER_DEBUG, SEPT_VE_DISABLE, MIGRATABLE = 0xFF, 1 << 28, 1 << 29
"""Of TDATTRIBUTES (Intel 348551): any of the lowest eight bits means that the host may look in."""
INIT, SGX_DEBUG = 1, 2
WRONG_ROOT = "the certificates do not lead to Intel's root that is pinned here"
WORDS = (
    (re.compile(r"revo", re.I), "revocation", "a certificate was withdrawn"),
    (re.compile(r"expired|in the future", re.I), "expired", "something of Intel's is not valid at that time"),
    (re.compile(r"certificate|chain|crl|root", re.I), "chain", WRONG_ROOT),
    (re.compile(r"tcb ?info|qe ?identity|fmspc|collateral", re.I), "collateral", "the collateral is not Intel's, or for another machine"),
)
"""What the library says, by the step that it means; all else is a signature that does not hold."""


class Collateral(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pck_crl_issuer_chain: str
    root_ca_crl: str
    pck_crl: str
    tcb_info_issuer_chain: str
    tcb_info: str
    tcb_info_signature: str
    qe_identity_issuer_chain: str
    qe_identity: str
    qe_identity_signature: str


class _Dated(msgspec.Struct, frozen=True):
    issueDate: str
    nextUpdate: str


def verify(trail: Trail, evidence: Evidence, at: datetime, expected: Expected, root: bytes) -> bytes:
    """The 64 bytes that the quote carries, once all else holds."""
    qvl = _qvl()
    said, pck = _quoted(trail, qvl, evidence)
    read = _collateral(trail, evidence.collateral)
    _chained(trail, pck, read, at, root)
    claims = _claimed(trail, qvl, evidence, at, root)
    report = said.report
    if evidence.kind == "tdx":
        _not_watched(trail, int.from_bytes(report.td_attributes, "little"))
    else:
        flags = report.attributes[0]
        trail.require(flags & (INIT | SGX_DEBUG) == INIT, "debug", "the enclave's attributes bar it", "the enclave may be debugged")
    tcb = claims["tcb"]
    told = ", ".join([f"Intel calls this machine {tcb['status']}", *tcb["advisory_ids"]])
    trail.require(tcb["status"] in expected.tcb, "tcb", told, told)
    registers, numbers = _measured(evidence.kind, report, claims)
    hold(trail, evidence.kind, registers, numbers, expected.measurements)
    return bytes(report.report_data)


def _quoted(trail: Trail, qvl: Any, evidence: Evidence) -> tuple[Any, list[x509.Certificate]]:
    """The quote, and the certificates in it."""
    try:
        read = qvl.parse_quote(evidence.body)
        if not (read.is_tdx() if evidence.kind == "tdx" else read.is_sgx()):
            raise trail.refusal("evidence", f"the quote is not one of {evidence.kind}")
        certificates = quote.chain(quote.certificates(evidence.body, evidence.kind))
    except ValueError:
        raise trail.refusal("evidence", "these bytes are no quote that carries its certificates") from None
    trail.note("evidence", f"a quote of version {read.header.version}")
    return read, certificates


def _collateral(trail: Trail, collateral: bytes) -> Collateral:
    if not collateral:
        raise trail.refusal("collateral", "nothing of Intel's was brought with the quote")
    try:
        read = msgspec.json.decode(collateral, type=Collateral)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise trail.refusal("collateral", "what was brought with the quote is no collateral of Intel's") from None
    trail.note("collateral", "TCB info, QE identity, two revocation lists and their certificates")
    return read


def _chained(trail: Trail, pck: list[x509.Certificate], read: Collateral, at: datetime, root: bytes) -> None:
    """All certificates, and all dates.  The library checks most of it again, and does not say which it was."""
    from cryptography import x509

    pems = (read.pck_crl_issuer_chain, read.tcb_info_issuer_chain, read.qe_identity_issuer_chain)
    try:
        chains = [pck, *(quote.chain(pem.encode()) for pem in pems)]
        dated = {"TCB info": read.tcb_info, "QE identity": read.qe_identity}
        parsed = {name: msgspec.json.decode(text, type=_Dated) for name, text in dated.items()}
        spans = {name: (_instant(each.issueDate), _instant(each.nextUpdate)) for name, each in parsed.items()}
        for name, crl in (("the root's revocation list", read.root_ca_crl), ("the revocation list", read.pck_crl)):
            listed = x509.load_der_x509_crl(_bytes(crl))
            spans[name] = listed.last_update_utc, listed.next_update_utc or listed.last_update_utc
        _bytes(read.tcb_info_signature), _bytes(read.qe_identity_signature)
    except (msgspec.MsgspecError, ValueError, TypeError):
        raise trail.refusal("collateral", "certificates, lists or dates of Intel's cannot be read") from None
    pinned = chain.loaded(root)
    held = all(each[-1] == pinned and chain.leads(each[:-1], pinned) for each in chains)
    trail.require(held, "chain", "to Intel SGX Root CA", WRONG_ROOT)
    late = chain.out_of_time([each for certificates in chains for each in certificates], at)
    for name, (since, until) in spans.items():
        if not since <= at < until:
            late = f"{name} is of {since:%Y-%m-%dT%H:%M:%SZ}, and to be replaced at {until:%Y-%m-%dT%H:%M:%SZ}"
    trail.require(not late, "expired", f"to be replaced at {min(until for _, until in spans.values()):%Y-%m-%dT%H:%M:%SZ}", late)


def _claimed(trail: Trail, qvl: Any, evidence: Evidence, at: datetime, root: bytes) -> Any:
    now = int(at.timestamp())
    try:
        collateral = qvl.QuoteCollateralV3.from_json(evidence.collateral.decode())
        claims = qvl.QuoteVerifier(root).verify_with_policy(evidence.body, collateral, now, qvl.QuotePolicy.claims_only(now))
        read = msgspec.json.decode(claims.to_json())
    except (ValueError, OverflowError) as error:
        said = str(error)
        found = next(((step, why) for pattern, step, why in WORDS if pattern.search(said)), None)
        raise trail.refusal(*(found or ("signature", "the quote, or its quoting enclave, is not signed as Intel's"))) from None
    trail.note("revocation", "no certificate stands on Intel's lists")
    trail.note("signature", "by the machine's quoting enclave")
    return read


def _not_watched(trail: Trail, attributes: int) -> None:
    why = ""
    if attributes & UNDER_DEBUG:
        why = "the trust domain may be debugged"
    elif attributes & MIGRATABLE:
        why = "the trust domain may be moved elsewhere"
    elif not attributes & SEPT_VE_DISABLE:
        why = "the host may take pages from the trust domain unnoticed"
    trail.require(not why, "debug", "the trust domain's attributes bar all of it", why)


def _measured(kind: str, report: Any, claims: Any) -> tuple[dict[str, bytes], dict[str, int]]:
    if kind == "tdx":
        names = {
            "mrtd": "mr_td",
            "mrconfigid": "mr_config_id",
            "mrowner": "mr_owner",
            "mrownerconfig": "mr_owner_config",
            "mrseam": "mr_seam",
        }
        names |= {f"rtmr{number}": f"rt_mr{number}" for number in range(4)}
        return {name: bytes(getattr(report, member)) for name, member in names.items()}, {}
    body = next(iter(claims["report"].values()))
    return {"mrenclave": bytes(report.mr_enclave), "mrsigner": bytes(report.mr_signer)}, {
        "isvprodid": body["isv_prod_id"], "isvsvn": body["isv_svn"]}  # fmt: skip


def _bytes(text: str) -> bytes:
    raw = bytes.fromhex(text)
    if raw.hex() != text:
        raise ValueError("not hexadecimal in its one spelling")
    return raw


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def _qvl() -> Any:
    try:
        import dcap_qvl
    except ImportError:
        raise OperatorError("evidence of this kind needs a package that is not installed", code="extra.absent",
                            hint="pip install 'comity[attestation]'") from None  # fmt: skip
    return dcap_qvl
