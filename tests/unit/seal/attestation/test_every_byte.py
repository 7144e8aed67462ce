# SPDX-License-Identifier: Apache-2.0
"""One bit changed in each byte of evidence and collateral, genuine and made: 59,000 changes, and none of them passes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from comity.errors import TrustFailure
from comity.seal.attestation import Evidence, Expected, Verifier
from comity.seal.attestation.evidence import encoded
from comity.seal.attestation.pins import Roots, pinned
from tests.unit.seal.attestation import test_genuine as genuine
from tests.unit.seal.attestation import test_made as made
from tests.unit.seal.attestation.made import AT, roots


def changed(evidence: Evidence) -> Iterator[Evidence]:
    for part in ("body", "collateral"):
        whole: bytes = getattr(evidence, part)
        for at in range(len(whole)):
            bits = bytearray(whole)
            bits[at] ^= 1 << at * 5 % 8
            yield Evidence(**{"kind": evidence.kind, "body": evidence.body, "collateral": evidence.collateral, part: bytes(bits)})  # type: ignore[arg-type]


CASES: dict[str, tuple[Evidence, datetime, Roots, Expected]] = {
    f"made {kind}": (evidence, AT, roots(), made.expected()) for kind, evidence in made.WHOLE.items()
} | {
    f"genuine {evidence.kind}": (evidence, at, pinned(), genuine.expected())
    for evidence, at in ((genuine.TDX, genuine.TDX_AT), (genuine.SNP, genuine.SNP_AT), (genuine.NITRO, genuine.NITRO_AT))
}


@pytest.mark.full
@pytest.mark.parametrize("case", sorted(CASES))
def test_no_byte_can_be_changed(case: str) -> None:
    evidence, at, by, expected = CASES[case]
    verifier, passed = Verifier(by), 0
    for each in changed(evidence):
        failed: Any = None
        try:
            verifier.verify(encoded(each), None, at, expected)
        except TrustFailure as failure:
            failed = failure.step
        passed += failed in (None, "commitment")
    assert passed == 0
