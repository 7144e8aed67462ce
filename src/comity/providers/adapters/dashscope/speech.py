# SPDX-License-Identifier: Apache-2.0
"""Text to speech, asked for as events: their samples are in them, so the address of the whole file is never followed.

https://help.aliyun.com/en/model-studio/qwen-tts-api, https://www.alibabacloud.com/help/zh/model-studio/cosyvoice-tts-http-api
"""

from __future__ import annotations

import base64
import binascii

from comity.providers.adapters.dashscope.answers import EventReader, Reading
from comity.providers.adapters.dashscope.families import MULTIMODAL, voiced
from comity.providers.adapters.dashscope.sounds import PCM_RATE, wav_head
from comity.providers.adapters.dashscope.wire import Body, Line, broken, member, refuse
from comity.wire.audio import SpeechRequest

_TYPES = {"mp3": "audio/mpeg", "opus": "audio/opus", "wav": "audio/wav", "pcm": "audio/pcm"}
SPEED_MIN, SPEED_MAX = 0.5, 2.0


async def spoken(line: Line, request: SpeechRequest) -> Reading:
    model, form = line.deployment.model, request.response_format
    if request.instructions is not None:
        raise refuse("instructions")
    if form not in _TYPES:
        raise refuse(f"response_format of {form}")
    given: Body = {"text": request.input, "voice": request.voice}
    if voiced(model):
        if request.speed is not None and not SPEED_MIN <= request.speed <= SPEED_MAX:
            raise refuse(f"speed below {SPEED_MIN} or above {SPEED_MAX}")
        given |= {"format": form, "sample_rate": PCM_RATE} | ({} if request.speed is None else {"rate": request.speed})
        answer = await line.open("/services/audio/tts/SpeechSynthesizer", given, {}, stream=True)
        return await Reading(answer, Sound(_TYPES[form])).begin(line.seconds_max)
    if form not in ("pcm", "wav"):
        raise refuse(f"response_format of {form}, by {model}, which makes samples: pcm or wav")
    if request.speed not in (None, 1):
        raise refuse(f"speed, by {model}")
    answer = await line.open(MULTIMODAL, given, {}, stream=True)
    return await Reading(answer, Sound(_TYPES[form], before=wav_head() if form == "wav" else b"")).begin(line.seconds_max)


class Sound(EventReader):
    """``before``: what stands before the first sample."""

    def __init__(self, content_type: str, *, before: bytes = b"") -> None:
        super().__init__(content_type)
        self._before, self._sounded, self._finished = before, False, False

    def event(self, body: Body) -> bytes:
        output = member(body, "output", dict)
        self._finished = self._finished or output.get("finish_reason") == "stop"
        audio = output.get("audio")
        data = audio.get("data") if isinstance(audio, dict) else None
        if not data:  # a frame around a sentence, or the end
            return b""
        try:
            samples = base64.b64decode(data, validate=True)
        except (binascii.Error, TypeError, ValueError):
            raise broken("the partner's sound is not base64") from None
        before = b"" if self._sounded else self._before
        self._sounded = True
        return before + samples

    def end(self) -> bytes:
        if not self._finished:
            raise broken("the partner's sound ended before its end")
        if not self._sounded:
            raise broken("the partner's sound is empty")
        return b""
