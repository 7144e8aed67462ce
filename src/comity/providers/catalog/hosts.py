# SPDX-License-Identifier: Apache-2.0
"""A URL that means one thing to everyone who reads it, or none.

What is checked here is connected to by another parser (the HTTP client's), which maps, decodes and abbreviates by its own rules.
So only the form that no rule changes is taken: plain labels in ASCII, an address in full, a path of plain segments.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import urlsplit

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PATH = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+)*/?")
_PORTS = {"https": 443, "http": 80}
_EXAMPLE = "for example https://llm.example.com/v1"


class BadAddress(Exception):
    def __init__(self, why: str, mend: str = _EXAMPLE) -> None:
        super().__init__(why)
        self.why, self.mend = why, mend


class Endpoint(NamedTuple):
    base: str  # scheme://host:port/path, no trailing slash
    egress: str  # host:port, exact
    host: str  # lower case, no trailing point; an IPv6 address without brackets
    loopback: bool


def endpoint(url: str) -> Endpoint:
    """Raises BadAddress.  Plain http is for loopback only."""
    if not url.isascii() or any(letter <= " " or letter in "\\\x7f" for letter in url):
        raise BadAddress("holds more than printable ASCII", "write the host in its ASCII form (xn--…)")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadAddress("is not a URL") from None
    if parts.scheme not in _PORTS or not parts.netloc:
        raise BadAddress("is not an http or https URL")
    if "@" in parts.netloc or "?" in url or "#" in url:
        raise BadAddress("holds more than scheme, host, port and path", "credentials go into `api_key`")
    if port == 0 or not _PATH.fullmatch(parts.path):
        raise BadAddress("has a port or a path that is read in more than one way", _EXAMPLE)
    host = _address6(parts.hostname or "") if "[" in parts.netloc else _name(parts.hostname or "")
    here = _loopback(host)
    if parts.scheme == "http" and not here:
        raise BadAddress("is plain http to another machine", "use https: what leaves this machine is encrypted")
    egress = f"{f'[{host}]' if ':' in host else host}:{port or _PORTS[parts.scheme]}"
    return Endpoint(f"{parts.scheme}://{egress}{parts.path.rstrip('/')}", egress, host, here)


def _address6(host: str) -> str:
    try:
        address = ipaddress.IPv6Address(host)
    except ValueError:
        raise BadAddress("holds no IPv6 address between its brackets") from None
    if address.scope_id is not None or address.ipv4_mapped is not None:
        raise BadAddress("names an address that is read in more than one way", "without zone, and an IPv4 address as such")
    return address.compressed


def _name(host: str) -> str:
    name = host.lower().removesuffix(".")
    labels = name.split(".")
    if len(name) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise BadAddress("names no host that everyone reads alike")
    if _NUMBER.fullmatch(labels[-1]):  # a client reads `127.1` and `0x7f000001` as addresses too
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            raise BadAddress("abbreviates an address", "write it in full: 127.0.0.1") from None
    return name


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
