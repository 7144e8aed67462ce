# SPDX-License-Identifier: Apache-2.0
"""What evidence is held against: the key and image that it must be for, and the client's own pins.

A processor signs 64 bytes of the software's choice beside what it measured.  On every platform they are the same `commitment`, so that
whoever opens a sealed request is the software that was measured, with the key that the request was sealed to.
"""

from __future__ import annotations

import hashlib
import re
from typing import Literal, get_args

import msgspec

from comity.errors import CallerError
from comity.seal.attestation.measurement import Measurement
from comity.seal.attestation.verdict import Level

DOMAIN = b"comity.attestation.v1"
DIGEST_BYTES = 32
TcbStatus = Literal["UpToDate", "SWHardeningNeeded", "ConfigurationNeeded", "ConfigurationAndSWHardeningNeeded"]
TCB_STATUSES: tuple[TcbStatus, ...] = get_args(TcbStatus)
"""Of Intel's, those that a client may allow.  `OutOfDate`, its variants and `Revoked` pass under no policy."""


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    key: bytes  # SHA-256 of the key configuration that requests are sealed to
    image: str  # sha256:…, as the node's log entry names it
    level: Level = "A0"  # the least that will do
    builders: tuple[str, ...] = ()  # of A1: Ed25519 keys, 64 hexadecimal digits, whose word about an image is taken
    measurements: tuple[Measurement, ...] = ()  # of A2: what may run; none given, nothing may
    tcb: tuple[TcbStatus, ...] = ("UpToDate",)
    age_seconds_max: int = 86_400  # of evidence that says when it was made
    crl_required: bool = True  # of AMD's chains, whose maker publishes what it withdrew apart from them

    def __post_init__(self) -> None:
        if len(self.key) != DIGEST_BYTES:
            raise CallerError("a key is named by its SHA-256", code="attestation.expected", field="key")
        if not set(self.tcb) <= set(TCB_STATUSES):
            raise CallerError(
                f"of Intel's statuses a client may allow: {', '.join(TCB_STATUSES)}", code="attestation.expected", field="tcb"
            )


def commitment(key: bytes, image: str) -> bytes:
    """SHA-512 over a domain, a zero, the hash of the key configuration and the digest of the image; 64 bytes."""
    return hashlib.sha512(DOMAIN + b"\x00" + key + image_digest(image)).digest()


def image_digest(image: str) -> bytes:
    """The 32 bytes that `sha256:…` names.  Raises CallerError."""
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", image):
        raise CallerError("an image is named `sha256:` and 64 hexadecimal digits", code="attestation.expected", field="image")
    return bytes.fromhex(image[7:])
