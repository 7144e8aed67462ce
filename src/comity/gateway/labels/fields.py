# SPDX-License-Identifier: Apache-2.0
"""The words of a label: the AIGC fields of GB 45438-2025 annex E, and the visible notices.

A value may hold printable ASCII without space, `"` and `\\` (annex E j); whatever else a name has is percent-encoded, so that
it can be read back.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote

import msgspec

NOTICE = {"zh": "（本内容由人工智能生成）", "en": "(AI-generated content)"}
GENERATED = "1"  # annex E c: 1 is generated, 2 may be, 3 is suspected to be
VALUE_CHARS_MAX = 4096
JSON_CHARS_MAX = 65_536
_ALLOWED = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"\\%')
_HAN = re.compile("[\u4e00-\u9fff]")


class Fields(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=False):
    """The seven fields, in the standard's spelling and order."""

    label: str = GENERATED
    content_producer: str
    produce_id: str = msgspec.field(name="ProduceID")
    reserved_code1: str = ""
    content_propagator: str = ""
    propagate_id: str = msgspec.field(default="", name="PropagateID")
    reserved_code2: str = ""

    @classmethod
    def of(cls, producer: str, produce_id: str) -> Fields:
        """A first label: who produced it is also who passes it on (annex E, note 1)."""
        who, what = _value(producer), _value(produce_id)
        return cls(content_producer=who, produce_id=what, content_propagator=who, propagate_id=what)

    def after(self, before: Fields | None) -> Fields:
        """``before``: what a node before us put there; who produced it stays, and we are who passed it on."""
        if before is None or before.label != GENERATED:
            return self
        return msgspec.structs.replace(before, content_propagator=self.content_producer, propagate_id=self.produce_id)

    @property
    def members(self) -> dict[str, str]:
        found: dict[str, str] = msgspec.to_builtins(self)
        return found

    @property
    def json(self) -> str:
        """What a file holds: ASCII, so that every carrier can."""
        return json.dumps(self.members, separators=(",", ":"))


def fields_of(found: object) -> Fields | None:
    """What another wrote, as the standard (``{"AIGC": {…}}``) or the guides (the fields alone) have it; None: it is no label."""
    if isinstance(found, str):
        try:
            found = json.loads(found) if len(found) <= JSON_CHARS_MAX else None
        except (ValueError, RecursionError):
            return None
    if isinstance(found, dict) and isinstance(found.get("AIGC"), dict):
        found = found["AIGC"]
    if not isinstance(found, dict) or not isinstance(found.get("Label"), str | int):
        return None
    values = {
        name: str(found[name]) for name in Fields.__struct_encode_fields__ if isinstance(found.get(name), str | int) and found[name] != ""
    }
    if any(len(value) > VALUE_CHARS_MAX for value in values.values()):
        return None
    return msgspec.convert({"ContentProducer": "", "ProduceID": ""} | values, Fields)


def metadata(receipt: str, producer: str, before: object = None) -> dict[str, Any]:
    """The fields as the AIGC member of a JSON answer.  ProduceID is the receipt, so the label leads to its proof."""
    return Fields.of(producer, receipt).after(fields_of(before)).members


def spoken(value: str) -> str:
    """A field's value for a person to read: without its encoding, and on one line."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in unquote(value))


def notice(text: str) -> str:
    """The visible notice in the language of the answer: Chinese where Han characters are in it, else English; "" where it stands."""
    if noticed(text):  # a node before us has said it
        return ""
    return "\n\n" + NOTICE[language_of(text)]


def language_of(text: str) -> str:
    """Chinese where Han characters are in it, else English."""
    return "zh" if _HAN.search(text) else "en"


def noticed(text: str) -> str:
    """The language of the notice that ends ``text``, or ""."""
    end = text.rstrip()
    return next((language for language, words in NOTICE.items() if end.endswith(words)), "")


def _value(text: str) -> str:
    """A receipt's id stands as it is; names of producers are few."""
    return text[:VALUE_CHARS_MAX] if text.isascii() and text.isalnum() else _quoted(text)


@lru_cache(maxsize=64)
def _quoted(text: str) -> str:
    return quote(text, safe=_ALLOWED)[:VALUE_CHARS_MAX]
