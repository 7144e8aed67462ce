# SPDX-License-Identifier: Apache-2.0
"""`comity redact`: a text without what is personal in it and, where a map is asked for, the way back."""

from __future__ import annotations

import argparse
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from comity.cli import place, say, texts
from comity.errors import CallerError

if TYPE_CHECKING:
    from comity.privacy.files import FileSurrogates, FileTokens, Piece

ABOUT = "a text with what is personal hidden"
STYLES = ("tags", "surrogates", "mask")
NONCE_BYTES = 32
DAYS = 30
NOTE = "personal data, sealed: with the key of the home it was made in it undoes the hiding; delete it when it is no longer needed"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a text in UTF-8, or - for stdin")
    parser.add_argument("--out", metavar="FILE", default="", help="where the result goes (else stdout)")
    parser.add_argument("--map", metavar="FILE", default="", help="what comity restore needs, sealed with a key of this home")
    parser.add_argument("--days", metavar="N", type=_days, default=DAYS, help=f"how long the map opens ({DAYS})")
    parser.add_argument("--style", choices=STYLES, metavar="STYLE", default="tags", help=f"{', '.join(STYLES)} (tags)")
    texts.profile_argument(parser)
    parser.add_argument("--force", action="store_true", help="replace files that are there already")


def run(args: argparse.Namespace) -> int:
    _refuse(args)
    guard = texts.guard_of(args)
    vault = _vault(args.style)
    types: Counter[str] = Counter()
    with ExitStack() as files:  # the map is closed first: no hidden text stands there before what brings it back
        out = files.enter_context(texts.written(args.out, force=args.force))
        kept = files.enter_context(texts.written(args.map, force=args.force)) if args.map else None
        for piece in texts.scanned(args.file, guard):
            types.update(each.type for each in piece.findings)
            hidden = _masked(piece) if vault is None else vault.protect(piece.text, piece.findings)
            out.write(hidden.encode())
        if kept is not None and vault is not None:
            kept.write(_map(args, vault))
    counted = ", ".join(f"{count:,} {kind}" for kind, count in types.most_common())
    told = [f"{types.total():,} hidden: {counted}" if types else f"nothing personal was found (profile {guard.profile})"]
    if args.map:
        told.append(f"{args.map} is the way back for {args.days} days, sealed for this home: comity restore FILE --map {args.map}")
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


def _vault(style: str) -> FileTokens | FileSurrogates | None:
    from comity.ports import SystemRandom
    from comity.privacy.files import FileSurrogates, FileTokens

    if style == "mask":
        return None
    return (FileTokens if style == "tags" else FileSurrogates)(SystemRandom().token(NONCE_BYTES))


def _map(args: argparse.Namespace, vault: FileTokens | FileSurrogates) -> bytes:
    from datetime import timedelta

    import msgspec

    from comity.ports import SystemClock, SystemRandom
    from comity.privacy.files import Map

    expires = SystemClock().now().replace(microsecond=0) + timedelta(days=args.days)
    made = Map.of(vault, place.map_key(args), note=NOTE, expires=expires, random=SystemRandom())
    return msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n"


def _days(said: str) -> int:
    if not said.isdecimal() or not 1 <= int(said) <= 3650:
        raise argparse.ArgumentTypeError(f"`{said}` is not a number of days, 1 to 3650")
    return int(said)


def _masked(piece: Piece) -> str:
    out: list[str] = []
    done = 0
    for each in piece.findings:
        out += (piece.text[done : each.start], f"[{each.type}]")
        done = each.end
    return "".join((*out, piece.text[done:]))
