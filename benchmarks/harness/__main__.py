# SPDX-License-Identifier: Apache-2.0
"""`benchmarks/run`: builds what it needs, starts every gateway, measures them in turn, prints tables; exit 1 if a promise is not kept."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.harness import machine, report
from benchmarks.harness.gateways import HERE, LITELLM, LITELLM_ENVIRONMENT, VLLM_ROUTER, Gateway, Upstream, peers
from benchmarks.harness.measure import Bench, loads

SOURCES = HERE / "harness"
BIN = HERE / "bin"
RESULTS = HERE / "results"
WARM_TIMES = 4
IMPORT = "import time; t = time.perf_counter(); import {}; print((time.perf_counter() - t) * 1e3)"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def build(into: Path) -> tuple[Path, Path]:
    """Upstream and load generator, compiled when their source is newer."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise SystemExit("benchmarks: needs a C compiler, and there is no gcc or cc here (on Debian: apt-get install gcc libc6-dev)")
    into.mkdir(exist_ok=True)
    made = into / "upstream", into / "load"
    newest = max(path.stat().st_mtime for path in SOURCES.glob("*.[ch]"))
    for program in made:
        if program.exists() and program.stat().st_mtime > newest:
            continue
        flags = ["-O2", "-std=gnu11", "-Wall", "-Wextra", "-o", str(program), str(SOURCES / f"{program.name}.c"), "-lm"]
        if subprocess.run([compiler, *flags]).returncode != 0:
            raise SystemExit(f"benchmarks: {program.name}.c does not compile; the compiler's words are above")
    return made


def install(name: str, program: Path) -> None:
    """A peer that is a Python package, once, into the peers' own virtual environment."""
    wanted, folder = HERE / f"{name}.txt", HERE / ".venv"
    stamp = folder / ("installed-" + hashlib.sha256(wanted.read_bytes()).hexdigest()[:16])
    if stamp.exists() and program.exists():
        return
    say(f"benchmarks: installing {wanted.read_text().strip()} into benchmarks/.venv (once; some minutes)")
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "-r", str(wanted)]
    for command in ([sys.executable, "-m", "venv", str(folder)], pip):
        if subprocess.run(command).returncode != 0:
            raise SystemExit(f"benchmarks: {name} could not be installed; without it: --only direct,comity")
    stamp.touch()


def import_ms(python: Path, module: str, *, core: int, times: int) -> list[float]:
    """Of a fresh process each time; what the interpreter takes to start is not in it."""
    command = [str(python), "-c", f"import os; os.sched_setaffinity(0, {{{core}}}); " + IMPORT.format(module)]
    found = []
    for _ in range(times):
        ended = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | LITELLM_ENVIRONMENT)
        found.append(float(ended.stdout.split()[-1]))
    return found


def records_of(home: Path) -> int:
    from comity.transparency.reader import Reader

    with Reader.open(home) as reader:
        return reader.last().place + 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks/run", description=__doc__)
    parser.add_argument("--only", help="direct,comity,litellm,vllm-router,nginx: those alone (all that are here)")
    parser.add_argument("--rounds", type=int, default=3, help="each measures every gateway once, in random order (3)")
    parser.add_argument("--seconds", type=float, default=2.0, help="of one measurement (2)")
    parser.add_argument("--rate", type=float, default=100.0, help="requests a second where a constant rate is kept (100)")
    parser.add_argument("--starts", type=int, default=3, help="cold starts of each (3)")
    parser.add_argument("--quick", action="store_true", help="one short round: does it run at all; the figures mean little")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.rounds, chosen.seconds, chosen.starts = 1, 0.5, 1
    return chosen


def main() -> int:
    chosen = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended
    RESULTS.mkdir(exist_ok=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="run-", dir=RESULTS)))  # on the disk that is measured
        (folder / "home").mkdir(mode=0o700)
        known = peers(folder)
        names = chosen.only.split(",") if chosen.only else list(known)
        if unknown := [name for name in names if name not in known]:
            raise SystemExit(f"benchmarks: no gateway `{unknown[0]}` here; one of: {', '.join(known)}")
        names = list(dict.fromkeys(["direct", *names]))
        for name, program in (("litellm", LITELLM), ("vllm-router", VLLM_ROUTER)):
            if name in names:
                install(name, program)
        upstream_program, load_program = build(BIN)
        gateway_core, load_core = machine.cores()
        os.sched_setaffinity(0, {load_core})
        upstream = Upstream(upstream_program, core=load_core, folder=folder)
        stack.callback(upstream.stop)
        bench = Bench(load_program, upstream, core=load_core, folder=folder)
        about: dict[str, dict[str, Any]] = {}
        gateways: list[Gateway] = []
        for name in names:
            gateway = Gateway(known[name], core=gateway_core, folder=folder)
            stack.callback(gateway.stop)
            gateways.append(gateway)
            if not known[name].command:
                continue
            say(f"benchmarks: starting {name}")
            colds = [gateway.start()]
            for _ in range(chosen.starts - 1):
                gateway.stop()
                colds.append(gateway.start())
            gateway.settle()
            about[name] = {"cold_s": colds, "idle_mb": machine.resident_mb(gateway.processes)}
        rows = measured(bench, gateways, chosen, folder)
        for gateway in gateways:
            if gateway.peer.name in about:
                about[gateway.peer.name]["after_mb"] = machine.resident_mb(gateway.processes)
        records = records_of(folder / "home") if "comity" in names else None
        disk = machine.disk_of(folder)
    if "comity" in about:
        about["comity"]["import_ms"] = import_ms(Path(sys.executable), "comity", core=gateway_core, times=5 * chosen.starts)
    if "litellm" in about:
        about["litellm"]["import_ms"] = import_ms(LITELLM.with_name("python"), "litellm", core=gateway_core, times=chosen.starts)
    return told(report.Results(rows), about, chosen, disk, records)


def measured(bench: Bench, gateways: list[Gateway], chosen: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """Warm-up, then rounds.  All gateways run all the time, and one at a time has work."""
    rows: list[dict[str, Any]] = []
    written, headers = folder / "bodies", folder / "headers"
    seed = 0
    for number in range(chosen.rounds + 1):
        say(f"benchmarks: round {number} of {chosen.rounds}" if number else "benchmarks: warming up")
        for load in loads(chosen.rate):
            if number == 0 and load.rate:
                continue
            seed += 1
            longer = load.persons > 1 and number == 0  # until every combination has been decided once: kept decisions are what is measured
            seconds = chosen.seconds * (WARM_TIMES if longer else 1)
            load.write(written, headers, seed, seconds)
            for gateway in random.sample(gateways, len(gateways)):
                if longer and gateway.peer.name != "comity":
                    continue
                rows.append(bench.measure(gateway, load, written, headers, seconds) | {"round": number})
    return rows


def told(results: report.Results, about: dict[str, dict[str, Any]], chosen: argparse.Namespace, disk: str, records: int | None) -> int:
    verdicts = report.verdicts(results, records=records, about=about)
    line = f"{machine.describe()}; records on {disk}; {report.noise(results)}"
    print(f"\n{line}\n{chosen.rounds} rounds of {chosen.seconds:g} s; median (least–most)\n")
    for load in loads(chosen.rate):
        print(f"{load.name}: {load.about}")
    for made in (report.whole_answers(results), report.latency(results), report.streams(results), report.footprint(about)):
        print(f"\n{made}")
    print()
    for verdict in verdicts:
        print(f"{'kept    ' if verdict.kept else 'NOT KEPT'}  {verdict.said}")
    for row in results.rows:
        if row["errors"]:
            print(f"{row['gateway']}, {row['load']}: {row['errors']} errors  {row['first_refusal'][:200]}")
    path = RESULTS / (time.strftime("%Y%m%dT%H%M%S") + ".json")
    kept = {"machine": line, "arguments": vars(chosen), "about": about, "records": records, "rows": results.rows,
            "verdicts": [verdict._asdict() for verdict in verdicts]}  # fmt: skip
    path.write_text(json.dumps(kept, indent=1) + "\n")
    print(f"\nevery measurement: benchmarks/results/{path.name}")
    return 0 if all(verdict.kept for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
