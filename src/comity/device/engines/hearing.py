# SPDX-License-Identifier: Apache-2.0
"""Speech to text: Whisper, run by CTranslate2 in eight bits (`faster-whisper`).

Whisper writes something whatever it hears, and over silence, music or a sound that comes back it may write one phrase for ever.  So what
is no speech is left out before it (a small network of `faster-whisper`'s own says where somebody speaks), each window has a most of
tokens and does not see what was written before it, and what repeats itself is cut where it begins to.
"""

from __future__ import annotations

import base64
import binascii
import io
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from comity.device.engines.base import Broken, Engine, Piece, TooLong
from comity.device.engines.script import in_script

if TYPE_CHECKING:
    from numpy.typing import NDArray

BYTES_MAX = 48_000_000
SECONDS_MAX = 3600.0
HERTZ = 16_000
WINDOW_TOKENS_MAX = 220
"""Of half a minute: the fastest speaker says about 150 characters of Chinese or 120 words of English in it."""
BEAMS = 5
TEMPERATURES = (0.0, 0.4)
"""Tried in turn while a window repeats itself or is unlikely; more of them seldom help and each costs the window's time again."""
PROMPT_CHARACTERS_MAX = 400
ROUND_MAX = 4
"""So often in a row may a phrase come back: people say `no, no, no, no`, and hardly ever more."""
PHRASE_MAX = 12  # words, or characters of Chinese, of a phrase that is looked for
_FILES = ("model.bin", "config.json", "tokenizer.json", "vocabulary.txt", "preprocessor_config.json", "vocabulary.json")


def load(files: Mapping[str, str], options: Mapping[str, Any]) -> Engine:
    """``files``: by the names that CTranslate2 gives them, `model.bin`, `config.json`, `tokenizer.json` and `vocabulary.txt`; one may
    carry its folder's or its model's name before that."""
    from faster_whisper import WhisperModel  # type: ignore[import-untyped]  # it ships no types

    wanted = {name: path for path in files.values() for name in _FILES if Path(path).name.endswith(name)}
    wanted |= {name: path for name, path in files.items() if name in _FILES}
    if not {"model.bin", "config.json", "tokenizer.json"} <= set(wanted):  # what is missing would be fetched
        raise FileNotFoundError("not every file of the model")
    with tempfile.TemporaryDirectory() as folder:
        for name, path in wanted.items():
            (Path(folder) / name).symlink_to(Path(path).resolve())
        threads = max(1, int(options.get("threads") or 1))
        model = WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=threads, num_workers=1, local_files_only=True)
    return Hearing(model)


class Hearing:
    def __init__(self, model: Any) -> None:
        self._model = model
        self._lock = threading.Lock()

    def answer(self, body: Mapping[str, Any], piece: Piece) -> None:
        """``body``: `file` (base64), and if wished `language` (BCP 47) and `prompt`.  OpenAI's verbose JSON; a segment that was cut for
        repeating itself says so in `looped`.  The pieces before it are empty."""
        sound = heard(body.get("file"))
        tag, prompt = body.get("language") or "", body.get("prompt") or ""
        base = tag.partition("-")[0].lower() if isinstance(tag, str) else None
        if base is None or not isinstance(prompt, str) or (base and base not in self._model.supported_languages):
            raise ValueError("a language that the model does not know")
        seconds = len(sound) / HERTZ
        segments: list[dict[str, Any]] = []
        with self._lock:
            if seconds >= 0.1:
                found, about = self._model.transcribe(
                    sound, language=base or None, initial_prompt=prompt[-PROMPT_CHARACTERS_MAX:] or None, beam_size=BEAMS,
                    temperature=list(TEMPERATURES), condition_on_previous_text=False, max_new_tokens=WINDOW_TOKENS_MAX, vad_filter=True,
                )  # fmt: skip
                base, chance = about.language, float(about.language_probability)
                wished = tag if tag else base
                for segment in found:
                    if piece({}):  # that it still works; and whether anybody still waits
                        return
                    made = _segment(segment, len(segments), wished)
                    if made["text"] and not _again(made, segments):
                        segments.append(made)
            else:
                chance = 0.0
        text = joined([each["text"] for each in segments])
        answer = {
            "task": "transcribe", "language": base or "", "language_probability": round(chance, 4), "duration": round(seconds, 3),
            "text": text, "segments": segments,
        }  # fmt: skip
        piece(answer)


def heard(file: Any) -> NDArray[Any]:
    """Samples of one channel from -1 to 1, 16,000 a second.  Raises ValueError, Broken where it is none, and TooLong from an hour on."""
    if not isinstance(file, str) or len(file) > BYTES_MAX * 4 // 3 + 4:
        raise ValueError("no sound")
    try:
        data = base64.b64decode(file, validate=True)
    except binascii.Error:
        raise ValueError("not in base64") from None
    import av
    import numpy as np

    kept: list[NDArray[Any]] = []
    samples = 0
    try:
        with av.open(io.BytesIO(data), mode="r", metadata_errors="ignore") as container:
            resampler = av.AudioResampler(format="s16", layout="mono", rate=HERTZ)
            for frame in _frames(container):
                if frame is not None:
                    frame.pts = None  # two of them that overlap are taken one after the other
                for piece in resampler.resample(frame):
                    kept.append(piece.to_ndarray().reshape(-1))
                    samples += kept[-1].size
                    if samples > SECONDS_MAX * HERTZ:
                        raise TooLong
    except TooLong:
        raise
    except Exception:  # noqa: BLE001 - a decoder raises what it likes; whatever it was, this is no sound
        raise Broken from None
    if not samples:
        raise Broken
    return np.concatenate(kept).astype(np.float32) / 32768.0


def _frames(container: Any) -> Iterator[Any]:
    """Of the first sound in a file, without those that are broken, and a last None."""
    import av

    frames = container.decode(audio=0)
    while True:
        try:
            yield next(frames)
        except StopIteration:
            yield None
            return
        except av.error.InvalidDataError:
            continue


def _segment(segment: Any, number: int, tag: str) -> dict[str, Any]:
    text, looped = unlooped(in_script(str(segment.text).strip(), tag))
    made = {
        "id": number, "start": round(float(segment.start), 2), "end": round(float(segment.end), 2), "text": text,
        "avg_logprob": round(float(segment.avg_logprob), 4), "no_speech_prob": round(float(segment.no_speech_prob), 4),
        "compression_ratio": round(float(segment.compression_ratio), 3), "temperature": float(segment.temperature or 0.0),
    }  # fmt: skip
    if looped:
        made["looped"] = True
    return made


def _again(made: dict[str, Any], segments: Sequence[dict[str, Any]]) -> bool:
    """Whether the same was said in each of the last segments: then it is left out, and the last one says so."""
    last = [each["text"] for each in segments[-(ROUND_MAX - 1) :]]
    if len(last) == ROUND_MAX - 1 and set(last) == {made["text"]}:
        segments[-1]["looped"] = True
        return True
    return False


def unlooped(text: str) -> tuple[str, bool]:
    """Without what comes back more than ``ROUND_MAX`` times in a row, of which as many are left; and whether there was any."""
    units = _units(text)
    kept: list[str] = []
    looped = False
    for unit in units:
        kept.append(unit)
        for size in range(1, min(PHRASE_MAX, len(kept) // (ROUND_MAX + 1)) + 1):
            last = [one.strip().lower() for one in kept[-size * (ROUND_MAX + 1) :]]
            if any(one.isalnum() for one in last) and all(last[at] == last[at + size] for at in range(len(last) - size)):
                if size == 1 and last[0].isdigit():
                    continue  # 000000 is a number
                del kept[-size:]
                looped = True
                break
    return "".join(kept).strip(), looped


def _units(text: str) -> list[str]:
    """Words with the space behind them; characters where none stands between words."""
    import re

    return re.findall(r"[A-Za-z\u00c0-\u024f\u0400-\u04ff'’-]+\s*|\S\s*", text)


def joined(texts: Sequence[str]) -> str:
    """With a space between, but where Chinese or Japanese meets: there none is written."""
    whole = ""
    for text in texts:
        tight = whole and (ord(whole[-1]) >= 0x2E80 or ord(text[0]) >= 0x2E80)
        whole += ("" if tight or not whole else " ") + text
    return whole
