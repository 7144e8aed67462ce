# SPDX-License-Identifier: Apache-2.0
"""The process that runs native code: a model that crashes it takes no gateway with it.

    python -m comity.device.child KIND LOADING

KIND is a module of `comity.device.engines`, LOADING what it is loaded with (`frames.Loading`) as JSON.  Frames come on standard input and
go out on standard output.  It ends when its input does, so it never outlives its gateway.
"""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any, BinaryIO

import msgspec

from comity.device.engines.base import Broken, Engine, TooLong
from comity.device.frames import (
    BROKEN,
    FAILED,
    INVALID,
    TOO_LONG,
    Ask,
    Chunk,
    End,
    Failed,
    Loading,
    Ready,
    Stop,
    pack,
    size_of,
    to_child,
)

_encode = msgspec.json.Encoder().encode


class Child:
    def __init__(self, out: int) -> None:
        self._out, self._lock = out, threading.Lock()
        self._wanted: set[int] = set()
        self._engine: Engine | None = None

    def load(self, kind: str, loading: Loading) -> None:
        module: Any = import_module(f"comity.device.engines.{kind}")
        self._engine = module.load(loading.files, msgspec.structs.asdict(loading))

    def send(self, frame: Ready | Chunk | End | Failed) -> None:
        data = pack(frame)
        with self._lock:
            while data:
                data = data[os.write(self._out, data) :]

    def answer(self, ask: Ask) -> None:
        error = ""

        def piece(said: Any) -> bool:
            self.send(Chunk(id=ask.id, chunk=msgspec.Raw(_encode(said))))
            return ask.id not in self._wanted

        try:
            if ask.id in self._wanted:
                assert self._engine is not None
                self._engine.answer(ask.body, piece)
        except TooLong:
            error = TOO_LONG
        except Broken:
            error = BROKEN
        except ValueError:
            error = INVALID
        except Exception:  # noqa: BLE001 - native code; its message may hold text
            error = FAILED
        self._wanted.discard(ask.id)
        self.send(End(id=ask.id, error=error))

    def want(self, number: int) -> None:
        self._wanted.add(number)

    def stop(self, number: int) -> None:
        self._wanted.discard(number)


def _exactly(source: BinaryIO, size: int) -> bytes:
    data = source.read(size)
    if len(data) < size:
        os._exit(0)  # the gateway is gone; threads in native code cannot be waited for
    return data


def main(arguments: list[str]) -> int:
    kind, loading = arguments[0], msgspec.json.decode(arguments[1], type=Loading)
    out = os.dup(1)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)  # native code prints where it likes, and what it prints may hold a prompt
    os.dup2(nothing, 2)
    child = Child(out)
    try:
        child.load(kind, loading)
    except ImportError:
        child.send(Failed(why="absent"))
        return 1
    except MemoryError:
        child.send(Failed(why="memory"))
        return 1
    except Exception:  # noqa: BLE001 - whatever a broken file does to native code
        child.send(Failed(why="unloadable"))
        return 1
    child.send(Ready())
    pool = ThreadPoolExecutor(loading.slots)
    while True:
        frame = to_child.decode(_exactly(sys.stdin.buffer, size_of(_exactly(sys.stdin.buffer, 4))))
        if isinstance(frame, Stop):
            child.stop(frame.id)
        else:
            child.want(frame.id)
            pool.submit(child.answer, frame)


if __name__ == "__main__":
    os._exit(main(sys.argv[1:]))
