# SPDX-License-Identifier: Apache-2.0
"""Images on their way through the seven steps: what is written in them decides where they may go, and is painted over before they leave."""

from __future__ import annotations

import base64
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from comity.config import Config, DeploymentConfig, PathsConfig, PrivacyConfig
from comity.config.schema import MediaConfig
from comity.device.manifest import models_directory
from comity.errors import CallerError, ComityError, OperatorError, PolicyDenied
from comity.gateway.pipeline import Pipeline
from comity.privacy.pictures.load import reader, weights
from comity.privacy.pictures.look import Pictures
from comity.privacy.pictures.places import Place
from comity.privacy.pictures.reader import Beat, Line
from tests.simulated.worlds import BEIJING, FRANKFURT, Sim, config, deployment, simulate, subject

pillow = pytest.importorskip("PIL.Image")
BLACK = (0, 0, 0)
NUMBER, CARD = "13812345678", "4111 1111 1111 1111"
SEEING = frozenset({"image"})
NOTHING = PrivacyConfig(media=MediaConfig(image=frozenset()))  # as the operator says: no image of this service carries anything


class Says:
    """Reads one line in every image."""

    def __init__(self, text: str) -> None:
        self.text, self.breaks = text, False

    def rows(self, image: Any, beat: Beat) -> list[list[Line]]:
        if self.breaks:
            raise RuntimeError("the model broke")
        width = 10 * len(self.text)
        at = tuple((place + 0.5) / len(self.text) for place in range(len(self.text)))
        return [[Line(self.text, at, Place((20, 20), (width, 0), (0, 30)))]]


def image_url(image: Any = None) -> str:
    out = io.BytesIO()
    exif = pillow.Exif()
    exif[0x010F] = "Lenas Kamera"
    (image or pillow.new("RGB", (400, 100), (255, 255, 255))).save(out, "PNG", exif=exif.tobytes())
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"


def pixels(url: str) -> Any:
    return pillow.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGB")


def seeing(made: DeploymentConfig) -> DeploymentConfig:
    return deployment(made.id, made.processing, evidence=made.evidence, inputs=SEEING)  # type: ignore[arg-type]


async def world_with(read: Any, made: Config, home: Path) -> Sim:
    sim = await simulate(made, home)
    pictures = Pictures(read, sim.world.guard, clock=sim.clock, seconds_max=5, cache_key=b"k" * 32)
    world = replace(sim.world, pictures=pictures)
    return replace(sim, world=world, pipeline=Pipeline(world))


@pytest.fixture
async def sim(home: Path) -> AsyncIterator[Sim]:
    made = await world_with(Says(f"call {NUMBER} now"), config(seeing(BEIJING), seeing(FRANKFURT), privacy=NOTHING), home)
    yield made
    await made.aclose()


async def ask(sim: Sim, url: str, headers: dict[str, str] | None = None, said: str = "what is this?", **more: Any) -> Any:
    seen = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}
    call = sim.call({"messages": [seen, {"role": "user", "content": said}], **more}, headers or subject("CN"))
    served = await sim.pipeline.run(call)
    await served.whole()
    await served.close()
    return served


def received(sim: Sim, partner: str) -> str:
    (request,) = sim.partners[partner].received
    (part,) = request.messages[0].content or ()
    return str(part.image_url.url)  # type: ignore[union-attr]


async def test_a_number_in_an_image_is_painted_over_before_the_partner_gets_it(sim: Sim) -> None:
    await ask(sim, image_url(), said=f"is it {NUMBER}?")
    got = received(sim, "qwen-beijing")
    image = pixels(got)
    assert all(image.getpixel((x, 35)) == BLACK for x in range(70, 180)), "the number's place"
    assert image.getpixel((25, 35)) != BLACK and image.getpixel((215, 35)) != BLACK, "the words around it"
    assert b"Lenas" in base64.b64decode(image_url().partition(",")[2])
    assert b"Lenas" not in base64.b64decode(got.partition(",")[2])
    assert NUMBER.encode() not in sim.partners["qwen-beijing"].bytes_received(), "texts are hidden as ever"


async def test_what_is_written_in_an_image_decides_where_it_may_go(home: Path) -> None:
    """A card's number is sensitive in China: without a consent of its own it stays; what an operator says of images loosens nothing."""
    reads = Says("nothing to see")
    sim = await world_with(reads, config(seeing(BEIJING), privacy=NOTHING), home)
    try:
        await ask(sim, image_url(), subject("CN"))
        reads.text = f"card {CARD}"
        with pytest.raises(PolicyDenied):
            await ask(sim, image_url(pillow.new("RGB", (400, 101))), subject("CN"))
        assert len(sim.partners["qwen-beijing"].received) == 1
    finally:
        await sim.aclose()


async def test_an_image_that_cannot_be_read_is_refused_and_goes_nowhere(sim: Sim) -> None:
    for url in ("https://example.org/x.png", "data:image/png;base64,AAAA", "data:image/svg+xml;base64,PHN2Zy8+"):
        with pytest.raises(CallerError, match="cannot be read here"):
            await ask(sim, url)
    assert not any(partner.received for partner in sim.partners.values())


async def test_where_reading_breaks_nothing_is_sent(home: Path) -> None:
    reads = Says("x")
    reads.breaks = True
    sim = await world_with(reads, config(seeing(BEIJING), privacy=NOTHING), home)
    try:
        with pytest.raises(ComityError) as raised:
            await ask(sim, image_url(), subject("CN", consent="general separate_sensitive separate_cross_border"))
        assert raised.value.code in ("privacy.scan_failed", "policy.deny")
        assert not sim.partners["qwen-beijing"].received
    finally:
        await sim.aclose()


async def test_without_the_setting_an_image_leaves_as_it_came(home: Path) -> None:
    sim = await simulate(config(seeing(BEIJING), privacy=NOTHING), home)
    try:
        assert sim.world.pictures is None
        await ask(sim, image_url())
        assert received(sim, "qwen-beijing") == image_url()
    finally:
        await sim.aclose()


async def test_the_setting_without_its_weights_is_refused_at_start(home: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    with pytest.raises(OperatorError) as raised:
        await simulate(config(BEIJING, privacy=PrivacyConfig(ocr=True), paths=PathsConfig(models=str(tmp_path / "none"))), home)
    assert raised.value.hint == "comity models add ocr" and raised.value.field == "privacy.ocr"


async def test_with_the_real_reader(home: Path) -> None:
    pytest.importorskip("onnxruntime")
    directory = models_directory(PathsConfig())
    if not all((directory / weight.file).is_file() for weight in weights()):
        pytest.skip("the weights that read text in images are not on this machine: comity models add ocr")
    from PIL import ImageDraw, ImageFont

    image = pillow.new("RGB", (640, 200), (255, 255, 255))
    ImageDraw.Draw(image).text((40, 80), f"Mobile {NUMBER}, thanks", font=ImageFont.load_default(30), fill=(60, 60, 60))
    privacy = PrivacyConfig(media=MediaConfig(image=frozenset()), ocr=True, scan_seconds_max=600)
    sim = await simulate(config(seeing(BEIJING), privacy=privacy, paths=PathsConfig(models=str(directory))), home)
    try:
        await ask(sim, image_url(image))
    finally:
        await sim.aclose()
    got = pixels(received(sim, "qwen-beijing"))
    said = " ".join(line.text for row in reader(directory).rows(got) for line in row)
    assert "Mobile" in said and "thanks" in said and not any(part in said for part in ("138", "1234", "5678"))
