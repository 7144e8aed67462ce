# SPDX-License-Identifier: Apache-2.0
"""Stand-ins by the shape of the original: mail addresses, user names, postal addresses, secrets, and whatever has no form."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from comity.privacy.normalise import fold
from comity.privacy.surrogates.draw import LETTERS, Draw
from comity.privacy.surrogates.index import joins
from comity.privacy.surrogates.lexicon import FAMILY, chinese, pool, words_of

SIGNS_MIN = 6  # so many letters or digits of a stand-in are drawn: fewer would be met by accident
SIGNS = LETTERS + "23456789"
_DOMAINS = ("example.com", "example.org", "example.net")  # RFC 2606
_PIECE = re.compile(r"[^\W\d_]+|[0-9]+|[\W_]")
Name = Callable[[str], str]  # a word of a name as its stand-in, or "" where it is none


def shape(original: str, draw: Draw, least: int = SIGNS_MIN) -> str:
    """Sign for sign: a digit for a digit, a letter for a letter of its script and case; the rest stays."""
    text, drawn = fold(original), 0
    out: list[str] = []
    for letter in text:
        made = _like(letter, draw)
        drawn += made is not None
        out.append(letter if made is None else made)
    return "".join(out) if drawn >= least else longer("".join(out), "".join(draw.pick(SIGNS) for _ in range(least + 2 - drawn)))


def longer(made: str, more: str) -> str:
    """``made`` with ``more`` in it, where no neighbour outside can grow together with it that could not before."""
    if made and joins(made[-1]):
        return made + more
    if made and joins(made[0]):
        return more + made
    return made[:1] + more + (made[1:] or made)


def _like(letter: str, draw: Draw) -> str | None:
    if letter.isascii():
        if letter.isdigit():
            return draw.digits(1)
        if not letter.isalpha():
            return None
        made = draw.pick(LETTERS)
        return made.upper() if letter.isupper() else made
    if not letter.isalpha():
        return None
    if "\u3400" <= letter <= "\u9fff":
        return draw.pick(chinese().neutral + chinese().male)
    row = [chr(code) for code in range(ord(letter) & ~0xF, (ord(letter) & ~0xF) + 16)]
    near = [each for each in row if each.isalpha() and each.isupper() == letter.isupper() and len(each.lower()) == 1]
    return draw.pick(near) if near else draw.pick(LETTERS)


_ARMOUR = re.compile(r"-----[A-Z0-9 ]+-----")
_ISSUER = re.compile(r"[A-Za-z]{2,8}[-_](?:[a-z]{2,6}[-_])?")


def secret(original: str, draw: Draw) -> str:
    """What says only which kind of secret it is stays: the armour of a key, the prefix of an issuer."""
    out, done = [], 0
    keep = list(_ARMOUR.finditer(original)) or [found for found in (_ISSUER.match(original),) if found and len(original) > 16]
    for found in keep:
        out += [shape(original[done : found.start()], draw) if original[done : found.start()].strip() else original[done : found.start()]]
        out.append(found[0])
        done = found.end()
    rest = original[done:]
    out.append(shape(rest, draw) if rest.strip() or not keep else rest)
    made = "".join(out)
    return made if made != original else shape(original, draw)


_NOT_ON_PLATES = str.maketrans("IOio", "JPjp")


def plate(original: str, draw: Draw) -> str:
    """The place that leads it stays: one province or district holds millions."""
    lead = re.match(r"[\u4e00-\u9fff][A-Za-z]?|[A-ZÄÖÜ]{1,3}(?=-)", fold(original))
    rest = shape(fold(original)[lead.end() if lead else 0 :], draw, 4)
    return (lead[0] if lead else "") + rest.translate(_NOT_ON_PLATES)


def document(original: str, draw: Draw) -> str:
    """A passport's or licence's letters at its head say the kind."""
    lead = re.match(r"[A-Za-z]{0,2}(?=[0-9]{5})", fold(original))
    return (lead[0] if lead else "") + shape(fold(original)[lead.end() if lead else 0 :], draw, 4)


def handle(original: str, draw: Draw, name: Name) -> str:
    """A user name: names in it as their own stand-ins, the rest as syllables."""
    made = "".join(_piece(piece, draw, name) for piece in _PIECE.findall(fold(original)))
    signs = sum(letter.isalnum() for letter in made)
    return made if signs >= SIGNS_MIN else longer(made, draw.word(SIGNS_MIN - signs) + draw.digits(2))


def _piece(piece: str, draw: Draw, name: Name) -> str:
    if piece.isdigit():
        return draw.digits(len(piece))
    if not piece.isalpha():
        return piece
    if not piece.isascii():
        return "".join(_like(letter, draw) or letter for letter in piece)
    made = name(piece) if len(piece) > 2 else ""
    if not made or not made.isascii():
        made = draw.word(max(3, min(len(piece), 10)))
    return made.upper() if piece.isupper() and len(piece) > 1 else made.capitalize() if piece[0].isupper() else made.lower()


_SPELT = re.compile(r"(?P<local>.+?)(?P<at>\s*(?:@|＠|[\[({<]\s*at\s*[\])}>]|\s+at\s+)\s*)(?P<domain>.+)", re.IGNORECASE | re.DOTALL)
_DOT = re.compile(r"\s*[\[({<]\s*dot\s*[\])}>]\s*|\s+dot\s+", re.IGNORECASE)


def email(original: str, draw: Draw, name: Name, domain: Draw) -> str:
    """A local part of the same build, at a domain kept for examples; two addresses of one domain have one domain."""
    found = _SPELT.fullmatch(original.strip())
    if found is None:
        return handle("user", draw, name) + "@" + draw.pick(_DOMAINS)
    local = "".join(letter for letter in fold(found["local"]) if letter.isalnum() or letter in "._%+-") or "user"
    dot = _DOT.search(found["domain"])
    host = domain.pick(_DOMAINS)
    return handle(local, draw, name) + found["at"] + (host.replace(".", dot[0]) if dot else host)


def domain_of(original: str) -> str:
    found = _SPELT.fullmatch(original.strip())
    return fold(found["domain"]).casefold() if found else ""


@cache
def _han_pieces() -> re.Pattern[str]:
    units = "|".join(sorted(words_of("han_units"), key=lambda unit: (-len(unit), unit)))
    return re.compile(rf"(?P<name>[\u3400-\u9fff]{{1,8}}?)(?P<unit>{units})(?![路街巷弄])|[\u3400-\u9fff]+|[0-9]+|[^\u3400-\u9fff0-9]+")


_COARSE = ("省", "自治区", "特别行政区", "市")
_NAMES = "云锦澄澜清翠霁兰枫桐棠蘅溪岚"
_NAMED = "栖川和庭泽屿台亭径湾坪浦洲塘"


def address(original: str, draw: Draw) -> str:
    """Streets, houses and towns that are nobody's; words that say what is what, and the country or province, stay."""
    text = fold(original)
    if any("\u3400" <= letter <= "\u9fff" for letter in text):
        return _address_han(text, draw)
    out = []
    for piece in _PIECE.findall(text):
        if piece.isdigit():
            out.append(_house(piece, draw))
        elif not piece.isalpha() or piece.lower() in words_of("kept"):
            out.append(piece)
        elif len(piece) <= 2:
            out.append("".join(_like(letter, draw) or letter for letter in piece))
        else:
            out.append(_place_name(piece, draw))
    return "".join(out)


def _house(digits: str, draw: Draw) -> str:
    if set(digits) == {"0"}:
        return digits
    made = str(draw.below(9) + 1) + draw.digits(len(digits) - 1)
    return made if digits[0] != "0" else "0" + made[1:]


@cache
def _stems(language: str) -> list[str]:
    """Of family names, with an end of their own: no street is then taken for a person."""
    return [name for name in pool(language, FAMILY) if name.isascii() and len(name) <= 8 and not name.endswith(("s", "ton", "ley", "ham"))]


def _place_name(word: str, draw: Draw) -> str:
    tail = next((each for each in sorted(words_of("tails")) if word.lower().endswith(each) and len(word) > len(each) + 2), "")
    stem = draw.pick(_stems("de" if tail else "en"))
    if tail:
        return stem + tail
    made = stem + draw.pick(("ham", "by", "ley", "wick", "stead", "burn"))
    return made.upper() if word.isupper() else made.lower() if word.islower() else made


def _address_han(text: str, draw: Draw) -> str:
    out = []
    for found in _han_pieces().finditer(text):
        name, unit, piece = found["name"], found["unit"], found[0]
        if name is not None:
            out.append((name if unit in _COARSE else _han_place(name, draw)) + unit)
        elif "\u3400" <= piece[0] <= "\u9fff":
            out.append(piece if piece in words_of("han_units") else _han_place(piece, draw))
        elif piece.isdigit():
            out.append(_house(piece, draw))
        else:
            out.append("".join(_like(letter, draw) or letter for letter in piece))
    return "".join(out)


def _han_place(name: str, draw: Draw) -> str:
    if all(letter in "一二三四五六七八九十零〇" for letter in name):
        return "".join(draw.pick("一二三四五六七八九") for _ in name)
    return draw.pick(_NAMES) + draw.pick(_NAMED)
