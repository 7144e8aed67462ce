# SPDX-License-Identifier: Apache-2.0
"""Summarise: a paragraph, bullets, or one line for a notification.  What is too long for one request is done in parts, then joined."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec

from comity.tasks.capability import tokens_of
from comity.tasks.shapes import Draft, Gate
from comity.tasks.task import Ask, Unreadable
from comity.tasks.text.asking import Input, asking, finished, language_of, plain, room, written
from comity.tasks.text.checks import checked
from comity.tasks.text.parts import parts
from comity.wire.request import Operation

Summary = str | tuple[str, ...]
Style = Literal["paragraph", "bullets", "notification"]
PART_TOKENS = 1500
"""Of one part: what small models still read to its end."""
PARTS_MAX = 24
_BULLET = re.compile(r"^\s*(?:[-*•·●]|\d{1,2}[.)、．]|[（(]\d{1,2}[)）])\s*")


class Summarise(Input, frozen=True, kw_only=True):
    style: Style = "paragraph"
    most: Annotated[int, msgspec.Meta(ge=1, le=12)] = 3  # sentences of a paragraph, or bullets


class SummariseTask:
    name = "summarise"
    operation: Operation = "chat"

    def language(self, asked: Summarise) -> str:
        return language_of(asked)

    def size(self, asked: Summarise) -> int:
        return len(asked.text)

    def largest(self, asked: Summarise) -> int:
        return max(map(len, parts(asked.text, PART_TOKENS, language_of(asked))))

    async def draft(self, asked: Summarise, ask: Ask) -> Draft[Summary]:
        language, sures = language_of(asked), list[float]()

        async def one(text: str, style: str, tokens: int) -> str:
            reply = await written(
                ask,
                asking(text, language, self.name, style, most=asked.most, words=_words(text, language), tokens=tokens, formality="neutral"),
            )
            if reply.sure is not None:
                sures.append(reply.sure)
            return finished(plain(reply.text, text), language)

        text = asked.text
        if tokens_of(len(text), language) > PART_TOKENS:
            pieces = parts(text, PART_TOKENS, language)
            if len(pieces) > PARTS_MAX:
                raise Unreadable("too many parts")
            text = "\n".join([await one(piece, "paragraph", 220) for piece in pieces])
        said = await one(text, asked.style, room(text, language, 0.0, {"paragraph": 260, "bullets": 320, "notification": 72}[asked.style]))
        value: Summary = bullets(said, asked.most) if asked.style == "bullets" else " ".join(said.split("\n")).strip()
        return Draft(value=value, sure=min(sures) if sures else None)

    def gates(self, asked: Summarise, draft: Draft[Summary]) -> tuple[Gate, ...]:
        language = language_of(asked)
        dense = language.partition("-")[0] in ("zh", "ja", "ko")
        said = draft.value if isinstance(draft.value, str) else "\n".join(draft.value)
        most = (60 if dense else 160) if asked.style == "notification" else max(len(asked.text) * 9 // 10, 60 if dense else 160)
        return checked("summary", source=asked.text, answer=said, language=language, sure=draft.sure, most=most)


def _words(text: str, language: str) -> int:
    """A third of the text: words, or characters where there are no spaces."""
    return max(30, len(text) // 3) if language.partition("-")[0] in ("zh", "ja") else max(20, len(text.split()) // 3)


def bullets(text: str, most: int) -> tuple[str, ...]:
    """Raises Unreadable where there is none."""
    found = tuple(_BULLET.sub("", line).strip() for line in text.splitlines() if _BULLET.match(line) and _BULLET.sub("", line).strip())
    found = found or tuple(line.strip() for line in text.splitlines() if line.strip())
    if not found:
        raise Unreadable("no bullets")
    return found[:most]
