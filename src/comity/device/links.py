# SPDX-License-Identifier: Apache-2.0
"""How a model is reached: a child process of this one, or the process that shares models between a user's programs.

Either speaks frames: the first says whether the model is loaded.  What is no frame ends the link.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from comity.device.frames import FromChild, Open, Ready, from_child, pack, size_of
from comity.ports import environment

_PIPE = asyncio.subprocess.PIPE
CHILD = (sys.executable, "-P", "-m", "comity.device.child")
"""-P: what lies in the folder where somebody happens to stand is no module."""
_SHARING = {"OMP_WAIT_POLICY": "PASSIVE"}
"""A model's threads wait for each other at every step.  By default they spin meanwhile; on a machine that others use too, that keeps
the very thread from running that they wait for, and answers take ten times as long, or more."""
_KEPT = frozenset(
    {"PATH", "HOME", "LANG", "LC_ALL", "SYSTEMROOT", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV", "OMP_NUM_THREADS", "OMP_WAIT_POLICY"}
)
CREDENTIALS = struct.Struct("3i")  # pid, uid, gid: unix(7), SO_PEERCRED


class Link(Protocol):
    """One model, reached.  ``pid`` is its process, where that is one of ours, else 0."""

    @property
    def alive(self) -> bool: ...

    @property
    def pid(self) -> int: ...

    async def send(self, data: bytes) -> None:
        """Raises OSError or RuntimeError when nobody is there."""

    async def frame(self) -> FromChild:
        """Raises EOFError when it has ended, ValueError for what is no frame."""

    def kill(self) -> None:
        """At once; what is under way is lost."""

    async def close(self) -> None:
        """Returns once nothing of it is left."""


async def read(source: asyncio.StreamReader) -> bytes:
    """One frame's body.  Raises EOFError, ValueError."""
    return await source.readexactly(size_of(await source.readexactly(4)))


# -- a child -------------------------------------------------------------------------------------------------------


class ChildLink:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    @property
    def pid(self) -> int:
        return self._process.pid

    async def send(self, data: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(data)
        await self._process.stdin.drain()

    async def frame(self) -> FromChild:
        assert self._process.stdout is not None
        found: FromChild = from_child.decode(await read(self._process.stdout))
        return found

    def kill(self) -> None:
        if self.alive:
            with suppress(ProcessLookupError):
                self._process.kill()

    async def close(self) -> None:
        self.kill()
        await self._process.communicate()  # reads what it had still said: a full pipe would never be told apart from a living process
        if self._process.stdin is not None:
            self._process.stdin.close()


async def child(command: Sequence[str], *, seconds_max: float) -> tuple[ChildLink, FromChild]:
    """Started, and its first word; no child is left unless that is Ready.  Raises OSError, EOFError, ValueError."""
    # What a child makes while it loads lies in a folder of ours: killed meanwhile, it leaves nothing behind.
    with tempfile.TemporaryDirectory(prefix="comity-model-") as folder:
        # No environment but what Python and the loader need: a model's process has no business with anybody's keys.
        kept = {name: value for name, value in os.environ.items() if name in _KEPT}  # noqa: TID251
        process = await asyncio.create_subprocess_exec(
            *command, stdin=_PIPE, stdout=_PIPE, stderr=asyncio.subprocess.DEVNULL, env=_SHARING | kept | {"TMPDIR": folder}
        )
        link, first = ChildLink(process), None
        try:
            async with asyncio.timeout(seconds_max):
                first = await link.frame()
        finally:
            if not isinstance(first, Ready):
                await link.close()  # before its folder goes
        return link, first


# -- the process that shares ---------------------------------------------------------------------------------------


def shared_socket() -> Path:
    """Where it listens: in the user's folder for what runs, else beside the models (XDG Base Directory Specification)."""
    from comity.device.manifest import data_directory

    running = environment("XDG_RUNTIME_DIR")
    return (Path(running) / "comity" if running else data_directory()) / "device.sock"


def is_ours(sock: socket.socket) -> bool:
    """Whether the other end runs as this user; False where the system does not say who it is."""
    which = getattr(socket, "SO_PEERCRED", None)
    if which is None:
        return False
    _, uid, _ = CREDENTIALS.unpack(sock.getsockopt(socket.SOL_SOCKET, which, CREDENTIALS.size))
    return bool(uid == os.getuid())


class SharedLink:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @property
    def alive(self) -> bool:
        return not self._writer.is_closing() and not self._reader.at_eof()

    @property
    def pid(self) -> int:
        return 0

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def frame(self) -> FromChild:
        try:
            found: FromChild = from_child.decode(await read(self._reader))
        except ConnectionError:
            raise EOFError from None
        return found

    def kill(self) -> None:
        self._writer.transport.abort()

    async def close(self) -> None:
        self.kill()
        with suppress(OSError):
            await self._writer.wait_closed()


async def connect(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
    """To the process that shares models, or None where there is none, or another user's."""
    try:
        reader, writer = await asyncio.open_unix_connection(str(path))
    except (OSError, ValueError):  # nobody listens, or no path of a socket is that long
        return None
    if is_ours(writer.get_extra_info("socket")):
        return reader, writer
    writer.close()
    return None


async def shared(path: Path, wanted: Open, *, seconds_max: float) -> tuple[SharedLink, FromChild] | None:
    """Its first word about the model, or None where nobody shares.  Raises OSError, EOFError, ValueError."""
    found = await connect(path)
    if found is None:
        return None
    link, first = SharedLink(*found), None
    try:
        async with asyncio.timeout(seconds_max):
            await link.send(pack(wanted))
            first = await link.frame()
    finally:
        if not isinstance(first, Ready):
            await link.close()
    return link, first
