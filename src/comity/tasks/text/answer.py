# SPDX-License-Identifier: Apache-2.0
"""Answer a question over a given text: with the sentence that says it, word for word, or not at all."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec

from comity.errors import CallerError
from comity.tasks.shapes import Draft, Gate
from comity.tasks.task import Ask, Unreadable
from comity.tasks.text.asking import Input, asking, filled, language_of
from comity.tasks.text.checks import checked
from comity.tasks.text.standing import standing
from comity.wire.request import Operation

QUESTION_CHARACTERS_MAX = 2000
SCHEMA = {
    "type": "object",
    "properties": {
        "evidence": {"type": "string", "maxLength": 600},
        "found": {"type": "boolean"},
        "answer": {"type": "string", "maxLength": 400},
    },
    "required": ["evidence", "found", "answer"],
    "additionalProperties": False,
}


_DENIED = re.compile(
    r"\b(?:not|never|n't)\b[^.]{0,24}\b(?:mention|specif|stat|provid|said|say|given|contain|found|known|clear|include)"
    r"|\bno (?:information|mention|answer)\b|\b(?:unknown|unspecified|n/?a)\b"
    r"|(?:没有|未|并未|无法|不)[^。]{0,6}(?:提到|提及|说明|指出|给出|提供|确定|得知|涉及|知道)|无相关信息|未知",
    re.IGNORECASE,
)
"""A model that says in words that the text does not say it, whatever it set `found` to."""


class Answer(Input, frozen=True, kw_only=True):
    question: str

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.question.strip() or len(self.question) > QUESTION_CHARACTERS_MAX:
            raise CallerError(
                f"the question is empty or has more than {QUESTION_CHARACTERS_MAX} characters", code="request.invalid", field="question"
            )


class _Said(msgspec.Struct, frozen=True, kw_only=True):
    found: bool
    evidence: Annotated[str, msgspec.Meta(max_length=4000)] = ""
    answer: str = ""


class AnswerTask:
    name = "answer"
    operation: Operation = "chat"

    def language(self, asked: Answer) -> str:
        return language_of(asked)

    def size(self, asked: Answer) -> int:
        return len(asked.text)

    async def draft(self, asked: Answer, ask: Ask) -> Draft[str]:
        request = asking(
            asked.text, language_of(asked), self.name, "answer", held=SCHEMA, tokens=420, question=" ".join(asked.question.split())
        )
        said, reply = await filled(ask, request, _Said)
        if not said.found or not said.answer.strip() or _denied(said.answer, said.evidence):
            return Draft(value="", abstained=True, why="not_in_text", sure=reply.sure)
        if not said.evidence.strip():
            raise Unreadable("no evidence")
        return Draft(value=said.answer.strip(), evidence=(standing(asked.text, said.evidence),), sure=reply.sure)

    def gates(self, asked: Answer, draft: Draft[str]) -> tuple[Gate, ...]:
        if draft.abstained:
            return ()
        return checked(
            "answer", source=asked.text, answer=draft.value, language=language_of(asked), sure=draft.sure, most=600,
            question=asked.question, evidence=draft.evidence,
        )  # fmt: skip


def _denied(answer: str, evidence: str) -> bool:
    return _DENIED.search(answer) is not None and _DENIED.search(evidence) is None
