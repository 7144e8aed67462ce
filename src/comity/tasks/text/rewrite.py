# SPDX-License-Identifier: Apache-2.0
"""Rewrite in another tone; what it says stays."""

from __future__ import annotations

from typing import Literal

from comity.tasks.locale.people import Formality
from comity.tasks.shapes import Draft, Gate
from comity.tasks.task import Ask, Unreadable
from comity.tasks.text.asking import Input, asking, finished, language_of, plain, room, written
from comity.tasks.text.checks import checked
from comity.wire.request import Operation

Tone = Literal["formal", "friendly", "concise"]


class Rewrite(Input, frozen=True, kw_only=True):
    tone: Tone = "formal"


class RewriteTask:
    name = "rewrite"
    operation: Operation = "chat"

    def language(self, asked: Rewrite) -> str:
        return language_of(asked)

    def size(self, asked: Rewrite) -> int:
        return len(asked.text)

    async def draft(self, asked: Rewrite, ask: Ask) -> Draft[str]:
        language = language_of(asked)
        formality: Formality = "neutral" if asked.tone == "concise" else asked.tone
        request = asking(asked.text, language, self.name, asked.tone, tokens=room(asked.text, language, 2.0, 96), formality=formality)
        reply = await written(ask, request)
        said = finished(plain(reply.text, asked.text), language, formality)
        if said == asked.text.strip():
            raise Unreadable("unchanged")
        return Draft(value=said, sure=reply.sure)

    def gates(self, asked: Rewrite, draft: Draft[str]) -> tuple[Gate, ...]:
        times, beside = (1.0, 0) if asked.tone == "concise" else (2.5, 120)
        return checked(
            "rewrite", source=asked.text, answer=draft.value, language=language_of(asked), sure=draft.sure,
            most=int(len(asked.text) * times) + beside,
        )  # fmt: skip
