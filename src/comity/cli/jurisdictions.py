# SPDX-License-Identifier: Apache-2.0
"""`comity jurisdictions`: which laws are held and how far, what is in force, and how two laws, or two versions of a pack, differ."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from comity.cli import facts, place, say
from comity.errors import CallerError

if TYPE_CHECKING:
    from comity.jurisdictions.pack import Pack
    from comity.jurisdictions.vocab import Vocabulary

ABOUT = "the laws that are held: list, show, diff"
PARTS = {
    "grounds": "grounds turn on",
    "forbids": "what is forbidden would be lawful after",
    "escalates": "what a person must decide might be helped by",
    "obligations": "owed",
    "tables": "numbers and lists",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    named = "a pack, a region, or a pack's folder"
    listed = actions.add_parser("list", help="every law that is held, deep packs first")
    show = actions.add_parser("show", help="the rules of one that are in force")
    show.add_argument("what", metavar="LAW", help=f"{named}: cn, FR, EEA, ./ke")
    diff = actions.add_parser("diff", help="what one law has that another has not; of two folders, what changed")
    diff.add_argument("one", metavar="LAW", help=named)
    diff.add_argument("other", metavar="LAW", help="another; or a later version of the same pack")
    for action in (listed, show, diff):
        action.add_argument("--as-of", metavar="DAY", default="", help="another day than today (YYYY-MM-DD)")


def run(args: argparse.Namespace) -> int:
    return {"list": _list, "show": _show, "diff": _diff}[args.action](args)


def day_of(args: argparse.Namespace) -> date:
    """`--as-of`, else today."""
    from comity.ports import SystemClock

    return facts.day(args.as_of) or SystemClock().now().date()


def packs_of(args: argparse.Namespace) -> tuple[Pack, ...]:
    """Those that the configuration enables, with its own."""
    from comity.jurisdictions.load import load_packs

    config = place.configuration(args)
    return load_packs(config.packs.enabled, [Path(extra) for extra in config.packs.extra])


# -- list ------------------------------------------------------------------------------------------------------------


def _list(args: argparse.Namespace) -> int:
    from comity.jurisdictions.overview import outline

    day = day_of(args)
    rows = sorted((outline(pack, day) for pack in packs_of(args)), key=lambda row: (row["depth"] != "deep", row["id"]))
    deep, sketches = ([row for row in rows if row["depth"] == depth] for depth in ("deep", "sketch"))
    lines = [*_outlined("deep", deep), *_outlined("sketches, which hold a few rules and refuse the rest", sketches)]
    say.result(args, rows, "\n".join(lines) or "no pack is enabled")
    return 0


def _outlined(title: str, rows: list[dict[str, Any]]) -> list[str]:
    lines = [title] if rows else []
    for row in rows:
        lines.append(f"  {row['id']:6} {row['version']}  {row['name']} ({', '.join(row['regions'])})")
        lines += [f"         {line}" for line in _standing(row)]
    return lines


def _standing(row: dict[str, Any]) -> Iterator[str]:
    """How far a pack may be trusted."""
    counted = ", ".join(f"{count} {name}" for name, count in row["confidence"].items())
    yield f"{row['rules']} rules in force, {row['facts']} facts: {counted}"
    reviewed = f"reviewed by {', '.join(row['reviewed_by'])}" if row["reviewed_by"] else "reviewed by no lawyer"
    yield f"read up to {row['verified_through']}, escalates after {row['horizon']}, {reviewed}"


# -- show ------------------------------------------------------------------------------------------------------------


def _show(args: argparse.Namespace) -> int:
    from comity.jurisdictions.overview import in_force
    from comity.jurisdictions.vocab import load_vocabulary

    day = day_of(args)
    shown = [in_force(pack, day) for pack in _covering(args.what, packs_of(args), load_vocabulary())]
    say.result(args, shown, "\n\n".join("\n".join(_told(one)) for one in shown))
    return 0


def _told(one: dict[str, Any]) -> Iterator[str]:
    pack, facts_by_id = one["pack"], {fact["id"]: fact for fact in one["facts"]}
    yield f"{pack['id']}@{pack['version']} ({pack['depth']}): {pack['name']}, as of {one['as_of']}"
    yield from (f"  {line}" for line in _standing(pack))

    def articles(cited: Iterable[str]) -> Iterator[str]:
        for name in cited:
            yield f"                {name}: {facts_by_id[name]['instrument']}, {facts_by_id[name]['article']}"

    for rule in one["rules"]:
        days = f"{rule['valid_from'] or '…'} – {rule['valid_to'] or ''}".rstrip(" –")
        yield f"  {rule['kind']:10} {rule['id']}  ({days}; {rule['about']})"
        for label, said in (
            ("says", rule["text"]), ("is", rule["term"] and f"context.term.{rule['term']}"),
            ("owed", rule["obligation"]), ("a way", ", ".join(rule["remedies"])),
        ):  # fmt: skip
            if said:
                yield f"         {label:6} {said}"
        yield from articles(rule["facts"])
    for table in one["tables"]:
        value = table["value"] if isinstance(table["value"], int) else ", ".join(table["value"])
        yield f"  table      {table['name']} = {value}  (since {table['since']})"
        yield from articles([table["fact"]])


def _covering(name: str, packs: Iterable[Pack], vocabulary: Vocabulary) -> list[Pack]:
    """The pack in a folder, or those of that name or region."""
    from comity.jurisdictions.load import load_pack
    from comity.jurisdictions.overview import covering

    return [load_pack(Path(name), vocabulary)] if Path(name).is_dir() else covering(packs, name, vocabulary)


# -- diff ------------------------------------------------------------------------------------------------------------


def _diff(args: argparse.Namespace) -> int:
    from comity.jurisdictions.overview import beside, versions
    from comity.jurisdictions.vocab import load_vocabulary

    day, packs, vocabulary = day_of(args), packs_of(args), load_vocabulary()
    one, other = (_only(name, _covering(name, packs, vocabulary)) for name in (args.one, args.other))
    if one.head.id == other.head.id:
        changes = versions(one, other)
        value: dict[str, Any] = {"before": one.name, "after": other.name, **changes}
        say.result(args, value, "\n".join([f"{one.name} to {other.name}", *(_changes(changes) or ["  nothing differs"])]))
        return 0
    found = beside(one, other, day)
    value = {"packs": [one.name, other.name], "as_of": day.isoformat(), **found}
    lines = [f"{one.name} and {other.name}, as of {day}"]
    for part, title in PARTS.items():
        if found[part]:
            lines += [title, *_beside(found[part], one.head.id, other.head.id)]
    say.result(args, value, "\n".join(lines))
    return 0


def _only(name: str, found: list[Pack]) -> Pack:
    if len(found) > 1:
        named = ", ".join(pack.head.id for pack in found)
        raise CallerError(f"`{name}` is held by {named}", code="usage", exit_code=2, hint="name one of them")
    return found[0]


def _beside(rows: dict[str, dict[str, list[Any]]], one: str, other: str) -> Iterator[str]:
    def said(values: list[Any]) -> str:
        return ", ".join(map(str, values))

    for label, held in ((f"only {one}", {one}), (f"only {other}", {other}), ("both", {one, other})):
        for what, row in rows.items():
            if set(row) == held:
                yield f"  {label:9} {what:34} {' | '.join(said(row[pack]) for pack in (one, other) if pack in row)}"


def _changes(changes: dict[str, Any]) -> list[str]:
    lines = [f"  pack       {name}: {_was(*pair)}" for name, pair in changes["pack"].items()]
    for part in ("rules", "facts", "tables"):
        lines += [f"  {part:10} + {name}" for name in changes[part]["added"]]
        lines += [f"  {part:10} - {name}" for name in changes[part]["removed"]]
        for name, fields in changes[part]["changed"].items():
            lines.append(f"  {part:10} ~ {name}")
            lines += [f"             {field}: {_was(*pair)}" if pair else f"             {field} changed" for field, pair in fields.items()]
    return lines


def _was(before: Any, after: Any) -> str:
    return f"`{before}` to `{after}`"
