# SPDX-License-Identifier: Apache-2.0
"""Dates of birth: a date with a word of birth beside it, or in brackets right after a name.  Other dates stay."""

from __future__ import annotations

import re

from comity.privacy.checksums import real_date
from comity.privacy.recognizers.base import HINTED, LIKELY, Check, Hit, Recognizer
from comity.privacy.recognizers.labels import ANOTHER

_MONTHS = (
    "jan(?:uary|uar|vier)?|ene(?:ro)?|gen(?:naio)?|feb(?:ruary|ruar|rero|braio)?|fév(?:rier)?|mar(?:ch|s|zo|ço)?|märz"
    "|mrz|apr(?:il|ile)?|avr(?:il)?|abr(?:il)?"
    "|may|mai|mayo|maggio|maio|jun(?:e|i|io|ho)?|juin|giugno|jul(?:y|i|io|ho)?|juil(?:let)?|luglio|aug(?:ust)?|août"
    "|ago(?:sto)?|sep(?:t(?:ember|iembre|embre)?)?"
    "|settembre|set(?:embro)?|oct(?:ober|ubre|obre)?|okt(?:ober)?|ott(?:obre)?|out(?:ubro)?|nov(?:ember|iembre|embre"
    "|embro)?|dec(?:ember)?|dez(?:ember|embro)?"
    "|déc(?:embre)?|dic(?:iembre|embre)?"
)
_YEAR = r"(?:18[5-9]|19[0-9]|20[0-9])[0-9]"
_SEP = r"[ ]?[.\-/][ ]?"
_DATE = (
    rf"(?:{_YEAR}(?:{_SEP}|[ ])[01]?[0-9](?:{_SEP}|[ ])[0-3]?[0-9](?:T00:00:00(?:\.0{{1,6}})?Z?)?"  # 1990-01-02
    rf"|[0-3]?[0-9]{_SEP}[0-3]?[0-9]{_SEP}(?:{_YEAR}|[0-9]{{2}})|[0-3]?[0-9][ ][0-3]?[0-9][ ]{_YEAR}"  # 1/2/1990, 11/1/94
    rf"|[0-3]?[0-9](?:st|nd|rd|th|\.|er|º)?(?:[ ](?:of|de))?[ \-/]?(?:{_MONTHS})\.?(?:[ ](?:de|del))?,?[ \-/]?(?:{_YEAR}"
    "|'?[0-9]{2}(?![0-9:]))"
    rf"|(?:{_MONTHS})\.?[ ]?[0-3]?[0-9](?:st|nd|rd|th)?,?[ ](?:{_YEAR}|'[0-9]{{2}})"
    rf"|{_YEAR}[ ]?[年년][ ]?[01]?[0-9][ ]?[月월][ ]?[0-3]?[0-9][ ]?[日号號일]?"
    rf"|(?:[零〇一二三四五六七八九]{{4}}|[六七八九零〇][零〇一二三四五六七八九]|{_YEAR})年[ ]?[正冬腊臘一二三四五六七八九十]{{1,2}}月[ ]?"
    r"[初廿卅一二三四五六七八九十]{1,3}[日号號]?"
    r"|(?:昭和|平成|大正|民国|民國|令和)[ ]?[0-9]{1,3}[ ]?年[ ]?[01]?[0-9][ ]?月[ ]?[0-3]?[0-9][ ]?日"
    rf"|(?:18[5-9]|19[0-9]|20[0-2])[0-9](?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"  # 19900102
    rf"|(?:0[1-9]|[12][0-9]|3[01])(?:0[1-9]|1[0-2])(?:18[5-9]|19[0-9]|20[0-2])[0-9])"
)
_PART = (  # without a day, or without a year
    rf"(?:(?:{_YEAR}|[0-9]{{2}}(?=年))[ ]?[年년][ ]?[01]?[0-9][ ]?[月월](?:份|[0-3]?[0-9][日号號])?"
    rf"|[01]?[0-9][ ]?[月월][ ]?[0-3]?[0-9][ ]?[日号號일]"
    rf"|(?:{_MONTHS})\.?[ ][0-3]?[0-9](?:st|nd|rd|th)?|[0-3]?[0-9](?:st|nd|rd|th)?(?:[ ]of)?[ ](?:{_MONTHS})"
    rf"|(?:{_MONTHS})\.?,?[ ]{_YEAR})"
)
_OPEN, _SHUT = r"(?<![0-9A-Za-z])(?<![0-9][.\-/,:])", r"(?![0-9A-Za-z])(?!\.[0-9])(?![\-/:][0-9])"
_BORN_LATIN = (
    r"d\.?[ ]?o\.?[ ]?b\.?|dateofbirth|birth(?:[ _-]?(?:date|day)s?)?|born|b\.(?=[ ]?[0-9A-Z])"
    r"|geboren|geb\.?|geburts(?:datum|tag)|née?\(?e?\)?"
    r"|naissance|nacid[oa]|nac(?:imiento)?\.?|nat[oa]|nascita|nascid[oa]|nascimento|geboortedatum|född|fødselsdato"
    r"|turn(?:s|ing|ed)?[ ][0-9]{1,3}"
)
_BORN_WIDE = "出生年月日|出生年月|出生日期|出生时间|出生於|出生于|出生|生年月日|生日|生于|生於|诞生于|誕生日|生辰|생년월일|생일|출생"
_GAP = (
    r"[\"'`]?\)?[ \t]{0,3}(?:(?:is|was|on|le|am|em|el|il|the|in|of|date|number|her|his|my|—|-|–|\(|\[|，|,|=>?|:|：|是"
    r"|为|為|在|于|：|[|\t])[ \t]{0,3}){0,3}[\"'`(（]?\n?[ ]{0,4}"
)
_CUED = re.compile(
    rf"(?:(?<![A-Za-z])(?:{_BORN_LATIN})(?![A-Za-z])|{_BORN_WIDE}){_GAP}(?P<at>[A-Za-z\u4e00-\u9fff'’ ,]{{0,24}}?[ ,，在于於:：]{{0,2}})"
    rf"{_OPEN}(?:(?P<date>{_DATE}){_SHUT}|(?P<part>{_PART})(?![0-9]))",
    re.IGNORECASE,
)
_TRAILED = re.compile(
    f"{_OPEN}(?:(?P<date>{_DATE})|(?P<part>{_PART}))[ ]?[)）]?(?:[ ]?[,，]?[ ]?(?:出生(?!率|人口|地)|生人|生まれ|출생|년생|诞生"
    r"|生的?(?=[,，。、；;)）\s]|$))"
    r"|[ ]?[(（,，]?[ ]?(?:date[ ]of[ ]birth|DOB|birth[ ]?da(?:y|te)|出生日期|生日)(?![A-Za-z])"
    r"|[ ](?:is|was)[ ](?:(?:my|his|her|their|your|[A-Z][a-z]+'s)[ ])(?:birth[ ]?da(?:y|te)|date[ ]of[ ]birth|DOB))",
    re.IGNORECASE,
)
# `Jane Doe (July 7, 2002)`: a name of two capitalised words, and brackets.
_BRACKETED = re.compile(rf"[(\[][ ]?(?:\*[ ]?|b\.?[ ]|DOB[ :]?)?(?P<date>{_DATE})[ ]?[)\],;]", re.IGNORECASE)
_NAME_BEFORE = re.compile(
    r"(?<![A-Za-z0-9_'’\-])(?P<name>[A-ZÀ-Þ][\w'’\-]{1,20}(?:[ ](?:[A-ZÀ-Þ][\w'’\-]{0,20}\.?|de|da|van|von|der|bin"
    r"|al)){0,3}[ ][A-ZÀ-Þ][\w'’\-]{1,20})[ ]?$|(?P<han>[\u4e00-\u9fff]{2,4})[ ]?$"
)
_AGAIN = re.compile(rf"(?<=[0-9日号號]){ANOTHER}{_OPEN}(?P<date>{_DATE}){_SHUT}", re.IGNORECASE)
_STAR = re.compile(rf"(?<![0-9A-Za-z*])\*[ ]?(?P<date>[0-3]?[0-9]\.[ ]?[01]?[0-9]\.[ ]?{_YEAR}){_SHUT}")
_NO_NAMES = re.compile(
    "(?<![A-Za-z])(?:release|version|update|report|meeting|minutes|notes|conference|act|order|treaty|battle|war|day"
    "|week|month|quarter|friday|monday|tuesday"
    "|wednesday|thursday|saturday|sunday|january|february|march|april|june|july|august|september|october|november"
    "|december|issue|volume|chapter|section"
    "|figure|table|edition|revision|draft|published|updated|press|news|times|journal|post|review|conference|summit"
    "|election|agreement|policy|guide|invoice"
    "|court|directive|regulation|resolution|bill|law|convention|revolution|earthquake|hurricane|launch|event|deadline"
    "|accessed|retrieved|last|effective"
    "|contract|the|of|inc|ltd|llc|corp|gmbh|company|bank|university|department|ministry|committee|project|phase|sprint"
    "|python|java|windows|linux|ios)(?![A-Za-z])",
    re.IGNORECASE,
)
_PERSONAL = re.compile(
    r"patient|applicant|takes|diagnos|admitted|mg\b|ward|allerg|pupil|student|candidate|member|client|guest|passenger"
    r"|employee|son\b|daughter|child|spouse"
    r"|beneficiar|insured|tenant|nurse|doctor|clinic|hospital|passport|resident|visa|enrol|aged?\b|male|married|患者"
    r"|病人|学生|员工|she\b|he\b|mother|father",
    re.IGNORECASE,
)
_EVENTS_SINCE = 2012  # without another word of a person, a later date in brackets is more often that of an event


def _real(said: str) -> bool:
    """No `2020-13-45`; a written month or Chinese numerals are taken at their word."""
    numbers = re.findall("[0-9]+", said)
    if len(numbers) == 1 and len(numbers[0]) == 8:
        day = numbers[0]
        return real_date(day[:4], day[4:6], day[6:]) or real_date(day[4:], day[2:4], day[:2])
    if len(numbers) < 3 or "T" in said or not said.isascii():
        return True
    first, middle, last = numbers[:3]
    if len(first) == 4:
        return real_date(first, middle, last)
    last = last if len(last) == 4 else "20" + last
    return real_date(last, middle, first) or real_date(last, first, middle)


_STOP = re.compile(
    r"[0-9.;；。!?！？\n]|expir|issue|valid|appoint|meeting|due|deadline|order|start|since|died|death|visit|travel|ship"
    "|deliver|会议|派对|聚会|晚会|晚宴|宴会|礼物|截止|入职|预约|订单|去世|party|plan",
    re.IGNORECASE,
)


def _cued(_: str, found: re.Match[str]) -> Hit | None:
    group = "date" if found["date"] is not None else "part"
    if _STOP.search(found["at"]) or (group == "date" and not _real(found["date"])):
        return None
    return Hit(found.start(group), found.end(group), LIKELY if group == "date" else HINTED)


def _trailed(_: str, found: re.Match[str]) -> Hit | None:
    group = "date" if found["date"] is not None else "part"
    if group == "date" and not _real(found["date"]):
        return None
    return Hit(found.start(group), found.end(group), LIKELY if group == "date" else HINTED)


def _bracketed(text: str, found: re.Match[str]) -> Hit | None:
    before = _NAME_BEFORE.search(text, max(0, found.start() - 70), found.start())
    if before is None or _NO_NAMES.search(before[0]) or not _real(found["date"]):
        return None
    year = re.search(_YEAR, found["date"])
    recent = (year is not None and int(year[0]) > _EVENTS_SINCE) or before["han"] is not None
    around = text[max(0, before.start() - 60) : found.start()] + " " + text[found.end() : found.end() + 80]
    if recent and not _PERSONAL.search(around):
        return None
    return Hit(found.start("date"), found.end("date"), HINTED)


def _again(text: str, found: re.Match[str]) -> Hit | None:
    """Another person's, if the date before it is one of birth."""
    before = _CUED.finditer(text, max(0, found.start() - 60), found.start())
    ours = any(each.end("date") == found.start() for each in before)
    return Hit(found.start("date"), found.end("date"), HINTED) if ours and _real(found["date"]) else None


def _star(_: str, found: re.Match[str]) -> Hit | None:
    return Hit(found.start("date"), found.end("date"), LIKELY)


_LATIN_WORDS = (
    "dob d birth birthdate birthday birthdays dateofbirth born b geboren geb geburtsdatum geburtstag né née naissance "
    "nacido nacida nacimiento nac "
    "nato nata nascita nascido nascida nascimento geboortedatum född fødselsdato turn turns turning turned"
)


def recognizers() -> tuple[Recognizer, ...]:
    wide = tuple(dict.fromkeys(_BORN_WIDE.split("|")))

    def unit(
        name: str, what: str, pattern: re.Pattern[str], check: Check, words: tuple[str, ...] = (), gates: tuple[str, ...] = (),
        *, before: int = 0, after: int = 0, led: bool = False,
    ) -> Recognizer:  # fmt: skip
        return Recognizer(
            name=name, type="DOB", category="contact", jurisdiction="", what=what, pattern=pattern, check=check,
            digits=1 if gates else 0, words=words, gates=gates, before=before, after=after, led=led, contextual=True,
        )  # fmt: skip

    return (
        unit("birth", "a date after `born`, `DOB`, `出生`, `生日` and the like", _CUED, _cued, (*_LATIN_WORDS.split(), *wide),
             led=True),
        unit("birth_after", "a date before `出生`, `生まれ`, `(date of birth)` and the like", _TRAILED, _trailed,
             ("dob", "birth", "birthday", "birthdate", "出生", "生人", "生まれ", "출생", "년생", "诞生", "生日", "生"),
             before=100, after=32),
        unit("birth_again", "another person's date, coordinated with one after `born`, `生日` and the like", _AGAIN, _again,
             (*_LATIN_WORDS.split(), *wide), before=1, after=320),
        unit("birth_bracketed", "a date in brackets right after a personal name", _BRACKETED, _bracketed, gates=("(", "[")),
        unit("birth_star", "`*12.03.1985`, as German papers write it", _STAR, _star, gates=("*",)),
    )  # fmt: skip
