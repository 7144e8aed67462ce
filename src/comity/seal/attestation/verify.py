# SPDX-License-Identifier: Apache-2.0
"""The one way to verify evidence: by its kind, step after step, each of which holds or ends it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from comity.seal.attestation import intel, nitro, snp, software
from comity.seal.attestation.evidence import Evidence, Kind, parse
from comity.seal.attestation.expected import Expected, commitment
from comity.seal.attestation.pins import Roots, pinned
from comity.seal.attestation.verdict import LEVELS, NO_HARDWARE, Level, Trail, Verdict

COLLATERAL_BYTES_MAX = 64 * 1024
REACHES: Mapping[Kind, Level] = {"software": "A1", "tdx": "A2", "sgx": "A2", "snp": "A2", "nitro": "A2"}


class Verifier:
    """By the makers' roots in ``roots``; `verify` below is by those that are pinned in this package."""

    def __init__(self, roots: Roots) -> None:
        self._roots = roots

    def verify(self, evidence: bytes, collateral: bytes | None, at: datetime, expected: Expected) -> Verdict:
        """What ``evidence`` comes to at ``at``.  ``collateral``: fresher than what the evidence brings, or None.

        Raises TrustFailure for the first step that does not hold, with all steps up to it in ``steps``.
        """
        trail = Trail()
        if expected.level == "A3":
            raise trail.refusal("gpu", "nothing here can verify the evidence of a GPU, so A3 is refused")
        if not evidence:
            trail.note("evidence", "there is none: the operator is trusted")
            self._reaches(trail, "no evidence", "A0", expected)
            return Verdict(level="A0", kind="none", steps=tuple(trail.steps), words=(NO_HARDWARE,))
        try:
            read = parse(evidence)
        except ValueError as error:
            raise trail.refusal("evidence", str(error)) from None
        if collateral is not None:
            if len(collateral) > COLLATERAL_BYTES_MAX:
                raise trail.refusal("collateral", f"collateral has at most {COLLATERAL_BYTES_MAX} bytes")
            read = msgspec.structs.replace(read, collateral=collateral)
        level = REACHES[read.kind]
        self._reaches(trail, f"evidence of the kind {read.kind}", level, expected)
        if read.kind == "software":
            software.verify(trail, read, at, expected)
        else:
            carried = self._hardware(trail, read, at, expected)
            trail.require(carried == commitment(expected.key, expected.image), "commitment", "it carries the hash of both",
                          "it was made for another key of the node, or for another image")  # fmt: skip
        return Verdict(level=level, kind=read.kind, steps=tuple(trail.steps), words=_words(level))

    def _hardware(self, trail: Trail, evidence: Evidence, at: datetime, expected: Expected) -> bytes:
        if evidence.kind == "snp":
            return snp.verify(trail, evidence, at, expected, self._roots.amd)
        if evidence.kind == "nitro":
            return nitro.verify(trail, evidence, at, expected, self._roots.aws)
        return intel.verify(trail, evidence, at, expected, self._roots.intel)

    def _reaches(self, trail: Trail, what: str, level: Level, expected: Expected) -> None:
        comes = f"{what} comes to {level}"
        lacks = ": ".join([f"{comes}, and {expected.level} is asked for", *_words(level)])
        trail.require(LEVELS.index(expected.level) <= LEVELS.index(level), "level", comes, lacks)


def verify(evidence: bytes, collateral: bytes | None, at: datetime, expected: Expected) -> Verdict:
    """By the roots that are pinned in this package."""
    return Verifier(pinned()).verify(evidence, collateral, at, expected)


def _words(level: Level) -> tuple[str, ...]:
    return (NO_HARDWARE,) if level in ("A0", "A1") else ()
