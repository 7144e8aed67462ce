# SPDX-License-Identifier: Apache-2.0
"""What is no text: nobody reads it on its way, so it counts as the operator says, and else as the worst."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from comity.config import PrivacyConfig
from comity.config.schema import MediaConfig
from comity.errors import CallerError, OperatorError, PolicyDenied
from tests.simulated.worlds import BEIJING, config, deployment, simulate, subject

PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
BODY: dict[str, Any] = {"messages": [{"role": "user", "content": [{"type": "text", "text": "what is it"}, PICTURE]}]}
SEEING = deployment("seeing", frozenset({"CN"}), evidence=BEIJING.evidence, inputs=frozenset({"image"}))


async def test_a_picture_counts_as_carrying_every_category_unless_it_is_said_what_it_carries(tmp_path: Path) -> None:
    sim = await simulate(config(SEEING), tmp_path / "unsaid")
    with pytest.raises(PolicyDenied) as raised:
        await sim.pipeline.run(sim.call(BODY, subject("CN")))
    assert sim.partners["seeing"].received == []
    assert "separate_sensitive" in str(raised.value.decision)  # what would change it
    await sim.aclose()
    said = PrivacyConfig(media=MediaConfig(image=frozenset({"name"})))
    sim = await simulate(config(SEEING, privacy=said), tmp_path / "said")
    await (await sim.pipeline.run(sim.call(BODY, subject("CN")))).close()
    assert len(sim.partners["seeing"].received) == 1
    await sim.aclose()


async def test_a_place_whose_model_does_not_see_is_left_out_with_why(tmp_path: Path) -> None:
    said = PrivacyConfig(media=MediaConfig(image=frozenset()))
    sim = await simulate(config(BEIJING, privacy=said), tmp_path)
    with pytest.raises(CallerError, match="its model takes no image"):
        await sim.pipeline.run(sim.call(BODY, subject("CN")))
    assert sim.partners["qwen-beijing"].received == []
    await sim.aclose()


async def test_a_word_that_is_no_category_is_refused_at_the_start(tmp_path: Path) -> None:
    made = config(SEEING, privacy=PrivacyConfig(media=MediaConfig(audio=frozenset({"voices"}))))
    with pytest.raises(OperatorError, match=r"privacy\.media\.audio") as raised:
        await simulate(made, tmp_path)
    assert "biometric" in raised.value.hint
