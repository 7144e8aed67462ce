# SPDX-License-Identifier: Apache-2.0
"""The text that a person is shown before they consent (`shown.toml`): filled in from facts, never from what a caller writes.

The same facts give the same text, letter by letter, so a caller need only say which one it showed, by its hash.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from comity.accord.consent import ANYONE, wrong
from comity.jurisdictions.plain import LANGUAGES, Language, Words, filled
from comity.jurisdictions.vocab import Vocabulary


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What a consent would be to; ``operator``: regions whence whoever receives it is run; ``provider``: who that is."""

    consent: str
    purposes: tuple[str, ...]
    categories: tuple[str, ...]
    recipient: str
    places: tuple[str, ...]
    valid_to: date
    operator: tuple[str, ...] = ()
    provider: str = ""


class Word(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    days: int
    asks: tuple[str, str]
    names: tuple[str, ...] = ()
    guardian: bool = False


_RECIPIENT = re.compile(r"\*|[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
SEE = "see docs/howto/ask-for-consent.md"


@cache
def _read() -> tuple[Mapping[str, Word], Mapping[str, tuple[str, str]]]:
    tree: dict[str, Any] = tomllib.loads(files("comity.accord").joinpath("shown.toml").read_text(encoding="utf-8"))
    return msgspec.convert(tree["words"], dict[str, Word]), msgspec.convert(tree["lines"], dict[str, tuple[str, str]])


def words() -> Mapping[str, Word]:
    """By word of the vocabulary: every one that can be asked for."""
    return _read()[0]


def offered(offer: Offer, vocabulary: Vocabulary) -> Offer:
    """Raises CallerError naming the member, the reason and the mend."""
    known = {"consent": frozenset(words()), "purposes": vocabulary.purposes, "categories": vocabulary.every_category}
    said = {"consent": (offer.consent,), "purposes": offer.purposes, "categories": offer.categories}
    for field, those in said.items():
        for word in those:
            if word not in known[field]:
                raise wrong(field, f"`{word[:64]}` is none that can be asked for", "one of: " + ", ".join(sorted(known[field])))
    if not offer.purposes:
        raise wrong("purposes", "names none", "what it is for: assist")
    for place in offer.places:
        _region(place, vocabulary)
    if not _RECIPIENT.fullmatch(offer.recipient):
        raise wrong("recipient", "is no deployment's id", "a deployment of comity.toml, or *")
    for name in words()[offer.consent].names:
        if getattr(offer, name) in (ANYONE, ()):
            raise wrong(name, f"has to be named by a consent `{offer.consent}`", SEE)
    return offer


def _region(place: str, vocabulary: Vocabulary) -> None:
    try:
        right = vocabulary.canonical(place) == place
    except KeyError:
        right = False
    if not right:
        raise wrong("places", f"`{place[:16]}` is not a region of ISO 3166", "for example US, EEA")


def text_of(offer: Offer, language: Language, *, controller: str, contact: str) -> str:
    """PIPL arts 17 and 39: who, what for, which kinds, to whom, where, how, how long, and how to take it back."""
    said, at = Words(language), LANGUAGES.index(language)
    lines = _read()[1]
    recipient = f"{offer.provider} ({offer.recipient})" if offer.provider else offer.recipient
    who = {"controller": controller or lines["unnamed"][at], "recipient": recipient}
    who["contact"] = contact or who["controller"]
    kinds = list(map(said.word, offer.categories)) or [lines["nothing"][at]]
    told = [
        filled(words()[offer.consent].asks[at], who),
        filled(lines["purposes"][at], {"list": said.listed(map(said.word, offer.purposes))}),
        filled(lines["categories"][at], {"list": said.listed(kinds)}),
        lines["method"][at],
    ]
    if offer.operator:
        told.append(filled(lines["recipient"][at], who | {"list": said.listed(map(said.region, offer.operator))}))
        told.append(filled(lines["contact"][at], who))
    if offer.places:
        told.append(filled(lines["places"][at], {"list": said.listed(map(said.region, offer.places))}))
    told += [filled(lines["until"][at], {"day": said.day(offer.valid_to)}), filled(lines["withdraw"][at], who)]
    return "\n".join(told)


def sha256_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
