# SPDX-License-Identifier: Apache-2.0
"""Where words do not surely say what an action would do: a question, something taken back in the middle, a limit that no argument holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from comity.tasks.assist.reading import rest
from comity.tasks.entities import Entity, entities
from comity.tasks.entities.values import Date, DateTime, Time

_QUESTION = {
    "en": re.compile(
        r"^(?:so|and|hey|ok(?:ay)?|tell me|remind me|quick question)?[,:]?\s*(?:(?:am|was|were|did|does|will|should|have|do) (?:I|we|it|he|she|they|there|the|my|anyone|anything)|(?:is|are)(?! it possible| there (?:any|a) (?:way|chance)| you able)|(?:can|could|may|might|must|shall) I (?!have|get)|would (?:it|that|there|this)|do I need|what(?! about)|what's|when(?:'s| is| are| do| did| does| am| was| will)|where|who|who's|which|how(?! about))\b",  # noqa: E501
        re.IGNORECASE,
    ),
    "zh": re.compile(
        r"^(?!.*(?:问|告诉|说|写|发|提醒|短信|消息|邮件|帮|麻烦|给我|请|能不能|可不可以|[好行成]吗|可以吗|能.*吗)).*(?:吗|没有|几点|多少|啥|什么|哪天|几号)(?:来着|呀|啊)?[？?。]?$"
    ),
}
_WONDERS = re.compile(
    r"^(?:(?!问|告诉|说|写|发|提醒|翻译|“).){0,14}?(?:要不要|该不该|会不会|是不是|应不应该|需不需要|用不用|会怎么?样|怎么办)|[了过着](?:些|点)?(?:什么|啥|哪些)[？?。]?$|\b(?:what happens|what if|suppose)\b",  # noqa: E501
    re.IGNORECASE,
)
_BACK = {
    "en": re.compile(
        r"(?:[,.;\-–—]\s*|\s)(?:oh,? )?(?:(?:no,? )?wait(?:,? no)?|no|sorry|scratch that|I mean|or rather|make that|correction|no,? sorry|actually(?:,? no)?)(?:,\s*|\s+)(?:(?:make (?:it|that)|at|I mean(?:t)?|it's|rather|on|for)\s+)?",  # noqa: E501
        re.IGNORECASE,
    ),
    "zh": re.compile(
        r"[，,。、；]?\s*(?:哦|噢|啊)?(?:不对不对|不对|不是(?=[，,、。])|说错了?|错了|等等|等一下|不不|哦不|算了)[，,。、]*(?:是|应该是|还是|我是说|改成)?\s*"
    ),
}
_TAKEN_BACK = re.compile(r"\b(?:no wait|wait no|scratch that|or rather|I mean)\b|[，,](?:不对|说错了?|错了)[，,]", re.IGNORECASE)
_LIMIT = re.compile(
    r"\b(?:unless|except|but not|only if|as long as|provided|instead of|rather than|either|whichever|or maybe|not sure)\b|除非|除了|除外|只要|只有|要么|或者|还是说|不一定|也许|除.{1,8}外",  # noqa: E501
    re.IGNORECASE,
)


_NOT = re.compile(
    r"\b(?:don['’]t|do not|never|no need to|not to)\b(?! forget| let me forget)|(?<!特)别(?!让我忘|忘)(?!的|人|处)|不要|不用|不必|甭",
    re.IGNORECASE,
)


def asks(words: str, language: str) -> bool:
    """Whether it asks for an answer: then nothing is changed by it."""
    return bool(_QUESTION.get(language, _QUESTION["en"]).search(words.strip()) or _WONDERS.search(words.strip()))


_SOMEBODY = {
    "en": r"(?:he|she|they|somebody|someone|everybody|everyone|people|my (?:\w+(?:['’]s)? )?\w+|(?!I\b)(?-i:[A-Z])[\w'’.-]*(?: (?-i:[A-Z])[\w'’.-]*)?)",  # noqa: E501
    "zh": r"(?:[他她]们?|有人|大家|人家|我?(?:老婆|太太|爱人|媳妇|老公|丈夫|妈妈?|爸爸?|老板|领导|同事|客户|房东|[哥姐弟妹]{1,2})|{people})",  # noqa: E501
}
_SAYS = {
    "en": r" (?:(?:has|have|had|just|already|also|would|really|only) )*(?:says?|said|asks?|asked|tells?|told|wants?|wanted|likes?|suggests?|suggested|reckons?|thinks?|insists?|messaged|wrote|begged)\b",  # noqa: E501
    "zh": r"(?:刚才?|今天|昨天|又|就|想|都|还|老)*(?:说要?|让我|叫我|要我|问我|建议|希望|想让|要求|提醒我|通知我|告诉我|催我)",
}
_DONE = {
    "en": re.compile(
        r"(?:^|[,.;]\s*)(?:and |but |so )?(?:I|we)(?:['’]ve| have| had)? (?:(?:already|just|now|only) )*(?P<v>set|put|made|sent|added|cancell?ed|moved|booked|scheduled|deleted|removed|turned|switched|told|wrote|texted|emailed|messaged|invited|saved|changed|updated|noted|dimmed|started|stopped|paused|replied|postponed|pushed|called off)\b",  # noqa: E501
        re.IGNORECASE,
    ),
    "zh": re.compile(
        r"我(?:们)?(?:已经?|刚刚?|刚才|早就?|早已|昨天|前天|上周)+(?:就|都)?.*?(?P<v>[定设订取删改挪推加发约建记存邀关开调][^，,。]{0,12}?[了过])|^我把[^，,。]{1,12}(?P<w>取消|删|改|挪|推)[^，,。]{0,4}了[。.]?$"
    ),
}


def reports(text: str, language: str, people: Sequence[str]) -> tuple[int, int] | None:
    """`Tom said to cancel it`, `老板让我取消`: what another wants is not yet what the user asks for."""
    code = language if language in _SAYS else "en"
    who = _SOMEBODY[code].replace("{people}", "|".join(map(re.escape, people)) or "(?!)")
    found = re.search(rf"(?:^|[,.;，,。；]\s*|\b(?:and|but|so|because) ){who}{_SAYS[code]}", text, re.IGNORECASE)
    return found.span() if found else None


_TELL = {
    "en": r"^\W*(?:(?:please|can you|could you|and|then|also|just|so) )*(?:tell|ask|message|text|let) {who}\b",
    "zh": r"^[\W]*(?:请|帮我|麻烦|再|也|顺便|然后|并|先|去)*(?:告诉|问问?|通知|转告|跟|和){who}(?:说|一声|问|$|[^和跟与、])",
}


def tells(text: str, language: str, people: Sequence[str]) -> bool:
    """`tell Tom to cancel dinner`: whatever follows is told, and not done."""
    code = language if language in _TELL else "en"
    who = "(?:" + ("|".join(map(re.escape, sorted(people, key=len, reverse=True))) or "(?!)") + ")"
    who = r"(?:my |the )?" + who if code == "en" else "我?" + who
    verb = _TELL[code] if code == "en" else _TELL[code].replace("跟|和", "(?:跟|和)(?=.{1,6}说)")
    return bool(re.search(verb.replace("{who}", who), text, re.IGNORECASE))


def done(text: str, language: str) -> tuple[int, int] | None:
    """`I already set an alarm`: it was done, and is not asked for."""
    found = _DONE.get(language, _DONE["en"]).search(text)
    return found.span() if found else None


def superseded(text: str, language: str, read: Sequence[Entity], now: datetime) -> list[tuple[int, int]]:
    """What is taken back (`at five, no wait, half past five`), and the words that take it back: where both times are read."""
    gone: list[tuple[int, int]] = []
    for marker in _BACK.get(language, _BACK["en"]).finditer(text):
        before = [each for each in read if each.end <= marker.start() + 1 and not text[each.end : marker.start()].strip(" ,，")]
        after = [each for each in read if each.start >= marker.start() and not text[marker.end() : each.start].strip(" ,，")]
        if not before or not after or after[0].end <= marker.end():
            continue
        old, new = before[-1], after[0]
        if isinstance(old.value, DateTime) and isinstance(new.value, Time | Date):
            part = _part(text, old, type(new.value), language, now)
            if part is not None:
                gone += [part, marker.span()]
        elif type(old.value) is type(new.value) or (isinstance(new.value, DateTime) and isinstance(old.value, Time | Date)):
            gone += [(old.start, old.end), marker.span()]
    return gone


def _part(text: str, whole: Entity, kind: type, language: str, now: datetime) -> tuple[int, int] | None:
    """Of a day with an hour, the one of the two that is taken back."""
    for at in range(whole.start + 1, whole.end):
        if language != "zh" and text[at - 1].isalnum():
            continue
        span = (at, whole.end) if kind is Time else (whole.start, at)
        words = text[slice(*span)]
        other = text[whole.start : at] if kind is Time else text[at : whole.end]
        found, rest = entities(words, language=language, at=now), entities(other, language=language, at=now)
        if len(found) == 1 and isinstance(found[0].value, kind) and len(rest) == 1:
            return span
    return None


def limit(text: str, held: Sequence[tuple[int, int]], cues: Sequence[str] = ()) -> tuple[int, int] | None:
    """Words outside of every argument that forbid, bound or take back what is asked for.

    Not those that a cue spells out itself, as `I don't need that alarm` is how it is asked to be cancelled."""
    spelt = {word for cue in cues if re.search(cue, text, re.IGNORECASE) for word in rest.literals(cue) if _DENIES.search(word)}
    asked = [found.span() for word in spelt for found in re.finditer(re.escape(word), text.replace("’", "'"), re.IGNORECASE)]
    for pattern in (_TAKEN_BACK, _LIMIT, _NOT):
        for found in pattern.finditer(text):
            if all(found.end() <= a or found.start() >= b for a, b in (*held, *(asked if pattern is _NOT else ()))):
                return found.span()
    return None


_DENIES = re.compile(r"n't|^not?$|不|甭|别")
