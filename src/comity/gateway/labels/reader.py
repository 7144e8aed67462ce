# SPDX-License-Identifier: Apache-2.0
"""What labels a file carries, whoever put them there: `read`.

A visible mark on a picture is not looked for, nor a sound other than the one that Comity makes; nothing found is no proof that a
person made it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from comity.errors import ComityError
from comity.gateway.labels import credentials, xmp
from comity.gateway.labels.fields import fields_of, noticed
from comity.gateway.labels.files import carrier_of
from comity.gateway.labels.marks import Carrier, Unreadable

TEXT_BYTES_MAX = 64 << 20


class Found(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One label.

    kind:   aigc | source_type | c2pa | notice | rhythm
    where:  its place, in the format's own words
    fields: of `aigc`; ``value``: what another kind says (a term, who signed, the language of a notice)
    valid:  of `c2pa`: is the file as it was signed?  None: the extra that could tell is not here
    """

    kind: str
    where: str
    fields: dict[str, str] = {}
    value: str = ""
    valid: bool | None = None


def kind_of(data: bytes) -> str:
    """The content type by the first bytes; `application/json` or `text/plain` where it is a text."""
    if data.startswith(b"\x89PNG"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"RIFF"):
        return {b"WAVE": "audio/wav", b"WEBP": "image/webp"}.get(data[8:12], "")
    if data.startswith(b"%PDF-"):
        return "application/pdf"
    if data.startswith(b"ID3") or (len(data) > 1 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2):
        return "audio/mpeg"
    if b"\0" in data[:4096]:
        return ""
    return "application/json" if data.lstrip()[:1] in (b"{", b"[") or data.startswith(b"data:") else "text/plain"


def read(data: bytes, kind: str = "") -> list[Found]:
    """Every label found; empty where there is none.  ``kind``: the content type, else the first bytes say it."""
    kind = kind or kind_of(data)
    carrier = carrier_of(kind)
    if carrier is None:
        return _in_text(data, kind)
    marks = carrier.find(data)
    found = [
        _aigc(place, said) for place, said in ((carrier.native or carrier.other, marks.aigc), (carrier.xmp, _in_xmp(marks.xmp))) if said
    ]
    if said := xmp.value(marks.xmp, xmp.SOURCE_TYPE):
        found.append(Found(kind="source_type", where=carrier.xmp, value=said.rpartition("/")[2]))
    if marks.c2pa:
        told = credentials.read(data, kind, marks.c2pa)
        says = "trainedAlgorithmicMedia" if told.generated else ""
        found.append(
            Found(kind="c2pa", where="manifest", value=says, valid=told.valid, fields={"signer": told.signer} if told.signer else {})
        )
    if _begins_audibly(carrier, data):
        found.append(Found(kind="rhythm", where="before the sound"))
    return found


def _in_xmp(packet: bytes) -> str:
    return xmp.value(packet, xmp.AIGC)


def _aigc(where: str, said: str) -> Found:
    fields = fields_of(said)
    return Found(kind="aigc", where=where, fields=fields.members if fields else {}, value="" if fields else "not a label of annex E")


def _begins_audibly(carrier: Carrier, data: bytes) -> bool:
    try:
        return carrier.audible is not None and carrier.audible(data) is data
    except ComityError:  # of a kind that no sound is put before
        return False


# -- texts -----------------------------------------------------------------------------------------------------------


def _in_text(data: bytes, kind: str) -> list[Found]:
    if kind not in ("application/json", "text/plain") or len(data) > TEXT_BYTES_MAX:
        raise Unreadable("of no format that labels are read from", hint="PNG, JPEG, WebP, WAV, MP3, PDF, or a text in UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable("not a text in UTF-8") from error
    answers = list(_answers(text)) if kind == "application/json" else []
    if not answers:
        return [Found(kind="notice", where="end of the text", value=language) for language in [noticed(text)] if language]
    found: dict[tuple[str, str], Found] = {}
    for answer in answers:
        for where, value in _values(answer):
            if where.rpartition(".")[2] == "AIGC" and (fields := fields_of(value)) is not None:
                found.setdefault(("aigc", ""), Found(kind="aigc", where=where, fields=fields.members))
            elif isinstance(value, str) and (language := noticed(value)):
                found.setdefault(("notice", where), Found(kind="notice", where=where, value=language))
    return list(found.values())


def _answers(text: str) -> Iterator[Any]:
    """A JSON answer, or the events of a streamed one."""
    whole = [text] if not text.startswith("data:") else [line[5:] for line in text.splitlines() if line.startswith("data:")]
    for each in whole:
        try:
            yield json.loads(each)
        except (ValueError, RecursionError):
            continue


def _values(answer: Any) -> Iterator[tuple[str, Any]]:
    """The answer and all that is in it, in order, each with its path; without recursion, since the depth is another's."""
    rest: list[tuple[str, Any]] = [("", answer)]
    while rest:
        path, value = rest.pop()
        yield path, value
        within: list[tuple[str, Any]] = []
        if isinstance(value, dict):
            within = [(f"{path}.{name}".removeprefix("."), member) for name, member in value.items()]
        elif isinstance(value, list):
            within = [(f"{path}[{at}]", member) for at, member in enumerate(value)]
        rest += reversed(within)
