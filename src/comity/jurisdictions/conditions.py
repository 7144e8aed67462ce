# SPDX-License-Identifier: Apache-2.0
"""What the conditions of a rule ask about: members of the facts, words, tables; and so whether it is about sharing data.

Read off the rule itself, so that no list of rules has to be kept beside the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from comity.jurisdictions.pack import Pack, Rule

RECIPIENT = frozenset({
    ("provider", "abroad"), ("provider", "access"), ("provider", "anywhere"), ("provider", "certifications"),
    ("provider", "covered_person"), ("provider", "everywhere"), ("provider", "mechanisms"), ("provider", "operator"),
    ("provider", "processing"), ("provider", "role"), ("provider", "storage"), ("transaction",),
})  # fmt: skip
"""Members that say who receives data, where it goes, or on what papers."""
HANDED_ON = frozenset({"foreign_legal_disclosure", "processor_contract", "separate_cross_border", "separate_third_party"})
"""Purposes, contracts and consents that are about the same."""
STAYS = ("provider", "abroad")
"""Denied, it says that data goes nowhere."""


class Asked(NamedTuple):
    """One thing that a condition reads.  ``negated``: under a not, or in an `unless`."""

    kind: str  # member | word | table
    path: tuple[str, ...]
    negated: bool


def asked(rule: Rule) -> frozenset[Asked]:
    return frozenset(
        found for condition in rule.body["conditions"] for found in _walk(condition["body"], negated=condition["kind"] == "unless")
    )


def asked_with_terms(rule: Rule, pack: Pack) -> frozenset[Asked]:
    """The same, with what the terms that it reads are made of."""
    own = asked(rule)
    terms = [(path[1], negated) for kind, path, negated in own if kind == "member" and path[0] == "term"]
    return own | {
        each._replace(negated=each.negated is not negated)
        for term, negated in terms for other in pack.rules if other.term == term for each in asked(other)
    }  # fmt: skip


def shares(rule: Rule, pack: Pack) -> bool:
    """Is it about who receives data, or about where it goes?"""
    return any(
        (kind == "member" and path in RECIPIENT and not (path == STAYS and negated)) or (kind == "word" and path[0] in HANDED_ON)
        for kind, path, negated in asked_with_terms(rule, pack)
    )


def tables_of(rule: Rule) -> frozenset[str]:
    return frozenset(path[0] for kind, path, _ in asked(rule) if kind == "table")


def _walk(node: Any, *, negated: bool) -> Iterator[Asked]:
    if isinstance(node, list):
        yield from _all(node, negated=negated)
    if not isinstance(node, Mapping):
        return
    root, path = _path(node)
    if root == "context" and path:
        yield Asked("member", path, negated)
    elif root == "law" and path:
        yield Asked("table", path, negated)
    elif isinstance(node.get("Value"), str):
        yield Asked("word", (node["Value"],), negated)
    elif "!" in node:
        yield from _walk(node["!"]["arg"], negated=not negated)
    else:
        yield from _all(node.values(), negated=negated)


def _all(nodes: Iterable[Any], *, negated: bool) -> Iterator[Asked]:
    for node in nodes:
        yield from _walk(node, negated=negated)


def _path(node: Any) -> tuple[str, tuple[str, ...]]:
    """`context.a.b` is ("context", ("a", "b")), `Law::"now".t` is ("law", ("t",)); all else ("", ())."""
    if node == {"Var": "context"}:
        return "context", ()
    value = node.get("Value") if isinstance(node, Mapping) else None
    if isinstance(value, Mapping) and (value.get("__entity") or {}).get("type") == "Law":
        return "law", ()
    access = (node.get(".") or node.get("has")) if isinstance(node, Mapping) else None
    if not isinstance(access, Mapping):
        return "", ()
    root, inner = _path(access["left"])
    return (root, (*inner, access["attr"])) if root else ("", ())
