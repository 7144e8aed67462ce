# SPDX-License-Identifier: Apache-2.0
"""Ways of saying the same, put as the patterns have them, before anything is read.  What is within quotation marks stays."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

_QUOTED = re.compile(r"([\"“「『][^\"”」』]*[\"”」』]|\([a-z_]+: [^()]*\)|（[^（）：]{1,8}：[^（）]*）)")
_HOURS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_MINUTES = {"five": 5, "ten": 10, "quarter": 15, "a quarter": 15, "twenty": 20, "twenty-five": 25, "twenty five": 25}
_HOUR = r"(?P<hour>" + "|".join(_HOURS) + r"|1[0-2]|[1-9])\b(?!\s*(?:%|per ?cent|degrees|minutes?|mins?|hours?|days?|seconds?|times))"
_OTHER = {"on": "off", "off": "on", "open": "closed", "closed": "open", "shut": "open"}
_STATE = r"(?:over|on|off|open|closed|shut|finished|done|past|above|below|under|forecast|expected|predicted|likely|due|about|dark|ajar)"
_LONG = r"(?=[零一二两三四五六七八九十百半几\d]+(?:个)?(?:半)?(?:小时|钟头|分钟|刻钟|秒))"


def _number(said: str) -> int:
    return _HOURS.index(said.lower()) + 1 if said.lower() in _HOURS else int(said)


def _to(found: re.Match[str]) -> str:
    hour = (_number(found["hour"]) - 2) % 12 + 1
    return f"{hour}:{60 - _MINUTES[' '.join(found['minutes'].lower().split())]:02d}"


def _not(found: re.Match[str]) -> str:
    return f"{found[1]} is {_OTHER[found[2].lower()]}"


def _unless(found: re.Match[str]) -> str:
    return f"if {found[1]} is {_OTHER[found[2].lower()]}"


def _half(found: re.Match[str]) -> str:
    return f"{_number(found['hour'])}:30"


_Put = str | Callable[[re.Match[str]], str]
_EN: tuple[tuple[str, _Put], ...] = (
    (r"(?<!as )\bsoon as\b", "as soon as"),
    (r"^come\s+(?=(?:sun|dusk|dawn|nightfall|daybreak))", "at "),
    (r"\bhalf (?:past )?" + _HOUR, _half),
    (r"(?<!from )(?<!between )\b(?P<minutes>a quarter|quarter|five|ten|twenty[- ]five|twenty)(?: minutes?)? to " + _HOUR, _to),
    (r"(?<=\w)['’]s been\b", " has been"),
    (r"\b(?!it|that|there|he|she|what|who)(\w+)['’]s (?=" + _STATE + r"\b)", r"\1 is "),
    (r"\b(?:somebody|someone|anybody|anyone|I|we)(?:['’]s|['’]ve| has| have)? left (the [\w ]+?) (open|on)\b", r"\1 is \2"),
    (r"\b(once|when|whenever|as soon as|after) (?:I['’]m|I am) (?:out of|away from|gone from) ", r"\1 I leave "),
    (r"^([^?.!;]{4,70})\?\s*(?:then\s+)?(?=\w)", r"if \1, "),
    (r"^if (?=(?:if|when|whenever|once|as soon as|after)\b)", ""),
    (r"\b(?:daily|weekly|monthly|regular) (?=(?:[\w-]+ )?(?:meeting|call|stand-?up|catch-?up|review|lesson|class|sync)\b)", ""),
    (r"\b(?:check|look at|see|consult)(?: (?:the|on the))? (?:weather forecast|forecast|weather)\b(?=\s*(?:,|and\b|$))(?:\s*,?\s*and\b)?,?", ","),  # noqa: E501
    (r"\bunless ((?:the |my )?(?!it\b|I\b)[\w]+(?: [\w]+){0,3}?)(?: is|['’]s) (on|off|open|closed|shut)\b", _unless),
    (r"\b((?:the |my )?[\w]+(?: [\w]+){0,2}) (?:isn['’]t|is not|aren['’]t) (on|off|open|closed|shut)\b", _not),
    (r"\b(every day|each day|daily|every (?:night|evening|morning))\b(.+?),? (?:but not|except|apart from|other than)(?: for)?(?: on)? ((?:mon|tues|wednes|thurs|fri|satur|sun)days?|weekends?|weekdays)\b", r"every day except \3\2"),  # noqa: E501
    (r"\b(?:(?:if|when) (?:it['’]?s|it is|today is) )?(?:but )?not (?:on |at )?(?:a |the )?(weekend|weekday)s?\b", lambda found: "only on weekdays" if found[1].lower() == "weekend" else "only at weekends"),  # noqa: E501
    (r"\bfrom (?=(?:mon|tues|wednes|thurs|fri|satur|sun)days? (?:to|through|till|until) )", "every "),
    (r"^(?:just )?as I (?=\w)", "when I "),
    (r"^if (?:I['’]ve )?(?:got|received) (?=an? )", "if I get "),
    (r"\bat the end of ((?:every|each|any|my|the|our) [\w ]{3,40}?)(?=,|$| remind| tell)", r"when \1 ends"),
    (r"\b(?:drops|falls|sinks|dips|goes down|gets down|is down|runs down) to (?=[\w -]{1,15}(?:%|per ?cent))", "drops below "),
    (r"\b(?:hits|reaches|climbs to|rises to|gets up to|is charged to) (?=(?:[5-9]\d|100|(?:fif|six|seven|eigh|nine)ty[\w -]{0,8}) ?(?:%|per ?cent))", "rises above "),  # noqa: E501
    (r"^check (?=at\b)", ""),
)  # fmt: skip
_ZH: tuple[tuple[str, _Put], ...] = (
    (r"(?:马上|立刻|立即|立马)(?!就?要)(?=\S)", ""),
    (r"^[^，,、。]{2,8}[，,](?=也就是)", ""),
    (r"(?<=[于到剩过回至足])([一二两三四五六七八九])成(?!功)", lambda found: f"百分之{found[1].replace('两', '二')}十"),
    (r"(?:不是|非)(周末|工作日)", lambda found: "工作日" if found[1] == "周末" else "周末"),
    (r"每逢(?=周|星期|礼拜)", "每"),
    (r"每到(?=周|星期|礼拜)", "每"),
    (r"(?<=灯|视)没(?:有)?(?:打?开|亮)着?(?!关)", "关着"),
    (r"(每天|每晚)([^，,]{0,10}?)[，,]?(?:但是?)?除了?(周[一二三四五六日末]|星期[一二三四五六日天])(?:以外|之外|外)?(?=[，,])", r"除了\3以外每天\2"),  # noqa: E501
    (r"除非我在([^，,才]{1,6}?)[，,]?(?:否则|不然)", r"如果我不在\1，"),
    (r"敞开?着", "开着"),
    (r"(?<=[开亮关])(着|了)?(?:已经)?(?:超过了?|持续了?|有)" + _LONG, lambda found: (found[1] or "着") + "满"),
    (r"每[过隔]" + _LONG, "每"),
    (r"每小时([零一二两三四五六七八九十百\d.]+)公里", r"\1公里每小时"),
    (r"(?:先)?(?:查|看|瞧|瞅)(?:一下|一眼|看|查)?(?:天气预报|天气|预报)(?=[，,])", "看一眼"),
    (r"(?<=[^，,\s])一?[打上踢练跑开]完(?=了|就|，|,|以后|之后|后|的时候)", "结束"),
    (r"([^，,。；;：:\s]{1,6}?)(周末|工作日|平日|上班日|双休日)(?=给我发|发来|发消息|打电话)", r"\2\1"),
)  # fmt: skip
_SPLIT = re.compile(r"的时候(?=[^，,。；;：:就才都，\s])")
_HOIST = re.compile(r"(^|[，,；;])([^，,；;：:。]{1,10}?)(要是|如果|若是|假如)(?=[^，,])")
_TELLS = re.compile(r"提醒|告诉|通知|叫我|喊我|说")


def reworded(text: str, language: str) -> str:
    """The same request in the words the patterns know; unchanged where it is said so already."""
    zh = language == "zh"
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(found[0])
        return chr(0xE000 + len(kept) - 1)

    masked = _QUOTED.sub(keep, text)
    for pattern, put in _ZH if zh else _EN:
        made: Any = put
        masked = re.sub(pattern, made, masked, flags=re.IGNORECASE)
    if zh:
        told = _TELLS.search(masked)
        at = told.start() if told else len(masked)
        head = _HOIST.sub(lambda found: f"{found[1]}{found[3]}{found[2]}", _SPLIT.sub("的时候，", masked[:at]))
        masked = head + masked[at:]
    else:
        masked = re.sub(
            r"\b(once|when|after|as soon as|whenever) (?:the )?([\ue000-\uf8ff]|[\w ]{2,40}?)(?: reminder)? (?:is|has been|gets) "
            r"(?:ticked off|checked off|crossed off|marked (?:as )?(?:done|complete))\b",
            r"\1 the reminder \2 is ticked off", masked, flags=re.IGNORECASE,
        ).replace("reminder reminder", "reminder")  # fmt: skip
    for number, each in enumerate(kept):
        masked = masked.replace(chr(0xE000 + number), each)
    return " ".join(masked.split())
