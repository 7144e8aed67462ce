# SPDX-License-Identifier: Apache-2.0
"""What a request costs one process and two (`server.workers`) on one PostgreSQL: `python -m benchmarks.workers URL`.

The URL is that of an empty database.  The same mixed load for both, in turns, all of a gateway's processes on one core: what is compared
is CPU per request, without the database server's own.  Exit code 1 when two cost more than 1.1 times what one does.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.harness import machine
from benchmarks.harness.__main__ import BIN, RESULTS, build
from benchmarks.harness.gateways import HERE, Gateway, Peer, Upstream
from benchmarks.harness.measure import Bench, loads

TIMES_MAX = 1.1
WARM_SECONDS = 8.0


def peer(folder: Path, url: str, workers: int) -> Peer:
    name, port = f"{workers}-worker", 9105 + workers
    config = (HERE / "comity.toml").read_text().replace("port = 9101", f"port = {port}\nworkers = {workers}")
    (folder / "url").write_text(url)
    (folder / "key").write_text("6b" * 32)
    stored = f"\n[storage]\nurl = {{ file = '{folder / 'url'}' }}\nlog_key = {{ file = '{folder / 'key'}' }}\n"
    (folder / f"{name}.toml").write_text(config + stored)
    (folder / name).mkdir(mode=0o700)
    comity = str(Path(sys.executable).with_name("comity"))
    return Peer(name=name, port=port, command=(comity, "--config", str(folder / f"{name}.toml"), "--home", str(folder / name), "up"))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.workers", description=__doc__)
    parser.add_argument("url", help="of an empty PostgreSQL database")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    chosen = parser.parse_args()
    upstream_program, load_program = build(BIN)
    RESULTS.mkdir(exist_ok=True)
    costs: dict[str, list[float]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="run-", dir=RESULTS)))
        gateway_core, load_core = machine.cores()
        os.sched_setaffinity(0, {load_core})
        upstream = Upstream(upstream_program, core=load_core, folder=folder)
        stack.callback(upstream.stop)
        bench = Bench(load_program, upstream, core=load_core, folder=folder)
        gateways = [Gateway(peer(folder, chosen.url, workers), core=gateway_core, folder=folder) for workers in (1, 2)]
        for gateway in gateways:
            stack.callback(gateway.stop)
            gateway.start()
        mixed = next(load for load in loads(100) if load.name == "mixed")
        for number in range(chosen.rounds + 1):
            seconds = chosen.seconds if number else WARM_SECONDS
            mixed.write(folder / "bodies", folder / "headers", number, seconds)
            for gateway in gateways:
                found = bench.measure(gateway, mixed, folder / "bodies", folder / "headers", seconds)
                if found["errors"]:
                    raise SystemExit(f"benchmarks: {gateway.peer.name}: {found['errors']} errors  {found['first_refusal']}")
                if number:
                    costs.setdefault(gateway.peer.name, []).append(found["cpu_seconds"] / found["answered"] * 1e6)
                    print(f"{gateway.peer.name}: {found['per_second']:.0f} req/s, {costs[gateway.peer.name][-1]:.0f} µs of CPU a request")
    one, two = (statistics.median(costs[gateway.peer.name]) for gateway in gateways)
    kept = two <= TIMES_MAX * one
    print(f"{'kept    ' if kept else 'NOT KEPT'}  two processes cost {two / one:.2f} × what one does; promised {TIMES_MAX}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
