# SPDX-License-Identifier: Apache-2.0
"""Certificates as DER (X.690, RFC 5280), where the library's own reader does not do.

AMD's certificates of a chip all have the serial number 0, which RFC 5280 bars and `cryptography` is about to refuse.  So what is needed of
one is read here; signatures and keys stay the library's.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

SEQUENCE, INTEGER, BIT_STRING, OCTET_STRING, OID = 0x30, 0x02, 0x03, 0x04, 0x06
UTC_TIME, GENERALIZED_TIME, VERSION, EXTENSIONS = 0x17, 0x18, 0xA0, 0xA3
_PSS = "300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130"
PSS_SHA384 = {bytes.fromhex("06092a864886f70d01010a" + rest) for rest in (f"3034a00f{_PSS}", f"3039a00f{_PSS}a303020101")}
"""RSASSA-PSS with SHA-384, MGF1 with SHA-384 and 48 bytes of salt (RFC 4055); with its trailer field's default left out, or written."""


class Part(NamedTuple):
    tag: int
    value: bytes
    whole: bytes


class Leaf(NamedTuple):
    """A certificate at the end of a chain.  ``extensions``: value by dotted OID."""

    signed: bytes
    signature: bytes
    issuer: bytes
    subject: bytes
    since: datetime
    until: datetime
    key: bytes
    extensions: dict[str, bytes]


def leaf(data: bytes) -> Leaf:
    """Raises ValueError, and nothing else, whatever ``data`` is."""
    signed, algorithm, signature = _sequence(_only(data, SEQUENCE), 3)
    version, serial, inner, issuer, validity, subject, key, extensions = _sequence(signed, 8)
    since, until = _sequence(validity, 2)
    if algorithm.value not in PSS_SHA384 or inner.whole != algorithm.whole or version.tag != VERSION or serial.tag != INTEGER:
        raise ValueError("not a certificate that AMD signs")
    if signature.tag != BIT_STRING or signature.value[:1] != b"\x00":
        raise ValueError("a signature is whole bytes")
    found: dict[str, bytes] = {}
    for each in _parts(_only(_tagged(extensions, EXTENSIONS), SEQUENCE).value):
        members = list(_parts(each.value))
        if each.tag != SEQUENCE or len(members) != 2 or members[0].tag != OID or members[1].tag != OCTET_STRING:
            raise ValueError("an extension is not one, or is critical and not known")
        name = _dotted(members[0].value)
        if name in found:
            raise ValueError("an extension stands twice")
        found[name] = members[1].value
    return Leaf(signed.whole, signature.value[1:], issuer.whole, subject.whole, _time(since), _time(until), key.whole, found)


def serial(data: bytes) -> int:
    """The serial number of a certificate.  Raises ValueError where it has none, or one below 0."""
    signed = next(_parts(_only(data, SEQUENCE).value))
    members = list(_parts(_tagged(signed, SEQUENCE)))
    if len(members) < 2:
        raise ValueError("not a certificate")
    return integer(members[1].whole)


def of_pem(pem: str) -> bytes:
    """Of one certificate in PEM.  Raises ValueError."""
    lines = pem.strip().splitlines()
    if len(lines) < 3 or lines[0] != "-----BEGIN CERTIFICATE-----" or lines[-1] != "-----END CERTIFICATE-----":
        raise ValueError("not one certificate in PEM")
    return base64.b64decode("".join(lines[1:-1]), validate=True)


def integer(data: bytes) -> int:
    """A number that is not negative."""
    value = _tagged(_only(data, INTEGER), INTEGER)
    if not value or value[0] & 0x80 or (len(value) > 1 and value[0] == 0 and not value[1] & 0x80):
        raise ValueError("not a number")
    return int.from_bytes(value, "big")


def _parts(data: bytes) -> Iterator[Part]:
    at = 0
    while at < len(data):
        start, size = at + 2, data[at + 1] if at + 1 < len(data) else len(data)
        if size & 0x80:
            count = size & 0x7F
            start, size = start + count, int.from_bytes(data[start : start + count], "big")
            if not 1 <= count <= 2 or size < 0x80 or (count == 2 and size < 0x100):
                raise ValueError("a length is not in its one spelling")
        if start + size > len(data):
            raise ValueError("a part ends after its whole")
        yield Part(data[at], data[start : start + size], data[at : start + size])
        at = start + size


def _only(data: bytes, tag: int) -> Part:
    found = list(_parts(data))
    if len(found) != 1 or found[0].tag != tag:
        raise ValueError("not one part of its kind")
    return found[0]


def _tagged(part: Part, tag: int) -> bytes:
    if part.tag != tag:
        raise ValueError("a part is of another kind")
    return part.value


def _sequence(part: Part, count: int) -> list[Part]:
    found = list(_parts(_tagged(part, SEQUENCE)))
    if len(found) != count:
        raise ValueError("a sequence has other members")
    return found


def _dotted(value: bytes) -> str:
    if not value or value[-1] & 0x80:
        raise ValueError("not an object identifier")
    numbers, number = [], 0
    for byte in value:
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def _time(part: Part) -> datetime:
    written = part.value.decode("ascii")
    if part.tag == UTC_TIME and len(written) == 13:
        written = ("20" if written[:2] < "50" else "19") + written
    elif part.tag != GENERALIZED_TIME or len(written) != 15:
        raise ValueError("not a time")
    if not written[:14].isdecimal():
        raise ValueError("not a time")
    return datetime.strptime(written, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
