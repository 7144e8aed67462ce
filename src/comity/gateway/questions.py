# SPDX-License-Identifier: Apache-2.0
"""Who is supposed to ask, and the request that asks: the same for a report, which sends nothing, and for a drill, which does."""

from __future__ import annotations

import io
import json
import wave
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from comity.gateway.doors import DOORS
from comity.routing.resilience import Question
from comity.wire.request import Operation, Request


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Who is supposed to ask, about what.  ``text`` holds made-up values of that kind; what the guard finds in it is what counts."""

    name: str
    means: str
    age: int
    consent: tuple[str, ...]
    text: str


PERSONS = (
    Person(
        name="adult", means="an adult who consented in general; a mail address is in the text", age=35, consent=("general",),
        text="Please shorten this note. My mail is ana.ivanova@example.com",
    ),
    Person(
        name="sensitive", means="an adult who consented explicitly, to sensitive data too; an account number is in the text", age=35,
        consent=("explicit", "general", "separate_sensitive"), text="Please check this transfer to my account DE89370400440532013000",
    ),
    Person(
        name="minor", means="a child of 13 whose guardian consented; a mail address is in the text", age=13,
        consent=("general", "guardian"), text="Please shorten this note. My mail is ana.ivanova@example.com",
    ),
)  # fmt: skip
"""Nobody here consented to a transfer abroad: what rests on that alone counts as dark."""


class Asked(NamedTuple):
    """One request as a caller sends it."""

    path: str
    headers: Mapping[str, str]
    body: bytes


ASKABLE: tuple[Operation, ...] = ("chat", "embeddings", "rerank", "transcription", "speech", "images")
"""What a front door takes; a page of text is read by a device alone, and leaves with no partner that could vanish."""


def asked(question: Question) -> Asked:
    """The request that asks it: by the report of this gateway's own steps, by a drill of a gateway over HTTP."""
    person = next(each for each in PERSONS if each.name == question.person)
    at = question.jurisdiction
    headers = {
        "comity-subject": f'id="drill", location="{at}", residence="{at}", collected="{at}", age={person.age}, '
        f"consent=({' '.join(person.consent)})",
        "comity-task": question.task,
        "content-type": "application/json",
    }
    if question.operation == "transcription":
        form = b'--sound\r\ncontent-disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
        sound = form % (b"file", b'; filename="a.wav"\r\ncontent-type: audio/wav', _silence())
        body = form % (b"model", b"", b"auto") + sound + b"--sound--\r\n"  # what it carries is the operator's to say: `privacy.media`
        return Asked("/v1/audio/transcriptions", headers | {"content-type": "multipart/form-data; boundary=sound"}, body)
    by_operation: dict[str, tuple[str, dict[str, Any]]] = {
        "chat": ("/v1/chat/completions", {"messages": [{"role": "user", "content": person.text}], "max_tokens": 16}),
        "embeddings": ("/v1/embeddings", {"input": person.text}),
        "rerank": ("/v1/rerank", {"query": person.text, "documents": ["a note", "a transfer"]}),
        "speech": ("/v1/audio/speech", {"input": person.text, "voice": "alloy", "response_format": "wav"}),
        "images": ("/v1/images/generations", {"prompt": person.text}),
    }
    path, members = by_operation[question.operation]
    return Asked(path, headers, json.dumps({"model": "auto", **members}).encode())


def _silence() -> bytes:
    """A second of it, as a WAV file."""
    held = io.BytesIO()
    with wave.open(held, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16_000))
    return held.getvalue()


def decoded(sent: Asked) -> Request:
    request, _ = DOORS[sent.path].decode(sent.body, sent.headers["content-type"], False)
    return request
