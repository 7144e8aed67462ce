# SPDX-License-Identifier: Apache-2.0
"""Which software may run in a machine, as a client pins it: one line for each, and the check that what was measured is one of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from comity.errors import CallerError
from comity.seal.attestation.verdict import Trail


class Platform(NamedTuple):
    """What can be pinned of one.  ``least``: sets of names, one of which must be there for a line to mean one software."""

    registers: Mapping[str, int]  # with their bytes
    exact: frozenset[str]  # numbers that must be the same
    growing: frozenset[str]  # numbers of which a least is named
    least: tuple[frozenset[str], ...]


_TDX = ("mrtd", "rtmr0", "rtmr1", "rtmr2", "rtmr3", "mrconfigid", "mrowner", "mrownerconfig", "mrseam")
_FIRMWARE = frozenset({"bootloader", "tee", "snp", "microcode"})
PLATFORMS: Mapping[str, Platform] = {
    "tdx": Platform(dict.fromkeys(_TDX, 48), frozenset(), frozenset(), (frozenset({"mrtd", "rtmr1", "rtmr2"}),)),
    "sgx": Platform({"mrenclave": 32, "mrsigner": 32}, frozenset({"isvprodid"}), frozenset({"isvsvn"}),
                    (frozenset({"mrenclave"}), frozenset({"mrsigner", "isvprodid", "isvsvn"}))),
    "snp": Platform({"measurement": 48, "hostdata": 32, "idkey": 48, "authorkey": 48}, frozenset({"vmpl"}),
                    _FIRMWARE | {"fmc", "guestsvn"}, (_FIRMWARE | {"measurement"},)),
    "nitro": Platform({f"pcr{number}": 48 for number in range(32)}, frozenset(), frozenset(), (frozenset({"pcr0"}),)),
}  # fmt: skip
UNLESS_SAID = {"snp": {"vmpl": 0}}
"""A report is asked for by the most privileged software of its guest."""
_CONDITION = re.compile(r"([a-z0-9]+)(>?=)([0-9a-f]+)")


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """One software that may run."""

    kind: str
    registers: Mapping[str, bytes]
    exact: Mapping[str, int] = {}
    least: Mapping[str, int] = {}


def measurement(line: str) -> Measurement:
    """Of one line: a platform, then conditions that must all hold.

        tdx mrtd=<96 digits> rtmr1=<96 digits> rtmr2=<96 digits>
        sgx mrsigner=<64 digits> isvprodid=1 isvsvn>=3
        snp measurement=<96 digits> bootloader>=4 tee>=0 snp>=22 microcode>=213
        nitro pcr0=<96 digits> pcr8=<96 digits>

    Raises CallerError saying what is wrong.
    """
    kind, *conditions = line.split() or [""]
    platform = PLATFORMS.get(kind)
    if platform is None:
        raise _wrong(f"a measurement begins with one of: {', '.join(PLATFORMS)}")
    registers: dict[str, bytes] = {}
    exact = dict(UNLESS_SAID.get(kind, {}))
    least: dict[str, int] = {}
    said: set[str] = set()
    for each in conditions:
        read = _CONDITION.fullmatch(each)
        if read is None or read[1] in said:
            raise _wrong("a condition is `name=value` or `name>=number`, and each name stands once")
        name, sign, value = read.groups()
        said.add(name)
        if sign == "=" and len(value) == 2 * platform.registers.get(name, -1):
            registers[name] = bytes.fromhex(value)
        elif name in (platform.exact if sign == "=" else platform.growing) and value.isdecimal() and len(value) < 10:
            (exact if sign == "=" else least)[name] = int(value)
        else:
            raise _wrong(f"`{name}{sign}` is no condition of {kind}, or its value is not of its form")
    if not any(names <= said for names in platform.least):
        raise _wrong(f"a measurement of {kind} says at least: {' or '.join(' '.join(sorted(names)) for names in platform.least)}")
    return Measurement(kind=kind, registers=registers, exact=exact, least=least)


def hold(trail: Trail, kind: str, registers: Mapping[str, bytes], numbers: Mapping[str, int], measurements: Sequence[Measurement]) -> None:
    """What was measured, against what may run."""
    own = [each for each in measurements if each.kind == kind]
    if not own:
        raise trail.refusal("measurement", f"nothing says which software may run on {kind}")
    same = [each for each in own if all(registers.get(name) == value for name, value in each.registers.items())
            and all(numbers.get(name) == value for name, value in each.exact.items())]  # fmt: skip
    if not same:
        raise trail.refusal("measurement", f"what was started is none of the {len(own)} that may run")
    trail.note("measurement", ", ".join(f"{name} {value.hex()[:16]}…" for name, value in same[0].registers.items()))
    if any(each.least for each in same):
        held = any(all(numbers.get(name, -1) >= value for name, value in each.least.items()) for each in same)
        told = ", ".join(f"{name} {numbers[name]}" for name in same[0].least if name in numbers)
        trail.require(held, "tcb", told, f"it is older than the least that will do: {told}")


def _wrong(why: str) -> CallerError:
    return CallerError(why, code="attestation.measurement", field="measurements")
