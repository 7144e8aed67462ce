# SPDX-License-Identifier: Apache-2.0
"""What a model is asked by, where its name alone tells it: one operation has several addresses, each for some models.

A model at another model's address is answered with `url error, please check url!`.
"""

from __future__ import annotations

import re
from typing import Literal

from comity.providers.base import Deployment

TEXT = "/services/aigc/text-generation/generation"
MULTIMODAL = "/services/aigc/multimodal-generation/generation"

_SEES = re.compile(r"qvq|qwen[0-9.]*-vl|qwen[0-9.]*-audio|qwen(?:3\.[5-9]|[4-9])")
_FILETRANS = re.compile(r".*-filetrans")
_FLASH = re.compile(r"fun-asr-flash|qwen-audio-[0-9.]+-asr-flash")
_AT_ONCE = re.compile(r"qwen[0-9.]*-asr-flash|qwen-audio-asr")
_VOICED = re.compile(r"cosyvoice-|qwen-audio-.*-tts")
_DRAWN_LATER = re.compile(r"wanx|wan2\.[0-5]-t2i|flux|stable-diffusion")
_EMBEDS_MEDIA = re.compile(r"multimodal-embedding|tongyi-embedding-vision|qwen[0-9.]*-vl-embedding")
_BY_25 = re.compile(r"text-embedding-(?:async-)?v[12]\b")
Hearing = Literal["filetrans", "recorded", "flash", "at once"]


def chat_path(deployment: Deployment) -> str:
    """Models that also see or hear have an address of their own, for texts too."""
    return MULTIMODAL if deployment.profile.inputs or _SEES.match(deployment.model) else TEXT


def hearing(model: str) -> Hearing:
    """Two take the sound itself, each in its own form; two fetch a recording from where it is kept."""
    if _FILETRANS.match(model):
        return "filetrans"
    if _FLASH.match(model):
        return "flash"
    return "at once" if _AT_ONCE.match(model) else "recorded"


def voiced(model: str) -> bool:
    """CosyVoice, which makes any format; Qwen-TTS makes samples."""
    return bool(_VOICED.match(model))


def drawn_later(model: str) -> bool:
    return bool(_DRAWN_LATER.match(model))


def embeds_media(model: str) -> bool:
    return bool(_EMBEDS_MEDIA.match(model))


def texts_at_once(model: str) -> int:
    return 25 if _BY_25.match(model) else 10
