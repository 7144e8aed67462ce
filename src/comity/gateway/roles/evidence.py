# SPDX-License-Identifier: Apache-2.0
"""What a node puts into its log to attest the machine that made a key; made for each key, because it commits to it.

A0: nothing.  A1: the builder's statement about the image, and this node's about the key, signed by a key in its home.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

from comity.config import NodeConfig
from comity.errors import OperatorError
from comity.ports import Clock, Random
from comity.seal.epochs import GRACE, Epoch
from comity.storage.home import secret_key
from comity.transparency.entry import written

SIGNING_KEY = "node.key"


def evidence_of(node: NodeConfig, *, home: Path, clock: Clock, random: Random) -> Callable[[Epoch], str]:
    """Raises OperatorError, CallerError where the builder's statement cannot be read or is for another node."""
    if node.level == "A0":
        return lambda epoch: ""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from comity.seal.attestation.software import KeyStatement, sign_key

    key = Ed25519PrivateKey.from_private_bytes(secret_key(home / SIGNING_KEY, random))
    try:
        image = Path(node.evidence).expanduser().read_bytes()
    except OSError as error:
        raise OperatorError(
            f"node.evidence cannot be read: {error.strerror}", code="config.invalid", field="node.evidence", hint="see comity attest"
        ) from error

    def signed(epoch: Epoch) -> str:
        since = min(clock.now(), epoch.since)  # it is shown, and checked, before its time
        statement = KeyStatement(key=epoch.config.hash.hex(), since=written(since), until=written(epoch.until + GRACE))
        return base64.b64encode(sign_key(image, statement, key)).decode()

    return signed
