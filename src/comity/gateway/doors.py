# SPDX-License-Identifier: Apache-2.0
"""The front doors: the APIs that callers already use, by path."""

from __future__ import annotations

from collections.abc import Mapping

from comity.wire import audio, embeddings, images, rerank
from comity.wire.decode import decode_chat
from comity.wire.door import Door

CHAT = Door(decode=lambda body, content_type, drop: decode_chat(body, drop_unknown=drop))

DOORS: Mapping[str, Door] = {
    "/v1/chat/completions": CHAT,
    "/v1/embeddings": Door(decode=embeddings.decoded, whole=embeddings.answer),
    "/v1/rerank": Door(decode=rerank.decoded, whole=rerank.answer),
    "/v1/audio/transcriptions": Door(decode=audio.decoded_transcription, whole=audio.transcript),
    "/v1/audio/speech": Door(decode=audio.decoded_speech),
    "/v1/images/generations": Door(decode=images.decoded),
}
