# SPDX-License-Identifier: Apache-2.0
"""How well the device reads pages: texts are drawn as pages, spoilt as pages are, read, and compared letter by letter.

    python -m tests.eval.pages                       figures for every way of spoiling, both halves
    python -m tests.eval.pages --only skew,shadow    … some of them
    python -m tests.eval.pages --misses              … with what went wrong in the half that is tuned on
    python -m tests.eval.pages --half dev            … one half alone
    python -m tests.eval.pages --rounds 2            … each page so often, in other fonts and sizes
    python -m tests.eval.pages --keep DIR            … and the pages, as they were read
    python -m tests.eval.pages --fonts DIR           … further fonts than those of the system

A page is drawn in a font, a size and a resolution that page, way and round choose, so that each way meets several of them.  What is
random comes from a generator seeded with page, way and round.  Compared is text after NFKC, its lines joined with a space, no space
beside a Han character or its punctuation (nobody sees one there), curly quotes as straight ones and every dash as a hyphen.  An error
is a letter to be put in, taken out or changed; of a page with two columns, the left comes first.

Needs fonts for Chinese (`apt install fonts-noto-cjk`, or a folder that holds Noto CJK); without them Chinese is NOT RUN, and said so.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import math
import random
import re
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
SET = HERE / "sets" / "pages.jsonl"
FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "C:/Windows/Fonts")
HAN = ("NotoSansCJK", "NotoSerifCJK", "wqy-microhei", "SourceHanSans", "SourceHanSerif")
LATIN = ("LiberationSans-Regular", "LiberationSerif-Regular", "DejaVuSans", "DejaVuSerif", "NotoSans-Regular")
POINTS, DOTS = (10, 11, 12, 14), (150, 170, 200)
_HAN = "\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_BESIDE_HAN = re.compile(rf"(?<=[{_HAN}，。、；：？！（）《》「」“”‘’…]) +| +(?=[{_HAN}，。、；：？！（）《》「」“”‘’…])")
_SAME = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "‐": "-", "‑": "-", "−": "-", "─": "-"})


class Page(NamedTuple):
    id: str
    language: str
    text: str

    @property
    def held(self) -> bool:
        return hashlib.sha256(self.id.encode()).digest()[0] % 2 == 1


def pages(path: Path = SET) -> list[Page]:
    with path.open(encoding="utf-8") as lines:
        items = [json.loads(line) for line in lines if line.strip()]
    return [Page(each["id"], each["language"], each["text"]) for each in items if "id" in each]


# -- drawing ----------------------------------------------------------------------------------------------------------


def fonts(language: str, more: Sequence[str] = ()) -> list[Path]:
    """Of this machine, one a family, in a fixed order."""
    wanted = HAN if language == "zh" else (*LATIN, *HAN[:2])
    kinds = (".ttf", ".otf", ".ttc")
    files = sorted(path for folder in (*more, *FOLDERS) for path in Path(folder).rglob("*") if path.suffix.lower() in kinds)
    found = []
    for name in wanted:
        other = re.compile("Bold|Black|Light|Medium|Thin|Mono|Italic|Oblique|Condensed")
        found += [path for path in files if path.stem.startswith(name) and not other.search(path.stem)][:1]
    return found


def drawn(page: Page, font: Path, points: int, dots: int, *, columns: int = 1) -> Any:
    from PIL import Image, ImageDraw, ImageFont

    pixels = points * dots / 72
    face = ImageFont.truetype(str(font), round(pixels))
    lines = page.text.split("\n")
    leading, margin = round(pixels * 1.55), round(0.7 * dots)
    cuts = _cuts(lines, columns)
    wide = max(int(face.getlength(line)) for line in lines)
    gutter = round(pixels * 3)
    high = max(len(part) for part in cuts)
    image = Image.new("RGB", (margin * 2 + wide * len(cuts) + gutter * (len(cuts) - 1), margin * 2 + leading * high), (252, 252, 250))
    pen = ImageDraw.Draw(image)
    for column, part in enumerate(cuts):
        for row, line in enumerate(part):
            pen.text((margin + column * (wide + gutter), margin + row * leading), line, font=face, fill=(24, 24, 28))
    return image


def _cuts(lines: list[str], columns: int) -> list[list[str]]:
    """Two halves, cut at the line nearest to the middle, an empty one if there is one near."""
    if columns == 1:
        return [lines]
    middle = (len(lines) + 1) // 2
    near = [at for at in range(middle - 3, middle + 4) if 0 < at < len(lines) and not lines[at].strip()]
    at = min(near, key=lambda each: abs(each - middle)) if near else middle
    return [lines[:at], lines[at:]]


# -- spoiling ---------------------------------------------------------------------------------------------------------


def turned(degrees: int) -> Callable[[Any, random.Random], Any]:
    def turn(image: Any, dice: random.Random) -> Any:
        return image.rotate(-degrees, expand=True)

    return turn


def skewed(most: float) -> Callable[[Any, random.Random], Any]:
    """By half of ``most`` to all of it, to either side."""

    def skew(image: Any, dice: random.Random) -> Any:
        from PIL import Image

        degrees = dice.choice((-1, 1)) * dice.uniform(most / 2, most)
        return image.rotate(degrees, expand=True, fillcolor=(236, 236, 232), resample=Image.Resampling.BICUBIC)

    return skew


def _numpy(dice: random.Random) -> Any:
    import numpy as np

    return np.random.default_rng(dice.getrandbits(32))


def noisy(image: Any, dice: random.Random) -> Any:
    """Grain of 18 of 255, and one pixel in 200 black or white."""
    import numpy as np
    from PIL import Image

    chance = _numpy(dice)
    pixels = np.asarray(image, np.float32) + chance.normal(0, 18, (image.height, image.width, 1))
    specks = chance.random((image.height, image.width))
    pixels[specks < 0.0025], pixels[specks > 0.9975] = 0, 255
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def shadowed(image: Any, dice: random.Random) -> Any:
    """Light falls off to a third across the page, and a hand's shadow with a soft edge lies over a part of it."""
    import numpy as np
    from PIL import Image

    high, wide = image.height, image.width
    y, x = np.mgrid[0:high, 0:wide]
    angle, where = dice.uniform(0, 2 * math.pi), dice.uniform(0.35, 0.65)
    way = (math.cos(angle) * (x / wide - 0.5) + math.sin(angle) * (y / high - 0.5)) / 1.42 + 0.5
    light = 1 - 0.65 * way
    other = dice.uniform(0, 2 * math.pi)
    edge = math.cos(other) * (x / wide - where) + math.sin(other) * (y / high - where)
    light = light * (1 - 0.4 / (1 + np.exp(-edge * 60)))
    return Image.fromarray((np.asarray(image, np.float32) * light[:, :, None]).clip(0, 255).astype(np.uint8))


def blurred(image: Any, dice: random.Random) -> Any:
    from PIL import ImageFilter

    return image.filter(ImageFilter.GaussianBlur(dice.uniform(0.9, 1.5)))


def jpeg(image: Any, dice: random.Random) -> Any:
    from PIL import Image

    out = io.BytesIO()
    image.save(out, "JPEG", quality=dice.randint(22, 40))
    return Image.open(io.BytesIO(out.getvalue())).convert("RGB")


def perspective(image: Any, dice: random.Random) -> Any:
    """On a table of another colour, each corner moved by up to a fourteenth of the page, and turned by up to six degrees."""
    from PIL import Image

    wide, high = image.size
    border = max(wide, high) // 6
    table = Image.new("RGB", (wide + 2 * border, high + 2 * border), (122, 98, 74))
    square = [(0.0, 0.0), (0.0, float(high)), (float(wide), float(high)), (float(wide), 0.0)]
    far, turn = max(wide, high) / 14, math.radians(dice.uniform(-6, 6))
    there = []
    for x, y in square:
        dx, dy = x - wide / 2, y - high / 2
        there.append((border + wide / 2 + dx * math.cos(turn) - dy * math.sin(turn) + dice.uniform(-far, far) * 0.7,
                      border + high / 2 + dx * math.sin(turn) + dy * math.cos(turn) + dice.uniform(-far, far) * 0.7))  # fmt: skip
    lens = _projection(there, square)
    page = image.transform(table.size, Image.Transform.PERSPECTIVE, lens, Image.Resampling.BICUBIC)
    mask = Image.new("L", image.size, 255).transform(table.size, Image.Transform.PERSPECTIVE, lens)
    table.paste(page, mask=mask)
    return table


def _projection(there: Sequence[tuple[float, float]], here: Sequence[tuple[float, float]]) -> list[float]:
    """The eight figures that take each corner of ``there`` to its corner of ``here``."""
    import numpy as np

    rows, right = [], []
    for (x, y), (u, v) in zip(there, here, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    solved: list[float] = np.linalg.solve(np.asarray(rows), np.asarray(right)).tolist()
    return solved


def photographed(image: Any, dice: random.Random) -> Any:
    """Perspective, then shadow, a slight blur, grain and JPEG: as a telephone sees a page by a lamp."""
    import numpy as np
    from PIL import Image, ImageFilter

    image = shadowed(perspective(image, dice), dice).filter(ImageFilter.GaussianBlur(dice.uniform(0.4, 0.9)))
    grain = _numpy(dice).normal(0, 6, (image.height, image.width, 1))
    image = Image.fromarray((np.asarray(image, np.float32) + grain).clip(0, 255).astype(np.uint8))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=dice.randint(55, 80))
    return Image.open(io.BytesIO(out.getvalue())).convert("RGB")


def as_drawn(image: Any, dice: random.Random) -> Any:
    return image


WAYS: dict[str, Callable[[Any, random.Random], Any]] = {
    "plain": as_drawn, "columns": as_drawn, "turned 90": turned(90), "turned 180": turned(180), "turned 270": turned(270),
    "skew 5": skewed(5), "skew 15": skewed(15), "noise": noisy, "shadow": shadowed, "blur": blurred, "jpeg": jpeg,
    "perspective": perspective, "photographed": photographed,
}  # fmt: skip


def spoilt(page: Page, way: str, turn: int, found: Sequence[Path]) -> tuple[Any, str]:
    """The page as it is read, and in what it was drawn."""
    dice = random.Random(f"{page.id} {way} {turn}")
    font, points, dots = dice.choice(list(found)), dice.choice(POINTS), dice.choice(DOTS)
    image = drawn(page, font, points, dots, columns=2 if way == "columns" else 1)
    return WAYS[way](image, dice), f"{font.stem} {points} pt {dots} dpi"


# -- comparing --------------------------------------------------------------------------------------------------------


def plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text.translate(_SAME)).translate(_SAME)
    text = re.sub(r"\s+", " ", text).strip()
    return _BESIDE_HAN.sub("", text)


def errors(said: str, true: str) -> int:
    """Letters to be put in, taken out or changed (Levenshtein)."""
    before = list(range(len(true) + 1))
    for row, one in enumerate(said, 1):
        now = [row]
        for column, other in enumerate(true, 1):
            now.append(min(before[column] + 1, now[-1] + 1, before[column - 1] + (one != other)))
        before = now
    return before[-1]


def interval(counts: Sequence[tuple[int, int]], dice: random.Random) -> tuple[float, float]:
    """95 % of the error rate, by drawing pages anew: letters of one page are not independent."""
    if not counts:
        return 0.0, 0.0
    again = (dice.choices(counts, k=len(counts)) for _ in range(1000))
    rates = sorted(sum(wrong for wrong, _ in each) / max(1, sum(letters for _, letters in each)) for each in again)
    return rates[25], rates[974]


class Read(NamedTuple):
    page: Page
    way: str
    wrong: int
    letters: int
    unspaced: int  # errors where no space counts


Reads = Callable[[bytes], str]


def ours() -> Reads:
    """As the task reads: bytes of an image to text in reading order."""
    from comity.config import PathsConfig
    from comity.device.manifest import models_directory
    from comity.privacy.pictures.load import reader
    from comity.privacy.pictures.page import read

    loaded = reader(models_directory(PathsConfig()))
    return lambda data: read(loaded, data).text


def measured(
    reads: Reads, some: Sequence[Page], ways: Sequence[str], *, rounds: int, folders: Sequence[str], misses: bool, keep: Path | None
) -> Iterator[Read]:
    here = {page.id: fonts(page.language, folders) for page in some}
    for way in ways:
        for page in some:
            found = here[page.id]
            if not found:
                continue
            for turn in range(rounds):
                image, how = spoilt(page, way, turn, found)
                out = io.BytesIO()
                image.save(out, "PNG", compress_level=1)
                begun = time.perf_counter()
                said, true = plain(reads(out.getvalue())), plain(page.text)
                wrong = errors(said, true)
                if keep is not None:
                    image.save(keep / f"{page.id}-{way.replace(' ', '')}-{turn}.png")
                if misses and not page.held and wrong:
                    print(f"-- {page.id} {way} {turn} {how}: {wrong} of {len(true)}, {time.perf_counter() - begun:.1f} s", file=sys.stderr)
                    print("\n".join(_differences(said, true)), file=sys.stderr, flush=True)
                yield Read(page, way, wrong, len(true), errors(said.replace(" ", ""), true.replace(" ", "")))


def _differences(said: str, true: str) -> Iterator[str]:
    import difflib

    for tag, a, b, c, d in difflib.SequenceMatcher(None, true, said, autojunk=False).get_opcodes():
        if tag != "equal":
            yield f"   …{true[max(0, a - 8) : a]}[{true[a:b]}|{said[c:d]}]{true[b : b + 8]}…"


HEAD = "| way | language | half | pages | characters | errors | error rate (95 %) | without spaces |\n|---|---|---|--:|--:|--:|--:|--:|"


def table(read: Sequence[Read], ways: Sequence[str]) -> Iterator[str]:
    dice = random.Random(8)
    for way in ways:
        for language in sorted({each.page.language for each in read}):
            for half in (False, True):
                here = [each for each in read if way in (each.way, "all") and each.page.language == language and each.page.held is half]
                if not here:
                    continue
                letters, wrong = sum(each.letters for each in here), sum(each.wrong for each in here)
                low, high = interval([(each.wrong, each.letters) for each in here], dice)
                rate = f"{wrong / letters:.2%} ({low:.2%}–{high:.2%}) | {sum(each.unspaced for each in here) / letters:.2%}"
                yield f"| {way} | {language} | {'held' if half else 'dev'} | {len(here)} | {letters} | {wrong} | {rate} |"


def main(arguments: Sequence[str]) -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--only", default="", help="ways, with commas; a word that a way begins with")
    options.add_argument("--texts", type=Path, default=SET)
    options.add_argument("--fonts", action="append", default=[])
    options.add_argument("--half", choices=("dev", "held", "both"), default="both")
    options.add_argument("--rounds", type=int, default=1)
    options.add_argument("--misses", action="store_true")
    options.add_argument("--keep", type=Path)
    asked = options.parse_args(arguments)
    ways = [way for way in WAYS if not asked.only or any(way.startswith(word) for word in asked.only.split(","))]
    if asked.keep is not None:
        asked.keep.mkdir(parents=True, exist_ok=True)
    some = [page for page in pages(asked.texts) if asked.half in ("both", "held" if page.held else "dev")]
    for language in sorted({page.language for page in some}):
        if not fonts(language, asked.fonts):
            print(f"NOT RUN: no font for `{language}` on this machine: apt install fonts-noto-cjk", file=sys.stderr)
    read, reads = list[Read](), ours()
    print(HEAD)
    for way in ways:
        for each in measured(reads, some, [way], rounds=asked.rounds, folders=asked.fonts, misses=asked.misses, keep=asked.keep):
            read.append(each)
            print(f"\r{len(read)} of {len(some) * len(ways) * asked.rounds}", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        print("\n".join(table(read, [way])), flush=True)
    print("\n".join(table(read, ["all"])))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
