# SPDX-License-Identifier: Apache-2.0
"""Words whose meaning what stands beside them settles: `may`, `sun`, `5/12`, `of 2015`."""

from __future__ import annotations

from typing import Any

from comity.tasks.entities.calendar import on
from comity.tasks.entities.cascade import Match, Node
from comity.tasks.entities.english.days import slash

_AFTER_MAYBE = frozenset({"INT", "ORD", "NUM", "th"})


_BEFORE_MAYBE = frozenset({"in", "of", "by", "since", "until", "to", "from", "next", "last", "this", "every", "early", "late", "mid",
                           "between", "before", "after", "dash", "INT", "ORD", "slash", "coming", "on", "past"})  # fmt: skip


_DATED = frozenset(
    {"on", "by", "before", "after", "since", "until", "from", "next", "this", "last", "between", "WEEKDAY", "starting", "wc"}
)


_DATING = frozenset({"CLOCK", "at", "until", "to", "dash", "from", "between"})


def dated(nodes: list[Node], frame: Any, text: str) -> list[Node]:
    """`5/12` is a date where what stands beside it has a date."""
    out = list(nodes)
    for place, node in enumerate(nodes):
        if node.tag != "FRAC":
            continue
        before = out[place - 1].tag if place else ""
        after = nodes[place + 1].tag if place + 1 < len(nodes) else ""
        between = before in ("to", "dash", "and") and place > 1 and out[place - 2].tag in ("DATE", "PERIOD")
        if before in _DATED or after in _DATING or between:
            days = slash(Match([node], frame, text[node.start : node.end]))
            if days is not None:
                out[place] = node._replace(tag="DATE" if days.grain == "day" else "PERIOD", value=days)
    return out


def settled(nodes: list[Node], _: Any, text: str) -> list[Node]:
    """`may`, `march`, `sun` and `sat` by what stands beside them; a pound of something is a weight; `that one` no number."""
    out = list(nodes)
    last = len(nodes) - 1
    for place, node in enumerate(nodes):
        before = out[place - 1].tag if place else ""
        after = nodes[place + 1].tag if place < last else ""
        if node.tag == "MONTHQ":
            good = (before in _BEFORE_MAYBE and not (before in ("to", "on") and after == "_")) or after in _AFTER_MAYBE
            good = good or (before == "and" and place > 1 and out[place - 2].tag in ("MONTH", "MONTHQ"))
            good = good or (after in ("dash", "slash", "comma") and place + 1 < last and nodes[place + 2].tag == "INT")
            good = good or (after in ("to", "dash", "until") and place + 1 < last and nodes[place + 2].tag in ("MONTH", "MONTHQ"))
            good = good or (before == "U" and out[place - 1].value == "year")
            good = good or (after == "the" and place + 1 < last and nodes[place + 2].tag == "ORD")
            good = good or (after == "of" and place + 1 < last and nodes[place + 2].tag in ("next", "last", "this", "INT", "YEAR"))
            out[place] = node._replace(tag="MONTH" if good else "_")
        elif node.tag == "INT" and node.value <= 31 and before in ("MONTH", "dot") and place + 2 <= last and after in ("INT", "NUM"):
            if nodes[place + 2].tag == "ampm" and any(one.tag in ("MONTH", "MONTHQ") for one in nodes[max(0, place - 2) : place]):
                out[place] = node._replace(tag="DAYORD")  # `Oct 2 3pm`
        elif node.tag == "WEEKDAYQ":
            good = before in ("on", "this", "next", "last", "every", "comma", "by", "until", "and", "or", "dash", "lpar", "since", "coming")
            good = good or after in ("comma", "CLOCKLIT", "at", "PARTNAME", "ORD", "MONTH", "rpar")
            out[place] = node._replace(tag="WEEKDAY" if good else "_")
        elif node.tag == "ORD" and before == "the" and node.value <= 31 and text[node.start].isdigit():
            rest = text[node.end : node.end + 12].lstrip(" ")
            if not rest[:1].isalpha() or (after != "_" and after not in ("", "of", "U", "quarter", "MONTH")):
                out[place] = node._replace(tag="DAYORD")  # `the 28th`, and nothing that it counts
        elif node.tag == "POUNDS":
            weight = after == "of" or (
                before in ("INT", "NUM") and text[max(0, out[place - 1].start - 7) : out[place - 1].start].strip() == "weigh"
            )
            out[place] = node._replace(tag="UNIT", value="[lb_av]") if weight else node._replace(tag="CURS")
        elif node.tag == "NUM" and node.value == 1 and text[node.start : node.end] == "one" and (
            before in ("this", "that", "the", "every", "no", "next", "last", "past", "other") or after == "poss"
        ) and after not in ("U", "second", "seconds", "quarter"):  # fmt: skip
            out[place] = node._replace(tag="_")
    return out


def yeared(nodes: list[Node], frame: Any, text: str) -> list[Node]:
    """`of 2015` is a year."""
    out = list(nodes)
    for place, node in enumerate(nodes):
        if node.tag == "INT" and place and nodes[place - 1].tag == "of" and 1900 <= node.value <= 2100:
            found = on(frame, year=node.value)
            if found is not None:
                out[place] = node._replace(tag="PERIOD", value=found)
    return out
