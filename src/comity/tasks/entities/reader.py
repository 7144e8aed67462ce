# SPDX-License-Identifier: Apache-2.0
"""From a text to its entities."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from comity.tasks.entities.values import KINDS, Entity


def entities(text: str, *, language: str, at: datetime, region: str = "", kinds: Collection[str] = KINDS) -> tuple[Entity, ...]:
    """What ``text`` says, in its order, nothing inside another.  ``at`` must have a zone; ``region`` (ISO 3166) settles
    the order of `03/04`, whose `$` or `¥` it is, and the country of a phone.  Of ``kinds`` only."""
    if at.tzinfo is None:
        raise ValueError("the moment must have a zone")
    return ()
