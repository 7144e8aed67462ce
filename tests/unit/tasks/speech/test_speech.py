# SPDX-License-Identifier: Apache-2.0
"""What was said in a sound, and a text as a sound, as tasks: what is asked, what comes back, and what stops at a gate."""

from __future__ import annotations

import asyncio
import io
import struct
import wave
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.device.engines.speaking import wav_head
from comity.errors import CallerError
from comity.tasks.shapes import Draft
from comity.tasks.speech.loops import looping
from comity.tasks.speech.speak import Sound, Speak, SpeakTask, seconds_of, sized
from comity.tasks.speech.transcribe import Transcribe, TranscribeTask, Transcript
from comity.tasks.task import Reply, Unreadable
from comity.wire.audio import SpeechRequest, TranscriptionRequest


class Place:
    def __init__(self, reply: Reply) -> None:
        self.reply, self.asked = reply, list[Any]()

    async def __call__(self, request: Any) -> Reply:
        self.asked.append(request)
        return self.reply


def segment(text: str, start: float = 0.0, end: float = 2.0, logprob: float = -0.2, silent: float = 0.05, **more: Any) -> dict[str, Any]:
    return {"start": start, "end": end, "text": text, "avg_logprob": logprob, "no_speech_prob": silent, "id": 0, "temperature": 0.0} | more


def body(*segments: dict[str, Any], language: str = "en") -> dict[str, Any]:
    return {"text": " ".join(each["text"] for each in segments), "language": language, "duration": 9.0, "segments": list(segments)}


def heard(said: dict[str, Any], **asked: Any) -> tuple[Transcribe, Draft[Transcript], dict[str, str]]:
    """With the gates that did not pass, and why."""
    shape, task = Transcribe(file=b"x", **asked), TranscribeTask()
    draft = asyncio.run(task.draft(shape, Place(Reply(body=said))))
    return shape, draft, {gate.name: gate.why for gate in task.gates(shape, draft) if not gate.passed}


def test_segments_and_their_times() -> None:
    place = Place(Reply(body=body(segment(" Good morning. "), segment("How are you?", 2, 4, -0.4))))
    draft = asyncio.run(TranscribeTask().draft(Transcribe(file=b"x", filename="clip.wav", language="zh-TW", prompt="Ana"), place))
    (request,) = place.asked
    assert isinstance(request, TranscriptionRequest) and request.response_format == "verbose_json"
    assert (request.language, request.prompt, request.filename) == ("zh", "Ana", "clip.wav")
    assert draft.value.text == "Good morning. How are you?" and draft.value.segments[1].start == 2 and draft.value.seconds == 9
    assert draft.sure == pytest.approx(-0.3, abs=0.01)


def test_all_gates_of_a_good_transcript_pass() -> None:
    _, draft, missed = heard(body(segment("It was not so much the loss of the cotton itself.")), language="en")
    assert not missed and draft.value.language == "en"


def test_what_was_hardly_believed_or_was_silence_is_left_out_and_said_to_be() -> None:
    _, draft, missed = heard(
        body(segment("Good morning to all of you.", 0, 6), segment("Thanks for watching!", 6, 7, -1.4), segment("you", 7, 8, -0.8, 0.9))
    )
    assert draft.value.text == "Good morning to all of you." and not missed
    assert [(gap.start, gap.why) for gap in draft.value.unheard] == [(6, "unsure"), (7, "silence")]


def test_where_nothing_is_left_it_abstains() -> None:
    for said, why in ((body(), "no_speech"), (body(segment("Thanks for watching!", logprob=-1.5)), "unheard")):
        _, draft, missed = heard(said)
        assert draft.abstained and draft.why == why and not missed


def test_where_most_was_not_understood_the_rest_is_no_transcript() -> None:
    _, _, missed = heard(body(segment("Good morning everybody.", 0, 2), segment("mumble", 2, 8, -1.5)))
    assert missed == {"heard": "mostly_unheard"}


def test_another_language_than_was_wished_stops() -> None:
    _, _, missed = heard(body(segment("今天下雨了，记得带伞"), language="zh"), language="en")
    assert missed["language"] == "other_language"
    _, _, missed = heard(body(segment("It was not so much the loss of the cotton itself."), language="en"), language="zh")
    assert missed["language"] == "other_language"


@pytest.mark.parametrize(("tag", "script"), [("zh", "发现头发"), ("zh-TW", "發現頭髮"), ("", "发现头发")])
def test_chinese_is_written_in_the_script_of_the_locale_whoever_heard_it(tag: str, script: str) -> None:
    pytest.importorskip("opencc")
    for said in ("发现头发", "發現頭髮"):
        _, draft, missed = heard(body(segment(said), language="chinese"), language=tag)
        assert draft.value.text == script and not missed


def test_without_the_tables_the_other_script_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(text: str, tag: str) -> str:
        raise ImportError

    monkeypatch.setattr("comity.tasks.speech.transcribe.in_script", absent)
    assert heard(body(segment("發現頭髮"), language="zh"), language="zh-CN")[2] == {"script": "other_script"}
    assert heard(body(segment("发现头发"), language="zh"), language="zh-HK")[2] == {"script": "other_script"}


def test_what_runs_in_a_circle_stops() -> None:
    _, _, missed = heard(body(segment("thank you so much " * 6)))
    assert missed["not_looping"] == "looping"
    _, _, missed = heard(body(segment("请不吝点赞 订阅 " * 8), language="zh"))
    assert missed["not_looping"] == "looping"


def test_a_partner_that_gives_no_segments_is_heard_too() -> None:
    _, draft, missed = heard({"text": "Good morning to all of you."}, language="en")
    assert draft.value.segments[0].text == "Good morning to all of you." and draft.sure is None and not missed


_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.floats(allow_nan=False), st.text(max_size=6)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["text", "start", "end", "avg_logprob"]), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["text", "segments", "language", "duration"]), _json))
def test_whatever_a_place_answers_is_a_transcript_or_no_answer(said: Any) -> None:
    try:
        heard(said)
    except Unreadable:
        return


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("you you you you you you", "you"), ("no no no no", ""), ("and so " * 5, "and so"), ("谢谢观看" * 4, "谢谢观看"),
        ("哈哈哈", ""), ("", ""),
        ("It was the best of times, it was the worst of times, it was the age of wisdom", ""), ("call 5 5 5 1 2 3", ""),
        ("la la la la la la and then a long line that has nothing whatever to do with it at all, really", ""),
    ],
)  # fmt: skip
def test_loops(text: str, phrase: str) -> None:
    assert looping(text) == phrase


@given(st.lists(st.sampled_from(["rain", "falls", "on", "谢", "谢", "雨"]), min_size=1, max_size=5), st.integers(6, 30))
def test_anything_said_six_times_is_a_loop(words: list[str], times: int) -> None:
    assert looping(" ".join(words * times))


# -- speaking ---------------------------------------------------------------------------------------------------------


def sound(seconds: float) -> bytes:
    return wav_head() + b"\0\0" * int(24_000 * seconds)


def test_a_text_is_asked_for_as_a_sound() -> None:
    place = Place(Reply(data=sound(2), content_type="audio/wav"))
    asked, task = Speak(text="Good morning to all of you.", speed=1.5), SpeakTask()
    draft = asyncio.run(task.draft(asked, place))
    assert place.asked == [SpeechRequest(input=asked.text, voice="auto", response_format="wav", speed=1.5)]
    assert draft.value.seconds == pytest.approx(2) and draft.value.content_type == "audio/wav"
    assert task.language(asked) == "en" and all(gate.passed for gate in task.gates(asked, draft))


@pytest.mark.parametrize(("seconds", "why"), [(0.2, "cut_short"), (60, "ran_on"), (6, "")])
def test_a_sound_is_about_as_long_as_its_text(seconds: float, why: str) -> None:
    asked = Speak(text="It was not so much the loss of the cotton itself, but the fantasy, the hopes, the dreams built around it.")
    draft = Draft(value=Sound(data=b"x", content_type="audio/wav", seconds=seconds))
    (gate,) = SpeakTask().gates(asked, draft)
    assert gate.why == why


def test_an_empty_sound_is_no_answer() -> None:
    with pytest.raises(Unreadable):
        asyncio.run(SpeakTask().draft(Speak(text="Hello."), Place(Reply())))


def test_a_sound_that_was_made_as_it_went_says_how_long_it_is() -> None:
    made = bytearray(sound(2))
    made[4:8] = made[40:44] = b"\xff" * 4
    told = sized(bytes(made))
    with wave.open(io.BytesIO(told)) as read:
        assert read.getnframes() == 48_000
    assert len(told) == len(made) and seconds_of(told) == pytest.approx(2)


@pytest.mark.parametrize("asked", [{"text": " "}, {"text": "a" * 20_001}, {"text": "a", "speed": 3}])
def test_what_cannot_be_spoken_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(CallerError):
        Speak(**asked)


def test_a_sound_without_bytes_is_refused() -> None:
    with pytest.raises(CallerError):
        Transcribe(file=b"")


@given(st.binary(max_size=80), st.integers(0, 80))
def test_seconds_of_anything(data: bytes, cut: int) -> None:
    for each in (data, b"RIFF\0\0\0\0WAVE" + data, sound(0.001)[:cut], b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<I", 0) + data):
        assert seconds_of(each) >= 0 and len(sized(each)) == len(each)
