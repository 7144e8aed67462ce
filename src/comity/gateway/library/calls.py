# SPDX-License-Identifier: Apache-2.0
"""The calls of OpenAI's SDK that the front door has, as data: each becomes a `Sent`, and who asks it decides whether that is awaited."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any, Literal, NamedTuple

import msgspec

from comity.errors import CallerError
from comity.providers.multipart import Field, form

JSON = "application/json"


class Sent(NamedTuple):
    method: str
    path: str
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = {}
    back: Literal["object", "stream", "bytes", "text"] = "object"
    read: Callable[[bytes], Any] | None = None  # what the body becomes, in place of `back`


Ask = Callable[[Sent], Any]


class Calls:
    """``ask`` sends one and gives back its answer, or an awaitable of it.  ``boundary`` is a random word."""

    def __init__(self, ask: Ask, boundary: Callable[[], str]) -> None:
        self.chat, self.audio = _Chat(ask), _Audio(ask, boundary)
        self.responses, self.embeddings = _Created(ask, "/v1/responses"), _Created(ask, "/v1/embeddings")
        self.images, self.models = _Images(ask), _Models(ask)


class _Created:
    def __init__(self, ask: Ask, path: str) -> None:
        self._ask, self._path = ask, path

    def create(self, *, extra_headers: Mapping[str, str] | None = None, extra_body: Mapping[str, Any] | None = None, **body: Any) -> Any:
        """Members as OpenAI's API has them; what is None is left out."""
        back: Literal["object", "stream"] = "stream" if body.get("stream") else "object"
        return self._ask(Sent("POST", self._path, _encoded(body, extra_body), headers=extra_headers or {}, back=back))


class _Chat:
    def __init__(self, ask: Ask) -> None:
        self.completions = _Created(ask, "/v1/chat/completions")


class _Images:
    def __init__(self, ask: Ask) -> None:
        self._created = _Created(ask, "/v1/images/generations")

    def generate(self, **body: Any) -> Any:
        return self._created.create(**body)


class _Models:
    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def list(self) -> Any:
        return self._ask(Sent("GET", "/v1/models"))


class _Audio:
    def __init__(self, ask: Ask, boundary: Callable[[], str]) -> None:
        self.speech, self.transcriptions = _Speech(ask), _Transcriptions(ask, boundary)


class _Speech:
    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def create(self, *, extra_headers: Mapping[str, str] | None = None, **body: Any) -> Any:
        """The sound, as bytes."""
        return self._ask(Sent("POST", "/v1/audio/speech", _encoded(body), headers=extra_headers or {}, back="bytes"))


class _Transcriptions:
    def __init__(self, ask: Ask, boundary: Callable[[], str]) -> None:
        self._ask, self._boundary = ask, boundary

    def create(self, *, file: Any, extra_headers: Mapping[str, str] | None = None, **body: Any) -> Any:
        """``file``: bytes, an open file, or (name, bytes, content type)."""
        name, content, kind = _file(file)
        fields = [Field(member, word.encode()) for member, value in body.items() for word in _words(value)]
        fields = [each._replace(name=f"{each.name}[]") if isinstance(body[each.name], list | tuple) else each for each in fields]
        content_type, raw = form([*fields, Field("file", content, name, kind)], self._boundary())
        plain = body.get("response_format") in ("text", "srt", "vtt")
        back: Literal["object", "stream", "text"] = "stream" if body.get("stream") else "text" if plain else "object"
        return self._ask(Sent("POST", "/v1/audio/transcriptions", raw, content_type, extra_headers or {}, back))


def _encoded(body: Mapping[str, Any], extra: Mapping[str, Any] | None = None) -> bytes:
    try:
        return msgspec.json.encode({name: value for name, value in {**body, **(extra or {})}.items() if value is not None})
    except (TypeError, ValueError, OverflowError):
        raise CallerError("the request holds what JSON cannot say", code="request.malformed") from None


def _words(value: Any) -> list[str]:
    """Of one member of a form."""
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return [word for each in value for word in _words(each)]
    return ["true" if value else "false"] if isinstance(value, bool) else [str(value)]


def _file(given: Any) -> tuple[str, bytes, str]:
    if isinstance(given, tuple):
        name, content, kind = (*given, "")[:3]
        return str(name), content if isinstance(content, bytes) else content.read(), kind or "application/octet-stream"
    if isinstance(given, PurePath):
        raise CallerError("a path is no file", code="request.malformed", field="file", hint="open it: file=open(path, 'rb')")
    content = given if isinstance(given, bytes) else given.read()
    name = PurePath(str(getattr(given, "name", "") or "sound")).name
    return name, content, "application/octet-stream"
