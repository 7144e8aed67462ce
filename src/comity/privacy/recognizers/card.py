# SPDX-License-Identifier: Apache-2.0
"""Payment cards: ISO/IEC 7812 numbers with their issuer's prefix and check digit."""

from __future__ import annotations

import re

from comity.privacy.checksums import luhn
from comity.privacy.recognizers.base import CERTAIN, HINTED, LIKELY, Hit, Recognizer, digits_of
from comity.privacy.recognizers.labels import label

_NUMBER = re.compile(r"(?<![A-Za-z0-9])(?<![0-9][.\-])(?<![0-9a-f]{4}-)[0-9](?:[ \-]{0,2}[0-9]){11,18}(?![A-Za-z0-9])(?![.\-][0-9])")
# Issuer ranges and lengths as the networks publish them.
_ISSUERS = (
    (re.compile(r"4"), (13, 16, 19)),  # Visa
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), (16,)),  # Mastercard
    (re.compile(r"3[47]"), (15,)),  # American Express
    (re.compile(r"62|81"), (16, 17, 18, 19)),  # UnionPay
    (re.compile(r"6011|64[4-9]|65"), (16, 17, 18, 19)),  # Discover
    (re.compile(r"352[89]|35[3-8]"), (16, 17, 18, 19)),  # JCB
    (re.compile(r"30[0-5]|36|38|39"), (14, 15, 16, 17, 18, 19)),  # Diners Club
    (re.compile(r"220[0-4]"), (16, 17, 18, 19)),  # Mir
    (re.compile(r"60|82|508"), (16,)),  # RuPay
    (re.compile(r"50|5[6-9]|6[0-9]|9[0-9]"), (16, 17, 18, 19)),  # Maestro, and old Chinese debit cards (9558…, 6013…)
)


def _issued(digits: str) -> bool:
    return any(len(digits) in lengths and prefix.match(digits) for prefix, lengths in _ISSUERS)


def _card(text: str, found: re.Match[str]) -> Hit | None:
    """Longest run first; a run of two numbers is tried down to the groups that make a card."""
    start = found.start()
    for end in _ends(found):
        digits = digits_of(text[start:end])
        good = luhn(digits)
        if not good and not 15 <= len(digits) <= 19:
            continue
        named = label(text, start)
        if good and _issued(digits):
            separated = end - start > len(digits)
            if named in ("other", "account", "phone") and not separated:
                continue
            # One number in ten passes the check by chance, so bare digits with a rare prefix need a word.
            common = digits[0] in "45" or digits[:2] in ("34", "37", "62", "65", "35")
            if named == "card" or separated or common:
                return Hit(start, end, CERTAIN)
            continue
        if named == "card" and 15 <= len(digits) <= 19:
            return Hit(start, end, LIKELY if good else HINTED)  # a slip of the pen still names the account
    return None


def _ends(found: re.Match[str]) -> list[int]:
    ends = [found.end()]
    text, at = found[0], len(found[0])
    while (cut := max(text.rfind(" ", 0, at), text.rfind("-", 0, at))) > 0:
        at = cut
        stop = found.start() + len(text[:cut].rstrip(" -"))
        if len(digits_of(text[:cut])) < 13:
            break
        ends.append(stop)
    return ends


def recognizers() -> tuple[Recognizer, ...]:
    return (
        Recognizer(
            name="bank_card", type="BANK_CARD", category="financial_account", jurisdiction="", pattern=_NUMBER,
            check=_card, contextual=True, digits=13,
            what="13 to 19 digits with issuer prefix and Luhn digit; after a word for card also without",
        ),
    )  # fmt: skip
