# SPDX-License-Identifier: Apache-2.0
"""The vocabulary of the English grammar: each word's tag and value."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from comity.tasks.entities import units
from comity.tasks.entities.calendar import Part
from comity.tasks.entities.english.numbers import WORDS as NUMBER_WORDS
from comity.tasks.entities.lexer import listed

_MONTHS = listed("january february march april may june july august september october november december")
_WEEKDAYS = listed("monday tuesday wednesday thursday friday saturday sunday")
_SHORT_DAYS = {"mon": 0, "tue": 1, "tues": 1, "wed": 2, "weds": 2, "thu": 3, "thur": 3, "thurs": 3, "fri": 4}
PARTS = {
    "morning": Part(8, 12, "am"),
    "afternoon": Part(12, 16, "pm"),
    "evening": Part(16, 20, "pm"),
    "night": Part(20, 24, "night"),
    "daytime": Part(8, 18, "noon"),
    "lunchtime": Part(11, 13, "noon"),
    "dinnertime": Part(16, 20, "pm"),
    "breakfast-time": Part(8, 12, "am"),
}
# Month and day, or (month, place, weekday), or days after Easter.
HOLIDAYS: dict[str, tuple[int, ...]] = {
    "inauguration day": (1, 20),
    "groundhog day": (2, 2),
    "women's day": (3, 8),
    "april fool's day": (4, 1),
    "april fools day": (4, 1),
    "children's day": (6, 1),
    "teachers' day": (9, 10),
    "teacher's day": (9, 10),
    "all saints day": (11, 1),
    "all saints' day": (11, 1),
    "all souls day": (11, 2),
    "singles day": (11, 11),
    "singles' day": (11, 11),
    "labour day": (9, 1, 0),
    "new year eve": (12, 31),
    "christmas": (12, 25),
    "christmas day": (12, 25),
    "xmas": (12, 25),
    "boxing day": (12, 26),
    "christmas eve": (12, 24),
    "new year": (1, 1),
    "new year's": (1, 1),
    "new years": (1, 1),
    "new year's day": (1, 1),
    "new years day": (1, 1),
    "new year's eve": (12, 31),
    "new years eve": (12, 31),
    "valentine's day": (2, 14),
    "valentines day": (2, 14),
    "st patrick's day": (3, 17),
    "april fools": (4, 1),
    "earth day": (4, 22),
    "may day": (5, 1),
    "international workers' day": (5, 1),
    "cinco de mayo": (5, 5),
    "juneteenth": (6, 19),
    "independence day": (7, 4),
    "bastille day": (7, 14),
    "halloween": (10, 31),
    "guy fawkes night": (11, 5),
    "veterans day": (11, 11),
    "mlk day": (1, 3, 0),
    "martin luther king day": (1, 3, 0),
    "presidents day": (2, 3, 0),
    "mother's day": (5, 2, 6),
    "mothers day": (5, 2, 6),
    "memorial day": (5, -1, 0),
    "father's day": (6, 3, 6),
    "fathers day": (6, 3, 6),
    "labor day": (9, 1, 0),
    "columbus day": (10, 2, 0),
    "thanksgiving": (11, 4, 3),
    "thanksgiving day": (11, 4, 3),
    "black friday": (11, 4, 4),
    "cyber monday": (11, 4, 0),
    "easter": (0,),
    "easter sunday": (0,),
    "good friday": (-2,),
    "easter monday": (1,),
    "ash wednesday": (-46,),
    "mardi gras": (-47,),
    "pentecost": (49,),
    "chinese new year": (),
    "lunar new year": (),
}
_UNITS = {
    "minute": ("minute", "minutes", "min", "mins"),
    "hour": ("hour", "hours", "hr", "hrs"),
    "day": ("day", "days"),
    "week": ("week", "weeks", "wk", "wks"),
    "fortnight": ("fortnight", "fortnights"),
    "month": ("month", "months"),
    "year": ("year", "years", "yr", "yrs"),
    "decade": ("decade", "decades"),
    "century": ("century", "centuries"),
    "weekend": ("weekend", "weekends"),
}
_PLAIN = {
    "a": "a an",
    "the": "the",
    "this": "this current",
    "next": "next",
    "coming": "coming upcoming following",
    "last": "last previous",
    "past": "past",
    "that": "that",
    "of": "of",
    "in": "in during",
    "on": "on",
    "at": "at @",
    "by": "by",
    "for": "for",
    "from": "from",
    "to": "to through thru ~",
    "between": "between",
    "and": "and &",
    "or": "or",
    "every": "every each",
    "other": "other alternate",
    "ago": "ago",
    "before": "before",
    "after": "after",
    "since": "since",
    "onward": "onward onwards",
    "until": "until till til",
    "later": "later hence",
    "earlier": "earlier",
    "early": "early",
    "late": "late",
    "mid": "mid middle",
    "end": "end",
    "begin": "beginning start",
    "around": "around about approximately circa roughly",
    "within": "within",
    "comma": ",",
    "dash": "- –",
    "slash": "/",
    "dot": ".",
    "lpar": "(",
    "rpar": ")",
    "poss": "'s",
    "percent": "percent % pct",
    "q": "q",
    "prior": "prior",
    "cy": "cy",
    "s": "s",
    "few": "few several",
    "all": "all whole full entire",
    "gt": ">",
    "lt": "<",
    "eq": "=",
    "hy": "h",
    "ish": "ish",
    "not": "not but",
    "once": "once one",
    "more": "more",
    "less": "less",
    "than": "than",
    "starting": "starting",
    "rest": "rest remainder",
    "no": "no",
    "as": "as",
    "noon": "noon midday noontime noonish",
    "midnight": "midnight",
    "calendar": "calendar",
    "working": "working business work",
    "nightsu": "nights",
    "weekdays": "weekday weekdays workday workdays",
    "wc": "w/c",
    "is": "is",
    "times": "times",
    "twice": "twice thrice",
}
_ADVERBS = {
    "hourly": ("hour", 1), "daily": ("day", 1), "everyday": ("day", 1), "weekly": ("week", 1), "biweekly": ("week", 2),
    "fortnightly": ("week", 2), "monthly": ("month", 1), "bimonthly": ("month", 2), "quarterly": ("month", 3), "yearly": ("year", 1),
    "annually": ("year", 1), "annual": ("year", 1), "nightly": ("day", 1),
}  # fmt: skip


@cache
def words() -> dict[str, tuple[str, Any]]:
    out: dict[str, tuple[str, Any]] = dict(NUMBER_WORDS)
    for tag, said in _PLAIN.items():
        out |= {word: (tag, word) for word in said.split()}
    out |= {"½": ("SLASH", (1, 2)), "¼": ("SLASH", (1, 4)), "¾": ("SLASH", (3, 4))}
    out["one"] = ("SMALL", 1)
    for place, name in enumerate(_MONTHS, 1):
        tag = "MONTHQ" if name in ("march", "may") else "MONTH"
        out[name] = (tag, place)
        if name not in ("may", "june", "july"):
            out[name[:3]] = ("MONTHQ" if name == "march" else "MONTH", place)
    out |= {"sept": ("MONTH", 9), "jun": ("MONTH", 6), "jul": ("MONTH", 7)}
    for place, name in enumerate(_WEEKDAYS):
        out[name] = ("WEEKDAY", place)
        out[f"{name}s"] = ("WEEKDAYS", place)
    out |= {name: ("WEEKDAY", place) for name, place in _SHORT_DAYS.items()}
    out |= {"sat": ("WEEKDAYQ", 5), "sun": ("WEEKDAYQ", 6)}
    out |= {name: ("PARTNAME", part) for name, part in PARTS.items()}
    out |= {"mornings": ("PARTNAMES", PARTS["morning"]), "evenings": ("PARTNAMES", PARTS["evening"])}
    for unit, names in _UNITS.items():
        out |= {name: ("U", unit) for name in names}
    out |= {"today": ("TODAY", 0), "tomorrow": ("TODAY", 1), "tmr": ("TODAY", 1), "tmrw": ("TODAY", 1), "yesterday": ("TODAY", -1)}
    out |= {word: ("TONIGHT", PARTS["night"]) for word in ("tonight", "tonite")}
    out |= {word: ("NOW", None) for word in ("now", "asap")}
    out |= {word: ("ampm", word[0]) for word in ("am", "pm")}
    out |= {word: ("OFTEN", often) for word, often in _ADVERBS.items()}
    out |= dict.fromkeys(listed("pt pst pdt et est edt ct cst cdt mt mst mdt utc gmt bst cet cest jst"), ("ZONE", None))
    out |= {"eod": ("EOD", None), "otd": ("TODAY", 0), "ytd": ("YTD", "year")}
    for name, unit_code in units.ENGLISH.items():
        if "-" not in name and name not in out:
            out[name] = ("UNIT", unit_code)
    for name, currency in units.MONEY_EN.items():
        if "-" not in name:
            out[name] = ("CODE" if len(name) == 3 and name.upper() == currency else "CUR", currency)
    for name, shared in units.SHARED_EN.items():
        out[name] = ("POUNDS" if name.startswith("pound") else "SIGN" if len(name) == 1 else "CURS", shared)
    out |= {sign: ("SIGN", ({}, currency)) for sign, (currency, _) in units.SIGNS.items()}
    out |= {name: ("CENTS", share) for name, share in units.CENTS.items() if name not in ("p", "fen")}
    return out


@cache
def phrases() -> dict[str, tuple[tuple[tuple[str, ...], str, Any], ...]]:
    """Of several words, by the first."""
    found: list[tuple[tuple[str, ...], str, Any]] = []

    def add(tag: str, value: Any, *said: str) -> None:
        found.extend((tuple(phrase.replace("-", " ").split()), tag, value) for phrase in said)

    for name, rule in HOLIDAYS.items():
        add("HOLIDAY", rule, name)
    for name, unit_code in units.ENGLISH.items():
        if "-" in name or not name.isalnum():
            add("UNIT", unit_code, name)
    for name, currency in units.MONEY_EN.items():
        if "-" in name or not name.isalnum():
            if name.endswith("$"):
                found.append(((name[:-1], "$"), "CODE", currency))
            else:
                add("CUR", currency, name)
    found.append((("c", " $"), "CODE", "CAD"))
    for name, code in {
        "australian": "AUD",
        "canadian": "CAD",
        "singapore": "SGD",
        "hong kong": "HKD",
        "new zealand": "NZD",
        "us": "USD",
    }.items():
        found.append(((*name.split(), " $"), "CODE", code))
    found.extend((("u", ".s.", word), "CUR", "USD") for word in ("dollars", "dollar"))
    add("to", "to", "up to", "up until", "and ending on", "ending on", "all the way to")
    add("onward", None, "and onward", "and onwards", "and on", "and beyond")
    add("out_of", None, "out of")
    add("ampm", "a", "a m")
    add("ampm", "p", "p m")
    for meal, part in {"lunch": "lunchtime", "dinner": "dinnertime", "breakfast": "breakfast-time"}.items():
        add("PARTNAME", PARTS[part], f"{meal} time")
    add("NOTAGO", None, "long ago")
    add("NOW", None, "right now", "at present", "at this time", "at the moment")
    add("until", "upto", "no later than", "as late as", "not later than", "on or before")
    add("since", "since", "as early as", "as of", "no earlier than", "on or after", "on or later than")
    add("before", "before", "earlier than", "prior to")
    add("after", "after", "later than")
    add("YTD", "year", "year to date")
    add("YTD", "month", "month to date")
    add("EOD", None, "end of day", "end of the day")
    add("wc", None, "w / c", "week commencing")
    add("starting", None, "starting from", "beginning from", "starting on")
    add("OFTEN", ("day", 1), "every day", "each day")
    add("OFTEN", ("week", 2), "bi weekly")
    add("OFTEN", ("month", 2), "bi monthly")
    add("weekdays", None, "work days", "work day", "business days", "business day")
    add("percent", None, "per cent")
    add(
        "_",
        None,
        "day after day",
        "day by day",
        "these days",
        "some day",
        "one day",
        "at first",
        "a lot",
        "one another",
        "no one",
        "the one",
    )
    add("_", None, "good morning", "good afternoon", "good evening", "good night", "on the one hand", "second hand", "on second thought")
    by_first: dict[str, list[tuple[tuple[str, ...], str, Any]]] = {}
    for said, tag, value in found:
        by_first.setdefault(said[0], []).append((said[1:], tag, value))
    return {first: tuple(sorted(group, key=_size, reverse=True)) for first, group in by_first.items()}


def _size(phrase: tuple[Iterable[str], str, Any]) -> int:
    return sum(map(len, phrase[0]))


GLUED: dict[str, tuple[str, Any]] = {
    "h": ("U", "hour"), "d": ("U", "day"), "w": ("U", "week"), "y": ("U", "year"), "a": ("ampm", "a"), "p": ("ampm", "p"),
    "ish": ("ish", None),
    "k": ("SCALE", 1000), "s": ("s", None), "m": ("UNIT", "m"), "g": ("UNIT", "g"), "l": ("UNIT", "L"), "b": ("SCALE", 10**9),
    "c": ("UNIT", "Cel"), "f": ("UNIT", "[degF]"), "st": ("th", None), "nd": ("th", None), "rd": ("th", None), "th": ("th", None),
    "x": ("_", None),
    "t": ("at", None),
}  # fmt: skip
