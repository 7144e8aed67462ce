# SPDX-License-Identifier: Apache-2.0
"""Files of each format: what is written is read, once; the rest stays; what is not whole is refused."""

from __future__ import annotations

import io
import wave
import zlib
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comity.errors import ComityError, OperatorError
from comity.gateway.duties import Duties
from comity.gateway.labels import files, png, riff
from comity.gateway.labels.fields import Fields
from comity.gateway.labels.files import KINDS, label, require
from comity.gateway.labels.marks import Unfit, Unreadable
from comity.gateway.labels.reader import Found, kind_of, read
from comity.gateway.labels.xmp import put as packet_of
from tests.unit.gateway.labels.samples import ALOUD, FILES, JPEG, NEXT, OURS, OWED, TITLE, WEBP_LOSSLESS, id3, mp3, pdf, png_chunk, wav
from tests.unit.gateway.labels.samples import png as png_of

EACH = pytest.mark.parametrize(("kind", "data"), FILES.values(), ids=FILES.keys())


def of(kind: str, found: list[Found]) -> list[Found]:
    return [each for each in found if each.kind == kind]


def fields_in(data: bytes) -> dict[str, str]:
    (one,) = of("aigc", read(data))
    return one.fields


# -- written and read ------------------------------------------------------------------------------------------------


@EACH
def test_what_is_written_is_read(kind: str, data: bytes) -> None:
    assert kind_of(data) == kind and read(data) == []
    made = label(data, kind, OWED, OURS)
    assert fields_in(made) == OURS.members
    assert [each.value for each in of("source_type", read(made))] == ["trainedAlgorithmicMedia"]
    assert kind_of(made) == kind


@EACH
def test_labelled_twice_is_one_label_with_who_passed_it_on(kind: str, data: bytes) -> None:
    once = label(data, kind, OWED, OURS)
    twice = label(once, kind, OWED, NEXT)
    assert fields_in(twice) == NEXT.after(OURS).members
    assert len(of("source_type", read(twice))) == 1 and abs(len(twice) - len(once)) < 40
    assert label(twice, kind, OWED, NEXT) == twice


@EACH
def test_only_what_is_owed_is_written(kind: str, data: bytes) -> None:
    assert label(data, kind, Duties(labels=("ai-interaction",)), OURS) is data
    assert [each.kind for each in read(label(data, kind, Duties(labels=("implicit",)), OURS))] == ["aigc"]
    assert [each.kind for each in read(label(data, kind, Duties(labels=("machine-readable",)), OURS))] == ["source_type"]


@given(st.sampled_from(list(FILES.values())), st.text(max_size=50), st.text(max_size=50))
def test_any_producer_comes_back(file: tuple[str, bytes], producer: str, receipt: str) -> None:
    fields = Fields.of(producer.encode("utf-8", "replace").decode(), receipt.encode("utf-8", "replace").decode())
    assert fields_in(label(file[1], file[0], OWED, fields)) == fields.members


# -- what was there stays --------------------------------------------------------------------------------------------


def test_a_png_keeps_its_chunks_and_pixels() -> None:
    before = png_of(png_chunk(b"tEXt", b"Title\0kept"), png_chunk(b"gAMA", (45455).to_bytes(4, "big")))
    after = label(before, "image/png", OWED, OURS)
    kept = [before[each.start : each.end] for each in png.chunks(before)]
    assert [after[each.start : each.end] for each in png.chunks(after) if each.kind != b"iTXt"] == kept
    for each in png.chunks(after):
        assert zlib.crc32(after[each.start + 4 : each.end - 4]) == int.from_bytes(after[each.end - 4 : each.end], "big")


def test_a_label_in_another_place_of_a_png_moves_to_the_guide_s() -> None:
    before = png_of(png_chunk(b"tEXt", b"AIGC\0" + OURS.json.encode()))
    assert fields_in(before) == OURS.members
    assert fields_in(label(before, "image/png", OWED, NEXT)) == NEXT.after(OURS).members


def test_a_text_that_does_not_match_its_sum_is_refused() -> None:
    made = bytearray(label(png_of(), "image/png", OWED, OURS))
    made[made.index(b"01J")] ^= 1
    with pytest.raises(Unreadable, match="checksum"):
        read(bytes(made))


def exif(order: str, comment: bytes, *, folder: bool = True) -> bytes:
    """A segment with a comment, in the folder of Exif or, as some have it, in the first."""
    at = 8 + 18 + (18 if folder else 0)

    def entry(tag: int, kind: int, size: int, value: int) -> bytes:
        return tag.to_bytes(2, order) + kind.to_bytes(2, order) + size.to_bytes(4, order) + value.to_bytes(4, order)  # type: ignore[arg-type]

    def listed(entries: bytes) -> bytes:
        return (1).to_bytes(2, order) + entries + bytes(4)  # type: ignore[arg-type]

    first = (b"II*\0" if order == "little" else b"MM\0*") + (8).to_bytes(4, order)  # type: ignore[arg-type]
    said = entry(0x9286, 7, 8 + len(comment), at)
    body = first + (listed(entry(0x8769, 4, 1, 26)) + listed(said) if folder else listed(said)) + b"ASCII\0\0\0" + comment
    return b"\xff\xe1" + (len(body) + 8).to_bytes(2, "big") + b"Exif\0\0" + body


@pytest.mark.parametrize("folder", [True, False])
@pytest.mark.parametrize("order", ["little", "big"])
def test_a_label_in_the_comment_of_a_jpeg_moves_to_the_guide_s_place(order: str, folder: bool) -> None:
    wrapped = b'{"AIGC":' + OURS.json.encode() + b"}\0"
    before = JPEG[:2] + exif(order, wrapped, folder=folder) + JPEG[2:]
    assert fields_in(before) == OURS.members
    after = label(before, "image/jpeg", OWED, NEXT)
    assert fields_in(after) == NEXT.after(OURS).members
    plain = JPEG[:2] + exif(order, b"a comment", folder=folder) + JPEG[2:]
    assert read(plain) == [] and b"a comment" in label(plain, "image/jpeg", OWED, NEXT)
    assert fields_in(label(before, "image/jpeg", Duties(labels=("machine-readable",)), NEXT)) == OURS.members


@given(st.sampled_from(["little", "big"]), st.data())
def test_damaged_exif_is_no_danger(order: str, data: st.DataObject) -> None:
    raw = bytearray(exif(order, b'{"Label": "1"}'))
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(10, len(raw) - 1))] = data.draw(st.integers(0, 255))
    made = label(JPEG[:2] + bytes(raw) + JPEG[2:], "image/jpeg", OWED, OURS)
    assert of("aigc", read(made))


def test_a_compressed_packet_is_read_and_bounded() -> None:
    def with_packet(packet: bytes) -> bytes:
        return png_of(png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\x01\0\0\0" + zlib.compress(packet)))

    assert fields_in(with_packet(packet_of(b"", aigc=OURS.json))) == OURS.members
    with pytest.raises(Unreadable, match="too large"):
        read(with_packet(bytes(100 << 20)))


def test_a_jpeg_keeps_its_segments_and_its_scan() -> None:
    after = label(JPEG, "image/jpeg", OWED, OURS)
    start = after.index(b"http://ns.adobe.com") - 4
    size = int.from_bytes(after[start + 2 : start + 4], "big") + 2
    assert after[:start] + after[start + size :] == JPEG
    assert after.index(b"Exif\0") < start


def test_a_jpeg_without_room_is_refused() -> None:
    packet = packet_of(b"", source_type="x" * 64_900)
    full = JPEG[:2] + b"\xff\xe1" + (len(packet) + 31).to_bytes(2, "big") + b"http://ns.adobe.com/xap/1.0/\0" + packet + JPEG[2:]
    with pytest.raises(Unfit, match="no room"):
        label(full, "image/jpeg", Duties(labels=("implicit",)), Fields.of("y" * 900, "01J"))


def test_a_wav_keeps_its_chunks_and_sound() -> None:
    found = [*riff.chunks(wav(), b"WAVE"), riff.Chunk(b"LIST", b"INFOISFT\x05\0\0\0abcd\0\0")]
    after = label(riff.joined(b"WAVE", found), "audio/wav", OWED, OURS)
    assert [each for each in riff.chunks(after, b"WAVE") if each.kind not in (b"AIGC", b"_PMX")] == found
    with wave.open(io.BytesIO(after)) as file:
        assert file.readframes(file.getnframes()) == found[1].body


def test_two_places_say_the_same() -> None:
    """Where another has put the fields into XMP as well."""
    found = [riff.Chunk(b"_PMX", packet_of(b"", aigc=OURS.json)), *riff.chunks(wav(), b"WAVE")]
    after = read(label(riff.joined(b"WAVE", found), "audio/wav", Duties(labels=("implicit",)), NEXT))
    assert [each.fields for each in after] == [NEXT.after(OURS).members] * 2


def test_an_mp3_keeps_its_tag_and_sound() -> None:
    sound = mp3()
    for version in (3, 4):
        tag = id3((b"TIT2", b"\0A song"), (b"TXXX", b"\0mood\0calm"), version=version)
        after = label(tag + sound, "audio/mpeg", OWED, OURS)
        assert after.endswith(sound) and b"A song" in after and b"mood\0calm" in after and after[3] == version
    assert b"TXXX" not in label(sound + b"", "audio/mpeg", Duties(labels=("machine-readable",)), OURS)


@pytest.mark.parametrize("encoding", [b"\0", b"\x01", b"\x02", b"\x03"])
def test_a_tag_in_any_encoding_is_read(encoding: bytes) -> None:
    codec = {b"\0": "latin-1", b"\x01": "utf-16", b"\x02": "utf-16-be", b"\x03": "utf-8"}[encoding]
    said = encoding + "AIGC\0".encode(codec) + OURS.json.encode(codec)
    assert fields_in(id3((b"TXXX", said)) + mp3()) == OURS.members
    assert fields_in(label(id3((b"TXXX", said)) + mp3(), "audio/mpeg", OWED, NEXT)) == NEXT.after(OURS).members


def whole_tag(version: int, flags: int, body: bytes, after: bytes = b"") -> bytes:
    return b"ID3" + bytes([version, 0, flags, 0, 0, len(body) >> 7, len(body) & 0x7F]) + body + after


@pytest.mark.parametrize(
    "tag",
    [
        whole_tag(3, 0x40, (6).to_bytes(4, "big") + bytes(6) + TITLE[10:]),
        whole_tag(4, 0x40, b"\0\0\0\x06\x01\0" + TITLE[10:]),
        whole_tag(4, 0x10, TITLE[10:-20], b"3DI\x04\0\x10\0\0\0\x11"),
        whole_tag(3, 0x80, b"TIT2\0\0\0\x09\0\0\0A song\xff\0\xe0"),
    ],
    ids=["extended-3", "extended-4", "footer", "unsynchronised"],
)
def test_a_tag_of_any_make_keeps_its_frames(tag: bytes) -> None:
    after = label(tag + mp3(), "audio/mpeg", OWED, OURS)
    assert fields_in(after) == OURS.members and b"A song" in after and after.endswith(mp3())
    assert after[5] == 0 and fields_in(label(after, "audio/mpeg", OWED, NEXT)) == NEXT.after(OURS).members
    if tag[5] == 0x80:
        assert b"A song\xff\xe0" in after


# -- what cannot be ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "data"), [each for name, each in FILES.items() if "mp3" not in name])
def test_a_file_that_is_cut_off_is_refused_wherever_it_is(kind: str, data: bytes) -> None:
    made = label(data, kind, OWED, OURS)
    for cut in range(0, len(made) - 1, max(1, len(made) // 900)):
        with pytest.raises(Unreadable):
            label(made[:cut], kind, OWED, NEXT)


def test_an_mp3_whose_tag_is_cut_off_is_refused() -> None:
    for cut in range(3, len(TITLE)):
        with pytest.raises(Unreadable):
            label(TITLE[:cut], "audio/mpeg", OWED, OURS)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([each for name, each in FILES.items() if name != "png"]), st.data())
def test_a_damaged_file_ends_in_an_error_of_ours_or_a_label(file: tuple[str, bytes], data: st.DataObject) -> None:
    raw = bytearray(label(file[1], file[0], OWED, OURS) if data.draw(st.booleans()) else file[1])
    for _ in range(data.draw(st.integers(1, 5))):
        raw[data.draw(st.integers(0, min(len(raw) - 1, 1500)))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        raw = raw[: data.draw(st.integers(0, len(raw)))]
    try:
        read(bytes(raw))
        made = label(bytes(raw), file[0], OWED, NEXT)
    except ComityError:
        return
    assert of("aigc", read(made, file[0]))[0].fields["PropagateID"] == "02K"


@given(st.sampled_from([each for each in KINDS if each != "application/pdf"]), st.binary(max_size=400))
def test_arbitrary_bytes_end_in_an_error_of_ours(kind: str, data: bytes) -> None:
    heads = {
        "png": png.SIGNATURE,
        "jpeg": b"\xff\xd8\xff",
        "webp": b"RIFF\x50\0\0\0WEBP",
        "wav": b"RIFF\x50\0\0\0WAVE",
        "mpeg": b"ID3\x04\0",
    }
    for head in (b"", next((head for name, head in heads.items() if name in kind), b"")):
        try:
            label(head + data, kind, OWED, OURS)
            read(head + data)
        except ComityError:
            pass


@pytest.mark.parametrize("many", [png_of(*[png_chunk(b"tEXt", b"")] * 100_001), riff.joined(b"WAVE", [riff.Chunk(b"JUNK", b"")] * 100_002)])
def test_what_is_made_to_be_slow_is_refused(many: bytes) -> None:
    with pytest.raises(Unreadable, match="too many"):
        read(many)


@pytest.mark.parametrize(
    ("kind", "owed"),
    [("audio/opus", OWED), ("audio/pcm", ALOUD), ("video/mp4", OWED), ("image/gif", OWED), ("application/pdf", ALOUD), ("", OWED)],
)
def test_what_cannot_carry_a_label_is_refused_before_anything_is_sent(kind: str, owed: Duties) -> None:
    with pytest.raises(Unfit):
        require(kind, owed)
    with pytest.raises(Unfit):
        label(b"x", kind, owed, OURS)
    require(kind, Duties(labels=("ai-interaction",)))


def test_an_extra_that_is_not_here_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "find_spec", lambda name: None)
    for kind, owed in (("image/png", ALOUD), ("application/pdf", OWED)):
        with pytest.raises(OperatorError, match="extra") as refused:
            require(kind, owed)
        assert refused.value.code == "label.no_extra" and "comity[" in refused.value.hint
    require("image/png; charset=binary", OWED)


@pytest.mark.parametrize(
    ("kind", "signed"),
    [
        ("image/png", png_of(png_chunk(b"caBX", b"jumb c2pa trainedAlgorithmicMedia"))),
        ("image/jpeg", JPEG[:2] + b"\xff\xeb\x00\x23jumb c2pa trainedAlgorithmicMedia" + JPEG[2:]),
        ("audio/wav", riff.joined(b"WAVE", [*riff.chunks(wav(), b"WAVE"), riff.Chunk(b"C2PA", b"c2pa trainedAlgorithmicMedia")])),
        ("audio/mpeg", id3((b"GEOB", b"\0application/x-c2pa-manifest-store\0c2pa\0c2pa\0trainedAlgorithmicMedia")) + mp3()),
    ],
)
def test_a_signature_is_never_broken_in_silence(kind: str, signed: bytes) -> None:
    assert label(signed, kind, Duties(labels=("machine-readable",)), OURS) == signed  # it says so already
    with pytest.raises(OperatorError) as refused:
        label(signed, kind, OWED, OURS)
    assert refused.value.code == "label.no_signer"
    assert [each.value for each in of("c2pa", read(signed))] == ["trainedAlgorithmicMedia"]


# -- held to other programs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["png", "jpeg", "webp", "webp-lossless"])
def test_pillow_opens_it_and_finds_the_packet(name: str) -> None:
    image = pytest.importorskip("PIL.Image")
    kind, data = FILES[name]
    before, after = (image.open(io.BytesIO(each)) for each in (data, label(data, kind, OWED, OURS)))
    assert after.tobytes() == before.tobytes() and after.getexif() == before.getexif()
    assert b"TC260:AIGC" in after.info["xmp"]
    if name == "jpeg":
        assert after.info["comment"] == b"kept"
    assert data != WEBP_LOSSLESS or dict(after.getexif())


@pytest.mark.parametrize("version", [3, 4])
def test_mutagen_reads_the_frames(version: int) -> None:
    found: Any = pytest.importorskip("mutagen.mp3").MP3(
        io.BytesIO(label(id3((b"TIT2", b"\0A song"), version=version) + mp3(), "audio/mpeg", OWED, OURS))
    )
    assert found.tags["TXXX:AIGC"].text == [OURS.json] and found.tags["TIT2"].text == ["A song"]
    assert found.info.sample_rate == 24_000


def test_a_pdf_is_labelled_by_an_update() -> None:
    pypdf = pytest.importorskip("pypdf")
    before = pdf()
    once = label(before, "application/pdf", OWED, OURS)
    twice = label(once, "application/pdf", OWED, NEXT)
    assert twice.startswith(once) and once.startswith(before)
    assert fields_in(once) == OURS.members and fields_in(twice) == NEXT.after(OURS).members
    assert [each.kind for each in read(twice)] == ["aigc", "source_type"]
    found = pypdf.PdfReader(io.BytesIO(twice))
    assert found.metadata.title == "A page" and len(found.pages) == 1
    for bad in (before[:-30], b"%PDF-1.7\n%%EOF", before[9:]):
        with pytest.raises(Unreadable):
            label(bad, "application/pdf", OWED, OURS)


@given(st.data())
def test_a_damaged_pdf_ends_in_an_error_of_ours(data: st.DataObject) -> None:
    pytest.importorskip("pypdf")
    raw = bytearray(pdf())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(9, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with suppress(ComityError):
        label(bytes(raw), "application/pdf", OWED, OURS)
