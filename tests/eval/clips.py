# SPDX-License-Identifier: Apache-2.0
"""How well the device hears, and what it does with what is no speech.

    python -m tests.eval.clips CLIPS MODEL           CLIPS: a folder of the recordings named below; MODEL: of Whisper's files
    python -m tests.eval.clips CLIPS MODEL --spoken  … and what the device speaks itself, heard back

The recordings lie with no copy of this project.  `jfk.flac` is public domain (a sentence of 1961), `librispeech-1995-1837-0001.wav` is
from LibriSpeech (CC BY 4.0, openslr.org/12), `chinese.flac` from the tests of a speech package.  What each says, letter by letter:
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import io
import math
import re
import sys
import time
import wave
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from comity.tasks.speech.transcribe import Transcribe, TranscribeTask
from comity.tasks.task import Reply
from tests.eval.pages import errors, plain

CLIPS = {
    "jfk.flac": ("en", "And so my fellow Americans ask not what your country can do for you ask what you can do for your country"),
    "librispeech-1995-1837-0001.wav": (
        "en",
        "it was the first great sorrow of his life it was not so much the loss of the cotton itself but the fantasy the hopes the dreams "
        "built around it",
    ),
    "chinese.flac": ("zh", "砸自己的脚"),
}
SAID = (
    "The meeting has been moved to Thursday at half past three.", "Please send the signed contract to my colleague before noon.",
    "Heavy rain is expected along the coast this weekend.", "She bought twelve eggs, a loaf of bread and two bottles of milk.",
    "The train from Leeds arrives at platform nine in ten minutes.", "Could you turn down the heating in the living room?",
    "I left my keys on the kitchen table next to the radio.", "Nobody expected the small museum to draw such a crowd.",
    "Remember to water the tomatoes while we are away.", "His grandfather repaired clocks in a shop by the harbour.",
)  # fmt: skip
HERTZ = 16_000

Hears = Callable[[bytes, str], dict[str, Any]]


def ours(folder: Path) -> Hears:
    from comity.device.engines import hearing

    names = ("model.bin", "config.json", "tokenizer.json", "vocabulary.txt")
    engine = hearing.load({name: str(folder / name) for name in names}, {"threads": 1})

    def hear(data: bytes, language: str) -> dict[str, Any]:
        said: list[Any] = []
        engine.answer({"file": base64.b64encode(data).decode(), "language": language}, lambda piece: bool(said.append(piece)))
        return dict(said[-1])

    return hear


def units(text: str, language: str) -> list[str]:
    """Words of English, characters of Chinese; neither case nor punctuation counts."""
    text = plain(text).lower()
    return [each for each in text if each.isalnum()] if language == "zh" else re.findall(r"[a-z0-9']+", text)


def rate(said: str, true: str, language: str) -> tuple[int, int]:
    """(errors, of how many)."""
    one, other = units(said, language), units(true, language)
    known = {each: chr(0xE000 + at) for at, each in enumerate(sorted({*one, *other}))}
    return errors("".join(map(known.__getitem__, one)), "".join(map(known.__getitem__, other))), len(other)


def wav(samples: Sequence[float], hertz: int = HERTZ, channels: int = 1) -> bytes:
    import numpy as np

    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(hertz)
        one = (np.clip(np.asarray(samples), -1, 1) * 32767).astype("<i2")
        file.writeframes(np.repeat(one, channels).tobytes())
    return out.getvalue()


def no_speech() -> Iterator[tuple[str, bytes]]:
    """Sounds in which nobody speaks."""
    import numpy as np

    dice = np.random.default_rng(8)
    at = np.arange(HERTZ * 60) / HERTZ
    yield "60 s of silence", wav(np.zeros(at.size))
    yield "60 s of faint noise", wav(dice.normal(0, 0.002, at.size))
    yield "60 s of loud noise", wav(dice.normal(0, 0.1, at.size))
    notes = [220 * 2 ** (step / 12) for step in (0, 3, 7, 10, 12, 10, 7, 3)]
    beat = (at * 2).astype(int)
    tune = np.sin(2 * np.pi * np.asarray(notes)[beat % 8] * at) + 0.5 * np.sin(4 * np.pi * np.asarray(notes)[beat % 8] * at)
    yield "60 s of a tune", wav(0.2 * tune * np.exp(-3 * (at * 2 % 1)) + dice.normal(0, 0.01, at.size))
    hum = 0.1 * np.sin(2 * np.pi * 50 * at) + 0.05 * np.sin(2 * np.pi * 100 * at)
    yield "60 s of hum with clicks", wav(hum + 0.6 * (at % 1 < 0.002))


def changed(data: bytes) -> Iterator[tuple[str, bytes]]:
    """One recording, as other machines would have written it."""
    import numpy as np

    from comity.device.engines.hearing import heard

    sound = heard(base64.b64encode(data).decode())
    yield "at 44.1 kHz, stereo", wav(np.interp(np.arange(0, len(sound), HERTZ / 44_100), np.arange(len(sound)), sound), 44_100, 2)
    yield "at 8 kHz", wav(sound[::2], 8000)
    dice = np.random.default_rng(9)
    yield "in noise, 10 dB", wav(sound + dice.normal(0, math.sqrt(float((sound**2).mean()) / 10), len(sound)))
    yield "after 40 s of silence", wav(np.concatenate([np.zeros(40 * HERTZ), sound]))
    yield "between 30 s of noise", wav(np.concatenate([dice.normal(0, 0.01, 30 * HERTZ), sound, dice.normal(0, 0.01, 30 * HERTZ)]))


def looped(data: bytes, language: str) -> bytes:
    """A second of it, sixty times over."""
    import numpy as np

    from comity.device.engines.hearing import heard

    sound = heard(base64.b64encode(data).decode())
    return wav(np.tile(sound[HERTZ // 2 : HERTZ * 3 // 2], 60))


def told(hears: Hears, name: str, data: bytes, language: str, true: str | None) -> tuple[int, int]:
    begun, used = time.perf_counter(), time.process_time()
    answer = hears(data, language)

    async def again(_: Any) -> Reply:
        return Reply(body=answer)

    asked, task = Transcribe(file=data, language=language), TranscribeTask()
    draft = asyncio.run(task.draft(asked, again))
    missed = [f"{gate.name}: {gate.why}" for gate in task.gates(asked, draft) if not gate.passed]
    wrong, of = rate(draft.value.text, true, answer["language"]) if true is not None else (0, 0)
    cost = f"{answer['duration']:.1f} s in {time.process_time() - used:.1f} s of one core ({time.perf_counter() - begun:.0f} s)"
    came = "abstains: " + draft.why if draft.abstained else "stops at " + ", ".join(missed) if missed else "answers"
    print(f"{name}: {wrong} of {of} wrong; {came}; {cost}; `{draft.value.text[:160]}`", flush=True)
    return wrong, of


def spoken(hears: Hears) -> None:
    """What our voice says, as our ears hear it: errors of both."""
    from comity.device.engines import speaking

    spec = find_spec("hibari")
    if spec is None or not spec.submodule_search_locations:
        print("NOT RUN: `hibari-tts` is not installed")
        return
    voice = speaking.load({"voice": str(Path(spec.submodule_search_locations[0]) / "assets" / "hibari.onnx")}, {"threads": 1})
    wrong = of = 0
    seconds = used = 0.0
    for text in SAID:
        pieces: list[bytes] = []
        begun = time.process_time()

        def piece(said: Any, kept: list[bytes] = pieces) -> bool:
            return bool(kept.append(base64.b64decode(said["audio"])))

        voice.answer({"input": text}, piece)
        used += time.process_time() - begun
        data = b"".join(pieces)
        seconds += (len(data) - 44) / 48_000
        one, many = rate(hears(data, "en")["text"], text, "en")
        wrong, of = wrong + one, of + many
    print(f"spoken and heard back: {wrong} of {of} words wrong; {seconds:.1f} s of sound in {used:.1f} s of one core")


def main(arguments: Sequence[str]) -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("clips", type=Path)
    options.add_argument("model", type=Path)
    options.add_argument("--spoken", action="store_true")
    asked = options.parse_args(arguments)
    hears = ours(asked.model)
    for name, (language, true) in CLIPS.items():
        data = (asked.clips / name).read_bytes()
        told(hears, name, data, "", true)
        told(hears, f"{name}, told `{language}`", data, language, true)
        for way, other in changed(data):
            told(hears, f"{name} {way}", other, language, true)
        told(hears, f"{name}, one second of it sixty times", looped(data, language), language, None)
    told(hears, "chinese.flac for zh-TW", (asked.clips / "chinese.flac").read_bytes(), "zh-TW", "砸自己的腳")
    for name, data in no_speech():
        told(hears, name, data, "", "")
    if asked.spoken:
        spoken(hears)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
