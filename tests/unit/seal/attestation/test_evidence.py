# SPDX-License-Identifier: Apache-2.0
"""The container: one spelling, bounded, and garbage is a failure of its own step."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import TrustFailure
from comity.seal.attestation import Evidence, Expected, parse, verify
from comity.seal.attestation.evidence import EVIDENCE_BYTES_MAX, encoded
from comity.seal.attestation.verdict import LEVELS, NO_HARDWARE
from comity.seal.attestation.verify import COLLATERAL_BYTES_MAX
from tests.unit.seal.attestation.made import AT, VECTORS

EXPECTED = Expected(key=b"k" * 32, image="sha256:" + "ab" * 32)
KINDS = ("software", "tdx", "sgx", "snp", "nitro")


@given(st.sampled_from(KINDS), st.binary(min_size=1, max_size=600), st.binary(max_size=300))
def test_it_reads_what_it_wrote(kind: str, body: bytes, collateral: bytes) -> None:
    made = Evidence(kind=kind, body=body, collateral=collateral)  # type: ignore[arg-type]
    assert parse(encoded(made)) == made


def test_it_is_canonical_json_of_four_members() -> None:
    assert encoded(Evidence(kind="tdx", body=b"quote")) == b'{"body":"cXVvdGU=","collateral":"","format":"comity.evidence.v1","type":"tdx"}'


def refused(data: bytes) -> None:
    with pytest.raises(TrustFailure) as caught:
        verify(data, None, AT, EXPECTED)
    assert caught.value.step == "evidence"
    assert caught.value.code == "trust.evidence"
    assert [step["held"] for step in caught.value.steps][-1] is False


@given(st.binary(min_size=1, max_size=400))
def test_garbage_is_a_failure_of_its_step_and_nothing_else(data: bytes) -> None:
    refused(data)


@given(st.sampled_from(KINDS), st.binary(min_size=1, max_size=2000), st.binary(max_size=200))
def test_a_container_full_of_garbage_is_refused(kind: str, body: bytes, collateral: bytes) -> None:
    refused(encoded(Evidence(kind=kind, body=body, collateral=collateral)))  # type: ignore[arg-type]


GOOD = json.loads(encoded(Evidence(kind="nitro", body=b"x" * 30)))


@pytest.mark.parametrize(
    "changed",
    [
        {"type": "cca"}, {"format": "comity.evidence.v2"}, {"more": ""}, {"body": ""}, {"body": "eHg"}, {"body": "eHh="}, {"body": 1},
        {"body": "eHh4\n"}, {"collateral": None},
    ],
)  # fmt: skip
def test_a_container_of_another_form_is_refused(changed: dict[str, object]) -> None:
    refused(json.dumps(GOOD | changed, sort_keys=True, separators=(",", ":")).encode())


@pytest.mark.parametrize("spelled", [json.dumps(GOOD).encode(), json.dumps(dict(reversed(GOOD.items())), separators=(",", ":")).encode()])
def test_another_spelling_is_refused(spelled: bytes) -> None:
    refused(spelled)


def test_what_is_too_large_is_refused() -> None:
    refused(encoded(Evidence(kind="snp", body=bytes(EVIDENCE_BYTES_MAX))))
    refused(b"x" * (EVIDENCE_BYTES_MAX + 1))
    with pytest.raises(TrustFailure) as caught:
        verify(encoded(Evidence(kind="snp", body=b"x")), bytes(COLLATERAL_BYTES_MAX + 1), AT, EXPECTED)
    assert caught.value.step == "collateral"


def test_the_largest_genuine_evidence_fits_into_an_entry_of_a_log() -> None:
    from comity.transparency.entry import ENTRY_BYTES_MAX

    tdx = Evidence(
        kind="tdx", body=(VECTORS / "tdx" / "quote.bin").read_bytes(), collateral=(VECTORS / "tdx" / "collateral.json").read_bytes()
    )
    assert len(encoded(tdx)) < EVIDENCE_BYTES_MAX
    assert EVIDENCE_BYTES_MAX * 4 // 3 < ENTRY_BYTES_MAX


def test_no_evidence_comes_to_a0_and_says_what_that_means() -> None:
    found = verify(b"", None, AT, EXPECTED)
    assert (found.level, found.kind, found.words) == ("A0", "none", (NO_HARDWARE,))
    assert [(step.name, step.held) for step in found.steps] == [("evidence", True), ("level", True)]
    json.dumps(found.to_json())


@pytest.mark.parametrize("asked", LEVELS[1:3])
def test_no_evidence_does_not_come_to_more(asked: str) -> None:
    with pytest.raises(TrustFailure, match=NO_HARDWARE) as caught:
        verify(b"", None, AT, Expected(key=b"k" * 32, image="", level=asked))  # type: ignore[arg-type]
    assert caught.value.step == "level"


@pytest.mark.parametrize("data", [b"", b"x", encoded(Evidence(kind="tdx", body=b"x"))])
def test_a3_is_refused_before_anything_is_read(data: bytes) -> None:
    with pytest.raises(TrustFailure, match="GPU") as caught:
        verify(data, None, AT, Expected(key=b"k" * 32, image="", level="A3"))
    assert caught.value.step == "gpu"
