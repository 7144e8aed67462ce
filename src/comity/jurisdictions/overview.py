# SPDX-License-Identifier: Apache-2.0
"""Packs looked at from outside: which there are, what of one is in force, and how two differ.  All of it JSON-ready."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from difflib import get_close_matches
from typing import Any, get_args

import msgspec

from comity.errors import OperatorError
from comity.jurisdictions.conditions import asked_with_terms, shares
from comity.jurisdictions.pack import Confidence, Pack, Rule
from comity.jurisdictions.vocab import Vocabulary

Rows = dict[str, dict[str, list[Any]]]
"""What it is about -> pack id -> what that pack has of it."""
NO_REMEDY = "nothing"


def covering(packs: Iterable[Pack], name: str, vocabulary: Vocabulary) -> list[Pack]:
    """The pack of that id; else those that hold the law of that region.  Raises OperatorError if there is none."""
    packs = list(packs)
    found = [pack for pack in packs if pack.head.id == name]
    try:
        region = vocabulary.canonical(name)
    except KeyError:
        region = ""
    found = found or [pack for pack in packs if any(region == own or region in vocabulary.members(own) for own in pack.head.regions)]
    if found:
        return found
    why = f"no pack holds the law of {region}" if region else f"`{name[:64]}` is neither a pack nor a region"
    known = [pack.head.id for pack in packs]
    near = get_close_matches(name.lower(), known, 1)
    hint = f"did you mean `{near[0]}`?" if near and not region else f"there are: {', '.join(known)}"
    raise OperatorError(why, code="pack.unknown", hint=hint)


def kind_of(rule: Rule) -> str:
    if rule.action != "process":
        return {"define": "term", "owe": "owes"}[rule.action]
    if rule.effect == "permit":
        return "ground"
    return "escalates" if rule.escalates else "forbids"


def outline(pack: Pack, day: date) -> dict[str, Any]:
    counts = Counter(fact.confidence for fact in pack.facts.values())
    head: dict[str, Any] = msgspec.to_builtins(pack.head)
    return head | {
        "rules": sum(rule.valid_on(day) for rule in pack.rules),
        "facts": len(pack.facts),
        "confidence": {name: counts[name] for name in get_args(Confidence) if counts[name]},
        "digest": pack.digest,
    }


def in_force(pack: Pack, day: date) -> dict[str, Any]:
    """The rules and the tables of a day, with the articles they rest on."""
    rules = [rule for rule in pack.rules if rule.valid_on(day)]
    tables = {name: (table, table.values[table.on(day)]) for name, table in pack.tables.items()}
    cited = dict.fromkeys([fact for rule in rules for fact in rule.facts] + [table.fact for table, _ in tables.values()])
    return {
        "pack": outline(pack, day),
        "as_of": day.isoformat(),
        "rules": [_rule(rule, pack) for rule in rules],
        "tables": [
            {"name": name, "fact": table.fact, "since": dated.since.isoformat(), "value": msgspec.to_builtins(dated.value)}
            for name, (table, dated) in tables.items()
        ],
        "facts": [msgspec.to_builtins(pack.facts[name]) for name in cited],
    }


def _rule(rule: Rule, pack: Pack) -> dict[str, Any]:
    said: dict[str, Any] = msgspec.to_builtins(rule)
    for name in ("body", "effect", "action", "escalates"):
        del said[name]
    return {"id": said.pop("id"), "kind": kind_of(rule), "about": "sharing" if shares(rule, pack) else "using", **said}


# -- two jurisdictions -----------------------------------------------------------------------------------------------


def beside(one: Pack, other: Pack, day: date) -> dict[str, Rows]:
    """By what it is about: what grounds turn on, what would change a refusal, what is owed, which numbers and words tables hold."""

    def rows(keys: Callable[[Pack, Rule], Iterable[str]], kind: str) -> Rows:
        return _rows(
            (key, pack.head.id, rule.id) for pack in (one, other) for rule in pack.rules
            if rule.valid_on(day) and kind_of(rule) == kind for key in keys(pack, rule)
        )  # fmt: skip

    return {
        "grounds": rows(_turns_on, "ground"),
        "forbids": rows(lambda _, rule: rule.remedies or (NO_REMEDY,), "forbids"),
        "escalates": rows(lambda _, rule: rule.remedies or (NO_REMEDY,), "escalates"),
        "obligations": rows(lambda _, rule: (rule.obligation,), "owes"),
        "tables": _rows((key, pack.head.id, value) for pack in (one, other) for key, value in _held(pack, day)),
    }


def _rows(found: Iterable[tuple[str, str, Any]]) -> Rows:
    out: Rows = {}
    for key, pack, value in found:
        held = out.setdefault(key, {}).setdefault(pack, [])
        if value not in held:
            held.append(value)
    return dict(sorted(out.items()))


def _turns_on(pack: Pack, rule: Rule) -> list[str]:
    """Members of the facts and words of the vocabulary, through the terms that it reads."""
    said = sorted({".".join(path) for kind, path, _ in asked_with_terms(rule, pack) if kind != "table" and path[0] != "term"})
    return said or ["no condition"]


def _held(pack: Pack, day: date) -> Iterable[tuple[str, Any]]:
    for name, table in pack.tables.items():
        value = table.values[table.on(day)].value
        yield from [(name, value)] if isinstance(value, int) else [(word, name) for word in value]


# -- two versions of one pack ----------------------------------------------------------------------------------------


def versions(before: Pack, after: Pack) -> dict[str, Any]:
    """What was added, removed and changed.  A rule is the same by its id; where that has versions, by its first day too."""
    counted = [Counter(rule.id for rule in pack.rules) for pack in (before, after)]

    def rules(pack: Pack) -> dict[str, Any]:
        return {f"{rule.id} {rule.valid_from}" if max(count[rule.id] for count in counted) > 1 else rule.id: rule for rule in pack.rules}

    return {
        "pack": _changed(before.head, after.head),
        "rules": _difference(rules(before), rules(after)),
        "facts": _difference(before.facts, after.facts),
        "tables": _difference(before.tables, after.tables),
    }


def _difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    both = {name: _changed(before[name], after[name]) for name in before if name in after}
    return {
        "added": [name for name in after if name not in before],
        "removed": [name for name in before if name not in after],
        "changed": {name: change for name, change in both.items() if change},
    }


def _changed(before: msgspec.Struct, after: msgspec.Struct) -> dict[str, Any]:
    """Field -> what it was and is; of a rule's conditions, that they changed."""
    out: dict[str, Any] = {}
    for name in before.__struct_fields__:
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            out["conditions" if name == "body" else name] = [] if name == "body" else msgspec.to_builtins([was, now])
    return out
