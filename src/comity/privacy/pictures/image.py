# SPDX-License-Identifier: Apache-2.0
"""From the `data:` URL of an image to its pixels, and back.  Of what came, only pixels are kept: no EXIF, no place where it was taken,
no second frame, nothing behind its end.
"""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from comity.errors import CallerError

if TYPE_CHECKING:
    from PIL.Image import Image

BYTES_MAX = 33_554_432
DECODED_PIXELS_MAX = 50_000_000  # 150 MB while it is read
SIDE_MAX = 8192
READ_PIXELS_MAX = 4_194_304  # 2048 by 2048: a larger one is shrunk to that before it is read, and leaves so
QUALITY = 90  # of JPEG and WebP
FORMATS = ("PNG", "JPEG", "WEBP")
HINT = "send the image itself, as `data:image/png;base64,…`: a whole PNG, JPEG or WebP of at most 50 million pixels"


def opened(url: str) -> tuple[Image, str]:
    """The image of a `data:` URL as it will be read and will leave, and its format.  Raises CallerError where it cannot be read."""
    head, comma, body = url.partition(",")
    if not head.lower().startswith("data:"):
        raise _unreadable("an address, and nobody here fetches it")
    if not comma or not head.lower().endswith(";base64"):
        raise _unreadable("not in base64")
    if len(body) > BYTES_MAX * 4 // 3 + 4:
        raise _unreadable(f"of more than {BYTES_MAX} bytes")
    try:
        data = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise _unreadable("not in base64") from None
    return decoded(data)


def decoded(data: bytes) -> tuple[Image, str]:
    """The same, of its bytes."""
    from PIL import Image as pillow
    from PIL import ImageOps

    try:
        with pillow.open(io.BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            kind = "JPEG" if image.format in ("JPEG", "MPO") else image.format or "PNG"  # MPO: a JPEG with more of them behind it
            if width * height <= DECODED_PIXELS_MAX and max(width, height) <= SIDE_MAX * 4:
                image.draft("RGB", _fit(width, height))  # a JPEG can be decoded at a half, a quarter or an eighth
                return _flat(ImageOps.exif_transpose(image)), kind
    except Exception:  # noqa: BLE001 — a decoder raises what it likes; whatever it was, this is no image
        raise _unreadable("not a whole PNG, JPEG or WebP") from None
    raise _unreadable(f"of {width} by {height} pixels, more than can be read")


def written(image: Image, kind: str) -> str:
    """The `data:` URL of an image."""
    out = io.BytesIO()
    if kind == "PNG":
        image.save(out, "PNG", compress_level=4)
    else:
        image.save(out, kind, quality=QUALITY)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(out.getvalue()).decode()}"


def painted(image: Image, areas: Iterable[Sequence[tuple[float, float]]]) -> Image:
    """``image``, black in each of ``areas``, which are given by their corners."""
    from PIL import ImageDraw

    draw = ImageDraw.Draw(image)
    for corners in areas:
        draw.polygon(list(corners), fill=(0, 0, 0))
    return image


def _flat(image: Image) -> Image:
    """In red, green and blue, on white where it was clear, and not larger than is read."""
    from PIL import Image as pillow

    if image.has_transparency_data:
        image = pillow.alpha_composite(pillow.new("RGBA", image.size, (255, 255, 255, 255)), image.convert("RGBA"))
    flat = image.convert("RGB")
    if (fit := _fit(*flat.size)) != flat.size:
        flat = flat.resize(fit, pillow.Resampling.LANCZOS)
    clean = pillow.new("RGB", flat.size)  # what an image carries beside its pixels stays behind
    clean.paste(flat)
    return clean


def _fit(width: int, height: int) -> tuple[int, int]:
    scale = min(1.0, (READ_PIXELS_MAX / (width * height)) ** 0.5, SIDE_MAX / max(width, height))
    return max(1, int(width * scale)), max(1, int(height * scale))


def _unreadable(why: str) -> CallerError:
    return CallerError(f"an image cannot be read here: it is {why}", code="request.invalid", field="messages", hint=HINT)
