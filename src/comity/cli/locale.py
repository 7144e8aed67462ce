# SPDX-License-Identifier: Apache-2.0
"""`comity locale`: what forms a place's readers expect, and a text put into them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from comity.cli import say

if TYPE_CHECKING:
    from comity.tasks.locale import Locale

ABOUT = "forms a place's readers expect: numbers, dates, address, marks, script"


def arguments(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    commands.add_parser("list", help="the locales there are")
    shown = commands.add_parser("show", help="one locale, by examples")
    shown.add_argument("tag", metavar="TAG", help="BCP 47: zh-TW, de-AT …; the nearest there is")
    written = commands.add_parser("write", help="a text in the script, words and marks of a locale")
    written.add_argument("tag", metavar="TAG", help="BCP 47")
    written.add_argument("text", metavar="TEXT", help="the text")
    written.add_argument("--register", choices=("formal", "friendly"), help="你 or 您, du or Sie, contractions")


def run(args: argparse.Namespace) -> int:
    from comity.tasks.locale import locale_of
    from comity.tasks.locale.pack import TAGS

    if args.action == "list":
        rows = [{"tag": tag, "name": locale_of(tag).pack.name} for tag in TAGS]
        say.result(args, rows, "\n".join(f"{row['tag']}  {row['name']}" for row in rows))
        return 0
    locale = locale_of(args.tag)
    if args.action == "show":
        forms = _forms(locale)
        say.result(args, forms, "\n".join(f"{name:12}{said}" for name, said in forms.items()))
        return 0
    text = locale.finish(args.text)
    if args.register:
        text = locale.register(text, args.register)
    say.result(args, {"locale": locale.tag, "text": text}, text)
    return 0


def _forms(locale: Locale) -> dict[str, str]:
    """Each form of one day, one amount and one person."""
    from datetime import date, time

    day, at, pack = date(2026, 9, 25), time(20, 15), locale.pack
    family, given = ("王", "小明") if pack.language == "zh" else ("Weber", "Kim")
    currency = next(iter(pack.money.symbols))
    numbers = (locale.number(1234567.8), locale.percent(0.256), locale.compact(2_500_000), locale.ordinal(3), locale.words(10050))
    return {
        "locale": f"{locale.tag}, {pack.name}",
        "numbers": "  ".join(numbers),
        "money": locale.money(1234.5, currency),
        "dates": "  ".join((locale.date(day, "short"), locale.date(day, "weekday"))),
        "times": "  ".join((locale.time(at), locale.time(at, "spoken"))),
        "moon": "  ".join(locale.lunar(day, style) for style in ("full", "festival")),
        "measures": "  ".join((locale.unit(5, "mi", "local"), locale.unit(5, "kg", "local"), locale.unit(20, "degC", "local"))),
        "address": "  ".join(locale.address(family, given, gender="f", formality=each) for each in ("formal", "neutral", "friendly")),
        "quotes": locale.quote("…"),
        "prompt": locale.prompt("formal"),
        "sources": "; ".join(pack.sources),
    }  # fmt: skip
