# SPDX-License-Identifier: Apache-2.0
"""Stands where `xllamacpp` stands in a child: the real child runs on it, with no native code and no model.

    python fake_llama.py text LOADING

The model's path says what loading does: `absent` (no library), `broken` (it raises), or it loads.  The message says what answering does.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

free = threading.Event()
begun: list[str] = []


def common_params() -> SimpleNamespace:
    return SimpleNamespace(model=SimpleNamespace(), cpuparams=SimpleNamespace(), cpuparams_batch=SimpleNamespace())


class Server:
    def __init__(self, params: Any) -> None:
        print("llama: loading", flush=True)  # as native code does; frames share this descriptor no more
        os.write(1, b"\x00\x00\x00\x01")
        if params.model.path == "broken":
            raise RuntimeError("a message that may hold anything")
        self._params = params

    def handle_chat_completions(self, body: dict[str, Any], callback: Callable[[Any], bool]) -> None:
        print(body, flush=True)
        told = body["messages"][-1]["content"]
        begun.append(told)
        if told == "params":
            params = self._params
            (socket,), (key,) = params.hostnames, params.api_keys
            callback(
                {
                    "context": [params.n_ctx, params.n_parallel, params.n_predict, params.cpuparams.n_threads],
                    "socket": socket,
                    "left": os.path.exists(os.path.dirname(socket)),
                    "key": len(key),
                    "served": [params.ui, params.endpoint_metrics, params.endpoint_slots, params.endpoint_props],
                }
            )
        elif told == "count":
            number = 0
            while not callback(number):
                number += 1
            free.set()  # it has been told to stop
        elif told == "refuse":
            raise ValueError("a message with the prompt in it")
        elif told == "break":
            callback("one")
            raise RuntimeError("a message with the prompt in it")
        elif told.startswith("{"):
            callback("one")
            assert callback(eval(told))  # an error ends it
        elif told == "begun?":
            callback(begun)
        elif told == "free?":
            callback(free.wait(60))


if __name__ == "__main__":
    sys.path.pop(0)  # this file's own folder
    library = ModuleType("xllamacpp")
    vars(library).update(CommonParams=common_params, Server=Server)
    sys.modules["xllamacpp"] = None if '"absent"' in sys.argv[2] else library  # type: ignore[assignment]  # None: it cannot be imported

    from comity.device import child

    os._exit(child.main(sys.argv[1:]))
