# SPDX-License-Identifier: Apache-2.0
"""What a node can show of the machine and the software behind its key, and the one way to check it.

    A0   nothing: the operator is trusted
    A1   a builder whom the client trusts signed the image, and the node's own key signed the key configuration; no hardware says so
    A2   a processor's maker vouches for what was started in a machine that its operator cannot look into, and that it has this key
    A3   the same of a GPU; refused, since nothing here can verify one

Offline and pure: evidence, collateral and the time are passed in.  There is no verdict about what does not hold: that is a TrustFailure
with the step that failed, and with the whole document of steps up to it.  Another way to pass, or a step that may be left out, is not here.
"""

from __future__ import annotations

from comity.seal.attestation.evidence import Evidence, parse
from comity.seal.attestation.expected import Expected, commitment
from comity.seal.attestation.measurement import Measurement, measurement
from comity.seal.attestation.verdict import STEPS, Step, Verdict
from comity.seal.attestation.verify import Verifier, verify

__all__ = ["STEPS", "Evidence", "Expected", "Measurement", "Step", "Verdict", "Verifier", "commitment", "measurement", "parse", "verify"]
