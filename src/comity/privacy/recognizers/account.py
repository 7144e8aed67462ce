# SPDX-License-Identifier: Apache-2.0
"""Bank accounts: IBAN (ISO 13616), and numbers beside a word for account or for paying into one."""

from __future__ import annotations

import re

from comity.privacy import checksums
from comity.privacy.recognizers.base import CERTAIN, HINTED, Hit, Recognizer, counted, digits_of, table
from comity.privacy.recognizers.labels import label, nearest, words_of

# Lengths of the SWIFT IBAN registry.
_REGISTRY = (
    "AD:24 AE:23 AL:28 AT:20 AZ:28 BA:20 BE:16 BG:22 BH:22 BR:29 BY:28 CH:21 CR:22 CY:28 CZ:24 DE:22 DK:18 DO:28 EE:20 EG:29 "
    "ES:24 FI:18 FO:18 FR:27 GB:22 GE:22 GI:23 GL:18 GR:27 GT:28 HR:21 HU:28 IE:22 IL:23 IQ:23 IS:26 IT:27 JO:30 KW:30 KZ:20 "
    "LB:28 LC:32 LI:21 LT:20 LU:20 LV:21 LY:25 MC:27 MD:24 ME:22 MK:19 MR:27 MT:31 MU:30 NL:18 NO:15 PK:24 PL:28 PS:29 PT:25 "
    "QA:29 RO:24 RS:22 SA:24 SC:31 SE:24 SI:19 SK:24 SM:27 ST:25 SV:28 TL:23 TN:24 TR:26 UA:29 VA:22 VG:24 XK:20"
)
_LENGTHS = dict(pair.split(":") for pair in _REGISTRY.split())
_IBAN = re.compile(r"(?<![A-Za-z0-9])(?P<country>[A-Za-z]{2})[0-9]{2}(?:[ \-]?[A-Za-z0-9]){11,30}")
_NUMBER = re.compile(r"(?<![A-Za-z0-9])(?<![0-9][.\-])[0-9](?:[ \-]?[0-9]){5,24}(?![A-Za-z0-9])(?![.\-][0-9])")


def _iban(text: str, found: re.Match[str]) -> Hit | None:
    """As many characters as the country's accounts have, no more: what follows may be the sentence."""
    size = int(_LENGTHS.get(found["country"].upper(), 0))
    at, value = found.start(), ""
    if found[0][:size].isalnum():  # written in one
        at, value = at + min(size, len(found[0])), found[0][:size]
    while at < found.end() and len(value) < size:
        if text[at].isalnum():
            value += text[at]
        at += 1
    after = text[at : at + 1]
    if not size or len(value) < size or (after.isascii() and after.isalnum()) or not checksums.iban(value.upper()):
        return None
    return Hit(found.start(), at, CERTAIN)


# Between the word and a number that is not the account's: another number, another sentence, what is told of an account.
_BETWEEN = re.compile(
    r"[0-9]|[。；;，,](?![ ]?$)|\b(?:open|balance|has|had|have|since|date|limit|holds?|paid|worth|over|until)|余额|餘額"
    r"|日期|限额|金额|异常|到期"
)
_ONLINE = re.compile(r"(?:twitter|ads?|user|instagram|facebook|google|aws|azure|cloud|github|steam|discord|on)[ ]accounts?$", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")
_FILL = frozenset(
    table(
        "no nr nos num number numbers is was are the my our his her their new old following savings checking current "
        "bank with at in to code name holder "
        "ist lautet est es è número numero nummer numéro de del la le n o a c"
    )
)
_DATE = re.compile(r"(?:19|20)[0-9]{2}[ \-]?[01][0-9][ \-]?[0-3][0-9]")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
# `73920184 is my account number`, `00918273645 (Barclays account)`, `…，这是我的工行账号`
_THEN = re.compile(
    r"[ ]?(?:[(（][ ]?|[,，]?[ ]?(?:is|was|that's|which is|this is|就?是|为|这就?是)[ ]?)(?:[A-Za-z]{2,12}[ ]){0,3}[\u4e00-\u9fff]{0,8}?"
    r"(?:account|a/c|账号|帐号|帳號|賬號|账户|帐户|户口)|[ ]?[,;(/]?[ ]?(?:and[ ])?sort[ ]code",
    re.IGNORECASE,
)
# Words that name an account only right beside its number, or that tell to pay into it.
_KIND = re.compile(
    r"(?<![a-z])(?:checking|chequing|savings)[ ]?(?:[:#=]|no\.?|number)[ ]?$|(?:routing|aba|deposit|bank"
    r"|account)\b.{0,60}(?<![a-z])(?:checking|chequing|savings)[ ]?$"
)
_PAY = re.compile(
    r"(?:转给|轉給|打给|汇给|匯給|付给|转账|轉賬|轉帳|转钱|打钱|汇钱|汇款|匯款|打款|存到|存入|转入|退到|退回)[^0-9。；;\n]{0,12}$"
    r"|(?:银行|支行|分行|分理处|信用社|[工农建中招交]行)[ :：(（]{0,2}(?:的?(?:账号|卡号|账户|户)[ :：]?)?$|户名[^0-9。；;\n]{1,24}[，, ]$"
)
_PAID_DIGITS = range(12, 24)
_NO_ACCOUNT = frozenset({"other", "phone", "cn_id", "card"})


def _number(text: str, found: re.Match[str]) -> bool:
    """As many digits as an account has, no date, and no count of something."""
    return (
        len(digits_of(found[0])) >= 6
        and not _DATE.fullmatch(found[0])
        and not counted(text, found.end())
        and not digits_of(found[0]).endswith("00000")
    )


def _named(text: str, found: re.Match[str]) -> Hit | None:
    if not _number(text, found):
        return None
    named, between = nearest(text, found.start(), reach=24)
    if named == "account":
        ours = _plain(text, found, between)
    else:
        ours = (named == "" and label(text, found.start()) == "account") or (
            named not in _NO_ACCOUNT and _THEN.match(text, found.end()) is not None
        )
    return Hit(found.start(), found.end(), HINTED) if ours else None


def _plain(text: str, found: re.Match[str], between: str) -> bool:
    """Nothing but signs, `number is` and the name of a bank stands between the word for account and the number, or one comma."""
    begin = found.start() - len(between)
    if _BETWEEN.search(between) or _ONLINE.search(text, max(0, begin - 24), begin):
        return False
    if between.strip() in (",", "，") and not (len(digits_of(found[0])) > 7 or found[0][0] == "0"):
        return False
    words = _WORD.findall(text, begin, found.start())
    return all(word[0].isupper() or word in _FILL or word[0] > "\u2e7f" for word in words)


def _paid(text: str, found: re.Match[str]) -> Hit | None:
    digits = digits_of(found[0])
    if not _number(text, found) or _MOBILE.fullmatch(digits) or label(text, found.start()) in _NO_ACCOUNT:
        return None
    left = text[max(0, found.start() - 80) : found.start()]
    ours = (len(digits) >= 9 and _KIND.search(left.lower())) or (len(digits) in _PAID_DIGITS and _PAY.search(left))
    return Hit(found.start(), found.end(), HINTED) if ours else None


_PAID_WORDS = (
    "checking", "chequing", "savings", "转给", "轉給", "打给", "汇给", "匯給", "付给", "转账", "轉賬", "轉帳", "转钱", "打钱", "汇钱",
    "汇款", "匯款", "打款", "存到", "存入", "转入", "退到", "退回", "银行", "支行", "分行", "信用社", "工行", "农行", "建行", "中行",
    "招行", "交行", "户名",
)  # fmt: skip


def recognizers() -> tuple[Recognizer, ...]:
    return (
        Recognizer(
            name="iban", type="BANK_ACCOUNT", category="financial_account", jurisdiction="", pattern=_IBAN, check=_iban,
            digits=6, marks="#",
            what="IBAN with its country's length and check digits",
        ),
        Recognizer(
            name="account_named", type="BANK_ACCOUNT", category="financial_account", jurisdiction="", pattern=_NUMBER, check=_named,
            words=(*words_of("account"), "c"),
            what="6 to 25 digits beside a word for account or routing number, or in a column of them", contextual=True,
        ),
        Recognizer(
            name="account_paid", type="BANK_ACCOUNT", category="financial_account", jurisdiction="", pattern=_NUMBER, check=_paid,
            digits=9, words=_PAID_WORDS,
            what="long numbers after `转给`, `汇款`, a bank's name, `checking` and the like", contextual=True,
        ),
    )  # fmt: skip
