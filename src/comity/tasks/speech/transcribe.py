# SPDX-License-Identifier: Apache-2.0
"""What was said in a sound, in segments with their times; Chinese in the script of the locale that is wished.

A recogniser writes something whatever it hears.  A segment that it hardly believed, or that it took for silence, is left out and its time
is kept as *unheard*; where nothing is left, it abstains.
"""

from __future__ import annotations

from typing import Any

import msgspec

from comity.device.engines.script import in_script
from comity.errors import CallerError
from comity.tasks.language import language_of, writing
from comity.tasks.shapes import Draft, Gate
from comity.tasks.speech.loops import looping
from comity.tasks.task import Ask, Unreadable
from comity.wire.audio import TranscriptionRequest
from comity.wire.request import Operation

LOGPROB_MIN = -1.0
"""Mean log-probability of a segment's tokens; Whisper's own limit, below which it tries again."""
SILENT_MIN, SILENT_LOGPROB_MIN = 0.6, -0.7
"""A segment that is more likely silence than the first, and less likely said than the second, was not said."""
SURE_MIN = -0.8
"""Of all that is left, weighted by how long each lasts."""
UNHEARD_MAX = 0.5
"""Of the time in which somebody spoke: where more was not understood, the rest is no transcript."""
BYTES_MAX = 25_000_000
_HANT = frozenset({"tw", "hk", "mo", "hant"})


class Transcribe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """``file``: a wav, flac, mp3, ogg or m4a.  ``language``: BCP 47, also the script (`zh-TW`); "" where it is to be heard.
    ``prompt``: words that may occur, such as names."""

    file: bytes
    filename: str = "audio"
    content_type: str = "application/octet-stream"
    language: str = ""
    prompt: str = ""

    def __post_init__(self) -> None:
        if not self.file or len(self.file) > BYTES_MAX:
            raise CallerError(
                "the sound is empty or too large", code="request.invalid", field="file", hint=f"send at most {BYTES_MAX} bytes"
            )


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """``start``, ``end``: seconds.  ``sure``: mean log-probability, None where it is not said."""

    start: float
    end: float
    text: str
    sure: float | None = None


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    start: float
    end: float
    why: str  # unsure | silence | looping


class Transcript(msgspec.Struct, frozen=True, kw_only=True):
    text: str
    language: str = ""  # as it was heard, BCP 47
    seconds: float = 0.0
    segments: tuple[Segment, ...] = ()
    unheard: tuple[Gap, ...] = ()


class _Said(msgspec.Struct, frozen=True, kw_only=True):
    start: float = 0.0
    end: float = 0.0
    text: str = ""
    avg_logprob: float | None = None
    no_speech_prob: float = 0.0
    looped: bool = False


class TranscribeTask:
    name = "transcribe"
    operation: Operation = "transcription"

    def language(self, asked: Transcribe) -> str:
        return asked.language or "und"

    def size(self, asked: Transcribe) -> int:
        return 0  # of a sound nobody knows how much is said in it

    async def draft(self, asked: Transcribe, ask: Ask) -> Draft[Transcript]:
        reply = await ask(
            TranscriptionRequest(
                file=asked.file, filename=asked.filename, content_type=asked.content_type, prompt=asked.prompt or None,
                language=asked.language.partition("-")[0].lower() or None, response_format="verbose_json",
            )
        )  # fmt: skip
        made = transcript_of(reply.body, asked.language)
        if not made.segments:
            why = "unheard" if made.unheard else "no_speech"
            return Draft(value=made, abstained=True, why=why)
        timed = [(each.sure, each.end - each.start + 0.01) for each in made.segments if each.sure is not None]
        sure = sum(one * seconds for one, seconds in timed) / sum(seconds for _, seconds in timed) if timed else None
        return Draft(value=made, sure=sure)

    def gates(self, asked: Transcribe, draft: Draft[Transcript]) -> tuple[Gate, ...]:
        if draft.abstained:
            return ()
        made = draft.value
        gates = [_language(asked.language, made), _script(asked.language, made), _not_looping(made), _heard(made)]
        if draft.sure is not None:
            gates.append(Gate(name="sure", passed=draft.sure >= SURE_MIN, why="" if draft.sure >= SURE_MIN else "unsure"))
        return tuple(gates)


def transcript_of(body: Any, wished: str) -> Transcript:
    """Raises Unreadable."""
    try:
        said = msgspec.convert(body.get("segments") or (), tuple[_Said, ...], strict=False)
        text, seconds = str(body["text"]), float(body.get("duration") or 0.0)
    except (msgspec.ValidationError, KeyError, TypeError, ValueError, AttributeError):
        raise Unreadable("not in its form") from None
    if not said and text.strip():  # a partner that gives no segments
        said = (_Said(end=seconds, text=text),)
    kept, unheard = [], []
    tag = _tag(str(body.get("language") or ""), wished)
    for each in said:
        words = _written(each.text.strip(), tag)
        why = _doubt(each)
        if why or not words:
            unheard.append(Gap(start=each.start, end=each.end, why=why or "silence"))
        else:
            kept.append(Segment(start=each.start, end=each.end, text=words, sure=each.avg_logprob))
    return Transcript(
        text=joined([each.text for each in kept]), language=tag, seconds=seconds, segments=tuple(kept), unheard=tuple(unheard)
    )  # fmt: skip


def _written(text: str, tag: str) -> str:
    """In the script of the locale.  Where no tables are installed it stays as it is, and the gate says whether that will do."""
    try:
        return in_script(text, tag)
    except ImportError:
        return text


def _doubt(said: _Said) -> str:
    if said.avg_logprob is not None and said.avg_logprob < LOGPROB_MIN:
        return "unsure"
    if said.avg_logprob is not None and said.no_speech_prob > SILENT_MIN and said.avg_logprob < SILENT_LOGPROB_MIN:
        return "silence"
    return "looping" if said.looped and looping(said.text) else ""


_NAMES = {
    "english": "en",
    "chinese": "zh",
    "mandarin": "zh",
    "german": "de",
    "french": "fr",
    "spanish": "es",
    "japanese": "ja",
    "korean": "ko",
}
"""As OpenAI's verbose JSON names them; others are left as they are."""


def _tag(heard: str, wished: str) -> str:
    tag = _NAMES.get(heard.lower(), heard.lower())
    return wished if wished and wished.partition("-")[0].lower() == tag else tag or wished


def joined(texts: list[str]) -> str:
    """With a space between, but where Chinese or Japanese meets: there none is written."""
    whole = ""
    for text in texts:
        tight = whole and (ord(whole[-1]) >= 0x2E80 or ord(text[0]) >= 0x2E80)
        whole += ("" if tight or not whole else " ") + text
    return whole


def _language(wished: str, made: Transcript) -> Gate:
    """What was heard is what was wished; and what was written is in it."""
    wanted = (wished or made.language).partition("-")[0].lower()
    written = language_of(made.text).tag.partition("-")[0]
    right = not wanted or (made.language.partition("-")[0] in (wanted, "") and written in (wanted, "und"))
    return Gate(name="language", passed=right, why="" if right else "other_language", said="" if right else written)


def _script(wished: str, made: Transcript) -> Gate:
    if made.language.partition("-")[0] not in ("zh", "yue"):
        return Gate(name="script", passed=True)
    simplified, traditional, _ = writing("".join(letter for letter in made.text if letter >= "\u2e80"))
    hant = bool(_HANT & set((wished or made.language).lower().split("-")[1:]))
    wrong = simplified if hant else traditional
    return Gate(name="script", passed=wrong == 0, why="" if not wrong else "other_script")


def _not_looping(made: Transcript) -> Gate:
    phrase = looping(made.text) or any(gap.why == "looping" for gap in made.unheard)
    return Gate(name="not_looping", passed=not phrase, why="" if not phrase else "looping", said=phrase if isinstance(phrase, str) else "")


def _heard(made: Transcript) -> Gate:
    lost = sum(gap.end - gap.start for gap in made.unheard)
    spoken = lost + sum(each.end - each.start for each in made.segments)
    right = lost <= UNHEARD_MAX * spoken
    return Gate(name="heard", passed=right, why="" if right else "mostly_unheard")
