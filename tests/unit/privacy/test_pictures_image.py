# SPDX-License-Identifier: Apache-2.0
"""From a `data:` URL to pixels and back: what cannot be read is refused by name, and nothing but pixels comes through."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import CallerError
from comity.privacy.pictures import image as pictures
from comity.privacy.pictures.image import opened, painted, written

pillow = pytest.importorskip("PIL.Image")


def url_of(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def saved(image: Any, kind: str, **more: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()


def bytes_of(url: str) -> bytes:
    return base64.b64decode(url.partition(",")[2])


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_it_leaves_in_the_format_it_came_in(kind: str) -> None:
    image, found = opened(url_of(saved(pillow.new("RGB", (40, 30), (200, 30, 30)), kind)))
    assert (found, image.size) == (kind, (40, 30))
    again = pillow.open(io.BytesIO(bytes_of(written(image, found))))
    assert again.format == kind and again.size == (40, 30)
    assert written(image, found).startswith(f"data:image/{kind.lower()};base64,")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_where_it_was_taken_and_what_was_noted_stay_behind(kind: str) -> None:
    exif = pillow.Exif()
    exif[0x010F] = "Lenas Kamera"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)  # GPS latitude
    more: dict[str, Any] = {"exif": exif.tobytes(), "icc_profile": b"Lenas Profil"}
    if kind == "PNG":
        from PIL.PngImagePlugin import PngInfo

        more["pnginfo"] = PngInfo()
        more["pnginfo"].add_text("Author", "Lena Vogel")
    if kind == "JPEG":
        more["comment"] = b"Lena Vogel"
    raw = saved(pillow.new("RGB", (16, 16)), kind, **more) + b"Lena behind the end"
    assert b"Lena" in raw
    image, found = opened(url_of(raw))
    out = bytes_of(written(image, found))
    again = pillow.open(io.BytesIO(out))
    assert b"Lena" not in out and not again.getexif() and not {"exif", "icc_profile", "comment", "Author"} & set(again.info)


def test_it_is_turned_as_its_camera_was_held() -> None:
    exif = pillow.Exif()
    exif[0x0112] = 6  # turn it right by a quarter
    image, _ = opened(url_of(saved(pillow.new("RGB", (40, 20)), "JPEG", exif=exif.tobytes())))
    assert image.size == (20, 40)


def test_what_is_clear_is_white_and_hides_nothing() -> None:
    clear = pillow.new("RGBA", (8, 8), (255, 0, 0, 0))
    clear.putpixel((3, 3), (9, 9, 9, 255))
    image, _ = opened(url_of(saved(clear, "PNG")))
    assert image.mode == "RGB" and image.getpixel((0, 0)) == (255, 255, 255) and image.getpixel((3, 3)) == (9, 9, 9)


def test_of_many_frames_the_first_leaves() -> None:
    frames = [pillow.new("RGB", (8, 8), colour) for colour in ((255, 0, 0), (0, 0, 255))]
    for kind in ("PNG", "WEBP", "MPO"):
        image, found = opened(url_of(saved(frames[0], kind, save_all=True, append_images=frames[1:])))
        again = pillow.open(io.BytesIO(bytes_of(written(image, found))))
        assert getattr(again, "n_frames", 1) == 1 and again.format in ("PNG", "WEBP", "JPEG")
        red, _, blue = again.convert("RGB").getpixel((4, 4))
        assert red > 200 and blue < 60


def test_a_large_one_is_shrunk_to_what_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "READ_PIXELS_MAX", 1000)
    for kind in ("PNG", "JPEG", "WEBP"):
        image, _ = opened(url_of(saved(pillow.new("RGB", (200, 20)), kind)))
        assert image.size == (100, 10)


def png_that_says(width: int, height: int) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 4096)), (b"IEND", b""))
    body = b"".join(struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks)
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://example.org/lena.png", "an address"),
        ("http://127.0.0.1/x.png", "an address"),
        ("lena.png", "an address"),
        ("", "an address"),
        ("data:image/png;base64", "not in base64"),
        ("data:image/png,abc", "not in base64"),
        ("data:image/png;base64,a*b", "not in base64"),
        ("data:image/png;base64,é", "not in base64"),
        ("data:image/png;base64,", "not a whole"),
        (url_of(b"GIF89a" + b"\0" * 40), "not a whole"),
        (url_of(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "not a whole"),
        (url_of(png_that_says(9_000, 9_000)), "9000 by 9000 pixels"),
        (url_of(png_that_says(60_000, 60_000)), "not a whole"),
        (url_of(png_that_says(40_000, 10)), "40000 by 10 pixels"),
        (url_of(png_that_says(3_000, 3_000)), "not a whole"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_by_name(url: str, why: str) -> None:
    with pytest.raises(CallerError, match=why) as raised:
        opened(url)
    assert raised.value.status == 400 and raised.value.hint.startswith("send the image itself")
    assert "lena" not in str(raised.value)


def test_too_many_bytes_are_not_even_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "BYTES_MAX", 100)
    with pytest.raises(CallerError, match="more than 100 bytes"):
        opened(url_of(bytes(200)))


WHOLE = [saved(pillow.new("RGB", (9, 7), (1, 2, 3)), kind) for kind in ("PNG", "JPEG", "WEBP")]


@given(st.sampled_from(WHOLE), st.integers(0, 400), st.binary(max_size=12))
def test_whatever_the_bytes_it_is_an_image_or_a_refusal(whole: bytes, at: int, other: bytes) -> None:
    at %= len(whole)
    for data in (whole[:at], whole[:at] + other + whole[at + len(other) :], whole[:at] + other, other):
        try:
            image, kind = opened(url_of(data))
        except CallerError:
            continue
        assert image.mode == "RGB" and kind in pictures.FORMATS and written(image, kind)


def test_paint_covers_its_area_and_no_more() -> None:
    image = painted(pillow.new("RGB", (50, 50), (255, 255, 255)), [[(10, 10), (30, 10), (30, 20), (10, 20)]])
    black = {(x, y) for x in range(50) for y in range(50) if image.getpixel((x, y)) == (0, 0, 0)}
    assert black == {(x, y) for x in range(10, 31) for y in range(10, 21)}
