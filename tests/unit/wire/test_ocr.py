# SPDX-License-Identifier: Apache-2.0
"""What a request to read an image is, and what it is not: it says nothing, and carries an image that nobody has looked at."""

from __future__ import annotations

import msgspec
import pytest

from comity.wire.ocr import OcrRequest
from comity.wire.request import map_texts, texts


def test_it_says_nothing_and_carries_an_image() -> None:
    request = OcrRequest(image=b"\x89PNG")
    assert list(texts(request)) == [] and map_texts(request, str.upper) == request
    assert request.media() == {"image"} and request.needs() == set() and request.operation == "ocr" and not request.stream


def test_it_crosses_as_base64_and_takes_nothing_else() -> None:
    request = OcrRequest(image=b"\x00\xff", content_type="image/png")
    body = msgspec.to_builtins(request)
    assert body == {"image": "AP8=", "content_type": "image/png"}
    assert msgspec.convert(body, OcrRequest) == request
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(body | {"prompt": "read it"}, OcrRequest)
