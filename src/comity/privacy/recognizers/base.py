# SPDX-License-Identifier: Apache-2.0
"""What a recogniser is: one small unit that proposes places in a normalised text."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
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
                with `before` and `after` both 0 the pattern must match where a gate begins,
                else it searches from `before` characters ahead of a gate to `after` characters behind its beginning
    many:       characters one of which must be in the text at least five times (`:` for MAC and IPv6); then the whole text
    digits:     without gates and many: searched around runs of digits that hold at least so many,
    marks:      … and have one of these characters in or right beside them (`#` stands for an ASCII letter); empty: any run

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
    many: str = ""
    digits: int = 6
    marks: str = ""
    pattern: re.Pattern[str]
    check: Check
    contextual: bool = False


def whole(sure: int, group: int | str = 0) -> Check:
    """Accept every match of the pattern (its ``group``), ``sure`` as given."""

    def check(_: str, found: re.Match[str]) -> Hit | None:
        return Hit(found.start(group), found.end(group), sure)

    return check


# The words that name a number.  The last one before it counts: in `order 12 for phone 13…` that is `phone`.
_LABELS = {
    "phone": r"phone|phones|mobile|cell|tel|telephone|fax|whatsapp|wechat|call|dial|sms|ring|reach|reached|reachable|contact"
    r"|my number is|his number|her number|their number|our number|your number|téléphone|portable|tél|telefon|telefonnummer|handy"
    r"|handynummer|rufnummer|móvil|teléfono|telefone|celular|cellulare|telefono"
    r"|telefoon|携帯|전화|휴대폰|电话|電話|手机|手機|联系方式|聯繫方式|联系人|聯絡人|致电|拨打|座机|传真|號碼|号码|热线",
    "card": r"card|credit|debit|visa|mastercard|amex|unionpay|pan|carte|karte|tarjeta|卡号|卡號|银行卡|信用卡|储蓄卡|借记卡|尾号|卡",
    "account": r"account|acct|a/c|routing|iban|sort code|konto|compte|cuenta|账号|帐号|賬號|帳號|账户|帐户|开户",
    "cn_id": r"id|id card|identity|证件|證件|身份证|身份證|身份号码|证号|身分证",
    "ssn": r"ssn|social security|itin|tax id|tin|taxpayer",
    "nhs": r"nhs",
    "de_idnr": r"steuer-id|steuerid|steueridentifikationsnummer|idnr|identifikationsnummer|steuernummer",
    "fr_nir": r"nir|sécurité sociale|securite sociale|insee|numéro de sécu",
    "nl_bsn": r"bsn|burgerservicenummer|sofinummer",
    "in_aadhaar": r"aadhaar|aadhar|uidai|uid",
    "jp_mynumber": r"my number|mynumber|individual number|マイナンバー|個人番号",
    "kr_rrn": r"rrn|resident registration|주민등록번호|주민번호",
    "sg_nric": r"nric|fin",
    "tw_id": r"身分證|身分证|統一編號",
    "hk_id": r"hkid|hong kong id|香港身份證|香港身份证",
    "br_cpf": r"cpf",
    "other": r"order|orders|invoice|ticket|track|tracking|isbn|issn|sku|serial|s/n|part|model|ref|reference|case|version|build|commit|error"
    r"|code|po|timestamp|unix|epoch|hash|trace|request id|product|item|batch|订单|訂單|单号|單號|流水号|流水|编号|編號|序列号"
    r"|快递|運單|运单|版本|错误|型号|批次|条码|货号|时间戳|金额|价格|合同号|发票|工号|学号",
}


_LATIN_WORD = re.compile(r"[^\W\d_]+(?:[/-](?=[^\W\d_])[^\W\d_]+)?")


class _Words(NamedTuple):
    """Latin phrases by their last word, as (earlier words, group); wide words by first character, as (word, group)."""

    latin: dict[str, list[tuple[tuple[str, ...], str]]]
    wide: dict[str, list[tuple[str, str]]]


@cache
def _words() -> _Words:
    latin: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    wide: dict[str, list[tuple[str, str]]] = {}
    for name, words in _LABELS.items():
        for word in words.split("|"):
            if word[0] >= "\u0250":
                wide.setdefault(word[0], []).append((word, name))
            else:
                *earlier, last = word.split(" ")
                latin.setdefault(last, []).append((tuple(earlier), name))
    for entries in latin.values():
        entries.sort(key=lambda entry: -len(entry[0]))
    for choices in wide.values():
        choices.sort(key=lambda choice: -len(choice[0]))
    return _Words(latin, wide)


def nearest(text: str, start: int, *, reach: int = 32) -> tuple[str, str]:
    """The nearest labelling word within ``reach`` characters before ``start``, on the same line: its group's name, and
    what stands between it and ``start``; ("", "") when there is none."""
    left = text[max(0, start - reach) : start].lower()
    left = left[left.rfind("\n") + 1 :]
    words = _words()
    name, end = "", -1
    found = list(_LATIN_WORD.finditer(left))
    spelt = [each[0] for each in found]
    for place in range(len(found) - 1, -1, -1):
        for earlier, group in words.latin.get(spelt[place], ()):
            if not earlier or tuple(spelt[max(0, place - len(earlier)) : place]) == earlier:
                name, end = group, found[place].end()
                break
        if name:
            break
    if not left.isascii():
        for place in range(len(left) - 1, -1, -1):
            for word, group in words.wide.get(left[place], ()):
                if left.startswith(word, place) and place + len(word) > end:
                    return group, left[place + len(word) :]
    return (name, left[end:]) if name else ("", "")


def label(text: str, start: int, *, reach: int = 32) -> str:
    return nearest(text, start, reach=reach)[0]


def digits_of(value: str) -> str:
    return "".join(filter(str.isdigit, value))
