# SPDX-License-Identifier: Apache-2.0
"""The way back of what is no chat: a transcript that streams, a picture that is none."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import ProviderFailure
from comity.gateway.answer import Usage
from comity.gateway.duties import Duties
from comity.gateway.labels.fields import Fields
from comity.gateway.plain import FileLabels, events, sound, whole
from comity.wire.embeddings import EmbeddingsRequest
from comity.wire.images import ImageRequest

LABELS = FileLabels(duties=Duties(explicit=False, labels=("implicit",)), fields=Fields.of("Example Ltd", "01X"))


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def said(kind: str, **more: str) -> bytes:
    return b"data: " + json.dumps({"type": kind, **more}).encode() + b"\n\n"


@given(st.integers(0, 6000), st.lists(st.integers(0, 6000), max_size=5))
async def test_a_transcript_of_any_length_passes_untouched(length: int, cuts: list[int]) -> None:
    raw = said("transcript.text.delta", delta="x") + said("transcript.text.done", text="x" * length)
    places = [0, *sorted(min(cut, len(raw)) for cut in cuts), len(raw)]
    usage = Usage()
    parts = [raw[start:end] for start, end in itertools.pairwise(places)]
    assert b"".join([piece async for piece in events(pieces(*parts), usage=usage)]) == raw and usage.complete


@pytest.mark.parametrize("raw", [b"", said("transcript.text.delta", delta="x"), said("transcript.text.done")[:-9]])
async def test_a_transcript_that_stops_short_is_a_failure(raw: bytes) -> None:
    with pytest.raises(ProviderFailure, match="end mark"):
        [piece async for piece in events(pieces(raw), usage=Usage())]


@pytest.mark.parametrize("entry", [None, {}, {"b64_json": 4}, {"b64_json": "?"}, {"url": "https://x"}])
async def test_a_picture_that_is_none_is_a_failure(entry: object) -> None:
    with pytest.raises(ProviderFailure, match="not base64"):
        await whole(pieces(json.dumps({"data": [entry]}).encode()), ImageRequest(prompt="x"), labels=LABELS, usage=Usage(), door=None)


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"data": 3}', b"\xff"])
async def test_what_holds_nothing_of_the_kind_is_a_failure(raw: bytes) -> None:
    with pytest.raises(ProviderFailure):
        await whole(pieces(raw), EmbeddingsRequest(input="x"), labels=LABELS, usage=Usage(), door=None)


async def test_a_sound_without_a_sound_is_a_failure() -> None:
    bare = FileLabels(duties=Duties(), fields=Fields.of("x", "y"))
    with pytest.raises(ProviderFailure, match="empty"):
        [piece async for piece in sound(pieces(), "audio/wav", labels=bare, usage=Usage())]
