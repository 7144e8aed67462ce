# SPDX-License-Identifier: Apache-2.0
"""`comity lab`: the founding case, the same world left running to be tried by hand, or one simulated partner."""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import signal
import sys
import tempfile
import threading
from pathlib import Path

from comity.config import PathsConfig
from comity.device.manifest import models_directory


def main(args: argparse.Namespace) -> int:
    """``args.what`` is `case`, `up` or `simulate`; ``args.keep`` a folder to leave a run in."""
    if args.what == "simulate":
        return _simulate(args)
    folder = Path(args.keep) if getattr(args, "keep", None) else Path(tempfile.mkdtemp(prefix="comity-lab-"))
    folder.mkdir(parents=True, exist_ok=True)
    models = models_directory(PathsConfig())
    try:
        return _case(folder, models, args) if args.what == "case" else _up(folder, models, args)
    finally:
        if not getattr(args, "keep", None):
            shutil.rmtree(folder, ignore_errors=True)


def _progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _case(folder: Path, models: Path, args: argparse.Namespace) -> int:
    from comity.lab.case import run
    from comity.lab.telling import Form

    form: Form = "text" if not args.json else "lines" if args.follow else "acts"
    return run(folder, models=models, form=form, progress=_progress)


def _up(folder: Path, models: Path, args: argparse.Namespace) -> int:
    from comity.lab.worlds import start_case

    _progress("starting the device app, a relay, two nodes with two witnesses, and the partners (real models, loopback only) …")
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with start_case(folder, models=models) as world:
        places = {name: process.base for name, process in world.processes.items()}
        print(json.dumps(places) if args.json else "\n".join(f"{name:12} {url}" for name, url in places.items()), flush=True)
        _progress(f"configuration and logs: {folder}; stop with Ctrl-C")
        with contextlib.suppress(KeyboardInterrupt):
            stop.wait()
    return 0


def _simulate(args: argparse.Namespace) -> int:
    import asyncio

    from comity.lab.simulators.serve import DIALECTS, LAB_KEY, serve

    key = LAB_KEY.format(region=args.region)

    def ready(url: str) -> None:
        told = {"url": url, "dialect": args.dialect, "region": args.region, "key": key}
        print(json.dumps(told) if args.json else "\n".join(f"{name:8} {value}" for name, value in told.items()), flush=True)
        _progress(f"what it receives: {url}/_lab/received; stop with Ctrl-C")

    dialect = DIALECTS[args.dialect](args.path, tuple(args.model))
    asyncio.run(serve(dialect, region=args.region, key=key, port=args.port, pace=args.pace, on_ready=ready))
    return 0
