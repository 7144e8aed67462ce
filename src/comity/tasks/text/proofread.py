# SPDX-License-Identifier: Apache-2.0
"""Proofread: what is wrong in a text, as edits over the text itself, each of which can be taken or left."""

from __future__ import annotations

import msgspec

from comity.tasks.capability import tokens_of
from comity.tasks.shapes import Draft, Gate, Shape
from comity.tasks.task import Ask
from comity.tasks.text.aligned import Edit, applied, edits
from comity.tasks.text.asking import Input, asking, language_of, plain, room, written
from comity.tasks.text.checks import checked
from comity.tasks.text.parts import parts
from comity.wire.request import Operation

PART_TOKENS = 400
CHANGED_MAX = 0.4
"""Of a text's characters: more is rewriting, and was not asked for."""


class Proofread(Input, frozen=True, kw_only=True):
    pass


class Corrected(Shape, frozen=True, kw_only=True):
    """``text`` is the caller's with every edit taken; ``edits`` are spans of the caller's text, in order."""

    text: str
    edits: tuple[Edit, ...] = ()


class ProofreadTask:
    name = "proofread"
    operation: Operation = "chat"

    def language(self, asked: Proofread) -> str:
        return language_of(asked)

    def size(self, asked: Proofread) -> int:
        return len(asked.text)

    def largest(self, asked: Proofread) -> int:
        return max(map(len, parts(asked.text, PART_TOKENS, language_of(asked))))

    async def draft(self, asked: Proofread, ask: Ask) -> Draft[Corrected]:
        language, found, sures, at = language_of(asked), list[Edit](), list[float](), 0
        for piece in parts(asked.text, PART_TOKENS, language):
            tokens = room(piece, language, 1.5, 64) + tokens_of(len(piece), language)
            reply = await written(ask, asking(piece, language, self.name, "correct", tokens=tokens))
            sures += [reply.sure] if reply.sure is not None else []
            for edit in edits(piece, plain(reply.text, piece), language):
                found.append(msgspec.structs.replace(edit, start=edit.start + at, end=edit.end + at))
            at += len(piece)
        return Draft(value=Corrected(text=applied(asked.text, found), edits=tuple(found)), sure=min(sures) if sures else None)

    def gates(self, asked: Proofread, draft: Draft[Corrected]) -> tuple[Gate, ...]:
        changed = sum(max(edit.end - edit.start, len(edit.now)) for edit in draft.value.edits)
        few = changed <= max(8, CHANGED_MAX * len(asked.text))
        gate = Gate(name="edits", passed=few, why="" if few else "rewritten")
        said = checked("proofread", source=asked.text, answer=draft.value.text, language=language_of(asked), sure=draft.sure)
        return (gate, *said)
