# SPDX-License-Identifier: Apache-2.0
"""The visible label: large enough, in its corner only, and the file otherwise as it was.  Needs Pillow."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest

from comity.errors import OperatorError
from comity.gateway.labels import png as png_chunks
from comity.gateway.labels import visible
from comity.gateway.labels.files import label
from comity.gateway.labels.marks import Unfit, Unreadable
from comity.gateway.labels.reader import read
from tests.unit.gateway.labels.samples import ALOUD, JPEG, NEXT, OURS, WEBP, png, png_chunk

image: Any = pytest.importorskip("PIL.Image")
chops: Any = pytest.importorskip("PIL.ImageChops")


def opened(data: bytes) -> Any:
    return image.open(io.BytesIO(data))


def written(picture: Any, kind: str, **more: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **more)
    return out.getvalue()


def slope(mode: str = "RGB", size: tuple[int, int] = (300, 200)) -> Any:
    return image.linear_gradient("L").resize(size).convert(mode)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", [(1024, 1024), (640, 2000), (1792, 1024), (301, 205)])
def test_the_letters_are_at_least_a_twentieth_of_the_shorter_side(size: tuple[int, int], language: str) -> None:
    """GB 45438-2025 5.2: measured on black, where nothing but the letters is bright."""
    drawn = opened(visible.mark(written(image.new("RGB", size), "PNG"), language=language)).convert("L")
    left, top, right, bottom = drawn.point(lambda each: 255 * (each > 100)).getbbox()
    assert bottom - top >= 0.05 * min(size)
    assert left > size[0] / 3 and bottom < size[1] and right < size[0]


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P", "1"])
def test_a_png_changes_in_its_corner_only(mode: str) -> None:
    before = written(slope(mode), "PNG")
    after = label(before, "image/png", ALOUD, OURS)
    old, new = (opened(each).convert("RGBA") for each in (before, after))
    left, top, right, bottom = chops.difference(old.convert("RGB"), new.convert("RGB")).getbbox()
    assert new.size == old.size and left > 180 and top > 165 and right <= 298 and bottom <= 198
    letters = new.crop((left, top, right, bottom)).convert("L")
    low, high = letters.getextrema()
    assert high - low > 120, "white on dark"
    assert opened(after).mode == {"P": "RGB", "1": "L"}.get(mode, mode)


def test_on_white_it_can_be_read_as_well() -> None:
    drawn = opened(visible.mark(written(image.new("RGBA", (300, 200), (255, 255, 255, 0)), "PNG")))
    assert drawn.convert("L").getextrema() == (102, 255) and drawn.getpixel((280, 185))[3] == 255


def test_everything_but_the_picture_stays() -> None:
    told = [png_chunk(b"tEXt", b"Title\0kept"), png_chunk(b"pHYs", bytes(8) + b"\1")]
    after = label(png(*told), "image/png", ALOUD, OURS)
    assert [after[each.start : each.end] for each in png_chunks.chunks(after) if each.kind in (b"tEXt", b"pHYs")] == told
    exif = image.Exif()
    exif[0x010E] = "a test"
    for kind, mime in (("JPEG", "image/jpeg"), ("WEBP", "image/webp")):
        before = written(slope(), kind, exif=exif, icc_profile=b"an ICC profile")
        new = opened(label(before, mime, ALOUD, OURS))
        assert new.getexif()[0x010E] == "a test" and new.info["icc_profile"] == b"an ICC profile" and b"TC260:AIGC" in new.info["xmp"]


def test_a_jpeg_that_says_it_is_not_in_ycc_is_not_shown_in_wrong_colours() -> None:
    adobe = b"\xff\xee\x00\x0eAdobe\0\x64\0\0\0\0\0"  # transform 0: RGB as it is
    plain = written(image.new("RGB", (300, 200), (200, 40, 40)), "JPEG", keep_rgb=True, quality=95)
    before = plain if b"Adobe" in plain else plain[:2] + adobe + plain[2:]
    colour = opened(visible.mark(before)).convert("RGB").getpixel((5, 5))
    assert all(abs(got - meant) < 8 for got, meant in zip(colour, (200, 40, 40), strict=True))


def test_a_jpeg_is_written_with_its_own_tables() -> None:
    before = written(slope(), "JPEG", quality=70, comment=b"kept")
    after = label(before, "image/jpeg", ALOUD, OURS)
    old, new = opened(before), opened(after)
    assert new.quantization == old.quantization and new.info["comment"] == b"kept"
    away = (0, 0, 300, 150)
    assert max(high for _, high in chops.difference(old.crop(away), new.crop(away)).getextrema()) <= 4


@pytest.mark.parametrize("turned", range(1, 9))
def test_a_picture_that_is_shown_turned_has_upright_letters(turned: int) -> None:
    from PIL import ImageOps

    exif = image.Exif()
    exif[0x0112] = turned
    shown = ImageOps.exif_transpose(opened(visible.mark(written(image.new("L", (400, 400)), "JPEG", exif=exif, quality=95))))
    plain = opened(visible.mark(written(image.new("L", (400, 400)), "JPEG", quality=95)))
    boxes = [each.point(lambda value: 255 * (value > 100)).getbbox() for each in (shown, plain)]
    first, second = (each.crop(box) for each, box in zip((shown, plain), boxes, strict=True))
    assert first.size == second.size and sum(chops.difference(first, second).histogram()[60:]) < 0.02 * first.width * first.height


def test_drawn_twice_is_drawn_once() -> None:
    once = label(written(slope(), "PNG"), "image/png", ALOUD, OURS)
    assert [each.kind for each in read(once)] == ["aigc"]
    new, old = (opened(each).convert("L") for each in (label(once, "image/png", ALOUD, NEXT), once))
    assert chops.difference(old, new).getbbox()[0] > 180


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (written(slope(), "PNG", save_all=True, append_images=[slope().rotate(180)]), Unfit),
        (written(slope(), "WEBP", save_all=True, append_images=[slope().rotate(180)]), Unfit),
        (written(slope(size=(30, 20)), "PNG"), Unfit),
        (JPEG, Unfit),
        (WEBP, Unfit),
        (written(slope("CMYK"), "JPEG"), Unfit),
        (written(slope("I;16"), "PNG"), Unfit),
        (png(width=100_000, height=100)[:60] + png()[60:], Unreadable),
        (written(slope(), "BMP"), Unreadable),
    ],
)
def test_what_cannot_be_drawn_upon_is_refused(bad: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        visible.mark(bad)


def test_too_many_pixels_are_refused_before_any_is_decoded() -> None:
    with pytest.raises((Unfit, Unreadable)):
        visible.mark(png(width=1)[:16] + (60_000).to_bytes(4, "big") * 2 + png(width=1)[24:])


def test_without_pillow_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(OperatorError, match="Pillow"):
        visible.mark(png())
