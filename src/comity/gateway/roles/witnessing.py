# SPDX-License-Identifier: Apache-2.0
"""Witnesses asked over HTTP (C2SP tlog-witness).  One that does not answer is missing from those who signed, and nothing else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from urllib.parse import urlsplit

from comity.config import CosignerConfig
from comity.errors import OperatorError
from comity.providers.http1.head import Broken, Fault, write_head
from comity.providers.http1.pool import Origin, Pool
from comity.transparency.note import COSIGNED, NOTE_BYTES_MAX, Verifier, parse_vkey
from comity.transparency.publish import Cosigner, Reply
from comity.transparency.witness import PATH

log = logging.getLogger("comity.gateway")
ASK_SECONDS_MAX = 10.0
CONNECTIONS_MAX = 4


class Witnesses:
    """``field``: of the configuration, for errors.  Raises OperatorError for what is no witness's key, or one twice."""

    def __init__(self, named: Sequence[CosignerConfig], field: str) -> None:
        keys = [_key(each.key, field) for each in named]
        if len({each.name for each in keys}) < len(keys) or len({each.public for each in keys}) < len(keys):
            raise OperatorError(f"{field}: two of them are the same", code="config.invalid", field=field, hint="name each witness once")
        self._pool = Pool(connections_max=CONNECTIONS_MAX, connect_seconds_max=ASK_SECONDS_MAX)
        self.cosigners = tuple(
            Cosigner(key, partial(self._ask, each.url.rstrip("/") + PATH)) for key, each in zip(keys, named, strict=True)
        )

    async def _ask(self, url: str, body: bytes) -> Reply | None:
        try:
            async with asyncio.timeout(ASK_SECONDS_MAX):
                return await self._posted(url, body)
        except (Fault, TimeoutError) as error:
            log.warning("the witness at %s does not answer (%s)", urlsplit(url).hostname, type(error).__name__)
            return None

    async def _posted(self, url: str, body: bytes) -> Reply:
        parts = urlsplit(url)
        origin = Origin.of(parts.scheme, parts.hostname or "", parts.port)
        head = write_head("POST", parts.path, origin.authority, {"content-type": "text/plain; charset=utf-8"}, len(body))
        connection = self._pool.kept(origin) or await self._pool.connect(origin)
        try:
            said, raw = await connection.ask(head, body, ASK_SECONDS_MAX), b""
            while piece := await connection.piece(ASK_SECONDS_MAX):
                raw += piece
                if len(raw) > NOTE_BYTES_MAX:
                    raise Broken("larger than signatures are")
            return Reply(said.status, raw)
        finally:
            connection.release()

    async def aclose(self) -> None:
        await self._pool.aclose()


def _key(text: str, field: str) -> Verifier:
    try:
        return parse_vkey(text, *COSIGNED)
    except ValueError as error:
        raise OperatorError(f"{field}: {error}", code="config.invalid", field=field, hint="as `comity witness key` prints it") from None
