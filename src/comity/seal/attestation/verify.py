# SPDX-License-Identifier: Apache-2.0
"""The one way to verify evidence: by its kind, step after step, each of which holds or ends it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from comity.seal.attestation import software
from comity.seal.attestation.evidence import Kind, parse
from comity.seal.attestation.expected import Expected
from comity.seal.attestation.verdict import LEVELS, NO_HARDWARE, Level, Trail, Verdict

REACHES: Mapping[Kind, Level] = {"software": "A1", "tdx": "A2", "sgx": "A2", "snp": "A2", "nitro": "A2"}


class Verifier:
    """Holds the makers' roots; `verify` below uses those that are pinned in this package."""

    def verify(self, evidence: bytes, collateral: bytes | None, at: datetime, expected: Expected) -> Verdict:
        """What ``evidence`` comes to at ``at``.  ``collateral``: fresher than what the evidence brings, or None.

        Raises TrustFailure for the first step that does not hold, with all steps up to it; CallerError only for what ``expected`` lacks.
        """
        trail = Trail()
        if expected.level == "A3":
            raise trail.refusal("gpu", "A3 is refused: nothing here can verify the evidence of a GPU")
        if not evidence:
            trail.note("evidence", "there is none: the operator is trusted")
            trail.require(
                expected.level == "A0", "level", "A0 is what was asked for", f"no evidence comes to A0, and {expected.level} is asked for"
            )
            return Verdict(level="A0", kind="none", steps=tuple(trail.steps), words=(NO_HARDWARE,))
        try:
            read = parse(evidence)
        except ValueError as error:
            raise trail.refusal("evidence", str(error)) from None
        level = REACHES[read.kind]
        words = (NO_HARDWARE,) if level == "A1" else ()
        comes = f"evidence of the kind {read.kind} comes to {level}"
        lacks = ": ".join([f"{comes}, and {expected.level} is asked for", *words])
        trail.require(LEVELS.index(expected.level) <= LEVELS.index(level), "level", comes, lacks)
        if read.kind == "software":
            software.verify(trail, read, at, expected)
        else:
            raise trail.refusal("evidence", f"evidence of the kind {read.kind} cannot be verified here")
        return Verdict(level=level, kind=read.kind, steps=tuple(trail.steps), words=words)


def verify(evidence: bytes, collateral: bytes | None, at: datetime, expected: Expected) -> Verdict:
    """By the roots that are pinned in this package."""
    return Verifier().verify(evidence, collateral, at, expected)
