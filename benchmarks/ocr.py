# SPDX-License-Identifier: Apache-2.0
"""How well text in images is found and painted over, and what it costs: images are drawn here, so it is known which pixels had to go.

python -m benchmarks.ocr [--font FILE.otf] [--models DIRECTORY] [--rounds 4] [--only 12] [--keep DIRECTORY]

`--font` names a font with Chinese; without one only English is drawn, in the font that Pillow brings. An item counts as hidden when no
more than a twentieth of its ink is left. Figures are of drawn text, not of photographs, and of the profile `rules`.
"""

from __future__ import annotations

import argparse
import base64
import io
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from comity.config import PathsConfig
from comity.device.manifest import models_directory
from comity.ports import SystemClock
from comity.privacy.findings import Findings
from comity.privacy.guard import Guard
from comity.privacy.pictures.image import opened, written
from comity.privacy.pictures.load import reader
from comity.privacy.pictures.look import Pictures

SIDE = 1024
LEFT_MAX = 0.05  # of an item's ink
INK = 40  # the darkest that is drawn: what is painted over is 0, so that the two can be told apart


class Drawn(NamedTuple):
    image: Image.Image
    items: list[tuple[str, Image.Image]]  # kind, and where its ink is
    plain: Image.Image  # the ink of everything else


class Way(NamedTuple):
    """How a page is set, and what is done to it afterwards."""

    size: int = 28
    ink: int = INK
    paper: int = 255
    turn: float = 0.0
    spoil: Callable[[Image.Image], Image.Image] = lambda image: image


def _jpeg(image: Image.Image) -> Image.Image:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=25)
    return Image.open(out).convert("RGB")


def _noisy(image: Image.Image) -> Image.Image:
    noise = np.random.default_rng(1).normal(0, 24, (image.height, image.width, 1))
    return Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8))


def _busy(image: Image.Image) -> Image.Image:
    """On stripes and clouds of many colours, as on a poster."""
    rng = np.random.default_rng(2)
    clouds = Image.fromarray(rng.integers(90, 256, (24, 24, 3), dtype=np.uint8)).resize(image.size, Image.Resampling.BICUBIC)
    for at in range(0, SIDE, 37):
        ImageDraw.Draw(clouds).line((at, 0, SIDE - at, SIDE), fill=tuple(rng.integers(90, 256, 3).tolist()), width=5)
    return Image.composite(image, clouds, image.convert("L").point(lambda value: 255 if value < 128 else 0))


def _barred(image: Image.Image) -> Image.Image:
    ImageDraw.Draw(image).rectangle((0, 0, SIDE, 20), fill=(0, 0, 0))
    return image


def _photographed(image: Image.Image) -> Image.Image:
    """In bad light, out of focus, and saved twice."""
    light = np.linspace(0.45, 1.0, image.width)[None, :, None]
    dim = Image.fromarray((np.asarray(image) * light).astype(np.uint8)).filter(ImageFilter.GaussianBlur(1.2))
    return _jpeg(_noisy(dim))


WAYS = {
    "plain": Way(), "large": Way(size=64), "16 px": Way(size=16), "12 px": Way(size=12), "9 px": Way(size=9), "7 px": Way(size=7),
    "dark page": Way(ink=235, paper=25), "grey on grey, 1.2:1": Way(ink=155, paper=170), "grey on grey, 1.07:1": Way(ink=164, paper=170),
    "1.16:1 beside black": Way(ink=238, spoil=_barred), "1.07:1 beside black": Way(ink=247, spoil=_barred),
    "turned 5°": Way(turn=5), "turned 20°": Way(turn=20), "turned 90°": Way(turn=90), "turned 180°": Way(turn=180),
    "turned 270°": Way(turn=270),
    "JPEG, quality 25": Way(spoil=_jpeg), "noise": Way(spoil=_noisy), "blurred": Way(spoil=lambda i: i.filter(ImageFilter.GaussianBlur(2))),
    "busy background": Way(spoil=_busy), "photographed": Way(turn=3, spoil=_photographed),
    "photographed, 16 px": Way(16, turn=3, spoil=_photographed),
}  # fmt: skip


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def _card(rng: random.Random) -> str:
    body = "4" + _digits(rng, 14)
    total = sum(n if at % 2 else n * 2 - 9 * (n > 4) for at, n in enumerate(map(int, body)))
    full = body + str(-total % 10)
    return " ".join(full[at : at + 4] for at in range(0, 16, 4))


def _resident(rng: random.Random) -> str:
    body = f"{rng.choice(('110105', '310104', '440305', '510107'))}{rng.randint(1950, 2005)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"
    body += _digits(rng, 3)
    return body + "10X98765432"[sum(int(digit) * (2 ** (17 - at) % 11) for at, digit in enumerate(body)) % 11]


def _mail(rng: random.Random) -> str:
    def word() -> str:
        return "".join(rng.choice("bdfklmnrstv") + rng.choice("aeiou") for _ in range(rng.randint(2, 4)))

    return f"{word()}{rng.choice(('.', '_', ''))}{word()}@{word()}.{rng.choice(('org', 'com', 'de', 'cn', 'co.uk'))}"


def _german(rng: random.Random) -> str:
    return f"+49 {rng.choice(('30', '40', '89', '151'))} {_digits(rng, 7)}"


def _mobile(rng: random.Random) -> str:
    number = f"1{rng.choice('3578')}{_digits(rng, 9)}"
    return rng.choice((number, f"{number[:3]} {number[3:7]} {number[7:]}", f"{number[:3]}-{number[3:7]}-{number[7:]}"))


KINDS: dict[str, Callable[[random.Random], str]] = {
    "phone": _german, "mobile": _mobile, "e-mail": _mail, "resident ID": _resident, "card": _card,
}  # fmt: skip
ENGLISH = {
    "phone": ("Ring {} before noon", "Phone: {}", "our office, {}, is closed"), "mobile": ("Mobile {}", "my number is {} now"),
    "e-mail": ("write to {} please", "E-mail: {}", "Cc: {}, the board"), "resident ID": ("ID no. {}", "resident identity card {}"),
    "card": ("Card {} exp 11/28", "paid with {} on Monday"),
}  # fmt: skip
CHINESE = {
    "phone": ("办公室电话：{}", "请在中午前拨打 {}"), "mobile": ("手机：{}", "我的新号码是{}，请惠存"), "e-mail": ("邮箱：{}", "请发到 {}"),
    "resident ID": ("身份证号：{}", "证件号码 {}"), "card": ("银行卡号：{}", "请转到卡 {} 上"),
}  # fmt: skip
NEUTRAL_ENGLISH = ("The committee met on Tuesday", "Budget 2024: 1,250,000 for roads", "Chapter 3, page 12, table 3.4", "Open from 9 to 18")
NEUTRAL_CHINESE = ("委员会周二开会讨论方案", "预算共计 1,250,000 元，增长 8.5%", "第三章 第十二页", "营业时间 9:00 至 18:00")


def page(rng: random.Random, way: Way, font: Path | None, chinese: bool) -> Drawn:
    face = ImageFont.truetype(font, way.size) if font else ImageFont.load_default(way.size)
    image = Image.new("RGB", (SIDE, SIDE), (way.paper,) * 3)
    plain = Image.new("L", image.size)
    items: list[tuple[str, Image.Image]] = []
    y, step = 40, max(24, int(way.size * 1.9))
    kinds = list(KINDS)
    rng.shuffle(kinds)
    for at in range(min(10, (SIDE - 80) // step)):
        kind = kinds[at // 2] if at % 2 else ""
        if kind:
            before, after = rng.choice((CHINESE if chinese else ENGLISH)[kind]).split("{}")
            said = KINDS[kind](rng)
        else:
            before, said, after = rng.choice(NEUTRAL_CHINESE if chinese else NEUTRAL_ENGLISH), "", ""
        x = 40.0
        ink = Image.new("L", image.size)
        for part, layer in ((before, plain), (said, ink), (after, plain)):
            for target, fill in ((image, (way.ink,) * 3), (layer, 255)):
                ImageDraw.Draw(target).text((x, y), part, font=face, fill=fill)
            x += face.getlength(part)
        if kind and x < SIDE:
            items.append((kind, ink))
        y += step

    def turned(each: Image.Image, fill: int | tuple[int, ...]) -> Image.Image:
        return each.rotate(way.turn, Image.Resampling.BICUBIC, fillcolor=fill) if way.turn else each

    spoilt = way.spoil(turned(image, (way.paper,) * 3)).point(lambda value: max(value, 8))
    return Drawn(spoilt, [(kind, turned(ink, 0)) for kind, ink in items], turned(plain, 0))


def covered(ink: Image.Image, black: np.ndarray) -> float:
    drawn = np.asarray(ink) > 127
    return float((drawn & black).sum() / max(drawn.sum(), 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--font", type=Path)
    parser.add_argument("--models", type=Path, default=models_directory(PathsConfig()))
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--only", default="", help="part of the name of a way that pages are drawn in")
    parser.add_argument("--keep", type=Path, help="where painted images are written, to be looked at")
    args = parser.parse_args()
    pictures = Pictures(reader(args.models), Guard(), clock=SystemClock(), seconds_max=600)
    languages = (False, True) if args.font else (False,)
    print(f"{'':22} {'items':>6} {'hidden':>7} {'other ink painted':>18} {'ms':>6}   missed")
    hidden_in_all = items_in_all = 0
    clean: list[float] = []
    for name, way in WAYS.items():
        if args.only not in name:
            continue
        rng = random.Random(2026)
        hidden, missed, over, took = 0, list[str](), list[float](), list[float]()
        for number in range(args.rounds):
            for chinese in languages:
                drawn = page(rng, way, args.font if chinese or number % 2 else None, chinese)
                url = written(drawn.image, "PNG")
                start = time.perf_counter()
                seen = pictures.inspect([url], Findings()).result()
                took.append(time.perf_counter() - start)
                assert not seen.failed
                out, _ = opened(seen.images[0])
                if args.keep:
                    args.keep.mkdir(parents=True, exist_ok=True)
                    out.save(args.keep / f"{name.replace(' ', '-')}-{number}{'-zh' if chinese else ''}.png")
                black = np.asarray(out).max(axis=2) == 0
                for kind, ink in drawn.items:
                    if covered(ink, black) >= 1 - LEFT_MAX:
                        hidden += 1
                    else:
                        missed.append(kind)
                over.append(covered(drawn.plain, black))
                if name == "plain":
                    blank = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGB")
                    blank = Image.composite(Image.new("RGB", blank.size, (255,) * 3), blank, drawn.plain.point(lambda v: 0 if v else 255))
                    clean.append(float(bool(pictures.inspect([written(blank, "PNG")], Findings()).result().types)))
        items = hidden + len(missed)
        hidden_in_all, items_in_all = hidden_in_all + hidden, items_in_all + items
        said = ", ".join(f"{kind} {missed.count(kind)}" for kind in dict.fromkeys(missed))
        share, other = hidden / max(items, 1), statistics.mean(over)
        print(f"{name:22} {items:6} {share:7.1%} {other:18.1%} {statistics.median(took) * 1000:6.0f}   {said}", flush=True)
    print(f"{'in all':22} {items_in_all:6} {hidden_in_all / items_in_all:7.1%}")
    print(f"pages with nothing personal on them: {len(clean)}, of which touched: {sum(clean):.0f}")


if __name__ == "__main__":
    main()
