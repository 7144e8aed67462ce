# SPDX-License-Identifier: Apache-2.0
"""Translate, sentence for sentence.  Which directions a model on this device is able for, the capability matrix says."""

from __future__ import annotations

from comity.errors import CallerError
from comity.tasks.capability import tokens_of
from comity.tasks.shapes import Draft, Gate
from comity.tasks.task import Ask
from comity.tasks.text.asking import Input, asking, finished, language_of, named, plain, written
from comity.tasks.text.checks import checked
from comity.tasks.text.parts import parts
from comity.wire.request import Operation

PART_TOKENS = 600


class Translate(Input, frozen=True, kw_only=True):
    """``to``: BCP 47."""

    to: str

    def __post_init__(self) -> None:
        super().__post_init__()
        named(self.to, "to")
        if language_of(self).lower() == self.to.lower():
            raise CallerError("it is in that language already", code="request.invalid", field="to", hint="name another language")


class TranslateTask:
    name = "translate"
    operation: Operation = "chat"

    def language(self, asked: Translate) -> str:
        return language_of(asked)

    def size(self, asked: Translate) -> int:
        return len(asked.text)

    def largest(self, asked: Translate) -> int:
        language = language_of(asked)
        return max(map(len, parts(asked.text, PART_TOKENS, language)))

    async def draft(self, asked: Translate, ask: Ask) -> Draft[str]:
        language, said, sures = language_of(asked), list[str](), list[float]()
        source = named(language)[asked.to.partition("-")[0] == "zh"]
        for piece in parts(asked.text, PART_TOKENS, language):
            most = 96 + 3 * tokens_of(len(piece), language)
            reply = await written(ask, asking(piece, asked.to, self.name, "translate", tokens=most, source=source, formality="neutral"))
            said.append(finished(plain(reply.text, piece), asked.to) + piece[len(piece.rstrip()) :])
            sures += [reply.sure] if reply.sure is not None else []
        return Draft(value="".join(said).strip(), sure=min(sures) if sures else None)

    def gates(self, asked: Translate, draft: Draft[str]) -> tuple[Gate, ...]:
        most = 6 * len(asked.text) + 60
        return checked(
            "translation", source=asked.text, answer=draft.value, language=language_of(asked), to=asked.to, sure=draft.sure, most=most
        )
