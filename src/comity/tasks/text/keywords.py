# SPDX-License-Identifier: Apache-2.0
"""Keywords: pieces of the text itself, each with where it stands."""

from __future__ import annotations

from typing import Annotated

import msgspec

from comity.tasks.shapes import Draft, Gate
from comity.tasks.task import Ask, Unreadable
from comity.tasks.text.asking import Input, asking, filled, language_of
from comity.tasks.text.checks import checked
from comity.tasks.text.standing import NOWHERE, standing
from comity.wire.request import Operation

Words = tuple[str, ...]
WORD_CHARACTERS_MAX = 60


class Keywords(Input, frozen=True, kw_only=True):
    most: Annotated[int, msgspec.Meta(ge=1, le=30)] = 8


class _Said(msgspec.Struct, frozen=True, kw_only=True):
    keywords: tuple[str, ...]


class KeywordsTask:
    name = "keywords"
    operation: Operation = "chat"

    def language(self, asked: Keywords) -> str:
        return language_of(asked)

    def size(self, asked: Keywords) -> int:
        return len(asked.text)

    async def draft(self, asked: Keywords, ask: Ask) -> Draft[Words]:
        word = {"type": "string", "minLength": 1, "maxLength": WORD_CHARACTERS_MAX}
        words = {"type": "array", "items": word, "minItems": 1, "maxItems": asked.most}
        schema = {"type": "object", "properties": {"keywords": words}, "required": ["keywords"], "additionalProperties": False}
        request = asking(asked.text, language_of(asked), self.name, "keywords", held=schema, tokens=32 + 16 * asked.most, most=asked.most)
        said, reply = await filled(ask, request, _Said)
        found = {
            each.text.casefold(): each for word in said.keywords if (each := standing(asked.text, word)).start != NOWHERE and each.text
        }
        if len(found) * 2 < len({word.casefold() for word in said.keywords}) or not found:
            raise Unreadable("not in the text")
        kept = tuple(found.values())[: asked.most]
        return Draft(value=tuple(each.text for each in kept), evidence=kept, sure=reply.sure)

    def gates(self, asked: Keywords, draft: Draft[Words]) -> tuple[Gate, ...]:
        return checked(
            "keywords", source=asked.text, answer=" ".join(draft.value), language=language_of(asked), sure=draft.sure,
            evidence=draft.evidence,
        )  # fmt: skip
