# SPDX-License-Identifier: Apache-2.0
"""The reader itself, where its weights are on this machine, on text that is drawn here; and what is said where they are not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from comity.config import PathsConfig
from comity.device.manifest import models_directory
from comity.errors import OperatorError, TrustFailure
from comity.privacy.findings import Findings
from comity.privacy.guard import Guard
from comity.privacy.pictures.image import opened, written
from comity.privacy.pictures.load import reader, weights
from comity.privacy.pictures.look import Pictures
from comity.privacy.pictures.places import Place
from comity.privacy.pictures.reader import Line, Reader, in_rows
from tests.fakes import FakeClock

pillow = pytest.importorskip("PIL.Image")
draw = pytest.importorskip("PIL.ImageDraw")
font = pytest.importorskip("PIL.ImageFont")
WHITE = (255, 255, 255)


@pytest.fixture(scope="module")
def real() -> Reader:
    pytest.importorskip("onnxruntime")
    directory = models_directory(PathsConfig())
    if not all((directory / weight.file).is_file() for weight in weights()):
        pytest.skip("the weights that read text in images are not on this machine: comity models add ocr")
    return reader(directory)


def drawn(*lines: str, size: int = 28, ink: int = 0, paper: int = 255) -> Any:
    image = pillow.new("RGB", (720, 60 * len(lines) + 40), (paper,) * 3)
    for at, text in enumerate(lines):
        draw.Draw(image).text((40, 30 + 60 * at), text, font=font.load_default(size), fill=(ink,) * 3)
    return image


def said(found: Reader, image: Any) -> list[str]:
    return [" | ".join(line.text for line in row) for row in found.rows(image)]


LINES = ("Ring +49 30 1234567 before noon", "or write to lena.vogel@example.org", "ID 11010519491231002X, card 4111 1111 1111 1111")


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_text_is_read_whichever_way_the_page_lies(real: Reader, degrees: int) -> None:
    assert said(real, drawn(*LINES).rotate(degrees, expand=True)) == list(LINES)


@pytest.mark.parametrize("more", [{"size": 13}, {"ink": 164, "paper": 170}, {"ink": 240, "paper": 20}])
def test_small_pale_and_light_text_is_read(real: Reader, more: dict[str, int]) -> None:
    """A space between small letters may be lost."""
    assert [row.replace(" ", "") for row in said(real, drawn(*LINES, **more))] == [row.replace(" ", "") for row in LINES]


def test_an_empty_page_says_nothing(real: Reader) -> None:
    for size in ((720, 400), (1, 1), (3000, 2), (2, 3000)):
        assert said(real, pillow.new("RGB", size, WHITE)) == []


@pytest.mark.parametrize("degrees", [0, 7, 90])
def test_what_was_found_cannot_be_read_afterwards(real: Reader, degrees: int) -> None:
    """And the words around it still can."""
    image = drawn(*LINES).rotate(degrees, expand=True, fillcolor=WHITE)
    pictures = Pictures(real, Guard(), clock=FakeClock(), seconds_max=600)
    seen = pictures.inspect([written(image, "PNG")], Findings()).result()
    pictures.close()
    assert seen.types == {"PHONE", "EMAIL", "NATIONAL_ID", "BANK_CARD"}
    left = " ".join(said(real, opened(seen.images[0])[0]))
    assert not any(original in left for original in ("1234567", "vogel", "example", "11010", "1231002", "4111", "1111"))
    assert all(word in left for word in ("Ring", "before noon", "or write", "card"))


def test_reading_can_be_ended_between_lines(real: Reader) -> None:
    beats = 0

    def beat() -> None:
        nonlocal beats
        beats += 1
        if beats == 2:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        real.rows(drawn(*LINES), beat)


def at(text: str, corner: tuple[float, float], along: tuple[float, float], across: tuple[float, float]) -> Line:
    return Line(text, (), Place(corner, along, across))


def test_rows_are_those_of_the_page_as_it_is_read() -> None:
    upright = [at("b", (200, 12), (90, 0), (0, 20)), at("c", (0, 60), (90, 0), (0, 20)), at("a", (0, 10), (90, 0), (0, 20))]
    assert [[line.text for line in row] for row in in_rows(upright)] == [["a", "b"], ["c"]]
    down = [at("x", (100, 0), (0, 90), (-20, 0)), at("z", (60, 0), (0, 90), (-20, 0)), at("y", (102, 200), (0, 90), (-20, 0))]
    assert [[line.text for line in row] for row in in_rows(down)] == [["x", "y"], ["z"]]
    assert [[line.text for line in row] for row in in_rows([*down, *upright])] == [["a", "b"], ["c"], ["x", "y"], ["z"]]


def test_what_is_missing_is_said_with_what_mends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxruntime")
    with pytest.raises(OperatorError) as absent:
        reader(tmp_path)
    assert absent.value.code == "model.absent" and absent.value.hint == "comity models add ocr"
    for weight in weights():
        (tmp_path / weight.file).write_bytes(b"another")
    with pytest.raises(TrustFailure) as other:
        reader(tmp_path)
    assert other.value.step == "model-hash"
    for package in ("onnxruntime", "PIL", "numpy"):
        with monkeypatch.context() as without:
            without.setitem(sys.modules, package, None)
            with pytest.raises(OperatorError) as raised:
                reader(tmp_path)
        assert raised.value.code == "model.no_runtime" and raised.value.hint == "pip install 'comity[ocr]'"
        assert package in str(raised.value)
