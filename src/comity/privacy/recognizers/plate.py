# SPDX-License-Identifier: Apache-2.0
"""Number plates.  Some forms are seldom anything else; the others need a word such as `plate`, `car` or `Kennzeichen`."""

from __future__ import annotations

import re

from comity.privacy.recognizers.base import HINTED, LIKELY, Check, Hit, Recognizer
from comity.privacy.recognizers.labels import following, label, nearest, words_of

_EDGE = r"(?<![A-Za-z0-9_])(?<![A-Za-z0-9][\-/.])"
_END = r"(?![A-Za-z0-9_])(?![\-/.][A-Za-z0-9])"

# GA 36-2018: region, office, five places (six for new energy); I and O are not used in the number.
_REGIONS = "京津沪滬渝冀豫云雲辽遼黑湘皖鲁魯新苏蘇浙赣贛鄂桂甘晋晉蒙陕陝吉闽閩贵貴粤粵青藏川宁寧琼瓊使军軍"
_CN = re.compile(
    rf"[{_REGIONS}][ ]?[A-HJ-Za-hj-z][ ]?[·•・.\-]?[ ]?(?=[A-Za-z]{{0,4}}[0-9])"
    r"(?:[A-HJ-NP-Za-hj-np-z0-9]{5,6}|[A-HJ-NP-Za-hj-np-z0-9]{4}[挂学學警港澳领領试試超])(?![A-Za-z0-9])"
)
_WJ = re.compile(
    rf"{_EDGE}WJ[ ]?[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]?[ ]?[·•]?[0-9]{{4,5}}[A-Z]?(?![A-Za-z0-9])"
)
# DVLA INF104: region and place, age, three letters; I and Q are not used, Z not in front.  Found from its two digits.
_GB = re.compile(r"[0-9]{2}[ ][A-HJ-PR-Z]{3}(?![A-Za-z0-9_])(?![\-/.][A-Za-z0-9])")
_GB_HEAD = re.compile(r"(?<![A-Za-z0-9_])(?<![A-Za-z0-9][\-/.])[A-HJ-PR-Y][A-HJ-PR-Y]$")
_IN_STATES = "AN|AP|AR|AS|BH|BR|CG|CH|DD|DL|GA|GJ|HP|HR|JH|JK|KA|KL|LA|LD|MH|ML|MN|MP|MZ|NL|OD|OR|PB|PY|RJ|SK|TN|TR|TS|UK|UP|WB"
_IN = re.compile(rf"{_EDGE}(?:{_IN_STATES})(?P<sep>[ \-]?)[0-9]{{1,2}}(?P=sep)[A-Z]{{1,3}}(?P=sep)[0-9]{{4}}{_END}")
_JP = re.compile(r"[\u4e00-\u9fffぁ-ん]{1,4}+[ ]?[0-9]{2,3}[ ]?[ぁ-ん][ ]?[0-9・]{1,2}-?[0-9]{2}(?![0-9])")
_KR = re.compile(r"[0-9가-힣](?<![가-힣0-9].)(?:(?<=[가-힣])[가-힣][ ]?[0-9]|(?<=[0-9]))[0-9]{1,2}[ ]?[가-힣][ ]?[0-9]{4}(?![0-9A-Za-z])")
# Letters and digits in two or three groups; a word decides.
_ANY = re.compile(
    rf"(?=[A-ZÄÖÜ0-9]){_EDGE}(?:[A-ZÄÖÜ]{{1,3}}[ \-][A-Z]{{1,2}}[ \-]?[0-9]{{1,4}}[EH]?"  # DE, AT, CZ, PL
    r"|[A-Z]{2}[ \-]?[0-9]{2}[ \-]?[A-Z]{3}|[A-Z]{1,2}[0-9]{1,3}[ ]?[A-Z]{3}|[A-Z]{3}[ ]?[0-9]{1,3}[A-Z]"  # GB, old and new
    r"|[A-Z]{2}[ \-]?[0-9]{3}[ \-]?[A-Z]{2}|[0-9][A-Z]{2}[ \-]?[0-9][A-Z]{2}|[0-9]{1,4}[ \-]?[A-Z]{2,3}(?:[ "
    r"\-]?[0-9]{2})?"
    # FR, IT, ES, old FR
    r"|[A-Z]{1,4}[ \-]?[0-9]{2,5}[A-Z]?|[0-9]{1,3}[ \-]?[A-Z]{1,3}[ \-]?[0-9]{1,4}|[0-9]{3,4}[ \-][A-Z]{2,3}"
    "|[0-9][A-Z]{3}[0-9]{3}"
    # US, NL, HK, TW
    rf"|[A-Z0-9]{{1,3}}-[A-Z0-9]{{1,3}}-[A-Z0-9]{{1,5}}|[A-Z]{{2}}[0-9]{{2}}[A-Z]{{2}}|[A-Z0-9]{{2,4}}[ \-][A-Z0-9]{{2,4}}"
    rf"|[A-Z]{{3}}[0-9][A-Z][0-9]{{2}}){_END}"  # NL, BE, BR
)
_AWAY = re.compile(r"[0-9。；;!?！？]|[a-z]{4}\.\s|insur|policy|保险|保单|model|company|business|student|course|event|voter")
_YEAR = re.compile(
    r"[A-Z]{1,4}[ \-](?:19[5-9]|20[0-3])[0-9]|(?:19[5-9]|20[0-3])[0-9][ \-][A-Z]+|[0-9]{1,4}[ \-]?(?:AM|PM|KM|KMH|KPH|HP|BHP|CC|RPM|FT|KG"
    "|GB|MB|MPH|MM|CM|USD|EUR)"
)
# After a word for a vehicle, unlike one for its plate, nothing but signs and these.
_VEHICLE = re.compile(r"(?:vehicle|car|fahrzeugs?)$", re.IGNORECASE)
_OF_VEHICLE = re.compile(r"[^A-Za-z]*(?:(?:is|was|with|no|number|the|registered|as|bearing|displaying)\b[^A-Za-z]*)*", re.IGNORECASE)
_OTHER_REGISTER = re.compile(
    r"(?:company|business|course|class|event|trade ?mark|domain|voter|student|conference|product|home|charity|tax|vat|steel|base)[ ]"
    r"(?:registration|reg|registered|plate)$",
    re.IGNORECASE,
)
_LEAST = 4  # letters and digits
_FREE = frozenset({"", "plate", "cn_id", "phone", "licence", "passport", "account", "card"})


def _cn(text: str, found: re.Match[str]) -> Hit | None:
    return None if label(text, found.start(), reach=10) == "other" else Hit(found.start(), found.end(), LIKELY)


def _gb(text: str, found: re.Match[str]) -> Hit | None:
    head = _GB_HEAD.search(text, max(0, found.start() - 4), found.start())
    if head is None or label(text, head.start()) not in _FREE:
        return None
    return Hit(head.start(), found.end(), LIKELY)


def _free(text: str, found: re.Match[str]) -> Hit | None:
    return Hit(found.start(), found.end(), LIKELY) if label(text, found.start()) in _FREE else None


def _named(text: str, found: re.Match[str]) -> Hit | None:
    value = found[0]
    if _YEAR.fullmatch(value) or not any(map(str.isdigit, value)) or not any(map(str.isalpha, value)):
        return None
    if sum(map(str.isalnum, value)) < _LEAST:
        return None
    named, between = nearest(text, found.start(), reach=36)
    ours = named == "plate" and len(between) <= 28 and not _AWAY.search(between)
    if ours and _OTHER_REGISTER.search(text, max(0, found.start() - len(between) - 28), found.start() - len(between)):
        return None
    if ours and _VEHICLE.search(text, max(0, found.start() - len(between) - 10), found.start() - len(between)):
        ours = _OF_VEHICLE.fullmatch(between) is not None
    if ours or (named == "" and label(text, found.start()) == "plate") or following(text, found.end()) == "plate":
        return Hit(found.start(), found.end(), HINTED)
    return None


def recognizers() -> tuple[Recognizer, ...]:
    def unit(
        name: str, where: str, what: str, pattern: re.Pattern[str], check: Check, words: tuple[str, ...] = (), *, after: int = 0
    ) -> Recognizer:
        return Recognizer(
            name=name, type="PLATE", category="specific_identity", jurisdiction=where, what=what, pattern=pattern, check=check,
            digits=0, numbered=True, words=words, before=after and 1, after=after, contextual=True,
        )  # fmt: skip

    return (
        unit("plate_cn", "CN", "region, office and five or six places", _CN, _cn, tuple(_REGIONS), after=20),
        unit("plate_cn_police", "CN", "plates of the armed police", _WJ, _free, ("wj",)),
        unit("plate_gb", "GB", "two letters, two digits, three letters with the space between", _GB, _gb),
        unit("plate_in", "IN", "state, district, series and number", _IN, _free,
             tuple(state.lower() for state in _IN_STATES.split("|")), after=20),
        unit("plate_jp", "JP", "office, class, kana and number, after a word for plate", _JP, _named, words_of("plate")),
        unit("plate_kr", "KR", "class, syllable and number, after a word for plate", _KR, _named, words_of("plate")),
        unit("plate_named", "", "letters and digits in the forms of many countries, after a word for plate or vehicle", _ANY, _named,
             words_of("plate")),
    )  # fmt: skip
