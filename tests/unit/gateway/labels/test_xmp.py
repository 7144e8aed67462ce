# SPDX-License-Identifier: Apache-2.0
"""XMP packets: two properties change, nothing else does, and nothing hostile gets further than an error."""

from __future__ import annotations

from contextlib import suppress
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.gateway.labels import xmp
from comity.gateway.labels.marks import Unreadable

SPACE = "http://www.tc260.org.cn/ns/AIGC/1.0/"
TITLE = '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:title="kept &lt;&gt; 标题"/>'


def packet(inside: str = TITLE, *, rdf: str = "rdf") -> bytes:
    space = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    body = inside.replace("rdf:", f"{rdf}:")
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<{rdf}:RDF xmlns:{rdf}="{space}">{body}</{rdf}:RDF></x:xmpmeta>   <?xpacket end="w"?>'
    ).encode()


def said(raw: bytes) -> list[str]:
    """By another parser: every place where the property stands."""
    root = ElementTree.fromstring(raw.decode())
    name = f"{{{SPACE}}}AIGC"
    return [each.text or "" for each in root.iter(name)] + [each.attrib[name] for each in root.iter() if name in each.attrib]


TEXT = st.text(st.characters(min_codepoint=0x20, exclude_categories=["Cs", "Cn", "Co"], exclude_characters="\ufffe\uffff"), min_size=1)


@given(TEXT, TEXT, st.sampled_from([b"", packet(), packet("", rdf="r"), packet() + bytes(9)]))
def test_what_is_put_is_read_and_put_once(first: str, second: str, before: bytes) -> None:
    once = xmp.put(before, aigc=first, source_type="x")
    assert xmp.value(once, xmp.AIGC) == first and xmp.value(once, xmp.SOURCE_TYPE) == "x"
    twice = xmp.put(once, aigc=second)
    assert said(twice) == [second] and xmp.value(twice, xmp.SOURCE_TYPE) == "x"
    assert len(twice) - len(second.encode()) <= len(once) - len(first.encode()) + 4 * (len(first) + len(second))


def test_everything_else_stays_byte_for_byte() -> None:
    before = packet()
    after = xmp.put(before, aigc="one")
    head, tail = before.split(b"</rdf:RDF>")
    assert after.startswith(head) and after.endswith(b"</rdf:RDF>" + tail)


@pytest.mark.parametrize(
    "inside",
    [
        f'<rdf:Description xmlns:T="{SPACE}"><T:AIGC>old</T:AIGC></rdf:Description>',
        f'<rdf:Description xmlns:T="{SPACE}"><T:AIGC/></rdf:Description>',
        f"""<rdf:Description a=">" xmlns:T="{SPACE}" T:AIGC='old "x"' b="kept"/>""",
        f'<rdf:Description xmlns="{SPACE}"><AIGC>old<![CDATA[er]]></AIGC></rdf:Description>{TITLE}',
        f'<rdf:Description xmlns:T="{SPACE}" T:AIGC="one"><T:AIGC>two</T:AIGC><T:AIGC>three</T:AIGC></rdf:Description>',
    ],
)
def test_a_label_of_another_is_replaced_however_it_is_written(inside: str) -> None:
    assert said(xmp.put(packet(inside), aigc="new")) == ["new"]


def test_a_source_type_is_read_as_a_resource_too() -> None:
    inside = (
        '<rdf:Description xmlns:I="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"><I:DigitalSourceType rdf:resource="a/b"/></rdf:Description>'
    )
    assert xmp.value(packet(inside), xmp.SOURCE_TYPE) == "a/b"


@pytest.mark.parametrize(
    "bad",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>',
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + packet("<a>&a;</a>"),
        packet().decode().encode("utf-16"),
        packet()[:-60],
        b"<x/>",
        b"<RDF xmlns='http://www.w3.org/1999/02/22-rdf-syntax-ns#'></RDF>",
        packet("<a>" * 200_000),
        bytes(10) + packet(),
        b" " * ((1 << 20) + 1),
        packet(f'<rdf:Description xmlns:T="{SPACE}"><T:AIGC>a<T:AIGC>b</T:AIGC></T:AIGC></rdf:Description>'),
    ],
)
def test_a_packet_that_cannot_be_kept_is_refused(bad: bytes) -> None:
    with pytest.raises(Unreadable):
        xmp.put(bad, aigc="new")


@given(st.data())
def test_a_damaged_packet_is_refused_or_keeps_its_label(data: st.DataObject) -> None:
    raw = bytearray(xmp.put(packet(), aigc="old"))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.sampled_from(b"<>\"'/&: \0\xffa"))
    with suppress(Unreadable):
        assert xmp.value(xmp.put(bytes(raw), aigc="new"), xmp.AIGC) == "new"
