# SPDX-License-Identifier: Apache-2.0
"""Machines made under roots of our own, whole: one that holds comes to A2, one that does not fails by its own step and in its own words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import OperatorError, TrustFailure
from comity.seal.attestation import STEPS, Evidence, Expected, Verdict, Verifier, commitment, measurement
from comity.seal.attestation import verify as pinned_verify
from comity.seal.attestation.evidence import encoded
from tests.unit.seal.attestation.made import (
    AT,
    MEASUREMENT,
    NITRO_LINE,
    PCRS,
    SGX_LINE,
    SNP_LINE,
    TDX_LINE,
    TURIN,
    Amd,
    Aws,
    Intel,
    certificate,
    p256,
    roots,
)  # fmt: skip

KEY, IMAGE = bytes(range(32)), "sha256:" + "ab" * 32
MINE = commitment(KEY, IMAGE)
LINES = (TDX_LINE, SGX_LINE, SNP_LINE, NITRO_LINE)
TDX, SGX = Intel(report_data=MINE), Intel(kind="sgx", attributes=bytes([5]) + bytes(7), report_data=MINE)
SNP, NITRO = Amd(report_data=MINE), Aws(user_data=MINE)
CHIP = bytes(range(8)) + bytes(56)
LONG_AGO = AT - timedelta(days=1)
TDX_DEBUG, TDX_TUNED, TDX_MOVED = (bytes.fromhex(each) for each in ("0100001000000000", "0200001000000000", "0000003000000000"))
Machine = Intel | Amd | Aws


def expected(**changes: Any) -> Expected:
    asked: dict[str, Any] = {"key": KEY, "image": IMAGE, "level": "A2", "measurements": tuple(map(measurement, LINES))}
    return Expected(**(asked | changes))


def checked(machine: Machine, **changes: Any) -> Verdict:
    return Verifier(roots()).verify(encoded(machine.evidence()), None, AT, expected(**changes))


FIRST = "level evidence collateral chain expired revocation signature debug tcb measurement"


@pytest.mark.parametrize(
    ("machine", "steps"),
    [
        (TDX, f"{FIRST} commitment"),
        (TDX.but(version=5), f"{FIRST} commitment"),
        (SGX, f"{FIRST} tcb commitment"),
        (SNP, f"{FIRST} tcb commitment"),
        (SNP.but(product="Genoa", version=3), f"{FIRST} tcb commitment"),
        (SNP.but(product="Turin", tcb=TURIN, chip=CHIP), f"{FIRST} tcb commitment"),
        (SNP.but(vlek=True), f"{FIRST} tcb commitment"),
        (NITRO, "level evidence chain expired signature debug measurement commitment"),
        (NITRO.but(tagged=True), "level evidence chain expired signature debug measurement commitment"),
    ],
)
def test_a_machine_that_holds_comes_to_a2_by_these_steps(machine: Machine, steps: str) -> None:
    found = checked(machine)
    assert (found.level, found.words) == ("A2", ())
    assert [step.name for step in found.steps] == steps.split()
    assert all(step.held and step.asked == STEPS[step.name] and step.found for step in found.steps)


@pytest.mark.parametrize(
    ("machine", "asked", "step", "words"),
    [
        # what it was made for
        (TDX.but(report_data=commitment(bytes(32), IMAGE)), {}, "commitment", "another key"),
        (TDX, {"image": "sha256:" + "cd" * 32}, "commitment", "another image"),
        (SGX.but(report_data=bytes(64)), {}, "commitment", "another key"),
        (SNP.but(report_data=bytes(64)), {}, "commitment", "another key"),
        (NITRO.but(user_data=None), {}, "commitment", "another key"),
        (NITRO.but(user_data=MINE + b"\0"), {}, "commitment", "another key"),
        # software
        *((machine, {"measurements": ()}, "measurement", "nothing says") for machine in (TDX, SGX, SNP, NITRO)),
        (TDX, {"measurements": (measurement(TDX_LINE.replace("d1", "d2")),)}, "measurement", "none of the 1"),
        (TDX, {"measurements": (measurement(TDX_LINE + " rtmr3=" + "00" * 48),)}, "measurement", "none of the 1"),
        (SGX, {"measurements": (measurement("sgx mrenclave=" + "00" * 32),)}, "measurement", "none of the 1"),
        (SGX, {"measurements": (measurement(SGX_LINE.replace("isvprodid=1", "isvprodid=2")),)}, "measurement", "none of the 1"),
        (SGX.but(isv_svn=2), {}, "tcb", "isvsvn 2"),
        (SNP, {"measurements": (measurement(SNP_LINE.replace("4d", "4e")),)}, "measurement", "none of the 1"),
        (SNP.but(vmpl=2), {}, "measurement", "none of the 1"),
        (NITRO, {"measurements": (measurement(NITRO_LINE.replace("c0", "c9")),)}, "measurement", "none of the 1"),
        # debuggers, and other ways to look in
        (TDX.but(attributes=TDX_DEBUG), {}, "debug", "may be debugged"),
        (TDX.but(attributes=TDX_TUNED), {}, "debug", "may be debugged"),
        (TDX.but(attributes=TDX_MOVED), {}, "debug", "moved elsewhere"),
        (TDX.but(attributes=bytes(8)), {}, "debug", "unnoticed"),
        (SGX.but(attributes=bytes([7]) + bytes(7)), {}, "debug", "may be debugged"),
        (SGX.but(attributes=bytes([4]) + bytes(7)), {}, "debug", "may be debugged"),
        (SNP.but(policy=0xB0000), {}, "debug", "lets its host debug it"),
        (SNP.but(policy=0x70000), {}, "debug", "moved elsewhere"),
        (NITRO.but(pcrs=dict.fromkeys(range(16), bytes(48))), {}, "debug", "debugged"),
        (NITRO.but(pcrs=PCRS | {1: bytes(48)}), {}, "debug", "debugged"),
        # firmware
        *((TDX.but(status=status), {}, "tcb", status) for status in (
            "SWHardeningNeeded", "ConfigurationNeeded", "ConfigurationAndSWHardeningNeeded", "OutOfDate", "OutOfDateConfigurationNeeded")),
        (TDX.but(status="OutOfDate", advisories=("INTEL-SA-00615",)), {}, "tcb", "INTEL-SA-00615"),
        (TDX.but(status="OutOfDate"), {"tcb": ("UpToDate", "SWHardeningNeeded")}, "tcb", "OutOfDate"),
        *((machine.but(enclave_status="OutOfDate"), {}, "tcb", "OutOfDate") for machine in (TDX, SGX)),
        (TDX.but(enclave_status="Revoked"), {}, "tcb", "withdrawn, or not known"),
        (TDX.but(module_status="OutOfDate"), {}, "tcb", "OutOfDate"),
        (TDX.but(module_status="Revoked"), {}, "tcb", "withdrawn, or not known"),
        (TDX.but(status="Revoked"), {}, "tcb", "withdrawn, or not known"),
        (SGX.but(status="OutOfDate"), {}, "tcb", "OutOfDate"),
        (SNP.but(tcb=bytes([3, 0, 0, 0, 0, 0, 27, 222])), {}, "tcb", "bootloader 3"),
        (SNP.but(committed=bytes([4, 0, 0, 0, 0, 0, 9, 222])), {}, "tcb", "snp 9"),
        (SNP.but(certified=bytes(8)), {}, "tcb", "another firmware"),
        (SNP, {"measurements": (measurement(SNP_LINE + " guestsvn>=1"),)}, "tcb", "guestsvn 0"),
        # time
        (TDX.but(replaced=AT), {}, "expired", "to be replaced at"),
        (TDX.but(issued=AT + timedelta(seconds=1)), {}, "expired", "is of"),
        (TDX.but(until=LONG_AGO), {}, "expired", "a certificate is valid"),
        (SNP.but(until=LONG_AGO), {}, "expired", "certificate of the chip"),
        (SNP.but(crl_until=LONG_AGO), {}, "expired", "list of what AMD withdrew"),
        (NITRO.but(until=LONG_AGO), {}, "expired", "a certificate is valid"),
        (NITRO.but(made=AT - timedelta(hours=25)), {}, "expired", "was made at"),
        (NITRO.but(made=AT - timedelta(hours=1)), {"age_seconds_max": 60}, "expired", "was made at"),
        (NITRO.but(made=AT + timedelta(hours=1)), {}, "expired", "was made at"),
        # what was withdrawn
        (TDX.but(revoked=True), {}, "revocation", "was withdrawn"),
        (SNP.but(withdrawn=True), {}, "revocation", "was withdrawn"),
        (SNP.but(crl=False), {}, "revocation", "was not brought"),
        (SNP.but(other_crl=b"list"), {}, "revocation", "cannot be read"),
        (SNP.but(other_crl=certificate("ARK-Milan", p256()).crl()), {}, "revocation", "not AMD's"),
        # whose
        (TDX.but(fmspc=bytes(6)), {}, "collateral", "another machine"),
        (SNP.but(certified_chip=bytes(64)), {}, "chain", "another chip"),
        (SNP.but(product="Turin", tcb=TURIN), {}, "chain", "another chip"),
        (NITRO.but(other_root=True), {}, "chain", "Amazon's root"),
        (NITRO.but(authority=True), {}, "chain", "Amazon's root"),
        (TDX.but(other_key=True), {}, "signature", "not signed as Intel's"),
        (SNP.but(other_key=True), {}, "signature", "did not sign this report"),
        (NITRO.but(other_key=True), {}, "signature", "did not sign this document"),
        # form
        *((SGX.but(version=version), {}, "evidence", "not verified here") for version in (4, 5)),
        (TDX.but(version=3), {}, "evidence", "no quote"),
        (SNP.but(version=9), {}, "evidence", "not known"),
        (SNP.but(policy=0x10000), {}, "evidence", "not known"),
        (NITRO.but(pcrs={0: b"short"}), {}, "evidence", "no attestation document"),
        (NITRO.but(pcrs={99: bytes(48)}), {}, "evidence", "no attestation document"),
    ],
)  # fmt: skip
def test_each_fault_fails_by_its_own_step_and_words(machine: Machine, asked: dict[str, Any], step: str, words: str) -> None:
    with pytest.raises(TrustFailure, match=words) as caught:
        checked(machine, **asked)
    assert (caught.value.step, caught.value.code) == (step, f"trust.{step}")
    assert [each["held"] for each in caught.value.steps] == [True] * (len(caught.value.steps) - 1) + [False]
    assert caught.value.steps[-1]["name"] == step
    said = str(caught.value)
    assert said[0].islower() and not said.endswith(".")


@pytest.mark.parametrize("status", ["SWHardeningNeeded", "ConfigurationNeeded"])
def test_a_client_may_allow_a_weaker_status_and_reads_which(status: Any) -> None:
    found = checked(TDX.but(status=status, advisories=("INTEL-SA-00615",)), tcb=("UpToDate", status))
    assert [step.found for step in found.steps if step.name == "tcb"] == [f"this machine is called {status}, INTEL-SA-00615"]


def test_amds_list_may_be_left_out_only_where_that_was_said() -> None:
    found = checked(SNP.but(crl=False), crl_required=False)
    assert "was not brought" in next(step.found for step in found.steps if step.name == "revocation")
    with pytest.raises(TrustFailure) as caught:  # brought, it counts
        checked(SNP.but(withdrawn=True), crl_required=False)
    assert caught.value.step == "revocation"


@pytest.mark.parametrize("machine", [TDX, SGX, SNP, NITRO])
def test_our_roots_are_not_those_that_are_pinned(machine: Machine) -> None:
    with pytest.raises(TrustFailure) as caught:
        pinned_verify(encoded(machine.evidence()), None, AT, expected())
    assert caught.value.step == "chain"


@pytest.mark.parametrize("machine", [TDX, SNP])
def test_fresher_collateral_may_be_brought_by_whoever_verifies(machine: Any) -> None:
    whole = machine.evidence()
    bare = encoded(Evidence(kind=whole.kind, body=whole.body))
    with pytest.raises(TrustFailure) as caught:
        Verifier(roots()).verify(bare, None, AT, expected())
    assert caught.value.step == "collateral"
    assert Verifier(roots()).verify(bare, whole.collateral, AT, expected()).level == "A2"
    with pytest.raises(TrustFailure) as caught:  # it stands in place of what the evidence brings
        Verifier(roots()).verify(encoded(whole), b"{}", AT, expected())
    assert caught.value.step == "collateral"


@pytest.mark.parametrize("kind", ["tdx", "sgx", "snp", "nitro"])
def test_a_machine_does_not_pass_for_one_of_another_maker(kind: Any) -> None:
    for machine in (TDX, SGX, SNP, NITRO):
        made = machine.evidence()
        if made.kind != kind:
            with pytest.raises(TrustFailure) as caught:
                Verifier(roots()).verify(encoded(Evidence(kind=kind, body=made.body, collateral=made.collateral)), None, AT, expected())
            assert caught.value.step == "evidence"


WHOLE = {made.kind: made for made in (machine.evidence() for machine in (TDX, SGX, SNP, NITRO))}


@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_no_byte_of_evidence_or_collateral_can_be_changed(kind: str, data: Any) -> None:
    made = WHOLE[kind]
    body, collateral = bytearray(made.body), bytearray(made.collateral)
    at = data.draw(st.integers(0, len(body) + len(collateral) - 1))
    part, at = (body, at) if at < len(body) else (collateral, at - len(body))
    part[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(TrustFailure):
        Verifier(roots()).verify(encoded(Evidence(kind=made.kind, body=bytes(body), collateral=bytes(collateral))), None, AT, expected())


@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_no_end_can_be_cut_or_added(kind: str, data: Any) -> None:
    made = WHOLE[kind]
    size = data.draw(st.integers(1, len(made.body) - 1))
    for body in (made.body[:size], made.body + data.draw(st.binary(min_size=1, max_size=8).filter(any))):
        with pytest.raises(TrustFailure):
            Verifier(roots()).verify(encoded(Evidence(kind=made.kind, body=body, collateral=made.collateral)), None, AT, expected())


@pytest.mark.parametrize(("machine", "package"), [(TDX, "dcap_qvl"), (NITRO, "cbor2")])
def test_without_the_package_nothing_passes(machine: Machine, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(machine.evidence())
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(OperatorError) as caught:
        Verifier(roots()).verify(data, None, AT, expected())
    assert (caught.value.code, caught.value.hint) == ("extra.absent", "pip install 'comity[attestation]'")


def test_the_commitment_is_what_the_page_says() -> None:
    import hashlib

    assert commitment(KEY, IMAGE) == hashlib.sha512(b"comity.attestation.v1\0" + KEY + bytes.fromhex("ab" * 32)).digest()
    assert MEASUREMENT.hex() in SNP_LINE
