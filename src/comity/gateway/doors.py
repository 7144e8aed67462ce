# SPDX-License-Identifier: Apache-2.0
"""The front doors: the APIs that callers already use, by path."""

from __future__ import annotations

from collections.abc import Mapping

from comity.wire import audio, embeddings, images, rerank
from comity.wire.decode import decode_chat
from comity.wire.door import Door
from comity.wire.messages import answer as message
from comity.wire.messages import chat as message_chat
from comity.wire.messages.events import Events as MessageEvents
from comity.wire.responses import answer as response
from comity.wire.responses import chat as response_chat
from comity.wire.responses.events import Events as ResponseEvents

CHAT = Door(decode=lambda body, content_type, drop: decode_chat(body, drop_unknown=drop))

DOORS: Mapping[str, Door] = {
    "/v1/chat/completions": CHAT,
    "/v1/responses": Door(decode=response_chat.decoded, whole=response.whole, writer=ResponseEvents),
    "/v1/messages": Door(decode=message_chat.decoded, whole=message.whole, writer=MessageEvents, error=message.error),
    "/v1/embeddings": Door(decode=embeddings.decoded, whole=embeddings.answer),
    "/v1/rerank": Door(decode=rerank.decoded, whole=rerank.answer),
    "/v1/audio/transcriptions": Door(decode=audio.decoded_transcription, whole=audio.transcript),
    "/v1/audio/speech": Door(decode=audio.decoded_speech),
    "/v1/images/generations": Door(decode=images.decoded),
}
