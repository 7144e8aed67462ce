# SPDX-License-Identifier: Apache-2.0
"""Text to speech in English: `hibari-tts`, 24 kHz, a sentence at a time, each as soon as it is spoken."""

from __future__ import annotations

import base64
import re
import struct
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from comity.device.engines.base import Engine, Piece, TooLong

HERTZ = 24_000
CHARACTERS_MAX = 20_000
SENTENCE_MAX = 600
"""A sentence beyond it is spoken in parts: the network sees one at once, and its cost grows with it."""
VOICES = ("heart",)
NO_VOICE = ("auto", "default")
FORMATS = ("wav", "pcm")
_UNSPOKEN = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\u0400-\u05ff\u0600-\u06ff\u0900-\u0dff\u0e00-\u0eff]")
_MARKED = re.compile(r"\[([^\]\n]*)\]\(/[^)\n]*/\)")
"""The package lets a text say how a word sounds; what a caller's text holds is read, and nothing else."""


def load(files: Mapping[str, str], options: Mapping[str, Any]) -> Engine:
    """``files``: one that ends in `.onnx`, the voice."""
    from hibari import Hibari  # type: ignore[import-untyped]  # it ships no types

    voices = [path for path in files.values() if path.endswith(".onnx")]
    if not voices:
        raise FileNotFoundError("no voice")
    path = next((each for each in voices if each.endswith("hibari.onnx")), voices[0])
    # A path of a file, always: by its name alone a voice that is not here would be fetched.
    voice = Hibari(voice=VOICES[0], model=path, threads=max(1, int(options.get("threads") or 1)))
    voice.g2p  # noqa: B018 - its dictionaries, read now and not while somebody waits
    return Speaking(voice)


class Speaking:
    def __init__(self, voice: Any) -> None:
        self._voice = voice
        self._lock = threading.Lock()

    def answer(self, body: Mapping[str, Any], piece: Piece) -> None:
        """``body``: `input`, and if wished `voice`, `speed` (0.5 to 2) and `format`.  Pieces `{"audio": base64}`; a wav's
        header leaves its length open, since nobody knows yet how long it gets."""
        text, speed, form = asked(body)
        begun = False
        for sentence in sentences(text):
            with self._lock:
                sound = b"".join(_pcm(self._voice.from_ids(self._voice.ids(said), speed)) for said in self._voice.phonemize(sentence))
            if not sound:
                continue
            head = b"" if begun or form == "pcm" else wav_head()
            begun = True
            if piece({"audio": base64.b64encode(head + sound).decode()}):
                return
        if not begun:
            raise ValueError("nothing that can be said")


def asked(body: Mapping[str, Any]) -> tuple[str, float, str]:
    """(text, speed, format).  Raises ValueError, TooLong."""
    text, voice = body.get("input"), body.get("voice") or NO_VOICE[0]
    speed, form = body.get("speed") or 1.0, body.get("format") or body.get("response_format") or "wav"
    if not isinstance(text, str) or not text.strip() or _UNSPOKEN.search(text):
        raise ValueError("not English")
    if len(text) > CHARACTERS_MAX:
        raise TooLong
    if voice not in (*VOICES, *NO_VOICE) or form not in FORMATS or not isinstance(speed, int | float) or not 0.5 <= speed <= 2:
        raise ValueError("not a voice, a form or a speed of this model")
    return _MARKED.sub(r"\1", text), float(speed), form


def sentences(text: str) -> Iterator[str]:
    """Pieces of a text that are spoken one after the other."""
    for line in text.splitlines():
        for part in re.split(r"(?<=[.!?…])[\"”’)\]]*\s+(?=[\"“‘(\[]?[A-Z0-9])", line.strip()):
            yield from _short(part)


def _short(part: str) -> Iterator[str]:
    while len(part) > SENTENCE_MAX:
        at = max(part.rfind(mark, 0, SENTENCE_MAX) for mark in (", ", "; ", ": ", " — ", " – "))
        at = at if at > 0 else part.rfind(" ", 0, SENTENCE_MAX)
        at = at if at > 0 else SENTENCE_MAX - 1
        yield part[: at + 1]
        part = part[at + 1 :].lstrip()
    if part:
        yield part


def _pcm(sound: Any) -> bytes:
    """Sixteen bits, the low byte first."""
    import numpy as np

    return bytes((np.clip(sound, -1.0, 1.0) * 32767.0).astype("<i2").tobytes())


def wav_head(data_bytes: int = 0xFFFFFFFF - 36) -> bytes:
    """Of one channel of sixteen bits; the lengths are the most that can be said, which players read as `until it ends`."""
    form = struct.pack("<HHIIHH", 1, 1, HERTZ, HERTZ * 2, 2, 16)
    head = b"RIFF" + struct.pack("<I", data_bytes + 36) + b"WAVEfmt " + struct.pack("<I", 16)
    return head + form + b"data" + struct.pack("<I", data_bytes)
