# SPDX-License-Identifier: Apache-2.0
"""Wycheproof's corner cases of what HPKE stands on here: our HKDF, and X25519 with points that are shared with everybody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from comity.errors import TrustFailure
from comity.seal.kdf import expand, extract
from comity.seal.kem import X25519, private_key

VECTORS = Path(__file__).parents[2] / "vectors" / "seal"


def cases(name: str) -> Iterator[dict[str, Any]]:
    groups = json.loads((VECTORS / name).read_text())["testGroups"]
    return (case for group in groups for case in group["tests"])


def test_hkdf() -> None:
    results = set()
    for case in cases("hkdf_sha256_test.json"):
        results.add(case["result"])
        prk, info = extract(bytes.fromhex(case["salt"]), bytes.fromhex(case["ikm"])), bytes.fromhex(case["info"])
        if case["result"] == "invalid":
            with pytest.raises(ValueError, match="gives 1 to 8160 bytes"):
                expand(prk, info, case["size"])
        else:
            assert expand(prk, info, case["size"]).hex() == case["okm"], case["tcId"]
    assert results == {"valid", "invalid"}


def test_a_point_that_everybody_shares_is_refused_and_every_other_is_taken() -> None:
    """The secret itself is hashed before anybody sees it, so zero or not is what can be told from outside."""
    refused = 0
    for case in cases("x25519_test.json"):
        private = private_key(X25519, bytes.fromhex(case["private"]))
        if int(case["shared"], 16) == 0:
            refused += 1
            with pytest.raises(TrustFailure) as failed:
                private.shared(bytes.fromhex(case["public"]))
            assert failed.value.step == "key-config"
        else:
            assert len(private.shared(bytes.fromhex(case["public"]))) == 32
    assert refused > 10
