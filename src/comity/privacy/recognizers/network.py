# SPDX-License-Identifier: Apache-2.0
"""Addresses of machines: IPv4, IPv6, MAC.  Loopback, private and unspecified ones single nobody out and stay."""

from __future__ import annotations

import re

from comity.privacy.recognizers.base import CERTAIN, LIKELY, Hit, Recognizer
from comity.privacy.recognizers.labels import label

_V4 = re.compile(r"(?<![A-Za-z0-9.])(?<![0-9]-)[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![A-Za-z0-9]|\.[0-9]|-[A-Za-z0-9])")
# A character of it leads, for `re` finds it fast; then what stands before it.
_V6 = re.compile(
    r"[0-9A-Fa-f:](?<![A-Za-z0-9:.].)(?:(?<=:)|[0-9A-Fa-f]{0,3}:)(?:[0-9A-Fa-f]{0,4}:){1,6}"
    r"(?:[0-9A-Fa-f]{1,4}|(?:[0-9]{1,3}\.){3}[0-9]{1,3})?(?![A-Za-z0-9:])"
)
_MAC = re.compile(r"[0-9A-Fa-f](?<![A-Za-z0-9:.\-].)[0-9A-Fa-f]([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![A-Za-z0-9:-])")


def _public(value: str) -> bool:
    from ipaddress import ip_address

    try:
        address = ip_address(value)
    except ValueError:
        return False
    return not (
        address.is_private or address.is_loopback or address.is_unspecified or address.is_link_local or address.is_multicast
        or address.is_reserved
    )  # fmt: skip


def _v4(text: str, found: re.Match[str]) -> Hit | None:
    if not _public(found[0]):
        return None
    left = text[max(0, found.start() - 14) : found.start()].lower()
    if label(text, found.start(), reach=14) == "other" or left.endswith("v"):  # `version 9.8.7.78`
        return None
    small = all(int(part) < 20 for part in found[0].split("."))
    if small and "ip" not in left and "host" not in left and "from" not in left:
        return None  # 4.10.6.2 is a version more often than a machine
    return Hit(found.start(), found.end(), LIKELY)


def _v6(_: str, found: re.Match[str]) -> Hit | None:
    value = found[0]
    return Hit(found.start(), found.end(), LIKELY) if len(value) > 6 and _public(value) else None


def _mac(_: str, found: re.Match[str]) -> Hit | None:
    low = found[0].lower().replace("-", ":")
    return None if low in ("00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff") else Hit(found.start(), found.end(), CERTAIN)


def recognizers() -> tuple[Recognizer, ...]:
    def unit(name: str, type_: str, what: str, many: str, pattern: re.Pattern[str]) -> Recognizer:
        check = {"ipv4": _v4, "ipv6": _v6, "mac": _mac}[name]
        return Recognizer(
            name=name, type=type_, category="contact", jurisdiction="", what=what, many=many, digits=4, marks=".", pattern=pattern,
            check=check, contextual=name == "ipv4",
        )  # fmt: skip

    return (
        unit("ipv4", "IP", "public IPv4 addresses, versions left alone", "", _V4),
        unit("ipv6", "IP", "public IPv6 addresses", ":", _V6),
        unit("mac", "MAC", "hardware addresses", ":-", _MAC),
    )
