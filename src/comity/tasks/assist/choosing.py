# SPDX-License-Identifier: Apache-2.0
"""A model picks the action, among the few that the user's words may ask for, or none of them.

It is shown the user's own words and the declarations, never anything else; what it may write is one name, held by a grammar.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from comity.tasks.assist.intents import Intent, Intents
from comity.tasks.assist.retrieve import Candidate
from comity.tasks.task import Ask, Unreadable
from comity.wire.chat import ChatRequest
from comity.wire.decode import decode_chat

NONE = "none"
LISTED_MAX = 60
"""So many intents are all shown, so that the prompt begins alike for every request and is read once; of more only the candidates."""
_PROMPT = {
    "en": "You choose what a phone assistant does. Actions:\n{lines}\n- none: anything that none of these actions does\n\nAnswer with the action that the user asks for. If no action does exactly that, answer none.",  # noqa: E501
    "zh": "你为手机助手选择操作。可用的操作：\n{lines}\n- none：以上操作都做不到的事\n\n回答用户要的是哪个操作；没有一个操作正好做这件事，就回答 none。",  # noqa: E501
}  # fmt: skip


class Chosen(msgspec.Struct, frozen=True):
    name: str  # of an intent, or NONE
    by: str = ""  # the model


class Chooser(Protocol):
    async def choose(self, words: str, among: Sequence[Candidate], language: str) -> Chosen: ...


class Likeliest:
    """Without a model: the first candidate, where a cue speaks for it."""

    async def choose(self, words: str, among: Sequence[Candidate], language: str) -> Chosen:
        return Chosen(next((each.intent.name for each in among if each.strong), NONE), "cues")


class ModelChooser:
    def __init__(self, ask: Ask, intents: Intents) -> None:
        self._ask, self._intents = ask, intents

    async def choose(self, words: str, among: Sequence[Candidate], language: str) -> Chosen:
        """Raises Unreadable, ComityError."""
        shown = list(self._intents) if len(self._intents) <= LISTED_MAX else [each.intent for each in among]
        names = [each.intent.name for each in among]
        reply = await self._ask(request(words, shown, [*names, NONE], language))
        try:
            name = msgspec.json.decode(reply.text)["action"]
        except (msgspec.DecodeError, KeyError, TypeError):
            raise Unreadable("no_action") from None
        if name not in (*names, NONE):
            raise Unreadable("no_such_action")
        return Chosen(name, reply.model)


def request(words: str, shown: Sequence[Intent], names: Sequence[str], language: str) -> ChatRequest:
    code = language if language in _PROMPT else "en"
    lines = "\n".join(_line(each, code) for each in shown)
    schema = {"type": "object", "properties": {"action": {"enum": list(names)}}, "required": ["action"], "additionalProperties": False}
    body = {
        "model": "auto", "temperature": 0, "max_tokens": 40,
        "messages": [{"role": "system", "content": _PROMPT[code].format(lines=lines)}, {"role": "user", "content": words}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "action", "schema": schema, "strict": True}},
    }  # fmt: skip
    made, _ = decode_chat(msgspec.json.encode(body))
    return made


def _line(intent: Intent, language: str) -> str:
    examples = intent.examples.get(language, ())
    return f"- {intent.name}: {intent.telling(language)}" + (f" “{examples[0]}”" if examples else "")
