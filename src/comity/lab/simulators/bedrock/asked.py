# SPDX-License-Identifier: Apache-2.0
"""What Converse takes, and what it refuses of it.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and the pages of its parts; limits of a conversation as in
…/userguide/conversation-inference-call.html.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from comity.lab.simulators import brain, media
from comity.lab.simulators.answer import Trouble
from comity.lab.simulators.bedrock.errors import invalid
from comity.lab.simulators.bedrock.reply import signature
from comity.lab.simulators.bedrock.shapes import Block, Choice, Converse, Message, Source, ToolResult

TOOL_NAME, TOOL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}"), re.compile(r"[a-zA-Z0-9_.:-]{1,64}")
DOCUMENT_NAME = re.compile(r"(?:[A-Za-z0-9\-()\[\]]|\s(?!\s)){1,200}")
IMAGES_MAX, DOCUMENTS_MAX, STOPS_MAX = 20, 5, 2500
EFFORTS = ("low", "medium", "high", "xhigh", "max")


def read(body: dict[str, Any]) -> Converse:
    try:
        wish = msgspec.convert(body, Converse)
    except msgspec.ValidationError as error:
        raise invalid(f"1 validation error detected: {error}") from error
    _conversation(wish)
    _numbers(wish)
    return wish


def _conversation(wish: Converse) -> None:
    if not wish.messages or wish.messages[0].role != "user":
        raise invalid("A conversation must start with a user message. Try again with a conversation that starts with a user message.")
    owed: list[str] = []
    names: list[str] = []
    images = 0
    for at, message in enumerate(wish.messages):
        if at and message.role == wish.messages[at - 1].role:
            raise invalid(
                "A conversation must alternate between user and assistant roles. Make sure the conversation alternates between user and "
                "assistant roles and try again."
            )
        if not message.content:
            raise invalid(
                f"The content field in the Message object at messages.{at} is empty. Add a ContentBlock object to the content field and "
                "try again."
            )
        for number, block in enumerate(message.content):
            _block(block, f"messages.{at}.content.{number}", wish)
        results = [block.tool_result.tool_use_id for block in message.content if block.tool_result is not None]
        if sorted(results) != sorted(owed):
            raise invalid(f"Expected toolResult blocks at messages.{at}.content for the following Ids: {', '.join(owed)}")
        owed = [block.tool_use.tool_use_id for block in message.content if block.tool_use is not None]
        images += sum(block.image is not None for block in message.content)
        names += [block.document.name for block in message.content if block.document is not None]
        if any(block.document is not None for block in message.content) and not any(block.text for block in message.content):
            raise invalid("Your request contains a document without a text block. Include a text block and try again.")
    if len(set(names)) < len(names):
        raise invalid("Your request contains documents with duplicate names. Give each document a name of its own.")
    if images > IMAGES_MAX or len(names) > DOCUMENTS_MAX:
        raise invalid("Your request contains too many images or documents.")


def _block(block: Block, at: str, wish: Converse) -> None:
    set_members = [name for name in block.__struct_fields__ if getattr(block, name) is not None]
    if len(set_members) != 1:
        raise invalid(f"The ContentBlock object at {at} must set one of the following keys: text, image, toolUse, toolResult, document.")
    texts = [block.text] if block.text is not None else [part.text for part in block.tool_result.content] if block.tool_result else []
    if any(text is not None and not text.strip() for text in texts):
        raise invalid(f"The text field in the ContentBlock object at {at} is blank. Add text to the text field, and try again.")
    if block.document is not None and not DOCUMENT_NAME.fullmatch(block.document.name):
        raise invalid(
            "The document file name can only contain alphanumeric characters, whitespace characters, hyphens, parentheses, and square "
            "brackets."
        )
    if (block.tool_use is not None or block.tool_result is not None) and wish.tool_config is None:
        raise invalid("The toolConfig field must be defined when using toolUse and toolResult content blocks.")
    if block.tool_use is not None and not (TOOL_ID.fullmatch(block.tool_use.tool_use_id) and TOOL_NAME.fullmatch(block.tool_use.name)):
        raise invalid(
            f"Value at '{at}.toolUse' failed to satisfy constraint: Member must satisfy regular expression pattern: {TOOL_ID.pattern}"
        )
    thought = block.reasoning_content.reasoning_text if block.reasoning_content is not None else None
    if thought is not None and thought.signature != signature(thought.text):
        raise invalid(f"The model returned the following errors: {at}: Invalid `signature` in `thinking` block")


def _numbers(wish: Converse) -> None:
    wanted, tools = wish.inference_config, wish.tool_config
    for name, value, low, high in (
        ("maxTokens", wanted.max_tokens, 1, None),
        ("temperature", wanted.temperature, 0, 1),
        ("topP", wanted.top_p, 0, 1),
    ):
        if value is not None and (value < low or (high is not None and value > high)):
            bound = f"greater than or equal to {low}" if value < low else f"less than or equal to {high}"
            raise invalid(
                f"1 validation error detected: Value '{value}' at 'inferenceConfig.{name}' failed to satisfy constraint: Member must be "
                + bound
            )
    if len(wanted.stop_sequences) > STOPS_MAX or not all(wanted.stop_sequences):
        raise invalid("1 validation error detected: Value at 'inferenceConfig.stopSequences' failed to satisfy constraint")
    if tools is not None and (not tools.tools or not all(TOOL_NAME.fullmatch(tool.tool_spec.name) for tool in tools.tools)):
        raise invalid("1 validation error detected: Value at 'toolConfig.tools' failed to satisfy constraint")
    if wish.output_config.effort is not None and wish.output_config.effort not in EFFORTS:
        raise invalid(f"Supported values of outputConfig.effort are {', '.join(EFFORTS)}.")


def asked(wish: Converse, model: str, *, filtered: bool) -> brain.Asked:
    tools = wish.tool_config.tools if wish.tool_config is not None else []
    choice = wish.tool_config.tool_choice if wish.tool_config is not None else Choice(auto={})
    return brain.Asked(
        model=model,
        messages=(*(brain.Said(role="system", text=block.text) for block in wish.system), *_said(wish.messages)),
        seen=tuple(seen for message in wish.messages for block in message.content for seen in _seen(block)),
        tools=tuple(brain.Tool(name=tool.tool_spec.name, schema=tool.tool_spec.input_schema.json) for tool in tools),
        tool_choice=f"={choice.tool.name}" if choice.tool is not None else "required" if choice.any is not None else "auto",
        schema=_schema(wish.output_config.text_format),
        reason=wish.output_config.effort is not None,
        max_tokens=wish.inference_config.max_tokens,
        stop=wish.inference_config.stop_sequences,
        filtered=filtered,
    )


def _said(messages: list[Message]) -> Iterator[brain.Said]:
    """Results of tools stand in a message of the user, before what the user says."""
    for message in messages:
        for block in message.content:
            if block.tool_result is not None:
                yield brain.Said(role="tool", text="\n".join(_results(block.tool_result)))
        text = "\n".join(block.text for block in message.content if block.text is not None)
        if text or not any(block.tool_result is not None for block in message.content):
            yield brain.Said(role=message.role, text=text)


def _results(result: ToolResult) -> Iterator[str]:
    for part in result.content:
        if part.text is not None:
            yield part.text
        elif part.json is not msgspec.UNSET:
            yield msgspec.json.encode(part.json).decode()


def _seen(block: Block) -> Iterator[brain.Seen]:
    if block.image is not None:
        seen = brain.see(_bytes(block.image.source))
        kind = media.picture(_bytes(block.image.source) or b"").kind
        if kind and kind != block.image.format:
            raise invalid(
                f"The model returned the following errors: the image was specified as {block.image.format} but appears to be {kind}"
            )
        yield seen
    if block.audio is not None:
        yield brain.hear(_bytes(block.audio.source))
    if block.document is not None:
        data = _bytes(block.document.source) or b""
        yield brain.Seen(kind="file", size=len(data), sha256=hashlib.sha256(data).hexdigest())
    if block.tool_result is not None:
        for part in block.tool_result.content:
            yield from _seen(Block(image=part.image, document=part.document))


def _bytes(source: Source) -> bytes | None:
    """None: it is only named by its place in S3, which is not read here."""
    if source.bytes is None:
        return None
    try:
        return base64.b64decode(source.bytes, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Trouble("body", "The bytes are not base64.") from error


def _schema(wanted: dict[str, Any] | None) -> dict[str, Any] | None:
    if wanted is None:
        return None
    try:
        read = msgspec.json.decode(wanted["structure"]["jsonSchema"]["schema"])
    except (KeyError, TypeError, msgspec.DecodeError) as error:
        raise invalid("outputConfig.textFormat.structure.jsonSchema.schema is not a JSON schema, written as text.") from error
    if wanted.get("type") != "json_schema" or not isinstance(read, dict):
        raise invalid("outputConfig.textFormat.type must be json_schema.")
    return read
