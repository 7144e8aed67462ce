# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501
"""For whom, when and on what terms: small words that change what is said while every other word stays."""

from __future__ import annotations

import re
from collections.abc import Iterator

from comity.tasks.gates.amounts import CLOCKS
from comity.tasks.gates.idioms import SEASONS
from comity.tasks.gates.lexicon import stem
from comity.tasks.gates.pair import Pair
from comity.tasks.shapes import Gate

_ANYWAY = re.compile(
    r"\bwhether\b[^.;,]*\bor not\b|\beven (?:if|when|though|at|on|in)\b|\b(?:at )?any ?time\b|\bregardless\b|\bno matter\b|\bwithout exception\b"
    r"|无论|不论|不管|即使|哪怕|不例外|同样适用|不影响|随时|一律",
    re.I,
)
_CONCEDED = re.compile("whether|无论|不管|即使|不论", re.I)
_TERMS = re.compile(
    r"\b(?:except|unless|only|if|provided|as long as|must|needs?|apart from|other than|not)\b|n't\b|除|只有|只能|只限|仅|须|必须|才|不|非|如|若|要是|的话",
    re.I,
)
_BUT = re.compile(r"\bexcept|\bexcluding\b|\bapart from\b|\bother than\b|例外|(?<!开)除(?!夕|尘|草|湿|法|以|去)", re.I)
_ANY_BUT = re.compile(
    r"\b(?:except|exclud|apart|other than|unless|only|but|not|no|never|without|even|just|all|none|rest|everyone|outside)|n't\b"
    r"|除|只|仅|不|没|非|例外|唯|另|其[他余]|别的|都",
    re.I,
)
_ALONG = re.compile(r"\bincluding\b|包括|连[^，。；]{1,8}都", re.I)
_EVERY = re.compile(
    r"\b(?:all (?:of|the|our|their|his|her|rooms|staff|members)|every|everyone|everybody)\b|所有|全部|全体|每[个位名]", re.I
)
_SOME = re.compile(
    r"\b(?:some|several|half|most|many|part|a few|one of|two of|three of)\b|部分|有的|有些|一些|多数|大多|一半|半数|不到|其中|几[个位名]",
    re.I,
)
_WHOLE = re.compile(r"\b(?:in all|in total|altogether|between them)\b|总共|合计|一共|加起来", re.I)
_EACH = re.compile(r"\b(?:each|every|per|apiece)\b|每|各", re.I)


def terms(pair: Pair) -> Gate | None:
    """`except on match days` does not become `at any time`, `some` does not become `all`, and no exception is added."""
    for anyway in _ANYWAY.finditer(pair.answer):
        if anyway[0].lower() in pair.source.lower() or (pair.kind == "reply" and not _CONCEDED.match(anyway[0])):
            continue
        if _on_terms(pair, anyway.start()):
            return _wrong("terms_lost", anyway[0])
    but = _BUT.search(pair.answer)
    given = pair.source + pair.question
    if but and not _BUT.search(given) and (not _ANY_BUT.search(given) or re.search(r"\beven\b|包括|\bincluding\b", given, re.I)):
        return _wrong("exception_invented", but[0])
    along = _ALONG.search(pair.answer)
    if along and _BUT.search(pair.source) and not _ALONG.search(given) and not _BUT.search(pair.answer):
        return _wrong("exception_lost", along[0])
    for every in _EVERY.finditer(pair.answer):
        clause = pair.clause_at(every.start())
        score, found = pair.best(clause) if clause is not None else (0.0, None)
        if found is None or score < ALIKE:
            continue
        said = pair.source[found.start : found.end]
        if _SOME.search(said) and not _EVERY.search(said) and not _EVERY.search(given):
            return _wrong("terms_lost", every[0])
    whole = _WHOLE.search(pair.answer)
    if whole and not pair.across and not _WHOLE.search(given) and pair.kind in ("proofread", "rewrite"):
        clause = pair.clause_at(whole.start())
        _, found = pair.best(clause) if clause is not None else (0.0, None)
        if found is not None and _EACH.search(pair.source[found.start : found.end]):
            return _wrong("terms_lost", whole[0])
    return None


ALIKE = 0.34


def _on_terms(pair: Pair, at: int) -> bool:
    clause = pair.clause_at(at)
    _, found = pair.best(clause) if clause is not None else (0.0, None)
    around = pair.sentence(found) if found is not None else pair.there
    said = " ".join(pair.source[each.start : each.end] for each in around)
    return _TERMS.search(said) is not None and not _ANYWAY.search(said)


def _wrong(why: str, said: str) -> Gate:
    return Gate(name="negations", passed=False, why=why, said=said)


_RATE = re.compile(r"(?:\b(?:per|every|an?|each) |每个?)(minute|hour|day|week|month|year|分钟|小时|天|日|周|星期|月|年)(?![a-z])", re.I)
_RATE_OF = re.compile(
    r"(?:\b(?:per|every|each) |每)(?:\d+|[一二两三四五六七八九十半]+|two|three|four|five|six|seven|eight|ten|twelve|other|second|third)[ 个]?"
    r"(minute|hour|day|week|month|year|分钟|小时|天|日|周|星期|月|年)",
    re.I,
)


def rates(pair: Pair) -> Gate | None:
    """`every twelve hours` does not become `an hour`."""
    if pair.across:
        return None
    simple = {each[1].lower() for each in _RATE.finditer(pair.source)}
    many = {each[1].lower() for each in _RATE_OF.finditer(pair.source)}
    for each in _RATE.finditer(pair.answer):
        unit = each[1].lower()
        if unit in many - simple and unit not in {other[1].lower() for other in _RATE_OF.finditer(pair.answer)}:
            return Gate(name="numbers", passed=False, why="number_misplaced", said=each[0])
    return None


# -- when ---------------------------------------------------------------------------------------------------------------

_DAYS_EN = "mon|tues|wednes|thurs|fri|satur|sun"
_STEP_EN = re.compile(
    rf"\b(?:(this|next|last|coming|following|previous) (week(?:end)?|month|year|(?:{_DAYS_EN})day)|(week(?:end)?|month|year) (after next|before last))\b",
    re.I,
)
_STEP_ZH = re.compile("(上上|下下|上|下|这|本|当)个?(?:(周末)|(?:周|星期|礼拜)([一二三四五六日天])|(周|星期|礼拜|月|年度?|季度))(?!期)")
_STEPS = {
    "this": 0, "coming": 1, "next": 1, "following": 1, "last": -1, "previous": -1, "after next": 2, "before last": -2,
    "上上": -2, "下下": 2, "上": -1, "下": 1, "这": 0, "本": 0, "当": 0,
}  # fmt: skip


def _stepped(text: str) -> Iterator[tuple[int, str, str]]:
    """(how many on, of what, as it stands)."""
    for found in _STEP_EN.finditer(text):
        word = (found[2] or found[3]).lower()
        day = next((str(at) for at, name in enumerate(_DAYS_EN.split("|")) if word.startswith(name)), "")
        yield _STEPS[(found[1] or found[4]).lower()], day or word, found[0]
    for found in _STEP_ZH.finditer(text):
        day = str(min("一二三四五六日天".index(found[3]), 6)) if found[3] else ""
        unit = "weekend" if found[2] else {"月": "month", "年": "year", "年度": "year", "季度": "quarter"}.get(found[4] or "", "week")
        yield _STEPS[found[1]], day or unit, found[0]


_SIDE_ZH = re.compile("([\u4e00-\u9fff]{2})(之前|以前|前|之后|以后|过后|后)(?![天年来往台门面排])(?![^，。；]*[不没未])")
_FEAST = re.compile(
    rf"\b(before|after) (?:the )?({'|'.join(word for word in SEASONS if word.isascii())})\b"
    rf"|({'|'.join(word for word in SEASONS if not word.isascii())})节?(之前|以前|前|之后|以后|后)(?![天年来往台门面排夕])",
    re.I,
)
_SPAN_EN = re.compile(r"\b(minute|hour|day|week|month|year)s? (earlier|sooner|later)\b", re.I)
_SIDE_EN = re.compile(r"\b(before|after|until) (?:the |my |his |her |their |our |your |an? )?([a-z]{3,})\b", re.I)


def _sides(text: str) -> Iterator[tuple[str, bool, str]]:
    """(of what, whether before it, as it stands)."""
    for found in _SIDE_ZH.finditer(text):
        yield found[1], "前" in found[2], found[0]
    for found in _SIDE_EN.finditer(text):
        yield stem(found[2].lower()), found[1].lower() != "after", found[0]
    for found in _FEAST.finditer(text):
        place = SEASONS[(found[2] or found[3]).lower()]
        yield f"#{place}", found[1].lower() == "before" if found[1] else "前" in found[4], found[0]
    for found in _SPAN_EN.finditer(text):
        yield found[1].lower(), found[2].lower() != "later", found[0]


_PARTS = (
    (re.compile(r"\b(?:morning|dawn|sunrise)s?\b|早上|早晨|清晨|清早|一早|今早|明早|上午|早饭|晨", re.I), 4, 12),
    (re.compile(r"\b(?:noon|midday|lunch\w*)\b|中午|正午|午间|午饭", re.I), 11, 15),
    (re.compile(r"\b(?:afternoon|tea-?time)s?\b|下午|午后", re.I), 12, 19),
    (re.compile(r"\b(?:evening|dusk|nightfall|sunset|supper|dinner)s?\b|傍晚|晚上|今晚|明晚|昨晚|当晚|晚间|黄昏|天黑|晚饭", re.I), 16, 24),
    (re.compile(r"\b(?:tonight|nights?|overnight|late)\b|(?<!半)夜", re.I), 17, 30),
    (re.compile(r"\bmidnight\b|(?<!后)半夜|午夜|零点", re.I), 22, 30),
    (re.compile(r"\b(?:small hours|early hours)\b|凌晨|后半夜", re.I), 24, 30),
)


def _hours(text: str) -> Iterator[tuple[int, int, str]]:
    for pattern, first, last in _PARTS:
        for found in pattern.finditer(text):
            yield first, last, found[0]


def moved(pair: Pair) -> Gate | None:
    """The next week is not this one, before is not after, and what happens in the evening does not in the morning."""
    theirs = {(step, unit) for step, unit, _ in _stepped(pair.source + " " + pair.question)}
    ours = {(step, unit) for step, unit, _ in _stepped(pair.answer)}
    for step, unit, said in _stepped(pair.answer):
        others = {each for each in theirs if each[1] == unit}
        if others - ours and (step, unit) not in theirs:
            return Gate(name="dates", passed=False, why="date_misplaced", said=said)
    sides = {(what, before) for what, before, _ in _sides(pair.source)}
    for what, before, said in _sides(pair.answer):
        if pair.across and what[0] != "#":
            continue
        if (what, not before) in sides and (what, before) not in sides and (what, before) not in _SAME_SIDE:
            return Gate(name="dates", passed=False, why="date_misplaced", said=said)
    return _daytime(pair)


_SAME_SIDE = frozenset([("that", True), ("then", True)])


def _daytime(pair: Pair) -> Gate | None:
    if pair.kind in ("reply", "answer"):
        return None
    spans = [(first, last) for first, last, _ in _hours(pair.source)]
    if not spans:
        return None
    for one in pair.given:
        if one.unit in CLOCKS:
            hour = int(one.size // 60)
            spans += [(hour, hour + 1)] if one.unit == "clock" else [(hour, hour + 1), (hour + 12, hour + 13)]
    for first, last, said in _hours(pair.answer):
        meets = [True for begin, end in spans for turn in (-24, 0, 24) if first < end + turn and begin + turn < last]
        if not meets:
            return Gate(name="dates", passed=False, why="date_invented", said=said)
    return None
