# SPDX-License-Identifier: Apache-2.0
"""English rules for what has a unit: percents, money, stretches of time, measures."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

from comity.tasks.entities.amounts import Amount, Cash, shared
from comity.tasks.entities.calendar import Length, length
from comity.tasks.entities.cascade import Match, Node, Rule


def currency(m: Match) -> tuple[str, bool, tuple[str, ...]]:
    fixed = m.get("CUR", "CODE")
    if fixed is not None:
        return fixed, True, ()
    name = m.get("SIGN", "CURS")
    if name is not None:
        return shared(name, m.frame.region)
    return "", False, ()


def _cash(m: Match) -> Cash | None:
    code, certain, others = currency(m)
    values = m.all("INT", "NUM", "FRAC")
    amount = -values[0] if m.has("neg") else values[0]
    if code == "KRW" and amount < 100:
        return None  # `the 5 won`
    if m.has("CENTS"):
        share = m.all("CENTS")
        for value, part in zip(values[1:], share, strict=False):
            amount += value * part
        if len(values) > 1 + len(share):  # `five mao five`
            amount += values[-1] * share[-1] / 10
    elif len(values) > 1:
        if not isinstance(values[1], int) or not 10 <= values[1] <= 99 or not isinstance(amount, int):
            return None
        amount += Fraction(values[1], 100)
    return Cash(amount, code, certain, others)


def _millions(m: Match) -> Cash | None:
    """`3.5m dollars`."""
    return Cash(m.get("INT", "NUM") * 10**6, *currency(m)) if m.get("UNIT") == "m" else None


def _below(m: Match) -> Cash | None:
    """`minus $5`."""
    made = _cash(m)
    return made._replace(amount=-made.amount) if made is not None and (m.has("minus") or m.nodes[0].end == m.nodes[1].start) else None


def _with_one(m: Match) -> Cash | None:
    """`a dollar fifty`."""
    return _cash(m._replace(nodes=[Node("NUM", 0, 0, 1), *m.nodes[1:]]))


def _part(m: Match) -> Cash | None:
    """`half a dollar`."""
    share = m.get("half", "quarter", "NUM", "FRAC")
    return Cash(share, *currency(m)) if share < 1 else None


def _more_money(m: Match) -> Cash | None:
    """`five dollars and a half`."""
    return Cash(m.get("INT", "NUM") + m.get("half", "quarter"), *currency(m))


_CENTS = {"cent": ("USD", {"US": "USD", "CA": "CAD", "AU": "AUD", "IE": "EUR", "DE": "EUR"}), "pence": ("GBP", {}), "penny": ("GBP", {}),
          "mao": ("CNY", {}), "jiao": ("CNY", {})}  # fmt: skip


def _cents(m: Match) -> Cash | None:
    name = m.said.split()[-1].split("-")[-1].strip()
    name = "cent" if name == "cents" else name
    if name not in _CENTS or m.get("INT", "NUM") is None:
        return None
    otherwise, table = _CENTS[name]
    code = table.get(m.frame.region, otherwise)
    return Cash(m.get("INT", "NUM") * m.get("CENTS"), code, not table or m.frame.region in table or not m.frame.region)


def percent_rules(n: str) -> list[Rule]:
    return [Rule("PERCENT", f"{n} percent", lambda m: Fraction(m.get("INT", "NUM")))]


def money_rules(n: str) -> list[Rule]:
    return [
        Rule("MONEY", f"neg SIGN {n}", _cash),
        Rule("MONEY", f"(SIGN|CODE) dot? {n} and? {n} CENTS", _cash),
        Rule("MONEY", f"(minus|dash) (SIGN|CODE) dot? {n}", _below),
        Rule("MONEY", f"(SIGN|CODE) dot? {n} (CODE)?", _cash),
        Rule("MONEY", f"a (CUR|CURS) and? {n} CENTS", _with_one),
        Rule("MONEY", f"a (CUR|CURS) {n}", _with_one),
        Rule("MONEY", "(half|quarter|a half|a quarter|NUM|FRAC) of? a (CUR|CURS)", _part),
        Rule("MONEY", "half (CUR|CURS)", _part),
        Rule("MONEY", f"{n} (CUR|CURS) and a? (half|quarter)", _more_money),
        Rule("MONEY", "a (CUR|CURS)", lambda m: Cash(1, *currency(m))),
        Rule("MONEY", f"({n}|FRAC) dash? (CUR|CURS|CODE) and? {n} CENTS and? {n} CENTS", _cash),
        Rule("MONEY", f"({n}|FRAC) dash? (CUR|CURS|CODE) (and? {n} CENTS {n}?)", _cash),
        Rule("MONEY", f"({n}|FRAC) dash? (CUR|CURS) {n}", _cash),
        Rule("MONEY", f"({n}|FRAC) dash? (CUR|CURS|SIGN|CODE)", _cash),
        Rule("MONEY", f"{n} UNIT (CUR|CURS|CODE)", _millions),
        Rule("MONEY", f"(CUR|CURS) dot? {n}", _cash),
        Rule("MONEY", f"{n} dash? CENTS", _cents),
    ]


def _unit(m: Match) -> str:
    if m.has("second", "seconds"):
        return "second"
    if m.has("quarter"):
        return "quarter"
    if m.has("nightsu"):
        return "day"
    if m.has("PARTNAME"):
        return "day" if m.get("PARTNAME").noon == "night" else ""
    return str(m.get("U") or "")


def _counted(m: Match) -> Length | None:
    """`3 hours`, `a week`, `one second`, `the next couple weeks`, `2 nights`."""
    value: Any = m.get("INT", "NUM", "FRAC")
    certain = True
    if value is None:
        if m.has("couple"):
            value = 2
        elif m.has("few"):
            value, certain = 3, False
        else:
            value = 1
    unit = _unit(m)
    if not unit or unit == "weekend" or value < 0 or value > 10**9:  # weekends are no length
        return None
    if unit == "quarter" and not isinstance(value, int):
        return None
    if m.has("half") and m.has("and"):
        value += Fraction(1, 2)
    if unit == "hour" and m.has("INT") and len(m.said.split()[0]) == 4 and m.said[:4].isdigit() and value <= 2400:
        return None  # `1430 hours`
    if unit == "week" and isinstance(value, int) and value > 1900 and m.said.endswith(" week"):
        return None  # `2018 week 20`
    made = length(value, unit)
    return made._replace(certain=certain)


def _one_or_several(m: Match) -> Length | None:
    """`one quarter` and `two quarters`, and no `20 quarter`."""
    return _counted(m) if m.get("INT", "NUM") == 1 or m.has("second") or m.said.endswith("s") else None


def _half(m: Match) -> Length | None:
    share = m.get("half", "quarter", "NUM", "FRAC")
    return length(share, m.get("U")) if share < 1 else None


def _more(m: Match) -> Length | None:
    """`an hour and a half`, `one year and a quarter`."""
    unit = m.get("U")
    whole = m.get("INT", "NUM") or 1
    part = m.get("half") or m.get("quarter") or m.get("FRAC")
    return length(whole + part, unit) if unit is not None else None


def _joined(parts: list[Length]) -> Length | None:
    """`1 hour and 20 minutes`, `20 days and 2 months`: each smaller than the one before, or each larger."""
    ranks = [_rank(part) for part in parts]
    down = all(one > other for one, other in pairwise(ranks))
    if not down and not all(one < other for one, other in pairwise(ranks)):
        return None
    total = parts[0]
    for part in parts[1:]:
        total = total.plus(part)
    return total


def _rank(one: Length) -> tuple[Fraction, Fraction, Fraction]:
    """Of units, not of amounts: `90 minutes` is less than `1 hour` here."""
    if one.months:
        return Fraction(1 if one.months % 12 else 2), Fraction(0), Fraction(0)
    if one.days:
        return Fraction(0), Fraction(2 if one.days % 7 == 0 else 1), Fraction(0)
    return Fraction(0), Fraction(0), Fraction(3 if one.seconds % 3600 == 0 else 2 if one.seconds % 60 == 0 else 1)


def duration_rules(n: str) -> list[Rule]:
    return [
        Rule("DUR1", f"({n}|a) U and (a? half|a quarter)", _more),
        Rule("DUR1", "(half|quarter) (of|dash)? a? U", _half),
        Rule("DUR1", "a (half|quarter) (of)? (a)? U", _half),
        Rule("DUR1", "(NUM|FRAC) of a U", _half),
        Rule("DUR1", f"({n}|FRAC) (dash|more)? (U|seconds|nightsu)", _counted),
        Rule("DUR1", f"{n} dash? (second|quarter)", _one_or_several),
        Rule("DUR1", "another? (a couple|couple|a few|few) (of)? (U|seconds|nightsu|quarter)", _counted),
        Rule("DUR1", "(a|another) U", lambda m: _counted(m) if m.get("U") != "weekend" else None),
        Rule("DUR1", "all dash? U", lambda m: _counted(m) if m.get("U") in ("day", "week", "month", "year", "weekend") else None),
    ]  # fmt: skip


def _joining(m: Match) -> Length | None:
    return _joined([one.value for one in m.nodes if one.tag == "DUR1"])


def joining_rules() -> list[Rule]:
    return [Rule("DUR", "DUR1 " + "(comma? and? DUR1)? " * 5, _joining)]


def _measure(m: Match) -> Amount | None:
    value = m.get("INT", "NUM", "FRAC") if not m.has("half") else Fraction(1, 2)
    return Amount(1 if value is None else value, m.get("UNIT"))


def measure_rules(n: str) -> list[Rule]:
    return [
        Rule("AMOUNT", f"({n}|FRAC) dash? UNIT", _measure),
        Rule("AMOUNT", "half (of)? a? UNIT", _measure),
    ]
