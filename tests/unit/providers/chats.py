# SPDX-License-Identifier: Apache-2.0
"""What every adapter of a chat must hold to, whatever its dialect: asked of its partner's simulator."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx2 as httpx
import pytest

from comity.errors import ProviderFailure
from comity.lab.simulators import media
from comity.lab.simulators.base import Dialect as Simulated
from comity.providers.base import Deployment
from comity.providers.dialect import Dialect, Reader
from comity.wire.chat import ChatRequest
from comity.wire.decode import decode_chat
from tests.unit.lab.simulators.stand import KEY, http, simulator

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}
TOOLS = [{"type": "function", "function": {"name": name, "description": "x", "parameters": CITY}} for name in ("weather", "time")]
NOTHING = {"type": "function", "function": {"name": "nothing", "parameters": {"type": "object", "properties": {}}}}
PICTURE = "data:image/png;base64," + base64.b64encode(media.png("x", 40, 30)).decode()
PDF = "data:application/pdf;base64," + base64.b64encode(b"%PDF-1.7 test").decode()
SOUND = base64.b64encode(media.wav("ears", 0.5)).decode()


def content(*parts: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"type": "text", "text": "look"}, *parts]}]


FEATURES: dict[str, dict[str, Any]] = {
    "stream": {"stream": True},
    "tools": {"tools": TOOLS, "messages": [{"role": "user", "content": "the weather"}]},
    "tool_choice": {"tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "time"}}},
    "parallel_tools": {"tools": TOOLS, "parallel_tool_calls": True, "messages": [{"role": "user", "content": "call both"}]},
    "json_object": {"response_format": {"type": "json_object"}},
    "json_schema": {"response_format": {"type": "json_schema", "json_schema": {"name": "place", "schema": CITY, "strict": True}}},
    "image": {"messages": content({"type": "image_url", "image_url": {"url": PICTURE}})},
    "audio": {"messages": content({"type": "input_audio", "input_audio": {"data": SOUND, "format": "wav"}})},
    "file": {"messages": content({"type": "file", "file": {"file_data": PDF, "filename": "a.pdf"}})},
    "n": {"n": 2},
    "logprobs": {"logprobs": True},
    "seed": {"seed": 7},
    "stop": {"stop": ["far"]},
    "penalties": {"presence_penalty": 0.5, "frequency_penalty": 0.5},
    "top_k": {"top_k": 5},
    "reasoning": {"reasoning_effort": "low"},
    "logit_bias": {"logit_bias": {"1": 1}},
    "name": {"messages": [{"role": "user", "name": "ana", "content": "hello"}]},
    "user": {"user": "u-1"},
}
ASKED: dict[str, dict[str, Any]] = {
    "text": {},
    "thought": {"reasoning_effort": "high"},
    "tools": {"tools": TOOLS, "messages": [{"role": "user", "content": "call both"}], "reasoning_effort": "low"},
    "no arguments": {"tools": [NOTHING], "messages": [{"role": "user", "content": "do nothing"}]},
    "short": {"max_tokens": 2},
    "stopped": {"stop": "far"},
}
FINISHES = {"tools": "tool_calls", "no arguments": "tool_calls", "short": "length"}


def asked(**more: Any) -> ChatRequest:
    body = {"messages": [{"role": "user", "content": "hello from far away"}], **more}
    return decode_chat(json.dumps(body | ({"stream_options": {"include_usage": True}} if body.get("stream") else {})).encode())[0]


class Stand:
    """An adapter, and the simulator that it asks."""

    def __init__(self, adapter: Dialect, place: Deployment, simulated: Callable[[], Simulated], path: str) -> None:
        self.adapter, self.place, self._simulated, self._path = adapter, place, simulated, path

    async def ask(self, request: Any, **headers: str) -> httpx.Response:
        out = self.adapter.outgoing(self.place, request, KEY)
        async with http(simulator(self._simulated())) as client:
            return await client.post(self._path + out.path, content=out.body, headers={**out.headers, **headers})

    async def recorded(self, request: Any, **headers: str) -> bytes:
        answer = await self.ask(request, **headers)
        assert answer.status_code == 200, answer.text
        return answer.content

    def reader(self, request: Any) -> Reader:
        made = self.adapter.reader(self.place, request)
        assert made is not None
        return made

    async def answer(self, request: Any) -> Any:
        return json.loads(through(self.reader(request), [await self.recorded(request)]))

    async def cut_at_every_byte(self, name: str) -> None:
        """Any cutting gives the same bytes, and a stream that stops short is no answer."""
        request = asked(stream=True, **ASKED[name])
        raw = await self.recorded(request)
        once = through(self.reader(request), [raw])
        assert once.endswith(b"data: [DONE]\n\n") and b'"prompt_tokens":' in once
        assert through(self.reader(request), [raw[at : at + 1] for at in range(len(raw))]) == once
        for at in range(0, len(raw), 7):
            assert through(self.reader(request), [raw[:at], raw[at:]]) == once
        end = raw.rindex(b"data:") + 5
        for at in range(0, end, 97):
            with pytest.raises(ProviderFailure):
                through(self.reader(request), [raw[:at]])

    async def whole_and_streamed(self, name: str) -> None:
        request = asked(stream=True, **ASKED[name])
        chunks = told(through(self.reader(request), [await self.recorded(request)]))
        whole = await self.answer(asked(**ASKED[name]))
        message, deltas = whole["choices"][0]["message"], [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
        for member in ("content", "reasoning_content", "reasoning_signature"):
            assert "".join(delta.get(member) or "" for delta in deltas) == (message.get(member) or ""), member
        calls = [call for delta in deltas for call in delta.get("tool_calls", ())]
        for place, call in enumerate(message.get("tool_calls", ())):
            same = [each for each in calls if each["index"] == place]
            assert "".join(each["function"]["arguments"] for each in same) == call["function"]["arguments"]
            assert (same[0]["id"], same[0]["function"]["name"]) == (call["id"], call["function"]["name"])
        finishes = [choice["finish_reason"] for chunk in chunks for choice in chunk["choices"] if choice["finish_reason"]]
        assert finishes == [whole["choices"][0]["finish_reason"]] == [FINISHES.get(name, "stop")]
        assert whole["usage"] == chunks[-1]["usage"]
        assert bool(message.get("reasoning_signature")) == ("reasoning_effort" in ASKED[name])

    async def its_table(self, feature: str) -> None:
        """What the table names is served and shows in the answer; what it does not name is refused before anything is sent."""
        request = asked(**FEATURES[feature])
        if feature not in self.place.features["chat"]:
            with pytest.raises(ProviderFailure) as raised:
                self.adapter.outgoing(self.place, request, KEY)
            assert raised.value.kind == "unsupported"
            return
        if feature == "stream":
            assert told(through(self.reader(request), [await self.recorded(request)]))
            return
        message = (await self.answer(request))["choices"][0]["message"]
        text, calls = message["content"] or "", [call["function"]["name"] for call in message.get("tool_calls", ())]
        match feature:
            case "tools" | "tool_choice" | "parallel_tools":
                assert calls == {"tools": ["weather"], "tool_choice": ["time"], "parallel_tools": ["weather", "time"]}[feature]
            case "json_object" | "json_schema":
                assert isinstance(json.loads(text), dict) and (feature == "json_object" or "city" in json.loads(text))
            case "image" | "audio" | "file":
                assert {"image": "1 image: 40x30", "audio": "ears", "file": "a file of 13 bytes"}[feature] in text
            case "stop":
                assert text == "hello from "
            case "reasoning":
                assert message["reasoning_content"]
            case _:
                assert text == "hello from far away"

    async def a_conversation_with_tools(self, effort: str | None = "low") -> None:
        """Two calls, their results, rules said twice; and the thought goes back with its proof."""
        first = [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "call both"},
            {"role": "developer", "content": "Be brief."},
        ]
        more: Any = {"tools": TOOLS} | ({"reasoning_effort": effort} if effort else {})
        message = (await self.answer(asked(messages=first, **more)))["choices"][0]["message"]
        results = [{"role": "tool", "tool_call_id": call["id"], "content": call["function"]["name"]} for call in message["tool_calls"]]
        said = await self.answer(asked(messages=[*first, message, *results], **more))
        assert said["choices"][0]["message"]["content"] == "The tools said: weather; time"
        assert said["choices"][0]["finish_reason"] == "stop" and said["usage"]["total_tokens"] > 0


def through(reader: Reader, pieces: list[bytes]) -> bytes:
    return b"".join(reader.feed(piece) for piece in pieces) + reader.finish()


def told(stream: bytes) -> list[Any]:
    return [json.loads(line[6:]) for line in stream.split(b"\n") if line[:7] == b"data: {"]


def event(body: Any) -> bytes:
    return b"data: " + json.dumps(body).encode() + b"\n\n"
