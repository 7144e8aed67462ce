# SPDX-License-Identifier: Apache-2.0
"""A pack: one locale's facts, as its TOML file says them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import msgspec

TAGS = ("zh-CN", "zh-TW", "zh-HK", "en-US", "en-GB", "de-DE")
_FALLBACK = {
    "zh": "zh-CN", "zh-hans": "zh-CN", "zh-sg": "zh-CN", "zh-my": "zh-CN", "cmn": "zh-CN",
    "zh-hant": "zh-TW", "zh-mo": "zh-HK", "zh-hant-mo": "zh-HK", "yue": "zh-HK",
    "en": "en-US", "en-ca": "en-US", "en-ph": "en-US", "en-150": "en-GB", "en-001": "en-GB",
    "de": "de-DE",
}  # fmt: skip
_REST = {"zh": "zh-CN", "en": "en-GB", "de": "de-DE"}
"""Of a region that is not named: English outside North America is written as in Britain (CLDR: en-001)."""


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Prompt(_Part, frozen=True, kw_only=True):
    formal: str
    neutral: str
    friendly: str


class Number(_Part, frozen=True, kw_only=True, rename={"with_and": "and"}):
    decimal: str
    group: str
    percent: str
    ordinal: str
    compact: tuple[tuple[int, str], ...]  # largest first
    compact_places: int
    minus: str
    with_and: bool = False  # `one hundred and five`


class Money(_Part, frozen=True, kw_only=True):
    pattern: str
    code: str
    name: str
    symbols: dict[str, str]  # by ISO 4217
    names: dict[str, str]
    one: dict[str, str] = {}


class Date(_Part, frozen=True, kw_only=True):
    short: str
    long: str
    weekday: str
    day: str
    month: str
    weekdays: tuple[str, ...]  # from Monday
    months: tuple[str, ...] = ()
    era: str = ""
    era_begins: int = 0  # the year before its first


class Time(_Part, frozen=True, kw_only=True):
    short: str
    short_parts: tuple[tuple[int, str], ...] = ()  # of the day, by the hour it begins at
    parts: tuple[tuple[int, str], ...] = ()
    hour: str = ""
    half: str = ""
    quarter: str = ""
    minute: str = ""
    noon: str = ""
    midnight: str = ""


class Lunar(_Part, frozen=True, kw_only=True):
    year: str
    animal_year: str
    animals: tuple[str, ...]
    leap: str
    festivals: dict[str, str]  # by `month-day`, `eve`, or a solar term
    prefix: str = ""
    day: str = ""
    months: tuple[str, ...] = ()
    terms: dict[str, str] = {}
    feminine: tuple[str, ...] = ()


class Unit(_Part, frozen=True, kw_only=True):
    gap: str
    names: dict[str, str]
    local: dict[str, str]
    one: dict[str, str] = {}
    short: dict[str, str] = {}
    tight: tuple[str, ...] = ()  # signs that stand right at the number


class Person(_Part, frozen=True, kw_only=True):
    surname_first: bool
    titles: dict[str, str]
    mister: str
    miss: str
    formal: str
    neutral: str
    friendly: str
    titles_f: dict[str, str] = {}
    formal_f: str = ""
    formal_unknown: str = ""
    friendly_f: str = ""
    friendly_unknown: str = ""
    friendly_titled: str = ""  # where a title is kept among friends too


class Punctuation(_Part, frozen=True, kw_only=True):
    width: str  # full | half
    quotes: tuple[str, str, str, str]
    work: tuple[str, str]  # around a book's title
    ellipsis: str
    dash: str
    apostrophe: str = ""
    spaced: tuple[str, ...] = ()  # abbreviations of several words, which want a no-break space in between


class Pack(_Part, frozen=True, kw_only=True):
    tag: str
    name: str
    script: str  # ISO 15924
    sources: tuple[str, ...]
    prompt: Prompt
    number: Number
    money: Money
    date: Date
    time: Time
    lunar: Lunar
    unit: Unit
    person: Person
    punctuation: Punctuation

    @property
    def language(self) -> str:
        return self.tag.partition("-")[0]


@cache
def pack(tag: str) -> Pack:
    """``tag``: one of TAGS."""
    found: Pack = msgspec.toml.decode(files("comity.tasks.locale.packs").joinpath(f"{tag}.toml").read_bytes(), type=Pack)
    return found


def regional(tag: str) -> bool:
    """Whether it names a region, in a language that has a pack."""
    parts = tag.strip().replace("_", "-").lower().split("-")
    return parts[0] in (*_REST, "yue", "cmn") and any(len(part) == 2 or part.isdigit() for part in parts[1:])


def tag_of(asked: str) -> str | None:
    """Of TAGS, the nearest to a BCP 47 tag: by language, script and region, then without the script, then the language's own."""
    parts = asked.strip().replace("_", "-").lower().split("-")
    known = {tag.lower(): tag for tag in TAGS} | _FALLBACK
    script = next((part for part in parts[1:] if len(part) == 4 and part.isalpha()), "")
    region = next((part for part in parts[1:] if (len(part) == 2 and part.isalpha()) or (len(part) == 3 and part.isdigit())), "")
    forms = [(parts[0], script, region), (parts[0], region), (parts[0], script) if script else ()]
    rest = [known.get("-".join(filter(None, form))) for form in forms if region or script]
    if script and (mine := next((tag for tag in rest if tag), None)) and pack(mine).script.lower() != script:
        rest = [known.get(f"{parts[0]}-{script}")]  # simplified script in Taiwan is written as those who write it do
    return next((tag for tag in rest if tag), None) or (_REST.get(parts[0]) if region else None) or known.get(parts[0])
