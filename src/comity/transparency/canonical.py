# SPDX-License-Identifier: Apache-2.0
"""One spelling for one JSON value: RFC 8785 (JCS).  What is signed or hashed has this form, so that anyone can make it again."""

from __future__ import annotations

import math
from decimal import Decimal
from json.encoder import encode_basestring  # section 3.2.2.2: short escapes, else \u00xx in lower case, the rest as it is
from typing import Any

INTEGER_MAX = 2**53 - 1  # section 3.2.2.3 with RFC 7493 section 2.2: beyond it readers disagree


def canonical(value: Any) -> bytes:
    """UTF-8 bytes.  Raises ValueError for NaN, infinity, a whole number too large, a lone surrogate, or what JSON does not have."""
    try:
        return _spelled(value).encode()
    except UnicodeEncodeError:
        raise ValueError("a lone surrogate has no canonical form") from None
    except RecursionError:
        raise ValueError("a value this deep has no canonical form") from None


def _spelled(value: Any) -> str:
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None or value is True or value is False:
        return "null" if value is None else "true" if value else "false"
    if isinstance(value, int):
        if abs(value) > INTEGER_MAX:
            raise ValueError("a whole number this large has no canonical form")
        return int.__repr__(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_spelled, value)) + "]"
    if isinstance(value, dict) and all(isinstance(name, str) for name in value):
        members = (f"{encode_basestring(name)}:{_spelled(value[name])}" for name in sorted(value, key=_code_units))
        return "{" + ",".join(members) + "}"
    raise ValueError(f"`{type(value).__name__}` has no canonical form")


def _code_units(name: str) -> bytes:
    """Section 3.2.3: by UTF-16 code units, which for rare characters is not the order of code points."""
    return name.encode("utf-16-be", "surrogatepass")


def _number(value: float) -> str:
    """ECMAScript's Number::toString, steps 5 to 10.  Python finds the same shortest digits and sets them out otherwise."""
    if not math.isfinite(value):
        raise ValueError("NaN and infinity have no canonical form")
    if value == 0:
        return "0"  # -0 too
    _, parts, exponent = Decimal(repr(abs(value))).normalize().as_tuple()
    assert isinstance(exponent, int)
    digits, sign = "".join(map(str, parts)), "-" if value < 0 else ""
    count = len(digits)
    point = count + exponent  # the decimal point stands after this many digits
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    fraction = "." + digits[1:] if count > 1 else ""
    return f"{sign}{digits[0]}{fraction}e{point - 1:+d}"
