# SPDX-License-Identifier: Apache-2.0
"""The engine that speaks: sounds by sentence, nothing fetched, and the labels of what a machine made."""

from __future__ import annotations

import base64
import io
import wave
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.device.engines import speaking
from comity.device.engines.base import TooLong
from comity.device.engines.hearing import heard
from comity.device.engines.speaking import CHARACTERS_MAX, HERTZ, SENTENCE_MAX, Speaking, asked, sentences, wav_head
from comity.gateway.labels.files import stream_label
from comity.gateway.labels.reader import read
from tests.unit.gateway.labels.samples import ALOUD, OURS

numpy = pytest.importorskip("numpy")


class Voice:
    """A letter is ten samples."""

    def phonemize(self, text: str) -> list[str]:
        return [text] if any(letter.isalnum() for letter in text) else []

    def ids(self, said: str) -> str:
        return said

    def from_ids(self, said: str, speed: float) -> Any:
        return numpy.full(int(10 * len(said) / speed), 0.5, numpy.float32)


def spoken(engine: Speaking, stop: int = 99, **body: Any) -> list[bytes]:
    pieces: list[bytes] = []

    def piece(said: Any) -> bool:
        pieces.append(base64.b64decode(said["audio"]))
        return len(pieces) >= stop

    engine.answer(body, piece)
    return pieces


def test_each_sentence_is_a_piece_and_the_first_begins_a_wav() -> None:
    pieces = spoken(Speaking(Voice()), input="One. Two is longer! And Dr. Three?")
    assert len(pieces) == 4 and pieces[0].startswith(b"RIFF") and not pieces[1].startswith(b"RIFF")
    with wave.open(io.BytesIO(wav_head(8) + pieces[1][:8])) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (HERTZ, 1, 2)


def test_pcm_has_no_header_and_speed_is_heard() -> None:
    slow, fast = (b"".join(spoken(Speaking(Voice()), input="One. Two.", format="pcm", speed=speed)) for speed in (0.5, 2))
    assert len(slow) == 4 * len(fast) and not slow.startswith(b"RIFF")


def test_who_wants_no_more_gets_no_more() -> None:
    assert len(spoken(Speaking(Voice()), stop=1, input="One. Two. Three.")) == 1


@pytest.mark.parametrize(
    "body",
    [
        {}, {"input": ""}, {"input": 3}, {"input": "你好"}, {"input": "Привет"}, {"input": "..."}, {"input": "Hello.", "voice": "emma"},
        {"input": "Hello.", "format": "mp3"}, {"input": "Hello.", "speed": 9}, {"input": "Hello.", "speed": "fast"},
    ],
)  # fmt: skip
def test_what_it_does_not_take(body: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        spoken(Speaking(Voice()), **body)


def test_what_is_too_long_is_said_to_be() -> None:
    with pytest.raises(TooLong):
        asked({"input": "a" * (CHARACTERS_MAX + 1)})


def test_a_text_cannot_say_how_it_is_to_be_pronounced() -> None:
    """The package reads `[word](/sound/)`; a caller's text is text."""
    assert asked({"input": "Say [hello](/ɡʊdbˈI/) now."})[0] == "Say hello now."


@given(st.text(alphabet='ab ,.!?\n"AB;:—', max_size=3000))
def test_no_letter_is_lost_and_no_piece_is_too_long(text: str) -> None:
    pieces = list(sentences(text))
    assert all(len(piece) <= SENTENCE_MAX for piece in pieces)
    assert [letter for piece in pieces for letter in piece if letter.isalpha()] == [letter for letter in text if letter.isalpha()]


async def test_what_is_spoken_carries_its_labels_while_it_is_still_being_spoken() -> None:
    """As a partner's sound does: the fields and the sound of the label stand before the first sample."""
    pieces = spoken(Speaking(Voice()), input="One. Two is longer. Three.")

    async def coming() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    pytest.importorskip("av")
    labelled = b"".join([piece async for piece in stream_label(coming(), "audio/wav", ALOUD, OURS)])
    assert [each.kind for each in read(labelled)] == ["aigc", "rhythm"]
    assert labelled.endswith(b"".join(pieces)[44:])
    assert heard(base64.b64encode(labelled).decode()).size > 16_000


def test_the_voice_itself() -> None:
    pytest.importorskip("hibari")
    spec = find_spec("hibari")
    assert spec is not None and spec.submodule_search_locations
    path = Path(spec.submodule_search_locations[0]) / "assets" / "hibari.onnx"
    pieces = spoken(speaking.load({"voice": str(path)}, {"threads": 1}), input="Twelve people paid $9.99. It was half past seven.")
    samples = numpy.frombuffer(b"".join(pieces)[44:], "<i2")
    assert len(pieces) == 2 and 2 < samples.size / HERTZ < 8 and numpy.abs(samples).max() > 3000


def test_without_its_file_there_is_no_voice() -> None:
    pytest.importorskip("hibari")
    with pytest.raises(FileNotFoundError):
        speaking.load({}, {})
