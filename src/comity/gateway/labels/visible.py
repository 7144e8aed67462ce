# SPDX-License-Identifier: Apache-2.0
"""The visible label on a picture: "AI生成", or "AI-GENERATED", in its lower right corner (GB 45438-2025 5.2).

The standard asks for letters of at least 5 % of the shorter side.  They are drawn as strokes, so that no font is needed; Pillow (the
extra `files`) opens and writes the picture, and everything in the file that is not the picture stays as it was.
"""

from __future__ import annotations

import io
import math
from importlib import import_module
from typing import Any, Final

from comity.errors import OperatorError
from comity.gateway.labels import jpeg, png, webp
from comity.gateway.labels.marks import Unfit, Unreadable

HEIGHT_SHARE = 0.055
HEIGHT_PIXELS_MIN = 14  # smaller cannot be read
PIXELS_MAX = 64_000_000
EXTRA: Final = "pip install 'comity[files]'"
_FINER = 4  # drawn larger and made smaller: smooth edges
_PLATE = 0.6  # how dark it is behind the letters
_ORIENTATION = 0x0112
_ROUND = [(0.5 + 0.5 * math.cos(turn), 0.5 + 0.5 * math.sin(turn)) for turn in (-math.pi * each / 12 for each in range(3, 22))]
_STROKES: dict[str, list[list[tuple[float, float]]]] = {
    "A": [[(0, 1), (0.5, 0), (1, 1)], [(0.19, 0.64), (0.81, 0.64)]],
    "I": [[(0.5, 0), (0.5, 1)], [(0.2, 0), (0.8, 0)], [(0.2, 1), (0.8, 1)]],
    "-": [[(0.15, 0.55), (0.85, 0.55)]],
    "G": [[*_ROUND, (1, 0.55), (0.55, 0.55)]],
    "E": [[(1, 0), (0, 0), (0, 1), (1, 1)], [(0, 0.5), (0.8, 0.5)]],
    "N": [[(0, 1), (0, 0), (1, 1), (1, 0)]],
    "R": [[(0, 1), (0, 0), (0.7, 0), (1, 0.14), (1, 0.4), (0.7, 0.54), (0, 0.54)], [(0.55, 0.54), (1, 1)]],
    "T": [[(0, 0), (1, 0)], [(0.5, 0), (0.5, 1)]],
    "D": [[(0, 0), (0.55, 0), (1, 0.3), (1, 0.7), (0.55, 1), (0, 1), (0, 0)]],
    "生": [
        [(0.3, 0.08), (0.24, 0.28), (0.1, 0.48)],
        [(0.24, 0.28), (0.9, 0.28)],
        [(0.2, 0.6), (0.84, 0.6)],
        [(0.54, 0), (0.54, 0.97)],
        [(0.04, 0.97), (0.98, 0.97)],
    ],
    "成": [
        [(0.1, 0.22), (0.94, 0.22)],
        [(0.16, 0.22), (0.15, 0.6), (0.11, 0.8), (0.02, 0.98)],
        [(0.16, 0.48), (0.44, 0.48), (0.42, 0.76), (0.38, 0.82), (0.28, 0.77)],
        [(0.55, 0), (0.58, 0.36), (0.68, 0.7), (0.84, 0.94), (0.95, 0.98), (0.98, 0.74)],
        [(0.86, 0.38), (0.74, 0.66), (0.44, 0.98)],
        [(0.72, 0.02), (0.84, 0.13)],
    ],
}
_WIDE = {"生": 1.0, "成": 1.0, "I": 0.45, "-": 0.5}
_NARROW = 0.72
_SPACE = 0.24
WORDS = {"zh": "AI生成", "en": "AI-GENERATED"}
_PIXELS = frozenset(
    {b"IHDR", b"PLTE", b"tRNS", b"sBIT", b"bKGD", b"hIST", b"IDAT", b"IEND", b"caBX"}
)  # what goes with the picture drawn upon


def mark(data: bytes, *, language: str = "zh") -> bytes:
    """The picture with the label on it, in the same format."""
    try:
        Image = import_module("PIL.Image")
    except ImportError as error:
        raise OperatorError("marking a picture needs Pillow", code="label.no_extra", hint=EXTRA) from error
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as picture:
            kind = str(picture.format)
            if picture.width * picture.height > PIXELS_MAX:
                raise Unfit("the picture is too large to draw upon", hint="ask for a smaller one")
            if getattr(picture, "n_frames", 1) > 1:
                raise Unfit("an animation cannot be given a visible label", hint="ask for one picture")
            picture.load()
            return _WRITE[kind](_drawn(picture, WORDS[language]), data)
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise Unreadable("the picture cannot be opened") from error


def _drawn(picture: Any, words: str) -> Any:
    Image = import_module("PIL.Image")

    if picture.mode not in _COLOURS:
        palette = picture.mode.startswith("P")
        if not palette and picture.mode != "1":
            raise Unfit(f"a picture of mode {picture.mode} cannot be drawn upon", hint="ask for image/png of 8 bits")
        see_through = "transparency" in picture.info or "A" in picture.getbands()
        picture = picture.convert("RGBA" if see_through else "RGB" if palette else "L")
    height = max(HEIGHT_PIXELS_MIN, math.ceil(HEIGHT_SHARE * min(picture.size)))
    letters = _letters(words, height)
    turned = picture.getexif().get(_ORIENTATION, 1)
    if turned in _TURNED:  # shown turned, so drawn turned the other way
        letters = letters.transpose(Image.Transpose[_TURNED[turned]])
    edge = max(2, height // 3)
    if letters.width + 2 * edge > picture.width or letters.height + 2 * edge > picture.height:
        raise Unfit("the picture is too small for a visible label", hint="ask for a larger one")
    box = (picture.width - letters.width - edge, picture.height - letters.height - edge, picture.width - edge, picture.height - edge)
    black, white = (Image.new(picture.mode, letters.size, _COLOURS[picture.mode][each]) for each in (0, 1))
    plate = Image.blend(picture.crop(box), black, _PLATE)
    if "A" in picture.getbands():
        plate.putalpha(255)
    plate.paste(white, mask=letters)
    picture.paste(plate, box)
    return picture


def _letters(words: str, height: int) -> Any:
    """White on black, with a rim, as wide as the words are."""
    Image, ImageDraw = import_module("PIL.Image"), import_module("PIL.ImageDraw")

    tall = height * _FINER
    stroke, rim = max(2, tall // 11), tall // 4
    wide = [_WIDE.get(each, _NARROW) * tall for each in words]
    width = round(sum(wide) + _SPACE * tall * (len(words) - 1)) + 2 * rim
    large = Image.new("L", (width, tall + stroke + 2 * rim))
    draw = ImageDraw.Draw(large)
    left = float(rim)
    for letter, span in zip(words, wide, strict=True):
        for line in _STROKES[letter]:
            points = [(left + x * span, rim + stroke / 2 + y * tall) for x, y in line]
            draw.line(points, fill=255, width=stroke, joint="curve")
            for x, y in (points[0], points[-1]):
                draw.ellipse((x - stroke / 2, y - stroke / 2, x + stroke / 2, y + stroke / 2), fill=255)
        left += span + _SPACE * tall
    return large.resize((large.width // _FINER, large.height // _FINER), Image.Resampling.LANCZOS)


# -- written again: the new picture, and of the old file all that is not one ---------------------------------------------------


def _png(picture: Any, data: bytes) -> bytes:
    new = _saved(picture, "PNG")
    kept = b"".join(data[each.start : each.end] for each in png.chunks(data) if each.kind not in _PIXELS)
    drawn = [new[each.start : each.end] for each in png.chunks(new) if each.kind in _PIXELS]
    return png.SIGNATURE + drawn[0] + kept + b"".join(drawn[1:])


def _jpeg(picture: Any, data: bytes) -> bytes:
    """With the tables of the first encoding, so that what was not drawn upon hardly changes."""
    new = _saved(picture, "JPEG", quality="keep")
    drawn = list(jpeg.segments(new))
    told = frozenset(range(jpeg.APP0, 0xF0)) | {jpeg.COMMENT}
    kept = [each for each in jpeg.segments(data) if each.kind in told and each.kind not in (jpeg.APP11, jpeg.ADOBE)]
    return jpeg.joined([*kept, *(each for each in drawn[:-1] if each.kind not in told)]) + new[drawn[-1].start :]


def _webp(picture: Any, data: bytes) -> bytes:
    return webp.with_picture(data, _saved(picture, "WEBP", lossless=webp.is_lossless(data), quality=90))


def _saved(picture: Any, kind: str, **more: Any) -> bytes:
    picture.info = {}
    out = io.BytesIO()
    picture.save(out, kind, **more)
    return out.getvalue()


_WRITE = {"PNG": _png, "JPEG": _jpeg, "WEBP": _webp}
_TURNED = {2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 6: "ROTATE_90", 7: "TRANSVERSE", 8: "ROTATE_270"}
_COLOURS: dict[str, tuple[Any, Any]] = {
    "L": (0, 255),
    "LA": ((0, 255), (255, 255)),
    "RGB": ((0, 0, 0), (255, 255, 255)),
    "RGBA": ((0, 0, 0, 255), (255, 255, 255, 255)),
}
