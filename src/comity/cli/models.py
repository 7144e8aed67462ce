# SPDX-License-Identifier: Apache-2.0
"""`comity models`: what runs on this machine, fetching it, and taking it away."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from comity.cli import place, say

if TYPE_CHECKING:
    from pathlib import Path

    from comity.device.manifest import Model

ABOUT = "list, fetch, verify and remove models for this machine"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("list", "add", "verify", "remove"), nargs="?", default="list", help="what to do (list)")
    parser.add_argument("name", metavar="MODEL", nargs="?", default="", help="a model of the list")
    parser.add_argument("--default", action="store_true", help="with add: the model that answers when none is named")


def run(args: argparse.Namespace) -> int:
    from comity.device.manifest import model_named
    from comity.errors import CallerError

    directory = place.models(place.configuration(args))
    if args.action == "list":
        return _list(args, directory)
    if args.action in ("add", "remove") and not (args.name or args.default):
        example = "comity models add --default" if args.action == "add" else "comity models remove MODEL"
        raise CallerError("no model is named", code="usage", exit_code=2, hint=f"{example}, or a name of comity models")
    model = model_named(args.name)
    return {"add": _add, "verify": _verify, "remove": _remove}[args.action](args, model, directory)


def _list(args: argparse.Namespace, directory: Path) -> int:
    from comity.device.fetch import come, is_whole
    from comity.device.manifest import is_here, known_models, runs_here

    rows: list[dict[str, Any]] = [
        {
            "id": m.id, "kind": m.kind, "operations": sorted(m.operations), "bytes": m.bytes, "sha256": m.sha256, "licence": m.licence,
            "maker": m.maker, "languages": list(m.languages), "what": m.what, "default": m.default, "packaged": m.packaged,
            "present": is_here(m, directory) if m.package else is_whole(m, directory), "come": come(m, directory), "runs": runs_here(m),
        }
        for m in known_models().values()
    ]  # fmt: skip
    lines = [
        f"{_state(row):5} {row['id']:28} {max(1, row['bytes'] // 1_000_000):4} MB  {row['kind']:8} {row['licence']:15} {row['what']}"
        for row in rows
    ]
    end = f"in {directory}; fetch one: comity models add --default"
    say.result(args, {"directory": str(directory), "models": rows}, "\n".join((*lines, end)))
    return 0


def _state(row: dict[str, Any]) -> str:
    if row["present"]:
        return "here"
    return f"{row['come'] * 100 // row['bytes']} %" if row["come"] else "-"


def _add(args: argparse.Namespace, model: Model, directory: Path) -> int:
    from comity.device.fetch import fetch, is_whole
    from comity.device.manifest import path_of
    from comity.device.room import check_memory, memory_of

    known = is_whole(model, directory)
    if not known and not model.package:
        check_memory(model.id, memory_of(model.bytes, 0))
        say.aside(f"{model.id}: {model.bytes // 1_000_000} MB by {model.maker}, under {model.licence}")
    fetch(model, directory, progress=_progress())
    paths = [str(path_of(model, each, directory)) for each in model.files]
    held = {"id": model.id, "path": paths[0], "paths": paths, "licence": model.licence, "notice": model.notice}
    notice = f"\n{model.notice}" if model.notice else ""
    say.result(args, held, f"{model.id} is {'already ' if known else ''}on this machine, its hash checked ({model.licence}){notice}")
    return 0


def _verify(args: argparse.Namespace, model: Model, directory: Path) -> int:
    from comity.device.fetch import verify

    verify(model, directory, progress=_progress())
    sums = {each.file: each.sha256 for each in model.files}
    one = model.sha256 if len(sums) == 1 else ""
    held = {"id": model.id, "sha256": one} if one else {"id": model.id, "files": sums}
    say.result(args, held, f"{model.id} is what it should be: sha256 {one or f'of {len(sums)} files'}")
    return 0


def _remove(args: argparse.Namespace, model: Model, directory: Path) -> int:
    from comity.device.fetch import remove

    freed = remove(model, directory)
    text = f"{model.id} is gone, {freed // 1_000_000} MB are free again" if freed else f"{model.id} was not on this machine"
    say.result(args, {"id": model.id, "freed_bytes": freed}, f"{text}; a process that runs it keeps it until it ends" if freed else text)
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
