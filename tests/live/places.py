# SPDX-License-Identifier: Apache-2.0
"""Real processes for the live tests: gateways as a person starts them, and a partner that only says back what it gets.

The echo partner stands where the model does not matter: for load, for kills, for what a client library makes of an answer.
Where a denied border must be denied against something real, the lab's partner with a real model is used instead.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from comity.lab.process import Process
from tests.simulated.worlds import _stream, _whole

BEIJING = """\
evidence = ["assessment:cn_pipia", "notice:cross_border_recipient"]

[controller]
name = "Example Ltd"
established = ["US"]

[service]
public = true

[defaults]
legal_basis = "consent"
task = "writing_assistant"

[server]
port = 0

[[deployments]]
id = "qwen-beijing"
provider = "self-hosted"
base_url = "{base}/v1"
model = "echo"
processing = ["CN"]
storage = ["CN"]
access = ["CN"]
operator = "CN"
covered_person = true
evidence = ["processor_contract", "cn_genai"]

[[deployments]]
id = "us-virginia"
provider = "self-hosted"
base_url = "{base}/v1"
model = "echo"
processing = ["US"]
storage = ["US"]
access = ["US"]
operator = "US"
evidence = ["processor_contract"]
"""


class EchoPartner:
    """HTTP/1.1 with keep-alive on a thread of its own; counts connections and keeps bodies."""

    def __init__(self, says: str = "") -> None:
        """``says``: in place of what it gets."""
        self.says = says
        self.connections = 0
        self.bodies: list[dict[str, Any]] = []
        self._started = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="echo-partner", daemon=True)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        self._started.set()
        self._loop.run_forever()
        self._server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
                body = json.loads(await reader.readexactly(size))
                self.bodies.append(body)
                said = self.says or body["messages"][-1]["content"]
                kind = "text/event-stream" if body.get("stream") else "application/json"
                raw = _stream(said) if body.get("stream") else _whole(said)
                writer.write(f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(raw)}\r\n\r\n".encode() + raw)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> EchoPartner:
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


@contextmanager
def gateway(
    folder: Path, config: str, *, name: str = "gateway", environment: Mapping[str, str] | None = None, program: str = "comity.cli.main"
) -> Iterator[Process]:
    """`comity --config … --home … up`, ready; its home is ``folder/name`` and is kept when it is started again."""
    home = folder / name
    home.mkdir(mode=0o700, exist_ok=True)
    written = folder / f"{name}.toml"
    written.write_text(config, encoding="utf-8")
    arguments = [program, "--config", str(written), "--home", str(home), "--json", "up"]
    with Process(name, arguments, log=folder / f"{name}.log", environment=dict(environment or {})) as process:
        yield process.wait_ready()
