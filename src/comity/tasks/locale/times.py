# SPDX-License-Identifier: Apache-2.0
"""Dates and times of the day, written and said."""

from __future__ import annotations

import datetime
from typing import Literal

from comity.tasks.entities.chinese.numbers import spoken as chinese
from comity.tasks.entities.english.numbers import spoken as english
from comity.tasks.locale.numbers import german, hant
from comity.tasks.locale.pack import Pack

DateStyle = Literal["short", "long", "weekday", "day", "month", "era", "weekday_name"]
TimeStyle = Literal["short", "spoken"]


def date(pack: Pack, day: datetime.date, style: DateStyle) -> str:
    """``era``: where the locale counts years of its own, else as ``long``."""
    said, weekday = pack.date, pack.date.weekdays[day.weekday()]
    if style == "weekday_name":
        return weekday
    pattern = {"short": said.short, "long": said.long, "weekday": said.weekday, "day": said.day, "month": said.month}.get(
        style, said.era if said.era and day.year > said.era_begins else said.long
    )
    return pattern.format(
        year=day.year, month=day.month, day=day.day, weekday=weekday, era_year=day.year - said.era_begins,
        month_name=said.months[day.month - 1] if said.months else "",
    )  # fmt: skip


def time(pack: Pack, at: datetime.time, style: TimeStyle) -> str:
    if style == "short":
        part = _part(pack.time.short_parts, at.hour)
        return pack.time.short.format(H=at.hour, h=at.hour % 12 or 12, m=at.minute, part=part)
    return {"zh": _chinese, "de": _german}.get(pack.language, _english)(pack, at.hour, at.minute)


def _part(parts: tuple[tuple[int, str], ...], hour: int) -> str:
    return next((name for begins, name in reversed(parts) if hour >= begins), "")


def _chinese(pack: Pack, hour: int, minute: int) -> str:
    said = pack.time
    twelve = hour % 12 or 12
    clock = hant(pack, "两" if twelve == 2 else chinese(twelve)) + said.hour
    rest = {0: "", 30: said.half, 15: said.quarter}.get(minute)
    if rest is None:
        rest = ("零" if minute < 10 else "") + chinese(minute) + said.minute
    return _part(said.parts, hour) + clock + rest


def _english(pack: Pack, hour: int, minute: int) -> str:
    if (name := pack.time.noon if hour == 12 else pack.time.midnight if hour == 0 else "") and not minute:
        return name
    this, following = (english(each % 12 or 12) for each in (hour, hour + 1))
    if not minute:
        return f"{this} o’clock"
    near = {15: f"quarter past {this}", 30: f"half past {this}", 45: f"quarter to {following}"}.get(minute)
    if near is None and minute % 5 == 0:
        near = f"{english(minute)} past {this}" if minute < 30 else f"{english(60 - minute)} to {following}"
    return near or f"{this} {'oh ' if minute < 10 else ''}{english(minute)}"


def _german(pack: Pack, hour: int, minute: int) -> str:
    this, following = (german(each % 12 or 12) for each in (hour, hour + 1))
    if not minute:
        return {0: "Mitternacht", 1: "ein Uhr", 13: "dreizehn Uhr"}.get(hour, f"{german(hour)} Uhr")
    near = {5: f"fünf nach {this}", 10: f"zehn nach {this}", 15: f"Viertel nach {this}", 20: f"zwanzig nach {this}",
            25: f"fünf vor halb {following}", 30: f"halb {following}", 35: f"fünf nach halb {following}", 40: f"zwanzig vor {following}",
            45: f"Viertel vor {following}", 50: f"zehn vor {following}", 55: f"fünf vor {following}"}.get(minute)  # fmt: skip
    return near or f"{'ein' if hour in (1,) else german(hour)} Uhr {german(minute)}"
