# SPDX-License-Identifier: Apache-2.0
"""The one idea of the grammars: a text is a row of nodes, and stages of rules rewrite it from small things to large.

A node has a tag (`NUM`, `MONTH`, `of`) and a value.  A rule is a pattern over tags and a function that makes the new
node's value, or None: it does not mean that.  Stages are tried in order, in each from left to right, the first rule that
matches winning.  Tags are one character each and patterns regular expressions over them.  Whatever a grammar does not
know is one blank, which no pattern holds, so what stands between two blanks is rewritten by itself; and a rule is asked
only where every tag that it cannot do without is there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple


class Node(NamedTuple):
    tag: str
    start: int
    end: int
    value: Any = None


class Match(NamedTuple):
    """The nodes that a pattern matched, and what it is read against."""

    nodes: Sequence[Node]
    frame: Any
    said: str

    def get(self, *tags: str, nth: int = 0) -> Any:
        """The value of the ``nth`` node with one of the tags."""
        for node in self.nodes:
            if node.tag in tags:
                if nth == 0:
                    return node.value
                nth -= 1
        return None

    def all(self, *tags: str) -> list[Any]:
        return [node.value for node in self.nodes if node.tag in tags]

    def has(self, *tags: str) -> bool:
        return any(node.tag in tags for node in self.nodes)


Build = Callable[[Match], Any]


class Rule(NamedTuple):
    """``tag`` of what is made; a builder that returns a Node says the tag itself."""

    tag: str
    pattern: str
    build: Build


class Step(NamedTuple):
    """A stage that looks around: asked where one of ``tags`` is."""

    tags: frozenset[str]
    rewrite: Callable[[list[Node], Any, str], list[Node]]


Stage = Sequence[Rule] | Step
Chosen = Callable[[frozenset[str]], "list[_Ready]"]

_ATOM = re.compile(r"[A-Za-z_][A-Za-z_0-9]*|![A-Za-z_]+|[?*+|()]")
_CODES: dict[str, str] = {"_": "_"}


def code(tag: str) -> str:
    """One character for each tag, from a range in which no sign means anything to a pattern."""
    return _CODES.setdefault(tag, chr(0x4E00 + len(_CODES)))


def _atoms(pattern: str) -> list[str]:
    parts = _ATOM.findall(pattern)
    if "".join(parts) != pattern.replace(" ", ""):
        raise ValueError(f"not a pattern: {pattern}")
    return parts


def compiled(pattern: str) -> str:
    """`the? ORD of MONTH` as a regular expression; `!of`: what follows is no `of`."""

    def atom(part: str) -> str:
        if part[0] == "!":
            return f"(?!{code(part[1:])})"
        return "(?:" if part == "(" else code(part) if part[0].isalpha() or part[0] == "_" else part

    return "".join(map(atom, _atoms(pattern)))


def needs(pattern: str) -> tuple[frozenset[str], ...]:
    """Sets of tags of each of which a row must have one, or the pattern cannot match in it."""
    found, rest = _alternatives(_atoms(pattern))
    assert not rest
    return found


Needs = tuple[frozenset[str], ...]


def _alternatives(parts: list[str]) -> tuple[Needs, list[str]]:
    choices: list[Needs] = []
    while True:
        one, parts = _sequence(parts)
        choices.append(one)
        if not parts or parts[0] != "|":
            break
        parts = parts[1:]
    if len(choices) == 1:
        return choices[0], parts
    # of each choice one set; together they are one that some choice fills
    return ((frozenset().union(*(min(one, key=len) for one in choices)),) if all(choices) else ()), parts


def _sequence(parts: list[str]) -> tuple[Needs, list[str]]:
    owed: list[frozenset[str]] = []
    while parts and parts[0] not in "|)":
        part, parts = parts[0], parts[1:]
        inner: Needs = ()
        if part == "(":
            inner, parts = _alternatives(parts)
            parts = parts[1:]
        elif part[0] != "!":
            inner = (frozenset({part}),)
        may_lack = bool(parts) and parts[0] in "?*"
        if parts and parts[0] in "?*+":
            parts = parts[1:]
        owed += () if may_lack else inner
    return tuple(owed), parts


class _Ready(NamedTuple):
    """A rule as it is used."""

    order: int
    search: Callable[..., re.Match[str] | None]
    needs: Needs
    rule: Rule


class Cascade:
    """Stages, made ready when first needed.  ``weak``: tags that say nothing without another."""

    def __init__(self, stages: Iterable[Stage], weak: Collection[str] = ()) -> None:
        self._stages = tuple(stages)
        self._weak = frozenset(weak)
        self._ready: list[Chosen | Step] = []

    def stages(self) -> list[Chosen | Step]:
        """Each a step, or what chooses the rules that may match in a row with some tags; rows are much alike, so it remembers."""
        if not self._ready:
            self._ready = [stage if isinstance(stage, Step) else _chooser(stage) for stage in self._stages]
        return self._ready

    def read(self, nodes: list[Node], frame: Any, text: str, stages: int | None = None) -> list[Node]:
        out: list[Node] = []
        ready = self.stages()[:stages]
        for part in self._parts(nodes):
            tags = frozenset([node.tag for node in part])
            for stage in ready:
                if isinstance(stage, Step):
                    if tags.isdisjoint(stage.tags):
                        continue
                    changed = stage.rewrite(part, frame, text)
                else:
                    rules = stage(tags)
                    changed = _rewritten(rules, part, frame, text) if rules else part
                if changed is not part:
                    part, tags = changed, frozenset([node.tag for node in changed])
            out += part
        return out

    def _parts(self, nodes: list[Node]) -> Iterator[list[Node]]:
        """What stands between blanks and says something, with the blanks beside it."""
        part: list[Node] = []
        strong = False
        for node in nodes:
            part.append(node)
            if node.tag == "_":
                if strong:
                    yield part
                part, strong = [node], False
            elif node.tag not in self._weak:
                strong = True
        if strong:
            yield part


def _chooser(stage: Sequence[Rule]) -> Chosen:
    return lru_cache(2048)(partial(_chosen, _indexed(stage)))


def _chosen(index: dict[str, list[_Ready]], tags: frozenset[str]) -> list[_Ready]:
    """In their order, those that need no tag that is not there."""
    asked = {ready.order: ready for tag in tags if tag in index for ready in index[tag]}
    return [rule for _, rule in sorted(asked.items()) if not any(map(tags.isdisjoint, rule.needs))]


def _indexed(stage: Sequence[Rule]) -> dict[str, list[_Ready]]:
    """By tags without which none of them matches."""
    index: dict[str, list[_Ready]] = {}
    for order, rule in enumerate(stage):
        owed = needs(rule.pattern)
        ready = _Ready(order, re.compile(compiled(rule.pattern)).search, owed, rule)
        for tag in min(owed, key=len):
            index.setdefault(tag, []).append(ready)
    return index


def _rewritten(rules: list[_Ready], nodes: list[Node], frame: Any, text: str) -> list[Node]:
    """One stage over one row, which is given back itself where nothing in it is rewritten."""
    row = "".join([_CODES[node.tag] if node.tag in _CODES else code(node.tag) for node in nodes])
    ahead = [(found, ready) for ready in rules if (found := ready.search(row)) is not None]
    out: list[Node] = []
    at = 0
    while ahead:
        begin = min(found.start() for found, _ in ahead)
        end = begin + 1
        for found, ready in ahead:
            if found.start() == begin:
                made = _made(ready.rule, nodes[begin : found.end()], frame, text)
                if made is not None:
                    out += nodes[at:begin]
                    out.append(made)
                    at = end = found.end()
                    break
        ahead = [
            (later, ready) for found, ready in ahead if (later := found if found.start() >= end else ready.search(row, end)) is not None
        ]
    return out + nodes[at:] if at else nodes


def _made(rule: Rule, nodes: list[Node], frame: Any, text: str) -> Node | None:
    start, end = nodes[0].start, nodes[-1].end
    value = rule.build(Match(nodes, frame, text[start:end]))
    if value is None:
        return None
    if isinstance(value, Node):
        return value._replace(start=start, end=end)
    return Node(rule.tag, start, end, value)
