# SPDX-License-Identifier: Apache-2.0
"""`comity device`: one process that shares loaded models between this user's programs."""

from __future__ import annotations

import argparse

from comity.cli import place, say

ABOUT = "share loaded models between this user's programs: serve, status, stop"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("serve", "status", "stop"), help="what to do")


def run(args: argparse.Namespace) -> int:
    import asyncio

    from comity.device.frames import Halt, Look
    from comity.device.links import shared_socket
    from comity.device.server import told
    from comity.errors import OperatorError

    path = shared_socket()
    if args.action == "serve":
        return asyncio.run(_serve(args))
    state = asyncio.run(told(path, Halt() if args.action == "stop" else Look()))
    if state is None:
        raise OperatorError("no `comity device serve` is running", code="device.absent", exit_code=1, hint="comity device serve")
    rows = [
        {"model": each.model, "kind": each.kind, "loaded": bool(each.pid), "under_way": each.under_way, "idle_seconds": each.idle_seconds}
        for each in state.models
    ]
    lines = [
        f"{'loaded' if row['loaded'] else 'rests':6} {row['model']:28} {row['kind']:8} {row['under_way']} under way, "
        f"last asked {row['idle_seconds']:.0f} s ago"
        for row in rows
    ]
    head = f"{'ending' if args.action == 'stop' else 'sharing models'} on {path}, process {state.pid}"
    say.result(args, {"socket": str(path), "pid": state.pid, "models": rows}, "\n".join((head, *lines)))
    return 0


async def _serve(args: argparse.Namespace) -> int:
    import asyncio
    import signal

    from comity.device.links import shared_socket
    from comity.device.provider import runtime_of
    from comity.device.server import Server

    config, path = place.configuration(args), shared_socket()
    server = Server(path, lambda here, tokens: runtime_of(here, tokens, config.device))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.stop)
    await server.serve(lambda: say.result(args, {"socket": str(path)}, f"sharing models on {path}; end it: comity device stop"))
    return 0
