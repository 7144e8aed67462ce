# SPDX-License-Identifier: Apache-2.0
"""What a recogniser is: one small unit that proposes places in a normalised text."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import msgspec

CERTAIN, LIKELY, HINTED = 3, 2, 1
"""A checksum or an unmistakable form; a form that is seldom anything else; only the words around it say so."""


class Hit(NamedTuple):
    start: int
    end: int
    sure: int


Check = Callable[[str, "re.Match[str]"], Hit | None]


class Recognizer(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of value.  It is asked only where a cheap look says that it may find something:

    gates:      lower-case literals, looked for in the lower-cased text;
                with `after` 0 the pattern must match where a gate begins,
                else it searches from `before` characters ahead of a gate to `after` characters behind its beginning;
                unless `digits` is 0, the text must have a digit
    held:       no match without a gate in it: behind the last one nothing is searched
    many:       characters one of which must be in the text at least five times (`:` for MAC and IPv6); then the whole text
    words:      whole words, lower-case, or Han terms, one of which must be in the text; empty: any text;
                with `after` it is then searched around its gates, or around these words where it has none;
    led:        … or matches where such a word begins
    digits:     without gates and many: searched around runs of digits that hold at least so many; 0: the whole text,
    numbered:   … if it has a digit
    marks:      with digits, one of these characters must be in a run or right beside it (`#` stands for an ASCII letter); empty: any run

    pattern:    finds candidates in normalised text; bounded, so that no text makes it slow
    check:      the last word on a candidate: None, or where it lies and how sure that is
    contextual: the words around decide, so the same value elsewhere may look innocent
    """

    name: str
    type: str
    category: str | None
    jurisdiction: str  # ISO 3166 region, or "" for anywhere
    what: str  # one line for the reference page
    gates: tuple[str, ...] = ()
    before: int = 0
    after: int = 0
    held: bool = False
    many: str = ""
    words: tuple[str, ...] = ()
    led: bool = False
    digits: int = 6
    numbered: bool = False
    marks: str = ""
    pattern: re.Pattern[str]
    check: Check
    contextual: bool = False


def whole(sure: int, group: int | str = 0) -> Check:
    """Accept every match of the pattern (its ``group``), ``sure`` as given."""

    def check(_: str, found: re.Match[str]) -> Hit | None:
        return Hit(found.start(group), found.end(group), sure)

    return check


_COUNTED = re.compile(
    r"[ ]?(?:元|块|圆|万|亿|分(?!行)|人|次|个|条|年|日元|美元|美金|港币|欧元|[%％€$£¥]|(?:dollars?|euros?|pounds?|usd|eur|gbp|cny|rmb|hkd"
    r"|followers|users|people|points|packets|records|rows|customers|views|items|times|cases|units|reasons|ms)(?![A-Za-z]))",
    re.IGNORECASE,
)


def counted(text: str, end: int) -> bool:
    """The number that ends at ``end`` counts what follows it: money, people, times."""
    return _COUNTED.match(text, end) is not None


def digits_of(value: str) -> str:
    return "".join(filter(str.isdigit, value))


def table(words: str) -> tuple[str, ...]:
    """A list of words, written as they are read."""
    return tuple(words.split())
