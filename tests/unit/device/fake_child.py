# SPDX-License-Identifier: Apache-2.0
"""A child as `device/runtime.py` starts one, with no model: it does what the message of each request tells it to.

    python fake_child.py MODE KIND LOADING

MODE is what it does instead of loading; `well` loads.  A message is a JSON object: `pieces` are sent; then, by `then`, the answer ends
(nothing), ends with an `error`, is held open until it is stopped (`hold`), waits for as many others (`together`) and is woven with them,
the process dies (`die`), or it says `bytes` that are no frame (`garbage`).  `report` answers with what this process has seen.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from typing import Any

import msgspec

from comity.device.frames import Ask, Chunk, End, Failed, Ready, Stop, pack, size_of, to_child

mode, arguments = sys.argv[1], sys.argv[2:]
stopped: list[int] = []
waiting: list[tuple[int, list[Any]]] = []


def say(*frames: Ready | Chunk | End | Failed) -> None:
    write(b"".join(map(pack, frames)))


def write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def read(size: int) -> bytes:
    data = sys.stdin.buffer.read(size)
    if len(data) < size:
        sys.exit(0)
    return data


def chunk(number: int, piece: Any) -> Chunk:
    return Chunk(id=number, chunk=msgspec.Raw(json.dumps(piece).encode()))


def load() -> None:
    if mode in ("absent", "unloadable"):
        say(Failed(why=mode))
        sys.exit(1)
    if mode == "ends":
        sys.exit(3)
    if mode == "prints":
        write(b"llama: loading the model\n")
    if mode == "mistakes":
        say(End(id=7))
    if mode == "litters":
        folder = tempfile.mkdtemp()
        with open(os.path.join(folder, "socket"), "w") as file:
            file.write(f"{os.getpid()}\n")
    if mode == "well":
        say(Ready())


def answer(number: int, told: dict[str, Any]) -> None:
    pieces, then = told.get("pieces", []), told.get("then", "")
    if then == "together":
        waiting.append((number, pieces))
        if len(waiting) == told["others"] + 1:
            for each in zip(*(pieces for _, pieces in waiting), strict=True):
                say(*(chunk(asked, piece) for (asked, _), piece in zip(waiting, each, strict=True)))
            say(*(End(id=asked) for asked, _ in reversed(waiting)))
            waiting.clear()
        return
    say(*(chunk(number, piece) for piece in pieces))
    if then == "report":
        seen = {"stopped": stopped, "environment": dict(os.environ), "folder": tempfile.gettempdir(), "arguments": arguments}
        say(chunk(number, seen))
    if then == "die":
        os._exit(9)
    if then == "garbage":
        write(bytes.fromhex(told["bytes"]))
    elif then != "hold":
        say(End(id=number, error=told.get("error", "")))


load()
while True:
    frame = to_child.decode(read(size_of(read(4))))
    if isinstance(frame, Stop):
        stopped.append(frame.id)
        say(End(id=frame.id))
    elif isinstance(frame, Ask):
        answer(frame.id, json.loads(frame.body["messages"][-1]["content"]))
