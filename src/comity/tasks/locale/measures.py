# SPDX-License-Identifier: Apache-2.0
"""Measures, written in a locale and in what its people measure with.

A 斤 is 500 g on the mainland, a 台斤 600 g, Hong Kong's catty 604.78982 g (Cap. 68); a 坪 is 400/121 m², a 亩 10000/15 m².
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from comity.errors import CallerError
from comity.tasks.locale.numbers import grouped, rounded
from comity.tasks.locale.pack import Pack

Style = Literal["long", "short", "local"]
# unit: what it measures, and how much of that one's base it is
_SIZES: dict[str, tuple[str, str]] = {
    "km": ("length", "1000"), "m": ("length", "1"), "cm": ("length", "0.01"), "mm": ("length", "0.001"), "mi": ("length", "1609.344"),
    "yd": ("length", "0.9144"), "ft": ("length", "0.3048"), "in": ("length", "0.0254"), "nmi": ("length", "1852"),
    "kg": ("mass", "1"), "g": ("mass", "0.001"), "mg": ("mass", "0.000001"), "t": ("mass", "1000"), "lb": ("mass", "0.45359237"),
    "oz": ("mass", "0.028349523125"), "st": ("mass", "6.35029318"), "jin": ("mass", "0.5"), "liang": ("mass", "0.05"),
    "taijin": ("mass", "0.6"), "catty": ("mass", "0.60478982"),
    "L": ("volume", "1"), "mL": ("volume", "0.001"), "gal": ("volume", "3.785411784"), "gal_uk": ("volume", "4.54609"),
    "pt": ("volume", "0.473176473"), "pt_uk": ("volume", "0.56826125"), "cup": ("volume", "0.2365882365"),
    "floz": ("volume", "0.0295735295625"),
    "sqm": ("area", "1"), "sqkm": ("area", "1000000"), "sqcm": ("area", "0.0001"), "sqft": ("area", "0.09290304"),
    "sqmi": ("area", "2589988.110336"), "ac": ("area", "4046.8564224"), "ha": ("area", "10000"), "mu": ("area", "666.6666666667"),
    "ping": ("area", "3.3057851240"),
    "kmh": ("speed", "1"), "mph": ("speed", "1.609344"), "ms": ("speed", "3.6"),
    "kWh": ("energy", "3600"), "kJ": ("energy", "1"), "cal": ("energy", "0.004184"), "kcal": ("energy", "4.184"),
    "degC": ("heat", "1"), "degF": ("heat", "1"),
}  # fmt: skip
_ALIASES = {
    "°c": "degC", "℃": "degC", "c": "degC", "celsius": "degC", "cel": "degC", "°f": "degF", "℉": "degF", "f": "degF", "fahrenheit": "degF",
    "[degf]": "degF", "m²": "sqm", "m2": "sqm", "km²": "sqkm", "km2": "sqkm", "cm²": "sqcm", "ft²": "sqft", "ft2": "sqft", "sq ft": "sqft",
    "mi²": "sqmi", "sq mi": "sqmi", "acre": "ac", "acres": "ac", "hectare": "ha", "km/h": "kmh", "kph": "kmh", "mi/h": "mph", "m/s": "ms",
    "l": "L", "liter": "L", "litre": "L", "ml": "mL", "fl oz": "floz", "fl_oz": "floz", "gallon": "gal", "pint": "pt", "mile": "mi",
    "miles": "mi", "inch": "in", "foot": "ft", "feet": "ft", "yard": "yd", "pound": "lb", "pounds": "lb", "lbs": "lb", "ounce": "oz",
    "stone": "st", "斤": "jin", "市斤": "jin", "两": "liang", "台斤": "taijin", "坪": "ping", "亩": "mu", "畝": "mu", "tsubo": "ping",
    "[mi_i]": "mi", "[ft_i]": "ft", "[in_i]": "in", "[lb_av]": "lb", "kwh": "kWh", "kj": "kJ",
}  # fmt: skip


def unit_of(name: str) -> str:
    """Raises CallerError for a unit that is not known."""
    found = name if name in _SIZES else _ALIASES.get(name.lower(), name.lower())
    if found not in _SIZES:
        raise CallerError(
            "a unit that is not known", code="request.invalid", field="unit", hint=f"one of {', '.join(f'`{each}`' for each in _SIZES)}"
        )
    return found


def measure(pack: Pack, value: Decimal, unit: str, style: Style) -> str:
    """``local``: in what the locale's people measure with, to three figures; as it is where that is what they do."""
    unit = unit_of(unit)
    if style == "local":
        to = pack.unit.local.get(unit, unit)
        if to != unit:
            value, unit = tidy(converted(value, unit, to)), to
    short = pack.unit.short.get(unit)
    if style != "long" and short:
        gap = "" if unit in pack.unit.tight or pack.language == "zh" else pack.unit.gap
        return grouped(pack, value) + gap + short
    name = pack.unit.one.get(unit, pack.unit.names[unit]) if abs(value) == 1 else pack.unit.names[unit]
    return grouped(pack, value) + pack.unit.gap + name


def converted(value: Decimal, unit: str, to: str) -> Decimal:
    (kind, size), (other, base) = _SIZES[unit], _SIZES[to]
    if kind != other:
        raise CallerError("two units that do not measure the same", code="request.invalid", field="unit", hint="convert like into like")
    if kind == "heat":
        if unit == to:
            return value
        return (value - 32) * 5 / 9 if to == "degC" else value * 9 / 5 + 32
    return value * Decimal(size) / Decimal(base)


def tidy(value: Decimal) -> Decimal:
    """To three figures, and never to less than a whole one."""
    if not value:
        return value
    return rounded(value, min(6, max(0, 2 - value.adjusted())))
