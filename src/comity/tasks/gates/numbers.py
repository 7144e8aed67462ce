# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501
"""Numbers, money, measures, days and times: each of the answer is one of the source, or follows from some, and stands for the same thing."""

from __future__ import annotations

import re
from difflib import get_close_matches
from fractions import Fraction

from comity.tasks.gates.amounts import CLOCKS, same
from comity.tasks.gates.derive import VALUES_MAX, derivable
from comity.tasks.gates.lexicon import listed
from comity.tasks.gates.numeral import Amount, numerals
from comity.tasks.gates.pair import Pair
from comity.tasks.gates.words import Clause
from comity.tasks.shapes import Gate

DATES = CLOCKS | {"weekday", "month", "day", "year", "season", "relative", "relative year"}
ALIKE = 0.5
"""A clause so like one of the source speaks of the same."""


def invented(pair: Pair) -> Gate | None:
    asked = [*pair.given]
    if pair.question:
        from comity.tasks.gates.amounts import amounts

        asked += amounts(pair.question, pair.language)
    lone = [one for one in pair.said if not any(same(one, other) for other in asked)]
    told = [one for one in lone if not _slight(one, pair.answer) and not _joined(one, lone, asked, pair.answer)]
    steps = [one for one in told if derivable(one, _beside(one, asked, pair))]  # an answer that reckons shows its working
    for one in told:
        if one in steps or (steps and derivable(one, [*_beside(one, asked, pair), *steps[:VALUES_MAX]])):
            continue
        if not _counted(one, pair) and not _numeral(one, pair) and not _respelt(one, pair):
            name = "dates" if one.unit in DATES else "numbers"
            return Gate(
                name=name,
                passed=False,
                why="number_invented" if name == "numbers" else "date_invented",
                said=pair.answer[one.start : one.end],
            )
    return None


RESPELT = 0.75


def _respelt(one: Amount, pair: Pair) -> bool:
    """Of a proofread text: a word of the source that was spelt wrongly (`Januray`)."""
    said = pair.answer[one.start : one.end].lower()
    wrong = [word for word in re.findall("[a-z]+", pair.source.lower()) if word not in listed("no names")]
    return pair.kind == "proofread" and said.isalpha() and bool(get_close_matches(said, wrong, 1, RESPELT))


GIVEN_MAX = 40
"""Of more values nearly anything follows: then only those beside what the answer says again count."""
REACH = 300
"""Characters before and after."""


def _beside(one: Amount, given: list[Amount], pair: Pair) -> list[Amount]:
    distinct = list({(each.unit, each.size): each for each in given}.values())
    if len(distinct) <= GIVEN_MAX:
        return distinct
    clause = pair.clause_at(one.start)
    found = pair.best(clause)[1] if clause is not None else None
    if found is None:
        return []
    return [each for each in given if found.start - REACH <= each.start <= found.end + REACH][:GIVEN_MAX]


def _slight(one: Amount, text: str) -> bool:
    """What is said in passing: `a day`, 一条, 两地, `one`; no digit says it."""
    said = text[one.start : one.end].lower()
    if any(each.isdigit() for each in said):
        return False
    if one.unit == "" and one.size in (0, 1, 2):
        return True
    if one.unit == "month" and one.size in (6, 12, 1) and re.match("年|end|上半年|[一二三四]季度", said):
        return True
    if one.unit in ("minutes", "months"):
        return one.size in (60, 720, 1440, 2880, 10080, 1, 12, 24) and not (one.told and one.told > 2)
    if one.unit == "day" and one.size == 1:
        return text[one.start - 1 : one.start] != "月"
    return one.unit in ("relative", "relative year") and one.size == 0


def _numeral(one: Amount, pair: Pair) -> bool:
    """The same numeral stands in the source, and not before another unit."""
    said = pair.answer[one.start : one.end]
    if one.unit == "day" and one.size >= 28 and re.search("月底|月末|最后一天|end of|last day", pair.source):
        return True
    if one.unit == "clock" and any(other.unit == "clock" and other.size % 720 == one.size % 720 for other in pair.given):
        return False  # the other half of the day
    if "分之" in said or (pair.answer[one.end : one.end + 1] == "岁" and "岁" not in pair.source):
        return False
    mine = numerals(said)
    theirs = numerals(pair.source)
    if not mine or not mine <= theirs:
        return False
    clash = [
        other
        for other in pair.given
        if other.unit and one.unit and (other.unit != one.unit or (other.size != one.size and other.unit not in DATES))
        and numerals(pair.source[other.start : other.end]) == mine
    ]  # fmt: skip
    return not clash


def _joined(one: Amount, lone: list[Amount], given: list[Amount], text: str) -> bool:
    """`ten ninety-five` is 10.95."""
    for first in lone:
        for second in lone:
            if (
                one in (first, second)
                and 0 < second.start - first.end <= 5
                and text[first.end : second.start].strip() in ("", "and")
                and second.size < 100
            ):
                whole = (first.size + second.size / 100, first.size * 100 + second.size, first.size + second.size / 10)
                if any(other.size in whole for other in given):
                    return True
    return False


def _counted(one: Amount, pair: Pair) -> bool:
    """How many things a list of the source holds: up to five, in words."""
    said = pair.answer[one.start : one.end]
    if one.unit or not 2 < one.size <= 5 or any(each.isdigit() for each in said):
        return one.unit == "" and one.size == 12 and any(word in pair.source.lower() for word in ("year", "年"))
    marks = sum(pair.source.count(mark) for mark in ("、", ",", " and ", "和"))
    return marks >= one.size - 1


def bounds(pair: Pair) -> Gate | None:
    """`at least twelve` is not `at most twelve`."""
    for one in pair.said:
        if not one.bound:
            continue
        others = [other for other in pair.given if same(one, other) and other.bound]
        if others and all(other.bound == -one.bound for other in others):  # but `not under 6` and `6 or more` are one bound
            return Gate(name="numbers", passed=False, why="bound_turned", said=pair.answer[max(0, one.start - 12) : one.end + 2].strip())
    return None


AS_LIKE = 0.7


def _saying(one: Amount, pair: Pair) -> list[Clause]:
    """The source's clauses that have the value."""
    starts = [other.start for other in pair.given if same(one, other)]
    return [clause for clause in pair.there if any(clause.start <= at <= clause.end for at in starts)]


_PARTS = "上午|下午|早上|晚上|中午|傍晚|morning|afternoon|evening|night"
_DAY_PART = re.compile(
    rf"((?:周|星期|礼拜)[一二三四五六日天]|(?:mon|tues|wednes|thurs|fri|satur|sun)day|今天|明天|后天|today|tomorrow)[ 的]?({_PARTS})", re.I
)


def parts(pair: Pair) -> Gate | None:
    """`Thursday afternoon` where the source knows Thursday morning alone."""
    theirs = [(each[1].lower(), each[2].lower()) for each in _DAY_PART.finditer(pair.source)]
    for each in _DAY_PART.finditer(pair.answer):
        mine = [part for day, part in theirs if day[-1] == each[1].lower()[-1] and day == each[1].lower()]
        if mine and each[2].lower() not in mine:
            return Gate(name="dates", passed=False, why="date_misplaced", said=each[0])
    return None


def misplaced(pair: Pair) -> Gate | None:
    """The clause that speaks of the same has another value."""
    for one in pair.said:
        if _slight(one, pair.answer) or one.unit in ("relative", "relative year", "season"):
            continue
        clause = pair.clause_at(one.start)
        if clause is None or not any(same(one, other) for other in pair.given):
            continue
        apart = {each.text for each in clause.tokens if one.start <= each.start < one.end}
        score, found = pair.best(clause, apart)
        if found is None or score < ALIKE:
            continue
        if any(pair.likeness(clause, each) >= AS_LIKE * score for each in _saying(one, pair)):
            continue
        near = [each for each in pair.given if each.start >= found.start - 1 and each.end <= found.end + 1]
        around = pair.sentence(found)
        wide = [each for each in pair.given if around[0].start - 1 <= each.start < around[-1].end + 1]
        others = [each for each in near if each.unit == one.unit and not any(same(mine, each) for mine in pair.said)]
        if others and not any(same(one, each) for each in near):
            follows = derivable(one, near) or (len(near) and score < 0.6 and any(same(one, each) for each in wide))
            if not follows and others[0].size not in (Fraction(1),):
                name = "dates" if one.unit in DATES else "numbers"
                return Gate(name=name, passed=False, why="number_misplaced", said=pair.answer[one.start : one.end])
    return None
