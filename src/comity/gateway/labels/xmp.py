# SPDX-License-Identifier: Apache-2.0
"""XMP packets (ISO 16684-1): two properties are read and written, every other byte of a packet stays as it was.

AIGC in the namespace of TC260 holds the fields of GB 45438-2025 (TC260-PG-20259A); DigitalSourceType of IPTC says that a model
made it, in the term that C2PA uses too.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from xml.parsers import expat
from xml.sax.saxutils import escape

from comity.gateway.labels.marks import XMP_BYTES_MAX, Unreadable

AIGC = "http://www.tc260.org.cn/ns/AIGC/1.0/ AIGC"
SOURCE_TYPE = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/ DigitalSourceType"
GENERATED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_PREFIX = {AIGC: "TC260", SOURCE_TYPE: "Iptc4xmpExt"}
_EMPTY = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    f'<rdf:RDF xmlns:rdf="{_RDF}"></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
).encode()
_TAG_END = re.compile(rb"""(?:[^>"']|"[^"]*"|'[^']*')*>""")


class _Place(NamedTuple):
    """Where a property stands, as an element or as an attribute."""

    name: str
    value: str
    start: int
    end: int


def value(packet: bytes, name: str) -> str:
    """What the first such property says, or ""; raises Unreadable."""
    return next((place.value for place in _parsed(packet)[0] if place.name == name), "") if packet else ""


def put(packet: bytes, **values: str) -> bytes:
    """``aigc`` and ``source_type``, each in the place of what was said before; "" leaves it."""
    new = {name: said for name, said in ((AIGC, values.get("aigc", "")), (SOURCE_TYPE, values.get("source_type", ""))) if said}
    packet = packet.rstrip(b"\0") or _EMPTY
    places, rdf_end = _parsed(packet)
    closing = re.match(rb"</([\w.-]+:)?RDF", packet[rdf_end:])
    if closing is None:
        raise Unreadable("the XMP packet has no end of its RDF")
    rdf = closing[1] or b""
    if not rdf:
        raise Unreadable("the XMP packet's RDF has no prefix")
    places = sorted((each for each in places if each.name in new), key=lambda each: each.start)
    if any(each.end > after for each, after in zip(places, [*(each.start for each in places[1:]), rdf_end], strict=False)):
        raise Unreadable("the XMP packet has a label within a label, or outside its RDF")
    kept: dict[str, _Place] = {}  # the element of each that is written anew; any other place of it goes
    for place in places:
        if packet.startswith(b"<", place.start):
            kept.setdefault(place.name, place)
    for place in reversed(places):
        said = _element(place.name, new[place.name]) if place is kept.get(place.name) else b""
        packet = packet[: place.start] + said + packet[place.end :]
        rdf_end += len(said) - (place.end - place.start)
    rest = b"".join(
        b'<%bDescription %babout="">%b</%bDescription>' % (rdf, rdf, _element(name, text), rdf)
        for name, text in new.items()
        if name not in kept
    )
    packet = packet[:rdf_end] + rest + packet[rdf_end:]
    if len(packet) > XMP_BYTES_MAX:
        raise Unreadable("the XMP packet is too large")
    return packet


def _element(name: str, text: str) -> bytes:
    space, _, local = name.partition(" ")
    prefix = _PREFIX[name]
    return f'<{prefix}:{local} xmlns:{prefix}="{space}">{escape(text)}</{prefix}:{local}>'.encode()


def _parsed(packet: bytes) -> tuple[list[_Place], int]:
    """The places of both properties, and where the RDF ends."""
    if len(packet) > XMP_BYTES_MAX:
        raise Unreadable("the XMP packet is too large")
    if packet[:2] in (b"\xff\xfe", b"\xfe\xff") or packet[:1] == b"\0" or packet[1:2] == b"\0":
        raise Unreadable("the XMP packet is not in UTF-8")
    parser = expat.ParserCreate("UTF-8", " ")
    parser.buffer_text = True
    places: list[_Place] = []
    open_at: list[tuple[str, int]] = []
    text: list[str] = []
    rdf_end = -1

    def start(name: str, attributes: dict[str, str]) -> None:
        at = parser.CurrentByteIndex
        if name in _PREFIX:
            open_at.append((name, at))
            text.clear()
            if said := attributes.get(f"{_RDF} resource"):
                text.append(said)
        tag = _TAG_END.match(packet, at)
        for each in _PREFIX.keys() & attributes.keys():
            local = each.rpartition(" ")[2].encode()
            said_as = re.compile(rb"""\s+[\w.-]+:%b\s*=\s*("[^"]*"|'[^']*')""" % local).search(packet, at, tag.end() if tag else at)
            if said_as is not None:
                places.append(_Place(each, attributes[each], *said_as.span()))

    def end(name: str) -> None:
        nonlocal rdf_end
        at = parser.CurrentByteIndex
        if name == f"{_RDF} RDF":
            rdf_end = at
        if open_at and open_at[-1][0] == name:
            began = open_at.pop()[1]
            empty = packet.startswith(b"/>", at - 2) and (tag := _TAG_END.match(packet, began)) is not None and tag.end() == at
            after = at if empty else packet.index(b">", at) + 1
            places.append(_Place(name, "".join(text), began, after))

    def refuse(*_: object) -> None:
        raise Unreadable("the XMP packet declares a document type")

    def characters(said: str) -> None:
        if open_at:
            text.append(said)

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, characters
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(packet.rstrip(b"\0"), True)
    except (expat.ExpatError, ValueError) as error:
        raise Unreadable("the XMP packet is not well-formed XML") from error
    return places, rdf_end
