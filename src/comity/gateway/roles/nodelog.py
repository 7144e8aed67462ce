# SPDX-License-Identifier: Apache-2.0
"""A node's own log: its database and key in the home (or on the server that gateways share), its tiles where they are published."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from comity.config import Config, NodeConfig
from comity.errors import OperatorError
from comity.gateway.roles.witnessing import Witnesses
from comity.ports import Random, Secrets
from comity.storage.home import KEY_BYTES
from comity.transparency.note import Signer
from comity.transparency.publish import Published, Publisher
from comity.transparency.store import Store, is_path, store_at
from comity.transparency.tlog import DATABASE, TLog, signer_in, signer_of

TILES = "nodelog"


class NodeLog:
    def __init__(self, tlog: TLog, store: Store, witnesses: Witnesses, quorum: int) -> None:
        self._tlog, self._store, self._witnesses = tlog, store, witnesses
        self._publisher = Publisher(tlog, store, witnesses.cosigners, quorum)

    @classmethod
    async def open(cls, config: Config, node: NodeConfig, *, home: Path, random: Random, secrets: Secrets) -> NodeLog:
        """Raises OperatorError, StorageFailure, and TrustFailure (step `log`) for a log that is not what it was."""
        store = store_at(node.log_store) if node.log_store else store_at(str(home / TILES))
        signer, url = _signer(node, home, random, secrets), config.storage.url
        where = secrets.get(env=url.env, file=url.file, command=url.command) if url is not None else home / DATABASE
        witnesses = Witnesses(node.witnesses, "node.witnesses")
        tlog = await TLog.open(where, signer, seconds_max=config.limits.record_seconds_max)
        return cls(tlog, store, witnesses, node.quorum)

    @property
    def vkey(self) -> str:
        """What clients pin."""
        return self._tlog.verifier.vkey

    async def append(self, entries: Sequence[bytes]) -> range:
        """Their places, once they are there for good."""
        return await self._tlog.append(entries)

    async def publish(self) -> Published:
        """Raises StorageFailure; TrustFailure where the log is not the one that was shown."""
        return await self._publisher.publish()

    async def proof(self, index: int) -> str:
        """A C2SP tlog-proof against the newest checkpoint that enough witnesses have signed.  Raises LookupError before there is one."""
        return await self._tlog.proof(index, self._store)

    async def recovered(self) -> int:
        """How many entries were taken back from what is published, after a loss.  Raises TrustFailure where that is another story."""
        return await self._tlog.recovered(self._store)

    async def file(self, path: str) -> bytes | None:
        """What is published under `checkpoint` or `tile/…`; None for what is not."""
        return await self._store.get(path) if is_path(path) else None

    async def aclose(self) -> None:
        await self._witnesses.aclose()
        await self._tlog.aclose()


def _signer(node: NodeConfig, home: Path, random: Random, secrets: Secrets) -> Signer:
    if node.log_key is None:
        return signer_in(home, random)
    return signer_of(secret_of(secrets.get(env=node.log_key.env, file=node.log_key.file, command=node.log_key.command), "node.log_key"))


def secret_of(text: str, field: str) -> bytes:
    """Raises OperatorError."""
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if len(raw) != KEY_BYTES:
        raise OperatorError(
            f"{field} is not a key of {KEY_BYTES} bytes in hexadecimal", code="config.invalid", field=field, hint="openssl rand -hex 32"
        )
    return raw
