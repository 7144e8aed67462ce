# SPDX-License-Identifier: Apache-2.0
"""Telephone numbers: found by the recognisers that also hide them, then written as E.164 where the country is known."""

from __future__ import annotations

import re
from collections.abc import Iterator

from comity.privacy.normalise import fold
from comity.privacy.scan import scan
from comity.tasks.entities.values import Entity, Phone

# How each country's own numbers look at home: the country code, and what of them is dialled behind it.
_HOME: dict[str, tuple[tuple[str, str], ...]] = {
    "CN": (("86", "(?:86)?(1[3-9][0-9]{9})"), ("86", "0((?:10|2[0-9]|[3-9][0-9]{2})[2-9][0-9]{6,7})")),
    **dict.fromkeys(("US", "CA"), (("1", "1?([2-9][0-9]{2}[2-9][0-9]{6})"), ("", "011([1-9][0-9]{7,14})"))),
    "HK": (("852", "([2-9][0-9]{7})"),),
    "MO": (("853", "([2-9][0-9]{7})"),),
    "SG": (("65", "([3689][0-9]{7})"),),
    "DK": (("45", "([2-9][0-9]{7})"),),
    "NO": (("47", "([2-9][0-9]{7})"),),
    "ES": (("34", "([6-9][0-9]{8})"),),
    "IT": (("39", "(0[0-9]{7,10}|3[0-9]{8,9})"),),
    "IN": (("91", "0?([6-9][0-9]{9})"),),
    **{
        region: ((code, "0([1-9][0-9]{7,10})"),)
        for region, code in {"GB": "44", "DE": "49", "FR": "33", "JP": "81", "KR": "82", "AU": "61", "NZ": "64", "NL": "31", "BE": "32",
                             "CH": "41", "AT": "43", "SE": "46", "IE": "353", "TW": "886"}.items()
    },
}  # fmt: skip
# Lines of firms belong to nobody, so nothing hides them; one may still wish to call them.
_SERVICE = re.compile(r"(?<![0-9A-Za-z\-])(?:400|800)(?P<s>[\- ]?)[0-9]{3,4}(?P=s)[0-9]{3,4}(?![0-9A-Za-z]|[\-.][0-9])")
_LED = re.compile(r"(?:\+|(?<![0-9])00)[ ]?[1-9][0-9]{0,2}[ \-/]$")  # a country code that the recogniser left
_DIALLED = re.compile(r"[ ]?x[ ]?[0-9]{1,6}(?![0-9A-Za-z])", re.IGNORECASE)
_EXTENSION = re.compile(r"[ ,]{0,2}(?:ext(?:ension)?\.?|x|转|轉|分机)[ ]?(?P<extension>[0-9]{1,6})$", re.IGNORECASE)


def phones(text: str, region: str) -> Iterator[Entity]:
    """In the order of the text."""
    if sum(map(str.isdigit, text)) < 5:
        return
    found = [(one.start, one.end) for one in scan(text) if one.type == "PHONE"]
    taken, plain = list(found), fold(text)
    for service in _SERVICE.finditer(plain):
        digits = sum(map(str.isdigit, service[0]))
        if digits == 10 and all(service.end() <= start or end <= service.start() for start, end in taken):
            found.append(service.span())
    for start, end in sorted(found):
        led = _LED.search(plain, max(0, start - 8), start)
        start = led.start() if led is not None and all(stop <= led.start() for _, stop in taken if stop <= start) else start
        dialled = _DIALLED.match(plain, end)
        end = dialled.end() if dialled is not None else end
        said = plain[start:end]
        extension = _EXTENSION.search(said)
        number = said[: extension.start()] if extension is not None else said
        digits_said = "".join(letter for letter in number if letter.isdigit())
        if len(digits_said) < 5:
            continue
        value = Phone(
            digits=digits_said, e164=e164(number, digits_said, region), extension=extension["extension"] if extension is not None else ""
        )
        yield Entity(start=start, end=end, readings=(value,))


def e164(said: str, digits: str, region: str) -> str:
    """ "" where the text and the region leave it open."""
    bare = said.lstrip(" (")
    if bare.startswith("+"):
        whole = re.sub(r"\(0\)", "", bare)
        digits = "".join(letter for letter in whole if letter.isdigit())
        return f"+{digits}" if 8 <= len(digits) <= 15 else ""
    if digits.startswith("00") and 10 <= len(digits) <= 17:
        return f"+{digits[2:]}"
    for code, plan in _HOME.get(region, ()):
        home = re.fullmatch(plan, digits)
        if home is not None:
            return f"+{code}{home[1]}"
    return ""
