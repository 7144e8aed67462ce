# SPDX-License-Identifier: Apache-2.0
"""The audible label: its rhythm, in every format of samples and of frames, whole and while a sound comes."""

from __future__ import annotations

import io
import struct
import wave
from collections.abc import AsyncIterator
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.gateway.duties import Duties
from comity.gateway.labels import frames, rhythm, riff
from comity.gateway.labels.files import label, stream_label
from comity.gateway.labels.marks import Unfit, Unreadable
from comity.gateway.labels.reader import read
from tests.unit.gateway.labels.samples import ALOUD, NEXT, OURS, OWED, TITLE, id3, mp3, wav


def kinds(data: bytes) -> list[str]:
    return [each.kind for each in read(data)]


@pytest.mark.parametrize("rate_hz", [8_000, 24_000, 44_100])
def test_the_rhythm_is_short_long_short_short(rate_hz: int) -> None:
    """GB 45438-2025 5.3 c.  By loudness in pieces of 20 ms."""
    step = rate_hz // 50
    loud = [max(map(abs, rhythm.samples(rate_hz)[at : at + step])) > 0.1 for at in range(0, len(rhythm.samples(rate_hz)), step)]
    runs = [(on, len(list(run)) * 0.02) for on, run in groupby(loud)]
    assert ["long" if seconds > 0.25 else "short" for on, seconds in runs if on] == ["short", "long", "short", "short"]
    assert runs[-1][0] is False and sum(seconds for _, seconds in runs) < 2


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_it_is_put_before_plain_samples_once(width: int, channels: int) -> None:
    before = wav(rate_hz=11_025, channels=channels, width=width)
    after = label(before, "audio/wav", ALOUD, OURS)
    assert kinds(before) == [] and kinds(after) == ["aigc", "rhythm"]
    with wave.open(io.BytesIO(before)) as old, wave.open(io.BytesIO(after)) as new:
        assert (new.getnchannels(), new.getsampwidth(), new.getframerate()) == (channels, width, 11_025)
        sound, told = (file.readframes(file.getnframes()) for file in (old, new))
    assert told.endswith(sound) and (len(told) - len(sound)) % (width * channels) == 0
    mark = told[: len(told) - len(sound)]
    quiet = 128 if width == 1 else 0
    assert set(mark[-width * channels * 9 :]) == {quiet} and max(mark) > quiet
    assert all(mark[at : at + width] == mark[at + width : at + 2 * width] for at in range(0, len(mark), width * channels) if channels > 1)
    assert len(label(after, "audio/wav", ALOUD, NEXT)) - len(after) < 40


def test_it_is_put_before_samples_of_floating_point() -> None:
    form = struct.pack("<HHIIHH", 3, 1, 16_000, 64_000, 4, 32)
    before = riff.joined(b"WAVE", [riff.Chunk(b"fmt ", form), riff.Chunk(b"data", bytes(400))])
    sound = riff.chunks(label(before, "audio/wav", ALOUD, OURS), b"WAVE")[-1].body
    assert max(struct.unpack(f"<{len(sound) // 4}f", sound)) == pytest.approx(rhythm.LOUDNESS, abs=0.01)


@pytest.mark.parametrize("form", [struct.pack("<HHIIHH", 7, 1, 8_000, 8_000, 1, 8), struct.pack("<HHIIHH", 1, 1, 8_000, 16_000, 4, 16)])
def test_samples_of_another_kind_are_refused(form: bytes) -> None:
    with pytest.raises(Unfit, match="plain samples"):
        label(riff.joined(b"WAVE", [riff.Chunk(b"fmt ", form), riff.Chunk(b"data", bytes(400))]), "audio/wav", ALOUD, OURS)


# -- MP3 -------------------------------------------------------------------------------------------------------------


def walked(sound: bytes) -> list[frames.Header]:
    found = []
    at = 0
    while at < len(sound):
        found.append(frames.header(sound[at : at + 4]))
        at += found[-1].size
    assert at == len(sound), "the last frame is cut off"
    return found


@pytest.mark.parametrize("mono", [True, False])
@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 32_000, 22_050, 24_000, 16_000, 11_025, 12_000, 8_000])
def test_frames_are_here_for_every_rate_and_fill_up_to_the_bit_rate(rate_hz: int, mono: bool) -> None:
    sound = mp3(rate_hz=rate_hz, mono=mono, kbits_index=9)
    mark, replaced = frames.before(sound)
    found = walked(mark)
    assert replaced == b"" and {(each.rate_hz, each.mono, each.bit_rate) for each in found} == {(rate_hz, mono, 9)}
    samples = 1152 if found[0].version == 3 else 576
    assert len(rhythm.samples(rate_hz)) <= len(found) * samples <= len(rhythm.samples(rate_hz)) + 4 * samples
    at = 0
    for each in found:  # none takes from a frame before it
        side = mark[at + 4 : at + 6]
        assert (side[0] << 1 | side[1] >> 7 if each.version == 3 else side[0]) == 0 and mark[at + 1] & 1
        at += each.size
    assert frames.before(mark + sound) == (b"", b"")
    assert frames.before(mp3(rate_hz=rate_hz, mono=mono, kbits_index=1))[0]


def test_a_frame_about_the_file_stays_first_and_counts_them() -> None:
    sound = mp3()
    head = frames.header(sound[:4])
    told = sound[: head.info_at] + b"Xing" + (3).to_bytes(4, "big") + (20).to_bytes(4, "big") + (5000).to_bytes(4, "big")
    info = told + bytes(head.size - len(told))
    after = label(TITLE + info + sound, "audio/mpeg", Duties(explicit=True), OURS)
    assert after.startswith(TITLE[:14]) and after.endswith(sound)
    first = after[after.index(b"Xing") :]
    count, size = (int.from_bytes(first[at : at + 4], "big") for at in (8, 12))
    marks = walked(after[after.index(b"Xing") - head.info_at :])
    assert count - 20 == len(marks) - 1 - 20 and size - 5000 == sum(each.size for each in marks[1:-20])
    assert label(after, "audio/mpeg", Duties(explicit=True), NEXT) == after


def test_mutagen_reckons_the_duration_right() -> None:
    found = pytest.importorskip("mutagen.mp3").MP3(io.BytesIO(label(mp3(), "audio/mpeg", ALOUD, OURS)))
    assert found.info.length == pytest.approx(92 * 576 / 24_000, abs=0.03) and found.info.bitrate == 64_000


def test_frames_of_free_bit_rate_are_refused() -> None:
    with pytest.raises(Unfit, match="free bit rate"):
        label(b"\xff\xf3\x04\xc0" + bytes(400), "audio/mpeg", ALOUD, OURS)


# -- while it comes --------------------------------------------------------------------------------------------------


async def pieces(data: bytes, sizes: list[int]) -> AsyncIterator[bytes]:
    at = 0
    for size in sizes:
        yield data[at : at + size]
        at += size
    yield data[at:]


async def streamed(data: bytes, kind: str, sizes: list[int], owed: Duties = ALOUD) -> list[bytes]:
    return [piece async for piece in stream_label(pieces(data, sizes), kind, owed, OURS)]


SOUNDS = [("audio/wav", wav()), ("audio/mpeg", mp3()), ("audio/mpeg", TITLE + mp3(rate_hz=44_100, mono=False))]
SOUNDS += [(kind, label(data, kind, ALOUD, NEXT)) for kind, data in SOUNDS]  # of a node before us


@given(st.sampled_from(SOUNDS), st.lists(st.integers(0, 200), max_size=9), st.sampled_from([ALOUD, OWED, Duties(explicit=True)]))
async def test_in_any_pieces_it_is_as_whole(sound: tuple[str, bytes], sizes: list[int], owed: Duties) -> None:
    kind, data = sound
    assert b"".join(await streamed(data, kind, sizes, owed)) == label(data, kind, owed, OURS)


@pytest.mark.parametrize("size", [b"\xff\xff\xff\xff", bytes(4)])
async def test_sizes_that_are_open_stay_open(size: bytes) -> None:
    sound = wav()
    at = sound.index(b"data") + 4
    still = sound[:4] + size + sound[8:at] + size + sound[at + 4 :]
    out = b"".join(await streamed(still, "audio/wav", [10, 30, 10]))
    assert out[4:8] == size and out[out.index(b"data") + 4 :][:4] == size and out.endswith(sound[at + 4 :])
    assert kinds(out) == ["aigc", "rhythm"]
    assert riff.chunks(label(still, "audio/wav", OWED, OURS), b"WAVE")[-1].body == sound[at + 4 :]


async def test_the_first_byte_of_the_sound_is_enough() -> None:
    """Labels are out before a second piece is asked for."""
    for kind, data in SOUNDS[:3]:
        begun = stream_label(pieces(data, [300 + len(data) // 20]), kind, ALOUD, OURS)
        first = await anext(begun)
        assert b"AIGC" in first and len(first) > 1000
        await begun.aclose()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("kind", "data", "error"),
    [
        ("image/png", b"\x89PNG", Unfit),
        ("audio/wav", wav()[:40], Unreadable),
        ("audio/wav", b"not a sound" * 9, Unreadable),
        ("audio/mpeg", bytes(100_000), Unreadable),
        ("audio/mpeg", b"<html>" + bytes(90), Unreadable),
        ("audio/mpeg", id3((b"GEOB", b"\0application/x-c2pa-manifest-store\0")) + mp3(), Unfit),
        ("audio/wav", b"RIFF\0\0\0\0WAVEJUNK\xff\xff\xff\x7f" + bytes(1 << 21), Unreadable),
    ],
)
async def test_what_does_not_begin_as_a_sound_is_refused(kind: str, data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        await streamed(data, kind, [70_000, 500_000, 500_000])


async def test_what_owes_nothing_passes_as_it_came() -> None:
    assert await streamed(b"anything", "audio/wav", [3], Duties()) == [b"any", b"thing"]
