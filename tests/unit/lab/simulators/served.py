# SPDX-License-Identifier: Apache-2.0
"""A simulator on loopback, in a thread of its own: for clients that block, and so that no test's loop waits for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from comity.lab.simulators.base import Dialect, Simulator
from comity.ports import Clock


@contextmanager
def served(dialect: Dialect, *, region: str, key: str, clock: Clock) -> Iterator[str]:
    """Its URL."""
    import uvicorn

    from comity.gateway.serve import bind

    started = threading.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            started.set()

    listening = bind("127.0.0.1", 0)
    host = f"127.0.0.1:{listening.getsockname()[1]}"
    application = Simulator(dialect, region=region, key=key, hosts=[host], clock=clock)
    server = Server(uvicorn.Config(application, log_config=None, lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    assert started.wait(30)
    try:
        yield f"http://{host}"
    finally:
        server.should_exit = True
        thread.join(30)
        listening.close()
