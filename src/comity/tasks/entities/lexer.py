# SPDX-License-Identifier: Apache-2.0
"""From characters to the first row of nodes: numbers in digits, words of a vocabulary, marks; the rest is blank.

Every step keeps each character in its place, so a node's place is the caller's.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from comity.privacy.normalise import fold, lower
from comity.tasks.entities.cascade import Node

# Digits are ASCII by now.  A literal that runs on into more of its own kind is none (`12-34-56-78`, `1.2.3.4`).
_LITERAL = re.compile(
    r"(?P<power>[0-9]{1,15}(?:\.[0-9]{1,15})?(?:e[+\-]{0,3}[0-9]{1,2}|\^[+\-]{0,3}[0-9]{1,2}| ?[x×*] ?10\^[+\-]?[0-9]{1,2})(?![0-9a-z.]))"
    r"|(?P<clock>[0-9]{1,2}(?:h[0-9]{2}(?!m)|:[0-9]{2}(?::[0-9]{2})?)(?!:?[0-9]))"
    r"|(?P<ymd>[0-9]{4}(?P<s>[\-/.])[0-9]{1,2}(?P=s)[0-9]{1,2}(?![0-9]))"
    r"|(?P<dmy>[0-9]{1,2}(?P<t>[\-/.])[0-9]{1,2}(?P=t)(?:[0-9]{4}|[0-9]{2})(?![0-9]|(?P=t)[0-9]))"
    r"|(?P<spaced>(?:[0-9]{1,3}(?: [0-9]{3}){1,4}[.,][0-9]{1,2}|"
    r"[0-9]{1,3}(?: [0-9]{3}){0,4} 000|[0-9]{1,2}(?: [0-9]{3}){2,4})(?![0-9]|[ .,][0-9]))"
    r"|(?P<lakhs>[0-9]{1,2}(?:,[0-9]{2}){1,5},[0-9]{3}(?:\.[0-9]{1,15})?(?![0-9]|,[0-9]))"
    r"|(?P<apart>[0-9]{1,3}(?: , [0-9]{3}){1,4}(?: \. [0-9]{1,4})?(?![0-9]| , [0-9])|[0-9]{1,9} \. [0-9]{1,4}(?![0-9]| \. [0-9]))"
    r"|(?P<quoted>[0-9]{1,3}(?:'[0-9]{3}){1,5}(?:\.[0-9]{1,15})?(?![0-9]|'[0-9]))"
    r"|(?P<turned>[0-9]{1,3}(?:\.[0-9]{3}){1,5},[0-9]{1,2}(?![0-9]|[.,][0-9]))"
    r"|(?P<thousands>[0-9]{1,3}(?:,[0-9]{3}){1,6}(?:\.[0-9]{1,15})?(?![0-9]|,[0-9]))"
    r"|(?P<comma>(?<![0-9],)[0-9]{1,9},[0-9]{1,2}(?![0-9,:]))"
    r"|(?P<slash>[0-9]{1,4}/[0-9]{1,4}(?![0-9/]))"
    r"|(?P<decimal>[0-9]{0,20}\.[0-9]{1,20}(?![0-9]|\.[0-9]))"
    r"|(?P<whole>[0-9]{1,20}(?![0-9]))"
)
_DOTTED = re.compile(r"[0-9]*(?:\.[0-9]+){2}")  # a version, an address of a machine
_DIGITS = re.compile(r"[0-9][0-9.,:/\-]*")


_MARKS = str.maketrans("：，’￥", ":、'¥")  # a full-width comma parts numbers, and never thousands


_WIDE = re.compile(r"(?<=[０-９])，(?=[０-９]{3})")  # of full-width digits it parts thousands too


_LARGE = re.compile(r"(?<=[0-9])[MT](?![A-Za-z0-9])")  # `10M` is no length; a character for each, since both letters say more in small
MILLION, TRILLION = "\ue000", "\ue001"


def plain(text: str) -> str:
    """Full-width as ASCII and all in lower case, character for character."""
    folded = fold(_WIDE.sub(",", text) if "，" in text else text)
    return lower(_LARGE.sub(lambda found: MILLION if found[0] == "M" else TRILLION, folded)).translate(_MARKS)


def literal(text: str, at: int) -> Node | None:
    found = _LITERAL.match(text, at)
    if found is None:
        return None
    said, end = found[0], found.end()
    if (found["whole"] or found["decimal"]) and _DOTTED.match(text, at):
        return None
    if found["power"]:
        value = _power(said)
        return Node("DEC", at, end, value) if value is not None else None
    if found["clock"]:
        return Node("CLOCKLIT", at, end, (said[0] == "0", *map(int, said.replace("h", ":").split(":"))))
    if found["ymd"]:
        return Node("YMD", at, end, tuple(map(int, said.split(found["s"]))))
    if found["dmy"]:
        return Node("DMY", at, end, (found["t"], *map(int, said.split(found["t"]))))
    if found["slash"]:
        return Node("SLASH", at, end, tuple(map(int, said.split("/"))))
    if found["turned"] or found["comma"] or (found["spaced"] and "," in said):  # with a decimal comma, as `10,50 €`
        said = said.replace(".", "").replace(",", ".")
    said = said.replace(",", "").replace(" ", "").replace("'", "")
    return Node("DEC", at, end, _exact(said)) if "." in said else Node("INT", at, end, int(said))


def _exact(said: str) -> int | Fraction:
    value = Fraction(said)
    return int(value) if value.denominator == 1 else value


def _power(said: str) -> Fraction | None:
    base, mark, exponent = re.split(r"( ?[x×*] ?10\^|\^|e)", said, maxsplit=1)
    sign = -1 if exponent.count("-") % 2 else 1
    size = sign * int(exponent.lstrip("+-"))
    value = Fraction(base)
    if mark == "^":
        return value**size if value or size > 0 else None
    return value * Fraction(10) ** size


_SLASHED = re.compile(r"([0-9]{1,4})/([0-9]{1,4})")


def slashed(said: str) -> tuple[int, int, int, int] | None:
    """Of `05/12` and nothing more: 5, 12, and how many digits each has."""
    found = _SLASHED.fullmatch(said)
    return (int(found[1]), int(found[2]), len(found[1]), len(found[2])) if found is not None else None


def listed(words: str) -> list[str]:
    return words.split()


_AROUND = 64  # characters in which small words lead up to what says something, and follow it


def windows(text: str, strong: Any) -> list[tuple[int, int]]:
    """Stretches of whole words around every match, those that meet as one."""
    found: list[tuple[int, int]] = []
    behind = -1
    for match in strong.finditer(text):
        at = match.start()
        if at < behind:
            continue
        begin = text.rfind(" ", 0, at - _AROUND) + 1 if at > _AROUND else 0
        end = text.find(" ", match.end() + _AROUND)
        end = len(text) if end < 0 else end
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], end)
        else:
            found.append((begin, end))
        behind = end - _AROUND  # what lies before needs no window of its own
    return found


def after_digits(text: str, at: int) -> int:
    """Behind whatever run of digits and their marks begins here."""
    found = _DIGITS.match(text, at)
    return found.end() if found is not None else at + 1
