# SPDX-License-Identifier: Apache-2.0
"""What people say for times, numbers, money, phones, measures and people, in English and Chinese, as exact values.

`entities` is a pure function of its text, its moment and its region.  It returns what it is able to read whole and
nothing for the rest: no guess, no model, no default that the text does not hold.  `docs/reference/entities.md` lists what is covered.
"""

from comity.tasks.entities.people import Contact, Contacts, Spot
from comity.tasks.entities.reader import entities
from comity.tasks.entities.saying import said
from comity.tasks.entities.values import Entity, Value

__all__ = ["Contact", "Contacts", "Entity", "Spot", "Value", "entities", "said"]
