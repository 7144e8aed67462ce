# SPDX-License-Identifier: Apache-2.0
"""`comity models`: what runs on this machine, and fetching it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from comity.cli import place, say

if TYPE_CHECKING:
    from pathlib import Path

    from comity.device.manifest import Model

ABOUT = "list, fetch and verify models for this machine"
GROUPS = {"names": "names of persons, for the privacy guard", "ocr": "text in images, for the privacy guard"}
"""What the privacy guard reads with: several small files each, fetched and verified as one."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("list", "add", "verify"), nargs="?", default="list", help="what to do (list)")
    parser.add_argument("name", metavar="MODEL", nargs="?", default="", help="a model of the list")
    parser.add_argument("--default", action="store_true", help="with add: the model that answers when none is named")


def run(args: argparse.Namespace) -> int:
    from comity.device.fetch import fetch_all, is_whole, verify
    from comity.errors import CallerError

    directory = place.models(place.configuration(args))
    if args.action == "list":
        return _list(args, directory)
    if args.action == "add" and not (args.name or args.default):
        raise CallerError("no model is named", code="usage", exit_code=2, hint="comity models add --default, or a name of comity models")
    name, files = _named(args.name)
    if args.action == "verify":
        for each in files:
            verify(each, directory, progress=_progress())
        sums = {each.file: each.sha256 for each in files}
        one = next(iter(sums.values())) if len(sums) == 1 else ""
        held = {"id": name, "sha256": one} if one else {"id": name, "files": sums}
        say.result(args, held, f"{name} is what it should be: sha256 {one or f'of {len(files)} files'}")
        return 0
    known = all(is_whole(each, directory) for each in files)
    fetch_all(files, directory, progress=_progress())
    licences = ", ".join(dict.fromkeys(each.licence for each in files))
    say.result(
        args,
        {"id": name, "path": str(directory / files[0].file), "paths": [str(directory / each.file) for each in files]},
        f"{name} is {'already ' if known else ''}on this machine, its hash checked ({licences})",
    )
    return 0


def _list(args: argparse.Namespace, directory: Path) -> int:
    from comity.device.fetch import is_whole
    from comity.device.manifest import models

    rows: list[dict[str, Any]] = [
        {"id": m.id, "bytes": m.bytes, "licence": m.licence, "what": m.what, "present": is_whole(m, directory), "default": m.default}
        for m in models().values()
    ]
    for name, what in GROUPS.items():
        files = _files(name)
        rows.append({
            "id": name, "bytes": sum(each.bytes for each in files), "licence": ", ".join(dict.fromkeys(each.licence for each in files)),
            "what": what, "present": all(is_whole(each, directory) for each in files), "default": False,
        })  # fmt: skip
    text = "\n".join(
        f"{'here' if row['present'] else '-':5} {row['id']:28} {row['bytes'] // 1_000_000:4} MB  {row['what']}" for row in rows
    )
    say.result(args, {"directory": str(directory), "models": rows}, f"{text}\nin {directory}; fetch one: comity models add --default")
    return 0


def _named(name: str) -> tuple[str, tuple[Model, ...]]:
    """Its id and the files that it is."""
    from comity.device.manifest import model_named

    if name in GROUPS:
        return name, _files(name)
    model = model_named(name, also=tuple(GROUPS))
    return model.id, (model,)


def _files(group: str) -> tuple[Model, ...]:
    from comity.device.manifest import Model, Source
    from comity.privacy.names.weights import weights as names
    from comity.privacy.pictures.load import weights as ocr

    found = ocr() if group == "ocr" else tuple(each for each_of in names().values() for each in each_of)
    return tuple(
        Model(
            id=each.file, file=each.file, bytes=each.bytes, sha256=each.sha256, licence=each.licence, maker=each.maker, what="",
            languages=(), context_tokens=0, sources=(Source(wheels=(each.wheel,), version=each.version, member=each.member),),
        )
        for each in found
    )  # fmt: skip


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
