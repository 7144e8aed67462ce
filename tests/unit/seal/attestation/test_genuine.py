# SPDX-License-Identifier: Apache-2.0
"""Evidence of real machines, to the makers' own roots.

None of it was made for a key of ours, so the whole of it must end at the last step, `commitment`, with every step before it held; and each
maker's part, asked alone, gives the bytes that the machine signed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import TrustFailure
from comity.seal.attestation import Evidence, Expected, intel, measurement, nitro, snp, verify
from comity.seal.attestation.der import of_pem
from comity.seal.attestation.evidence import encoded
from comity.seal.attestation.pins import pinned
from comity.seal.attestation.verdict import Trail
from tests.unit.seal.attestation.made import VECTORS

TDX_AT = datetime(2025, 6, 20, 10, 16, 3, tzinfo=UTC)  # a day after its TCB info was issued
NITRO_AT = datetime(2022, 10, 13, 9, tzinfo=UTC)
SNP_AT = datetime(2026, 11, 27, tzinfo=UTC)


def read(name: str) -> bytes:
    return (VECTORS / name).read_bytes()


def amd(name: str) -> Evidence:
    leaf, ask = (of_pem(read(f"snp/{each}.pem").decode()) for each in (f"{name}-milan-vcek", "milan-ask"))
    return Evidence(kind="snp", body=read(f"snp/{name}-milan-report.bin"), collateral=snp.collateral(leaf, ask))


TDX = Evidence(kind="tdx", body=read("tdx/quote.bin"), collateral=read("tdx/collateral.json"))
OLDER = Evidence(kind="tdx", body=read("tdx/older-quote.bin"), collateral=TDX.collateral)
SNP, DEBUGGED = amd("gcp"), amd("debug")
NITRO = Evidence(kind="nitro", body=read("nitro/document.bin"))
LINES = (
    "tdx mrtd=91eb2b44d141d4ece09f0c75c2c53d247a3c68edd7fafe8a3520c942a604a407de03ae6dc5f87f27428b2538873118b7"
    " rtmr1=0084452c01668329d4bc06acdf58a7205c26743304509973949e5619bf81a6a7aea8c323c173019b3093d54e579e9378"
    " rtmr2=d833feef2cd945148aa38ead2c53e9b7f138190aaaebfc551dccd829fc207aa3ba80b70870d7330733642e01d48c3132",
    "snp measurement=b747d55452e0b9e9079770a49e397c5e6d9573581e246da7baac4f28b5cdc5b1b6d19251b8ee600fd16a3708f58406f3"
    " bootloader>=4 tee>=0 snp>=27 microcode>=222",
)  # fmt: skip
KEY, IMAGE = bytes(32), "sha256:" + "00" * 32


def expected(**changes: Any) -> Expected:
    pcr = nitro._document(nitro._sign1(NITRO.body)[1]).pcrs[0].hex()
    lines = (*LINES, f"nitro pcr0={pcr}")
    asked: dict[str, Any] = {
        "key": KEY,
        "image": IMAGE,
        "level": "A2",
        "measurements": tuple(map(measurement, lines)),
        "crl_required": False,
    }
    return Expected(**(asked | changes))


def ends(evidence: Evidence, at: datetime, **changes: Any) -> tuple[str, str, int]:
    """Where it ended, why, and how many steps had held."""
    with pytest.raises(TrustFailure) as caught:
        verify(encoded(evidence), None, at, expected(**changes))
    held = [step["held"] for step in caught.value.steps]
    assert held == [True] * (len(held) - 1) + [False]
    return caught.value.step, str(caught.value), len(held) - 1


@pytest.mark.parametrize(("evidence", "at", "steps"), [(TDX, TDX_AT, 10), (SNP, SNP_AT, 11), (NITRO, NITRO_AT, 7)])
def test_all_holds_but_that_it_was_made_for_us(evidence: Evidence, at: datetime, steps: int) -> None:
    assert ends(evidence, at)[::2] == ("commitment", steps)


Part = Callable[..., bytes]


@pytest.mark.parametrize(
    ("part", "evidence", "at", "root", "carried"),
    [
        (intel.verify, TDX, TDX_AT, pinned().intel, "9a9d48e7f6799642d3d1b34e1e5e1742d4bb02dd6ddd551862c1211d35c304f9"
         "eca3efdbb481601c163cf52493d6e44aed55d51ec39b7e518fadb92c2b523f20"),
        (snp.verify, SNP, SNP_AT, pinned().amd, "00" * 64),
        (nitro.verify, NITRO, NITRO_AT, pinned().aws, ""),
    ],
)  # fmt: skip
def test_each_makers_part_gives_what_the_machine_signed(part: Part, evidence: Evidence, at: datetime, root: Any, carried: str) -> None:
    assert part(Trail(), evidence, at, expected(), root).hex() == carried


@pytest.mark.parametrize(
    ("evidence", "at", "step", "words"),
    [
        (TDX, TDX_AT + timedelta(days=40), "expired", "to be replaced at 2025-07-19"),
        (TDX, TDX_AT - timedelta(days=2), "expired", "is of 2025-06-19"),
        (TDX, TDX_AT + timedelta(days=365 * 10), "expired", "to be replaced"),
        (SNP, SNP_AT + timedelta(days=365 * 10), "expired", "until 2032-12-05"),
        (SNP, SNP_AT - timedelta(days=365 * 2), "expired", "from 2025-12-05"),
        (NITRO, NITRO_AT + timedelta(hours=4), "expired", "until 2022-10-13T11:58:02Z"),
        (NITRO, NITRO_AT - timedelta(hours=1), "expired", "from 2022-10-13T08:57:59Z"),
        (DEBUGGED, SNP_AT, "debug", "lets its host debug it"),
        (OLDER, TDX_AT, "tcb", "withdrawn, or not known to Intel"),
    ],
)
def test_late_or_debugged_or_out_of_date_it_fails_by_name(evidence: Evidence, at: datetime, step: str, words: str) -> None:
    found, why, _ = ends(evidence, at)
    assert found == step
    assert words in why


def test_the_debugged_machine_was_signed_by_its_chip_all_the_same() -> None:
    with pytest.raises(TrustFailure) as caught:
        verify(encoded(DEBUGGED), None, SNP_AT, expected())
    names = [step["name"] for step in caught.value.steps]
    assert names == ["level", "evidence", "collateral", "chain", "expired", "revocation", "signature", "debug"]


def test_the_older_machines_quote_is_signed_all_the_same() -> None:
    changed = bytearray(OLDER.body)
    changed[200] ^= 1  # of the measurements
    assert ends(Evidence(kind="tdx", body=bytes(changed), collateral=OLDER.collateral), TDX_AT)[0] == "signature"


@pytest.mark.parametrize(("evidence", "at"), [(TDX, TDX_AT), (SNP, SNP_AT), (NITRO, NITRO_AT)])
@pytest.mark.parametrize("measurements", [(), (measurement("nitro pcr0=" + "11" * 48), measurement("sgx mrenclave=" + "11" * 32))])
def test_software_that_nobody_pinned_is_refused(evidence: Evidence, at: datetime, measurements: Any) -> None:
    assert ends(evidence, at, measurements=measurements)[0] == "measurement"


def test_firmware_older_than_the_least_is_refused() -> None:
    assert ends(SNP, SNP_AT, measurements=(measurement(LINES[1].replace("snp>=27", "snp>=28")),))[:2] == (
        "tcb", "it is older than the least that will do: bootloader 4, tee 0, snp 27, microcode 222")  # fmt: skip


def test_by_default_amds_list_of_what_it_withdrew_is_asked_for() -> None:
    assert ends(SNP, SNP_AT, crl_required=True)[0] == "revocation"


def test_one_chips_certificate_does_not_do_for_another() -> None:
    mixed = Evidence(kind="snp", body=SNP.body, collateral=DEBUGGED.collateral)
    assert ends(mixed, SNP_AT)[:2] == ("chain", "the certificate is for another chip, or the chip is not named")


SIGNED = {"tdx": range(632), "snp": range(0x2A0)}


@given(st.sampled_from([(TDX, TDX_AT), (SNP, SNP_AT), (NITRO, NITRO_AT)]), st.data())
def test_no_byte_can_be_changed(case: tuple[Evidence, datetime], data: Any) -> None:
    """The bytes that the machine signed, every one; and what lies around them, or beside them as collateral."""
    evidence, at = case
    body, collateral = bytearray(evidence.body), bytearray(evidence.collateral)
    index = data.draw(
        st.one_of(st.sampled_from(SIGNED.get(evidence.kind, range(len(body)))), st.integers(0, len(body) + len(collateral) - 1))
    )
    part, index = (body, index) if index < len(body) else (collateral, index - len(body))
    part[index] ^= data.draw(st.integers(1, 255))
    step, _, _ = ends(Evidence(kind=evidence.kind, body=bytes(body), collateral=bytes(collateral)), at)
    assert step != "commitment"
