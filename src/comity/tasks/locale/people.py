# SPDX-License-Identifier: Apache-2.0
"""Names, and how a person is addressed at the head of a letter or message."""

from __future__ import annotations

import re
from typing import Literal

from comity.tasks.locale.pack import Pack

Formality = Literal["formal", "neutral", "friendly"]
Gender = Literal["m", "f", ""]
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]+")


def name(pack: Pack, family: str, given: str) -> str:
    """A Han name keeps its own order and no gap wherever it stands; one from elsewhere in Han script has a middle dot."""
    family, given = family.strip(), given.strip()
    if not family or not given:
        return family or given
    if _HAN.fullmatch(family) and _HAN.fullmatch(given):
        return f"{given}·{family}" if len(family) > 2 else family + given
    return f"{given} {family}"


def address(pack: Pack, family: str, given: str, gender: Gender, title: str, formality: Formality) -> str:
    """``title``: a key of the pack's titles (`doctor`, `professor` …), or one's own word for it; "" for none.

    Where neither title nor gender is known, the whole name stands: nobody is guessed to be a man.
    """
    said = pack.person
    called = said.titles.get(title, "" if title.isascii() else title)
    if gender == "f":
        called = said.titles_f.get(title, called)
    if formality == "friendly":
        return _friendly(pack, family, given, gender, called)
    honorific = said.mister if gender == "m" else said.miss if gender == "f" else ""
    if said.surname_first:
        who = family + (called or honorific) if family and (called or honorific) else name(pack, family, given) + called
    elif pack.language == "de":
        who = (
            " ".join(filter(None, (honorific, called, family)))
            if honorific
            else " ".join(filter(None, (called, name(pack, family, given))))
        )
    else:
        who = f"{called or honorific} {family}" if family and (called or honorific) else name(pack, family, given)
    if formality == "neutral":
        return said.neutral.format(called=who)
    return {"m": said.formal, "f": said.formal_f or said.formal}.get(gender, said.formal_unknown or said.formal).format(called=who)


def _friendly(pack: Pack, family: str, given: str, gender: Gender, called: str) -> str:
    said = pack.person
    if called and said.friendly_titled and family:
        return said.friendly_titled.format(called=family + called)  # a teacher stays 老师 among friends
    who = given if given and not (said.surname_first and len(given) == 1) else name(pack, family, given)
    pattern = {"m": said.friendly, "f": said.friendly_f or said.friendly}.get(gender, said.friendly_unknown or said.friendly)
    return pattern.format(called=who)
