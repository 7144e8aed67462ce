# SPDX-License-Identifier: Apache-2.0
"""An engine that is asked each question once: facts that no rule tells apart have one decision.

What tells them apart is the day, what the engine itself looks at, and the context that Cedar is given.  In that, a count matters only by
the side of each threshold it is on, and a word only by which rule names it and in which tables it stands.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from comity.jurisdictions.pack import Pack
from comity.jurisdictions.schema import FACTS, kept, read_by
from comity.policy.context import context, home_of, stays
from comity.policy.decision import Decision
from comity.policy.engine import Engine
from comity.policy.facts import Facts
from comity.policy.law import Law
from comity.policy.volumes import edges_of
from tests.laws.statements.plain import WORDS

OPERATORS = frozenset({"==", "!=", "<", "<=", ">", ">=", "&&", "||", "!", "has", ".", "contains", "containsAny", "containsAll"})
"""With these a word matters by what names it alone; whoever writes a rule with another must think anew."""
ANEW = 2
"""Of each batch so many answers that were known are asked for again."""
_encode = msgspec.json.Encoder().encode


class Reader:
    """One pack's law, as far as it tells facts apart."""

    def __init__(self, pack: Pack) -> None:
        self.law = Law(pack, WORDS)
        self._leaves = list(_leaves(kept(FACTS, read_by(pack.rules))))
        self._edges = edges_of([pack])
        self._named = {word for rule in pack.rules for word in words(rule.body)}
        self._rows = [
            home_of(frozenset(dated.value), WORDS) if table.regions else frozenset(dated.value)
            for table in pack.tables.values() for dated in table.values if not isinstance(dated.value, int)
        ]  # fmt: skip
        self._classes: dict[tuple[object, ...], int] = {}
        self._class_of: dict[str, int] = {}

    def part(self, facts: Facts) -> list[object]:
        read = context(facts, self.law.home, WORDS)
        return [self._class(_leaf(read, path)) for path in self._leaves]

    def _class(self, value: Any) -> object:
        if isinstance(value, str):
            return self._word(value)
        if isinstance(value, list):
            return sorted({self._word(word) for word in value})
        if isinstance(value, int) and not isinstance(value, bool):
            return bisect_right(self._edges, value)
        return value

    def _word(self, word: str) -> int:
        found = self._class_of.get(word)
        if found is None:
            sort = (word if word in self._named else None, *(word in row for row in self._rows))
            found = self._class_of[word] = self._classes.setdefault(sort, len(self._classes))
        return found


class Deduped:
    """`decided` counts what was asked of the engine."""

    def __init__(self, packs: Sequence[Pack]) -> None:
        self._engine = Engine(packs, WORDS)
        self._readers = [Reader(pack) for pack in packs]
        self._known: dict[bytes, Decision] = {}
        self._same: dict[Any, Decision] = {}
        self.decided = 0

    def decide_many(self, many: Sequence[Facts]) -> list[Decision]:
        keys = [self._key(each) for each in many]
        new: dict[bytes, Facts] = {}
        known: list[int] = []
        for at, key in enumerate(keys):
            if key in self._known or key in new:
                known.append(at)
            else:
                new[key] = many[at]
        self.decided += len(new)
        for key, decision in zip(new, self._engine.decide_many(list(new.values())), strict=True):
            self._known[key] = self._same.setdefault((decision.effect, decision.obligations), decision)
        again = known[:: len(known) // ANEW + 1]
        for at, decision in zip(again, self._engine.decide_many([many[at] for at in again]), strict=True):
            told = self._known[keys[at]]
            assert (decision.effect, decision.obligations) == (told.effect, told.obligations), f"taken for alike: {many[at]}"
        return [self._known[key] for key in keys]

    def _key(self, facts: Facts) -> bytes:
        laws = [reader.law for reader in self._readers]
        stated = [any(law.covers(each) for law in laws) for each in (facts.subject.location, facts.data.collected_in) if each]
        held = all(any(law.holds(each) for law in laws) for each in facts.controller.established)
        parts: list[object] = [facts.as_of, len(stated) > 0, all(stated), held, facts.service.public, stays(facts)]
        if facts.tenant.residency is not None:  # the engine reads it, beside every place
            parts.append(facts)
        for reader in self._readers:
            parts.append(reader.part(facts) if reader.law.applies(facts) else None)
        return hashlib.blake2b(_encode(parts), digest_size=16).digest()


def words(node: Any) -> Iterator[str]:
    """Every word that a rule names."""
    if isinstance(node, Mapping):
        for name, child in node.items():
            if name == "Value" and isinstance(child, str):
                yield child
            else:
                yield from words(child)
    elif isinstance(node, list):
        for child in node:
            yield from words(child)


def operators(pack: Pack) -> frozenset[str]:
    """That its rules use: of Cedar's JSON, the names that stand where an expression does."""
    return frozenset().union(*(_operators(condition["body"]) for rule in pack.rules for condition in rule.body["conditions"]))


def _operators(node: Any) -> frozenset[str]:
    if not isinstance(node, Mapping):
        return frozenset().union(*map(_operators, node)) if isinstance(node, list) else frozenset()
    own = frozenset(node) - {"Var", "Value", "Set", "left", "right", "arg", "attr"}
    return own.union(*(_operators(child) for name, child in node.items() if name not in ("Var", "Value", "attr")))


def _leaves(shape: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(shape, str):
        yield at
        return
    for name, child in shape.items():
        yield from _leaves(child, (*at, name.removesuffix("?")))


def _leaf(tree: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        tree = tree.get(name)
    return tree
