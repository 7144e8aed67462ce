# SPDX-License-Identifier: Apache-2.0
"""The process that runs native code: a model that crashes it takes no gateway with it.

    python -m comity.device.child MODEL CONTEXT_TOKENS SLOTS THREADS

Frames come on standard input and go out on standard output.  It ends when its input does, so it never outlives its gateway.
llama.cpp's own listener is put on a socket in a folder of this process's own, with a key that nobody is told.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO

import msgspec

from comity.device.frames import Ask, Chunk, End, Failed, Ready, Stop, pack, size_of, to_child

_encode = msgspec.json.Encoder().encode


class Child:
    def __init__(self, out: int) -> None:
        self._out, self._lock = out, threading.Lock()
        self._wanted: set[int] = set()
        self._server: Any = None

    def load(self, model: str, context_tokens: int, slots: int, threads: int, folder: str, key: str) -> None:
        import xllamacpp  # type: ignore[import-untyped]  # it ships no types

        params = xllamacpp.CommonParams()
        params.model.path = model
        params.n_ctx, params.n_parallel, params.n_predict = context_tokens * slots, slots, context_tokens
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
        params.hostnames, params.api_keys = [os.path.join(folder, "s.sock")], [key]  # noqa: PTH118
        params.ui = params.endpoint_metrics = params.endpoint_slots = params.endpoint_props = False
        params.verbosity = -1
        self._server = xllamacpp.Server(params)

    def send(self, frame: Ready | Chunk | End | Failed) -> None:
        data = pack(frame)
        with self._lock:
            while data:
                data = data[os.write(self._out, data) :]

    def answer(self, ask: Ask) -> None:
        error = ""

        def chunk(piece: Any) -> bool:
            nonlocal error
            if isinstance(piece, dict) and "error" in piece:
                error = _word(piece["error"])
                return True
            self.send(Chunk(id=ask.id, chunk=msgspec.Raw(_encode(piece))))
            return ask.id not in self._wanted

        try:
            if ask.id in self._wanted:
                self._server.handle_chat_completions(ask.body, chunk)
        except ValueError:
            error = "invalid_request_error"
        except Exception:  # noqa: BLE001 - native code; its message may hold text
            error = "runtime_error"
        self._wanted.discard(ask.id)
        self.send(End(id=ask.id, error=error))

    def want(self, number: int) -> None:
        self._wanted.add(number)

    def stop(self, number: int) -> None:
        self._wanted.discard(number)


def _word(error: Any) -> str:
    kind = error.get("type") if isinstance(error, dict) else None
    return kind if isinstance(kind, str) and kind.replace("_", "").isalnum() else "runtime_error"


def _exactly(source: BinaryIO, size: int) -> bytes:
    data = source.read(size)
    if len(data) < size:
        os._exit(0)  # the gateway is gone; threads in native code cannot be waited for
    return data


def main(arguments: list[str]) -> int:
    model, context_tokens, slots, threads = arguments[0], *map(int, arguments[1:4])
    out = os.dup(1)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)  # native code prints where it likes, and what it prints may hold a prompt
    os.dup2(nothing, 2)
    child = Child(out)
    with tempfile.TemporaryDirectory() as folder:  # a socket's path has few letters to spend
        try:
            child.load(model, context_tokens, slots, threads, folder, os.urandom(32).hex())
        except ImportError:
            child.send(Failed(why="absent"))
            return 1
        except Exception:  # noqa: BLE001 - whatever a broken file does to native code
            child.send(Failed(why="unloadable"))
            return 1
    child.send(Ready())
    pool = ThreadPoolExecutor(slots)
    while True:
        frame = to_child.decode(_exactly(sys.stdin.buffer, size_of(_exactly(sys.stdin.buffer, 4))))
        if isinstance(frame, Stop):
            child.stop(frame.id)
        else:
            child.want(frame.id)
            pool.submit(child.answer, frame)


if __name__ == "__main__":
    os._exit(main(sys.argv[1:]))
