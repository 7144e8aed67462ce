# SPDX-License-Identifier: Apache-2.0
"""One load on one gateway, and what it cost: the six loads, and a measurement of each as a plain record."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.harness import machine
from benchmarks.harness.bodies import bodies, subjects
from benchmarks.harness.gateways import MODEL, Gateway, Upstream

DELTAS = 50  # and the finish with its usage, and [DONE]
WARM_SECONDS = 0.5
FRESH_PER_SECOND = 8000
"""Bodies made for each second of a closed loop: a gateway slower than this is asked nothing twice in one measurement."""


@dataclass(frozen=True, kw_only=True)
class Load:
    name: str
    about: str
    personal: float = 1  # share of the bodies
    persons: int = 1  # as many combinations of facts
    stream: bool = False
    rate: float = 0  # a second; 0: closed loop
    gap_us: int = 0
    longer: float = 1  # than the others, since few requests fall due
    connections: int = 64

    def write(self, path: Path, headers: Path, seed: int, seconds: float) -> None:
        rate = self.rate or (FRESH_PER_SECOND / 10 if self.stream else FRESH_PER_SECOND)
        count = int(rate * (self.longer * seconds + WARM_SECONDS)) + self.connections
        path.write_bytes(b"\n".join(bodies(seed, count, model=MODEL, personal=self.personal, stream=self.stream)))
        headers.write_text("\n".join(subjects(self.persons)))


def loads(rate: float) -> tuple[Load, ...]:
    streams = max(1.0, rate / 10)
    return (
        Load(
            name="mixed", about="64 at once, 500 combinations of facts, three in ten bodies with four findings", personal=0.3, persons=500
        ),
        Load(name="plain", about="64 at once, nothing personal", personal=0),
        Load(name="personal", about="64 at once, four findings each"),
        Load(name="paced", about=f"{rate:g} a second (of LiteLLM 20), four findings each", rate=rate, longer=1.5),
        Load(name="streams", about="64 at once, deltas 2 ms apart", stream=True, gap_us=2000),
        Load(name="paced streams", about=f"{streams:g} a second, deltas 10 ms apart", rate=streams, longer=2, stream=True, gap_us=10_000),
    )


@dataclass(frozen=True, kw_only=True)
class Reading:
    """At one moment: CPU seconds of the gateway, of all that is ours, and of the machine."""

    at: float
    gateway: float
    ours: float
    machine: machine.Clockwork


class Bench:
    def __init__(self, program: Path, upstream: Upstream, *, core: int, folder: Path) -> None:
        self._program, self._upstream, self._core, self._folder = program, upstream, core, folder

    def measure(self, gateway: Gateway, load: Load, written: Path, headers: Path, seconds: float) -> dict[str, Any]:
        """Requests with their errors, CPU and latencies; counts of the upstream cover the warm-up and what came late, too."""
        rate = min(load.rate, gateway.peer.rate_max)
        before = self._upstream.counters(f"gap={load.gap_us}&deltas={DELTAS}")
        seconds *= load.longer
        processes = gateway.processes
        command = [str(self._program), gateway.peer.url, str(written), "-f", str(headers), "-c", str(load.connections), "-s", str(seconds),
                   "-w", str(WARM_SECONDS), "-r", str(rate)]  # fmt: skip
        for line in gateway.peer.headers:
            command += ["-H", line]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
            os.sched_setaffinity(run.pid, {self._core})
            watchdog = threading.Timer(seconds + 30, run.kill)
            watchdog.start()
            try:
                assert run.stdout is not None
                ours = [run.pid, self._upstream.pid, os.getpid(), *processes]
                readings = [self._reading(processes, ours) for word in ("begin\n", "end\n") if run.stdout.readline() == word]
                told = run.stdout.read()
            finally:
                watchdog.cancel()
        if run.returncode != 0 or len(readings) != 2:
            raise SystemExit(f"benchmarks: the load generator failed on {gateway.peer.name}, {load.name}")
        gateway.settle()
        after = self._upstream.counters()
        found: dict[str, Any] = json.loads(told)
        return found | _costs(*readings) | {
            "gateway": gateway.peer.name, "load": load.name, "per_second": found["answered"] / found["seconds"],
            "chunks_per_second": found["events"] / found["seconds"],
            "errors": found["refused"] + found["broken"] + found["cut_short"],
            "forwarded": after["requests"] - before["requests"], "marked": after["marked"] - before["marked"],
        }  # fmt: skip

    def _reading(self, processes: list[int], ours: list[int]) -> Reading:
        return Reading(
            at=time.monotonic(), gateway=machine.cpu_seconds(processes), ours=machine.cpu_seconds(ours), machine=machine.clockwork()
        )


def _costs(begin: Reading, end: Reading) -> dict[str, float]:
    took = end.at - begin.at
    others = (end.machine.busy - begin.machine.busy) - (end.ours - begin.ours)
    return {
        "cpu_seconds": end.gateway - begin.gateway,
        "core_use": (end.gateway - begin.gateway) / took,
        "others": max(0.0, others / took),  # cores; whatever else this machine was doing
        "stolen": max(0.0, (end.machine.stolen - begin.machine.stolen) / took),
    }
