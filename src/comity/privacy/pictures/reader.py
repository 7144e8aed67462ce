# SPDX-License-Identifier: Apache-2.0
"""Reads lines of text in an image: one network says where text is, another reads what stands in each place (PP-OCRv6, Chinese, English,
Japanese and the languages of Latin letters).

Its pre- and post-processing is written here on numpy and Pillow, so that reading needs no OpenCV.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from comity.privacy.pictures.places import Place, places

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

GRAIN = 32  # the first network halves an image five times
SIDE_MIN, SIDE_MAX = 736, 1472  # what is smaller is enlarged, so that small text is found: one side to the first, none past the second
HEIGHT = 48  # of a line, as the second network takes it
WIDTH_MIN, WIDTH_MAX = 320, 8192  # a line longer than the second is squeezed: none that a person reads is
STEP = 8  # pixels of a line to which it gives one letter
TALL = 1.5  # from this ratio on a place stands on its side
TEXT = 0.35  # less is no text
SURE = 0.85  # below it a line is read the other way up too, and where that is no surer, what stands there is unread
MARK_SURE, WAVERS = 0.9, 0.2  # of a letter with a mark; and of that, how sure the same letter without it is where it is doubtful
SAME_ROW = 0.5  # of a line's height

Beat = Callable[[], None]
"""Called between steps of some hundred milliseconds; what it raises ends the reading."""


class Line(NamedTuple):
    """``at``: where each character of ``text`` stands, as a fraction of the place's length; ``sure``: on average, up to 1."""

    text: str
    at: tuple[float, ...]
    place: Place
    sure: float = 1.0


class Reader:
    """Of the two models and the second one's alphabet."""

    def __init__(self, places_model: bytes, letters_model: bytes) -> None:
        from comity.privacy.names.latin_onnx import session

        self._places, self._letters = session(places_model), session(letters_model)
        alphabet = self._letters.get_modelmeta().custom_metadata_map["character"].split("\n")
        self._alphabet = ["", *alphabet, " "]  # the first is the pause between two letters
        self._plain = _plain(self._alphabet)

    def rows(self, image: Image, beat: Beat = lambda: None) -> list[list[Line]]:
        """Lines beside each other are one row, from left to right; rows from top to bottom."""
        image = clear(image)
        lines = []
        for place in self.places(image):
            beat()
            line = self._line(image, place)
            if line is not None:
                lines.append(line)
        return in_rows(lines)

    def places(self, image: Image) -> list[Place]:
        """Where text stands in an image that is `clear`."""
        width, height = image.size
        scale = max(1.0, min(SIDE_MIN / min(width, height), SIDE_MAX / max(width, height)))
        size = (_grains(width * scale), _grains(height * scale))
        found = places(self._run(self._places, _pixels(image.resize(size)))[0, 0])
        return [place.scaled(width / size[0], height / size[1]) for place in found]

    def _line(self, image: Image, place: Place) -> Line | None:
        along, across = place.size
        ways = (1, 3) if across >= along * TALL else (0, 2)
        best = None
        for quarters in ways:
            line = self.line(image, place.turned(quarters))
            if line.text.strip() and line.sure > (best.sure if best is not None else TEXT):
                best = line
            if best is not None and best.sure >= SURE:
                break
        return best

    def line(self, image: Image, place: Place) -> Line:
        """What stands in ``place``, read along it."""
        import numpy as np

        strip = cut(image, place)
        width = strip.size[0]
        pixels = _pixels(strip)
        if width < WIDTH_MIN:
            pixels = np.pad(pixels, ((0, 0), (0, 0), (0, 0), (0, WIDTH_MIN - width)))
        said = self._run(self._letters, pixels)[0]
        letters, sure = said.argmax(axis=1), said.max(axis=1)
        new = np.flatnonzero((letters != 0) & (letters != np.concatenate(([0], letters[:-1]))))
        text = "".join(self._alphabet[letter] for letter in self._without_doubtful_marks(said[new], letters[new].tolist()))
        at = ((new + 0.5) * pixels.shape[3] / len(letters) / width).tolist()
        return Line(text, tuple(min(each, 1.0) for each in at), place, float(sure[new].mean()) if new.size else 0.0)

    def _without_doubtful_marks(self, said: NDArray[Any], letters: list[int]) -> list[int]:
        """A speck above or below a letter is no accent: where the network wavers between one with a mark and the same without, it has none,
        unless its line holds another that surely has."""
        marked = [(at, said[at, letter], said[at, self._plain[letter]]) for at, letter in enumerate(letters) if letter in self._plain]
        if marked and not any(with_ >= MARK_SURE for _, with_, _ in marked):
            letters = list(letters)
            for at, with_, without in marked:
                if without >= WAVERS * with_:
                    letters[at] = self._plain[letters[at]]
        return letters

    def _run(self, session: Any, pixels: NDArray[Any]) -> NDArray[Any]:
        (out,) = session.run(None, {session.get_inputs()[0].name: pixels})
        return out  # type: ignore[no-any-return]


def _plain(alphabet: Sequence[str]) -> dict[int, int]:
    """Of each Latin letter with a mark, the same without."""
    number = {letter: at for at, letter in enumerate(alphabet)}
    bases = {at: unicodedata.normalize("NFD", letter)[:1] for at, letter in enumerate(alphabet) if "\u00c0" <= letter <= "\u024f"}
    return {at: number[base] for at, base in bases.items() if base.isascii() and base in number}


def clear(image: Image) -> Image:
    """A faded page is read like another."""
    from PIL import ImageOps

    return ImageOps.autocontrast(image, preserve_tone=True)


def _grains(side: float) -> int:
    return max(GRAIN, round(side / GRAIN) * GRAIN)


def _pixels(image: Image) -> NDArray[Any]:
    """From -1 to 1, blue first, as the networks were trained."""
    import numpy as np

    rgb = np.asarray(image, np.float32)
    return (rgb[:, :, ::-1].transpose(2, 0, 1)[None] / 127.5 - 1).astype(np.float32)


def cut(image: Image, place: Place, height: int = HEIGHT) -> Image:
    """What stands in ``place``, upright and so many pixels high: as the network takes it, where nothing is said."""
    from PIL import Image as pillow

    (x, y), (ax, ay), (bx, by) = place
    along, across = (max(1, round(side)) for side in place.size)
    matrix = (ax / along, bx / across, x, ay / along, by / across, y)
    strip = image.transform((along, across), pillow.Transform.AFFINE, matrix, pillow.Resampling.BICUBIC)
    return strip.resize((min(WIDTH_MAX, max(STEP, round(along * height / across))), height), pillow.Resampling.BILINEAR)


def in_rows(lines: Sequence[Line]) -> list[list[Line]]:
    """As each is read: what stands on its side is put in order as if its page were turned."""
    rows: list[list[Line]] = []
    for quarters in range(4):
        row: list[Line] = []
        last = 0.0
        same = [(line, *_middle(line, quarters)) for line in lines if _quarters(line) == quarters]
        for line, _, down in sorted(same, key=lambda each: each[2]):
            if not row or down - last >= SAME_ROW * min(line.place.size):
                rows.append(row := [])
            row.append(line)
            last = down
    for row in rows:
        row.sort(key=lambda line: _middle(line, _quarters(line))[0])
    return rows


def _quarters(line: Line) -> int:
    ax, ay = line.place.along
    return round(math.atan2(ay, ax) / (math.pi / 2)) % 4


def _middle(line: Line, quarters: int) -> tuple[float, float]:
    """How far right and how far down, for who has turned so many quarters."""
    (x, y), (ax, ay), (bx, by) = line.place
    right, down = x + (ax + bx) / 2, y + (ay + by) / 2
    for _ in range(quarters):
        right, down = down, -right
    return right, down
