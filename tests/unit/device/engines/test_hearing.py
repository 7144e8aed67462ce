# SPDX-License-Identifier: Apache-2.0
"""The engine that hears: sounds of every form, what is cut where it runs in a circle, and the script.  The model itself is tried in
`tests/eval/clips.py`; here its place is taken by one that says what it is told."""

from __future__ import annotations

import base64
import io
import math
import struct
import wave
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.device.engines import hearing
from comity.device.engines.base import TooLong
from comity.device.engines.hearing import ROUND_MAX, Hearing, heard, unlooped

numpy = pytest.importorskip("numpy")


class Told:
    """Hears what it was told."""

    supported_languages = ("en", "zh")

    def __init__(self, *said: str, language: str = "en") -> None:
        self.said, self.language, self.asked = said, language, dict[str, Any]()

    def transcribe(self, sound: Any, **options: Any) -> tuple[Sequence[Any], Any]:
        self.asked = options
        made = [
            SimpleNamespace(
                text=f" {text}",
                start=at,
                end=at + 1,
                avg_logprob=-0.2,
                no_speech_prob=0.1,
                compression_ratio=1.2,
                temperature=0.0,
            )
            for at, text in enumerate(self.said)
        ]
        return made, SimpleNamespace(language=options["language"] or self.language, language_probability=0.97)


def tone(seconds: float = 0.5, hertz: int = 16_000, channels: int = 1) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(hertz)
        samples = [int(9000 * math.sin(at / hertz * 440 * 2 * math.pi)) for at in range(int(seconds * hertz))]
        file.writeframes(b"".join(struct.pack("<h", sample) * channels for sample in samples))
    return out.getvalue()


def text_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def answered(model: Told, **body: Any) -> dict[str, Any]:
    pytest.importorskip("av")
    said: list[Any] = []
    Hearing(model).answer({"file": text_of(tone())} | body, lambda piece: bool(said.append(piece)))
    *before, answer = said
    assert not any(before)
    return dict(answer)


def test_a_transcript_has_openai_s_form() -> None:
    model = Told("Good morning.", "How are you?")
    answer = answered(model)
    assert answer["text"] == "Good morning. How are you?" and answer["language"] == "en" and answer["duration"] == pytest.approx(0.5)
    assert [each["text"] for each in answer["segments"]] == ["Good morning.", "How are you?"]
    assert {"id", "start", "end", "avg_logprob", "no_speech_prob", "compression_ratio", "temperature"} <= set(answer["segments"][0])
    assert model.asked["condition_on_previous_text"] is False and model.asked["vad_filter"] and model.asked["max_new_tokens"]


@pytest.mark.parametrize(
    ("tag", "script"),
    [("zh", "发现头发"), ("zh-CN", "发现头发"), ("zh-TW", "發現頭髮"), ("zh-HK", "發現頭髮"), ("zh-Hant", "發現頭髮"), ("", "发现头发")],
)
def test_chinese_is_written_in_the_script_of_the_locale(tag: str, script: str) -> None:
    pytest.importorskip("opencc")
    for said in ("发现头发", "發現頭髮"):
        assert answered(Told(said, language="zh"), language=tag)["text"] == script


def test_who_has_gone_is_told_nothing_more() -> None:
    pytest.importorskip("av")
    said: list[Any] = []

    def gone(piece: Any) -> bool:
        said.append(piece)
        return True

    Hearing(Told("one", "two")).answer({"file": text_of(tone())}, gone)
    assert said == [{}]


def test_other_languages_are_left_as_they_are() -> None:
    assert answered(Told("the 發 of it"))["text"] == "the 發 of it"


def test_the_same_again_and_again_is_left_out() -> None:
    answer = answered(Told(*["Thank you."] * 30, "Goodbye."))
    assert answer["text"] == "Thank you. Thank you. Thank you. Goodbye." and answer["segments"][2]["looped"]


@pytest.mark.parametrize(
    "body", [{"language": "xx"}, {"language": 3}, {"prompt": 3}, {"file": "?"}, {"file": None}, {"file": text_of(b"no sound")}]
)
def test_what_it_does_not_take(body: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        answered(Told("x"), **body)


@pytest.mark.parametrize(("hertz", "channels"), [(8000, 1), (16_000, 2), (44_100, 1), (48_000, 2)])
def test_every_rate_and_both_channels_are_one_sound(hertz: int, channels: int) -> None:
    pytest.importorskip("av")
    sound = heard(text_of(tone(0.5, hertz, channels)))
    assert len(sound) == pytest.approx(8000, abs=40) and sound.dtype == numpy.float32
    assert numpy.abs(sound).max() == pytest.approx(9000 / 32768, rel=0.1)


@pytest.mark.parametrize(("form", "codec"), [("flac", "flac"), ("mp3", "libmp3lame"), ("ogg", "libopus"), ("ipod", "aac")])
def test_every_form_is_decoded(form: str, codec: str) -> None:
    av = pytest.importorskip("av")
    out = io.BytesIO()
    with av.open(out, "w", format=form) as file:
        stream = file.add_stream(codec, rate=48_000, layout="mono")
        samples = (9000 * numpy.sin(numpy.arange(44_100) / 44_100 * 440 * 2 * numpy.pi)).astype(numpy.int16)
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate = 44_100
        resampled = av.AudioResampler(format=stream.format, layout="mono", rate=48_000, frame_size=stream.frame_size or None)
        for piece in [*resampled.resample(frame), *resampled.resample(None), None]:
            for packet in stream.encode(piece):
                file.mux(packet)
    assert len(heard(text_of(out.getvalue()))) == pytest.approx(16_000, rel=0.15)


def test_an_hour_is_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("av")
    monkeypatch.setattr(hearing, "SECONDS_MAX", 0.3)
    with pytest.raises(TooLong):
        heard(text_of(tone(0.5)))


def test_a_file_too_few_is_no_model(tmp_path: Any) -> None:
    """What is missing would be fetched, and nothing here fetches."""
    pytest.importorskip("faster_whisper")
    for name in ("model.bin", "config.json"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(FileNotFoundError):
        hearing.load({"model.bin": str(tmp_path / "model.bin"), "config.json": str(tmp_path / "config.json")}, {})


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("no no no no", "no no no no"),
        ("no " * 20, "no no no no"),
        ("and then " * 9 + "it stopped", "and then and then and then and then it stopped"),
        ("谢谢观看" * 12, "谢谢观看" * 4),
        ("哈哈哈哈哈哈哈哈", "哈哈哈哈"),
        ("call 0800 000000 now", "call 0800 000000 now"),
        ("One, two, three. One, two, three.", "One, two, three. One, two, three."),
        ("....... ........", "....... ........"),
    ],
)
def test_what_comes_back_is_said_four_times_and_no_more(said: str, left: str) -> None:
    assert unlooped(said) == (left.strip(), left.strip() != said.strip())


@given(st.lists(st.sampled_from(["a ", "b ", "no ", "谢", "谢", "。", ", ", "12 ", "it's "]), max_size=60).map("".join))
def test_what_is_cut_once_is_not_cut_again(said: str) -> None:
    once, _ = unlooped(said)
    assert unlooped(once) == (once, False)


@given(
    st.text(alphabet="abc ", min_size=1, max_size=8).filter(lambda text: text.strip().isalpha() and len(set(text.strip())) > 1),
    st.integers(5, 40),
)
def test_any_phrase_that_comes_back_is_cut(phrase: str, times: int) -> None:
    said, looped = unlooped((phrase.strip() + " ") * times)
    assert looped and said.split().count(phrase.strip()) == ROUND_MAX
