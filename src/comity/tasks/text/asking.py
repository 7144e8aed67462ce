# SPDX-License-Identifier: Apache-2.0
"""One request of a text task: the prompt in its language, and the caller's text where nothing in it can end it."""

from __future__ import annotations

import asyncio
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from itertools import count
from typing import Any, TypeVar

import msgspec

from comity.errors import CallerError
from comity.tasks.capability import tokens_of
from comity.tasks.locale import Locale, locale_of
from comity.tasks.locale.pack import regional
from comity.tasks.locale.people import Formality
from comity.tasks.task import Ask, Reply, Unreadable
from comity.wire.chat import ChatRequest, JsonSchema, Message, ResponseFormat

CHARACTERS_MAX = 200_000
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_KANA_HANGUL = re.compile("[\u3040-\u30ff\uac00-\ud7af]")
_LETTER = re.compile(r"[^\W\d_]")


I = TypeVar("I", bound="Input")  # noqa: E741 - an input


class Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """``text`` is data.  ``language``: BCP 47; "" where it is to be seen by its script."""

    text: str
    language: str = ""

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise CallerError("the text is empty", code="request.invalid", field="text", hint="send the text to work on")
        if len(self.text) > CHARACTERS_MAX:
            raise CallerError(
                f"the text has more than {CHARACTERS_MAX} characters", code="task.too_long", status=413, field="text",
                hint=f"send at most {CHARACTERS_MAX} characters",
            )  # fmt: skip
        if self.language:
            named(self.language)


def named(tag: str, field: str = "language") -> tuple[str, str]:
    """A language's name in English and in Chinese.  Raises CallerError for one that has no name here."""
    names, lower = _prompts()["names"], tag.lower()
    found = names.get(lower) or names.get(lower.partition("-")[0])
    if found is None:
        raise CallerError(
            "a language that has no name here", code="request.invalid", field=field, hint="for example en, zh, zh-Hant, de, ja"
        )
    return found[0], found[1]


def language_of(asked: Input) -> str:
    """As said; else by script alone: Chinese where a fifth of its letters are Han and none is kana or hangul, else English."""
    if asked.language:
        return asked.language
    letters = len(_LETTER.findall(asked.text)) or 1
    return "zh" if len(_HAN.findall(asked.text)) / letters >= 0.2 and not _KANA_HANGUL.search(asked.text) else "en"


async def seen(asked: I) -> I:
    """With the language of its text, where the caller does not say and it can be told.  Telling may load a model, so it has a thread."""
    if asked.language:
        return asked
    from comity.tasks.language import language_of as told

    tag = (await asyncio.to_thread(told, asked.text)).tag
    tag = "zh" if tag == "zh-Hans" else tag
    names = _prompts()["names"]
    known = tag.lower() in names or tag.lower().partition("-")[0] in names
    return msgspec.structs.replace(asked, language=tag) if known else asked


def fence(text: str) -> tuple[str, str]:
    """Marks that ``text`` does not hold, so that nothing in it can close them."""
    lower = text.lower()
    for number in count():
        word = f"text{number or ''}"
        if f"<{word}" not in lower and f"</{word}" not in lower:
            return f"<{word}>", f"</{word}>"
    raise AssertionError  # numbers do not end


@cache
def _prompts() -> Mapping[str, Any]:
    found: Mapping[str, Any] = tomllib.loads(files("comity.tasks.text").joinpath("prompts.toml").read_text(encoding="utf-8"))
    return found


def asking(
    text: str, language: str, task: str, kind: str, *, held: Mapping[str, Any] | None = None, tokens: int,
    formality: Formality | None = None, **words: object,
) -> ChatRequest:  # fmt: skip
    """``language`` is that of the answer; ``words`` fill the instruction; ``held``: JSON Schema that the answer is held to; ``tokens``: the
    most that it may have; ``formality``: of what is written anew, which then follows the locale, where ``language`` names one."""
    base = "zh" if language.partition("-")[0] == "zh" else "en"
    said = _prompts()[base]
    begin, end = fence(text + "".join(map(str, words.values())))
    name = named(language)[base == "zh"]
    frame = said["frame"].format(open=begin, close=end, language=name)
    told = said[task][kind].format(language=name, **words)
    locale = locale_for(language)
    if locale is not None and formality is not None:
        locale.check()
        frame = f"{frame}\n{locale.prompt(formality)}"
    form = None
    if held is not None:
        form = ResponseFormat(type="json_schema", json_schema=JsonSchema(name=task, schema=dict(held), strict=True))
    return ChatRequest(
        messages=(Message(role="system", content=frame), Message(role="user", content=f"{begin}\n{text}\n{end}\n\n{told}")),
        temperature=0.0, max_tokens=tokens, response_format=form,
    )  # fmt: skip


async def written(ask: Ask, request: ChatRequest, *, whole: bool = True) -> Reply:
    """Raises Unreadable for an answer that is empty, or (``whole``) was cut off at its length."""
    reply = await ask(request)
    if not reply.text.strip():
        raise Unreadable("empty")
    if whole and reply.cut:
        raise Unreadable("cut")
    return reply


async def filled(ask: Ask, request: ChatRequest, shape: Any) -> tuple[Any, Reply]:
    """The JSON of an answer, in ``shape``.  Raises Unreadable."""
    reply = await written(ask, request)
    try:
        return msgspec.json.decode(unwrapped(reply.text), type=shape), reply
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise Unreadable("not in its form") from None


def unwrapped(text: str) -> str:
    """Without the code fence that some models put around JSON."""
    said = text.strip()
    if said.startswith("```"):
        said = said.partition("\n")[2].rpartition("```")[0] or said
    return said.strip()


def plain(text: str, source: str) -> str:
    """What was written, without what a model puts around it: our own marks, and quotes that the source has not."""
    said = re.sub(r"</?text\d*>", "", text).strip() if not re.search(r"</?text\d*>", source) else text.strip()
    for left, right in (('"', '"'), ("“", "”"), ("「", "」"), ("```", "```")):
        if said.startswith(left) and said.endswith(right) and len(said) > len(left + right) and not source.strip().startswith(left):
            said = said[len(left) : -len(right)].strip()
    if not said:
        raise Unreadable("empty")
    return said


def locale_for(tag: str) -> Locale | None:
    """Where the caller names a region (`zh-TW`, `de-AT`) whose language has a pack: a language alone asks for no place's forms."""
    return locale_of(tag) if regional(tag) else None


def finished(said: str, language: str, formality: Formality = "neutral") -> str:
    """In the script, words and marks of the locale that ``language`` names, if it names one."""
    locale = locale_for(language)
    return locale.finish(said, formality) if locale is not None else said


def room(text: str, language: str, times: float = 1.0, least: int = 64) -> int:
    """Tokens for an answer ``times`` as long as ``text``."""
    return max(least, round(tokens_of(len(text), language) * times * 1.4))
