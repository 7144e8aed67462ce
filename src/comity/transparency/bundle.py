# SPDX-License-Identifier: Apache-2.0
"""A receipt with all that its verification needs, as JSON: made by whoever holds the log's key, checked by `verify`."""

from __future__ import annotations

import base64
import json
from typing import Any

from comity.storage.database import Script
from comity.transparency import rows
from comity.transparency.integrity import proved
from comity.transparency.note import Signer
from comity.transparency.verify import FORMAT


def bundle(reference: str, signer: Signer) -> Script[dict[str, Any]]:
    """Against the newest tree head.  Raises CallerError (404, 410), TrustFailure."""
    index = yield from rows.place(reference)
    found = yield from proved(index, signer.verifier)
    receipt = json.loads(found.receipt)
    if not reference.isdecimal() and receipt["id"] != reference.upper():
        raise rows.broken("it finds another receipt under this id")
    return {
        "format": FORMAT,
        "receipt": receipt,
        "salt": _text(found.salt),
        "signature": _text(signer.sign(found.receipt)),
        "index": index,
        "inclusion": [_text(each) for each in found.path],
        "checkpoint": found.checkpoint,
        "vkey": signer.verifier.vkey,
    }


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
