# SPDX-License-Identifier: Apache-2.0
"""What evidence is held against: the key and image that it must be for, and the client's own pins.

A processor signs 64 bytes of the software's choice beside what it measured.  On every platform they are the same `commitment`, so that
whoever opens a sealed request is the software that was measured, with the key that the request was sealed to.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from comity.errors import CallerError
from comity.seal.attestation.verdict import Level

DOMAIN = b"comity.attestation.v1"
DIGEST_BYTES = 32
TcbStatus = Literal["UpToDate", "SWHardeningNeeded", "ConfigurationNeeded", "ConfigurationAndSWHardeningNeeded"]
"""Of Intel's, those that a client may allow.  `OutOfDate`, its variants and `Revoked` pass under no policy."""

PINS: dict[str, tuple[frozenset[str], ...]] = {
    "tdx": (frozenset({"mrtd"}),),
    "sgx": (frozenset({"mrenclave"}), frozenset({"mrsigner", "isvprodid"})),
    "snp": (frozenset({"measurement", "bootloader", "tee", "snp", "microcode"}),),
    "nitro": (frozenset({"pcr0"}),),
}
"""By platform, what a measurement must say at least to mean one software: any of these sets."""
REGISTERS: dict[str, dict[str, int]] = {
    "tdx": dict.fromkeys(("mrtd", "rtmr0", "rtmr1", "rtmr2", "rtmr3", "mrconfigid", "mrowner", "mrownerconfig", "mrseam"), 48),
    "sgx": {"mrenclave": 32, "mrsigner": 32},
    "snp": {"measurement": 48, "hostdata": 32, "idkey": 48, "authorkey": 48},
    "nitro": {f"pcr{number}": 48 for number in range(32)},
}
"""Registers that are compared, and their bytes."""
NUMBERS: dict[str, frozenset[str]] = {
    "tdx": frozenset(),
    "sgx": frozenset({"isvprodid", "isvsvn"}),
    "snp": frozenset({"bootloader", "tee", "snp", "microcode", "fmc", "guestsvn"}),
    "nitro": frozenset(),
}
EXACT = frozenset({"isvprodid"})
_CONDITION = re.compile(r"([a-z0-9]+)(>?=)([0-9a-f]+)")


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """One software that may run: registers with their exact value, and the least of numbers that only grow."""

    kind: str
    registers: Mapping[str, bytes]
    numbers: Mapping[str, int] = {}  # exact
    minima: Mapping[str, int] = {}


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


def commitment(key: bytes, image: str) -> bytes:
    """SHA-512 over a domain, a zero, the hash of the key configuration and the digest of the image; 64 bytes."""
    return hashlib.sha512(DOMAIN + b"\x00" + key + image_digest(image)).digest()


def image_digest(image: str) -> bytes:
    """The 32 bytes that `sha256:…` names.  Raises CallerError."""
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", image):
        raise CallerError("an image is named `sha256:` and 64 hexadecimal digits", code="attestation.expected", field="image")
    return bytes.fromhex(image[7:])


def measurement(line: str) -> Measurement:
    """Of one line: a platform, then conditions that must all hold.

        tdx mrtd=<96 digits> rtmr1=<96 digits> rtmr2=<96 digits>
        sgx mrsigner=<64 digits> isvprodid=1 isvsvn>=3
        snp measurement=<96 digits> bootloader>=4 tee>=0 snp>=22 microcode>=213
        nitro pcr0=<96 digits> pcr8=<96 digits>

    Raises CallerError saying what is wrong.
    """
    kind, *conditions = line.split()
    if kind not in PINS:
        raise _wrong(f"a measurement begins with one of: {', '.join(PINS)}")
    registers: dict[str, bytes] = {}
    numbers: dict[str, int] = {}
    minima: dict[str, int] = {}
    for each in conditions:
        read = _CONDITION.fullmatch(each)
        if read is None or read[1] in registers | numbers | minima:
            raise _wrong("a condition is `name=value` or `name>=number`, and each name stands once")
        name, sign, value = read.groups()
        size = REGISTERS[kind].get(name)
        if size is not None and sign == "=" and len(value) == 2 * size:
            registers[name] = bytes.fromhex(value)
        elif name in NUMBERS[kind] and value.isdecimal() and len(value) < 10 and (sign == "=") == (name in EXACT):
            (numbers if name in EXACT else minima)[name] = int(value)
        else:
            raise _wrong(f"`{name}` is no register of {kind}, or its value is not of its form")
    if not any(pins <= {*registers, *numbers, *minima} for pins in PINS[kind]):
        raise _wrong(f"a measurement of {kind} says at least: {' or '.join(' '.join(sorted(pins)) for pins in PINS[kind])}")
    return Measurement(kind=kind, registers=registers, numbers=numbers, minima=minima)


def _wrong(why: str) -> CallerError:
    return CallerError(why, code="attestation.measurement", field="measurements")
