# SPDX-License-Identifier: Apache-2.0
"""`comity models`: what runs on this machine, and fetching it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from comity.cli import place, say

ABOUT = "list, fetch and verify models for this machine"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("list", "add", "verify"), nargs="?", default="list", help="what to do (list)")
    parser.add_argument("name", metavar="MODEL", nargs="?", default="", help="a model of the list")
    parser.add_argument("--default", action="store_true", help="with add: the model that answers when none is named")


def run(args: argparse.Namespace) -> int:
    from comity.device.fetch import fetch, is_whole, verify
    from comity.device.manifest import model_named, models
    from comity.errors import CallerError

    directory = place.models(place.configuration(args))
    if args.action == "list":
        rows = [
            {"id": m.id, "bytes": m.bytes, "licence": m.licence, "what": m.what, "present": is_whole(m, directory), "default": m.default}
            for m in models().values()
        ]
        text = "\n".join(
            f"{'here' if is_whole(m, directory) else '-':5} {m.id:28} {m.bytes // 1_000_000:4} MB  {m.what}" for m in models().values()
        )
        say.result(args, {"directory": str(directory), "models": rows}, f"{text}\nin {directory}; fetch one: comity models add --default")
        return 0
    if args.action == "add" and not (args.name or args.default):
        raise CallerError("no model is named", code="usage", exit_code=2, hint="comity models add --default, or a name of comity models")
    model = model_named(args.name)
    if args.action == "verify":
        verify(model, directory, progress=_progress())
        say.result(args, {"id": model.id, "sha256": model.sha256}, f"{model.id} is what it should be: sha256 {model.sha256}")
        return 0
    known = is_whole(model, directory)
    path = fetch(model, directory, progress=_progress())
    say.result(
        args,
        {"id": model.id, "path": str(path)},
        f"{model.id} is {'already ' if known else ''}on this machine, its hash checked ({model.licence})",
    )
    return 0


def _progress() -> Callable[[str, int, int], None]:
    """One line that is written over on a terminal; a line for each tenth elsewhere."""
    shown = ("", -1)

    def progress(what: str, done: int, whole: int) -> None:
        nonlocal shown
        tenth = done * 10 // max(whole, 1)
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\033[K{what} … {done * 100 // max(whole, 1)} %" + ("\n" if done >= whole else ""))
            sys.stderr.flush()
        elif (what, tenth) != shown:
            say.aside(f"{what} … {tenth * 10} %")
        shown = (what, tenth)

    return progress
