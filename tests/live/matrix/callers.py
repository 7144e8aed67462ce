# SPDX-License-Identifier: Apache-2.0
"""One question asked through each front door that speaks of chats, by its maker's own client, and what came back in one form."""

from __future__ import annotations

import json
from typing import Any, NamedTuple, Protocol

import openai

Call = tuple[str, dict[str, Any]]


class Question(NamedTuple):
    """``tools``: name → JSON schema; ``choice``: `any` or a tool's name; ``result``: of a call of the first tool, made before."""

    text: str = "hello from far away"
    system: str = ""
    tools: dict[str, dict[str, Any]] = {}  # noqa: RUF012
    choice: str = ""
    result: str = ""
    schema: dict[str, Any] | None = None
    image: str = ""  # base64 of a PNG
    audio: str = ""  # base64 of a WAV
    file: str = ""  # base64 of a PDF
    stop: str = ""
    tokens_max: int = 4096
    effort: str = ""
    more: dict[str, Any] = {}  # noqa: RUF012 - members that this door alone has


class Got(NamedTuple):
    text: str
    finish: str  # in OpenAI's words
    calls: list[Call]
    prompt_tokens: int
    completion_tokens: int
    reasoning: str = ""
    raw: Any = None


class Caller(Protocol):
    name: str

    def ask(self, model: str, question: Question, *, stream: bool) -> Got: ...

    def broken(self, model: str, text: str) -> str:
        """What the client says at the end of a stream that breaks; "" where it takes it for whole."""


def _function(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "description": f"{name} of a place", "parameters": schema}


class Chat:
    name = "chat"

    def __init__(self, client: openai.OpenAI) -> None:
        self._client = client

    def ask(self, model: str, question: Question, *, stream: bool) -> Got:
        asked = self._asked(model, question)
        if stream:
            try:
                with self._client.chat.completions.stream(**asked, stream_options={"include_usage": True}) as events:
                    pieces = sum(event.type == "content.delta" for event in events)
                    made: Any = events.get_final_completion()
                assert pieces != 1 or made.choices[0].message.tool_calls, "a stream that came in one piece"
            except openai.LengthFinishReasonError as cut:  # so the client says it
                made = cut.completion
        else:
            made = self._client.chat.completions.create(**asked)
        choice = made.choices[0]
        calls = [(call.function.name, json.loads(call.function.arguments)) for call in choice.message.tool_calls or ()]  # type: ignore[union-attr]
        assert made.usage is not None
        return Got(
            choice.message.content or "", choice.finish_reason or "", calls, made.usage.prompt_tokens, made.usage.completion_tokens,
            getattr(choice.message, "reasoning_content", "") or getattr(choice.message, "reasoning", "") or "", made,
        )  # fmt: skip

    def broken(self, model: str, text: str) -> str:
        try:
            with self._client.chat.completions.create(model=model, messages=[{"role": "user", "content": text}], stream=True) as events:
                for _ in events:
                    pass
        except openai.APIError as error:
            return str(error.code)
        return ""

    def _asked(self, model: str, q: Question) -> dict[str, Any]:
        parts: list[dict[str, Any]] = [{"type": "text", "text": q.text}]
        parts += [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{q.image}"}}] if q.image else []
        parts += [{"type": "input_audio", "input_audio": {"data": q.audio, "format": "wav"}}] if q.audio else []
        file = {"file_data": f"data:application/pdf;base64,{q.file}", "filename": "a.pdf"}
        parts += [{"type": "file", "file": file}] if q.file else []
        messages: list[dict[str, Any]] = [{"role": "system", "content": q.system}] if q.system else []
        messages.append({"role": "user", "content": parts if len(parts) > 1 else q.text})
        if q.result:
            name = next(iter(q.tools))
            call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": '{"city":"Oslo"}'}}
            messages += [{"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": "call_1", "content": q.result}]
        out: dict[str, Any] = {"model": model, "messages": messages, "max_completion_tokens": q.tokens_max, **q.more}
        if q.tools:
            out["tools"] = [{"type": "function", "function": _function(name, schema)} for name, schema in q.tools.items()]
        if q.choice:
            out["tool_choice"] = "required" if q.choice == "any" else {"type": "function", "function": {"name": q.choice}}
        if q.schema:
            out["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": q.schema, "strict": True}}
        if q.stop:
            out["stop"] = [q.stop]
        if q.effort:
            out["reasoning_effort"] = q.effort
        return out


class Responses:
    name = "responses"

    def __init__(self, client: openai.OpenAI) -> None:
        self._client = client

    def ask(self, model: str, question: Question, *, stream: bool) -> Got:
        asked = self._asked(model, question)
        if stream:
            made: Any = None
            with self._client.responses.stream(**asked) as events:
                for event in events:
                    if event.type in ("response.completed", "response.incomplete"):  # the client's own helper waits for the first alone
                        made = event.response
        else:
            made = self._client.responses.create(**asked)
        calls = [(item.name, json.loads(item.arguments)) for item in made.output if item.type == "function_call"]
        finish = "tool_calls" if calls else "stop" if made.status == "completed" else "length"
        thought = [part.text for item in made.output if item.type == "reasoning" for part in (item.content or item.summary or ())]
        return Got(made.output_text, finish, calls, made.usage.input_tokens, made.usage.output_tokens, "".join(thought), made)

    def broken(self, model: str, text: str) -> str:
        said = ""
        try:
            with self._client.responses.create(model=model, input=text, stream=True) as events:
                for event in events:
                    assert event.type not in ("response.completed", "response.incomplete"), "told as whole"
                    if event.type == "response.failed" and event.response.error is not None:
                        said = said or f"{event.response.error.code} {event.response.error.message}"
                    if event.type == "error":
                        said = event.code or ""
        except openai.APIError as error:
            return str(error.code)
        return said

    def _asked(self, model: str, q: Question) -> dict[str, Any]:
        parts: list[dict[str, Any]] = [{"type": "input_text", "text": q.text}]
        parts += [{"type": "input_image", "image_url": f"data:image/png;base64,{q.image}", "detail": "auto"}] if q.image else []
        file = {"type": "input_file", "file_data": f"data:application/pdf;base64,{q.file}", "filename": "a.pdf"}
        parts += [file] if q.file else []
        items: list[dict[str, Any]] = [{"role": "user", "content": parts if len(parts) > 1 else q.text}]
        if q.result:
            call = {"type": "function_call", "call_id": "call_1", "name": next(iter(q.tools)), "arguments": '{"city":"Oslo"}'}
            items += [call, {"type": "function_call_output", "call_id": "call_1", "output": q.result}]
        out: dict[str, Any] = {"model": model, "input": items, "max_output_tokens": q.tokens_max, **q.more}
        if q.system:
            out["instructions"] = q.system
        if q.tools:
            out["tools"] = [{"type": "function", "strict": False, **_function(name, schema)} for name, schema in q.tools.items()]
        if q.choice:
            out["tool_choice"] = "required" if q.choice == "any" else {"type": "function", "name": q.choice}
        if q.schema:
            out["text"] = {"format": {"type": "json_schema", "name": "answer", "schema": q.schema, "strict": True}}
        if q.effort:
            out["reasoning"] = {"effort": q.effort}
        return out


class Messages:
    name = "messages"
    _FINISH = {"end_turn": "stop", "max_tokens": "length", "stop_sequence": "stop", "tool_use": "tool_calls", "refusal": "content_filter"}  # noqa: RUF012

    def __init__(self, client: Any) -> None:
        self._client = client

    def ask(self, model: str, question: Question, *, stream: bool) -> Got:
        asked = self._asked(model, question)
        if stream:
            with self._client.messages.stream(**asked) as events:
                for _ in events:
                    pass
                made = events.get_final_message()
        else:
            made = self._client.messages.create(**asked)
        text = "".join(block.text for block in made.content if block.type == "text")
        calls = [(block.name, block.input) for block in made.content if block.type == "tool_use"]
        thought = "".join(block.thinking for block in made.content if block.type == "thinking")
        usage = made.usage
        return Got(text, self._FINISH[made.stop_reason], calls, usage.input_tokens, usage.output_tokens, thought, made)

    def broken(self, model: str, text: str) -> str:
        import anthropic

        asked = {"model": model, "max_tokens": 512, "messages": [{"role": "user", "content": text}]}
        try:
            with self._client.messages.create(**asked, stream=True) as events:
                for event in events:
                    assert event.type != "message_stop", "told as whole"
        except anthropic.APIError as error:
            return str(error.body)
        return ""

    def _asked(self, model: str, q: Question) -> dict[str, Any]:
        parts: list[dict[str, Any]] = []
        parts += [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": q.image}}] if q.image else []
        parts += [{"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": q.file}}] if q.file else []
        parts.append({"type": "text", "text": q.text})
        messages: list[dict[str, Any]] = [{"role": "user", "content": parts if len(parts) > 1 else q.text}]
        if q.result:
            call = {"type": "tool_use", "id": "call_1", "name": next(iter(q.tools)), "input": {"city": "Oslo"}}
            result = {"type": "tool_result", "tool_use_id": "call_1", "content": q.result}
            messages += [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
        out: dict[str, Any] = {"model": model, "messages": messages, "max_tokens": q.tokens_max, "extra_body": q.more}
        if q.system:
            out["system"] = q.system
        if q.tools:
            out["tools"] = [{"name": name, "description": f"{name} of a place", "input_schema": each} for name, each in q.tools.items()]
        if q.choice:
            out["tool_choice"] = {"type": "any"} if q.choice == "any" else {"type": "tool", "name": q.choice}
        if q.stop:
            out["stop_sequences"] = [q.stop]
        if q.effort:
            out["thinking"] = {"type": "enabled", "budget_tokens": 2048}
        return out
