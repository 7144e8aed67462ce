# SPDX-License-Identifier: Apache-2.0
"""Bank accounts: IBAN (ISO 13616), and numbers right after a word for account."""

from __future__ import annotations

import re

from comity.privacy import checksums
from comity.privacy.recognizers.base import CERTAIN, HINTED, Hit, Recognizer, digits_of
from comity.privacy.recognizers.labels import nearest, words_of

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
    while at < found.end() and len(value) < size:
        if text[at].isalnum():
            value += text[at]
        at += 1
    after = text[at : at + 1]
    if not size or len(value) < size or (after.isascii() and after.isalnum()) or not checksums.iban(value.upper()):
        return None
    return Hit(found.start(), at, CERTAIN)


_BETWEEN = re.compile(r"[0-9]|[。；;，,]")


def _named(text: str, found: re.Match[str]) -> Hit | None:
    named, between = nearest(text, found.start(), reach=24)
    if len(digits_of(found[0])) < 6 or named != "account" or _BETWEEN.search(between):
        return None
    return Hit(found.start(), found.end(), HINTED)


def recognizers() -> tuple[Recognizer, ...]:
    return (
        Recognizer(
            name="iban", type="BANK_ACCOUNT", category="financial_account", jurisdiction="", pattern=_IBAN, check=_iban,
            digits=6, marks="#",
            what="IBAN with its country's length and check digits",
        ),
        Recognizer(
            name="account_named", type="BANK_ACCOUNT", category="financial_account", jurisdiction="", pattern=_NUMBER, check=_named,
            words=words_of("account"),
            what="6 to 25 digits right after a word for account or routing number", contextual=True,
        ),
    )  # fmt: skip
