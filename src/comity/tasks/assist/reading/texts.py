# SPDX-License-Identifier: Apache-2.0
"""A parameter's words: what people say after its lead-in, else what is left once times, people and the request itself are taken away."""

from __future__ import annotations

import re
from collections.abc import Sequence

from comity.tasks.assist.intents import Intent, Parameter
from comity.tasks.assist.reading.said import Said
from comity.tasks.assist.reading.times import relative

_TRIM = " \t\n,，.。;；:：!！?？、"
_LEAD = re.compile(
    r"^(?:and|then|also|to|that|please|the|a|an|my|just|so|but|on|at|in|for|with|about|by|再|然后|并|并且|顺便|也|请|帮我|给我|麻烦|一下|一声|一个|个|要|去|先|的|到|在|把|，|那天|当天)(?:\s+|(?<=[\u4e00-\u9fff，]))",
    re.IGNORECASE,
)  # fmt: skip
_LEAD_TOLD = re.compile(r"^(?:and|then|to|that|so|再|然后|并|的|到|，)(?:\s+|(?<=[\u4e00-\u9fff，]))", re.IGNORECASE)
"""Of what is told only that: `请他来` is said to somebody else."""
_ARTICLE = re.compile(r"(?:the|a|an|my)\s", re.IGNORECASE)
_TAIL = re.compile(
    r"(?:\s+(?:please|in there|over there|too|as well|would you|will you|for me)|吧|哈|啊|呗|的时候|了?好吗|行吗|谢谢|，谢谢)$",
    re.IGNORECASE,
)
_TAIL_BEFORE = re.compile(r"\s+(?:on|at|in|with|to|and|then|by|for|the|my|our|an?)$", re.IGNORECASE)
"""Where something else was read right after: `check in` ends with its own word."""
_SMALL = re.compile(r"[跟和与同在去给把]|\b(?:with|at|in|on|for|the|a)\b", re.IGNORECASE)
_REQUEST = {
    "en": re.compile(
        r"^(?:right|ok(?:ay)?|so|well|hey|hi|hello|um|er)\b[,.]?(?:\s+(?:so|then|well|right)\b[,.]?)?|\b(?:can|could|would|will) you\b|\bremind (?:me|us)\b|\bplease\b|\b(?:put|add|schedule|book(?! (?:club|group|fair|launch|signing|swap)\b)|set up|make|create|enter|plan|arrange|block|pencil|pop|stick)(?: in)?(?: an?| the)?(?: new)?\b|\b(?:in|into|on|to) (?:my|the) (?:calendar|diary|schedule)\b|\bI (?:need|have|want|'d like)(?: to)?(?: an?)?\b|\b(?:in|for)$",  # noqa: E501
        re.IGNORECASE,
    ),
    "zh": re.compile(r"帮我|提醒我?|请|麻烦|给我|我要|我想|我得|(?:安排|新建|新增|加|建|记|添|定|约|排)(?:上|个|一个|一场|一次|一下|到|进)?|(?:到|进|在|里|入)?(?:我的)?(?:日历|日程)(?:里|上|中)?(?:加|记|建|放|排)?(?:上|个|一个|一条)?|占|大概|大约|，"),  # noqa: E501
}  # fmt: skip


def lead_in(said: Said, parameter: Parameter) -> tuple[int, int] | None:
    """By the patterns of the parameter; the first that holds."""
    for pattern in parameter.said.get(said.language, ()):
        found = re.search(pattern, said.text, re.IGNORECASE)
        if found and found.group("x").strip(_TRIM):
            return found.span("x")
    return None


def trimmed(said: Said, start: int, end: int, *, times: bool = True, led: bool = False) -> tuple[int, int]:
    """Without what is not of it at either end: stops, small words, and (``times``) when it is to be."""
    spans = [(each.start, each.end) for each in said.entities if each.kind not in ("number", "measure", "money", "percent", "ordinal")]
    for each in said.entities if times else ():
        if each.kind == "duration" and each.start > start and relative(said, each):
            end = min(end, each.start)
    spans += [taken for taken in said.taken if taken not in spans] if times else []
    moved = True
    while moved and start < end:
        moved = False
        text = said.text[start:end]
        inner = text.strip(_TRIM)
        if inner != text:
            start += len(text) - len(text.lstrip(_TRIM))
            end = start + len(inner)
            moved = True
            continue
        lead = (_LEAD if times and not (led and said.language == "zh") else _LEAD_TOLD).match(text)
        if lead and lead.end() < len(text) and (times or not _ARTICLE.match(text)):
            start += lead.end()
            moved = True
        after = said.text[end:].lstrip()[:1]
        tail = _TAIL.search(said.text[start:end]) or (_TAIL_BEFORE.search(said.text[start:end]) if after and after not in _TRIM else None)
        if tail and tail.start() > 0:
            end = start + tail.start()
            moved = True
        if times:
            for a, b in spans:
                if a <= start < b and b < end:
                    start, moved = b, True
                elif a < end <= b and a > start:
                    end, moved = a, True
    return start, end


_EMPTY = re.compile(
    r"明?一[下声]|明白?|清楚|(?:many )?thanks?(?: you)?|cheers|please|多?谢谢?(?:你|啦|了)?|辛苦了?|麻烦了?|(?:by |via |a |the )?(?:提前|text|sms|message|e-?mail|mail|before|after|it|that|this|me|him|her|them|know|so|about it)|(?:发|写)?(?:短信|消息|邮件)?(?:告诉)?(?:一下)?(?:我|他|她|他们|她们)?(?:说)?(?:一声|一下)?(?:写到|加到|记到|放到)?",  # noqa: E501
    re.IGNORECASE,
)  # fmt: skip


def says_nothing(text: str) -> bool:
    """`let him know`: what he is to know was said before."""
    return bool(_EMPTY.fullmatch(text.strip(_TRIM)))


def text_of(said: Said, intent: Intent, parameter: Parameter) -> tuple[int, int] | None:
    found = lead_in(said, parameter)
    if found is None:
        return None
    whole = parameter.name in ("body", "text", "value") and intent.name != "reminders.create"
    start, end = trimmed(said, *found, times=not whole, led=True)
    return (start, end) if start < end and not says_nothing(said.text[start:end]) else None


def left_over(said: Said, *, keep: Sequence[tuple[int, int]] = ()) -> tuple[int, int] | None:
    """The longest stretch that nothing else was read from, without the request itself."""
    gone = [span for span in said.taken if span not in keep]
    gone += [found.span() for found in _REQUEST.get(said.language, _REQUEST["en"]).finditer(said.text) if found.start() < found.end()]
    at, best, most = 0, (0, 0), 0
    for start, end in [*sorted(gone), (len(said.text), len(said.text))]:
        if start > at:
            a, b = trimmed(said, at, start)
            weight = b - a - sum(min(b, d) - max(a, c) for c, d in keep if c < b and a < d) - len(_SMALL.findall(said.text[a:b]))
            if weight > most and not says_nothing(said.text[a:b]):
                best, most = (a, b), weight
        at = max(at, end)
    return best if best[1] > best[0] else None
