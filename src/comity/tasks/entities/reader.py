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
from comity.tasks.entities.people import Contacts, named
from comity.tasks.entities.phones import phones
from comity.tasks.entities.values import KINDS, TEMPORAL, Entity

# How far a grammar is gone through for what is wanted: numbers alone are found before they become parts of anything.
_NUMBERS = frozenset({"number", "ordinal"})
_GRAMMARS = {"en": english, "zh": chinese}


def entities(
    text: str, *, language: str, at: datetime, region: str = "", kinds: Collection[str] = KINDS, contacts: Contacts | None = None
) -> tuple[Entity, ...]:
    """What ``text`` says, in its order, nothing inside another.  ``at`` must have a zone; ``region`` (ISO 3166) settles
    the order of `03/04`, whose `$` or `¥` it is, and the country of a phone.
    Of ``kinds`` only; people and places are those of ``contacts``."""
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
    if contacts is not None:
        made = _with_named(made, [one for one in named(text, contacts) if one.kind in wanted])
    return tuple(sorted((*made, *called), key=lambda one: one.start)) if called else tuple(made)


def _with_named(made: list[Entity], people: list[Entity]) -> list[Entity]:
    """The wider of two that overlap; where both are as wide (`May`), both are readings, and it is not certain which."""
    out: list[Entity] = []
    left = list(made)
    for one in people:
        over = [other for other in left if other.start < one.end and one.start < other.end]
        if any(other.end - other.start > one.end - one.start for other in over):
            continue
        left = [other for other in left if other not in over]
        same = [other for other in over if (other.start, other.end) == (one.start, one.end)]
        readings = (*one.readings, *(reading for other in same for reading in other.readings))
        out.append(Entity(start=one.start, end=one.end, readings=readings, certain=one.certain and not same))
    return sorted((*left, *out), key=lambda one: one.start)
