# SPDX-License-Identifier: Apache-2.0
"""A turn as the stretches that each ask for one thing, and a condition with its branches."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from comity.tasks.assist.intents import Intent
from comity.tasks.assist.retrieve import WEAK, Candidate, candidates

_STOPS = re.compile(
    r"[，；;。！!？?]\s*|,\s+|(?<!\b[ap]\.m)(?<!\d)\.(?=\s+[A-Z\"“]|\s*$)\s*|\s+(?:and then|and also|and|then|also|plus)\s+(?=\w)|(?=然后|顺便|并且|接着|并(?=给|把|提醒|发)|(?<![一-龥])再(?!说|见|过))",  # noqa: E501
)  # fmt: skip
_JOIN = re.compile(
    r"^(?:and then|and also|and|then|also|plus|after that|finally|first|再|然后|顺便|并且|接着|最后|先|另外|还有)[\s，,]*", re.IGNORECASE
)
_LEADS_TO_TEXT = re.compile(
    r"(?:说|问|写|告诉|通知|内容是|：|:|\bsaying\b|\bthat\b|\bask(?:ing)?\b|\btell(?:ing)?\b|记一下|记一笔)", re.IGNORECASE
)
_OWN_WORK = re.compile(
    r"^(?:please |can you |could you |just )?(?:transfer|buy|order|pay|purchase|book (?:me )?(?:a|two|the)? ?(?:flight|taxi|train|hotel|table|ticket)s?|post|print|unlock|download|install|upload|scan|share|publish|translate this|charge|withdraw|refund|hail|call (?:a|me a) (?:taxi|cab)|rent|sell|reboot|restart|vacuum|lock)\b"  # noqa: E501
    r"|^(?:请|帮我|麻烦|给我|先)?(?:把)?.{0,6}(?:转账|汇款|付款|支付|下单|订票|买(?!好|了|过)|订(?!在|个?会|闹)|打车|叫车|叫个车|打印|拍照|拍张|下载|安装|充值|寄(?!了|到)|抢票|退款|发朋友圈|上传|扫地|锁门|开门|转给|转\d|转.{0,6}(?:元|块|钱)给)",
    re.IGNORECASE,
)  # fmt: skip


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """``start`` and ``end`` within the turn; ``among``: what it may ask for, best first."""

    text: str
    start: int
    end: int
    among: Sequence[Candidate] = ()
    foreign: bool = False  # it asks for something that nothing here does

    @property
    def strong(self) -> bool:
        return bool(self.among) and self.among[0].strong


def pieces(text: str) -> list[tuple[int, int]]:
    """Between stops, but not inside quotation marks."""
    quoted = [found.span() for found in re.finditer(r"[\"“「『].*?[\"”」』]", text)]
    cuts: list[tuple[int, int]] = []
    at = 0
    for found in _STOPS.finditer(text):
        if any(a < found.start() < b for a, b in quoted):
            continue
        if found.start() > at:
            cuts.append((at, found.start()))
        at = found.end()
    if at < len(text):
        cuts.append((at, len(text)))
    return _names_together(text, [(a, b) for a, b in cuts if text[a:b].strip()])


def _names_together(text: str, cuts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """`let Zhang Min and Marco know` is one piece: an `and` between two names joins no two requests."""
    made: list[tuple[int, int]] = []
    for start, end in cuts:
        before = text[made[-1][0] : made[-1][1]] if made else ""
        joined = made and text[made[-1][1] : start].strip() == "and"
        if joined and re.search(r"\b[A-Z][a-z]+$", before) and re.match(r"[A-Z][a-z]+\b", text[start:end]):
            made[-1] = (made[-1][0], end)
        else:
            made.append((start, end))
    return made


def stretches(text: str, intents: Sequence[Intent], language: str) -> list[Stretch]:
    """Each begins with a piece that asks for something; pieces that do not belong to the one before, or to the first after."""
    made: list[Stretch] = []
    waiting: int | None = None
    foreign = False
    for start, end in pieces(text):
        piece = text[start:end]
        among = candidates(piece, intents, language)
        strong = bool(among) and among[0].strong
        if not strong and not (made and _takes_more(made[-1], text[made[-1].end : start])) and _OWN_WORK.search(_JOIN.sub("", piece)):
            foreign = True
        if strong and made and _takes_more(made[-1], "") and not _begins_anew(text[made[-1].start : start], piece, among[0]):
            strong = False
        if strong and waiting is not None and _stands_alone(text[waiting:start], intents, language, among[0]):
            made.append(_stretch(text, waiting, start, intents, language))
            waiting = None
        if strong:
            made.append(_stretch(text, waiting if waiting is not None else start, end, intents, language))
            waiting = None
        elif made:
            made[-1] = _stretch(text, made[-1].start, end, intents, language, kept=made[-1].among)
        elif waiting is None:
            waiting = start
    if not made and waiting is not None:
        made.append(_stretch(text, waiting, len(text), intents, language))
    made = _apart(text, made, intents, language)
    if foreign:
        made = [msgspec.structs.replace(each, foreign=True) for each in made]
    return made


def _stretch(text: str, start: int, end: int, intents: Sequence[Intent], language: str, *, kept: Sequence[Candidate] = ()) -> Stretch:
    words = text[start:end]
    lead = _JOIN.match(words)
    if lead and lead.end() < len(words):
        start += lead.end()
    among = candidates(text[start:end], intents, language)
    if kept and among and kept[0].intent.name != among[0].intent.name and kept[0].strong:  # what began it is what it is
        first = next((each for each in among if each.intent.name == kept[0].intent.name), kept[0])
        among = [first, *(each for each in among if each.intent.name != first.intent.name)]
    return Stretch(text=text[start:end], start=start, end=end, among=among)


def _takes_more(last: Stretch, between: str) -> bool:
    """`remind me to fetch the cake and buy candles`: what is bought is of the reminder, unless a sentence ended before it."""
    told = any(each.kind == "text" and each.required for each in last.among[0].intent.parameters) if last.among else False
    return told and not re.search(r"[.;。；!！?？]|\bthen\b|然后|再", between)


def _stands_alone(words: str, intents: Sequence[Intent], language: str, following: Candidate) -> bool:
    """What goes before a request and may be one itself: it speaks for another intent, and the time in it is its own."""
    among = candidates(words, intents, language)
    if not among or among[0].score < WEAK or among[0].intent.name == following.intent.name or among[0].intent.reads_only:
        return False
    return bool(_AT_A_TIME.search(words)) and bool(_BEFORE_IT.search(following.why) is None)


_AT_A_TIME = re.compile(r"\b(?:at|on|tomorrow|next)\b|点|号|周|明天|后天", re.IGNORECASE)
_BEFORE_IT = re.compile(r"日历|calendar|diary", re.IGNORECASE)


def _begins_anew(before: str, piece: str, best: Candidate) -> bool:
    """Whether a piece asks for something of its own, and is not still what somebody is to be told."""
    if not _LEADS_TO_TEXT.search(before):
        return True
    words = _JOIN.sub("", piece)
    at = words.find(best.why) if best.why else 0
    return bool(_JOIN.match(piece)) or 0 <= at <= 3


def _apart(text: str, made: list[Stretch], intents: Sequence[Intent], language: str) -> list[Stretch]:
    """Two in a row that ask for the same, the second without anything of its own (`tick it off`), are one."""
    joined: list[Stretch] = []
    for each in made:
        last = joined[-1] if joined else None
        same = last is not None and last.among and each.among and last.among[0].intent.name == each.among[0].intent.name
        if last is not None and same and len(each.text) <= (6 if language == "zh" else 18):
            joined[-1] = _stretch(text, last.start, each.end, intents, language, kept=last.among)
        else:
            joined.append(each)
    return joined


# -- conditions -----------------------------------------------------------------------------------------------------------


class Conditional(msgspec.Struct, frozen=True, kw_only=True):
    """(start, end) within the turn of each; ``before``: what holds for both branches."""

    asks: tuple[int, int]
    then: tuple[int, int]
    otherwise: tuple[int, int] | None = None
    before: tuple[int, int] | None = None
    negated: bool = False  # unless


_ELSE_EN = (
    r"(?:otherwise|or else|else|if not|if (?:I|it|he|she|they|that|there|so)\b[^,.;]{0,24}|if (?:I'm|it's|that's|there's)\b[^,.;]{0,24})"
)
_IF_EN = re.compile(
    rf"^(?P<b>(?:(?!if\b|unless\b)[^.;:]*[.;:]\s+)?)(?P<w>if|unless|in case|should)\s+(?P<c>[^,]+?),\s*(?:then\s+)?(?P<t>.+?)(?:[.;,]\s*(?:and\s+|but\s+)?{_ELSE_EN},?\s+(?P<e>.+?))?[.!]?$",  # noqa: E501
    re.IGNORECASE | re.DOTALL,
)
_LATE_IF_EN = re.compile(
    rf"^(?P<b>(?:[^.;]*[.;]\s+)?)(?P<t>[^.;]+?),?\s+(?P<w>if|unless)\s+(?P<c>[^,.;]+?)(?:[,.;]\s*(?:and\s+|but\s+)?{_ELSE_EN},?\s+(?P<e>.+?))?[.!]?$",
    re.IGNORECASE | re.DOTALL,
)
_CHECK_EN = re.compile(
    rf"^(?P<c>(?:check|see|find out|look)\b[^,.;]+|(?:will|am|is|do|does|have)\b[^,.;?]+\?)[,.;?]?\s*(?:and\s+)?(?:if (?:so|yes|it (?:is|will|does)|I (?:am|do|have)|not|it isn't|it won't)|in that case)[^,]*,\s*(?P<t>.+?)(?:[.;,]\s*(?:and\s+|but\s+)?{_ELSE_EN},?\s+(?P<e>.+?))?[.!]?$",  # noqa: E501
    re.IGNORECASE | re.DOTALL,
)
_IF_ZH = re.compile(r"如果|要是|假如|若是|倘若|万一|(?<![一-龥])若")
_CHECK_ZH = re.compile(
    r"^(?P<c>(?:先)?(?:看看|看一下|查查|查一下|帮我看|帮我查|看下|查下)[^，,；;。]+|[^，,；;。？?]{2,}(?:吗|么|没有?|不))[，,；;。？?]\s*"
)
_PLAIN_IF_ZH = re.compile(r"^(?P<c>[^，,；;。？?]{2,}?)的话[，,]?就?")
_ELSE_ZH = re.compile(
    r"[；;。，,]\s*(?P<m>否则的?话?|不然的?话?|要不然?的?话?|反之|如果[^，,；;。]{0,10}?[，,]?(?:就|的话)|要是[^，,；;。]{0,10}?[，,]?(?:就|的话)|[^，,；;。]{1,8}的话|(?:没|不|有|会|晴|下)[^，,；;。]{0,5}?就)[，,]?(?:就)?"
)


def conditional(text: str, language: str) -> Conditional | None:
    return _conditional_zh(text) if language == "zh" else _conditional_en(text)


def _conditional_en(text: str) -> Conditional | None:
    for pattern in (_CHECK_EN, _IF_EN, _LATE_IF_EN):
        found = pattern.match(text.strip())
        if found is None:
            continue
        if pattern is _LATE_IF_EN and re.search(
            r"\b(?:ask|asking|whether|see|wonder|know)\b[^,.;]{0,30}$", found.group("t"), re.IGNORECASE
        ):
            continue  # it is what somebody is to be asked
        group = found.groupdict()
        before = found.span("b") if group.get("b") else None
        return Conditional(
            asks=found.span("c"), then=found.span("t"), otherwise=found.span("e") if group.get("e") else None, before=before,
            negated=(group.get("w") or "").lower() == "unless",
        )  # fmt: skip
    return None


def _conditional_zh(text: str) -> Conditional | None:
    found = _IF_ZH.search(text)
    if found is None and (plain := _PLAIN_IF_ZH.match(text)):
        otherwise = _ELSE_ZH.search(text, plain.end())
        then = (plain.end(), otherwise.start() if otherwise else len(text))
        return Conditional(asks=plain.span("c"), then=then, otherwise=(otherwise.end(), len(text)) if otherwise else None)
    if found is None:
        checked = _CHECK_ZH.match(text)
        if checked is None:
            return None
        second = re.compile(r"(?P<m>[^，,；;。]{1,8}?(?:的话[，,]?就?|就))").match(text, checked.end())
        if second is None:
            return None
        asks, then_at = checked.span("c"), second.end()
        before = None
    else:
        opening = max((text.rfind(stop, 0, found.start()) for stop in "，,：:；;。"), default=-1) + 1
        tail = re.compile(r"(?:的话)?(?:[，,]\s*就?|就)").search(text, found.end())
        if tail is None:
            return None
        asks, then_at = (opening, tail.start()), tail.end()
        before = (0, opening) if opening else None
    otherwise = _ELSE_ZH.search(text, then_at)
    then = (then_at, otherwise.start() if otherwise else len(text))
    return Conditional(asks=asks, then=then, otherwise=(otherwise.end(), len(text)) if otherwise else None, before=before)


_BELOW = re.compile(r"\b(?:below|under|less than|colder than|lower than)\b|低于|不到|小于|以下|降到|跌破|掉到|零下", re.IGNORECASE)
_ABOVE = re.compile(r"\b(?:above|over|more than|warmer than|higher than|hotter than)\b|高于|超过|大于|以上", re.IGNORECASE)
_NOT = {"en": re.compile(r"\b(?:not|no|nothing|none|never|without)\b|n't\b|n’t\b", re.IGNORECASE), "zh": re.compile(r"不|没|无(?!锡)")}


def holds(words: str, intent: Intent, language: str, amount: float | None) -> object:
    """Which answer leads to the first branch."""
    if amount is not None and _BELOW.search(words):
        return {"below": amount}
    if amount is not None and _ABOVE.search(words):
        return {"above": amount}
    opposite = intent.opposite.get(language)
    if opposite:
        return not any(re.search(each, words, re.IGNORECASE) for each in opposite)
    if language == "zh" and re.search(r"有没有|会不会|是不是", words):
        return True
    return not _NOT.get(language, _NOT["en"]).search(words)
