# SPDX-License-Identifier: Apache-2.0
"""What stands together at the end, and no rule joined, says something else than its parts: nobody is sure what.

`three weeks since the year 2011`, `the first Monday 1pm to 3pm`, `Labor Day 2021 weekend`: had a rule known the form, it would be
one node by now.  What people do say side by side (`2 hours last week`, `next month after 3pm`, `Monday, Tuesday`) is left alone.
"""

from __future__ import annotations

from comity.tasks.entities.calendar import ClockRange, DayRange, MomentRange
from comity.tasks.entities.cascade import Match, Node, Rule
from comity.tasks.entities.phrases import nobody_knows

_DAYS = "DATE|PERIOD|DRANGE|MOMENT|MRANGE"
_TIMES = f"{_DAYS}|CLOCK|ATCLOCK|CRANGE"
_SIDE = f"({_TIMES}|INT|NUM|ORD|DAYORD|FRAC|YEAR)"
_LED = "(the|this|next|last|past|coming)*"


def _timed(m: Match) -> Node | None:
    """Of two sides one is a time."""
    return nobody_knows(m) if m.has(*_TIMES.split("|")) else None


def _open(m: Match) -> Node | None:
    """`two hours before yesterday`: what follows has an open end, so its first word joins the two."""
    value = m.nodes[-1].value
    opened = isinstance(value, DayRange | MomentRange | ClockRange) and None in value.readings[0][:2]
    return nobody_knows(m) if opened else None


def _rate(m: Match) -> Node | None:
    """`one a day`."""
    return nobody_knows(m) if m.said[m.nodes[1].start - m.nodes[0].start :].startswith(("a ", "an ")) else None


def _touching(m: Match) -> Node | None:
    """`5pm-Monday`; with spaces around it a dash parts."""
    return nobody_knows(m) if " - " not in m.said and " – " not in m.said else None


RULES = (
    Rule("UNSURE", f"(from|between) {_LED} {_SIDE} (to|dash|until|and) {_LED} {_SIDE}", _timed),
    Rule("UNSURE", f"(from|between) the? {_SIDE} DRANGE", nobody_knows),
    Rule("UNSURE", f"({_TIMES}) (to|until|since) {_LED} {_SIDE}", nobody_knows),
    Rule("UNSURE", f"({_TIMES}) dash {_LED} ({_TIMES})", _touching),
    Rule("UNSURE", f"({_TIMES}) (of|poss) ({_DAYS})", nobody_knows),
    Rule("UNSURE", "(DUR|DATE|MOMENT) (DRANGE|MRANGE)", _open),
    Rule("UNSURE", "(DATE|MOMENT) on? (DATE|MOMENT|PERIOD)", nobody_knows),
    Rule("UNSURE", "(DRANGE|MRANGE) (DATE|PERIOD)", nobody_knows),
    Rule("UNSURE", "DRANGE (CLOCK|ATCLOCK|CRANGE)", nobody_knows),
    Rule("UNSURE", "(INT|NUM) DUR", _rate),
    Rule("UNSURE", "(SIGN|CODE) (DATE|PERIOD)", nobody_knows),
    Rule("UNSURE", "(more|less) than (DATE|MOMENT|PERIOD)", nobody_knows),
    Rule("UNSURE", f"(every|within|before|after|since|until) (the|on)* ({_TIMES}|PART)", nobody_knows),
    Rule("UNSURE", "(every|within) DUR", nobody_knows),
    Rule("UNSURE", f"(ORD|second) ({_DAYS}|REPEAT)", nobody_knows),
    Rule("UNSURE", "(end|begin|rest|half|ORD|second|last) of (DATE|PERIOD|DRANGE|DUR|U)", nobody_knows),
    Rule("UNSURE", "(earlier|later|early|late|mid|end|rest) in? the? (PERIOD|DRANGE)", nobody_knows),
    Rule("UNSURE", f"({_DAYS}) (ago|U|ampm|half|prior|earlier|later|SEASON|FISCAL|WEEKDAYS|PARTNAMES)", nobody_knows),
    Rule("UNSURE", "(other PART|PART (before|after))", nobody_knows),
)
