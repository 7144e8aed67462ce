# SPDX-License-Identifier: Apache-2.0
"""Intel TDX and SGX: a DCAP quote, verified with `dcap-qvl` against collateral of Intel's and the root that is pinned here.

The library checks certificates, revocation lists, signatures and the quoting enclave, and finds the status of the firmware; it says in
words what failed.  Whatever must fail by its own name is asked here before it or after it.  Collateral is JSON with the nine members that
Intel's service gives, PEM or hexadecimal, as the library writes them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from comity.errors import OperatorError
from comity.seal.attestation import chain, quote
from comity.seal.attestation.evidence import Evidence
from comity.seal.attestation.expected import Expected
from comity.seal.attestation.measurement import hold
from comity.seal.attestation.moment import instant, spelled
from comity.seal.attestation.verdict import StepName, Trail

if TYPE_CHECKING:
    from cryptography import x509

UNDER_DEBUG, SEPT_VE_DISABLE, MIGRATABLE = 0xFF, 1 << 28, 1 << 29
"""Of TDATTRIBUTES (Intel 348551): any of the lowest eight bits means that the host may look in."""
INIT, SGX_DEBUG = 1, 2
WRONG_ROOT = "the certificates do not lead to Intel's root that is pinned here"
WORDS: tuple[tuple[re.Pattern[str], StepName, str], ...] = (
    (re.compile(r"version|unsupported|vendor|decode quote", re.I), "evidence", "the quote is of a form that is not verified here"),
    (re.compile(r"debug|attributes|sept|migration", re.I), "debug", "the host may look into the machine, or move it elsewhere"),
    (re.compile(r"tcb status|tcb level|module", re.I), "tcb", "this machine's firmware is withdrawn, or not known to Intel"),
    (re.compile(r"expired|in the future", re.I), "expired", "something of Intel's is not valid at that time"),
    (re.compile(r"certificate|chain|crl|root", re.I), "chain", WRONG_ROOT),
    (re.compile(r"tcb ?info|qe ?identity|fmspc|collateral", re.I), "collateral", "the collateral is not Intel's, or for another machine"),
)
"""What the library says, by the step that it means; all else is a signature that does not hold."""
NOT_SIGNED: tuple[StepName, str] = "signature", "the quote, or its quoting enclave, is not signed as Intel's"


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


class _Published(NamedTuple):
    """Certificates, leaf first, the quote's own before the others; and all else that is dated."""

    chains: list[list[x509.Certificate]]
    root_list: x509.CertificateRevocationList
    leaf_list: x509.CertificateRevocationList
    spans: Mapping[str, tuple[datetime, datetime]]


def verify(trail: Trail, evidence: Evidence, at: datetime, expected: Expected, root: bytes) -> bytes:
    """The 64 bytes that the quote carries, once all else holds."""
    qvl = _qvl()
    read, certificates = _quoted(trail, qvl, evidence)
    published = _published(trail, evidence.collateral, certificates)
    pinned = chain.loaded(root)
    held = all(each[-1] == pinned and chain.leads(each[:-1], pinned) for each in published.chains)
    trail.require(held, "chain", "to Intel SGX Root CA", WRONG_ROOT)
    _in_time(trail, published, at)
    _not_withdrawn(trail, published, pinned)
    watched = _watched(evidence.kind, read.report)
    claims = _claimed(trail, qvl, evidence, at, root, watched)
    trail.require(not watched, "debug", "its attributes bar all of it", watched)  # the library refuses it too; this does not lean on it
    tcb = claims["tcb"]
    told = ", ".join([f"this machine is called {tcb['status']}", *tcb["advisory_ids"]])
    trail.require(tcb["status"] in expected.tcb, "tcb", told, f"{told}; what will do is {', '.join(expected.tcb)}")
    registers, numbers = _measured(evidence.kind, read.report, claims)
    hold(trail, evidence.kind, registers, numbers, expected.measurements)
    return bytes(read.report.report_data)


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


def _published(trail: Trail, collateral: bytes, certificates: list[x509.Certificate]) -> _Published:
    if not collateral:
        raise trail.refusal("collateral", "nothing of Intel's was brought with the quote")
    try:
        read = msgspec.json.decode(collateral, type=Collateral)
        pems = (read.pck_crl_issuer_chain, read.tcb_info_issuer_chain, read.qe_identity_issuer_chain)
        chains = [certificates, *(quote.chain(pem) for pem in pems)]
        lists = [chain.crl(_bytes(each)) for each in (read.root_ca_crl, read.pck_crl)]
        spans = {name: (each.last_update_utc, each.next_update_utc or each.last_update_utc)
                 for name, each in zip(("the root's revocation list", "the machines' revocation list"), lists, strict=True)}  # fmt: skip
        for name, text in (("its TCB info", read.tcb_info), ("the QE identity", read.qe_identity)):
            dated = msgspec.json.decode(text, type=_Dated)
            spans[name] = instant(dated.issueDate), instant(dated.nextUpdate)
        _bytes(read.tcb_info_signature), _bytes(read.qe_identity_signature)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        raise trail.refusal("collateral", "what was brought with the quote is no collateral of Intel's") from None
    trail.note("collateral", "TCB info, QE identity, two revocation lists and their certificates")
    return _Published(chains, lists[0], lists[1], spans)


def _in_time(trail: Trail, published: _Published, at: datetime) -> None:
    late = chain.out_of_time([each for certificates in published.chains for each in certificates], at)
    for name, (since, until) in published.spans.items():
        if not since <= at < until:
            late = f"{name} is of {spelled(since)}, and to be replaced at {spelled(until)}"
    first = min(until for _, until in published.spans.values())
    trail.require(not late, "expired", f"the first is to be replaced at {spelled(first)}", late)


def _not_withdrawn(trail: Trail, published: _Published, root: x509.Certificate) -> None:
    leaf, issuer, *_ = published.chains[0]
    if not chain.lists_of(published.root_list, root) or not chain.lists_of(published.leaf_list, issuer):
        raise trail.refusal("revocation", "a revocation list is not Intel's, or for other machines")
    below = [each for certificates in published.chains for each in certificates[:-1]]
    withdrawn = chain.withdrawn(published.root_list, below) or chain.withdrawn(published.leaf_list, [leaf])
    trail.require(not withdrawn, "revocation", "no certificate stands on Intel's lists", "a certificate of this machine was withdrawn")


def _claimed(trail: Trail, qvl: Any, evidence: Evidence, at: datetime, root: bytes, watched: str) -> Any:
    now = int(at.timestamp())
    try:
        collateral = qvl.QuoteCollateralV3.from_json(evidence.collateral.decode())
        claims = qvl.QuoteVerifier(root).verify_with_policy(evidence.body, collateral, now, qvl.QuotePolicy.claims_only(now))
        read = msgspec.json.decode(claims.to_json())
    except (ValueError, OverflowError) as error:
        said = str(error)
        step, why = next(((step, why) for pattern, step, why in WORDS if pattern.search(said)), NOT_SIGNED)
        raise trail.refusal(step, watched or why if step == "debug" else why) from None
    trail.note("signature", "by the machine's quoting enclave")
    return read


def _watched(kind: str, report: Any) -> str:
    """How the host may look in, or ""."""
    if kind == "sgx":
        return "" if report.attributes[0] & (INIT | SGX_DEBUG) == INIT else "the enclave may be debugged"
    attributes = int.from_bytes(report.td_attributes, "little")
    if attributes & UNDER_DEBUG:
        return "the trust domain may be debugged"
    if attributes & MIGRATABLE:
        return "the trust domain may be moved elsewhere"
    return "" if attributes & SEPT_VE_DISABLE else "the host may take pages from the trust domain unnoticed"


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
    said = next(iter(claims["report"].values()))
    registers = {"mrenclave": bytes(report.mr_enclave), "mrsigner": bytes(report.mr_signer)}
    return registers, {"isvprodid": said["isv_prod_id"], "isvsvn": said["isv_svn"]}


def _bytes(text: str) -> bytes:
    raw = bytes.fromhex(text)
    if raw.hex() != text:
        raise ValueError("not hexadecimal in its one spelling")
    return raw


def _qvl() -> Any:
    try:
        import dcap_qvl
    except ImportError:
        raise OperatorError("evidence of this kind needs a package that is not installed", code="extra.absent",
                            hint="pip install 'comity[attestation]'") from None  # fmt: skip
    return dcap_qvl
