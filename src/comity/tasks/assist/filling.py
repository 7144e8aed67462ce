# SPDX-License-Identifier: Apache-2.0
"""The arguments of a function with a schema of its own, nested as it may be: a model writes them under a grammar, code sets them right.

For functions that nobody declared cues for.  What the request does not hold is left out where it may be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from comity.tasks.entities import entities
from comity.tasks.entities.values import Date, DateRange, DateTime, DateTimeRange
from comity.tasks.task import Ask, Unreadable
from comity.wire.chat import ChatRequest
from comity.wire.decode import decode_chat

TOKENS_MAX = 400
_PROMPT = {
    "en": "Fill in the arguments of the function from the request. Copy words, numbers and ids from the request exactly. Dates as YYYY-MM-DD. "  # noqa: E501
    "Leave out what the request does not say.\n\nFunction: {name}: {says}\nArguments: {shape}",
    "zh": "根据用户的请求填写函数的参数。文字、数字和编号照原话抄写，日期写成 YYYY-MM-DD，请求里没有说的不要填。\n\n函数：{name}：{says}\n参数：{shape}",  # noqa: E501
}
_KEPT = ("type", "properties", "required", "items", "enum", "minimum", "maximum")


class Function(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    says: str
    schema: Mapping[str, Any]


async def filled(function: Function, words: str, ask: Ask, *, language: str, now: datetime) -> dict[str, Any]:
    """Raises Unreadable, ComityError."""
    reply = await ask(request(function, words, language, now))
    try:
        made = msgspec.json.decode(reply.text)
    except msgspec.DecodeError:
        raise Unreadable("no_json") from None
    if not isinstance(made, dict):
        raise Unreadable("no_arguments")
    right = _right(made, function.schema, words, _Read(words, language, now))
    return right if isinstance(right, dict) else {}


def request(function: Function, words: str, language: str, now: datetime) -> ChatRequest:
    prompt = _PROMPT["zh" if language == "zh" else "en"].format(name=function.name, says=function.says, shape=shape(function.schema))
    body = {
        "model": "auto", "temperature": 0, "max_tokens": TOKENS_MAX,
        "messages": [{"role": "system", "content": prompt}, {"role": "user", "content": f"[{now:%Y-%m-%d %A}] {words}"}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "arguments", "schema": held(function.schema), "strict": True}},
    }  # fmt: skip
    made, _ = decode_chat(msgspec.json.encode(body))
    return made


def shape(schema: Any, *, deep: int = 0) -> str:
    """A schema as a reader takes it in: `{start: string (YYYY-MM-DD), kind?: total|partial}`."""
    if not isinstance(schema, dict) or deep > 6:
        return "any"
    if "enum" in schema:
        return "|".join(str(each) for each in schema["enum"])
    if schema.get("type") == "object" or "properties" in schema:
        required = schema.get("required", ())
        inner = (
            f"{name}{'' if name in required else '?'}: {shape(one, deep=deep + 1)}{_says(one)}"
            for name, one in schema.get("properties", {}).items()
        )
        return "{" + ", ".join(inner) + "}"
    if schema.get("type") == "array":
        return f"[{shape(schema.get('items', {}), deep=deep + 1)}]"
    return str(schema.get("type", "any"))


def _says(one: Any) -> str:
    said = one.get("description", "") if isinstance(one, dict) and one.get("type") not in ("object", "array") and "enum" not in one else ""
    return f" ({said[:60]})" if said else ""


def held(schema: Any) -> Any:
    """What a grammar can be made of."""
    if not isinstance(schema, dict):
        return {"type": "string"}
    kept = {name: schema[name] for name in _KEPT if name in schema and name not in ("minimum", "maximum")}
    if "enum" in kept:
        return {"enum": kept["enum"]}
    if "properties" in kept:
        kept["properties"] = {name: held(one) for name, one in kept["properties"].items()}
        kept["additionalProperties"] = False
        kept["type"] = "object"
    if "items" in kept:
        kept["items"] = held(kept["items"])
    if kept.get("type") == "array":
        kept["maxItems"] = 12
    return kept or {"type": "string"}


# -- setting right ----------------------------------------------------------------------------------------------------------


class _Read:
    """What the request says, once read: its days in order, its numbers."""

    def __init__(self, words: str, language: str, now: datetime) -> None:
        self.words, self.low = words, re.sub(r"\s+", "", words.lower())
        self.days: list[str] = []
        for each in entities(words, language=language, at=now):
            value = each.value
            if isinstance(value, Date):
                self.days.append(value.day.isoformat())
            elif isinstance(value, DateTime):
                self.days.append(value.moment.date().isoformat())
            elif isinstance(value, DateRange):
                self.days += [one.isoformat() for one in (value.first, value.last) if one is not None]
            elif isinstance(value, DateTimeRange):
                self.days += [one.date().isoformat() for one in (value.start, value.end) if one is not None]

    def holds(self, text: str) -> bool:
        return re.sub(r"\s+", "", text.lower()) in self.low


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _right(value: Any, schema: Any, words: str, read: _Read) -> Any:
    if isinstance(value, dict):
        properties, required = schema.get("properties", {}) if isinstance(schema, dict) else {}, schema.get("required", ())
        made: dict[str, Any] = {}
        for name, one in value.items():
            inner = properties.get(name, {})
            better = _right(one, inner, words, read)
            if name in required or not _made_up(better, inner, read):
                made[name] = better
        return made
    if isinstance(value, list):
        inner = schema.get("items", {}) if isinstance(schema, dict) else {}
        return [better for one in value if not _idle(better := _right(one, inner, words, read))]
    if isinstance(value, str) and "enum" not in (schema or {}):
        return _text(value, read)
    return value


def _text(value: str, read: _Read) -> str:
    """A day as it was said; else as the model has it."""
    found = _DAY.match(value)
    if found is not None and read.days and found.group() not in read.days and found.group() not in read.words:
        same = [day for day in read.days if day[5:] == found.group()[5:]]
        if same and found.group()[:4] not in read.words:
            return same[0] + value[10:]
    return value.strip()


def _idle(value: Any) -> bool:
    return value in ("", None, {}, [])


def _made_up(value: Any, schema: Any, read: _Read) -> bool:
    """Of what may be left out: nothing, or words and numbers that the request does not hold."""
    if _idle(value):
        return True
    if isinstance(value, dict):
        return all(_made_up(one, {}, read) for one in value.values())
    if isinstance(value, list):
        return all(_made_up(one, {}, read) for one in value)
    if isinstance(value, bool):
        return False
    if isinstance(value, int | float):
        return not _number_said(value, read)
    if isinstance(value, str) and "enum" not in (schema or {}):
        return not (read.holds(value) or _DAY.match(value) or _partly(value, read))
    return False


def _number_said(value: float, read: _Read) -> bool:
    text = f"{value:g}"
    return (
        text in read.words.replace(",", "") or any(str(int(value)) == each for each in _spelt(read.words))
        if value == int(value)
        else text in read.words
    )


def _spelt(words: str) -> Iterator[str]:
    names = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    for number, name in enumerate(names):
        if re.search(rf"\b{name}\b", words, re.IGNORECASE):
            yield str(number)
    for number, sign in enumerate("零一二三四五六七八九十"):
        if sign in words:
            yield str(number)
    if "两" in words:
        yield "2"


def _partly(value: str, read: _Read) -> bool:
    parts: Sequence[str] = re.findall(r"[a-z0-9]{3,}|[\u4e00-\u9fff]{2}", value.lower())
    return bool(parts) and sum(part in read.low for part in parts) * 2 >= len(parts)
