# SPDX-License-Identifier: Apache-2.0
"""How close a text stands to its reader: 你 and 您, du and Sie, contractions.

Rules and tables (`register.toml`), no model.  What says nothing to the reader stays; what cannot be changed for certain is left as it is.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from comity.tasks.locale.pack import Pack

Register = Literal["formal", "friendly"]
_QUOTED = re.compile(r"`[^`\n]*`|https?://\S+")


def register(pack: Pack, text: str, to: Register) -> str:
    change = {"zh": _chinese, "de": _german, "en": _english}[pack.language]
    pieces, at = [], 0
    for kept in _QUOTED.finditer(text):
        pieces += [change(pack, text[at : kept.start()], to), kept[0]]
        at = kept.end()
    return "".join([*pieces, change(pack, text[at:], to)])


@cache
def _tables() -> Mapping[str, Any]:
    found: Mapping[str, Any] = tomllib.loads(files("comity.tasks.locale").joinpath("register.toml").read_text(encoding="utf-8"))
    return found


# -- Chinese ----------------------------------------------------------------------------------------------------------


def _chinese(pack: Pack, text: str, to: Register) -> str:
    table = _tables()["zh"]
    idioms = "|".join(table["idioms"])
    if to == "friendly":
        return text.replace("您们", "你们").replace("您們", "你們").replace("您", "你")
    hant = pack.script == "Hant"
    text = re.sub(r"(?:你们|你們|妳們)(?=" + "|".join(table["bodies"]) + ")", "貴" if hant else "贵", text)
    text = re.sub(r"(?:你们|你們|妳們)", "各位", text)
    text = re.sub(rf"({idioms})|[你妳]", lambda found: found[1] or "您", text)
    for said, formal in table["words"].items():
        text = re.sub(said, formal, text)
    return text


# -- English ----------------------------------------------------------------------------------------------------------


def _english(pack: Pack, text: str, to: Register) -> str:
    table = _tables()["en"]
    if to == "friendly":
        for said, friendly in table["friendly"].items():
            text = _said(text, rf"\b(?:{said})\b", friendly)
        return text.replace("'", "’")
    text = re.sub(r"(?<=[A-Za-z])’(?=[a-z])", "'", text)
    for said, formal in table["formal"].items():
        text = _said(text, rf"(?<![\w'])(?:{said})(?![\w'])", formal)
    # who had done it, or who would: a participle tells
    text = re.sub(r"\b(I|you|he|she|it|we|they)'d\b(?= (?:better|been|\w+ed)\b)", r"\1 had", text, flags=re.I)
    text = re.sub(r"\b(I|you|he|she|it|we|they)'d\b", r"\1 would", text, flags=re.I)
    text = re.sub(r"\b(he|she|it|that|there|here|what|where|who|how)'s\b(?= (?:been|got|gone|had|\w+ed)\b)", r"\1 has", text, flags=re.I)
    text = re.sub(r"\b(he|she|it|that|there|here|what|where|who|how)'s\b", r"\1 is", text, flags=re.I)
    return re.sub(r"\s{2,}(?=\S)", " ", text) if "\n" not in text else text


def _said(text: str, pattern: str, instead: str) -> str:
    return re.sub(pattern, lambda found: _cased(found[0], found.expand(instead)), text, flags=re.IGNORECASE)


def _cased(before: str, after: str) -> str:
    return after[:1].upper() + after[1:] if before[:1].isupper() and not (len(before) > 1 and before.isupper()) else after


# -- German -----------------------------------------------------------------------------------------------------------

_POSSESSIVE = re.compile(r"\b([Dd]ein)(e[mnrs]?|)\b")
_SECOND = re.compile(r"\b([A-Za-zÄÖÜäöüß]+)\b")
_START = r"(?:^|(?<=[.!?:…] )|(?<=[.!?] „)|(?<=„)|(?<=\n))"
_AFTER = r"(?:(?<=, )|(?<= und )|(?<= oder )|(?<=bitte ))"


def _german(pack: Pack, text: str, to: Register) -> str:
    table = _tables()["de"]
    return _to_sie(text, table) if to == "formal" else _to_du(text, table)


def _to_sie(text: str, table: Mapping[str, Any]) -> str:
    text = _imperatives(text, table)
    # 1. the verb beside `du`, before or behind it, then one further off in the same clause
    text = re.sub(r"\b([A-Za-zäöüß]+)(\s+)[Dd]u\b", lambda m: (_plural(m[1], table) or m[1]) + m[2] + "Sie", text)
    text = re.sub(r"\b[Dd]u(\s+)([A-Za-zäöüß]+)\b", lambda m: "Sie" + m[1] + (_plural(m[2], table) or m[2]), text)
    text = re.sub(r"\b[Dd]u\b", "Sie", text)
    text = re.sub(r"\b(Sie\b[^.!?;:]*?)(?<= )([a-zäöüß]+st)\b(?=[\s,.!?;:]|$)", lambda m: m[1] + (_plural(m[2], table) or m[2]), text)
    text = re.sub(r"\b(und|oder|,)(\s+)([a-zäöüß]+st)\b", lambda m: m[1] + m[2] + (_plural(m[3], table) or m[3]), text)
    # 2. what is yours, and you as an object
    text = _POSSESSIVE.sub(lambda m: "Ihr" + m[2], text)
    text = re.sub(r"\b[Dd]ich\b", lambda m: "sich" if _reflexive(text, m.start()) else "Sie", text)
    text = re.sub(r"\b[Dd]ir\b", lambda m: "sich" if _reflexive(text, m.start(), table["dative_reflexive"]) else "Ihnen", text)
    for said, formal in table["words"].items():
        text = re.sub(rf"\b(?:{said})\b", formal, text)
    return text


def _reflexive(text: str, at: int, verbs: list[str] | None = None) -> bool:
    """`dich` of whoever acts: `Sie` stands before it in its clause, as what does the verb."""
    clause = re.split(r"[.!?;:]|, (?:dass|ob|wenn|weil)", text[:at])[-1]
    rest = re.split(r"[.!?;:,]", text[at:])[0]
    if verbs is not None and not any(re.search(verb, clause + rest) for verb in verbs):
        return False
    return bool(re.search(r"\bSie\b", clause)) and not re.search(r"\b(?:ich|wir|er|es|man)\b", clause)


def _plural(verb: str, table: Mapping[str, Any]) -> str:
    """Of `kannst`: `können`.  "" of what is no verb's second person."""
    low = verb.lower()
    found = table["second"].get(low)
    if found is None and low.endswith("st") and len(low) > 3 and low not in table["no_verbs"]:
        stem = low[:-2]
        if re.search(r"(?:[td]|[^lrhaeiouäöü][mn])e$", stem):
            stem = stem[:-1]  # arbeitest, öffnest
        found = stem + ("n" if stem.endswith(("e", "el", "er")) else "en")
        if low.endswith(("ßt", "zt")) or (stem.endswith("e") and not stem.endswith(("ie", "ee"))):
            found = stem + "n"
    if found is None:
        return ""
    return found[:1].upper() + found[1:] if verb[:1].isupper() else str(found)


def _imperatives(text: str, table: Mapping[str, Any]) -> str:
    commands: Mapping[str, str] = table["imperative"]
    words = "|".join(sorted(commands, key=len, reverse=True))

    def change(found: re.Match[str]) -> str:
        said, verb = found[1], found[2]
        formal = commands[verb.lower()]
        return (said or "") + (formal[:1].upper() + formal[1:] if verb[:1].isupper() else formal) + " Sie"

    not_yours = r"(?!\s+(?:du|ich|er|sie|es|wir|Sie|man)\b)"
    text = re.sub(rf"{_START}((?:Bitte |Dann |Also |Und |Hallo, )?)({words})\b{not_yours}", change, text, flags=re.I)
    return re.sub(
        rf"{_AFTER}()((?-i:{words}))\b(?=\s+(?:mir|mich|uns|dir|dich|bitte|dein\w*|die|den|das|dem|ein\w*|es|sie|ihn|alle\w*|einfach|doch|mal|kurz|auch|dann|nicht|an|in|im|auf|mit|zu\w*|bei\w*|bis|am|um|vor\w*)\b)",
        change,
        text,
    )


def _to_du(text: str, table: Mapping[str, Any]) -> str:
    singular: dict[str, str] = {plural: verb for verb, plural in reversed(list(table["second"].items()))}
    bare: dict[str, str] = {plural: verb for verb, plural in reversed(list(table["imperative"].items()))}

    def second(verb: str) -> str:
        low = verb.lower()
        found = singular.get(low)
        if found is None and low.endswith("en"):
            stem = low[:-2]
            found = stem + ("est" if stem.endswith(("t", "d")) else "t" if stem.endswith(("s", "ß", "z", "x")) else "st")
        if found is None:
            return ""
        return found[:1].upper() + found[1:] if verb[:1].isupper() else found

    def asked(found: re.Match[str]) -> str:
        question = "?" in re.split(r"(?<=[.!?])", found.string[found.end() :])[0]
        low = found[1].lower()
        if not question and low in bare and found[1][:1].isupper():
            return bare[low][:1].upper() + bare[low][1:]
        verb = second(found[1])
        return f"{verb} du" if verb else found[0]

    text = re.sub(r"\b([A-Za-zäöüß]+)\s+Sie\b", asked, text)
    text = re.sub(rf"{_START}Sie(\s+)([a-zäöüß]+en)\b", lambda m: "Du" + m[1] + (second(m[2]) or m[2]), text)
    text = re.sub(r"(?<=, )((?:dass|ob|wenn|weil|was|wie|wann|wo) )Sie\b([^,.!?]*?)\b([a-zäöüß]+en)(?=[,.!?])",
                  lambda m: f"{m[1]}du{m[2]}{second(m[3]) or m[3]}", text)  # fmt: skip
    text = re.sub(r"\bIhnen\b", "dir", text)
    return re.sub(r"(?<!^)(?<![.!?] )\bIhr(e[mnrs]?|)\b", lambda m: "dein" + m[1], text)
