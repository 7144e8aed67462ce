# SPDX-License-Identifier: Apache-2.0
"""`comity replay`: what was recorded, decided again under the law of another day or under other packs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from comity.cli import facts, place, say, texts
from comity.errors import CallerError, OperatorError

if TYPE_CHECKING:
    from comity.config import Config
    from comity.jurisdictions.pack import Pack
    from comity.policy.decision import Citation, Reason
    from comity.policy.replay import Change, Line, Replayed
    from comity.transparency.log_key import Place

ABOUT = "what would flip on another day"
LINE_BYTES_MAX = 4 << 20


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("records", metavar="RECORDS", nargs="?", default="", help="a file of records, or - (without: the home's own)")
    parser.add_argument("--as-of", metavar="DAY", default="", help="the law of that day (YYYY-MM-DD)")
    parser.add_argument("--packs", metavar="DIR", action="append", default=[], help="a pack, or a folder of some, instead of those held")
    parser.add_argument("--html", metavar="FILE", default="", help="write the report as a page, too")


def run(args: argparse.Namespace) -> int:
    from comity.gateway.duties import DISCHARGERS
    from comity.jurisdictions.load import load_packs
    from comity.jurisdictions.vocab import load_vocabulary
    from comity.policy.engine import Engine
    from comity.policy.replay import Replay

    day, config, vocabulary = facts.day(args.as_of), place.configuration(args), load_vocabulary()
    if day is None and not args.packs:
        raise CallerError("neither another day nor other packs", code="usage", exit_code=2, hint="name --as-of DAY, or --packs DIR")
    held = load_packs(config.packs.enabled, [Path(extra) for extra in config.packs.extra])
    standing = Engine(held, vocabulary)
    law = Engine(_with(held, args.packs), vocabulary) if args.packs else standing
    replay = Replay(law=law, standing=standing, as_of=day, vocabulary=vocabulary, dischargers=DISCHARGERS)
    for line, where in _lines(args, config):
        replay.add(line, where)
    replayed = replay.result()
    say.result(args, as_json(replayed), words(replayed))
    if args.html:
        _write_page(args.html, replayed)
    return 0


def as_json(replayed: Replayed) -> dict[str, Any]:
    import msgspec

    made: dict[str, Any] = msgspec.to_builtins(replayed)
    return made


# -- what is read ----------------------------------------------------------------------------------------------------


def _with(held: Iterable[Pack], folders: Iterable[str]) -> list[Pack]:
    """Those held, each replaced by one of its id where there is one."""
    from comity.jurisdictions.load import load_pack
    from comity.jurisdictions.vocab import load_vocabulary

    packs = {pack.head.id: pack for pack in held}
    for name in folders:
        folder = Path(name)
        found = [folder] if (folder / "pack.toml").is_file() else sorted(each.parent for each in folder.glob("*/pack.toml"))
        if not found:
            raise OperatorError(f"no pack is in `{name}`", code="pack.invalid", field="packs", hint="name a folder with a pack.toml")
        packs |= {pack.head.id: pack for pack in (load_pack(each, load_vocabulary()) for each in found)}
    return list(packs.values())


def _lines(args: argparse.Namespace, config: Config) -> Iterator[tuple[Line, str]]:
    """Each with what names it in an error; on a terminal, how far it is."""
    if not args.records:
        with texts.progress("records", 0) as told:
            yield from _own(place.whereabouts(args, config).log, told)
    elif args.records == "-":
        with texts.progress("-", 0) as told:
            yield from _read(sys.stdin.buffer, "line", told)
    else:
        with _opened(args.records) as file, texts.progress(args.records, os.fstat(file.fileno()).st_size) as told:
            yield from _read(file, f"{args.records}, line", told)


def _opened(name: str) -> BinaryIO:
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise CallerError(f"cannot read `{name}`: {error.strerror}", code="facts.unreadable", hint="name a file of records, or -") from None


def _own(log: Place, told: texts.Told) -> Iterator[tuple[Line, str]]:
    import msgspec

    from comity.policy.replay import Line
    from comity.transparency.reader import Reader

    read = 0
    with Reader.open(log) as reader:
        for each in reader.judgements():
            read += len(each.facts) + len(each.decision)
            told(read)
            line = Line(id=each.receipt, n=each.records, facts=msgspec.Raw(each.facts), decision=msgspec.Raw(each.decision))
            yield line, f"record {each.place}"


def _read(file: BinaryIO, name: str, told: texts.Told) -> Iterator[tuple[Line, str]]:
    from comity.policy.replay import line_of

    number = read = 0
    while raw := file.readline(LINE_BYTES_MAX + 1):
        number, read = number + 1, read + len(raw)
        told(read)
        where = f"{name} {number}"
        if len(raw) > LINE_BYTES_MAX:
            raise CallerError(
                f"{where}: is longer than {LINE_BYTES_MAX} bytes", code="facts.invalid", field=where, hint="one record a line"
            )
        if not raw.isspace():
            yield line_of(raw, where), where


# -- what is shown ---------------------------------------------------------------------------------------------------


def words(replayed: Replayed) -> str:
    lines = [title(replayed), f"packs: {', '.join(marked(replayed)) or 'no pack applies'}", ""]
    lines.append(f"{'records':9}{'allow':>12}{'escalate':>12}{'deny':>12}")
    for name, row in (("before", replayed.before), ("after", replayed.after)):
        lines.append(f"{name:9}{row['allow']:>12,}{row['escalate']:>12,}{row['deny']:>12,}")
    lines += ["", f"{counted(replayed.flipped)} with a place that flips" if replayed.flips else "nothing flips"]
    for change in (*replayed.flips, *replayed.terms):
        lines += ["", *_change(change, replayed)]
    return "\n".join(lines)


def title(replayed: Replayed) -> str:
    day = f"the law of {replayed.as_of}" if replayed.as_of else "other packs, each on its own day"
    return f"{counted(replayed.records)} ({replayed.distinct:,} distinct) under {day}"


def counted(records: int) -> str:
    return f"{records:,} record{'' if records == 1 else 's'}"


def heading(change: Change, replayed: Replayed) -> str:
    """A sketch of a law is no ground to stand on: what it flips is marked."""
    said = f"{change.before.upper()} → {change.after.upper()}" if change.flips else "ALLOW on other terms"
    return said + " (by a sketch)" * any(reason.pack in replayed.sketches for reason in (*change.was, *change.now))


def explained(reasons: Iterable[Reason]) -> list[tuple[str, str, list[str]]]:
    """(rule, text, facts) of each rule that speaks, once."""
    rules: dict[tuple[str, str], list[str]] = {}
    for reason in reasons:
        rules.setdefault((reason.rule, reason.text), []).append(reason.fact)
    return [(rule, text, named) for (rule, text), named in rules.items()]


def cited(citation: Citation) -> str:
    return f"{citation.instrument}, {citation.article}"


def marked(replayed: Replayed) -> list[str]:
    return [f"{name} (sketch)" if name in replayed.sketches else name for name in replayed.packs]


def _change(change: Change, replayed: Replayed) -> Iterator[str]:
    yield f"{heading(change, replayed)}  {counted(change.records)} ({change.distinct:,} distinct); to {', '.join(change.deployments)}"
    articles = {each.fact: cited(each) for each in change.citations}
    for name, reasons in (("was", change.was), ("now", change.now)):
        for rule, text, named in explained(reasons):
            yield f"  {name}  {text}" + (f"  [{rule}]" if rule else "")
            yield from (f"         {fact}: {articles[fact]}" for fact in named if fact in articles)
    if change.owed:
        yield f"  owed {', '.join(change.owed)}"
    if change.needs_evidence:
        yield f"       without evidence a gateway refuses for want of {', '.join(change.needs_evidence)}"
    if change.owed_no_more:
        yield f"  no longer owed {', '.join(change.owed_no_more)}"
    yield f"  for example {', '.join(change.examples)}"


def _write_page(name: str, replayed: Replayed) -> None:
    from comity.cli.page import page

    try:
        Path(name).write_text(page(replayed), encoding="utf-8")
    except OSError as error:
        raise CallerError(
            f"cannot write `{name}`: {error.strerror}", code="report.unwritable", hint="name a file in a folder of yours"
        ) from None
