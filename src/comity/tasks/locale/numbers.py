# SPDX-License-Identifier: Apache-2.0
"""Numbers as a locale writes and says them."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from comity.errors import CallerError
from comity.tasks.entities.chinese.numbers import spoken as chinese
from comity.tasks.entities.english.numbers import spoken as english
from comity.tasks.locale.pack import Pack

Value = int | float | Decimal
WORDS_MOST = 10**12
_HANT = str.maketrans("万亿点负两", "萬億點負兩")
_CAPITAL = str.maketrans("零一二三四五六七八九十百千", "零壹贰叁肆伍陆柒捌玖拾佰仟")
_CAPITAL_HANT = str.maketrans("零一二三四五六七八九十百千万亿", "零壹貳參肆伍陸柒捌玖拾佰仟萬億")


def exact(value: Value) -> Decimal:
    """A float counts as what is written of it: 0.1 is a tenth.  Raises CallerError for what is no number."""
    try:
        found = Decimal(str(value))
    except ArithmeticError as wrong:
        raise CallerError("not a number", code="request.invalid", field="value", hint="send a number") from wrong
    if not found.is_finite() or abs(found.adjusted()) > 40:
        raise CallerError("a number out of range", code="request.invalid", field="value", hint="send one below 10^40")
    return found


def rounded(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)


def plain(value: Decimal) -> str:
    """Without an exponent, and without noughts after its last digit."""
    said = f"{value:f}"
    return said.rstrip("0").rstrip(".") if "." in said else said


def grouped(pack: Pack, value: Decimal, places: int | None = None) -> str:
    """``places``: digits after the sign of decimals; None: as many as it has."""
    said = plain(value) if places is None else f"{rounded(value, places):f}"
    sign, digits = (pack.number.minus, said[1:]) if said.startswith("-") else ("", said)
    if not digits.strip("0."):
        sign = ""
    whole, _, part = digits.partition(".")
    return sign + f"{int(whole):,}".replace(",", pack.number.group) + (pack.number.decimal + part if part else "")


def percent(pack: Pack, value: Decimal, places: int | None) -> str:
    share = value * 100
    return pack.number.percent.format(grouped(pack, share if places is not None else Decimal(plain(rounded(share, 2))), places))


def compact(pack: Pack, value: Decimal) -> str:
    """In the largest unit that leaves a whole part.  Exact where two decimals are enough, else rounded to what is usual."""
    sizes = pack.number.compact
    for at, (size, name) in enumerate(sizes):
        if abs(value) < size:
            continue
        share = value / size
        if rounded(share, 2) != share:
            share = rounded(share, pack.number.compact_places if abs(share) < 100 else 0)
            if at and abs(share) * size >= sizes[at - 1][0]:  # 999,999 is a million and not a thousand thousands
                share, name = share * size / sizes[at - 1][0], sizes[at - 1][1]
        digits = grouped(pack, share) if abs(share) >= 10000 else plain(share).replace(".", pack.number.decimal)
        return digits.replace("-", pack.number.minus, 1) + name
    return grouped(pack, value if rounded(value, 2) == value else rounded(value, 2))


def ordinal(pack: Pack, value: int) -> str:
    suffix = "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return pack.number.ordinal.format(value, suffix=suffix)


def words(pack: Pack, value: Decimal) -> str:
    """In full.  Raises CallerError from a thousand billion on."""
    if abs(value) >= WORDS_MOST:
        raise CallerError("a number too great to say", code="request.invalid", field="value", hint="at most 10^12, or digits")
    whole, part = int(abs(value)), plain(abs(value)).partition(".")[2]
    if pack.language == "zh":
        said = hant(pack, _liang(chinese(whole))) + (hant(pack, "点") + "".join(chinese(int(digit)) for digit in part) if part else "")
        return (hant(pack, "负") if value < 0 else "") + said
    if pack.language == "de":
        return ("minus " if value < 0 else "") + german(whole) + (" Komma " + " ".join(german(int(d)) for d in part) if part else "")
    said = english(whole) if pack.number.with_and else english(whole).replace(" and ", " ")
    return ("minus " if value < 0 else "") + said + (" point " + " ".join(english(int(digit)) for digit in part) if part else "")


def hant(pack: Pack, said: str) -> str:
    return said.translate(_HANT) if pack.script == "Hant" else said


def _liang(said: str) -> str:
    """Two of what is counted in thousands, myriads and hundreds of millions, where it comes first."""
    return "两" + said[1:] if said[:2] in ("二千", "二万", "二亿") else said


def capital(pack: Pack, amount: Decimal) -> str:
    """Money as cheques write it: 壹仟贰佰叁拾肆元伍角整."""
    cents = int(rounded(abs(amount), 2) * 100)
    table, units = (_CAPITAL_HANT, "元角分整") if pack.script == "Hant" else (_CAPITAL, "元角分整")
    whole, tenths, rest = cents // 100, cents // 10 % 10, cents % 10
    said = chinese(whole)
    said = ("一" + said if said.startswith("十") else said) + units[0] if whole or not cents else ""
    said += chinese(tenths) + units[1] if tenths else ("零" if whole and rest else "")
    said += chinese(rest) + units[2] if rest else units[3]
    return (hant(pack, "负") if amount < 0 else "") + said.translate(table)


_SMALL = [
    "null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf", "dreizehn", "vierzehn",
    "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn",
]  # fmt: skip
_TENS = ["zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"]


def german(value: int) -> str:
    """Of a whole number below a thousand milliards."""
    for size, one, many in ((10**9, "eine Milliarde", "Milliarden"), (10**6, "eine Million", "Millionen")):
        if value >= size:
            high, low = divmod(value, size)
            return (one if high == 1 else f"{_joined(high)} {many}") + (f" {german(low)}" if low else "")
    return _joined(value, last=True)


def _joined(value: int, last: bool = False) -> str:
    """Below a million, as one word; ``last``: a one at its end stands alone (`eins`)."""
    if value >= 1000:
        high, low = divmod(value, 1000)
        return _joined(high) + "tausend" + (_joined(low, last) if low else "")
    if value >= 100:
        high, low = divmod(value, 100)
        return _joined(high) + "hundert" + (_joined(low, last) if low else "")
    if value < 20:
        return "ein" if value == 1 and not last else _SMALL[value]
    ones, tens = value % 10, _TENS[value // 10 - 2]
    return f"{_joined(ones)}und{tens}" if ones else tens
