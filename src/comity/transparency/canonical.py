# SPDX-License-Identifier: Apache-2.0
"""One spelling for one JSON value: RFC 8785 (JCS), for what a receipt holds — text, whole numbers, truth, lists and objects.

Fractions are refused: RFC 8785 section 3.2.2.3 spells them as ECMAScript does, and no receipt needs one.
"""

from __future__ import annotations

import json
from typing import Any

INTEGER_MAX = 2**53 - 1  # RFC 8785 section 3.2.2.3 with RFC 7493 section 2.2: beyond it readers disagree


def canonical(value: Any) -> bytes:
    """UTF-8 bytes.  Raises ValueError for a fraction, a number too large, a lone surrogate, or what JSON does not have."""
    try:
        return json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":")).encode()
    except (UnicodeEncodeError, RecursionError) as error:
        raise ValueError("not a value that has a canonical form") from error


def _ordered(value: Any) -> Any:
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        if abs(value) > INTEGER_MAX:
            raise ValueError("a whole number is too large for a canonical form")
        return value
    if isinstance(value, list | tuple):
        return [_ordered(item) for item in value]
    if isinstance(value, dict) and all(isinstance(name, str) for name in value):
        # Section 3.2.3: by UTF-16 code units, which for rare characters is not the order of code points.
        return {name: _ordered(value[name]) for name in sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))}
    raise ValueError(f"`{type(value).__name__}` has no canonical form")
