# SPDX-License-Identifier: Apache-2.0
"""Chinese in the script of a locale, by OpenCC's tables: character by character, no word is put in place of another."""

from __future__ import annotations

from functools import cache
from typing import Any

_BY_PLACE = {"tw": "s2tw", "hk": "s2hk", "mo": "s2hk", "hant": "s2t"}


def in_script(text: str, tag: str) -> str:
    """``tag``: BCP 47.  What is not Chinese stays as it is; `zh` alone is written in simplified characters, as most who read it do.

    Raises ImportError where `opencc` is not installed.
    """
    parts = tag.lower().replace("_", "-").split("-")
    if parts[0] not in ("zh", "yue", "cmn"):
        return text
    way = next((_BY_PLACE[part] for part in parts[1:] if part in _BY_PLACE), "t2s")
    return str(_converter(way).convert(text))


@cache
def _converter(way: str) -> Any:
    import opencc

    return opencc.OpenCC(way)
