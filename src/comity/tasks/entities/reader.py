# SPDX-License-Identifier: Apache-2.0
"""From a text to its entities."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from comity.tasks.entities.calendar import Frame
from comity.tasks.entities.chinese import grammar as chinese
from comity.tasks.entities.english import grammar as english
from comity.tasks.entities.finish import finished
from comity.tasks.entities.lexer import plain
from comity.tasks.entities.phones import phones
from comity.tasks.entities.values import KINDS, TEMPORAL, Entity

# How far a grammar is gone through for what is wanted: numbers alone are found before they become parts of anything.
_NUMBERS = frozenset({"number", "ordinal"})
_GRAMMARS = {"en": english, "zh": chinese}


def entities(text: str, *, language: str, at: datetime, region: str = "", kinds: Collection[str] = KINDS) -> tuple[Entity, ...]:
    """What ``text`` says, in its order, nothing inside another.  ``at`` must have a zone; ``region`` (ISO 3166) settles
    the order of `03/04`, whose `$` or `¥` it is, and the country of a phone.  Of ``kinds`` only."""
    if at.tzinfo is None:
        raise ValueError("the moment must have a zone")
    if language.partition("-")[0] not in _GRAMMARS:
        return ()
    wanted = frozenset(kinds)
    frame = Frame(at, region, language)
    called = tuple(phones(text, region)) if "phone" in wanted else ()
    if wanted == {"phone"}:
        return called
    reading = plain(text)
    for one in called:  # its digits are nothing else
        reading = reading[: one.start] + "\x00" * (one.end - one.start) + reading[one.end :]
    grammar = _GRAMMARS[language.partition("-")[0]]
    stages = 2 if wanted <= _NUMBERS else grammar.AMOUNTS if wanted.isdisjoint(TEMPORAL - {"duration"}) else None
    found = grammar.GRAMMAR.read(grammar.first_row(reading), frame, reading, stages)
    made = [entity for node in found if (entity := finished(node, frame)) is not None and entity.kind in wanted]
    return tuple(sorted((*made, *called), key=lambda one: one.start)) if called else tuple(made)
