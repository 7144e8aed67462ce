# SPDX-License-Identifier: Apache-2.0
"""What a simulated model says: the same in every dialect, and the same in every run.

It says back what the caller wrote last, so that a test sees what arrived; it calls tools, fills schemas, counts pixels and seconds.
Nothing here knows a dialect, a clock or a random source.
"""

from __future__ import annotations

import hashlib
import math
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from comity.lab.simulators import media
from comity.lab.simulators.answer import Trouble, encode
from comity.lab.simulators.instance import instance

TOKEN = re.compile(r"\s*(?:[^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]{1,6}|\S)|\s+")
"""A word of up to six letters, a Han character, kana or syllable, a sign; with the blanks before it.  Longer words are cut."""
EVERY_TOOL = re.compile(r"\b(?:call|use) (?:both|all)\b|都调用|同时调用", re.I)
IMAGE_TOKENS = 85
WORDS_EMBEDDED_MAX = 200
SPEECH_SECONDS_A_TOKEN, SPEECH_SECONDS_MAX = 0.12, 60.0
Finish = Literal["stop", "length", "tool_calls", "content_filter"]


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One message, as text; what else it held is in `Asked.seen`."""

    role: Literal["system", "user", "assistant", "tool"]
    text: str


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """An image or a sound that came along.  `size` 0: it was only named by an address, and addresses are not fetched."""

    kind: Literal["image", "audio", "file"]
    size: int = 0
    sha256: str = ""
    width: int = 0
    height: int = 0
    seconds: float = 0.0
    rate: int = 0
    text: str = ""


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    schema: Mapping[str, Any] = msgspec.field(default_factory=dict)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    model: str
    messages: tuple[Said, ...]
    seen: tuple[Seen, ...] = ()
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"  # auto, none, required, or `=` and the name of a tool
    parallel: bool = True
    schema: Mapping[str, Any] | None = None  # the answer must be an instance; {}: any JSON object
    reason: bool = False
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    filtered: bool = False  # the answer is stopped half way for its content


class Call(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    arguments: str  # JSON


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    prompt: int
    completion: int  # with `reasoning` in it
    reasoning: int = 0

    @property
    def total(self) -> int:
        return self.prompt + self.completion


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """What is said.  `cut(text)` gives it in the pieces of a stream."""

    reasoning: str = ""
    text: str = ""
    calls: tuple[Call, ...] = ()
    finish: Finish = "stop"
    usage: Usage


def tokens(text: str) -> list[str]:
    """The pieces of a text, which joined give it again."""
    return TOKEN.findall(text)


def cut(text: str, size: int = 2) -> Iterator[str]:
    """Pieces of ``size`` tokens, as a stream sends them: a word, and with it a stand-in, may be parted."""
    pieces = tokens(text)
    for start in range(0, len(pieces), size):
        yield "".join(pieces[start : start + size])


def say(asked: Asked) -> Script:
    last = next((said.text for said in reversed(asked.messages) if said.role == "user"), "")
    prompt = sum(len(tokens(said.text)) for said in asked.messages) + IMAGE_TOKENS * len(asked.seen)
    reasoning = f"The caller wrote: {last}" if asked.reason else ""
    spent = len(tokens(reasoning))
    calls = tuple(Call(name=tool.name, arguments=encode(instance(_object(tool.schema), last)).decode()) for tool in _called(asked, last))
    if calls and not asked.filtered:
        count = spent + sum(len(tokens(call.name + call.arguments)) for call in calls)
        usage = Usage(prompt=prompt, completion=count, reasoning=spent)
        return Script(reasoning=reasoning, calls=calls, finish="tool_calls", usage=usage)
    text, finish = _ended(_text(asked, last), asked)
    usage = Usage(prompt=prompt, completion=spent + len(tokens(text)), reasoning=spent)
    return Script(reasoning=reasoning, text=text, finish=finish, usage=usage)


def _object(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Arguments are an object, also where a schema does not say so."""
    return schema if "type" in schema or "$ref" in schema else {"type": "object", **schema}


def _called(asked: Asked, last: str) -> Sequence[Tool]:
    """Which tools: those that the last message names; all, where it asks for all; else, where one must be called, the first."""
    if asked.tool_choice == "none" or not asked.tools or (asked.messages and asked.messages[-1].role == "tool"):
        return ()
    if asked.tool_choice.startswith("="):
        chosen = [tool for tool in asked.tools if tool.name == asked.tool_choice[1:]]
        if not chosen:
            raise Trouble("parameter", "The tool that must be called is not among the tools.", field="tool_choice")
        return chosen
    chosen = list(asked.tools) if EVERY_TOOL.search(last) else [tool for tool in asked.tools if tool.name in last]
    if not chosen and asked.tool_choice == "required":
        chosen = [asked.tools[0]]
    return chosen if asked.parallel else chosen[:1]


def _text(asked: Asked, last: str) -> str:
    if asked.messages and asked.messages[-1].role == "tool":
        answered = [said.text for said in asked.messages[_turn(asked.messages) :] if said.role == "tool"]
        last = "The tools said: " + "; ".join(answered)
    if asked.schema is not None:
        return encode(instance(_object(asked.schema), last)).decode()
    return "\n".join(filter(None, [last, *_seen(asked.seen)]))


def _turn(messages: Sequence[Said]) -> int:
    """Where the last message of the user stands."""
    return max((place for place, said in enumerate(messages) if said.role == "user"), default=0)


def _seen(seen: Sequence[Seen]) -> Iterator[str]:
    images = [each for each in seen if each.kind == "image"]
    if images:
        sizes = ", ".join(f"{image.width}x{image.height}" if image.size else "not fetched" for image in images)
        yield f"[{len(images)} {'image' if len(images) == 1 else 'images'}: {sizes}]"
    for each in seen:
        if each.kind == "audio":
            yield f"[{each.seconds:.2f} s of sound at {each.rate} Hz: {each.text}]" if each.size else "[a sound: not fetched]"
        elif each.kind == "file":
            yield f"[a file of {each.size} bytes, {each.sha256[:8]}]"


def _ended(text: str, asked: Asked) -> tuple[str, Finish]:
    """Where a stop sequence, the limit or the filter ends the text, whichever comes first."""
    places = [place for stop in asked.stop if stop and (place := text.find(stop)) >= 0]
    text = text[: min(places)] if places else text
    pieces = tokens(text)
    if asked.filtered:
        return "".join(pieces[: len(pieces) // 2]), "content_filter"
    if asked.max_tokens is not None and len(pieces) > asked.max_tokens:
        return "".join(pieces[: asked.max_tokens]), "length"
    return text, "stop"


def see(data: bytes | None) -> Seen:
    """An image by its bytes; None: only its address came."""
    if data is None:
        return Seen(kind="image")
    found = media.picture(data)
    if not found.kind:
        raise Trouble("parameter", "The image data you provided does not represent a valid image.")
    return Seen(kind="image", size=len(data), sha256=hashlib.sha256(data).hexdigest(), width=found.width, height=found.height)


def hear(data: bytes | None) -> Seen:
    """A sound by its bytes: the text that its metadata carries is heard, else one made from its hash."""
    if data is None:
        return Seen(kind="audio")
    found = media.sound(data)
    if not found.kind:
        raise Trouble("parameter", "The audio file could not be decoded or its format is not supported.")
    print_of_it = hashlib.sha256(data).hexdigest()
    text = found.text or f"A sound of {found.seconds:.2f} seconds at {found.rate} Hz, {print_of_it[:8]}."
    return Seen(kind="audio", size=len(data), sha256=print_of_it, seconds=found.seconds, rate=found.rate, text=text)


def spoken_seconds(text: str) -> float:
    return min(SPEECH_SECONDS_MAX, max(0.1, len(tokens(text)) * SPEECH_SECONDS_A_TOKEN))


def speak(text: str, kind: Literal["wav", "mp3", "pcm"], *, voice: str = "", rate: int = media.WAV_RATE, speed: float = 1.0) -> bytes:
    """A tone whose length follows the text and whose pitch the voice."""
    seconds = spoken_seconds(text) / speed
    if kind == "mp3":
        return media.mp3(text, seconds)
    hertz = 200 + 10 * (hashlib.sha256(voice.encode()).digest()[0] % 30)
    return media.wav(text, seconds, hertz=hertz, rate=rate) if kind == "wav" else media.pcm(seconds, hertz=hertz, rate=rate)


def embed(text: str, dimensions: int) -> list[float]:
    """A unit vector: the sum of one for each different word, each spread by its hash, so that texts with the same words are near."""
    words = sorted({word.strip().lower() for word in tokens(text)})[:WORDS_EMBEDDED_MAX]
    summed: list[float] = [0.0] * dimensions
    for word in words or [""]:
        spread = struct.unpack(f"<{dimensions}h", hashlib.shake_256(word.encode()).digest(2 * dimensions))
        summed = [one + other for one, other in zip(summed, spread, strict=True)]
    length = math.sqrt(sum(value * value for value in summed)) or 1.0
    return [value / length for value in summed]


def packed(vector: Sequence[float]) -> bytes:
    """Little-endian 32-bit floats, as they are put into base64."""
    return struct.pack(f"<{len(vector)}f", *vector)


def relevance(query: str, document: str) -> float:
    """The share of the query's different words, or Han characters, that the document holds: 0 to 1."""
    wanted, there = ({word.strip().lower() for word in tokens(text)} for text in (query, document))
    return len(wanted & there) / len(wanted) if wanted else 0.0


def rank(query: str, documents: Sequence[str]) -> list[tuple[int, float]]:
    """Places of the documents with their relevance, best first."""
    scored = [(place, relevance(query, document)) for place, document in enumerate(documents)]
    return sorted(scored, key=lambda each: (-each[1], each[0]))


def likelihood(token: str) -> float:
    """The logarithm of a probability for a token: of its hash, between -1 and 0."""
    return -hashlib.sha256(token.encode()).digest()[0] / 256


def label(*parts: str) -> str:
    """An id made of what it stands for: 24 hexadecimal digits."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]
