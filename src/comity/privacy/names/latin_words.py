# SPDX-License-Identifier: Apache-2.0
"""Words as the reader of names learnt them: English clitics and most punctuation stand alone, initials and titles keep their dot."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

_DOTTED = (
    "Adj Adm Adv Ala Apr Ariz Ark Aug Ave Blvd Bros Calif Capt Cmdr Co Col Colo Conn Corp Dec Del Dept Dr Feb Fla Ga Gen Gov Hon Ill Inc "
    "Ind Jan Jr Jul Jun Kan Kans Ky La Lt Ltd Maj Mass Md Me Messrs Mich Minn Miss Mo Mont Mr Mrs Ms Mt Neb Nebr Nev Nov Oct Okla Ore Pa "
    "Ph Prof Pvt Rep Rev Sen Sep Sept Sgt Sr St Supt Tenn Va Wash Wis Vol Figs Fig No al approx dept e.g etc est i.e vs v p.m a.m"
)
_CLITICS = "['\u2019](?:s|S|m|M|re|RE|ve|VE|ll|LL|d|D)"
_EAST = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"  # kana, Han, Hangul: no spaces part them from a Latin name
_LETTER = rf"(?:[^\W\d_{_EAST}][\u0300-\u036f]*)"  # with the accents of one written as two


@cache
def _pattern() -> re.Pattern[str]:
    dotted = "|".join(map(re.escape, sorted(_DOTTED.split(), key=len, reverse=True)))
    return re.compile(
        rf"""
        (?:https?://|www\.)[^\s<>"]+ | [\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+  # whole
        | (?:{_LETTER}\.){{2,}}                                        # U.S., J.R.R.
        | (?<![^\W{_EAST}])(?:{dotted})\.(?!\w)
        | (?<![^\W{_EAST}])[A-Z\u00c0-\u00de]\.(?!\w)                          # an initial
        | \w+?(?=n['\u2019]t\b) | n['\u2019]t\b | {_CLITICS}\b         # did n't, Maria 's
        | {_LETTER}['\u2019](?={_LETTER}{{2}})(?:{_LETTER}|['\u2019](?={_LETTER}{{2}}))+  # O'Brien, d'Angelo
        | \d+(?:[.,:]\d+)*
        | {_LETTER}+(?:\d[^\W_{_EAST}]*)? | [{_EAST}]+
        | [^\S ]+ | (?<=\s)\ + | \.{{2,}} | [^\s]                      # a line's end; each mark for itself
        """,
        re.VERBOSE,
    )


class Word(NamedTuple):
    text: str
    start: int
    end: int


def words(text: str) -> list[Word]:
    return [Word(found[0], found.start(), found.end()) for found in _pattern().finditer(text)]
