# SPDX-License-Identifier: Apache-2.0
"""The container that evidence stands in a node log with: the canonical form (RFC 8785) of

    {"body":"<base64>","collateral":"<base64>","format":"comity.evidence.v1","type":"tdx"}

``body`` is the platform's own bytes.  ``collateral`` is what its maker publishes, as `collateral.py` reads it, or empty.  Whoever
verifies may pass fresher collateral: it is signed by the maker, so it does not matter who brings it.
"""

from __future__ import annotations

import base64
import binascii
from typing import Literal

import msgspec

FORMAT = "comity.evidence.v1"
EVIDENCE_BYTES_MAX = 44 * 1024  # as base64 it must fit, with the rest of it, into an entry of a log: 65,535 bytes
Kind = Literal["software", "tdx", "sgx", "snp", "nitro"]


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    kind: Kind
    body: bytes
    collateral: bytes = b""


class _Container(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    body: str
    collateral: str
    format: str
    type: Kind


_encoder = msgspec.json.Encoder(order="sorted")  # names and values are ASCII without escapes: this is their RFC 8785 form
_decoder = msgspec.json.Decoder(_Container)


def encoded(evidence: Evidence) -> bytes:
    body, collateral = (base64.b64encode(part).decode() for part in (evidence.body, evidence.collateral))
    return _encoder.encode(_Container(body=body, collateral=collateral, format=FORMAT, type=evidence.kind))


def parse(data: bytes) -> Evidence:
    """Raises ValueError saying what is wrong, and nothing else, whatever ``data`` is."""
    if len(data) > EVIDENCE_BYTES_MAX:
        raise ValueError(f"evidence has at most {EVIDENCE_BYTES_MAX} bytes")
    try:
        read = _decoder.decode(data)
        body, collateral = (base64.b64decode(part, validate=True) for part in (read.body, read.collateral))
    except (msgspec.MsgspecError, UnicodeError, RecursionError, binascii.Error, ValueError):
        raise ValueError("these bytes are no evidence") from None
    found = Evidence(kind=read.type, body=body, collateral=collateral)
    if read.format != FORMAT:
        raise ValueError(f"the evidence is not of format `{FORMAT}`")
    if encoded(found) != data:  # one spelling: it is hashed into a log
        raise ValueError("the evidence is not in its canonical form")
    if not body:
        raise ValueError("the evidence has no body")
    return found
