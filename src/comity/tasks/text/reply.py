# SPDX-License-Identifier: Apache-2.0
"""Smart reply: three short answers to a message, from which a person chooses."""

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
        return Draft(value=replies[:COUNT], sure=reply.sure)

    def gates(self, asked: SmartReply, draft: Draft[Replies]) -> tuple[Gate, ...]:
        echoed = next((each for each in draft.value if len(each) > 12 and each in asked.text), "")
        gate = Gate(name="own_words", passed=not echoed, why="echo" if echoed else "", said=echoed)
        most = COUNT * (CHARACTERS_MAX + 1)
        said = checked("reply", source=asked.text, answer="\n".join(draft.value), language=language_of(asked), sure=draft.sure, most=most)
        return (gate, *said)
