# SPDX-License-Identifier: Apache-2.0
"""`comity scan`: what in a text is personal, and where.

What was found is shown on a terminal only: elsewhere places and types, so that a log of it holds nothing personal.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from comity.cli import say, texts
from comity.errors import CallerError
from comity.ports import environment

if TYPE_CHECKING:
    from comity.privacy.files import Piece
    from comity.privacy.guard import Guard

ABOUT = "what in a text is personal, and where"
FOUND = 1
LINE_BYTES_MAX = 64 << 20
AROUND = 40  # characters of the line that are shown on both sides of what was found
MARK, FAINT, PLAIN = "\x1b[1;33m", "\x1b[2m", "\x1b[0m"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", nargs="?", default="", help="a text in UTF-8, or - for stdin")
    texts.profile_argument(parser)
    parser.add_argument("--fail-on-findings", action="store_true", help="exit code 1 where something is found")
    parser.add_argument("--jsonl", metavar="IN", default="", help="instead of FILE: items with id and text, one a line")
    parser.add_argument("--out", metavar="PRED", default="", help="with --jsonl: where the spans go (else stdout)")


def run(args: argparse.Namespace) -> int:
    if bool(args.file) == bool(args.jsonl):
        said = "a file and `--jsonl` at once" if args.file else "nothing to scan is named"
        raise CallerError(said, code="usage", exit_code=2, hint="comity scan FILE, comity scan -, or comity scan --jsonl IN")
    if args.out and not args.jsonl:
        raise CallerError("`--out` needs `--jsonl`", code="usage", exit_code=2, hint="comity scan FILE > found.txt")
    found = (_items if args.jsonl else _text)(args, texts.guard_of(args))
    return FOUND if found and args.fail_on_findings else 0


# -- one text --------------------------------------------------------------------------------------------------------


def _text(args: argparse.Namespace, guard: Guard) -> int:
    rows: list[dict[str, Any]] = []
    types: Counter[str] = Counter()
    categories: set[str] = set()
    for row, shown in _rows(texts.scanned(args.file, guard)):
        types[row["type"]] += 1
        categories |= {row["category"]} - {None}
        if args.json:
            rows.append(row)
        else:
            texts.clear_line()
            say.out(shown)
    total = types.total()
    value = {"profile": guard.profile, "findings": rows, "types": dict(types.most_common()), "categories": sorted(categories)}
    counted = ", ".join(f"{count:,} {kind}" for kind, count in types.most_common())
    say.result(args, value, f"{total:,} found: {counted}" if total else f"nothing personal was found (profile {guard.profile})")
    if total and args.file != "-" and not args.json:
        say.aside(f"to hide it: comity redact {args.file} --out {args.file}.hidden --map {args.file}.map")
    return total


def _rows(found: Iterable[Piece]) -> Iterator[tuple[dict[str, Any], str]]:
    """Each finding as JSON and as a line.  Its place is one of the whole text; lines and columns count from 1."""
    ahead, line, column = 0, 1, 1
    for piece in found:
        at = 0
        for each in piece.findings:
            line, column = _moved(line, column, piece.text[at : each.start])
            at = each.start
            row = {
                "type": each.type, "category": each.category, "start": ahead + each.start, "end": ahead + each.end,
                "line": line, "column": column, "recognizer": each.recognizer,
            }  # fmt: skip
            where = f"{line}:{column}"
            yield row, f"{where:10} {_shown(piece.text, each.start, each.end, each.type, each.recognizer)}"
        line, column = _moved(line, column, piece.text[at:])
        ahead += len(piece.text)


def _moved(line: int, column: int, text: str) -> tuple[int, int]:
    lines = text.count("\n")
    return line + lines, len(text) - text.rfind("\n") if lines else column + len(text)


def _shown(text: str, start: int, end: int, kind: str, recognizer: str) -> str:
    if not sys.stdout.isatty():
        return f"{kind:14} {recognizer}"
    mark, faint, plain = ("", "", "") if environment("NO_COLOR") else (MARK, FAINT, PLAIN)
    left = text[max(0, start - AROUND) : start].rpartition("\n")[2]
    right = text[end : end + AROUND].partition("\n")[0]
    left, found, right = (_printable(part) for part in (left, text[start:end], right))
    return f"{mark}{kind:14}{plain} {faint}{left}{plain}{mark}{found}{plain}{faint}{right}{plain}"


def _printable(text: str) -> str:
    """On one line, and without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else " " if letter.isspace() else "\ufffd" for letter in text)


# -- many texts ------------------------------------------------------------------------------------------------------


def _items(args: argparse.Namespace, guard: Guard) -> int:
    total = 0
    with texts.written(args.out, force=True) as out, texts.opened(args.jsonl) as (file, size), texts.progress(args.jsonl, size) as told:
        number = read = 0
        while raw := file.readline(LINE_BYTES_MAX + 1):
            number, read = number + 1, read + len(raw)
            if raw.isspace():
                continue
            name, text = _item(raw, f"{args.jsonl}, line {number}")
            with texts.failing_closed():
                spans = [{"start": each.start, "end": each.end, "type": each.type} for each in guard.scan(text)]
            total += len(spans)
            out.write(json.dumps({"id": name, "spans": spans}, ensure_ascii=False).encode() + b"\n")
            told(read)
    return total


def _item(raw: bytes, where: str) -> tuple[str | int, str]:
    try:
        item = json.loads(raw) if len(raw) <= LINE_BYTES_MAX else None
    except (ValueError, RecursionError):
        item = None
    if not isinstance(item, dict) or not isinstance(item.get("id"), str | int) or not isinstance(item.get("text"), str):
        why = f"{where}: not an item with an `id` and a `text`"
        raise CallerError(why, code="request.invalid", field=where, hint='one a line: {"id": "1", "text": "…"}')
    return item["id"], item["text"]
