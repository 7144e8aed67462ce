# SPDX-License-Identifier: Apache-2.0
"""`comity redact`: a text without what is personal in it and, where a map is asked for, the way back."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from comity.cli import say, texts
from comity.errors import CallerError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from comity.privacy.files import Piece

    Hide = Callable[[Piece], str]
    Values = Callable[[], Mapping[str, Any]]

ABOUT = "a text with what is personal hidden"
STYLES = ("tags", "surrogates", "mask")
MAP = "comity.map.v1"
NOTE = "personal data: whoever has this file can undo the hiding; keep it as safe as the original, delete it when it is no longer needed"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a text in UTF-8, or - for stdin")
    parser.add_argument("--out", metavar="FILE", default="", help="where the result goes (else stdout)")
    parser.add_argument("--map", metavar="FILE", default="", help="what comity restore needs; it holds the personal data")
    parser.add_argument("--style", choices=STYLES, metavar="STYLE", default="tags", help=f"{', '.join(STYLES)} (tags)")
    texts.profile_argument(parser)
    parser.add_argument("--force", action="store_true", help="replace files that are there already")


def run(args: argparse.Namespace) -> int:
    _refuse(args)
    guard = texts.guard_of(args)
    hide, values = _style(args.style)
    types: Counter[str] = Counter()
    with ExitStack() as files:  # the map is closed first: no hidden text stands there before what brings it back
        out = files.enter_context(texts.written(args.out, force=args.force))
        kept = files.enter_context(texts.written(args.map, force=args.force)) if args.map else None
        for piece in texts.scanned(args.file, guard):
            types.update(each.type for each in piece.findings)
            out.write(hide(piece).encode())
        if kept is not None:
            held = {"comity": MAP, "note": NOTE, "style": args.style, **values()}
            kept.write(json.dumps(held, ensure_ascii=False, indent=1).encode() + b"\n")
    counted = ", ".join(f"{count:,} {kind}" for kind, count in types.most_common())
    told = [f"{types.total():,} hidden: {counted}" if types else f"nothing personal was found (profile {guard.profile})"]
    if args.map:
        told.append(f"{args.map} holds the personal data, readable by you alone; the way back: comity restore FILE --map {args.map}")
    elif types and args.style != "mask":
        told.append("without --map this cannot be undone")
    if args.json:
        say.result(args, {"types": dict(types.most_common()), "out": args.out, "map": args.map or None}, "")
    else:
        for line in told:
            say.aside(line)
    return 0


def _refuse(args: argparse.Namespace) -> None:
    """Before anything is read."""
    said = ""
    if args.map and args.style == "mask":
        said = "`--style mask` cannot be undone, so it has no map"
    elif args.map and args.out and Path(args.map).resolve() == Path(args.out).resolve():
        said = "`--map` and `--out` are one file"
    elif args.json and not args.out:
        said = "`--json` needs `--out`: the text itself goes to standard output"
    if said:
        raise CallerError(said, code="usage", exit_code=2, hint="comity redact --help")
    for name in (args.out, args.map):
        texts.refuse_to_overwrite(name, force=args.force)


def _style(style: str) -> tuple[Hide, Values]:
    """What hides a piece, and what the map then holds."""
    from comity.ports import SystemRandom
    from comity.privacy.files import FileVault

    if style == "mask":
        return _masked, dict
    vault = FileVault(SystemRandom().token(8))
    return lambda piece: vault.protect(piece.text, piece.findings), lambda: {"values": vault.values}


def _masked(piece: Piece) -> str:
    out: list[str] = []
    done = 0
    for each in piece.findings:
        out += (piece.text[done : each.start], f"[{each.type}]")
        done = each.end
    return "".join((*out, piece.text[done:]))
