# SPDX-License-Identifier: Apache-2.0
"""The words that facts, evidence and decisions are written in, as forms show them: each with what it means in English and Chinese."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from comity.gateway.read import asked, shapes
from comity.jurisdictions.plain import LANGUAGES, Words
from comity.jurisdictions.vocab import Vocabulary, load_vocabulary

if TYPE_CHECKING:
    from comity.gateway.app import App


async def words(app: App, query: asked.Query, name: str) -> shapes.WordPage:
    vocabulary = load_vocabulary()
    named = {name for pack in app.world.engine.packs for name in (*pack.head.regions, *pack.head.not_covered)}
    return shapes.WordPage(
        words={kind: _all(kind, found) for kind, found in _kinds(vocabulary).items()},
        regions=_all("regions", vocabulary.anywhere_but(()) | named),
    )


def _kinds(vocabulary: Vocabulary) -> dict[str, Iterable[str]]:
    """As the members of the facts are called, then what only evidence and decisions have."""
    return {
        "categories": vocabulary.every_category, "consent": vocabulary.consents, "legal_basis": vocabulary.legal_bases,
        "purpose": vocabulary.purposes, "feature": vocabulary.features, "sector": vocabulary.sectors, "modality": vocabulary.modalities,
        "persona": vocabulary.personas, "kind": vocabulary.kinds, "role": vocabulary.roles, "state": vocabulary.states,
        "transaction": vocabulary.transactions, **vocabulary.evidence_kinds, "obligations": vocabulary.obligations,
        "remedies": vocabulary.remedies,
    }  # fmt: skip


def _all(kind: str, names: Iterable[str]) -> tuple[shapes.Word, ...]:
    return tuple(told(kind, name) for name in sorted(names))


def told(kind: str, name: str) -> shapes.Word:
    """A word that has none in a language is told as it is."""
    en, zh = ({"obligations": in_.obligation, "remedies": in_.remedy, "regions": in_.region}.get(kind, in_.word)(name) for in_ in _BOTH)
    return shapes.Word(id=name, en=en, zh=zh)


_BOTH = tuple(map(Words, LANGUAGES))
