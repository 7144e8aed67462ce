# SPDX-License-Identifier: Apache-2.0
"""A chat's answer, whole or in chunks, for the doors that are not OpenAI's chat: what each chunk adds, and all of it at the end.

Only the first choice is read: neither door can ask for more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import msgspec

from comity.errors import ProviderFailure

Body = dict[str, Any]
Kind = Literal["thought", "signature", "text", "refusal", "call"]
_MEMBERS: tuple[tuple[str, Kind], ...] = (
    ("reasoning_content", "thought"),
    ("reasoning_signature", "signature"),
    ("content", "text"),
    ("refusal", "refusal"),
)


@dataclass
class Call:
    id: str
    name: str = ""
    arguments: str = ""

    def object(self) -> Body:
        """The arguments as the object they must be; raises ProviderFailure."""
        try:
            read = msgspec.json.decode(self.arguments or "{}")
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
            raise broken("the arguments of the partner's tool call are not JSON") from error
        if not isinstance(read, dict):
            raise broken("the arguments of the partner's tool call are no JSON object")
        return read


class Piece(NamedTuple):
    """What a chunk adds; of a call, ``call`` says which."""

    kind: Kind
    text: str
    call: int = 0
    logprobs: list[Any] = []  # noqa: RUF012 - read only


@dataclass
class Gathered:
    head: Body = field(default_factory=dict)  # id, created, model
    thought: str = ""
    signature: str = ""
    text: str = ""
    refusal: str = ""
    calls: dict[int, Call] = field(default_factory=dict)
    logprobs: list[Any] = field(default_factory=list)
    finish: str = ""
    usage: Body = field(default_factory=dict)
    label: Any = None  # `AIGC`

    def feed(self, chunk: Body) -> list[Piece]:
        """Raises ProviderFailure where it is no chunk."""
        self._beside(chunk)
        pieces: list[Piece] = []
        for choice in _objects(chunk.get("choices")):
            if choice.get("index", 0) == 0:
                pieces += self._said(choice, choice.get("delta") or {})
        return pieces

    @classmethod
    def whole(cls, body: Body) -> Gathered:
        made = cls()
        made._beside(body)
        choices = _objects(body.get("choices"))
        if not choices:
            raise broken("the partner's answer has no choice")
        made._said(choices[0], choices[0].get("message") or {})
        made.ended()
        return made

    def ended(self) -> None:
        """Raises ProviderFailure for a call that nobody could make."""
        for call in self.calls.values():
            if not call.name:
                raise broken("the partner's tool call has no name")

    def _beside(self, body: Body) -> None:
        self.head = self.head or {name: body[name] for name in ("id", "created", "model") if body.get(name)}
        self.usage = body["usage"] if isinstance(body.get("usage"), dict) else self.usage
        self.label = body.get("AIGC", self.label)

    def _said(self, choice: Body, said: Any) -> list[Piece]:
        if not isinstance(said, dict):
            raise broken("the partner's answer holds no message")
        logprobs = choice.get("logprobs")
        tokens = _objects(logprobs.get("content")) if isinstance(logprobs, dict) else []
        self.logprobs += tokens
        pieces: list[Piece] = []
        for member, kind in _MEMBERS:
            text = said.get(member) or (said.get("reasoning") if kind == "thought" else None)  # as newer vLLM names a thought
            if isinstance(text, str) and text:
                setattr(self, kind, getattr(self, kind) + text)
                pieces.append(Piece(kind, text, logprobs=tokens if kind == "text" else []))
        for place, call in enumerate(_objects(said.get("tool_calls"))):
            pieces += self._call(call, call.get("index", place))
        if isinstance(choice.get("finish_reason"), str):
            self.finish = choice["finish_reason"]
        return pieces

    def _call(self, said: Body, index: Any) -> list[Piece]:
        """Nothing is told of a call before it has a name."""
        function = said.get("function") or {}
        if not isinstance(index, int) or not isinstance(function, dict):
            raise broken("the partner's tool call cannot be read")
        call = self.calls.setdefault(index, Call(id=_text(said.get("id")) or f"call_{index}"))
        known, more = bool(call.name), _text(function.get("arguments"))
        call.name = call.name or _text(function.get("name"))
        call.arguments += more
        if not call.name or (known and not more):
            return []
        return [Piece("call", more if known else call.arguments, index)]

    def counted(self, name: str, part: str = "") -> int:
        """Of ``usage``: a count, or one of its details; 0 where it was not told."""
        value = self.usage.get(name)
        if part:
            value = value.get(part) if isinstance(value, dict) else None
        return value if isinstance(value, int) else 0


def _objects(value: Any) -> list[Body]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise broken("the partner's answer cannot be read")
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def broken(what: str) -> ProviderFailure:
    return ProviderFailure(what, kind="protocol", retryable=False)
