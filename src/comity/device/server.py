# SPDX-License-Identifier: Apache-2.0
"""The process that shares models: each is loaded once for all programs of one user, and unloaded when nobody has asked it for a while.

It listens on a Unix socket that only its user may open, and looks at who connects.  A connection is about one model and speaks the
frames of a child; each model runs in a child of this process, so native code that crashes takes nobody else along.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import aclosing, suppress
from pathlib import Path

from comity.device.fetch import checked
from comity.device.frames import (
    Ask,
    Chunk,
    End,
    Failed,
    FromServer,
    Halt,
    Loaded,
    Look,
    Open,
    Ready,
    State,
    Stop,
    ToServer,
    pack,
    to_server,
)
from comity.device.links import connect, is_ours, read
from comity.device.manifest import Here
from comity.device.runtime import Runtime
from comity.errors import ComityError, OperatorError

WHY = {
    "model.absent": "gone", "model.unknown": "gone", "model.no_runtime": "absent", "model.no_memory": "memory",
    "model.crashing": "crashing", "trust.model-hash": "hash",
}  # fmt: skip
"""The word that goes to the other end, for the code of what is in the way."""
END_SECONDS_MAX = 10.0
SOCKET_PATH_BYTES_MAX = 107  # unix(7)
FIRST_SECONDS_MAX = 10.0

Make = Callable[[Here, int], Runtime]
"""A runtime for a model that was checked, with so many tokens of context."""


class Server:
    """``make`` decides on threads, slots and how long a model may idle."""

    def __init__(self, path: Path, make: Make) -> None:
        self._path, self._make = path, make
        self._runtimes: dict[tuple[str, str, int], tuple[Here, Runtime]] = {}
        self._connections: set[asyncio.Task[None]] = set()
        self._listening: asyncio.Server | None = None
        self._stop = asyncio.Event()

    async def serve(self, on_ready: Callable[[], None]) -> None:
        """Until it is told to stop.  Raises OperatorError where another one listens, or the socket cannot be made."""
        if (found := await connect(self._path)) is not None:
            found[1].close()
            raise OperatorError(
                f"another `comity device serve` listens on `{self._path}`", code="device.running", exit_code=1, hint="comity device status"
            )
        listening = _bound(self._path)
        self._listening = await asyncio.start_unix_server(self._accept, sock=listening)
        try:
            on_ready()
            await self._stop.wait()
        finally:
            self._listening.close()
            with suppress(OSError):
                self._path.unlink()
            await self._finish()
            for _, runtime in self._runtimes.values():
                await runtime.aclose()

    def stop(self) -> None:
        self._stop.set()

    def state(self) -> State:
        return State(
            pid=os.getpid(),
            models=tuple(
                Loaded(
                    model=here.id, kind=here.kind, context_tokens=tokens, pid=runtime.pid, under_way=runtime.under_way,
                    idle_seconds=round(runtime.idle_seconds, 1),
                )
                for (_, _, tokens), (here, runtime) in self._runtimes.items()
            ),
        )  # fmt: skip

    async def _finish(self) -> None:
        """What is under way has some seconds to end by itself."""
        loop = asyncio.get_running_loop()
        until = loop.time() + END_SECONDS_MAX
        while any(runtime.under_way for _, runtime in self._runtimes.values()) and loop.time() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    # -- one connection ----------------------------------------------------------------------------------------------

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            if is_ours(writer.get_extra_info("socket")):
                await self._talk(reader, writer)
        except (OSError, EOFError, ValueError, TimeoutError):  # it has gone, or says what is no frame
            return
        except asyncio.CancelledError:  # this process ends; `asyncio.streams` would log it as a fault
            return
        finally:
            self._connections.discard(task)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(FIRST_SECONDS_MAX):
            first = _decoded(await read(reader))
        if isinstance(first, Look | Halt):
            await _say(writer, self.state())
            if isinstance(first, Halt):
                self.stop()
            return
        if not isinstance(first, Open):
            return
        try:
            runtime = await self._runtime(first)
            await runtime.start()
        except ComityError as error:
            await _say(writer, Failed(why=WHY.get(error.code, "unloadable")))
            return
        await _say(writer, Ready())
        await _Conversation(reader, writer, runtime).run()

    async def _runtime(self, wanted: Open) -> Runtime:
        key = (wanted.model, wanted.directory, wanted.context_tokens)
        if key not in self._runtimes:
            here = await asyncio.to_thread(checked, wanted.model, Path(wanted.directory))
            if key not in self._runtimes:  # another connection may have come this far meanwhile
                self._runtimes[key] = (here, self._make(here, wanted.context_tokens))
        return self._runtimes[key][1]


class _Conversation:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, runtime: Runtime) -> None:
        self._reader, self._writer, self._runtime = reader, writer, runtime
        self._answers: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        try:
            while True:
                frame = _decoded(await read(self._reader))
                if isinstance(frame, Ask) and frame.id not in self._answers:
                    self._answers[frame.id] = asyncio.create_task(self._answer(frame))
                elif isinstance(frame, Stop) and frame.id in self._answers:
                    self._answers[frame.id].cancel()
        finally:
            for task in self._answers.values():
                task.cancel()
            await asyncio.gather(*self._answers.values(), return_exceptions=True)

    async def _answer(self, ask: Ask) -> None:
        word = ""
        try:
            async with aclosing(self._runtime.frames(ask.body)) as frames:
                async for frame in frames:
                    if isinstance(frame, End):
                        word = frame.error
                    else:
                        await _say(self._writer, Chunk(id=ask.id, chunk=frame.chunk))
        except ComityError as error:
            word = WHY.get(error.code, "lost")
        except OSError:  # nobody reads any more
            return
        finally:
            del self._answers[ask.id]
        await _say(self._writer, End(id=ask.id, error=word))


def _decoded(body: bytes) -> ToServer:
    frame: ToServer = to_server.decode(body)
    return frame


async def _say(writer: asyncio.StreamWriter, frame: FromServer) -> None:
    writer.write(pack(frame))
    await writer.drain()


def _bound(path: Path) -> socket.socket:
    """A socket that only its user may open.  Raises OperatorError."""
    if not hasattr(socket, "SO_PEERCRED"):
        raise _unusable(path, "this system does not say who connects")
    if len(os.fsencode(path)) > SOCKET_PATH_BYTES_MAX:
        raise _unusable(path, "its path is too long")
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.unlink(missing_ok=True)  # of one that was killed
        before = os.umask(0o177)
        try:
            listening.bind(str(path))
        finally:
            os.umask(before)
    except OSError as error:
        listening.close()
        raise _unusable(path, str(error.strerror)) from error
    return listening


def _unusable(path: Path, why: str) -> OperatorError:
    return OperatorError(f"cannot listen on `{path}`: {why}", code="device.unusable", exit_code=1, hint="set XDG_RUNTIME_DIR")


async def told(path: Path, word: Look | Halt) -> State | None:
    """What the process that shares models says of itself, or None where there is none."""
    from comity.device.frames import from_server

    found = await connect(path)
    if found is None:
        return None
    reader, writer = found
    try:
        writer.write(pack(word))
        await writer.drain()
        said = from_server.decode(await read(reader))
    except (OSError, EOFError, ValueError):
        return None
    finally:
        writer.close()
    return said if isinstance(said, State) else None
