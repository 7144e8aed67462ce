# SPDX-License-Identifier: Apache-2.0
"""Telephone numbers: found by the recognisers that also hide them, then written as E.164 where the country is known."""

from __future__ import annotations

import re
from collections.abc import Iterator

from comity.privacy.normalise import fold
from comity.privacy.scan import scan
from comity.tasks.entities.values import Entity, Phone

# Country code, and whether a first zero is dialled at home only.
_HOME = {
    "CN": ("86", True), "GB": ("44", True), "DE": ("49", True), "FR": ("33", True), "JP": ("81", True), "KR": ("82", True),
    "AU": ("61", True), "NZ": ("64", True), "NL": ("31", True), "BE": ("32", True), "CH": ("41", True), "AT": ("43", True),
    "SE": ("46", True), "IE": ("353", True), "TW": ("886", True), "ES": ("34", False), "IT": ("39", False), "DK": ("45", False),
    "NO": ("47", False), "HK": ("852", False), "MO": ("853", False), "SG": ("65", False), "IN": ("91", True),
}  # fmt: skip
_NANP = frozenset({"US", "CA"})
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
    if region in _NANP:
        if digits.startswith("011") and 11 <= len(digits) <= 18:
            return f"+{digits[3:]}"
        home = digits[1:] if len(digits) == 11 and digits[0] == "1" else digits
        return f"+1{home}" if re.fullmatch(r"[2-9][0-9]{2}[2-9][0-9]{6}", home) else ""
    if region == "CN":
        home = digits[2:] if re.fullmatch(r"861[3-9][0-9]{9}", digits) else digits
        if re.fullmatch(r"1[3-9][0-9]{9}", home):
            return f"+86{home}"
        return f"+86{home[1:]}" if re.fullmatch(r"0(?:10|2[0-9]|[3-9][0-9]{2})[2-9][0-9]{6,7}", home) else ""
    code, trunk = _HOME.get(region, ("", False))
    if not code:
        return ""
    if trunk and digits.startswith("0"):
        return f"+{code}{digits[1:]}" if 9 <= len(digits) <= 12 else ""
    if not trunk and 8 <= len(digits) <= 11:
        return f"+{code}{digits}"
    return f"+91{digits}" if region == "IN" and re.fullmatch(r"[6-9][0-9]{9}", digits) else ""
