# SPDX-License-Identifier: Apache-2.0
"""Stands where an engine stands, of whichever kind: the real child runs on it, with no native code and no model.

    python fake_engine.py KIND LOADING

The one file's path says what loading does: `absent` (no package), `broken`, `memory`, or it loads.  A body's `do` says what answering does.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any


class Engine:
    def __init__(self, kind: str) -> None:
        self._kind = kind

    def answer(self, body: Mapping[str, Any], piece: Callable[[Any], bool]) -> None:
        from comity.device.engines.base import Broken, TooLong

        print("a message with what was asked in it", flush=True)  # as native code does
        for number in range(body.get("pieces", 0)):
            piece({"kind": self._kind, "number": number})
        do = body["do"]
        if do == "die":
            os.kill(os.getpid(), signal.SIGSEGV)
            threading.Event().wait()  # the signal may come to another thread, a moment later
        if do == "hang":
            threading.Event().wait()
        if do == "refuse":
            raise ValueError("a secret")
        if do == "broken":
            raise Broken("a secret")
        if do == "long":
            raise TooLong("a secret")
        if do == "fail":
            raise RuntimeError("a secret")


def load(files: Mapping[str, str], options: Mapping[str, Any]) -> Engine:
    (how,) = files.values()
    if how == "absent":
        raise ImportError("a secret")
    if how == "broken":
        raise RuntimeError("a secret")
    if how == "memory":
        raise MemoryError
    return Engine(options["kind"] if "kind" in options else sys.argv[1])


if __name__ == "__main__":
    sys.path.pop(0)  # this file's own folder
    from comity.device import child

    module = ModuleType("engine")
    module.load = load  # type: ignore[attr-defined]
    sys.modules[f"comity.device.engines.{sys.argv[1]}"] = module
    os._exit(child.main(sys.argv[1:]))
