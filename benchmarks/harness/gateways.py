# SPDX-License-Identifier: Apache-2.0
"""What is measured: how each gateway is started, asked and ended.  All of them forward to the upstream on port 9100."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.harness import machine
from benchmarks.harness.bodies import MARK, bodies

HERE = Path(__file__).resolve().parent.parent
LITELLM = HERE / ".venv" / "bin" / "litellm"
VLLM_ROUTER = HERE / ".venv" / "bin" / "vllm-router"
LITELLM_ENVIRONMENT = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR", "LITELLM_MODE": "PRODUCTION"}
PATH = "/v1/chat/completions"
MODEL = "bench"
KEY = "Authorization: Bearer sk-bench"
UPSTREAM_PORT = 9100
START_SECONDS_MAX = 120.0
STOP_SECONDS_MAX = 15.0


@dataclass(frozen=True, kw_only=True)
class Peer:
    name: str
    port: int
    command: tuple[str, ...] = ()  # empty: the upstream itself
    headers: tuple[str, ...] = (KEY,)
    environment: dict[str, str] = field(default_factory=dict)
    rate_max: float = 1000  # a second: where more fell due than it can answer, its latency would be that of a queue without end

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{PATH}"


def peers(folder: Path) -> dict[str, Peer]:
    """Those that could be measured here; nginx only where it is installed."""
    comity = str(Path(sys.executable).with_name("comity"))
    found = [
        Peer(name="direct", port=UPSTREAM_PORT),
        Peer(
            name="comity", port=9101,
            command=(comity, "--config", str(HERE / "comity.toml"), "--home", str(folder / "home"), "--json", "up"),
        ),
        Peer(
            name="litellm", port=9102,
            command=(str(LITELLM), "--config", str(HERE / "litellm.yaml"), "--host", "127.0.0.1", "--port", "9102", "--num_workers", "1"),
            environment=LITELLM_ENVIRONMENT, rate_max=20,
        ),
        Peer(
            name="vllm-router", port=9104,
            command=(str(VLLM_ROUTER), "--host", "127.0.0.1", "--port", "9104", "--worker-urls", f"http://127.0.0.1:{UPSTREAM_PORT}",
                     "--policy", "round_robin", "--prometheus-port", "9105", "--log-level", "error"),
        ),
    ]  # fmt: skip
    if nginx := shutil.which("nginx"):
        found.append(Peer(name="nginx", port=9103, command=(nginx, "-p", str(folder), "-c", str(HERE / "nginx.conf"))))
    return {peer.name: peer for peer in found}


def ask(peer: Peer, body: bytes) -> tuple[int, str]:
    """Status and text of one request; status 0 when there is no answer."""
    connection = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=10)
    try:
        connection.request("POST", PATH, body, {"Content-Type": "application/json", **dict(line.split(": ", 1) for line in peer.headers)})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except (OSError, http.client.HTTPException) as error:
        return 0, repr(error)
    finally:
        connection.close()


class Child:
    """A process of ours on one core, in a group of its own so that all it starts ends with it."""

    def __init__(self, command: tuple[str, ...], *, core: int, folder: Path, log: Path, environment: dict[str, str]) -> None:
        self.log = log
        inherited = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=inherited | environment, start_new_session=True
            )
        os.sched_setaffinity(self._process.pid, {core})

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").strip().splitlines()[-8:])

    def stop(self) -> None:
        if not self.ended:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS_MAX)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()


class Gateway:
    """A peer that runs.  `start` says how long it took until its first good answer."""

    def __init__(self, peer: Peer, *, core: int, folder: Path) -> None:
        self.peer = peer
        self._core, self._folder = core, folder
        self._child: Child | None = None

    @property
    def processes(self) -> list[int]:
        return machine.tree(self._child.pid) if self._child is not None else []

    def start(self) -> float:
        begun, (body,) = time.monotonic(), bodies(0, 1, model=MODEL, personal=True)
        if self.peer.command:
            log = self._folder / f"{self.peer.name}.log"
            self._child = Child(self.peer.command, core=self._core, folder=self._folder, log=log, environment=self.peer.environment)
        while True:
            status, text = ask(self.peer, body)
            took = time.monotonic() - begun
            if status == 200 and MARK in text:  # what was hidden on the way is back
                return took
            if self._child is None or self._child.ended or took > START_SECONDS_MAX:
                said = self._child.last_words() if self._child is not None else ""
                self.stop()
                raise SystemExit(f"benchmarks: {self.peer.name} gives no good answer ({status}: {text[:300]})\n{said}")
            time.sleep(0.01)

    def stop(self) -> None:
        if self._child is not None:
            self._child.stop()
            self._child = None

    def settle(self) -> None:
        """Waits until nothing is left of the load before: an answer nobody waits for still takes its time."""
        deadline, processes = time.monotonic() + 10, self.processes
        while processes and time.monotonic() < deadline:
            before = machine.cpu_seconds(processes)
            time.sleep(0.1)
            if machine.cpu_seconds(processes) - before < 0.005:
                return


class Upstream:
    def __init__(self, program: Path, *, core: int, folder: Path) -> None:
        self._child = Child((str(program), str(UPSTREAM_PORT), MARK), core=core, folder=folder, log=folder / "upstream.log", environment={})
        deadline = time.monotonic() + 5
        while True:
            try:
                self.counters()
                break
            except OSError:
                if self._child.ended or time.monotonic() > deadline:
                    raise SystemExit(f"benchmarks: the upstream did not start\n{self._child.last_words()}") from None
                time.sleep(0.01)
        if self._child.ended:
            raise SystemExit(f"benchmarks: something else listens on port {UPSTREAM_PORT}")

    @property
    def pid(self) -> int:
        return self._child.pid

    def counters(self, control: str = "") -> dict[str, int]:
        connection = http.client.HTTPConnection("127.0.0.1", UPSTREAM_PORT, timeout=5)
        try:
            connection.request("GET", "/control?" + control)
            found: dict[str, int] = json.loads(connection.getresponse().read())
            return found
        finally:
            connection.close()

    def stop(self) -> None:
        self._child.stop()
