# SPDX-License-Identifier: Apache-2.0
"""Lines that pin software: what one says, what it may not leave open, and how it is held against what was measured."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import CallerError, TrustFailure
from comity.seal.attestation import Expected, commitment, measurement
from comity.seal.attestation.measurement import hold
from comity.seal.attestation.verdict import Trail
from tests.unit.seal.attestation.made import NITRO_LINE, SGX_LINE, SNP_LINE, TDX_LINE


def test_a_line_is_read() -> None:
    read = measurement(SGX_LINE)
    assert (read.kind, read.registers, read.exact, read.least) == ("sgx", {"mrsigner": b"\x51" * 32}, {"isvprodid": 1}, {"isvsvn": 3})


def test_an_snp_report_is_of_the_most_privileged_software_unless_another_level_is_said() -> None:
    assert measurement(SNP_LINE).exact == {"vmpl": 0}
    assert measurement(SNP_LINE + " vmpl=2").exact == {"vmpl": 2}


@pytest.mark.parametrize(
    "line",
    [
        "", "arm x=1", "tdx", "nitro", "sgx", "snp",
        TDX_LINE.rpartition(" ")[0],  # a kernel that is left open
        SGX_LINE.rpartition(" ")[0],  # every version of a signer's product
        SNP_LINE.rpartition(" ")[0],  # a part of the firmware
        SNP_LINE.replace("tee>=0", "tee=0"), SNP_LINE.replace("tee>=0", "tee>0"), SNP_LINE + " tee>=1", SNP_LINE + " vmpl>=0",
        TDX_LINE + " rtmr4=" + "00" * 48, TDX_LINE.replace("d1", "zz"), TDX_LINE[:-2], TDX_LINE + " mrtd=" + "00" * 48,
        NITRO_LINE + " pcr32=" + "00" * 48, NITRO_LINE.replace("=", ">="), SGX_LINE.replace("isvprodid=1", "isvprodid=0x1"),
        SGX_LINE.replace("isvsvn>=3", "isvsvn>=99999999999"),
    ],
)  # fmt: skip
def test_a_line_that_leaves_something_open_or_is_none_is_refused(line: str) -> None:
    with pytest.raises(CallerError) as caught:
        measurement(line)
    assert caught.value.code == "attestation.measurement"


@given(st.text(alphabet="tdxsgnpiro mrtd=>0123456789abcdef,\n", max_size=120))
def test_garbage_is_a_callers_error_and_nothing_else(line: str) -> None:
    with pytest.raises(CallerError):
        measurement(line)


REGISTERS = {"mrsigner": b"\x51" * 32}


@pytest.mark.parametrize(
    ("registers", "numbers", "step"),
    [
        (REGISTERS, {"isvprodid": 1, "isvsvn": 3}, ""),
        (REGISTERS, {"isvprodid": 1, "isvsvn": 9}, ""),
        (REGISTERS, {"isvprodid": 1, "isvsvn": 2}, "tcb"),
        (REGISTERS, {"isvprodid": 1}, "tcb"),
        (REGISTERS, {"isvprodid": 2, "isvsvn": 3}, "measurement"),
        (REGISTERS, {"isvsvn": 3}, "measurement"),
        ({"mrsigner": bytes(32)}, {"isvprodid": 1, "isvsvn": 3}, "measurement"),
        ({}, {"isvprodid": 1, "isvsvn": 3}, "measurement"),
    ],
)
def test_what_was_measured_is_held_against_the_lines(registers: dict[str, bytes], numbers: dict[str, int], step: str) -> None:
    lines = (measurement("sgx mrenclave=" + "99" * 32), measurement(SGX_LINE), measurement(TDX_LINE))
    if not step:
        hold(Trail(), "sgx", registers, numbers, lines)
        return
    with pytest.raises(TrustFailure) as caught:
        hold(Trail(), "sgx", registers, numbers, lines)
    assert caught.value.step == step


def test_of_two_lines_with_one_software_the_laxer_one_counts() -> None:
    lines = (measurement(SGX_LINE), measurement(SGX_LINE.replace("isvsvn>=3", "isvsvn>=1")))
    hold(Trail(), "sgx", REGISTERS, {"isvprodid": 1, "isvsvn": 1}, lines)


@pytest.mark.parametrize("wrong", [{"key": b"short"}, {"key": b""}, {"tcb": ("OutOfDate",)}, {"tcb": ("UpToDate", "Revoked")}])
def test_what_cannot_be_expected_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(CallerError):
        Expected(**({"key": bytes(32), "image": ""} | wrong))


@pytest.mark.parametrize("image", ["", "sha256:", "sha256:" + "AB" * 32, "sha512:" + "ab" * 32, "sha256:" + "ab" * 32 + "\n"])
def test_nothing_commits_to_an_image_without_a_digest(image: str) -> None:
    with pytest.raises(CallerError):
        commitment(bytes(32), image)
