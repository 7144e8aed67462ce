# SPDX-License-Identifier: Apache-2.0
"""The vocabulary of the English grammar: each word's tag and value."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from comity.tasks.entities import units
from comity.tasks.entities.calendar import Part
from comity.tasks.entities.english.currencies import dollars, national
from comity.tasks.entities.english.numbers import TENS
from comity.tasks.entities.english.numbers import WORDS as NUMBER_WORDS
from comity.tasks.entities.lexer import MILLION, TRILLION, listed

_MONTHS = listed("january february march april may june july august september october november december")
_WEEKDAYS = listed("monday tuesday wednesday thursday friday saturday sunday")
_SHORT_DAYS = {"mon": 0, "tue": 1, "tues": 1, "wed": 2, "weds": 2, "wedn": 2, "thu": 3, "thur": 3, "thurs": 3, "fri": 4}
PARTS = {
    "morning": Part(8, 12, "am"),
    "afternoon": Part(12, 16, "pm"),
    "evening": Part(16, 20, "pm"),
    "night": Part(20, 24, "night"),
    "daytime": Part(8, 18, "noon"),
    "lunchtime": Part(11, 13, "noon"),
    "dinnertime": Part(16, 20, "pm"),
    "suppertime": Part(16, 20, "pm"),
    "nighttime": Part(20, 24, "night"),
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
    "epiphany": (1, 6),
    "australia day": (1, 26),
    "anzac day": (4, 25),
    "canada day": (7, 1),
    "flag day": (6, 14),
    "st george's day": (4, 23),
    "saint george's day": (4, 23),
    "st david's day": (3, 1),
    "st andrew's day": (11, 30),
    "st stephen's day": (12, 26),
    "saint patrick's day": (3, 17),
    "saint valentine's day": (2, 14),
    "st valentine's day": (2, 14),
    "international women's day": (3, 8),
    "world environment day": (6, 5),
    "remembrance day": (11, 11),
    "armistice day": (11, 11),
    "guy fawkes day": (11, 5),
    "bonfire night": (11, 5),
    "halloween night": (10, 31),
    "halloween day": (10, 31),
    "all hallows eve": (10, 31),
    "all hallows' eve": (10, 31),
    "all hallows day": (11, 1),
    "christmas night": (12, 25),
    "us independence day": (7, 4),
    "emancipation day": (4, 16),
    "patriot day": (9, 11),
    "arbor day": (4, -1, 4),
    "washington's birthday": (2, 3, 0),
    "president's day": (2, 3, 0),
    "presidents' day": (2, 3, 0),
    "martin luther king jr day": (1, 3, 0),
    "martin luther king junior day": (1, 3, 0),
    "parents' day": (7, 4, 6),
    "parents day": (7, 4, 6),
    "indigenous peoples' day": (10, 2, 0),
    "indigenous peoples day": (10, 2, 0),
    "veteran's day": (11, 11),
    "veterans' day": (11, 11),
    "shrove tuesday": (-47,),
    "fat tuesday": (-47,),
    "palm sunday": (-7,),
    "maundy thursday": (-3,),
    "holy thursday": (-3,),
    "holy saturday": (-1,),
    "easter saturday": (-1,),
    "easter day": (0,),
    "ascension day": (39,),
    "ascension thursday": (39,),
    "whitsun": (49,),
    "whit sunday": (49,),
    "whit monday": (50,),
    "pentecost monday": (50,),
    "trinity sunday": (56,),
    "corpus christi": (60,),
    "chinese new year": (),
    "dragon boat day": (0, 5, 5, 0),
    "dragon boat festival": (0, 5, 5, 0),
    "mid autumn day": (0, 8, 15, 0),
    "mid autumn festival": (0, 8, 15, 0),
    "moon festival": (0, 8, 15, 0),
    "lantern festival": (0, 1, 15, 0),
    "lantern day": (0, 1, 15, 0),
    "qingming": (0, 0, 0, 0),
    "qingming festival": (0, 0, 0, 0),
    "qingming day": (0, 0, 0, 0),
    "tomb sweeping day": (0, 0, 0, 0),
    "teachers day": (9, 10),
    "youth day": (5, 4),
    "women day": (3, 8),
    "womens day": (3, 8),
    "girls day": (3, 7),
    "children day": (6, 1),
    "childrens day": (6, 1),
    "workers' day": (5, 1),
    "workers day": (5, 1),
    "international labour day": (5, 1),
    "single day": (11, 11),
    "all hallow day": (11, 1),
    "all saint's day": (11, 1),
    "halloween eve": (10, 30),
    "april fool day": (4, 1),
    "st patrick day": (3, 17),
    "christmas day eve": (12, 24),
    "white sunday": (49,),
    "white monday": (50,),
    "lunar new year": (),
}
_UNITS = {
    "minute": ("minute", "minutes", "min", "mins"),
    "hour": ("hour", "hours", "hr", "hrs"),
    "day": ("day", "days"),
    "week": ("week", "weeks", "wk", "wks"),
    "fortnight": ("fortnight", "fortnights"),
    "month": ("month", "months", "mos"),
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
    "around": "around about approximately circa roughly approx",
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
    "few": "few several some",
    "another": "another",
    "oh": "oh o",
    "all": "all whole full entire",
    "same": "same",
    "gt": ">",
    "lt": "<",
    "eq": "=",
    "hy": "h",
    "ish": "ish",
    "not": "not",
    "once": "once one",
    "more": "more",
    "less": "less",
    "than": "than",
    "starting": "starting",
    "rest": "rest remainder remaining",
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
    "time": "time",
    "future": "future",
    "twice": "twice thrice",
}
_ADVERBS = {
    "hourly": ("hour", 1), "daily": ("day", 1), "everyday": ("day", 1), "weekly": ("week", 1), "biweekly": ("week", 2),
    "fortnightly": ("week", 2), "monthly": ("month", 1), "bimonthly": ("month", 2), "quarterly": ("month", 3), "yearly": ("year", 1),
    "annually": ("year", 1), "annual": ("year", 1), "nightly": ("day", 1), "semiannually": ("half", 1), "semiannual": ("half", 1),
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
            out[name[:3]] = ("MONTH", place)
    out |= {"sept": ("MONTH", 9), "jun": ("MONTH", 6), "jul": ("MONTH", 7)}
    for place, name in enumerate(_WEEKDAYS):
        out[name] = ("WEEKDAY", place)
        out[f"{name}s"] = ("WEEKDAYS", place)
    out |= {name: ("WEEKDAY", place) for name, place in _SHORT_DAYS.items()}
    out |= {"sat": ("WEEKDAYQ", 5), "sun": ("WEEKDAYQ", 6)}
    out |= {f"{name[:-1]}ies": ("DECADE", 1900 + 10 * place) for place, name in enumerate(TENS, 2)}
    out |= dict.fromkeys(listed("spring summer autumn fall winter springtime summertime wintertime"), ("SEASON", None))
    out |= {"fy": ("FISCAL", None), "sec": ("seconds", None), "secs": ("seconds", None)}
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
    out |= {MILLION: ("SCALE", 10**6), TRILLION: ("SCALE", 10**12)}
    out["sharp"] = ("oclock", None)
    out |= {"midmorning": ("MIDDLE", 10 * 3600), "midafternoon": ("MIDDLE", 14 * 3600)}
    out |= {"eod": ("EOD", None), "otd": ("TODAY", 0), "ytd": ("YTD", "year")}
    for name, unit_code in units.ENGLISH.items():
        if "-" not in name and name not in out:
            out[name] = ("UNIT", unit_code)
    for name, currency in (units.MONEY_EN | national()).items():
        if "-" not in name:
            out[name] = ("CODE" if len(name) == 3 and name.upper() == currency else "CUR", currency)
    for name, shared in units.SHARED_EN.items():
        out[name] = ("POUNDS" if name.startswith("pound") else "SIGN" if len(name) == 1 else "CURS", shared)
    out |= {sign: ("SIGN", ({}, currency)) for sign, (currency, _) in units.SIGNS.items()}
    out |= {name: ("CENTS", share) for name, share in units.CENTS.items() if name != "p"}
    return out


@cache
def phrases() -> dict[str, tuple[tuple[tuple[str, ...], str, Any], ...]]:
    """Of several words, by the first."""
    found: list[tuple[tuple[str, ...], str, Any]] = []

    def add(tag: str, value: Any, *said: str) -> None:
        found.extend((_pieces(phrase), tag, value) for phrase in said)

    for name, rule in HOLIDAYS.items():
        add("HOLIDAY", rule, name)
        if name.startswith("st "):
            add("HOLIDAY", rule, f"st.{name[2:]}")
    for name, unit_code in units.ENGLISH.items():
        if "-" in name or not name.isalnum():
            add("UNIT", unit_code, name)
    for name, currency in (units.MONEY_EN | national()).items():
        if "-" in name or not name.isalnum():
            if name.endswith("$"):
                found.append(((name[:-1], "$"), "CODE", currency))
            else:
                add("CUR", currency, name)
    for owner, code in dollars().items():
        first = _pieces(owner[0])
        found.append(((*first, *owner[1:], " $"), "CODE", code))
    for noun in ("dollars", "dollar"):
        found.append((("u", ".", "s", ".", noun), "CUR", "USD"))
    found.append((("u", ".", "s", ".", " $"), "CODE", "USD"))
    found.extend((("u", ".s.", word), "CUR", "USD") for word in ("dollars", "dollar"))
    add("to", "to", "up to", "up until", "and ending on", "ending on", "ending with", "all the way to")
    add("onward", None, "and onward", "and onwards", "and on", "and beyond")
    add("out_of", None, "out of")
    add("ampm", "a", "a m")
    add("ampm", "p", "p m")
    for meal, part in {"lunch": "lunchtime", "dinner": "dinnertime", "breakfast": "breakfast-time"}.items():
        add("PARTNAME", PARTS[part], f"{meal} time")
    add("PARTNAME", PARTS["night"], "night time")
    add("PARTNAME", PARTS["daytime"], "business hours", "office hours", "working hours")
    add("noon", None, "mid day")
    add("midnight", None, "mid night")
    add("MIDDLE", 10 * 3600, "mid morning")
    add("MIDDLE", 14 * 3600, "mid afternoon")
    add("TODAY", 0, "current date")
    add("NOTAGO", None, "long ago")
    at_now = ("present", "this time", "the moment", "this moment", "this minute", "the minute", "the present time", "the current time")
    add("NOW", None, "right now", "as soon as possible", "right away", *(f"at {said}" for said in at_now))
    add("until", "upto", "no later than", "as late as", "not later than", "on or before", "before or on", "not after")
    add(
        "since",
        "since",
        "as early as",
        "as of",
        "no earlier than",
        "on or after",
        "on or later than",
        "after or on",
        "after or equal to",
        "later than or equal to",
        "at or after",
        "starting with",
        "beginning with",
        "beginning on",
        "any time from",
        "anytime from",
    )
    add("before", "before", "earlier than", "prior to", "sooner than", "in advance of", "ahead of")
    add("after", "after", "later than", "greater than")
    add("YTD", "year", "year to date")
    add("YTD", "month", "month to date")
    add("YTD", "week", "week to date")
    add("YTD", "quarter", "quarter to date")
    add("U", "weekend", "week end")
    add("EOD", None, "end of day", "end of the day")
    add("wc", None, "w / c", "week commencing")
    add("starting", None, "starting from", "beginning from", "starting on")
    add("OFTEN", ("day", 1), "every day", "each day")
    add("OFTEN", ("week", 2), "bi weekly")
    add("OFTEN", ("month", 2), "bi monthly")
    add("OFTEN", ("year", 2), "bi yearly", "bi annual")
    add("OFTEN", ("year", 2), "bi annually")
    add("OFTEN", ("week", 3), "tri weekly")
    add("OFTEN", ("month", 3), "tri monthly")
    add("OFTEN", ("half", 1), "semi annually", "semi annual", "semi yearly", "half yearly")
    add(
        "FISCAL", None, *(f"{kind} {unit}" for kind in ("fiscal", "school", "financial", "academic", "tax") for unit in ("year", "quarter"))
    )
    add("_", None, "spring break")
    add("weekdays", None, "work days", "work day", "business days", "business day")
    add("ZONE", None, *(f"{name}{rest}" for name in ("pacific", "eastern", "central", "mountain") for rest in (" time", " standard time")))
    add("percent", None, "per cent")
    add(
        "_",
        None,
        "day after day",
        "day by day",
        "these days",
        "some day",
        "at first",
        "a lot",
        "one another",
        "no one",
    )
    add("_", None, "good morning", "good afternoon", "good evening", "good night", "on the one hand", "second hand", "on second thought")
    by_first: dict[str, list[tuple[tuple[str, ...], str, Any]]] = {}
    for said, tag, value in found:
        by_first.setdefault(said[0], []).append((said[1:], tag, value))
    return {first: tuple(sorted(group, key=_size, reverse=True)) for first, group in by_first.items()}


def _pieces(phrase: str) -> tuple[str, ...]:
    """Words, the first of letters alone: `mother`, `'s`, `day`."""
    first, *rest = phrase.replace("-", " ").split()
    found = re.match("[a-z]+", first)
    if found is None or found[0] == first:
        return (first, *rest)
    return (found[0], first[found.end() :], *rest)


def _size(phrase: tuple[Iterable[str], str, Any]) -> int:
    return sum(map(len, phrase[0]))


GLUED: dict[str, tuple[str, Any]] = {
    "h": ("U", "hour"), "d": ("U", "day"), "w": ("U", "week"), "y": ("U", "year"), "a": ("ampm", "a"), "p": ("ampm", "p"),
    "ish": ("ish", None),
    "k": ("SCALE", 1000), "s": ("s", None), "m": ("UNIT", "m"), "g": ("UNIT", "g"), "l": ("UNIT", "L"), "b": ("SCALE", 10**9),
    "c": ("UNIT", "Cel"), "f": ("UNIT", "[degF]"), "st": ("th", None), "nd": ("th", None), "rd": ("th", None), "th": ("th", None),
    "x": ("_", None),
    "t": ("at", None), "q": ("q", None),
}  # fmt: skip
