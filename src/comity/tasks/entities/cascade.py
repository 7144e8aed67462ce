# SPDX-License-Identifier: Apache-2.0
"""The one idea of the grammars: a text is a row of nodes, and stages of rules rewrite it from small things to large.

A node has a tag (`NUM`, `MONTH`, `of`) and a value.  A rule is a pattern over tags and a function that makes the new
node's value, or None: it does not mean that.  Stages are tried in order, in each from left to right, the first rule that
matches winning.  Tags are one character each and patterns regular expressions over them, so nothing is searched twice
and no text is slow: whatever a grammar does not know is one blank, which no pattern holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
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

    def split(self, tag: str) -> tuple[Match, Match]:
        """Before and behind the first node with this tag."""
        at = next(place for place, node in enumerate(self.nodes) if node.tag == tag)
        return self._replace(nodes=self.nodes[:at]), self._replace(nodes=self.nodes[at + 1 :])


Build = Callable[[Match], Any]


class Rule(NamedTuple):
    """``tag`` of what is made; a builder that returns a Node says the tag itself."""

    tag: str
    pattern: str
    build: Build


Rewrite = Callable[[list[Node], Any, str], list[Node]]
Stage = Sequence[Rule] | Rewrite

BLANK = Node("_", 0, 0)
_ATOM = re.compile(r"[A-Za-z_][A-Za-z_0-9]*|![A-Za-z_]+|[?*+|()]")
_CODES: dict[str, str] = {"_": "_"}


def code(tag: str) -> str:
    """One character for each tag, from a range in which no sign means anything to a pattern."""
    return _CODES.setdefault(tag, chr(0x4E00 + len(_CODES)))


def compiled(pattern: str) -> str:
    """`the? ORD of MONTH` as a regular expression; `!of`: what follows is no `of`."""
    parts = _ATOM.findall(pattern)
    if "".join(parts) != pattern.replace(" ", ""):
        raise ValueError(f"not a pattern: {pattern}")

    def atom(part: str) -> str:
        if part[0] == "!":
            return f"(?!{code(part[1:])})"
        return "(?:" if part == "(" else code(part) if part[0].isalpha() else part

    return "".join(map(atom, parts))


class Cascade:
    """Stages, compiled when first needed."""

    def __init__(self, stages: Iterable[Stage]) -> None:
        self._stages = tuple(stages)
        self._compiled: list[tuple[re.Pattern[str], list[tuple[re.Pattern[str], Rule]]] | Rewrite] = []

    def _ready(self) -> list[tuple[re.Pattern[str], list[tuple[re.Pattern[str], Rule]]] | Rewrite]:
        if not self._compiled:
            built: list[tuple[re.Pattern[str], list[tuple[re.Pattern[str], Rule]]] | Rewrite] = []
            for stage in self._stages:
                if callable(stage):
                    built.append(stage)
                    continue
                each = [(re.compile(compiled(rule.pattern)), rule) for rule in stage]
                built.append((re.compile("|".join(f"({compiled(rule.pattern)})" for rule in stage)), each))
            self._compiled = built
        return self._compiled

    def read(self, nodes: list[Node], frame: Any, text: str, stages: int | None = None) -> list[Node]:
        for stage in self._ready()[:stages]:
            nodes = stage(nodes, frame, text) if callable(stage) else _rewritten(stage, nodes, frame, text)
        return nodes


def _rewritten(stage: tuple[re.Pattern[str], list[tuple[re.Pattern[str], Rule]]], nodes: list[Node], frame: Any, text: str) -> list[Node]:
    pattern, rules = stage
    row = "".join([code(node.tag) for node in nodes])
    found = pattern.search(row)
    if found is None:
        return nodes
    out: list[Node] = []
    at = 0
    while found is not None:
        begin, end = found.span()
        made: Node | None = None
        first = (found.lastindex or 1) - 1
        for expression, rule in rules[first:]:
            tried = expression.match(row, begin)
            if tried is None or tried.end() == begin:
                continue
            end = tried.end()
            made = _made(rule, nodes[begin:end], frame, text)
            if made is not None:
                break
        if made is None:
            end = begin + 1
            out.extend(nodes[at:end])
        else:
            out.extend(nodes[at:begin])
            out.append(made)
        at = end
        found = pattern.search(row, at)
    out.extend(nodes[at:])
    return out


def _made(rule: Rule, nodes: list[Node], frame: Any, text: str) -> Node | None:
    start, end = nodes[0].start, nodes[-1].end
    value = rule.build(Match(nodes, frame, text[start:end]))
    if value is None:
        return None
    if isinstance(value, Node):
        return value._replace(start=start, end=end)
    return Node(rule.tag, start, end, value)
