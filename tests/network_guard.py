# SPDX-License-Identifier: Apache-2.0
"""Holds this process to loopback.

Patched: `connect`, `connect_ex` and `sendto` of `socket.socket`, and `socket.getaddrinfo`.  Comity's own client connects by these on
either event loop (`tests/unit/providers/http1/test_dial.py`).  Native code that opens its own sockets (uvloop's `create_connection` by
name) and child processes are not seen here; what those may reach is held by the egress list and its own tests.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class NetworkBlocked(OSError):
    """A test tried to leave this machine.  An OSError, so that code under test treats it as any failed connection."""


LOCAL_NAMES = frozenset({"localhost", ""})


def is_local(host: object) -> bool:
    """Loopback, the wildcard (a bind), or a name that can only mean this machine."""
    if host is None:
        return True
    name = host.decode() if isinstance(host, bytes) else str(host)
    if name.lower() in LOCAL_NAMES or name.lower().endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name.split("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback or address.is_unspecified


class Guard:
    """Installed once for the whole run; `open` lets a test that asked for the network through."""

    def __init__(self) -> None:
        self.open = False
        self.blocked: list[str] = []  # hosts only
        self._originals: dict[str, Any] = {}

    def install(self) -> None:
        if self._originals:
            return
        self._originals = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex", "sendto")}
        self._originals["getaddrinfo"] = socket.getaddrinfo
        socket.socket.connect = self._by_address(self._originals["connect"], 0)  # type: ignore[method-assign]
        socket.socket.connect_ex = self._by_address(self._originals["connect_ex"], 0)  # type: ignore[method-assign]
        socket.socket.sendto = self._by_address(self._originals["sendto"], -1)  # type: ignore[method-assign]
        socket.getaddrinfo = self._getaddrinfo

    def remove(self) -> None:
        for name, original in self._originals.items():
            setattr(socket if name == "getaddrinfo" else socket.socket, name, original)
        self._originals = {}

    @contextmanager
    def opened(self) -> Iterator[None]:
        before, self.open = self.open, True
        try:
            yield
        finally:
            self.open = before

    def _by_address(self, original: Callable[..., Any], position: int) -> Callable[..., Any]:
        def guarded(this: socket.socket, *arguments: Any) -> Any:
            if this.family in (socket.AF_INET, socket.AF_INET6):
                self._check(arguments[position][0])
            return original(this, *arguments)

        return guarded

    def _getaddrinfo(self, host: Any, *arguments: Any, **more: Any) -> Any:
        self._check(host)
        return self._originals["getaddrinfo"](host, *arguments, **more)

    def _check(self, host: object) -> None:
        if self.open or is_local(host):
            return
        self.blocked.append(str(host))
        raise NetworkBlocked(f"tests may reach this machine only, not `{host}`; a test that must fetch is marked `registry`")
