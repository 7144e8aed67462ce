# SPDX-License-Identifier: Apache-2.0
"""English words, phrases and marks as nodes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from comity.tasks.entities.cascade import Node
from comity.tasks.entities.lexer import after_digits, literal

_TOKEN = re.compile(r"([ap]\.m\.?)(?![a-z])|(o'? ?clock)(?![a-z])|([a-z]+)|((?<![0-9a-z.])\.[0-9]|[0-9])|(\n)|('s(?![a-z0-9])|[^\sa-z0-9])")
_LEADING = frozenset(
    {"q", "hy", "cy", "MONTH", "MONTHQ", "CODE", "CUR", "CURS", "SIGN", "U", "at", "WEEKDAY"}
)  # `q1`, `dec31`, `usd115`, `2h30`
_SIGNS = ("$", "£", "€", "¥")
Phrases = Mapping[str, tuple[tuple[tuple[str, ...], str, Any], ...]]


def tokens(
    text: str, words: Mapping[str, tuple[str, Any]], phrases: Phrases, glued: Mapping[str, tuple[str, Any]], start: int, end: int
) -> list[Node]:
    """``phrases`` by their first word, longest first; ``glued``: letters that mean something right behind a digit."""
    out: list[Node] = []
    at = start
    blank = True
    unknown_until = -1  # a word that nobody knows, and what touches it, is no number: `abc-123`, `s666`
    for found in _TOKEN.finditer(text, start, end):
        start = found.start()
        if start < at:
            continue
        node: Node | None = None
        place = found.lastindex
        end = found.end()
        if place == 3:
            word = found[0]
            known = words.get(word)
            if out and out[-1].end == start and out[-1].tag in ("INT", "DEC", "CLOCKLIT", "YMD") and not blank:
                known = glued.get(word, known)
                if word == "m" and len(out) > 1 and out[-2].tag in ("SIGN", "CODE"):  # `£1.5m`
                    known = ("SCALE", 10**6)
                elif word == "m" and len(out) > 1 and (out[-2].tag, out[-2].value) == ("U", "hour"):  # `2h 30m`
                    known = ("U", "minute")
                counted = known is not None and known[0] in ("SCALE", "UNIT") and text[end : end + 1].isdigit()  # `a1b2`
                if known is None or counted or (len(word) == 1 and word not in glued):
                    out[-1] = Node("_", out[-1].start, end)
                    blank = True
                    unknown_until = end
                    continue
            if word in phrases:
                for rest, tag, value in phrases[word]:
                    behind = _phrase(text, end, rest)
                    if behind is not None:
                        node = Node(tag, start, behind, value)
                        break
            if node is None and known is not None:
                node = Node(known[0], start, end, known[1])
            elif node is None:
                unknown_until = end
        elif place == 4:
            node = literal(text, start)
            if (
                node is not None
                and out
                and out[-1].end == start
                and text[start - 1].isalpha()
                and out[-1].tag not in _LEADING
                and not blank
            ):
                node = None  # `s666`
            if node is not None and unknown_until == start and not (node.tag == "YMD" and text[start - 1] in "-_/"):
                node = None
            if node is None:
                unknown_until = end = after_digits(text, start)
        elif place == 1:
            node = Node("ampm", start, end, found[0][0])
        elif place == 2:
            node = Node("oclock", start, end)
        elif place == 6:
            mark = words.get(found[0])
            if found[0] == "°" and text[end : end + 1] in ("c", "f") and not text[end + 1 : end + 2].isalpha():
                mark, end = words.get(text[start : end + 1]), end + 1
            if found[0] == "-" and text[end : end + 1] in _SIGNS and (start == 0 or text[start - 1] in " ("):
                mark = ("neg", None)
            if mark is not None and not (unknown_until == start and mark[0] in ("dash", "slash", "SIGN")):
                node = Node(mark[0], start, end, mark[1])
            elif unknown_until == start:
                unknown_until = end if mark is not None else -1
        if node is None:
            if not blank:
                out.append(Node("_", start, end))
                blank = True
            at = end
        else:
            out.append(node)
            blank = False
            at = node.end
    return out


def _phrase(text: str, at: int, rest: tuple[str, ...]) -> int | None:
    for word in rest:
        while word[0] not in " $" and at < len(text) and text[at] in " -":
            at += 1
        if not text.startswith(word, at):
            return None
        at += len(word)
    return None if at < len(text) and text[at].isalpha() else at
