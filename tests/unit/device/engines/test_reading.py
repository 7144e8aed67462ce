# SPDX-License-Identifier: Apache-2.0
"""The engine that reads images: what it answers, and that it takes nothing else.  Real weights where they are on this machine."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.config import PathsConfig
from comity.device.engines import reading
from comity.device.engines.reading import Reading
from comity.device.manifest import models_directory
from comity.privacy.pictures.load import weights
from comity.privacy.pictures.page import read_image

pillow = pytest.importorskip("PIL.Image")
draw = pytest.importorskip("PIL.ImageDraw")
font = pytest.importorskip("PIL.ImageFont")


@pytest.fixture(scope="module")
def real() -> Reading:
    pytest.importorskip("onnxruntime")
    directory = models_directory(PathsConfig())
    paths = {weight.name: directory / weight.file for weight in weights()}
    if not all(path.is_file() for path in paths.values()):
        pytest.skip("the weights that read text in images are not on this machine: comity models add ocr")
    loaded = reading.load({name: str(path) for name, path in paths.items()}, {"threads": 1})
    assert isinstance(loaded, Reading)
    return loaded


def encoded(image: Any, kind: str = "PNG") -> str:
    out = io.BytesIO()
    image.save(out, kind)
    return base64.b64encode(out.getvalue()).decode()


def answered(engine: Reading, image: Any) -> dict[str, Any]:
    said: list[Any] = []
    engine.answer({"image": encoded(image)}, lambda piece: bool(said.append(piece)))
    *before, answer = said
    assert not any(before)
    return dict(answer)


LINES = ("Minutes of 14 October 2026", "Rent: $54.00 a year, half a plot $29.50", "Ring 020 7946 0321 after 6 p.m.")


def page() -> Any:
    image = pillow.new("RGB", (900, 420), (250, 250, 246))
    for at, text in enumerate(LINES):
        draw.Draw(image).text((80, 80 + 80 * at), text, font=font.load_default(30), fill=(20, 20, 20))
    return image


@pytest.mark.parametrize("degrees", [0, 12, 90, 168, 180, 270])
def test_a_page_is_read_whichever_way_it_lies(real: Reading, degrees: int) -> None:
    image = page().rotate(-degrees, expand=True, fillcolor=(250, 250, 246), resample=pillow.Resampling.BICUBIC)
    answer = answered(real, image)
    assert answer["text"].split() == " ".join(LINES).split()
    assert (answer["turned"] - degrees + 180) % 360 - 180 == pytest.approx(0, abs=2)
    assert answer["size"] == list(image.size)
    first = answer["rows"][0][0]
    assert first["text"] == LINES[0] and 0.8 < first["sure"] <= 1 and len(first["place"]) == 4
    assert all(-60 <= x <= image.width + 60 and -60 <= y <= image.height + 60 for x, y in first["place"])


def test_who_has_gone_is_read_nothing_more(real: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BEATS", 2)
    said: list[Any] = []

    def gone(piece: Any) -> bool:
        said.append(piece)
        return True

    real.answer({"image": encoded(page())}, gone)
    assert said == [{}]


def test_a_page_without_text_says_nothing(real: Reading) -> None:
    answer = answered(real, pillow.new("RGB", (640, 480), (200, 210, 220)))
    assert answer["text"] == "" and answer["rows"] == []


class Nothing:
    def places(self, image: Any) -> list[Any]:
        return []


@given(st.one_of(st.none(), st.integers(), st.text(), st.binary().map(lambda data: base64.b64encode(data).decode())))
def test_what_is_no_image_is_no_request(said: Any) -> None:
    with pytest.raises(ValueError):
        Reading(Nothing()).answer({"image": said}, lambda piece: False)  # type: ignore[arg-type]


def test_nothing_that_was_found_is_an_empty_page() -> None:
    assert read_image(Nothing(), pillow.new("RGB", (64, 64))).text == ""  # type: ignore[arg-type]
