# SPDX-License-Identifier: Apache-2.0
"""`client.tasks`: each task as a method that gives a Result, or an awaitable of one."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast
from urllib.parse import urlencode

import msgspec

from comity.errors import CallerError
from comity.gateway.library.calls import Ask, Sent
from comity.tasks.registry import TASKS, value_of
from comity.tasks.shapes import Availability, Result

BASE = "/comity/v1/tasks"


class Tasks:
    """``how``, of every task: `where` ("any" | "device"), `unmeasured` ("no" | "try"), `must` (raise NoAnswer in place of an abstention),
    `extra_headers`."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def summarise(
        self, *, text: str, language: str = "", style: Literal["paragraph", "bullets", "notification"] = "paragraph", most: int = 3,
        **how: Any,
    ) -> Any:  # fmt: skip
        return self.run("summarise", text=text, language=language, style=style, most=most, **how)

    def rewrite(self, *, text: str, language: str = "", tone: Literal["formal", "friendly", "concise"] = "formal", **how: Any) -> Any:
        return self.run("rewrite", text=text, language=language, tone=tone, **how)

    def proofread(self, *, text: str, language: str = "", **how: Any) -> Any:
        return self.run("proofread", text=text, language=language, **how)

    def translate(self, *, text: str, to: str, language: str = "", **how: Any) -> Any:
        return self.run("translate", text=text, to=to, language=language, **how)

    def extract(self, *, text: str, schema: Any, language: str = "", **how: Any) -> Any:
        """``schema``: JSON Schema, a msgspec Struct class or a pydantic model class; `value.fields` is then one of those."""
        from comity.tasks.text.extract import into, schema_of

        def read(raw: bytes) -> Result[Any]:
            made = _result("extract", raw)
            if made.value is None:
                return made
            value = msgspec.structs.replace(made.value, fields=into(made.value.fields, schema))
            return msgspec.structs.replace(made, value=value)

        return self._sent("extract", {"text": text, "language": language, "schema": schema_of(schema)}, how, read)

    def answer(self, *, text: str, question: str, language: str = "", **how: Any) -> Any:
        return self.run("answer", text=text, question=question, language=language, **how)

    def keywords(self, *, text: str, language: str = "", most: int = 8, **how: Any) -> Any:
        return self.run("keywords", text=text, language=language, most=most, **how)

    def reply(self, *, text: str, language: str = "", **how: Any) -> Any:
        return self.run("reply", text=text, language=language, **how)

    def ocr(self, *, image: Any, language: str = "", **how: Any) -> Any:
        """``image``: bytes of a PNG, JPEG or WebP, or an open file."""
        return self.run("ocr", image=image, language=language, **how)

    def describe(self, *, image: Any, language: str = "en", read: str | None = None, sentences: int = 3, **how: Any) -> Any:
        """``image``: as of `ocr`; ``read``: what `ocr` read in it, None where it is to be read first."""
        return self.run("describe", image=image, language=language, read=read, sentences=sentences, **how)

    def transcribe(self, *, file: Any, language: str = "", prompt: str = "", **how: Any) -> Any:
        """``file``: bytes of a wav, flac, mp3, ogg or m4a, or an open file; ``prompt``: words that may occur."""
        return self.run("transcribe", file=file, language=language, prompt=prompt, **how)

    def classify(self, *, text: str, labels: Any, outside: Sequence[str] = (), language: str = "", **how: Any) -> Any:
        """``labels``: each with `id`, and `says` or `examples`; ``outside``: texts that belong to none of them."""
        return self.run("classify", text=text, labels=labels, outside=outside, language=language, **how)

    def speak(
        self, *, text: str, language: str = "", voice: str = "auto", format: Literal["wav", "pcm"] = "wav", speed: float = 1.0,
        **how: Any,
    ) -> Any:  # fmt: skip
        return self.run("speak", text=text, language=language, voice=voice, format=format, speed=speed, **how)

    def run(self, name: str, **asked: Any) -> Any:
        """Any task by its name, with the members of its input; bytes, or an open file, where it takes a file."""
        how: dict[str, Any] = {word: asked.pop(word) for word in ("where", "unmeasured", "must", "extra_headers") if word in asked}
        return self._sent(name, asked, how, lambda raw: _result(name, raw))

    def availability(
        self, name: str, *, language: str = "en", length: Literal["short", "medium", "long"] = "short", to: str = ""
    ) -> Any:  # fmt: skip
        """Ready, NeedsModel, RegionalOnly or Refused."""
        if name not in TASKS:
            raise CallerError(f"there is no task `{name[:64]}`", code="task.unknown", status=404, exit_code=2, field="task")

        def read(raw: bytes) -> Availability:
            rows = msgspec.json.decode(raw)["tasks"]
            found: Availability = msgspec.convert(next(row["availability"] for row in rows if row["name"] == name), Availability)
            return found

        query = urlencode({"language": language, "length": length, "task": name} | ({"to": to} if to else {}))
        return self._ask(Sent("GET", f"{BASE}?{query}", read=read))

    def _sent(self, name: str, asked: Mapping[str, Any], how: Mapping[str, Any], read: Any) -> Any:
        odd = next((word for word in how if word not in ("where", "unmeasured", "must", "extra_headers")), "")
        if odd:
            raise CallerError(f"`{odd[:64]}` is nothing that a task takes", code="request.unknown_field", field=odd[:64])
        body = {member: _said(value) for member, value in asked.items() if value is not None}
        body |= {word: how[word] for word in ("where", "unmeasured") if word in how}
        if how.get("must"):
            body["abstain"] = False
        try:
            raw = msgspec.json.encode(body)
        except (TypeError, ValueError, OverflowError, RecursionError):
            raise CallerError("the request holds what JSON cannot say", code="request.malformed") from None
        return self._ask(Sent("POST", f"{BASE}/{name}", raw, headers=how.get("extra_headers") or {}, read=read))


def _said(value: Any) -> Any:
    if hasattr(value, "read"):
        value = value.read()
    return base64.b64encode(value).decode() if isinstance(value, bytes | bytearray | memoryview) else value


def _result(name: str, raw: bytes) -> Result[Any]:
    made: Result[Any] = msgspec.json.decode(raw, type=cast("Any", Result)[value_of(name)])
    return made
