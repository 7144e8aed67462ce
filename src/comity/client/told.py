# SPDX-License-Identifier: Apache-2.0
"""What a node is told of the person, inside the seal: it decides again, by its own law, and needs the facts that law asks for.

Never who the person is: where this installation was given a name, the node gets a pseudonym that only this node gets, so that it counts a
person once and two nodes cannot tell that they serve the same one.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection
from typing import Protocol

Headers = dict[str, str]


class Person(Protocol):
    @property
    def location(self) -> str | None: ...
    @property
    def residence(self) -> str | None: ...
    @property
    def age(self) -> int | None: ...


class Nexus(Protocol):
    """Of the gateway's own, what is told."""

    @property
    def subject(self) -> Person: ...
    @property
    def collected_in(self) -> str | None: ...
    @property
    def consent(self) -> Collection[str]: ...
    @property
    def purpose(self) -> str: ...
    @property
    def feature(self) -> str | None: ...
    @property
    def pseudonym(self) -> str | None: ...


def told(nexus: Nexus, pool: str) -> Headers:
    """As headers of Comity's own API.  Regions and consents are words of the vocabulary, so none needs escaping."""
    subject = nexus.subject
    members = []
    if nexus.pseudonym is not None:
        members.append(f'id="{name_at(nexus.pseudonym, pool)}"')
    for name, value in (("location", subject.location), ("residence", subject.residence), ("collected", nexus.collected_in)):
        if value is not None:
            members.append(f'{name}="{value}"')
    if subject.age is not None:
        members.append(f"age={subject.age}")
    members.append(f"consent=({' '.join(sorted(nexus.consent))})")
    out = {"comity-subject": ", ".join(members), "comity-purpose": nexus.purpose}
    return out | {"comity-task": nexus.feature} if nexus.feature is not None else out


def name_at(pseudonym: str, pool: str) -> str:
    """What nodes of ``pool`` are told in place of the person's name: the same each time, and another at every pool."""
    return hmac.digest(bytes.fromhex(pseudonym), pool.encode(), hashlib.sha256)[:16].hex()
