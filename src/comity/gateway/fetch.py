# SPDX-License-Identifier: Apache-2.0
"""A small file or answer of another server, whole; what comes is believed only once it verifies."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from comity.providers.http1.head import Broken, write_head
from comity.providers.http1.pool import Origin, Pool


async def fetch(
    pool: Pool, url: str, *, seconds_max: float, bytes_max: int, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, bytes]:
    """The status and the body: of a GET, or with a ``body`` of a POST.  Raises Fault."""
    parts = urlsplit(url)
    origin = Origin.of(parts.scheme, parts.hostname or "", parts.port)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    said = {"accept-encoding": "identity", **(headers or {})}
    head = write_head("GET" if body is None else "POST", target, origin.authority, said, None if body is None else len(body))
    connection = pool.kept(origin) or await pool.connect(origin)
    try:
        answer, pieces, size = await connection.ask(head, body or b"", seconds_max), list[bytes](), 0
        while piece := await connection.piece(seconds_max):
            pieces.append(piece)
            size += len(piece)
            if size > bytes_max:
                raise Broken("larger than was asked for")
        return answer.status, b"".join(pieces)
    finally:
        connection.release()
