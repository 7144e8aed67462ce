# SPDX-License-Identifier: Apache-2.0
"""What messages hold: texts, images, sounds and files, in the parts of chat (`image_url`) and of Responses (`input_image`)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from comity.lab.simulators.answer import Trouble
from comity.lab.simulators.brain import Seen, Tool, hear, see
from comity.lab.simulators.media import data_url, unbase64
from comity.lab.simulators.openai.fields import Fields


def read(message: Fields, name: str = "content") -> tuple[str, list[Seen]]:
    """The text of a message, its parts joined by a line, and what else is in it."""
    held = message.held.get(name)
    if held is None or isinstance(held, str):
        return held or "", []
    texts: list[str] = []
    seen: list[Seen] = []
    for part in message.each(name):
        match part.must("type", str):
            case "text" | "input_text" | "output_text":
                texts.append(part.must("text", str))
            case "refusal":
                texts.append(part.must("refusal", str))
            case "image_url":
                seen.append(_image(part.inner("image_url").must("url", str), part))
            case "input_image":
                seen.append(_image(part.must("image_url", str), part))
            case "input_audio":
                sound = part.inner("input_audio").must("data", str)
                inner = data_url(sound) if sound.startswith("data:") else unbase64(sound)
                seen.append(hear(_bytes(inner, part)))  # Model Studio takes a data URL here too
            case "file" | "input_file":
                seen.append(_file((part.inner("file") if part.held["type"] == "file" else part).must("file_data", str), part))
            case other:
                raise Trouble("parameter", f"Invalid value: '{other}'.", field=part.path("type"), code="invalid_value")
    return "\n".join(texts), seen


def _image(url: str, part: Fields) -> Seen:
    return see(_bytes(data_url(url), part) if url.startswith("data:") else None)


def _file(held: str, part: Fields) -> Seen:
    data = _bytes(data_url(held) if held.startswith("data:") else unbase64(held), part)
    return Seen(kind="file", size=len(data), sha256=hashlib.sha256(data).hexdigest())


def _bytes(data: bytes | None, part: Fields) -> bytes:
    if data is None:
        raise Trouble("parameter", "The data is not valid base64.", field=part.path("type"))
    return data


def tool(held: Fields) -> Tool:
    """A function: its name and its parameters, which may be left out."""
    return Tool(name=held.must("name", str), schema=held.maybe("parameters", dict) or {})


def tool_choice(fields: Fields) -> str:
    """As `brain.Asked` names it; chat puts the name into `function`, Responses beside the type."""
    held = fields.held.get("tool_choice")
    if held is None or isinstance(held, str):
        return fields.choice("tool_choice", ("auto", "none", "required"), "auto")
    chosen = fields.inner("tool_choice")
    if chosen.must("type", str) == "function":
        return "=" + (chosen.inner("function") if "function" in chosen.held else chosen).must("name", str)
    raise Trouble("parameter", "Only functions can be chosen here.", field=chosen.path("type"))


def schema(fields: Fields, holder: str) -> Mapping[str, Any] | None:
    """The schema that `response_format` or `text.format` asks for; {} for any JSON object."""
    wanted = fields.inner(holder)
    match wanted.choice("type", ("text", "json_object", "json_schema"), "text"):
        case "json_object":
            return {"type": "object"}
        case "json_schema":
            return (wanted.inner("json_schema") if "json_schema" in wanted.held else wanted).must("schema", dict)
    return None
