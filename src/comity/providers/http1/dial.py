# SPDX-License-Identifier: Apache-2.0
"""From a host's name to a connected socket: each of its addresses in turn, the next one before the last has given up (RFC 8305)."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from itertools import chain, zip_longest
from typing import Any

from comity.providers.http1.connection import Connection
from comity.providers.http1.head import Unreachable

HEAD_START_SECONDS = 0.25  # RFC 8305, 5
Address = tuple[int, Any]  # family, and what that family connects to


def trust() -> ssl.SSLContext:
    """The system's certificates (or those of `SSL_CERT_FILE`, which ssl reads itself), host names checked, TLS 1.2 at least."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


async def dial(host: str, port: int, tls: ssl.SSLContext | None, make: Callable[[], Connection]) -> Connection:
    """Raises Unreachable.  Who limits the time cancels."""
    loop = asyncio.get_running_loop()
    try:
        connected = await _first(await _addresses(host, port))
        try:
            _, made = await loop.create_connection(make, sock=connected, ssl=tls, server_hostname=host if tls else None)
        except BaseException:
            connected.close()
            raise
    except (OSError, ValueError):  # ValueError: a name that no resolver takes
        raise Unreachable("not connected") from None
    return made


async def _addresses(host: str, port: int) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)  # asks nobody
    except socket.gaierror:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return in_turn([(int(family), address) for family, _, _, _, address in found])


def in_turn(found: Sequence[Address]) -> list[Address]:
    """The families by turns, beginning with the one that the resolver puts first (RFC 8305, 4)."""
    if not found:
        return []
    same = [each for each in found if each[0] == found[0][0]]
    other = [each for each in found if each[0] != found[0][0]]
    return [each for each in chain.from_iterable(zip_longest(same, other)) if each is not None]


async def _first(addresses: Sequence[Address]) -> socket.socket:
    """The first that connects.  Raises OSError when none does."""
    left, running, opened = list(addresses), set[asyncio.Task[socket.socket]](), list[socket.socket]()
    chosen: socket.socket | None = None
    failed: BaseException = OSError("no address")
    try:
        while chosen is None and (left or running):
            if left:
                running.add(asyncio.ensure_future(_connect(left.pop(0), opened)))
            done, running = await asyncio.wait(
                running, timeout=HEAD_START_SECONDS if left else None, return_when=asyncio.FIRST_COMPLETED
            )  # fmt: skip
            for task in done:
                error = task.exception()
                if error is None:
                    chosen = task.result()
                else:
                    failed = error
        if chosen is None:
            raise failed
        return chosen
    finally:
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)
        for each in opened:
            if each is not chosen:
                each.close()


async def _connect(address: Address, opened: list[socket.socket]) -> socket.socket:
    family, place = address
    made = socket.socket(family, socket.SOCK_STREAM)
    opened.append(made)
    made.setblocking(False)
    await asyncio.get_running_loop().sock_connect(made, place)
    return made
