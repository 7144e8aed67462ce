# SPDX-License-Identifier: Apache-2.0
"""Smart reply: three short answers to a message, from which a person chooses; one that a gate finds fault with is left out."""

from __future__ import annotations

import msgspec

from comity.tasks.shapes import Draft, Gate
from comity.tasks.task import Ask, Unreadable
from comity.tasks.text.asking import Input, asking, filled, finished, language_of
from comity.tasks.text.checks import checked
from comity.wire.request import Operation

Replies = tuple[str, ...]
CHARACTERS_MAX = 160
COUNT = 3
_ONE = {"type": "string", "minLength": 1, "maxLength": CHARACTERS_MAX}
SCHEMA = {
    "type": "object",
    "properties": {"replies": {"type": "array", "items": _ONE, "minItems": COUNT, "maxItems": COUNT}},
    "required": ["replies"],
    "additionalProperties": False,
}


class SmartReply(Input, frozen=True, kw_only=True):
    """``text``: the message that was received, or the last few of a conversation."""


class _Said(msgspec.Struct, frozen=True, kw_only=True):
    replies: tuple[str, ...]


class ReplyTask:
    name = "reply"
    operation: Operation = "chat"

    def language(self, asked: SmartReply) -> str:
        return language_of(asked)

    def size(self, asked: SmartReply) -> int:
        return len(asked.text)

    async def draft(self, asked: SmartReply, ask: Ask) -> Draft[Replies]:
        language = language_of(asked)
        said, reply = await filled(
            ask, asking(asked.text, language, self.name, "reply", held=SCHEMA, tokens=240, formality="neutral"), _Said
        )
        replies = tuple(dict.fromkeys(finished(each.strip(), language) for each in said.replies if each.strip()))
        if len(replies) < COUNT:
            raise Unreadable("fewer than three")
        replies = replies[:COUNT]
        kept = tuple(each for each in replies if all(gate.passed for gate in _gates(asked, each, None)))
        return Draft(value=kept or replies, sure=reply.sure)

    def gates(self, asked: SmartReply, draft: Draft[Replies]) -> tuple[Gate, ...]:
        """Of each name the first that failed; `replies` says aloud that some were dropped."""
        named = zip(*(_gates(asked, each, draft.sure) for each in draft.value), strict=True)
        whole = len(draft.value) == COUNT
        count = Gate(name="replies", passed=True, why="" if whole else "some_dropped")
        return (count, *(next((gate for gate in same if not gate.passed), same[0]) for same in named))


def _gates(asked: SmartReply, one: str, sure: float | None) -> tuple[Gate, ...]:
    """Each reply stands for itself: a person takes one of them."""
    echoed = len(one) > 12 and one in asked.text
    own = Gate(name="own_words", passed=not echoed, why="echo" if echoed else "", said=one if echoed else "")
    said = checked("reply", source=asked.text, answer=one, language=language_of(asked), sure=sure, most=CHARACTERS_MAX + 1)
    return (own, *said)
