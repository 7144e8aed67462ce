# SPDX-License-Identifier: Apache-2.0
"""`comity recommend`: what somebody may like next, from what they did, on this machine; and what of it is forgotten."""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from comity.cli import place, say
from comity.errors import CallerError

if TYPE_CHECKING:
    from comity.tasks.recommend import Own, Recommendations, Shelf, Why
    from comity.tasks.recommend.learn import Touch

ABOUT = "what you may like next, and why; forgets when told"
_FOLDER, _ITEMS, _FACTORS, _OWN = "recommend", "items.jsonl", "factors.bin", "own.db"
_FILE_BYTES_MAX = 1 << 30


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(what=_list, count=10, why=False, context="", diverse=0.0, again=False, half_life_days=180.0)
    commands = parser.add_subparsers(metavar="COMMAND", help="none: list")
    one = commands.add_parser("list", help="suggestions, the best first")
    one.add_argument("--count", type=int, default=10, metavar="N", help="how many (10)")
    one.add_argument("--why", action="store_true", help="what each rests on: your own events, with their shares of the score")
    one.add_argument("--context", default="", metavar="WORD", help="where or when: what is popular there, as long as you have no events")
    one.add_argument("--diverse", type=float, default=0.0, metavar="X", help="0, the best, to 1, as unlike each other as can be")
    one.add_argument("--again", action="store_true", help="also what you have had to do with")
    one.add_argument("--half-life-days", type=float, default=180.0, metavar="DAYS", help="after which an event counts half (180)")
    one.set_defaults(what=_list)
    one = commands.add_parser("add", help="keep one event")
    one.add_argument("item", metavar="ITEM", help="id of an item")
    one.add_argument("--value", type=float, default=1.0, metavar="X", help="from -1, do not want it, to 1, liked it (1)")
    one.add_argument("--context", default="", metavar="WORD", help="where or when")
    one.add_argument("--at", default="", metavar="TIME", help="when, with its offset; else now")
    one.set_defaults(what=_add)
    one = commands.add_parser("import", help="keep the events of a file, all or none")
    one.add_argument("file", metavar="FILE", help='JSON lines: {"item": …, "value": …, "at": …, "context": …}; - is standard input')
    one.set_defaults(what=_import)
    one = commands.add_parser("events", help="what is kept of you")
    one.set_defaults(what=_events)
    one = commands.add_parser("forget", help="let go of events, from the disk too")
    which = one.add_mutually_exclusive_group(required=True)
    which.add_argument("--event", default="", metavar="ID", help="one event")
    which.add_argument("--item", default="", metavar="ID", help="every event of one item")
    which.add_argument("--all", action="store_true", help="every event")
    one.set_defaults(what=_forget)
    one = commands.add_parser("reset", help="as if there had never been an event; items and factors stay")
    one.set_defaults(what=_reset)
    one = commands.add_parser("use", help="take up a product's items and factors")
    one.add_argument("--items", default="", metavar="FILE", help='JSON lines: {"id": …, "title": …, "tags": […]}')
    one.add_argument("--factors", default="", metavar="FILE", help="made by `learn`")
    one.set_defaults(what=_use)
    one = commands.add_parser("learn", help="make factors of what many people did")
    one.add_argument("file", metavar="FILE", help="CSV with the columns person, item and, where there is one, context")
    one.add_argument("--out", required=True, metavar="FILE", help="where the factors go")
    one.add_argument("--method", choices=("ease", "neighbours"), default="ease", help="ease (better), or neighbours (faster)")
    one.add_argument("--people-min", type=int, default=5, metavar="N", help="leave out what fewer people touched (5)")
    one.add_argument("--kept", type=int, default=200, metavar="N", help="weights that are kept of each item (200)")
    one.set_defaults(what=_learn)


def run(args: argparse.Namespace) -> int:
    args.what(args)
    return 0


def _list(args: argparse.Namespace) -> None:
    import msgspec

    from comity.ports import SystemClock
    from comity.tasks.recommend import RecommendAsked, recommend

    fields = {"count": args.count, "context": args.context, "diversity": args.diverse, "again": args.again, "why": args.why}
    asked = _read(fields | {"half_life_days": args.half_life_days}, RecommendAsked)
    with _own(args) as own:
        found = recommend(asked, own=own, shelf=_shelf(args), now=SystemClock().now())
    say.result(args, msgspec.to_builtins(found), _told(found))


def _told(found: Recommendations) -> str:
    if not found.items:
        return "nothing to suggest: comity recommend use --items FILE --factors FILE"
    lines = [] if found.rests_on == "events" else ["nothing of yours says anything yet; this is what others like"]
    for number, one in enumerate(found.items, 1):
        lines.append(f"{number:3}  {one.title or one.item}" + (f"  ({one.item})" if one.title else "") + f"  {one.score:.3f}")
        lines += [f"       {part.share:4.0%} {'against: ' if part.points < 0 else ''}{_reason(part)}" for part in one.why]
    return "\n".join(lines)


def _reason(part: Why) -> str:
    name = part.title or part.item
    if part.of == "tags":
        return f"like {name} ({part.event}): {', '.join(part.shared)}"
    return {"event": f"you: {name} ({part.event})", "popular": "others like it"}.get(part.of, f"{_events_of(part.parts)} more")


def _add(args: argparse.Namespace) -> None:
    from comity.tasks.recommend import Event

    fields = {"item": args.item, "value": args.value, "context": args.context} | ({"at": args.at} if args.at else {})
    with _own(args) as own:
        (kept,) = own.add([_read(fields, Event)])
    say.result(args, {"event": kept.id, "item": kept.item}, f"kept as {kept.id}; comity recommend forget --event {kept.id} lets go of it")


def _import(args: argparse.Namespace) -> None:
    import msgspec

    from comity.tasks.recommend import Event

    decoder, events = msgspec.json.Decoder(Event), []
    for number, line in enumerate(_bytes(args.file).splitlines(), 1):
        if line.strip():
            try:
                events.append(decoder.decode(line))
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise CallerError(
                    f"line {number} is not an event", hint='one JSON object a line: {"item": "m1", "value": 1}', field="events"
                ) from error
    with _own(args) as own:
        before = own.count()
        own.add(events)
        new = own.count() - before
    say.result(args, {"kept": new, "known": len(events) - new}, f"{_events_of(new)} kept, {len(events) - new} known before")


def _events(args: argparse.Namespace) -> None:
    import msgspec

    with _own(args) as own:
        found = own.events()
    lines = (f"{one.id}  {one.at:%Y-%m-%d %H:%M}  {one.value:+.1f}  {one.item}  {one.context}".rstrip() for one in found)
    say.result(args, [msgspec.to_builtins(one) for one in found], "\n".join(lines) or "nothing is kept of you")


def _forget(args: argparse.Namespace) -> None:
    with _own(args) as own:
        gone, left = own.forget(event=args.event, item=args.item), own.count()
    say.result(args, {"forgotten": gone, "left": left}, f"{_events_of(gone)} forgotten, {left} left")


def _reset(args: argparse.Namespace) -> None:
    with _own(args) as own:
        gone = own.count()
        own.reset()
    say.result(args, {"forgotten": gone, "left": 0}, f"{_events_of(gone)} forgotten; nothing is kept of you")


def _events_of(count: int) -> str:
    return "1 event" if count == 1 else f"{count} events"


def _use(args: argparse.Namespace) -> None:
    from comity.tasks.recommend.factors import read
    from comity.tasks.recommend.shelf import read_items

    if not (args.items or args.factors):
        raise CallerError("neither items nor factors are named", hint="`--items FILE`, `--factors FILE` or both", field="items")
    items, factors = _bytes(args.items) if args.items else b"", _bytes(args.factors) if args.factors else b""
    count, made = len(read_items(items)), read(factors) if factors else None
    for name, data in ((_ITEMS, items), (_FACTORS, factors)):
        if data:
            _write(_folder(args) / name, data)
    shown = {"items": count, "factors": made.sha256 if made else "", "known_to_factors": len(made.head.items) if made else 0}
    told = [f"{count} items"] if items else []
    told += [f"factors of {len(made.head.items)} items, sha256 {made.sha256}"] if made else []
    say.result(args, shown, "\n".join(told))


def _learn(args: argparse.Namespace) -> None:
    from comity.tasks.recommend import ease, neighbours

    rule = ease if args.method == "ease" else neighbours
    if args.kept < 1 or args.people_min < 1:
        raise CallerError("`--kept` and `--people-min` are 1 or more", field="kept")
    made = rule(_touches(_bytes(args.file)), kept=args.kept, people_min=args.people_min)
    _write(Path(args.out), made.written())
    shown = {"items": len(made.head.items), "people": made.head.people, "weights": made.head.weights, "sha256": made.sha256}
    say.result(args, shown, f"{shown['items']} items of {shown['people']} people, {shown['weights']} weights, sha256 {made.sha256}")


def _touches(data: bytes) -> Iterator[Touch]:
    from comity.tasks.recommend.learn import Touch

    try:
        rows = csv.DictReader(io.StringIO(data.decode("utf-8-sig")), strict=True)
        if not {"person", "item"} <= set(rows.fieldnames or ()):
            raise CallerError("the file has no columns `person` and `item`", hint="a first line `person,item`", field="file")
        for row in rows:
            if row["person"] and row["item"]:
                yield Touch(row["person"], row["item"], row.get("context") or "")
    except (UnicodeDecodeError, csv.Error) as error:
        raise CallerError("the file is not CSV in UTF-8", field="file") from error


# -- files ------------------------------------------------------------------------------------------------------------


def _folder(args: argparse.Namespace) -> Path:
    from comity.storage.home import prepare

    folder = place.home(args, place.configuration(args)) / _FOLDER
    prepare(folder)
    return folder


@contextmanager
def _own(args: argparse.Namespace) -> Iterator[Own]:
    from comity.ports import SystemClock, SystemRandom
    from comity.tasks.recommend import Own

    with Own(_folder(args) / _OWN, clock=SystemClock(), random=SystemRandom()) as own:
        yield own


def _shelf(args: argparse.Namespace) -> Shelf:
    from comity.tasks.recommend import Shelf
    from comity.tasks.recommend.factors import read
    from comity.tasks.recommend.shelf import read_items

    items, factors = _folder(args) / _ITEMS, _folder(args) / _FACTORS
    return Shelf(
        read_items(_bytes(str(items))) if items.exists() else (),
        read(_bytes(str(factors))) if factors.exists() else None,
    )


def _read(fields: dict[str, Any], shape: Any) -> Any:
    import msgspec

    try:
        return msgspec.convert(fields, shape)
    except msgspec.ValidationError as error:
        path = str(error).rpartition("$.")[2].rstrip("`")
        raise CallerError(f"`{path}` is not of its form or out of range", hint="comity recommend --help", field=path) from error


def _bytes(name: str) -> bytes:
    try:
        if name == "-":
            return sys.stdin.buffer.read(_FILE_BYTES_MAX)
        path = Path(name)
        if path.stat().st_size > _FILE_BYTES_MAX:
            raise CallerError(f"`{name}` is larger than {_FILE_BYTES_MAX} bytes", field="file")
        return path.read_bytes()
    except OSError as error:
        raise CallerError(f"cannot read `{name}`: {error.strerror}", field="file") from error


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all."""
    made = path.with_name(f"{path.name}.new")
    try:
        made.write_bytes(data)
        made.replace(path)
    except OSError as error:
        raise CallerError(f"cannot write `{path}`: {error.strerror}", field="out") from error
