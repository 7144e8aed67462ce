# SPDX-License-Identifier: Apache-2.0
"""Chinese builders for what has a unit: percents, money, measures, stretches of time."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from comity.tasks.entities.amounts import Amount, Cash, shared
from comity.tasks.entities.calendar import (
    Length,
    length,
)
from comity.tasks.entities.cascade import Match


def value_of(m: Match, nth: int = 0) -> Any:
    return m.get("INT", "NUM", "ONE", nth=nth)


def percent(m: Match) -> Fraction | None:
    value = m.get("INT", "NUM", "ONE", "FRAC")
    return Fraction(value) * 100 / (m.get("percent_of") or m.get("permille_of") or 100)


def cash(m: Match) -> Cash | None:
    """`三百五十块`, `一百零五块五毛`, `人民币50元`, `日元一万`, `一块二`."""
    fixed = m.get("CUR")
    name = m.get("SIGN", "KUAI", "YUAN")
    code, certain, others = (fixed, True, ()) if fixed is not None else shared(name, m.frame.region)
    values = m.all("INT", "NUM", "ONE", "FRAC")
    amount = values[0]
    at = 1
    for node in m.nodes:
        if node.tag in ("MAO", "U_MIN", "FENQIAN", "MEIFEN") and at < len(values):
            amount += Fraction(values[at]) / (10 if node.tag == "MAO" else 100)
            at += 1
    if at < len(values):  # a last digit without its unit
        last = values[at]
        if not isinstance(last, int) or not 1 <= last <= 9 or not (m.has("KUAI") or m.has("MAO")):
            return None
        amount += Fraction(last) / (100 if m.has("MAO") else 10)
    return Cash(amount, code, certain, others)


def small_cash(m: Match) -> Cash | None:
    """`五毛`, `三美分`."""
    share = 10 if m.has("MAO") else 100
    code, certain, _ = (
        ("USD", True, ()) if m.has("MEIFEN") else shared(({"CN": "CNY", "HK": "HKD", "TW": "TWD", "MO": "MOP"}, "CNY"), m.frame.region)
    )
    amount = Fraction(value_of(m)) / share
    more = m.get("INT", "NUM", "ONE", nth=1)
    if more is not None:
        amount += Fraction(more) / 100
    return Cash(amount, code, certain)


def measure(m: Match) -> Amount | None:
    if m.has("half") and not m.has("INT", "NUM", "ONE"):
        return Amount(Fraction(1, 2), m.get("UNIT"))
    values = m.all("INT", "NUM", "ONE", "FRAC")
    value = values[0]
    if m.has("half"):
        value += Fraction(1, 2)
    if len(values) > 1:  # `一米七五`
        tail = m.nodes[-1]
        digits = tail.value
        if not isinstance(digits, int) or digits > 99 or m.get("UNIT") not in ("m", "kg", "[jin_i]", "km") or not isinstance(value, int):
            return None
        value += Fraction(digits, 10 ** len(str(digits)))
    return Amount(value, m.get("UNIT"))


def discount(m: Match) -> Fraction | None:
    """`七折`, `八五折`: what is left to pay, of a hundred."""
    value = value_of(m)
    if not isinstance(value, int | Fraction) or not 1 <= value < 100:
        return None
    return Fraction(value) * (10 if value < 10 else 1)


def per_hour(m: Match) -> Amount | None:
    unit = m.get("UNIT")
    return Amount(m.get("INT", "NUM", "ONE"), f"{unit}/h") if unit in ("km", "m", "[mi_i]", "[nmi_i]") else None


def degrees(m: Match) -> Amount:
    return Amount(m.get("INT", "NUM", "ONE"), "Cel", certain=False)


def unit_of(m: Match) -> str:
    if m.has("NIAN"):
        return "year"
    if m.has("YUE"):
        return "month"
    if m.has("U_SEC"):
        return "second"
    if m.has("U_MIN"):
        return "minute"
    if m.has("SHI"):
        return "hour"
    return str(m.get("U") or "")


def counted(m: Match) -> Length | None:
    """`二十分钟`, `三年`, `一个半小时`, `三年半`, `半年`."""
    unit = unit_of(m)
    value: Any = m.get("INT", "NUM", "ONE", "FRAC")
    if unit in ("weekend", "decade") or (unit == "century" and not m.has("ge")) or (value is not None and value > 10**9):
        return None
    if unit == "year" and isinstance(value, int) and value >= 1000:
        return None
    if unit == "quarter" and not m.has("half") and value in (1, 2, 3, 4) and "个" not in m.said:
        return None  # `三季度` is the third
    if m.has("half"):
        value = Fraction(1, 2) + (value or 0)
        if unit == "day":
            return length(value, unit)
    return length(value, unit) if value is not None else None


def days_hours(m: Match) -> Length | None:
    """`8天20时`."""
    return length(value_of(m), "day").plus(length(value_of(m, 1), "hour")) if m.get("U") == "day" else None


def quarter_hours(m: Match) -> Length:
    return length(15 * Fraction(value_of(m)), "minute")


def compound(m: Match) -> Length | None:
    """`8天20时`, `一小时二十分`: each smaller than the one before."""
    total: Length | None = None
    rank = 99
    order = ("second", "minute", "hour", "day", "week", "month", "year")
    count: Any = None
    for node in m.nodes:
        if node.tag in ("INT", "NUM", "ONE", "FRAC"):
            count = node.value
        elif node.tag == "DUR1":
            part, size = node.value, rank_of(node.value)
            if size >= rank:
                return None
            total, rank = part if total is None else total.plus(part), size
        elif node.tag in ("SHI", "U_MIN", "U_SEC") and count is not None:
            unit = {"SHI": "hour", "U_MIN": "minute", "U_SEC": "second"}[node.tag]
            if order.index(unit) >= rank or total is None:
                return None
            total, rank, count = total.plus(length(count, unit)), order.index(unit), None
    return total


def rank_of(one: Length) -> int:
    if one.months:
        return 6 if one.months % 12 == 0 else 5
    if one.days:
        return 4 if one.days % 7 == 0 else 3
    return 2 if one.seconds % 3600 == 0 else 1 if one.seconds % 60 == 0 else 0
